//! Time in memory: it moves only when somebody waits, so a test of an hour takes no time.

use ccci_model::time::Moment;
use ccci_swarm::ports::clock::{Clock, Stop, StopReason};
use std::sync::Mutex;
use std::time::Duration;

/// A wall clock to start from: 2026-01-01T00:00:00Z, ms since 1970.
const WALL_ZERO: u64 = 1_767_225_600_000;

/// A clock that moves when someone waits.
#[derive(Debug, Default)]
pub struct MemoryClock {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    now: u64,
    signals: Vec<(u64, StopReason, Stop)>,
}

impl MemoryClock {
    /// Sets the stop flag when this much time has passed, as a signal would.
    pub fn stop_at(&self, ms: u64, why: StopReason, stop: &Stop) {
        self.inner.lock().expect("no holder panics").signals.push((ms, why, stop.clone()));
    }

    /// Lets time pass.
    pub fn pass(&self, span: Duration) {
        let mut inner = self.inner.lock().expect("no holder panics");
        inner.now = inner.now.saturating_add(span.as_millis() as u64);
        let now = inner.now;
        let due = inner.signals.extract_if(.., |(at, ..)| *at <= now).collect::<Vec<_>>();
        drop(inner);
        for (_, why, stop) in due {
            stop.set(why);
        }
    }

    /// Moves to a moment, unless it is past already.
    pub fn pass_until(&self, moment: Moment) {
        let now = self.now();
        self.pass(moment.since(now));
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Moment {
        Moment(self.inner.lock().expect("no holder panics").now)
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

    #[test]
    fn time_in_memory_moves_only_when_somebody_waits_and_signals_come_in_time() {
        let (clock, stop) = (MemoryClock::default(), Stop::default());
        clock.stop_at(150, StopReason::Terminated, &stop);
        assert_eq!(clock.now(), Moment(0));
        clock.pause(Duration::from_millis(100), &stop);
        assert_eq!((clock.now(), stop.reason()), (Moment(100), None));
        clock.pause(Duration::from_millis(100), &stop);
        assert_eq!((clock.now(), stop.reason()), (Moment(200), Some(StopReason::Terminated)));
        clock.pause(Duration::from_secs(9), &stop);
        assert_eq!(clock.now(), Moment(200), "a stopped wait lets no time pass");
    }
}
