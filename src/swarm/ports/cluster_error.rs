//! Why the Swarm could not be asked or made to do something, and what that means for a run.

use super::cluster::DISK_FULL;
use ccci_model::failure::{Cause, Failure, causes};

/// Longest path in a volume that ccci can read, bytes: what Linux takes in one call.
const LONGEST_PATH: usize = 4096;

/// Why ccci could not act or look. A message follows "failed to" and never repeats its source.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ClusterError {
    /// The engine's socket gives no answer.
    #[error("reach the engine: {0}")]
    Unreachable(String),
    /// No permission to open the socket.
    #[error("open the engine's socket: {0}")]
    NoPermission(String),
    /// The engine is not a manager of a swarm.
    #[error("use the engine as a swarm manager: {0}")]
    NotAManager(String),
    /// The engine refused, in its own words.
    #[error("{action}: {text}")]
    Refused {
        /// What was asked.
        action: String,
        /// The engine's words.
        text: String,
    },
    /// A port that the stack publishes on every node belongs to another service of the swarm.
    #[error("deploy the stack: {text}")]
    PortHeld {
        /// The name of that service.
        holder: String,
        /// The engine's words.
        text: String,
    },
    /// There is no such object.
    #[error("find {0}")]
    Missing(String),
    /// A volume that the run did not make, or whose files are not on the engine: it is left alone.
    #[error("touch the volume `{volume}`: {why}")]
    NotOurs {
        /// Its name on the engine.
        volume: String,
        /// The reason.
        why: String,
    },
    /// A service has no running task to use.
    #[error("find a running task of service `{0}`")]
    NoRunningTask(String),
    /// A path in a volume is longer than ccci can read.
    #[error("read the volume `{volume}`: a path in it is longer than {LONGEST_PATH} bytes: {path}")]
    PathTooLong {
        /// Its name on the engine.
        volume: String,
        /// The beginning of the path.
        path: String,
    },
    /// A service has no task and will get none: it ended, and nothing starts it again.
    #[error("find a running task of service `{0}`: it has ended, and nothing starts it again")]
    Over(String),
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
    /// A container ended while a command ran in it.
    #[error("{0}: the container ended while it ran")]
    Ended(String),
    /// The deadline passed first.
    #[error("{0} before the deadline")]
    Deadline(String),
    /// The run was stopped.
    #[error("{0} before the run was stopped")]
    Stopped(String),
    /// Something local failed: a file, a process.
    #[error("{0}")]
    Local(String),
}

/// What to do if it is ccci that has no space left.
const OWN_DISK: &str = "Free the disk on which ccci keeps the record and temporary files, or name another place with `--out DIR`, then run again.";

impl ClusterError {
    /// The failure for errors that say nothing about the app, whoever asked; `None` if the failure depends on what
    /// was asked. `doing` follows "to" or "failed to".
    pub fn of_infra(&self, doing: &str) -> Option<Failure> {
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
        let failure = Failure::new(cause, format!("to {doing}"), format!("failed to {self}"));
        let is_here = matches!(self, ClusterError::Local(_)) && cause == causes::DISK_FULL;
        Some(if is_here { failure.to_do(OWN_DISK) } else { failure })
    }

    /// The failure for this error; `otherwise` is the cause if neither infra nor a command in a container is to blame.
    pub fn failure(&self, doing: &str, otherwise: &'static Cause) -> Failure {
        let expected = format!("to {doing}");
        match self {
            ClusterError::NoRunningTask(service) => Failure::new(
                causes::EXEC_FAILED,
                expected,
                format!("service `{service}` has no running task"),
            ),
            ClusterError::PathTooLong { volume, path } => Failure::new(
                otherwise,
                expected,
                format!(
                    "the volume `{volume}` has a path longer than {LONGEST_PATH} bytes, which ccci cannot read: {path}"
                ),
            )
            .to_do("This limit is ccci's, not the recipe's: shorten the path, or leave it out of the backup by the labels."),
            ClusterError::Over(service) => Failure::new(
                causes::EXEC_FAILED,
                expected,
                format!("service `{service}` has ended, and nothing starts it again"),
            )
            .to_do("Run the command in a service that stays up, or take it away."),
            ClusterError::Ended(_) => {
                Failure::new(causes::EXEC_FAILED, expected, format!("failed to {self}"))
            }
            _ => self
                .of_infra(doing)
                .unwrap_or_else(|| Failure::new(otherwise, expected, format!("failed to {self}"))),
        }
    }

    /// Whether it may pass by itself: an engine that is being restarted does not answer at first, and is not a
    /// manager for a moment after that.
    pub fn may_pass(&self) -> bool {
        matches!(self, ClusterError::Unreachable(_) | ClusterError::NotAManager(_))
    }
}
