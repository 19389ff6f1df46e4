//! What a compose overlay changes of the recipe itself. An overlay is for the test environment: the order of updates, the
//! time that a service may take. Whatever else it changes, the run does not prove of the recipe. Pure.

use crate::compose::yaml;
use ccci_model::diag::{Diagnostics, Text};
use std::sync::Arc;

/// Keys of a service that only fit it to the environment; a trailing dot stands for all keys below.
const ENVIRONMENT: &[&str] = &[
    "deploy.update_config.",
    "deploy.rollback_config.",
    "deploy.restart_policy.",
    "deploy.resources.",
    "deploy.placement.",
    "deploy.replicas",
    "healthcheck.start_period",
    "healthcheck.interval",
    "healthcheck.timeout",
    "healthcheck.retries",
    "stop_grace_period",
    "logging.",
    "networks",
];

/// Each change as `KEY of SERVICE`, in order.
pub fn changes(overlay: &Arc<Text>) -> Vec<String> {
    // what is wrong with the text is reported where it is composed
    let Some(root) = yaml::parse(overlay, &mut Diagnostics::default()) else { return vec![] };
    let services = root.map().and_then(|r| r.map("services"));
    let mut out = vec![];
    for (name, service) in services.into_iter().flat_map(|s| &s.0) {
        for (key, value) in service.map().into_iter().flat_map(|s| &s.0) {
            let below =
                value.map().filter(|_| ["deploy", "healthcheck", "logging"].contains(&key.name.as_str()));
            let keys: Vec<String> = match below {
                Some(map) => map.0.iter().map(|(k, _)| format!("{}.{}", key.name, k.name)).collect(),
                None => vec![key.name.clone()],
            };
            let changed = keys.into_iter().filter(|key| !fits_the_environment(key));
            out.extend(changed.map(|key| format!("`{key}` of `{}`", name.name)));
        }
    }
    out
}

fn fits_the_environment(key: &str) -> bool {
    ENVIRONMENT.iter().any(|row| match row.strip_suffix('.') {
        Some(section) => key.starts_with(section),
        None => key == *row,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> Arc<Text> {
        Arc::new(Text { path: "compose.ccci.yml".into(), content: content.into() })
    }

    #[test]
    fn what_is_more_than_the_environment_is_listed() {
        let text = "services:\n  app:\n    command: [sleep]\n    deploy:\n      labels: [a=b]\n      update_config: {order: stop-first}\n      \
                    replicas: 1\n    healthcheck: {test: [CMD, x], start_period: 5s}\n  db:\n    environment: [A=b]\n    stop_grace_period: 3s\n";
        let found = changes(&file(text));
        let expected = [
            "`command` of `app`",
            "`deploy.labels` of `app`",
            "`healthcheck.test` of `app`",
            "`environment` of `db`",
        ];
        assert_eq!(found, expected);
        assert!(changes(&file("services: [\n")).is_empty());
    }
}
