//! Runs the work of a script on a thread of its own, with a stack that is deep enough. Panics are caught, and
//! a thread that hangs is abandoned.

use super::guard::{Guard, StopReason};
use super::limits::STACK;
use std::cell::{Cell, RefCell};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tracing::dispatcher::{Dispatch, get_default, with_default};
use tracing::level_filters::LevelFilter;
use tracing::span::Span;

const NAME: &str = "script";
/// How often the guard is asked from outside, for natives that do not return.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Looks after the guard's stop until the thread is abandoned: two seconds.
const PATIENCE: u32 = 40;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum NoResult {
    /// It panicked, with this text.
    Panicked(String),
    /// It was asked to stop and did not; its thread is abandoned.
    Stuck(StopReason),
    /// The system could not start a thread.
    NoThread(io::Error),
}

/// Operations after which a thread is not reused. A value may be nested as deep as there were operations;
/// freeing it uses some two hundred bytes of stack for each level, and a thread keeps the stack that it once
/// used until it ends.
const SHALLOW: u64 = 10_000;

thread_local! {
    static PANICKED: RefCell<String> = const { RefCell::new(String::new()) };
    /// The thread that ran the last script of this thread. Starting one for each call took longer than most
    /// calls.
    static IDLE: RefCell<Option<Worker>> = const { RefCell::new(None) };
    /// On a script's thread: whether its work may have used much stack.
    static DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Called at the end of a script's work with its number of operations, which decide whether the thread is
/// reused.
pub(super) fn keep_after(operations: u64) {
    DEEP.set(DEEP.get() || operations > SHALLOW);
}

type Work = Box<dyn FnOnce() + Send>;

/// A script's thread that waits for work. It ends when this value is dropped or when the thread that holds it
/// ends.
struct Worker {
    give: Sender<Work>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn start() -> io::Result<Worker> {
        let (give, take) = mpsc::channel::<Work>();
        let thread = thread::Builder::new().name(NAME.into()).stack_size(STACK.most);
        let thread = thread.spawn(move || take.into_iter().for_each(|work| work()))?;
        Ok(Worker { give, thread })
    }

    /// Ends the thread, which frees its stack.
    fn end(self) {
        drop(self.give);
        // the thread has no work any more, so how it ends does not matter
        let _ = self.thread.join();
    }

    /// Runs the work. The receiver gets the result and whether much stack was used; it gets nothing if the
    /// thread ends during the work.
    fn give<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Receiver<(Result<T, String>, bool)> {
        let (tell, hear) = mpsc::sync_channel(1);
        // a thread that ended drops the work, and the sender `tell` with it
        let _ = self.give.send(Box::new(move || {
            let done = panic::catch_unwind(AssertUnwindSafe(work));
            let _ = tell.send((done.map_err(|_| PANICKED.with(RefCell::take)), DEEP.get()));
        }));
        hear
    }
}

/// Runs the work on a script's thread and waits for it.
pub(super) fn on_own<T: Send + 'static>(
    guard: &dyn Guard,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, NoResult> {
    keep_panics_quiet();
    let worker = IDLE.take().map_or_else(Worker::start, Ok).map_err(NoResult::NoThread)?;
    let hear = match LevelFilter::current() {
        LevelFilter::OFF => worker.give(work),
        // the spans of this thread hold what the work does
        _ => {
            let (span, log) = (Span::current(), get_default(Dispatch::clone));
            worker.give(move || with_default(&log, || span.in_scope(work)))
        }
    };
    let mut patience = PATIENCE;
    loop {
        match hear.recv_timeout(LOOK) {
            Ok((done, deep)) => {
                if deep {
                    worker.end();
                } else {
                    IDLE.set(Some(worker));
                }
                return done.map_err(NoResult::Panicked);
            }
            Err(RecvTimeoutError::Disconnected) => return Err(NoResult::Panicked("the thread ended".into())),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(why) = guard.look() {
                    patience -= 1;
                    if patience == 0 {
                        return Err(NoResult::Stuck(why));
                    }
                }
            }
        }
    }
}

/// A panic on a script's thread becomes an error of the script; this prevents that it is printed as well.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() == Some(NAME) {
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
        assert!(matches!(lost, Err(NoResult::Panicked(text)) if text.contains("out of cheese")));
    }

    #[test]
    fn a_thread_is_used_again_even_after_a_panic() {
        let id = || on_own(&Unguarded, || thread::current().id()).unwrap();
        let first = id();
        let _ = on_own(&Unguarded, || panic!("out of cheese")).map(|(): ()| ());
        assert_eq!(first, id());
        assert_ne!(first, thread::current().id());
    }

    #[test]
    fn a_thread_that_may_have_used_much_stack_is_not_reused() {
        let id = |operations| {
            let work = move || {
                keep_after(operations);
                thread::current().id()
            };
            on_own(&Unguarded, work).unwrap()
        };
        let (first, deep, next) = (id(SHALLOW), id(SHALLOW + 1), id(0));
        assert_eq!(first, deep);
        assert_ne!(deep, next);
        assert_eq!(next, id(0));
    }
}
