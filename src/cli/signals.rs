//! Signals: SIGINT and SIGTERM set the run's stop; a second one does not cut the removal; SIGUSR1 asks for the state.

use crate::world::clock::{Stop, StopReason};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

/// Listens for the life of the runtime. `say` gets words for people; `asked` is set by SIGUSR1.
pub fn listen(handle: &Handle, stop: &Stop, asked: Arc<AtomicBool>, say: Arc<dyn Fn(&str) + Send + Sync>) {
    for (kind, name, reason) in [
        (SignalKind::interrupt(), "SIGINT", StopReason::Interrupted),
        (SignalKind::terminate(), "SIGTERM", StopReason::Terminated),
    ] {
        let (stop, say) = (stop.clone(), say.clone());
        handle.spawn(async move {
            let Ok(mut stream) = signal(kind) else { return };
            while stream.recv().await.is_some() {
                match stop.reason() {
                    None => say(&format!("{name}: stopping; everything of this run is removed first")),
                    Some(_) => say(&format!(
                        "{name} again: removal goes on, it is bounded; SIGKILL would leave things behind"
                    )),
                }
                stop.set(reason);
            }
        });
    }
    handle.spawn(async move {
        let Ok(mut stream) = signal(SignalKind::user_defined1()) else { return };
        while stream.recv().await.is_some() {
            asked.store(true, Ordering::SeqCst);
        }
    });
}
