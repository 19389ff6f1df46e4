//! The Swarm as a port. Everything made through it carries the run's label; nothing else is ever touched.

use super::clock::Limit;
use super::volume::{Entry, InVolume, PutBack};
use crate::observed::Observed;
use ccci_model::failure::{Cause, Failure, causes};
use ccci_model::name::{RunId, ServiceName, StackName};
use ccci_model::secret::Secret;
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// Label on everything a run makes; the value is the run id.
pub const RUN_LABEL: &str = "ccci.run";
/// Label with the domain whose lock says whether the run lives.
pub const DOMAIN_LABEL: &str = "ccci.domain";

/// How the system says that a disk is full, in the engine's words and in those of this process (errno 28).
pub const DISK_FULL: &str = "o space left on device";

/// We could not do or look. A message fits after "failed to" and never repeats its source.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ClusterError {
    /// Nobody answers on the engine's socket.
    #[error("reach the engine: {0}")]
    Unreachable(String),
    /// The socket may not be opened.
    #[error("open the engine's socket: {0}")]
    NoPermission(String),
    /// The engine is no manager of a swarm.
    #[error("use the engine as a swarm manager: {0}")]
    NotAManager(String),
    /// The engine answered with a refusal: its own words.
    #[error("{action}: {text}")]
    Refused {
        /// What was asked.
        action: String,
        /// The engine's words.
        text: String,
    },
    /// There is no such object.
    #[error("find {0}")]
    Missing(String),
    /// A volume that the run did not make, or whose files live elsewhere than on the engine: it is left alone.
    #[error("touch the volume `{volume}`: {why}")]
    NotOurs {
        /// Its name on the engine.
        volume: String,
        /// Why not.
        why: String,
    },
    /// A service has no running task to act in.
    #[error("find a running task of service `{0}`")]
    NoRunningTask(String),
    /// A service's running tasks are all on other nodes, whose containers this engine cannot reach.
    #[error(
        "reach a task of service `{service}`: it runs on node {node}, not on the one of the engine that is asked"
    )]
    Elsewhere {
        /// The service.
        service: String,
        /// The id of one of the nodes.
        node: String,
    },
    /// A container ended under a command that ran in it.
    #[error("{0}: the container ended while it ran")]
    Ended(String),
    /// The deadline came first.
    #[error("{0} before the deadline")]
    Deadline(String),
    /// The run was stopped.
    #[error("{0} before the run was stopped")]
    Stopped(String),
    /// Something local failed: a file, a process.
    #[error("{0}")]
    Local(String),
}

impl ClusterError {
    /// The failure it is whoever asked, since it says nothing about the app; `None` where that depends on what was asked.
    /// `doing` fits after "failed to".
    pub fn worlds(&self, doing: &str) -> Option<Failure> {
        let cause = match self {
            ClusterError::Unreachable(_) => causes::ENGINE_GONE,
            ClusterError::NoPermission(_) | ClusterError::NotAManager(_) => causes::ENGINE_REFUSED,
            ClusterError::Elsewhere { .. } => causes::TASK_ELSEWHERE,
            ClusterError::Stopped(_) => causes::INTERRUPTED,
            ClusterError::Refused { text, .. } | ClusterError::Local(text) if text.contains(DISK_FULL) => {
                causes::DISK_FULL
            }
            _ => return None,
        };
        Some(Failure::new(cause, format!("to {doing}"), format!("failed to {self}")))
    }

    /// The failure it is; `otherwise` is the cause where neither the world nor a command in a container is in the way.
    pub fn failure(&self, doing: &str, otherwise: &'static Cause) -> Failure {
        let expected = format!("to {doing}");
        match self {
            ClusterError::NoRunningTask(service) => Failure::new(
                causes::EXEC_FAILED,
                expected,
                format!("service `{service}` has no running task"),
            ),
            ClusterError::Ended(_) => {
                Failure::new(causes::EXEC_FAILED, expected, format!("failed to {self}"))
            }
            _ => self
                .worlds(doing)
                .unwrap_or_else(|| Failure::new(otherwise, expected, format!("failed to {self}"))),
        }
    }

    /// Whether it may pass by itself: an engine that is being restarted does not answer at first, and is no manager
    /// for a moment after that.
    pub fn may_pass(&self) -> bool {
        matches!(self, ClusterError::Unreachable(_) | ClusterError::NotAManager(_))
    }
}

/// What the engine is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineFacts {
    /// Engine version.
    pub version: String,
    /// API version spoken on the wire.
    pub api: String,
    /// Whether virtual IPs and the routing mesh can work.
    pub ipvs: bool,
    /// Number of nodes.
    pub nodes: u64,
    /// Operating system, for the record.
    pub os: String,
}

