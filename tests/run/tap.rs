//! Stands between one run and the Swarm: from a given step on it lets a call fail, hang, panic, lose its answer, or it
//! ends the run as a signal, a deadline or SIGKILL would. Other runs on the same Swarm notice nothing.

use ccci_model::event::{Event, What};
use ccci_model::name::{ServiceName, StackName};
use ccci_model::secret::Secret;
use ccci_model::time::Moment;
use ccci_swarm::observed::Seen;
use ccci_swarm::ports::clock::StopReason;
use ccci_swarm::ports::cluster::*;
use ccci_swarm::ports::volume::{Entry, InVolume, PutBack};
use ccci_swarm::ports::{Clock, Cluster, ClusterError, Limit, Stop};
use ccci_testkit::memory::{MemoryClock, MemoryCluster};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Its first call fails and does nothing.
    Fails,
    /// Its first call is done and the answer lost.
    LosesItsAnswer,
    /// Its first call hangs until its limit.
    Hangs,
    /// Its first call panics.
    Panics,
    /// SIGINT when it begins.
    Interrupted,
    /// SIGTERM when its first call is done.
    Terminated,
    /// The run's deadline comes when it begins.
    Late,
    /// The engine does not answer for a minute from its first call on.
    EngineAway,
    /// SIGKILL when its first call is done, or when it ends without any.
    Killed,
}

