//! Listening to the engine, only to wake whoever waits. What happened is always asked for afresh.

use super::connect::client;
use super::filters;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Kinds of events that can mean progress. Health checks make `exec_*` events all the time; those wake nobody.
const TELLING: &[&str] = &["start", "die", "destroy", "create", "update", "remove", "rm"];

/// Listens for ever; an engine that goes away is tried again each second.
pub(super) async fn listen(host: String, moved: Arc<Notify>) {
    loop {
        if let Ok(docker) = client(&host) {
            let kinds = filters(&[("type", "container"), ("type", "service")]);
            let options = EventsOptionsBuilder::default().filters(&kinds).build();
            let mut events = docker.events(Some(options));
            while let Some(Ok(event)) = events.next().await {
                let action = event.action.unwrap_or_default();
                if TELLING.contains(&action.as_str()) || action.starts_with("health_status") {
                    moved.notify_one();
                }
            }
        }
        // not waiting for anything of a run, so not in the wait loop: this is how long a dead engine is left alone
        let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    }
}
