//! What the engine shows of a stack at one moment: plain values decoded from its answers.

use ccci_model::name::ServiceName;
use std::collections::BTreeMap;

/// One look at a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Its services.
    pub services: Vec<ObservedService>,
    /// All their tasks that the engine still knows, old ones included.
    pub tasks: Vec<ObservedTask>,
}

/// How many tasks a service desires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// This many at once.
    Replicated(u64),
    /// One on each suitable node; the engine gives the number.
    Global(u64),
    /// This many completions in all.
    Job(u64),
}

impl Mode {
    /// The desired number of tasks.
    pub fn desired(self) -> u64 {
        match self {
            Mode::Replicated(n) | Mode::Global(n) | Mode::Job(n) => n,
        }
    }
}

/// Whether the kernel killed a container for lack of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oom {
    /// It was not killed.
    Spared,
    /// It was killed because it used more than its limit.
    OverLimit,
    /// It was killed although it has no limit: the machine had no memory left.
    MachineOut,
}

/// When Swarm starts an ended task again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restart {
    /// Always (Swarm's default).
    #[default]
    Any,
    /// Only after a non-zero exit.
    OnFailure,
    /// Never.
    Never,
}

/// The state of a service's last update, as Swarm reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateState {
    /// In progress.
    Updating,
    /// Stopped after a failure; Swarm never clears it by itself.
    Paused,
    /// Done.
    Completed,
    /// Being rolled back.
    RollbackStarted,
    /// The rollback was stopped.
    RollbackPaused,
    /// Rolled back.
    RollbackCompleted,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedService {
    /// The engine's id.
    pub id: String,
    /// Name inside the stack.
    pub name: ServiceName,
    /// How many tasks it desires.
    pub mode: Mode,
    /// Image as the spec names it.
    pub image: String,
    /// Service labels.
    pub labels: BTreeMap<String, String>,
    /// Container environment, `NAME=value`.
    pub env: Vec<String>,
    /// When ended tasks start again.
    pub restart: Restart,
    /// Largest number of restarts, 0 for no limit.
    pub max_attempts: u64,
    /// Whether an update starts the new task before it stops the old one.
    pub start_first: bool,
    /// State of the last update, and Swarm's message about it.
    pub update: Option<(UpdateState, String)>,
    /// Its mounts of volumes that have a name.
    pub volumes: Vec<ObservedVolume>,
    /// Names of networks in the engine.
    pub networks: Vec<String>,
    /// Published ports: (published, target, protocol).
    pub ports: Vec<(u16, u16, String)>,
    /// A digest of the whole task template: equal texts mean equal specs.
    pub template: String,
    /// The same without the name of the image.
    pub template_but_image: String,
    /// Whether the image or the spec has a health check.
    pub has_healthcheck: bool,
}

impl ObservedService {
    /// Whether somebody outside is to reach it: it has a router of the proxy, or publishes a port. Then it should run on,
    /// whatever its restart policy says.
    pub fn serves(&self) -> bool {
        let router = |label: &String| {
            let mut parts = label.splitn(4, '.');
            parts.next() == Some("traefik") && parts.nth(1) == Some("routers")
        };
        !self.ports.is_empty() || self.labels.keys().any(router)
    }
}

/// A volume that a service mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedVolume {
    /// Its name in the engine.
    pub name: String,
    /// Path in the container.
    pub path: String,
    /// Whether its files are not on the engine itself: it has another driver, or options of the engine's driver
    /// that name a path of the host or a network share.
    pub elsewhere: bool,
}

/// A task's state, as far as convergence needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskState {
    /// Not yet placed on a node.
    Pending,
    /// Placed, not yet running.
    Starting,
    /// Running (and healthy, if there is a health check).
    Running,
    /// Ended with exit code 0.
    Complete,
    /// Ended with an error.
    Failed,
    /// Refused by the node.
    Rejected,
    /// Ended because Swarm stopped it.
    Shutdown,
    /// Its node was lost.
    Orphaned,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedTask {
    /// The engine's id.
    pub id: String,
    /// The service's id.
    pub service: String,
    /// Slot of a replicated service, 0 for global ones.
    pub slot: u64,
    /// Node id, empty while pending.
    pub node: String,
    /// Its state.
    pub state: TaskState,
    /// Whether Swarm desires it running (or, for jobs, complete).
    pub desired_running: bool,
    /// Exit code of its container.
    pub exit_code: Option<i64>,
    /// The engine's own words about an error.
    pub error: String,
    /// The engine's own words about what it is doing.
    pub message: String,
    /// When it was made, ms since 1970.
    pub created_ms: u64,
    /// When its state last changed, ms since 1970.
    pub changed_ms: u64,
    /// Container id, empty until there is a container.
    pub container: String,
    /// Whether the container was killed for lack of memory. Only the container shows it; `None` if it was not
    /// inspected.
    pub oom_killed: Option<Oom>,
    /// Whether the container's own health check had failed when it ended; `None` if it was not inspected.
    pub unhealthy: Option<bool>,
    /// What its container's health check last wrote; empty if the container was not inspected.
    pub check: String,
    /// Digest of its template: equal to `ObservedService::template` if the task has the desired spec. May be empty.
    pub template: String,
}

impl Observed {
    /// A service by its name.
    pub fn service(&self, name: &str) -> Option<&ObservedService> {
        self.services.iter().find(|s| s.name.as_str() == name)
    }

    /// The tasks of a service, newest first.
    pub fn tasks_of<'a>(&'a self, service: &'a ObservedService) -> Vec<&'a ObservedTask> {
        let mut tasks: Vec<&ObservedTask> = self.tasks.iter().filter(|t| t.service == service.id).collect();
        tasks.sort_by_key(|t| std::cmp::Reverse((t.created_ms, t.id.clone())));
        tasks
    }
}
