//! The Swarm as a port. Everything made through it carries the run's label; nothing else is ever changed.

use super::clock::Limit;
pub use super::cluster_error::ClusterError;
use super::lease::{LEASE_LABEL, Lease};
use super::volume::{Entry, InVolume, PutBack};
use crate::observed::Observed;
use ccci_model::name::{RunId, ServiceName, StackName};
use ccci_model::secret::Secret;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::Duration;

/// Label on everything a run makes; the value is the run id.
pub const RUN_LABEL: &str = "ccci.run";
/// Label with the domain of the run; the domain's lock shows whether the run is still active.
pub const DOMAIN_LABEL: &str = "ccci.domain";

/// An engine that gives no answer for this long is silent. A busy one answers within seconds.
pub const SILENT: Duration = Duration::from_secs(20);

/// How the system reports a full disk (errno 28), in the engine's messages and in those of this process.
pub const DISK_FULL: &str = "o space left on device";

/// Facts about the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineFacts {
    /// Engine version.
    pub version: String,
    /// API version that ccci and the engine use.
    pub api: String,
    /// Whether virtual IPs and the routing mesh can work.
    pub ipvs: bool,
    /// Number of nodes.
    pub nodes: u64,
    /// Operating system, for the record.
    pub os: String,
}

/// A pull that left the image on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulled {
    /// The image's id, the same whatever names the image has.
    pub id: String,
    /// Repository digest, if a registry gave one.
    pub digest: Option<String>,
    /// Whether it was already there (a registry may not have it at all).
    pub present: bool,
    /// Paths that the image declares as volumes. Where nothing is mounted, each task gets a new volume without a name.
    pub volumes: Vec<String>,
}

/// Why an image could not be pulled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// The registry says there is no such image.
    #[error("the registry has no `{image}`: {text}")]
    NoSuchImage {
        /// The image.
        image: String,
        /// The engine's words.
        text: String,
    },
    /// The name is none that an image can have.
    #[error("`{image}` is no name of an image: {text}")]
    NoName {
        /// The name.
        image: String,
        /// The engine's words.
        text: String,
    },
    /// The registry does not answer.
    #[error("the registry of `{image}` does not answer: {text}")]
    Unreachable {
        /// The image.
        image: String,
        /// The engine's words.
        text: String,
    },
    /// The registry refuses the request.
    #[error("the registry refuses `{image}`: {text}")]
    Refused {
        /// The image.
        image: String,
        /// The engine's words.
        text: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// Who makes an object; labels on the object name the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The run.
    pub run: RunId,
    /// Its domain.
    pub domain: String,
    /// Until when it can be alive, and which locks show that.
    pub lease: Lease,
}

impl Owner {
    /// The labels that name this owner.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let run = (RUN_LABEL, self.run.to_string());
        [run, (DOMAIN_LABEL, self.domain.clone()), (LEASE_LABEL, self.lease.to_string())]
            .map(|(k, v)| (k.to_string(), v))
            .into()
    }
}

/// A stack to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// Its name.
    pub stack: StackName,
    /// The resolved compose file.
    pub compose: String,
    /// Files it refers to, by relative path.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// A command in a running container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecRequest {
    /// The words of the command.
    pub argv: Vec<String>,
    /// Additional environment, `NAME=value`.
    pub env: Vec<String>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// User; empty for the container's own.
    pub user: String,
}

/// Result of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutput {
    /// Exit code.
    pub code: i64,
    /// Standard output, cut at the adapter's limit.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// A one-shot service that runs to its end on the stack's networks and is then removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest {
    /// Name inside the stack.
    pub name: ServiceName,
    /// Image.
    pub image: String,
    /// Command words.
    pub argv: Vec<String>,
    /// Environment, `NAME=value`.
    pub env: Vec<String>,
    /// Owner.
    pub owner: Owner,
}

/// Kind of a leftover that disappears by itself after its service: a task that a node is still making or ending.
pub const TASK: &str = "task";

/// An object that still exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// `service`, `task`, `container`, `network`, `volume`, `secret` or `config`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The run that made it.
    pub run: String,
    /// The domain of that run, whose lock shows whether the run is still active; never empty.
    pub domain: String,
    /// Its lease. `None` if it has none that can be read.
    pub lease: Option<Lease>,
    /// What uses it, if it could not be removed: the engine's words.
    pub held_by: String,
}

