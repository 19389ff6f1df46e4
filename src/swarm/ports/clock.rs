//! Time as a port, and the two things that limit every call: a deadline and a stop.

use ccci_model::time::Moment;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time. The in-memory clock moves only when someone waits.
pub trait Clock: Send + Sync {
    /// Now, monotonic.
    fn now(&self) -> Moment;
    /// Milliseconds since 1970, for people, records and leases only.
    fn wall_ms(&self) -> u64;
    /// Waits up to `span`; may return early if something changed or `stop` was set. Only `wait.rs` calls it.
    fn pause(&self, span: Duration, stop: &Stop);
}

/// Why a run must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The run's own deadline.
    Deadline,
}

/// A flag that ends all waiting. Clones share it; the first reason stays.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    reason: Arc<AtomicU8>,
    above: Option<Arc<AtomicU8>>,
    token: CancellationToken,
}

impl Stop {
    /// A new stop that is also set by this one: a run's deadline ends only that run, a signal ends all runs.
    pub fn below(&self) -> Stop {
        Stop { reason: Arc::default(), above: Some(self.reason.clone()), token: self.token.child_token() }
    }

    /// Sets the flag.
    pub fn set(&self, why: StopReason) {
        let code = match why {
            StopReason::Interrupted => 1,
            StopReason::Terminated => 2,
            StopReason::Deadline => 3,
        };
        let _ = self.reason.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
        self.token.cancel();
    }

    /// The reason, once set.
    pub fn reason(&self) -> Option<StopReason> {
        let read = |code: &AtomicU8| match code.load(Ordering::SeqCst) {
            1 => Some(StopReason::Interrupted),
            2 => Some(StopReason::Terminated),
            3 => Some(StopReason::Deadline),
            _ => None,
        };
        read(&self.reason).or_else(|| self.above.as_deref().and_then(read))
    }

    /// For the adapters' `select!`.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

/// What limits one call to a port.
#[derive(Debug, Clone)]
pub struct Limit {
    /// The call ends at this moment at the latest.
    pub deadline: Moment,
    /// The call ends when this is set.
    pub stop: Stop,
}

impl Limit {
    /// The same stop, and the earlier of the deadline and the end of `span`.
    pub fn within(&self, clock: &dyn Clock, span: Duration) -> Limit {
        let end = clock.now().after(span);
        Limit { deadline: self.deadline.min(end), stop: self.stop.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_of_one_run_ends_no_other_and_a_signal_ends_them_all() {
        let call = Stop::default();
        let (one, other) = (call.below(), call.below());
        one.set(StopReason::Deadline);
        assert_eq!((one.reason(), other.reason(), call.reason()), (Some(StopReason::Deadline), None, None));
        assert!(one.token().is_cancelled() && !other.token().is_cancelled());
        call.set(StopReason::Interrupted);
        assert_eq!(other.reason(), Some(StopReason::Interrupted));
        assert!(other.token().is_cancelled());
        assert_eq!(one.reason(), Some(StopReason::Deadline), "the first reason stays");
    }
}
