//! Runs work of a script on a thread of its own: deep enough a stack, panics contained, and left behind if it hangs.

use super::guard::{Guard, StopReason};
use super::limits::STACK;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

const NAME: &str = "script";
/// How often the guard is asked from outside, for natives that do not come back.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Looks after the guard's stop before the thread is left behind: two seconds.
const PATIENCE: u32 = 40;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Lost {
    /// It panicked, with this text.
    Panicked(String),
    /// It was asked to stop and did not; its thread is left behind.
    Stuck(StopReason),
    /// The system gave no thread.
    NoThread(std::io::Error),
}

thread_local! {
    static PANICKED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does the work on a thread of its own and waits for it.
pub(super) fn on_own<T: Send + 'static>(
    guard: &dyn Guard,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Lost> {
    keep_panics_quiet();
    let (tell, hear) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new()
        .name(NAME.into())
        .stack_size(STACK.most)
        .spawn(move || {
            let done = panic::catch_unwind(AssertUnwindSafe(work));
            let _ = tell.send(done.map_err(|_| PANICKED.with(RefCell::take)));
        })
        .map_err(Lost::NoThread)?;
    let mut patience = PATIENCE;
    loop {
        match hear.recv_timeout(LOOK) {
            Ok(done) => {
                let _ = thread.join();
                return done.map_err(Lost::Panicked);
            }
            Err(RecvTimeoutError::Disconnected) => return Err(Lost::Panicked("the thread ended".into())),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(why) = guard.look() {
                    patience -= 1;
                    if patience == 0 {
                        return Err(Lost::Stuck(why));
                    }
                }
            }
        }
    }
}

/// A panic of a script's thread becomes an error of the script; nothing of it is printed in between.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() == Some(NAME) {
                PANICKED.with(|p| *p.borrow_mut() = info.to_string());
            } else {
                others(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::super::guard::Unguarded;
    use super::*;

    #[test]
    fn a_panic_becomes_a_text() {
        let lost = on_own(&Unguarded, || panic!("out of cheese")).map(|(): ()| ());
        assert!(matches!(lost, Err(Lost::Panicked(text)) if text.contains("out of cheese")));
    }
}
