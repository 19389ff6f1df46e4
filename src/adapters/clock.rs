//! The real clock. Pauses end early if something changed (`Notify`) or the run is stopped. The only file that sleeps.
#![expect(clippy::disallowed_methods, reason = "this file owns the clock")]

use ccci_model::time::Moment;
use ccci_swarm::ports::clock::{Clock, Stop};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// The clock of the machine; its zero is the moment when it was made.
#[derive(Debug)]
pub struct RealClock {
    zero: Instant,
    moved: Arc<Notify>,
    // a runtime of its own, so that a pause works even while the adapters' runtime is busy
    timer: Option<Runtime>,
}

impl RealClock {
    /// A clock that starts now. `moved` is notified when something changed, for instance by the engine's
    /// events. Must not be called from async code: a pause blocks its thread.
    pub fn new(moved: Arc<Notify>) -> RealClock {
        let timer = Builder::new_current_thread().enable_time().build();
        let timer = Some(timer.expect("a timer needs no more than memory"));
        RealClock { zero: Instant::now(), moved, timer }
    }
}

impl Drop for RealClock {
    fn drop(&mut self) {
        // the last owner may be a task of the adapters' runtime, which must not wait for a runtime to end
        if let Some(timer) = self.timer.take() {
            timer.shutdown_background();
        }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Moment {
        Moment(self.zero.elapsed().as_millis() as u64)
    }

    fn wall_ms(&self) -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    }

    fn pause(&self, span: Duration, stop: &Stop) {
        let timer = self.timer.as_ref().expect("taken in drop only");
        timer.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(span) => {}
                () = self.moved.notified() => {}
                () = stop.token().cancelled() => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_swarm::ports::clock::StopReason;

    const LONG: Duration = Duration::from_secs(30);

    fn check(during: impl FnOnce(&Notify, &Stop), span: Duration) -> Duration {
        let moved = Arc::new(Notify::new());
        let clock = RealClock::new(moved.clone());
        let stop = Stop::default();
        let begin = clock.now();
        during(&moved, &stop);
        clock.pause(span, &stop);
        clock.now().since(begin)
    }

    #[test]
    fn a_pause_lasts_its_span() {
        assert!(check(|_, _| {}, Duration::from_millis(30)) >= Duration::from_millis(29));
    }

    #[test]
    fn a_pause_ends_when_the_run_is_stopped() {
        assert!(check(|_, stop| stop.set(StopReason::Interrupted), LONG) < Duration::from_secs(5));
    }

    #[test]
    fn a_pause_ends_when_the_world_moved_even_just_before_it() {
        assert!(check(|moved, _| moved.notify_one(), LONG) < Duration::from_secs(5));
    }

    #[test]
    fn the_wall_clock_is_in_this_century() {
        let clock = RealClock::new(Arc::default());
        assert!(clock.wall_ms() > 1_577_836_800_000);
    }
}
