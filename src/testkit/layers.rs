//! Wrappers around a cluster, in memory or real: one records the calls, one makes some of them fail.

use ccci_model::time::Moment;
use ccci_swarm::ports::cluster::SILENT;
use ccci_swarm::ports::{Call, Calls, Clock, Cluster, ClusterError, Limit, Reply};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Records every call.
pub struct Recorder {
    inner: Arc<dyn Cluster>,
    calls: Mutex<Vec<String>>,
}

impl Recorder {
    /// Wraps a cluster.
    pub fn new(inner: Arc<dyn Cluster>) -> Recorder {
        Recorder { inner, calls: Mutex::default() }
    }

    /// Every call so far: the method and its object.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The objects of all calls of one method, in order.
    pub fn calls_of(&self, method: &str) -> Vec<String> {
        let about = |call: String| call.strip_prefix(method)?.strip_prefix(' ').map(str::to_string);
        self.calls().into_iter().filter_map(about).collect()
    }
}

impl Calls for Recorder {
    fn call(&self, call: Call<'_, '_>, limit: &Limit) -> Result<Reply, ClusterError> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.to_string());
        call.on(&*self.inner, limit)
    }

    fn losses(&self) -> u64 {
        self.inner.losses()
    }

    fn silence(&self) -> Duration {
        self.inner.silence()
    }
}

/// What happens to a call.
pub enum Fault {
    /// It fails with this error, and nothing is done.
    Fails(ClusterError),
    /// It is carried out, but returns this error.
    LosesItsAnswer(ClusterError),
    /// It takes this much longer, but ends at its limit.
    Late(Duration),
    /// It does not return before its limit.
    Hangs,
    /// This is called instead.
    Instead(Instead),
}

/// Called instead of the real method.
pub type Instead = Box<dyn Fn(Call<'_, '_>) -> Result<Reply, ClusterError> + Send + Sync>;
/// Whether a call is affected, by its number, counted from 0, and the call itself.
type When = Box<dyn Fn(usize, &Call<'_, '_>) -> bool + Send + Sync>;

/// The engine does not answer.
pub fn gone() -> ClusterError {
    ClusterError::Unreachable("connection refused".into())
}

/// The connection to the engine broke during a call.
pub fn reset() -> ClusterError {
    ClusterError::Unreachable("connection reset by peer".into())
}

/// Makes some calls fail. The first fault that matches a call is applied.
pub struct Saboteur {
    inner: Arc<dyn Cluster>,
    clock: Arc<dyn Clock>,
    made: AtomicUsize,
    faults: Mutex<Vec<(When, Arc<Fault>)>>,
    silent: Mutex<Duration>,
}

impl Saboteur {
    /// Wraps a cluster, without faults.
    pub fn new(inner: Arc<dyn Cluster>, clock: Arc<dyn Clock>) -> Saboteur {
        Saboteur {
            inner,
            clock,
            made: AtomicUsize::new(0),
            faults: Mutex::default(),
            silent: Mutex::default(),
        }
    }

    /// Adds a fault for the calls that `when` selects by their number, counted from 0, and the call itself.
    pub fn spoil(&self, when: impl Fn(usize, &Call<'_, '_>) -> bool + Send + Sync + 'static, fault: Fault) {
        self.faults().push((Box::new(when), Arc::new(fault)));
    }

    /// From now on the engine does not answer.
    pub fn goes_away(&self) {
        self.spoil(|_, _| true, Fault::Fails(gone()));
    }

    /// Removes all faults.
    pub fn mend(&self) {
        self.faults().clear();
    }

    fn faults(&self) -> MutexGuard<'_, Vec<(When, Arc<Fault>)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits on the clock, as for an engine that gives no answer. False if the call's limit came first.
    fn wait(&self, until: Moment, limit: &Limit) -> bool {
        let (began, end) = (self.clock.now(), until.min(limit.deadline));
        while self.clock.now() < end && limit.stop.reason().is_none() {
            self.clock.pause(end.since(self.clock.now()), &limit.stop);
        }
        let took = self.clock.now().since(began);
        if took >= SILENT {
            *self.silent.lock().unwrap_or_else(PoisonError::into_inner) += took;
        }
        limit.stop.reason().is_none() && until <= limit.deadline
    }
}

