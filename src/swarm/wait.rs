//! The only polling loop: look, report what is missing, pause, look again.
//! It ends early if something cannot become good, at the deadline, and on a stop. Nothing else in the program may
//! loop around `Clock::pause`.

use crate::ports::clock::{Clock, Limit, StopReason};
use ccci_model::failure::Failure;
use std::time::Duration;

/// The result of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// It is there.
    Done(T),
    /// Not yet; what is missing, in a few words.
    Waiting(String),
    /// It cannot become good.
    Hopeless(Failure),
}

/// Why a wait ended without its result. The message follows "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError<E> {
    /// The deadline passed first.
    #[error("finish waiting within {} s: still {why}", after.as_secs())]
    TimedOut {
        /// What was still missing at the last look.
        why: String,
        /// How long the wait took.
        after: Duration,
    },
    /// The run was told to stop.
    #[error("wait any longer: the run was told to stop")]
    Stopped(StopReason),
    /// It cannot become good.
    #[error("wait, because it cannot succeed: {0}")]
    Hopeless(Box<Failure>),
    /// Looking itself failed.
    #[error(transparent)]
    Look(E),
}

/// Shortest pause. A look at a stack costs the engine 2-9 ms, so this stays below a tenth of one core.
const FIRST: Duration = Duration::from_millis(50);
/// Longest pause while nothing has happened for at most 15 s.
const SHORT: Duration = Duration::from_millis(250);
/// Longest pause of all. Events of the engine end a pause earlier anyway.
const LONG: Duration = Duration::from_secs(1);

/// The pause after a time in which nothing happened: 50 ms at first, 250 ms after one second. After 15 s it grows,
/// up to one second after one minute.
pub(crate) fn pause_after(calm: Duration) -> Duration {
    (calm / 4).clamp(FIRST, SHORT).max((calm / 60).min(LONG))
}

/// Looks until `look` returns `Done` or `Hopeless`, the limit ends or the run is stopped. `say` gets each new
/// reason. Even if the deadline has passed, there is one look.
pub fn until<T, E>(
    clock: &dyn Clock,
    limit: &Limit,
    say: &mut dyn FnMut(&str),
    mut look: impl FnMut() -> Result<Look<T>, E>,
) -> Result<T, WaitError<E>> {
    let began = clock.now();
    let mut calm_since = began;
    let mut said = String::new();
    loop {
        if let Some(reason) = limit.stop.reason() {
            return Err(WaitError::Stopped(reason));
        }
        let why = match look().map_err(WaitError::Look)? {
            Look::Done(value) => return Ok(value),
            Look::Hopeless(failure) => return Err(WaitError::Hopeless(Box::new(failure))),
            Look::Waiting(why) => why,
        };
        if why != said {
            say(&why);
            said.clone_from(&why);
        }
        let now = clock.now();
        if now >= limit.deadline {
            return Err(WaitError::TimedOut { why, after: now.since(began) });
        }
        let span = pause_after(now.since(calm_since)).min(limit.deadline.since(now));
        clock.pause(span, &limit.stop);
        let after = clock.now();
        // A pause that ended early means that something changed: look more often again.
        if after.since(now) + Duration::from_millis(5) < span {
            calm_since = after;
        }
    }
}

