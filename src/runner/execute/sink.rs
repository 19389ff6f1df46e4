//! Takes events: gives each one the time since the run began and passes it on, in order.

use ccci_model::event::{Event, What};
use ccci_model::failure::{Failure, FailureId};
use ccci_model::tier::Status;
use ccci_model::time::Moment;
use ccci_swarm::ports::Clock;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Receives finished events; the record and the live view are behind it.
pub(crate) type Taker = dyn Fn(Event) + Send + Sync;

/// The only way for events to leave the executor. A clone shares it.
#[derive(Clone)]
pub struct Sink {
    clock: Arc<dyn Clock>,
    zero: Moment,
    last: Arc<Mutex<(usize, String)>>,
    failures: Arc<AtomicU32>,
    take: Arc<Taker>,
}

impl Sink {
    /// A sink whose events count their time from now.
    pub fn new(clock: Arc<dyn Clock>, take: Arc<Taker>) -> Sink {
        let zero = clock.now();
        Sink { clock, zero, last: Arc::default(), failures: Arc::default(), take }
    }

    /// Sends an event. If its receiver panics, the run continues with removal all the same (lesson 38).
    pub fn emit(&self, what: What) {
        let at = Moment(self.clock.now().since(self.zero).as_millis() as u64);
        let _ = catch_unwind(AssertUnwindSafe(|| (self.take)(Event { at, what })));
    }

    /// Sends an event about what a step waits for, but only when it changes.
    pub fn waiting(&self, step: usize, on: &str) {
        let mut last = self.last.lock().expect("nothing panics while holding the last wait");
        if *last == (step, on.to_string()) {
            return;
        }
        *last = (step, on.to_string());
        drop(last);
        self.emit(What::Waiting { step, on: on.to_string() });
    }

    /// Records a failure, unless it is recorded already. Returns the id by which others refer to it.
    pub fn record(&self, failure: &mut Failure) -> FailureId {
        if failure.id.is_none() {
            failure.id = FailureId::nth(self.failures.fetch_add(1, Relaxed) + 1);
            self.emit(What::Failed(Box::new(failure.clone())));
        }
        failure.id
    }

    /// The status of something that ended with this failure or none, and the failure's id.
    pub fn ending(&self, failure: Option<&mut Failure>) -> (Status, Option<FailureId>) {
        match failure {
            None => (Status::Pass, None),
            Some(f) if f.is_error() => (Status::Unver, Some(self.record(f))),
            Some(f) => (Status::Fail, Some(self.record(f))),
        }
    }

    /// Sends the end of a step.
    pub fn step_ended(&self, step: usize, began: Moment, end: StepEnd) {
        let ms = self.clock.now().since(began).as_millis() as u64;
        let (status, failure, note) = match end {
            StepEnd::Done(note) => (Status::Pass, None, note),
            StepEnd::Failed(mut f) => {
                let (status, failure) = self.ending(Some(&mut f));
                (status, failure, None)
            }
            StepEnd::LeftOut(why) => (Status::Skip, None, Some(why)),
            StepEnd::NotDone(why) => (Status::Unver, None, Some(why)),
        };
        self.emit(What::StepEnded { step, status, ms, failure, note });
    }
}

/// How a step ended. It is displayed as a word and the failure's cause, without output of the app.
#[derive(Debug, Clone, PartialEq)]
pub enum StepEnd {
    /// Done, with a short note if there is one.
    Done(Option<String>),
    /// Failed.
    Failed(Box<Failure>),
    /// Left out, because an earlier step has told what it would tell.
    LeftOut(String),
    /// Not done, because something that it needs is missing.
    NotDone(String),
}

impl fmt::Display for StepEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepEnd::Done(_) => f.write_str("done"),
            StepEnd::Failed(failure) => write!(f, "failed, {}", failure.cause),
            StepEnd::LeftOut(_) => f.write_str("left out"),
            StepEnd::NotDone(_) => f.write_str("not done"),
        }
    }
}
