//! What a script is watched by: the caller's guard, and the meter of one call.

use super::limits::{LIMITS, Limit, MEMORY, OPERATIONS, PROCESSOR};
use super::processor;
use rhai::{Dynamic, EvalAltResult, Position};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Why a caller wants a script to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Its time is over.
    Deadline,
    /// The run is being ended.
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

/// Given by the caller: asked every few operations, told what the script prints.
pub trait Guard: Send + Sync {
    /// Whether the script must end, and why.
    fn stop(&self) -> Option<StopReason>;

    /// What `print` and `debug` say, with the place that says it.
    fn printed(&self, place: &str, text: &str) {
        let _ = (place, text);
    }

    /// Asked from outside, every `thread::LOOK` and without a clock, for scripts that are in a native.
    fn look(&self) -> Option<StopReason> {
        self.stop()
    }

    /// Operations that the call may use: less than the table allows, never more.
    fn operations(&self) -> usize {
        OPERATIONS.most
    }

    /// Time of a processor that the call may use: less than the table allows, never more.
    fn processor(&self) -> Duration {
        Duration::from_secs(PROCESSOR.most as u64)
    }
}

/// A guard that never ends anything: what is called has the limits alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unguarded;

impl Guard for Unguarded {
    fn stop(&self) -> Option<StopReason> {
        None
    }
}

/// The error that ends a script and that no `try` of it can catch. For natives that notice the end themselves.
pub fn stopped(why: StopReason) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(why.word().into(), Position::NONE))
}

/// The same for a native that a script uses more than a limit allows.
pub fn exceeded(limit: &'static Limit) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(limit.name.into(), Position::NONE))
}

/// What ended a script, read back from the error.
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

/// Where the script is: kept from outside of Rhai, as its own errors lose their position when a script is ended.
#[derive(Debug, Default)]
pub(super) struct Spot {
    at: AtomicU64,
    /// Where the name of the file lies in memory: tells without a lock that it is still the same one.
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

/// The meter of one call. Rhai's own count starts anew in every callback (1.27), so it is counted here.
pub(super) struct Meter {
    guard: Arc<dyn Guard>,
    operations: AtomicU64,
    most: u64,
    processor: Duration,
    /// What the script's thread had at its first operation; the engine is made on another one.
    before: OnceLock<Before>,
    /// Bytes the thread had asked for at the last look at its time.
    asked: AtomicUsize,
}

struct Before {
    held: isize,
    used: Duration,
}

/// Operations between two looks at the clocks: asking them costs more than an operation.
const LOOK_EVERY: u64 = 64;
/// Bytes asked for after which the processor's time is looked at even so: an operation may copy all that a script holds.
const MANY_BYTES: usize = 256 << 10;

thread_local! {
    /// The meter of the call that goes on in this thread, for natives that do many things in one operation.
    static CURRENT: RefCell<Option<Arc<Meter>>> = const { RefCell::new(None) };
}

impl Meter {
    /// For a call that is watched by this guard.
    pub(super) fn of(guard: Arc<dyn Guard>) -> Meter {
        let most = guard.operations().min(OPERATIONS.most) as u64;
        let processor = guard.processor().min(Duration::from_secs(PROCESSOR.most as u64));
        let (before, asked) = (OnceLock::new(), AtomicUsize::default());
        Meter { guard, operations: AtomicU64::default(), most, processor, before, asked }
    }

    /// Does a call's work in this thread. `counted` hears how many operations that took, also if it panics.
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

    /// Counts one operation; says which word ends the script, if one does.
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

/// Counts one operation of the call that goes on in this thread.
pub(super) fn spend() -> Result<(), Box<EvalAltResult>> {
    let end = CURRENT.with_borrow(|meter| meter.as_ref().and_then(|m| m.tick()));
    end.map_or(Ok(()), |word| Err(EvalAltResult::ErrorTerminated(word, Position::NONE).into()))
}