/// Waits for a span; for the few protocols that require it.
pub fn rest(clock: &dyn Clock, limit: &Limit, span: Duration) -> Result<(), StopReason> {
    let short = limit.within(clock, span);
    let never = || Ok::<_, std::convert::Infallible>(Look::<()>::Waiting("time to pass".into()));
    match until(clock, &short, &mut |_| (), never) {
        Err(WaitError::Stopped(reason)) => Err(reason),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::Stop;
    use ccci_model::failure::causes;
    use ccci_model::time::Moment;
    use std::convert::Infallible;
    use std::sync::Mutex;

    /// A clock that moves only when someone waits, and records each pause.
    #[derive(Default)]
    struct Paced {
        now: Mutex<u64>,
        pauses: Mutex<Vec<u64>>,
        wakes_after: Option<u64>,
        stops_at: Option<u64>,
    }

    impl Clock for Paced {
        fn now(&self) -> Moment {
            Moment(*self.now.lock().unwrap())
        }
        fn wall_ms(&self) -> u64 {
            0
        }
        fn pause(&self, span: Duration, stop: &Stop) {
            let ms = (span.as_millis() as u64).min(self.wakes_after.unwrap_or(u64::MAX));
            self.pauses.lock().unwrap().push(ms);
            *self.now.lock().unwrap() += ms;
            if self.stops_at.is_some_and(|at| self.now().0 >= at) {
                stop.set(StopReason::Interrupted);
            }
        }
    }

    fn limit(ms: u64) -> Limit {
        Limit { deadline: Moment(ms), stop: Stop::default() }
    }

    fn waiting(clock: &Paced, ms: u64) -> Result<(), WaitError<Infallible>> {
        until(clock, &limit(ms), &mut |_| (), || Ok(Look::Waiting("rain".into())))
    }

    #[test]
    fn pauses_are_short_while_little_time_has_passed() {
        let clock = Paced::default();
        let _ = waiting(&clock, 120_000);
        let pauses = clock.pauses.lock().unwrap().clone();
        assert_eq!(pauses[..3], [50, 50, 50]);
        assert!(pauses.iter().all(|p| *p <= 1000));
        assert!(pauses.len() < 400, "{} looks in two minutes", pauses.len());
        assert_eq!(pause_after(Duration::from_secs(1)), SHORT);
        assert_eq!(pause_after(Duration::from_secs(600)), LONG);
    }

    #[test]
    fn a_pause_that_ends_early_makes_the_next_ones_short() {
        let clock = Paced { wakes_after: Some(60), ..Paced::default() };
        let _ = waiting(&clock, 5_000);
        assert!(clock.pauses.lock().unwrap().iter().all(|p| *p <= 60));
    }

    #[test]
    fn a_wait_ends_at_its_deadline_with_the_last_reason_and_not_later() {
        let clock = Paced::default();
        let got = waiting(&clock, 1_234);
        assert_eq!(got, Err(WaitError::TimedOut { why: "rain".into(), after: Duration::from_millis(1_234) }));
        assert_eq!(clock.now().0, 1_234);
    }

    #[test]
    fn a_deadline_in_the_past_still_grants_one_look() {
        let clock = Paced { now: Mutex::new(50), ..Paced::default() };
        let got: Result<u8, WaitError<Infallible>> =
            until(&clock, &limit(10), &mut |_| (), || Ok(Look::Done(7)));
        assert_eq!(got, Ok(7));
        assert!(clock.pauses.lock().unwrap().is_empty());
    }

    #[test]
    fn a_stop_ends_the_wait_at_once() {
        let clock = Paced { stops_at: Some(500), ..Paced::default() };
        assert_eq!(waiting(&clock, 60_000), Err(WaitError::Stopped(StopReason::Interrupted)));
        assert!(clock.now().0 < 800, "{:?}", clock.now());
    }

    #[test]
    fn a_reason_is_said_once_until_it_changes() {
        let clock = Paced::default();
        let (mut said, mut looks) = (vec![], 0);
        let got: Result<(), WaitError<Infallible>> =
            until(&clock, &limit(60_000), &mut |why| said.push(why.to_string()), || {
                looks += 1;
                Ok(match looks {
                    1 | 2 => Look::Waiting("one".into()),
                    3 => Look::Waiting("two".into()),
                    _ => Look::Done(()),
                })
            });
        assert_eq!((got, said), (Ok(()), vec!["one".to_string(), "two".to_string()]));
    }

    #[test]
    fn what_cannot_become_good_ends_the_wait_early() {
        let clock = Paced::default();
        let dead = Failure::new(causes::CRASH_LOOP, "a", "b");
        let got: Result<(), WaitError<Infallible>> =
            until(&clock, &limit(60_000), &mut |_| (), || Ok(Look::Hopeless(dead.clone())));
        assert_eq!(got, Err(WaitError::Hopeless(Box::new(dead))));
        assert_eq!(clock.now().0, 0);
    }
}
