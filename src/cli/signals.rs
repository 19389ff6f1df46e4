//! Signals: SIGINT, SIGTERM and SIGHUP set the call's stop; a second one does not cut the removal; SIGUSR1 asks for the
//! live state.

use crate::exit::Exit;
use crate::world::clock::{Stop, StopReason};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

/// Whom SIGUSR1 asks; empty while no run is in progress.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Option<Box<Asker>>>>);

/// Prints the live state.
type Asker = dyn Fn() + Send + Sync;

impl Asked {
    /// From now on this one is asked.
    pub fn set(&self, asker: Option<Box<Asker>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asker;
    }

    /// Asks; false when nobody is there.
    fn ask(&self) -> bool {
        let asker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asker.as_ref().map(|ask| ask()).is_some()
    }
}

/// Listens for the life of the runtime. `say` gets words for people.
pub fn listen(handle: &Handle, stop: &Stop, asked: Asked, say: Arc<dyn Fn(&str) + Send + Sync>) {
    let mut kinds = vec![
        (SignalKind::interrupt(), "SIGINT", StopReason::Interrupted),
        (SignalKind::terminate(), "SIGTERM", StopReason::Terminated),
    ];
    // whoever started us with `nohup` wants the run to outlive the terminal
    if !ignored(SignalKind::hangup()) {
        kinds.push((SignalKind::hangup(), "SIGHUP", StopReason::Terminated));
    }
    for (kind, name, reason) in kinds {
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
            if !asked.ask() {
                say("no run is in progress");
            }
        }
    });
}

/// How a call ends that was stopped.
pub fn exit(reason: StopReason) -> Exit {
    match reason {
        StopReason::Interrupted => Exit::Interrupted,
        StopReason::Terminated => Exit::Terminated,
        StopReason::Deadline => Exit::Error,
    }
}

/// Whether a signal was ignored when the program began. The kernel's mask has bit n-1 for signal n.
fn ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:")).unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|m| m >> (kind.as_raw_value() - 1) & 1 == 1)
}
