//! The desired state of the stack, from the composed file. Pure.

use ccci_recipe::compose::{Composed, Service};
use ccci_swarm::converge::{Desired, DesiredMode, DesiredService};
use ccci_swarm::observed::Restart;

/// The desired services. `fresh` is true right after a deploy.
pub fn of(composed: &Composed, fresh: bool) -> Desired {
    Desired { services: composed.services().iter().map(service).collect(), fresh }
}

fn service(s: &Service) -> DesiredService {
    let replicas = s.deploy.replicas.unwrap_or(1);
    let mut labels = s.labels.clone();
    labels.retain(|key, _| !CLIENTS.contains(&key.as_str()));
    DesiredService {
        name: s.name.clone(),
        image: s.image.clone().unwrap_or_default(),
        mode: match s.deploy.mode.as_str() {
            "global" => DesiredMode::Global,
            "replicated-job" => DesiredMode::Job(replicas),
            "global-job" => DesiredMode::Job(0),
            _ => DesiredMode::Replicated(replicas),
        },
        restart: match s.deploy.restart.as_ref().and_then(|r| r.condition.as_deref()) {
            Some("none") => Restart::Never,
            Some("on-failure") => Restart::OnFailure,
            _ => Restart::Any,
        },
        labels,
    }
}

/// Labels that the docker client itself writes on every service of a stack, over those of the file.
const CLIENTS: &[&str] = &["com.docker.stack.image", ccci_recipe::labels::STACK];

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::Text;
    use ccci_recipe::compose::Around;
    use std::sync::Arc;

    #[test]
    fn a_label_that_the_client_writes_over_is_not_waited_for() {
        let content = "services:\n  app:\n    image: x:1\n    deploy:\n      labels:\n        mine: '1'\n        \
                       com.docker.stack.namespace: foo\n";
        let file = Arc::new(Text { path: "compose.yml".into(), content: content.into() });
        let env = std::collections::BTreeMap::new();
        let (composed, _) = Composed::build(&[file], &Around { env: &env, read: &|_: &str| None });
        let labels = of(&composed.unwrap(), true).services.remove(0).labels;
        assert_eq!(labels.into_keys().collect::<Vec<_>>(), ["mine"]);
    }
}
