//! Runs in progress, followed: one reader of each run's events for all who look at it.

use crate::app::session::clock;
use ccci_adapters::tail::Tail;
use ccci_model::event::Event;
use ccci_report::site::message;
use ccci_swarm::ports::clock::{Limit, Stop};
use ccci_swarm::wait::{self, Look};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;

/// Longest time for which a run is followed.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What was told of a run so far.
pub(super) struct Followed {
    /// The position after the event, and what it says.
    told: Mutex<Vec<(usize, String)>>,
    /// How many there are; closed at the end of the run.
    count: watch::Receiver<usize>,
}

impl Followed {
    /// The first one after a position.
    pub(super) fn after(&self, position: usize) -> Option<(usize, String)> {
        let told = lock(&self.told);
        let n = told.partition_point(|(at, _)| *at <= position);
        told.get(n).cloned()
    }

    /// A receiver that changes when more was told and is closed at the end.
    pub(super) fn count(&self) -> watch::Receiver<usize> {
        self.count.clone()
    }
}

/// All runs that somebody follows.
#[derive(Default)]
pub(super) struct AllFollowed(Mutex<HashMap<String, Weak<Followed>>>);

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AllFollowed {
    /// The run of a record; the first one who asks starts its reader, which ends with the last one.
    pub(super) fn follow(
        &self,
        name: &str,
        events: &Path,
        goes_on: impl Fn() -> bool + Send + 'static,
        stop: &Stop,
    ) -> io::Result<Arc<Followed>> {
        let mut all = lock(&self.0);
        all.retain(|_, followed| followed.strong_count() > 0);
        if let Some(followed) = all.get(name).and_then(Weak::upgrade) {
            return Ok(followed);
        }
        let (count, of_all) = watch::channel(0);
        let followed = Arc::new(Followed { told: Mutex::default(), count: of_all });
        let reader = Reader { tail: Tail::open(events)?, position: 0, of: Arc::downgrade(&followed), count };
        let stop = stop.clone();
        thread::Builder::new().name("follow".into()).spawn(move || reader.read(&goes_on, &stop))?;
        all.insert(name.to_string(), Arc::downgrade(&followed));
        Ok(followed)
    }
}

/// Reads the events of one run to their end.
struct Reader {
    tail: Tail,
    position: usize,
    of: Weak<Followed>,
    count: watch::Sender<usize>,
}

impl Reader {
    fn read(mut self, goes_on: &dyn Fn() -> bool, stop: &Stop) {
        let clock = clock();
        let limit = Limit { deadline: clock.now().after(LONGEST), stop: stop.clone() };
        loop {
            let look = || -> io::Result<Look<Vec<String>>> {
                // before the file, so that what it writes last is still read
                let ended = !goes_on();
                let lines = self.tail.lines()?;
                let done = !lines.is_empty() || ended || self.of.strong_count() == 0;
                Ok(if done { Look::Done(lines) } else { Look::Waiting("events".into()) })
            };
            match wait::until(&*clock, &limit, &mut |_| (), look) {
                Ok(lines) if lines.is_empty() => return self.end(),
                Ok(lines) => {
                    if !self.tell(&lines) {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Keeps what these lines say; false at the end of the run, or if nobody follows it any more.
    fn tell(&mut self, lines: &[String]) -> bool {
        let Some(of) = self.of.upgrade() else { return false };
        let mut ended = false;
        let mut told = lock(&of.told);
        for line in lines {
            self.position += 1;
            let Ok(event) = serde_json::from_str::<Event>(line) else { continue };
            if let Some(message) = message(&event) {
                ended |= message.get("ended").is_some();
                told.push((self.position, message.to_string()));
            }
        }
        let count = told.len();
        drop(told);
        let _ = self.count.send(count);
        !ended
    }

    /// Tells the end of a run that did not tell it itself.
    fn end(&mut self) {
        if let Some(of) = self.of.upgrade() {
            let mut told = lock(&of.told);
            told.push((self.position + 1, "{\"ended\":true}".into()));
            let _ = self.count.send(told.len());
        }
    }
}