impl Calls for Saboteur {
    fn call(&self, call: Call<'_, '_>, limit: &Limit) -> Result<Reply, ClusterError> {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        let fault = self.faults().iter().find(|(when, _)| when(n, &call)).map(|(_, fault)| fault.clone());
        let expired = |doing: String| match limit.stop.reason() {
            Some(_) => ClusterError::Stopped(doing),
            None => ClusterError::Deadline(doing),
        };
        match fault.as_deref() {
            None => call.on(&*self.inner, limit),
            Some(Fault::Fails(e)) => Err(e.clone()),
            Some(Fault::LosesItsAnswer(e)) => call.on(&*self.inner, limit).and(Err(e.clone())),
            Some(Fault::Instead(instead)) => instead(call),
            Some(Fault::Late(span)) => match self.wait(self.clock.now().after(*span), limit) {
                true => call.on(&*self.inner, limit),
                false => Err(expired(call.to_string())),
            },
            Some(Fault::Hangs) => {
                self.wait(limit.deadline, limit);
                Err(expired(call.to_string()))
            }
        }
    }

    fn losses(&self) -> u64 {
        self.inner.losses()
    }

    fn silence(&self) -> Duration {
        self.inner.silence() + *self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryClock, MemoryCluster};
    use ccci_model::name::RunId;
    use ccci_swarm::ports::Stop;
    use ccci_swarm::ports::cluster::Owner;
    use ccci_swarm::ports::lease::Lease;

    fn ground() -> (Arc<MemoryClock>, Arc<Recorder>, Saboteur) {
        let clock = Arc::new(MemoryClock::default());
        let recorder = Arc::new(Recorder::new(Arc::new(MemoryCluster::new(clock.clone()))));
        (clock.clone(), recorder.clone(), Saboteur::new(recorder, clock))
    }

    fn until(ms: u64) -> Limit {
        Limit { deadline: Moment(ms), stop: Stop::default() }
    }

    fn made(swarm: &Saboteur, name: &str, limit: &Limit) -> Result<bool, ClusterError> {
        let owner = Owner { run: RunId::parse("r").unwrap(), domain: "d".into(), lease: Lease::default() };
        swarm.ensure_network(name, &owner, limit)
    }

    #[test]
    fn the_call_that_was_picked_fails_and_no_other() {
        let (_, recorder, swarm) = ground();
        swarm.spoil(|n, _| n == 1, Fault::Fails(reset()));
        swarm.spoil(|_, call| call.name() == "remove", Fault::LosesItsAnswer(gone()));
        assert_eq!(made(&swarm, "a", &until(9)), Ok(true));
        assert_eq!(made(&swarm, "b", &until(9)), Err(reset()));
        assert_eq!(made(&swarm, "b", &until(9)), Ok(true));
        assert_eq!(swarm.remove("d", &until(9)), Err(gone()));
        assert_eq!(recorder.calls(), ["ensure_network a", "ensure_network b", "remove d"]);
        assert_eq!(recorder.calls_of("ensure_network"), ["a", "b"]);
        swarm.mend();
        assert_eq!(swarm.remove("d", &until(9)), Ok(()));
    }

    #[test]
    fn a_late_call_is_done_within_its_limit_and_one_that_hangs_ends_with_it() {
        let (clock, recorder, swarm) = ground();
        swarm.spoil(|n, _| n < 2, Fault::Late(Duration::from_secs(5)));
        swarm.spoil(|_, _| true, Fault::Hangs);
        assert_eq!(made(&swarm, "a", &until(6_000)), Ok(true));
        assert_eq!(clock.now(), Moment(5_000));
        assert!(matches!(made(&swarm, "b", &until(8_000)), Err(ClusterError::Deadline(_))));
        assert!(matches!(made(&swarm, "b", &until(9_000)), Err(ClusterError::Deadline(_))));
        assert_eq!((clock.now(), recorder.calls().len()), (Moment(9_000), 1));
    }

    #[test]
    fn something_else_is_done_instead() {
        let (_, recorder, swarm) = ground();
        let nothing = |_: Call<'_, '_>| Ok(Reply::Made(false));
        swarm.spoil(|_, _| true, Fault::Instead(Box::new(nothing)));
        assert_eq!((made(&swarm, "a", &until(9)), recorder.calls().len()), (Ok(false), 0));
    }
}
