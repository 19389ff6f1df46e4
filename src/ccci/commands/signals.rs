//! Signals: SIGINT, SIGTERM and SIGHUP set the call's stop; a second one does not cut the removal; SIGUSR1 asks for the
//! live state.

use crate::app::campaign::exit_of;
use crate::app::session::InProgress;
use ccci_model::exit::Exit;
use ccci_swarm::ports::clock::{Stop, StopReason};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
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

/// Listens for the lifecycle of the runtime. `say` gets words for people.
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
                let before = stop.reason();
                stop.set(reason);
                match before {
                    None => say(&format!("{name}: stopping; everything of this run is removed first")),
                    Some(_) => say(&format!(
                        "{name} again: removal goes on, it is bounded; SIGKILL would leave things behind"
                    )),
                }
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

/// A file at its limit of size (`ulimit -f`) fails to grow instead of ending the program: a run has things to remove. A
/// handler and not "ignored", which the programs that are started would inherit.
pub fn survive_limits(handle: &Handle) {
    let _in_runtime = handle.enter();
    // the handler stays when its stream is gone
    let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
}

/// How often a call that goes on is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// So many looks a stopped call has for its words when no run is in progress.
const LOOKS: usize = 10;

/// Waits for a call's end. One that was stopped and has nothing to remove any more may wait for somebody to read its
/// words; that is not waited for.
pub fn end(call: &Receiver<Exit>, stop: &Stop, runs: &InProgress) -> Exit {
    let mut looks = 0;
    loop {
        match call.recv_timeout(LOOK) {
            Ok(exit) => return exit,
            Err(RecvTimeoutError::Disconnected) => return Exit::Bug,
            Err(RecvTimeoutError::Timeout) => match stop.reason() {
                Some(reason) if looks == LOOKS => return exit_of(reason),
                Some(_) if runs.is_empty() => looks += 1,
                _ => looks = 0,
            },
        }
    }
}

/// Whether a signal was ignored when the program began. The kernel's mask has bit n-1 for signal n.
fn ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:")).unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|m| m >> (kind.as_raw_value() - 1) & 1 == 1)
}
