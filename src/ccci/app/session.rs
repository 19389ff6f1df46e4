//! What every function of the application layer is called on: the configuration, the means, and what is shared by all runs of a caller.

use super::engine::Address;
use ccci_model::redact::Redactor;
use ccci_swarm::ports::clock::Stop;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;

/// Where things are. A caller reads it from wherever it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Relative names of recipes and sources start here.
    pub here: PathBuf,
    /// Records of runs and clones of sources are kept below this directory.
    pub home: PathBuf,
    /// The locks that say which runs live: one directory for all users of the machine.
    pub locks: PathBuf,
    /// Temporary directories are made here.
    pub temporary: PathBuf,
    /// The zone of run domains.
    pub zone: String,
    /// The engine.
    pub engine: Address,
    /// The file of this program, which is started again in containers that hold volumes.
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

/// A caller's session. Cloning shares it.
#[derive(Clone)]
pub struct Session {
    /// Where things are.
    pub config: Arc<Config>,
    /// The runtime of the ports.
    pub handle: Handle,
    /// Ends everything of the session.
    pub stop: Stop,
    /// Knows the secrets of all jobs, for what the caller prints.
    pub redactor: Redactor,
    /// Runs that have something to remove.
    pub in_progress: InProgress,
}

impl Session {
    /// A session in which nothing has begun.
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

/// Counts the runs in progress: what they made is removed before a call ends. Cloning shares it.
#[derive(Clone, Default)]
pub struct InProgress(Arc<AtomicUsize>);

/// A run in progress, until it is dropped.
pub struct OneInProgress(Arc<AtomicUsize>);

impl InProgress {
    /// One more.
    pub fn begin(&self) -> OneInProgress {
        self.0.fetch_add(1, Ordering::SeqCst);
        OneInProgress(self.0.clone())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

impl Drop for OneInProgress {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
