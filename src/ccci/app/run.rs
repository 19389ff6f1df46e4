//! One run from a job to an outcome: makes the real world, begins the record, passes events on and executes the plan.

use super::session::Session;
use ccci_adapters::browser::Chromium;
use ccci_adapters::clock::RealClock;
use ccci_adapters::docker::Swarm;
use ccci_adapters::http::RealWeb;
use ccci_adapters::ingress::Ingress;
use ccci_adapters::locks::FileLocks;
use ccci_adapters::scratch::Scratch;
use ccci_adapters::store::DirStore;
use ccci_model::event::Event;
use ccci_runner::execute;
use ccci_runner::execute::job::Job;
use ccci_runner::execute::sink::Sink;
use ccci_runner::record::journal::{Finished, Journal, RecordError};
use ccci_swarm::ports::clock::{Limit, Stop};
use ccci_swarm::ports::locks::Held;
use ccci_swarm::ports::{Clock, Cluster, World};
use ccci_swarm::wait::{self, Look, WaitError};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a run waits for the lock of its domain: another program may hold it while it looks at it.
const A_MOMENT: Duration = Duration::from_secs(1);

impl Session {
    /// The real world, with a store in a run's directory. Fails if no socket can be opened on loopback.
    pub fn world(&self, dir: &Path) -> std::io::Result<World> {
        let (config, handle) = (&self.config, &self.handle);
        let moved = Arc::new(Notify::new());
        let clock: Arc<dyn Clock> = Arc::new(RealClock::new(moved.clone()));
        let cluster: Arc<dyn Cluster> =
            Arc::new(Swarm::new(&config.engine.host, &config.program, handle.clone(), clock.clone(), moved));
        let ingress = Arc::new(Ingress::start(handle, cluster.clone(), clock.clone())?);
        let web = Arc::new(RealWeb::new(handle.clone(), ingress.clone(), cluster.clone(), clock.clone())?);
        let browser = Chromium::new(
            handle.clone(),
            ingress,
            clock.clone(),
            config.program.clone(),
            config.temporary.clone(),
        );
        let browser = Arc::new(browser);
        let store = Arc::new(DirStore::new(dir));
        let locks = Arc::new(FileLocks::new(config.locks.clone()));
        Ok(World { cluster, web, browser, clock, store, locks })
    }
}

/// Why the world of a call that keeps no record could not be made. Its text fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum NoWorld {
    /// There is no temporary directory.
    #[error("make a temporary directory: {0}")]
    Scratch(std::io::Error),
    /// The ingress could not be started.
    #[error("open a socket on loopback: {0}")]
    Loopback(std::io::Error),
}

impl Session {
    /// The real world, with a store in a temporary directory that is removed when the `Scratch` is dropped.
    pub fn scratch_world(&self) -> Result<(Scratch, World), NoWorld> {
        let own = Scratch::new().map_err(NoWorld::Scratch)?;
        let world = self.world(own.path()).map_err(NoWorld::Loopback)?;
        Ok((own, world))
    }
}

/// Receives every event after it is in the record.
pub type Hear = dyn FnMut(&Event) + Send;

/// Why a job was not run. Its text fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// Another run holds its domain.
    #[error("take the domain `{0}`: another run holds it")]
    Held(String),
    /// The lock of its domain could not be made.
    #[error("take the lock of `{0}`: {1}")]
    Lock(String, std::io::Error),
    /// The record could not be begun.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Runs a job in a world and finishes its record. It holds the lock of the job's domains: without the lock, every
/// other run on this machine would take this run for a dead one and remove what it made. The removal is
/// complete when this returns.
pub fn run(job: &Job, world: &World, dir: &Path, stop: &Stop, hear: Box<Hear>) -> Result<Finished, NotRun> {
    // one lock for each domain, taken in the same order by all runs
    let domains: BTreeSet<&str> = job.plan.apps.iter().map(|a| a.domain.as_str()).collect();
    let _held = domains.into_iter().map(|d| held(world, d, stop)).collect::<Result<Vec<_>, _>>()?;
    let mut journal = Journal::begin(dir, job.redactor.clone(), ccci_report::REPORTS)?;
    journal.keep_archives(job.keep_archives);
    let shared = Arc::new(Mutex::new((Some(journal), hear)));
    let taker = shared.clone();
    let take = move |event: Event| {
        let mut both = taker.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (journal, hear) = &mut *both;
        if let Some(event) = journal.as_mut().and_then(|j| j.take(event)) {
            hear(event);
        }
    };
    let sink = Sink::new(world.clock.clone(), Arc::new(take));
    execute::execute(job, world, &sink, stop);
    let journal = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0.take();
    Ok(journal.expect("taken once, here").finish())
}

/// Takes the lock of a domain. `ccci clean` may hold it for a moment while it looks whether the run is alive.
fn held(world: &World, domain: &str, stop: &Stop) -> Result<Box<dyn Held>, NotRun> {
    let limit = Limit { deadline: world.clock.now().after(A_MOMENT), stop: stop.clone() };
    wait::until(&*world.clock, &limit, &mut |_| (), || {
        Ok(world.locks.take(domain)?.map_or_else(|| Look::Waiting("its lock".into()), Look::Done))
    })
    .map_err(|e| match e {
        WaitError::Look(e) => NotRun::Lock(domain.into(), e),
        _ => NotRun::Held(domain.into()),
    })
}
