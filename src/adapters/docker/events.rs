//! Listening to the engine, only to wake whoever waits and to notice that it went away. What happened is always asked
//! for afresh.

use super::connect::client;
use super::filters;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Kinds of events that can mean progress. Health checks make `exec_*` events all the time; those wake nobody.
const TELLING: &[&str] = &["start", "die", "destroy", "create", "update", "remove", "rm"];

/// Listens for ever; an engine that goes away is counted, and tried again each second.
pub(super) async fn listen(host: String, moved: Arc<Notify>, losses: Arc<AtomicU64>) {
    let mut there = false;
    loop {
        if let Ok(docker) = client(&host) {
            let answers = docker.ping().await.is_ok();
            if there && !answers {
                losses.fetch_add(1, Ordering::SeqCst);
            }
            there = answers;
            let kinds = filters(&[("type", "container"), ("type", "service")]);
            let options = EventsOptionsBuilder::default().filters(&kinds).build();
            let mut events = docker.events(Some(options));
            while let Some(Ok(event)) = events.next().await {
                let action = event.action.unwrap_or_default();
                if TELLING.contains(&action.as_str()) || action.starts_with("health_status") {
                    moved.notify_one();
                }
            }
            // a stream can end for other reasons; only an engine that does not answer at once has gone away
            if there && docker.ping().await.is_err() {
                losses.fetch_add(1, Ordering::SeqCst);
                there = false;
            }
        }
        // not waiting for anything of a run, so not in the wait loop: this is how long a dead engine is left alone
        let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    }
}
