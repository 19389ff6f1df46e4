//! What ends a script early: the guard of the caller, and the meter of one call.

use super::limits::{LIMITS, Limit, MEMORY, OPERATIONS, PROCESSOR};
use super::processor;
use rhai::{Dynamic, EvalAltResult, Position};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Why the caller ends a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Its deadline is reached.
    Deadline,
    /// The run is being cancelled.
    Cancelled,
}

impl StopReason {
    const fn word(self) -> &'static str {
        match self {
            StopReason::Deadline => "deadline",
            StopReason::Cancelled => "cancelled",
        }
    }
}

/// Given by the caller. It is asked after every few operations whether the script must end, and receives what
/// the script prints.
pub trait Guard: Send + Sync {
    /// Whether the script must end, and why.
    fn stop(&self) -> Option<StopReason>;

    /// Receives the output of `print` and `debug`, with the place of the call.
    fn printed(&self, place: &str, text: &str) {
        let _ = (place, text);
    }

    /// Told whenever an assertion is evaluated.
    fn asserts(&self) {}

    /// Whether the script must end, asked from another thread every `thread::LOOK`, without a clock. It ends
    /// scripts that are inside a native.
    fn look(&self) -> Option<StopReason> {
        self.stop()
    }

    /// Operations that the call may use. The limit in `LIMITS` holds if it is lower.
    fn operations(&self) -> usize {
        OPERATIONS.most
    }

    /// Processor time that the call may use. The limit in `LIMITS` holds if it is lower.
    fn processor(&self) -> Duration {
        Duration::from_secs(PROCESSOR.most as u64)
    }
}

/// A guard that never ends a script: only the limits apply.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unguarded;

impl Guard for Unguarded {
    fn stop(&self) -> Option<StopReason> {
        None
    }
}

/// The error that ends a script; its `try` cannot catch it. For natives that themselves find that the script
/// must end.
pub fn stopped(why: StopReason) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(why.word().into(), Position::NONE))
}

/// The same error for a native that was used more than a limit allows.
pub fn exceeded(limit: &'static Limit) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(limit.name.into(), Position::NONE))
}

/// The reason why a script was ended, read from the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// The caller's guard.
    Guard(StopReason),
    /// A limit, by name.
    Limit(&'static str),
}

impl Ended {
    pub(super) fn of(token: &Dynamic) -> Ended {
        let word = token.clone().into_immutable_string().unwrap_or_default();
        let limit = LIMITS.iter().find(|l| l.name == word.as_str());
        match (word.as_str(), limit) {
            ("deadline", _) => Ended::Guard(StopReason::Deadline),
            (_, Some(limit)) => Ended::Limit(limit.name),
            _ => Ended::Guard(StopReason::Cancelled),
        }
    }
}

/// The current position of the script. It is kept outside of Rhai, because Rhai's errors lose their position
/// when a script is ended.
#[derive(Debug, Default)]
pub(super) struct Spot {
    at: AtomicU64,
    /// Address of the file name in memory: comparing it needs no lock and shows whether the file is still the
    /// same.
    seen: AtomicUsize,
    file: Mutex<String>,
}

impl Spot {
    /// Notes the node that is about to be evaluated.
    pub(super) fn note(&self, file: Option<&str>, at: Position) {
        let Some(line) = at.line() else { return };
        self.at.store(((line as u64) << 32) | at.position().unwrap_or(0) as u64, Relaxed);
        let file = file.unwrap_or_default();
        if self.seen.swap(file.as_ptr() as usize, Relaxed) != file.as_ptr() as usize {
            let mut known = self.file.lock().unwrap_or_else(|e| e.into_inner());
            known.clear();
            known.push_str(file);
        }
    }

    /// The file and position noted last.
    pub(super) fn last(&self) -> (String, Position) {
        let at = self.at.load(Relaxed);
        let file = self.file.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let line = u16::try_from(at >> 32).unwrap_or(u16::MAX);
        let column = u16::try_from(at & 0xffff_ffff).unwrap_or(u16::MAX);
        (file, if line == 0 { Position::NONE } else { Position::new(line, column) })
    }
}

/// The meter of one call. Rhai's own count starts again at zero in every callback (1.27), so operations are
/// counted here.
pub(super) struct Meter {
    guard: Arc<dyn Guard>,
    operations: AtomicU64,
    most: u64,
    processor: Duration,
    /// Memory and time of the script's thread at its first operation. They cannot be read earlier, as the
    /// engine is made on another thread.
    before: OnceLock<Before>,
    /// Bytes that the thread had allocated in total when its time was last read.
    asked: AtomicUsize,
}

struct Before {
    held: isize,
    used: Duration,
}

/// Operations between two readings of the clocks; reading them costs more than an operation.
const LOOK_EVERY: u64 = 64;
/// Allocated bytes after which the processor time is read in any case, because one operation may copy
/// everything that a script holds.
const MANY_BYTES: usize = 256 << 10;

thread_local! {
    /// The meter of the call that runs in this thread, for natives that do many things in one operation.
    static CURRENT: RefCell<Option<Arc<Meter>>> = const { RefCell::new(None) };
}

impl Meter {
    /// A meter for a call with this guard.
    pub(super) fn of(guard: Arc<dyn Guard>) -> Meter {
        let most = guard.operations().min(OPERATIONS.most) as u64;
        let processor = guard.processor().min(Duration::from_secs(PROCESSOR.most as u64));
        let (before, asked) = (OnceLock::new(), AtomicUsize::default());
        Meter { guard, operations: AtomicU64::default(), most, processor, before, asked }
    }

    /// Runs a call's work in this thread. `counted` is called with the number of operations, also after a
    /// panic.
    pub(super) fn during<T>(self: &Arc<Meter>, counted: fn(u64), work: impl FnOnce() -> T) -> T {
        struct Ends(fn(u64));
        impl Drop for Ends {
            fn drop(&mut self) {
                let meter = CURRENT.take();
                (self.0)(meter.map_or(0, |m| m.operations.load(Relaxed)));
            }
        }
        CURRENT.set(Some(self.clone()));
        let _ends = Ends(counted);
        work()
    }

    /// Counts one operation. Returns the word that ends the script if the script must end.
    pub(super) fn tick(&self) -> Option<Dynamic> {
        let n = self.operations.fetch_add(1, Relaxed);
        if n >= self.most {
            return Some(OPERATIONS.name.into());
        }
        let before = self.before.get_or_init(|| Before { held: heap::held(), used: processor::used() });
        if heap::held() - before.held > MEMORY.most as isize {
            return Some(MEMORY.name.into());
        }
        let (every, asked) = (n.is_multiple_of(LOOK_EVERY), heap::asked());
        if every || asked.wrapping_sub(self.asked.load(Relaxed)) > MANY_BYTES {
            self.asked.store(asked, Relaxed);
            if processor::used().saturating_sub(before.used) > self.processor {
                return Some(PROCESSOR.name.into());
            }
        }
        if every { self.guard.stop().map(|why| why.word().into()) } else { None }
    }
}

/// Counts one operation of the call that runs in this thread.
pub(super) fn spend() -> Result<(), Box<EvalAltResult>> {
    let end = CURRENT.with_borrow(|meter| meter.as_ref().and_then(|m| m.tick()));
    end.map_or(Ok(()), |word| Err(EvalAltResult::ErrorTerminated(word, Position::NONE).into()))
}