/// All of them.
pub const MISHAPS: &[Mishap] = &[
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

/// How long the engine is away.
const AWAY: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Now {
    /// Inside the step, and nothing has happened yet.
    armed: bool,
    /// The step that goes on.
    title: String,
    /// Calls of each step.
    calls: Vec<(usize, usize)>,
    dead: bool,
    away_until: Option<Moment>,
}

/// The tap of one run.
pub struct Tap {
    inner: Arc<MemoryCluster>,
    clock: Arc<MemoryClock>,
    stop: Stop,
    plan: Option<(usize, Mishap)>,
    deadline: Moment,
    lie: Option<Lie>,
    now: Mutex<Now>,
}

/// What a look shows instead of the truth while the step of this title goes on.
pub type Lie = (&'static str, fn(&mut Seen));

type R<T> = Result<T, ClusterError>;

impl Tap {
    /// A run whose step has a mishap, or none at all.
    pub fn new(
        inner: Arc<MemoryCluster>,
        clock: Arc<MemoryClock>,
        stop: Stop,
        plan: Option<(usize, Mishap)>,
        deadline: Moment,
    ) -> Tap {
        Tap { inner, clock, stop, plan, deadline, lie: None, now: Mutex::default() }
    }

    /// The same, with a Swarm that lies in one step.
    pub fn lying(self, lie: Option<Lie>) -> Tap {
        Tap { lie, ..self }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears what the run tells. False when it is dead and tells nothing any more.
    pub fn hears(&self, event: &Event) -> bool {
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
    pub fn is_dead(&self) -> bool {
        self.now().dead
    }

    /// How many calls a step made.
    pub fn calls_of(&self, step: usize) -> usize {
        self.now().calls.iter().filter(|(s, _)| *s == step).map(|(_, n)| n).sum()
    }

    fn gone() -> ClusterError {
        ClusterError::Unreachable("connection refused".into())
    }

    fn pass<T>(&self, limit: &Limit, call: impl FnOnce() -> R<T>) -> R<T> {
        let mut now = self.now();
        if let Some(last) = now.calls.last_mut() {
            last.1 += 1;
        }
        if now.dead || now.away_until.is_some_and(|until| self.clock.now() < until) {
            return Err(Tap::gone());
        }
        let mishap = self.plan.map(|(_, m)| m).filter(|_| std::mem::take(&mut now.armed));
        match mishap {
            Some(Mishap::Fails) => Err(ClusterError::Unreachable("connection reset by peer".into())),
            Some(Mishap::EngineAway) => {
                now.away_until = Some(self.clock.now().after(AWAY));
                Err(Tap::gone())
            }
            Some(Mishap::Hangs) => {
                self.clock.pass_until(limit.deadline);
                Err(ClusterError::Deadline("get an answer".into()))
            }
            Some(Mishap::Panics) => {
                drop(now);
                // a panic but for its report, which takes longer than the rest of the run
                resume_unwind(Box::new("a mishap"));
            }
            Some(Mishap::LosesItsAnswer) => {
                let _ = call();
                Err(ClusterError::Unreachable("connection reset by peer".into()))
            }
            Some(Mishap::Terminated) => {
                let done = call();
                self.stop.set(StopReason::Terminated);
                done
            }
            Some(Mishap::Killed) => {
                let _ = call();
                self.die(&mut now);
                Err(Tap::gone())
            }
            Some(Mishap::Interrupted | Mishap::Late) | None => {
                drop(now);
                call()
            }
        }
    }
}

impl Cluster for Tap {
    fn engine(&self, l: &Limit) -> R<EngineFacts> {
        self.pass(l, || self.inner.engine(l))
    }
    fn pull(&self, image: &str, l: &Limit) -> Result<Pulled, PullError> {
        self.pass(l, || Ok(self.inner.pull(image, l)))?
    }
    fn ensure_network(&self, name: &str, owner: &Owner, l: &Limit) -> R<bool> {
        self.pass(l, || self.inner.ensure_network(name, owner, l))
    }
    fn put_secret(&self, stack: &StackName, name: &str, value: &Secret, owner: &Owner, l: &Limit) -> R<()> {
        self.pass(l, || self.inner.put_secret(stack, name, value, owner, l))
    }
    fn deploy(&self, deploy: &Deploy, l: &Limit) -> R<()> {
        self.pass(l, || self.inner.deploy(deploy, l))
    }
    fn look(&self, stack: &StackName, l: &Limit) -> R<Seen> {
        let mut seen = self.pass(l, || self.inner.look(stack, l))?;
        if let Some((title, lie)) = self.lie
            && self.now().title == title
        {
            lie(&mut seen);
        }
        Ok(seen)
    }
    fn exec(&self, stack: &StackName, service: &ServiceName, what: &ExecRequest, l: &Limit) -> R<ExecOutput> {
        self.pass(l, || self.inner.exec(stack, service, what, l))
    }
    fn logs(&self, stack: &StackName, service: &ServiceName, lines: usize, l: &Limit) -> R<String> {
        self.pass(l, || self.inner.logs(stack, service, lines, l))
    }
    fn run_job(&self, stack: &StackName, job: &JobRequest, l: &Limit) -> R<ExecOutput> {
        self.pass(l, || self.inner.run_job(stack, job, l))
    }
    fn remove_service(&self, stack: &StackName, service: &ServiceName, l: &Limit) -> R<()> {
        self.pass(l, || self.inner.remove_service(stack, service, l))
    }
    fn pack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        sink: &mut dyn Write,
        l: &Limit,
    ) -> R<Vec<Entry>> {
        self.pass(l, || self.inner.pack_volume(stack, service, at, sink, l))
    }
    fn list_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        l: &Limit,
    ) -> R<Vec<Entry>> {
        self.pass(l, || self.inner.list_volume(stack, service, at, l))
    }
    fn unpack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        tar: &mut dyn Read,
        l: &Limit,
    ) -> R<PutBack> {
        self.pass(l, || self.inner.unpack_volume(stack, service, at, tar, l))
    }
    fn close_volumes(&self, stack: &StackName, l: &Limit) -> R<()> {
        self.pass(l, || self.inner.close_volumes(stack, l))
    }
    fn losses(&self) -> u64 {
        u64::from(self.now().away_until.is_some())
    }
    fn remove(&self, domain: &str, l: &Limit) -> R<()> {
        self.pass(l, || self.inner.remove(domain, l))
    }
    fn leftovers(&self, domain: Option<&str>, l: &Limit) -> R<Vec<Leftover>> {
        self.pass(l, || self.inner.leftovers(domain, l))
    }
    fn task_address(&self, stack: &StackName, service: &ServiceName, port: u16, l: &Limit) -> R<SocketAddr> {
        self.pass(l, || self.inner.task_address(stack, service, port, l))
    }
}
