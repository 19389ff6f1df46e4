//! A clock in memory. Its time moves only during a wait, so a test of an hour takes no time.

use ccci_model::time::Moment;
use ccci_swarm::ports::clock::{Clock, Stop};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The wall clock at the start: 2026-01-01T00:00:00Z, in ms since 1970.
const WALL_ZERO: u64 = 1_767_225_600_000;

/// A clock whose time moves only during a wait.
#[derive(Debug, Default)]
pub struct MemoryClock {
    now: AtomicU64,
}

impl MemoryClock {
    /// Lets time pass.
    pub fn pass(&self, span: Duration) {
        let later = |now: u64| Some(now.saturating_add(span.as_millis() as u64));
        let _ = self.now.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
    }

    /// Lets time pass until a moment, unless it is past already.
    pub fn pass_until(&self, moment: Moment) {
        let now = self.now();
        self.pass(moment.since(now));
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Moment {
        Moment(self.now.load(Ordering::SeqCst))
    }

    fn wall_ms(&self) -> u64 {
        WALL_ZERO + self.now().0
    }

    fn pause(&self, span: Duration, stop: &Stop) {
        if stop.reason().is_none() {
            self.pass(span.max(Duration::from_millis(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_swarm::ports::clock::StopReason;

    #[test]
    fn time_in_memory_moves_only_when_somebody_waits() {
        let (clock, stop) = (MemoryClock::default(), Stop::default());
        assert_eq!(clock.now(), Moment(0));
        clock.pause(Duration::from_millis(100), &stop);
        assert_eq!(clock.now(), Moment(100));
        clock.pass_until(Moment(200));
        clock.pass_until(Moment(150));
        stop.set(StopReason::Terminated);
        clock.pause(Duration::from_secs(9), &stop);
        assert_eq!(clock.now(), Moment(200), "a stopped wait lets no time pass");
    }
}
