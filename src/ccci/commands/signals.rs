//! Signals. SIGINT, SIGTERM and SIGHUP stop the call; a second one does not cut the removal short. SIGUSR1 prints the
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

/// What SIGUSR1 calls; empty while no run is in progress.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Option<Box<Asker>>>>);

/// Prints the live state.
type Asker = dyn Fn() + Send + Sync;

impl Asked {
    /// Sets the function that is called from now on.
    pub fn set(&self, asker: Option<Box<Asker>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asker;
    }

    /// Calls it; false if there is none.
    fn ask(&self) -> bool {
        let asker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asker.as_ref().map(|ask| ask()).is_some()
    }
}

/// Handles signals as long as the runtime exists. `say` prints text for people.
pub fn listen(
    handle: &Handle,
    stop: &Stop,
    runs: &InProgress,
    asked: Asked,
    say: Arc<dyn Fn(&str) + Send + Sync>,
) {
    let mut kinds = vec![
        (SignalKind::interrupt(), "SIGINT", StopReason::Interrupted),
        (SignalKind::terminate(), "SIGTERM", StopReason::Terminated),
    ];
    // with `nohup` the caller wants the run to outlive the terminal
    if !ignored(SignalKind::hangup()) {
        kinds.push((SignalKind::hangup(), "SIGHUP", StopReason::Terminated));
    }
    for (kind, name, reason) in kinds {
        let (stop, runs, say) = (stop.clone(), runs.clone(), say.clone());
        handle.spawn(async move {
            let Ok(mut stream) = signal(kind) else { return };
            while stream.recv().await.is_some() {
                let before = stop.reason();
                stop.set(reason);
                match before {
                    None if runs.is_empty() => say(&format!("{name}: stopping")),
                    None => say(&format!("{name}: stopping; everything of this run is removed first")),
                    Some(_) if runs.is_empty() => {}
                    Some(_) => say(&format!(
                        "{name} again: removal continues and will end in bounded time; SIGKILL would leave objects behind"
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

/// Lets a write fail at the limit of file size (`ulimit -f`) instead of ending the program, because a run has things
/// to remove. It installs a handler and does not ignore the signal, since child processes would inherit that.
pub fn survive_limits(handle: &Handle) {
    let _in_runtime = handle.enter();
    // the handler stays installed after its stream is dropped
    let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
}

/// How often it is checked whether a call has ended or was stopped.
const LOOK: Duration = Duration::from_millis(200);
/// How many checks a stopped call has left to print its text while no run is in progress.
const LOOKS: usize = 10;

/// Waits for a call's end. A stopped call with nothing left to remove may block because nobody reads its output; it is
/// not waited for.
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

/// Whether a signal was ignored when the program began. In the kernel's mask, signal n is bit n-1.
fn ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:")).unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|m| m >> (kind.as_raw_value() - 1) & 1 == 1)
}
