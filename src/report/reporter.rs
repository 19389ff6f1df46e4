//! What every reporter of a run can do, and a guard that keeps a broken reporter from harming the run.

use ccci_model::event::Event;
use ccci_model::time::Moment;
use ccci_model::verdict::Outcome;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A reporter. It receives events only and has no access to the world. Moments count from the beginning of the run, as
/// in events.
pub trait Reporter: Send {
    /// An event happened.
    fn event(&mut self, event: &Event);
    /// Time has passed; called a few times a second.
    fn tick(&mut self, now: Moment);
    /// Shows a line that is no event, such as the answer to a signal, without disturbing the display.
    fn say(&mut self, line: &str);
    /// What runs, what it waits for, and since when.
    fn state(&self, now: Moment) -> String;
    /// The run is over: removes what was drawn only for the moment.
    fn finish(&mut self, outcome: &Outcome);
    /// Tells the size of the terminal, which may have changed.
    fn resize(&mut self, _width: usize, _height: usize) {}
}

/// A guard around a reporter. If the reporter panics, it is no longer called and the run goes on (lesson 38).
pub struct Guarded {
    inner: Option<Box<dyn Reporter>>,
}

impl Guarded {
    /// Guards a reporter.
    pub fn new(inner: Box<dyn Reporter>) -> Guarded {
        Guarded { inner: Some(inner) }
    }

    /// Whether the reporter has panicked.
    pub fn is_silent(&self) -> bool {
        self.inner.is_none()
    }

    fn with(&mut self, call: impl FnOnce(&mut dyn Reporter)) {
        let Some(inner) = &mut self.inner else { return };
        if catch_unwind(AssertUnwindSafe(|| call(&mut **inner))).is_err() {
            self.inner = None;
        }
    }
}

impl Reporter for Guarded {
    fn event(&mut self, event: &Event) {
        self.with(|t| t.event(event));
    }
    fn tick(&mut self, now: Moment) {
        self.with(|t| t.tick(now));
    }
    fn say(&mut self, line: &str) {
        self.with(|t| t.say(line));
    }
    fn state(&self, now: Moment) -> String {
        let Some(inner) = &self.inner else { return String::new() };
        catch_unwind(AssertUnwindSafe(|| inner.state(now))).unwrap_or_default()
    }
    fn finish(&mut self, outcome: &Outcome) {
        self.with(|t| t.finish(outcome));
    }
    fn resize(&mut self, width: usize, height: usize) {
        self.with(|t| t.resize(width, height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Reporter for Broken {
        fn event(&mut self, _event: &Event) {}
        fn tick(&mut self, _now: Moment) {
            panic!("a bug in presentation");
        }
        fn say(&mut self, _line: &str) {}
        fn state(&self, _now: Moment) -> String {
            panic!("another")
        }
        fn finish(&mut self, _outcome: &Outcome) {}
    }

    #[test]
    fn lesson_38_a_reporter_that_panics_falls_silent_and_nothing_else_happens() {
        let mut reporter = Guarded::new(Box::new(Broken));
        assert_eq!(reporter.state(Moment(0)), "");
        reporter.tick(Moment(1));
        assert!(reporter.is_silent());
        reporter.tick(Moment(2));
    }
}