/// A pull that left the image on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Repository digest, if a registry gave one.
    pub digest: Option<String>,
    /// It was there already (a registry may not have it at all).
    pub present: bool,
}

/// Why an image could not be had.
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
    /// The registry does not answer.
    #[error("the registry of `{image}` does not answer: {text}")]
    Unreachable {
        /// The image.
        image: String,
        /// The engine's words.
        text: String,
    },
    /// The registry refuses.
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

/// Who makes an object: written on it as labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The run.
    pub run: RunId,
    /// Its domain.
    pub domain: String,
}

impl Owner {
    /// The labels that say so.
    pub fn labels(&self) -> BTreeMap<String, String> {
        [(RUN_LABEL, self.run.to_string()), (DOMAIN_LABEL, self.domain.clone())]
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
    /// Environment added, `NAME=value`.
    pub env: Vec<String>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// User, empty for the container's own.
    pub user: String,
}

/// What a command left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutput {
    /// Exit code.
    pub code: i64,
    /// Standard output, cut at the adapter's limit.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// A one-shot service that runs to completion on the stack's networks, and is removed.
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

/// Kind of a leftover that goes by itself once its service is gone: what a node is still making or ending.
pub const TASK: &str = "task";

/// Something that still exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Leftover {
    /// `service`, `task`, `container`, `network`, `volume`, `secret` or `config`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The run that made it.
    pub run: String,
    /// The domain whose lock says whether that run lives; never empty.
    pub domain: String,
    /// What holds it, if it could not be removed: the engine's words.
    pub held_by: String,
}

/// The Swarm.
pub trait Cluster: Send + Sync {
    /// What the engine is. Fails as `Unreachable`, `NoPermission` or `NotAManager`.
    fn engine(&self, limit: &Limit) -> Result<EngineFacts, ClusterError>;
    /// Makes sure an image is on the engine. An image that is only there locally is good.
    fn pull(&self, image: &str, limit: &Limit) -> Result<Pulled, PullError>;
    /// Makes sure an attachable overlay network exists; true when it was made (and carries the owner's labels).
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
    /// Hands a stack to the engine and returns at once; waiting is `wait.rs`.
    fn deploy(&self, deploy: &Deploy, limit: &Limit) -> Result<(), ClusterError>;
    /// One look at a stack.
    fn look(&self, stack: &StackName, limit: &Limit) -> Result<Observed, ClusterError>;
    /// Runs a command in a running task of a service: waits for one until the limit, raises when there is none.
    fn exec(
        &self,
        stack: &StackName,
        service: &ServiceName,
        what: &ExecRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError>;
    /// The last lines a service wrote, old tasks included, as the app wrote them: without times, none of them in pieces.
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
    /// Writes a tar of a path inside a volume to `sink` and gives what is in it. Of the calls with volumes each takes only one
    /// that this stack's run made and whose files live on the engine itself; any other is `NotOurs`. `service` mounts it.
    /// A path that is not there is `Missing`.
    fn pack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        sink: &mut dyn Write,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError>;
    /// What is below a path inside a volume.
    fn list_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError>;
    /// Puts a tar back: afterwards just what it holds is below the path, with owners, modes, times, attributes and holes.
    fn unpack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        tar: &mut dyn Read,
        limit: &Limit,
    ) -> Result<PutBack, ClusterError>;
    /// Ends what the calls with volumes needed.
    fn close_volumes(&self, stack: &StackName, limit: &Limit) -> Result<(), ClusterError>;
    /// One attempt to remove everything labelled with this domain; idempotent. The caller repeats until nothing is left.
    /// What has an empty domain is nobody's, and nothing is removed for it.
    fn remove(&self, domain: &str, limit: &Limit) -> Result<(), ClusterError>;
    /// Everything on the engine that carries a run's label; of one domain, or of all.
    fn leftovers(&self, domain: Option<&str>, limit: &Limit) -> Result<Vec<Leftover>, ClusterError>;
    /// How often the engine went away since this port was opened, as far as it was noticed: what failed after that
    /// proves nothing about a recipe, since all tasks are started anew.
    fn losses(&self) -> u64 {
        0
    }
    /// The address a port of a running, desired task of this stack can be reached at from here.
    fn task_address(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<std::net::SocketAddr, ClusterError>;
    /// The same for every such task, in an order that stays, so that a proxy can ask them in turn.
    fn task_addresses(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<Vec<std::net::SocketAddr>, ClusterError> {
        self.task_address(stack, service, port, limit).map(|one| vec![one])
    }
}
