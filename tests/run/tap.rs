//! A layer between one run and the Swarm. At a given step it makes a call fail, hang, panic or lose its answer, or it
//! ends the run as a signal, a deadline or SIGKILL would. Other runs on the same Swarm are not affected.

use ccci_model::event::{Event, What};
use ccci_model::time::Moment;
use ccci_swarm::observed::Observed;
use ccci_swarm::ports::clock::StopReason;
use ccci_swarm::ports::{Call, Calls, Clock, Cluster, ClusterError, Limit, Reply, Stop};
use ccci_testkit::layers::{gone, reset};
use ccci_testkit::memory::MemoryClock;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// Its first call fails and does nothing.
    Fails,
    /// Its first call is done, but the answer is lost.
    LosesItsAnswer,
    /// Its first call hangs until its limit.
    Hangs,
    /// Its first call panics.
    Panics,
    /// SIGINT when the step begins.
    Interrupted,
    /// SIGTERM when its first call is done.
    Terminated,
    /// The run's deadline passes when the step begins.
    Late,
    /// The engine does not answer for a minute, from the step's first call on.
    EngineAway,
    /// SIGKILL when its first call is done, or when the step ends without a call.
    Killed,
}

/// All mishaps.
pub(crate) const MISHAPS: &[Mishap] = &[
    Mishap::Fails,
    Mishap::LosesItsAnswer,
    Mishap::Hangs,
    Mishap::Panics,
    Mishap::Interrupted,
    Mishap::Terminated,
    Mishap::Late,
    Mishap::EngineAway,
    Mishap::Killed,
];

/// How long the engine does not answer.
const AWAY: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Now {
    /// The step has begun, and its mishap has not happened yet.
    armed: bool,
    /// The title of the current step.
    title: String,
    /// Steps in order, each with the number of its calls.
    calls: Vec<(usize, usize)>,
    dead: bool,
    away_until: Option<Moment>,
}

/// The layer of one run.
pub(crate) struct Tap {
    inner: Arc<dyn Cluster>,
    clock: Arc<MemoryClock>,
    stop: Stop,
    plan: Option<(usize, Mishap)>,
    deadline: Moment,
    lie: Option<Lie>,
    now: Mutex<Now>,
}

/// A false answer: the title of a step, and how what the engine shows is changed during it.
pub(crate) type Lie = (&'static str, fn(&mut Observed));

type R<T> = Result<T, ClusterError>;

impl Tap {
    /// For a run with a mishap at a step, or with none.
    pub(crate) fn new(
        inner: Arc<dyn Cluster>,
        clock: Arc<MemoryClock>,
        stop: Stop,
        plan: Option<(usize, Mishap)>,
        deadline: Moment,
    ) -> Tap {
        Tap { inner, clock, stop, plan, deadline, lie: None, now: Mutex::default() }
    }

    /// The same with a Swarm that gives a false answer during one step.
    pub(crate) fn lying(self, lie: Option<Lie>) -> Tap {
        Tap { lie, ..self }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Receives an event of the run. Returns false if the run is dead and must record nothing more.
    pub(crate) fn hears(&self, event: &Event) -> bool {
        let mut now = self.now();
        match (&event.what, self.plan) {
            (What::StepStarted { step, title, .. }, plan) => {
                now.title.clone_from(title);
                now.calls.push((*step, 0));
                if let Some((at, mishap)) = plan.filter(|(at, _)| at == step) {
                    let _ = at;
                    now.armed = true;
                    match mishap {
                        Mishap::Interrupted => self.stop.set(StopReason::Interrupted),
                        Mishap::Late => self.clock.pass_until(self.deadline),
                        _ => {}
                    }
                }
            }
            (What::StepEnded { step, .. }, Some((at, mishap))) if *step == at => {
                let untouched = std::mem::take(&mut now.armed);
                match mishap {
                    Mishap::Killed if untouched => self.die(&mut now),
                    Mishap::Terminated if untouched => self.stop.set(StopReason::Terminated),
                    _ => {}
                }
            }
            _ => {}
        }
        !now.dead
    }

    fn die(&self, now: &mut Now) {
        now.dead = true;
        self.stop.set(StopReason::Interrupted);
    }

    /// Whether the run is dead.
    pub(crate) fn is_dead(&self) -> bool {
        self.now().dead
    }

    /// How many calls a step made.
    pub(crate) fn calls_of(&self, step: usize) -> usize {
        self.now().calls.iter().filter(|(s, _)| *s == step).map(|(_, n)| n).sum()
    }

    fn pass(&self, limit: &Limit, call: impl FnOnce() -> R<Reply>) -> R<Reply> {
        let mut now = self.now();
        if let Some(last) = now.calls.last_mut() {
            last.1 += 1;
        }
        if now.dead || now.away_until.is_some_and(|until| self.clock.now() < until) {
            return Err(gone());
        }
        let mishap = self.plan.map(|(_, m)| m).filter(|_| std::mem::take(&mut now.armed));
        match mishap {
            Some(Mishap::Fails) => Err(reset()),
            Some(Mishap::EngineAway) => {
                now.away_until = Some(self.clock.now().after(AWAY));
                Err(gone())
            }
            Some(Mishap::Hangs) => {
                self.clock.pass_until(limit.deadline);
                Err(ClusterError::Deadline("get an answer".into()))
            }
            Some(Mishap::Panics) => {
                drop(now);
                // a panic without its message: printing that would take longer than the rest of the run
                resume_unwind(Box::new("a mishap"));
            }
            Some(Mishap::LosesItsAnswer) => {
                let _ = call();
                Err(reset())
            }
            Some(Mishap::Terminated) => {
                let done = call();
                self.stop.set(StopReason::Terminated);
                done
            }
            Some(Mishap::Killed) => {
                let _ = call();
                self.die(&mut now);
                Err(gone())
            }
            Some(Mishap::Interrupted | Mishap::Late) | None => {
                drop(now);
                call()
            }
        }
    }
}

impl Calls for Tap {
    fn call(&self, call: Call<'_, '_>, limit: &Limit) -> R<Reply> {
        let mut reply = self.pass(limit, || call.on(&*self.inner, limit))?;
        if let (Some((title, lie)), Reply::Observed(observed)) = (self.lie, &mut reply)
            && self.now().title == title
        {
            lie(observed);
        }
        Ok(reply)
    }

    fn losses(&self) -> u64 {
        u64::from(self.now().away_until.is_some())
    }

    fn silence(&self) -> Duration {
        self.inner.silence()
    }
}
