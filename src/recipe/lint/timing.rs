//! Rules about how long things may take and in which order they are done: updates, starts and stops.

use super::Finding;
use super::backups::is_database;
use crate::compose::Composed;
use crate::source::Files;
use std::time::Duration;

/// How long a service without `stop_grace_period` may take to stop.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

pub(super) fn update_order(composed: &Composed, _: &Files) -> Vec<Finding> {
    let stored = composed.services().iter().filter(|s| is_database(s) && !s.mounts.is_empty());
    let both = stored.filter(|s| {
        let order = s.deploy.update.as_ref().and_then(|u| u.order.as_deref());
        let keeps = s.mounts.iter().any(|m| ["volume", "bind"].contains(&m.kind.as_str()) && !m.read_only);
        order == Some("start-first") && keeps
    });
    both.filter_map(|s| {
        let place = composed.place_of(&s.name, &["deploy", "update_config", "order"])?;
        let message =
            format!("an update starts a second `{}` on the same data while the first one still runs", s.name);
        Some(Finding::at(place, message, "use `stop-first`, which is the default"))
    })
    .collect()
}

pub(super) fn update_failure(composed: &Composed, _: &Files) -> Vec<Finding> {
    let ordered = composed.services().iter().filter(|s| {
        s.deploy.update.as_ref().is_some_and(|u| u.order.is_some() && u.failure_action.is_none())
    });
    ordered
        .filter_map(|s| {
            let place = composed.place_of(&s.name, &["deploy", "update_config", "order"])?;
            let message = format!("an update of `{}` that fails is paused and stays half done", s.name);
            Some(Finding::at(place, message, "add `failure_action: rollback`"))
        })
        .collect()
}

pub(super) fn stop_grace(composed: &Composed, _: &Files) -> Vec<Finding> {
    let databases = composed.services().iter().filter(|s| is_database(s));
    databases
        .filter_map(|s| {
            s.stop_grace_period.filter(|g| *g < DEFAULT_GRACE)?;
            let place = composed.place_of(&s.name, &["stop_grace_period"])?;
            let grace = composed.text_of(&s.name, &["stop_grace_period"])?;
            let message = format!(
                "the database `{}` is killed if it does not stop within {grace}, sooner than by default",
                s.name
            );
            Some(Finding::at(place, message, "use `1m`; a database that stops sooner does not wait for it"))
        })
        .collect()
}

pub(super) fn timeout_start(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for (label, value) in &service.labels {
            let is_timeout = label.starts_with("coop-cloud.") && label.ends_with(".timeout");
            let Some(timeout) = value.parse().ok().filter(|_| is_timeout).map(Duration::from_secs) else {
                continue;
            };
            let allowed = composed.services().iter().filter_map(|s| {
                let allowed = s.healthcheck.as_ref().filter(|h| !h.disabled)?.start_period?;
                Some((s, allowed)).filter(|(_, allowed)| *allowed > timeout)
            });
            let Some((slow, allowed)) = allowed.max_by_key(|(_, allowed)| *allowed) else { continue };
            let Some(place) = composed.place_of(&service.name, &["deploy", "labels", label]) else {
                continue;
            };
            let message = format!(
                "abra waits {} s for a deploy, but `{}` may take {} s to start",
                timeout.as_secs(),
                slow.name,
                allowed.as_secs()
            );
            let help = "raise the timeout (`TIMEOUT` in `.env.sample`) above the `start_period`";
            out.push(Finding::at(place, message, help));
        }
    }
    out
}
