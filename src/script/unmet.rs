//! Assertions of a call that failed and have not held since: a `catch` does not make them true.

use rhai::Position;
use std::cell::RefCell;

thread_local! {
    static UNMET: RefCell<Vec<Unmet>> = const { RefCell::new(Vec::new()) };
}

/// An assertion that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unmet {
    /// The file that it is in, as Rhai calls it; `None` is the file that was called.
    pub file: Option<String>,
    /// Where its expression is.
    pub at: Position,
    /// Both sides, or the value that is not true.
    pub observed: String,
}

/// Notes that an assertion was evaluated: `observed` is `None` if it held.
pub(super) fn note(file: Option<&str>, at: Position, observed: Option<String>) {
    UNMET.with_borrow_mut(|all| {
        let here = all.iter().position(|u| u.at == at && u.file.as_deref() == file);
        match (here, observed) {
            (Some(n), Some(observed)) => all[n].observed = observed,
            (Some(n), None) => drop(all.remove(n)),
            (None, Some(observed)) => all.push(Unmet { file: file.map(str::to_string), at, observed }),
            (None, None) => {}
        }
    });
}

/// Forgets the assertions of an earlier call in this thread.
pub(super) fn begin() {
    UNMET.take();
}

/// The first assertion that failed and has not held since.
pub(super) fn first() -> Option<Unmet> {
    UNMET.with_borrow(|all| all.first().cloned())
}

/// What had failed before something that is tried again and again, in the thread of a script. An assertion that fails
/// in an attempt before the last one is no failure.
#[derive(Debug)]
pub struct Attempts(Vec<Unmet>);

impl Attempts {
    /// Begins before the first attempt.
    pub fn begin() -> Attempts {
        Attempts(UNMET.with_borrow(Clone::clone))
    }

    /// Forgets the assertions that failed in the attempts so far.
    pub fn again(&self) {
        UNMET.set(self.0.clone());
    }
}
