//! Listens to the engine's events, only to wake a waiting run and to notice that the engine was lost.
//! What happened is always asked for again.

use super::connect::client;
use super::filters;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Actions that can mean progress. Health checks cause `exec_*` events all the time; those wake no one.
const TELLING: &[&str] = &["start", "die", "destroy", "create", "update", "remove", "rm"];

/// Listens without end. The loss of an engine is counted, and a new connection is tried each second.
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
            // a stream can end for other reasons; only an engine that does not answer at once counts as lost
            if there && docker.ping().await.is_err() {
                losses.fetch_add(1, Ordering::SeqCst);
                there = false;
            }
        }
        // this does not wait for anything of a run, so it is not in the wait loop; it is the time between two attempts
        let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    }
}
