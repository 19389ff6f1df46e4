//! The ports: traits and plain values only.
//! Their adapters, real and in memory, pass one contract (`tests/contract.rs`).

pub mod browser;
pub mod call;
pub mod clock;
pub mod cluster;
mod cluster_error;
pub mod lease;
pub mod locks;
pub mod records;
pub mod sources;
pub mod store;
mod traced;
pub mod volume;
pub mod web;

pub use browser::{Browser, BrowserError};
pub use call::{Call, Calls, Reply};
pub use clock::{Clock, Limit, Stop};
pub use cluster::{Cluster, ClusterError};
pub use locks::Locks;
pub use records::Records;
pub use sources::{Source, SourceError, Sources};
use std::sync::Arc;
pub use store::Store;
pub use web::{Web, WebError};

/// Everything that a run may touch. Clones share it.
#[derive(Clone)]
pub struct World {
    /// The Swarm.
    pub cluster: Arc<dyn Cluster>,
    /// The app's answers, by name, through the ingress.
    pub web: Arc<dyn Web>,
    /// The browser.
    pub browser: Arc<dyn Browser>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where the run keeps what it makes: archives, resolved files, logs.
    pub store: Arc<dyn Store>,
    /// Which runs are active.
    pub locks: Arc<dyn Locks>,
}
