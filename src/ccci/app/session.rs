//! What all functions of the application layer share: the configuration, the runtime, and the state of all runs of a
//! caller.

use super::engine::Address;
use ccci_adapters::clock::RealClock;
use ccci_model::redact::Redactor;
use ccci_swarm::ports::Clock;
use ccci_swarm::ports::clock::Stop;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Paths and addresses. The caller reads them from wherever they are configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Relative paths of recipes and sources start here.
    pub here: PathBuf,
    /// Records of runs and clones of sources are kept below this directory.
    pub home: PathBuf,
    /// The directory of the locks that show which runs are alive; all users of the machine share it.
    pub locks: PathBuf,
    /// Where temporary directories are made.
    pub temporary: PathBuf,
    /// The zone of run domains.
    pub zone: String,
    /// The engine.
    pub engine: Address,
    /// The executable of this program; it is started again in containers that mount volumes.
    pub program: PathBuf,
}

impl Config {
    /// Where records are kept.
    pub fn records(&self) -> PathBuf {
        self.home.join("runs")
    }

    /// Where clones of sources are kept.
    pub fn sources(&self) -> PathBuf {
        self.home.join("sources")
    }
}

/// A caller's session. Clones share its state.
#[derive(Clone)]
pub struct Session {
    /// Paths and addresses.
    pub config: Arc<Config>,
    /// The runtime of the ports.
    pub handle: Handle,
    /// Stops everything of the session.
    pub stop: Stop,
    /// Hides the secrets of all jobs in what the caller prints.
    pub redactor: Redactor,
    /// Runs that have something to remove.
    pub in_progress: InProgress,
}

impl Session {
    /// A session without any run yet.
    pub fn new(config: Config, handle: Handle) -> Session {
        let config = Arc::new(config);
        Session {
            config,
            handle,
            stop: Stop::default(),
            redactor: Redactor::default(),
            in_progress: InProgress::default(),
        }
    }
}

/// A clock for what no event of an engine wakes: reading sources, watching files.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(RealClock::new(Arc::new(Notify::new())))
}

/// Counts the runs in progress. A call does not end before their removal is complete. Clones share the count.
#[derive(Clone, Default)]
pub struct InProgress(Arc<AtomicUsize>);

/// One run in progress, until this is dropped.
pub struct OneInProgress(Arc<AtomicUsize>);

impl InProgress {
    /// Counts one more run.
    pub fn begin(&self) -> OneInProgress {
        self.0.fetch_add(1, Ordering::SeqCst);
        OneInProgress(self.0.clone())
    }

    /// Whether no run is in progress.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

impl Drop for OneInProgress {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