/// Where this process can reach a port of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskAddress {
    /// The task's name as the engine shows it, without the stack: `app.2`, or `app.<node>` of a global service.
    pub task: String,
    /// The address.
    pub at: std::net::SocketAddr,
    /// Where the same port is inside of the task's own networks, if this is known.
    pub inside: Option<Inside>,
}

/// A port inside of a container's networks, for a program that listens only there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The process of the container on the engine's machine.
    pub pid: u32,
    /// The address on one of the networks: that of the proxy if the task is on it.
    pub at: std::net::SocketAddr,
}

/// The Swarm.
pub trait Cluster: Send + Sync {
    /// Facts about the engine. Fails as `Unreachable`, `NoPermission` or `NotAManager`.
    fn engine(&self, limit: &Limit) -> Result<EngineFacts, ClusterError>;
    /// Makes sure that an image is on the engine. An image that is only there and in no registry is accepted.
    fn pull(&self, image: &str, limit: &Limit) -> Result<Pulled, PullError>;
    /// Makes sure that an attachable overlay network exists. True if this call made it (with the owner's labels).
    fn ensure_network(&self, name: &str, owner: &Owner, limit: &Limit) -> Result<bool, ClusterError>;
    /// Makes a secret under its full name.
    fn put_secret(
        &self,
        stack: &StackName,
        name: &str,
        value: &Secret,
        owner: &Owner,
        limit: &Limit,
    ) -> Result<(), ClusterError>;
    /// Gives a stack to the engine and returns at once; `wait.rs` does the waiting.
    fn deploy(&self, deploy: &Deploy, limit: &Limit) -> Result<(), ClusterError>;
    /// One look at a stack.
    fn look(&self, stack: &StackName, limit: &Limit) -> Result<Observed, ClusterError>;
    /// Runs a command in a running task of a service. Waits for a task until the limit; fails if there is none.
    fn exec(
        &self,
        stack: &StackName,
        service: &ServiceName,
        what: &ExecRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError>;
    /// The last lines that a service wrote, in old tasks too, as the app wrote them: without times, and whole.
    fn logs(
        &self,
        stack: &StackName,
        service: &ServiceName,
        lines: usize,
        limit: &Limit,
    ) -> Result<String, ClusterError>;
    /// Runs a one-shot service to its end and removes it.
    fn run_job(&self, stack: &StackName, job: &JobRequest, limit: &Limit)
    -> Result<ExecOutput, ClusterError>;
    /// Removes one service of a stack.
    fn remove_service(
        &self,
        stack: &StackName,
        service: &ServiceName,
        limit: &Limit,
    ) -> Result<(), ClusterError>;
    /// Writes a tar of a path inside a volume to `sink` and returns its entries. Like all calls with volumes, it
    /// takes only a volume that this stack's run made and whose files are on the engine itself; any other is
    /// `NotOurs`. `service` mounts it. A path that does not exist is `Missing`.
    fn pack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        sink: &mut dyn Write,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError>;
    /// The entries below a path inside a volume.
    fn list_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError>;
    /// Restores a tar: afterwards the path holds exactly the entries of the tar, with owners, modes, times,
    /// attributes and holes.
    fn unpack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        tar: &mut dyn Read,
        limit: &Limit,
    ) -> Result<PutBack, ClusterError>;
    /// Ends what the calls with volumes started.
    fn close_volumes(&self, stack: &StackName, limit: &Limit) -> Result<(), ClusterError>;
    /// One attempt to remove everything labelled with this domain; idempotent. The caller repeats it until nothing
    /// is left. An empty domain belongs to no run, so nothing is removed for it.
    fn remove(&self, domain: &str, limit: &Limit) -> Result<(), ClusterError>;
    /// Everything on the engine that carries a run's label: of one domain, or of all.
    fn leftovers(&self, domain: Option<&str>, limit: &Limit) -> Result<Vec<Leftover>, ClusterError>;
    /// How often the engine was lost since this port was opened, as far as it was noticed. A failure after that
    /// proves nothing about a recipe, because all tasks are restarted.
    fn losses(&self) -> u64 {
        0
    }
    /// For how long the engine gave no answer since this port was opened: the sum of all times longer than [`SILENT`],
    /// one that goes on included. Swarm may have replaced tasks meanwhile, because it took the node for lost.
    fn silence(&self) -> Duration {
        Duration::ZERO
    }
    /// The addresses at which this process can reach a port of the running, desired tasks of a service, in a stable order,
    /// so that a proxy can ask them in turn.
    fn task_addresses(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<Vec<TaskAddress>, ClusterError>;
}
