//! The real Swarm, through bollard; the only Docker types in the program.
//! Calls are synchronous: each blocks on the runtime until it is done, its deadline has passed or the run was
//! stopped. Decisions are made elsewhere.

mod address;
mod anonymous;
mod archive;
mod connect;
pub mod decode;
#[cfg(test)]
mod decoding;
mod deploy;
mod events;
mod exec;
mod job;
mod logs;
mod look;
mod objects;
mod port;
mod pull;
mod refusal;
mod removal;
mod volumes;
mod whole;

use crate::bound::{Ended, bound};
use bollard::Docker;
use ccci_model::name::{ServiceName, StackName};
use ccci_swarm::converge::is_over;
use ccci_swarm::observed::Oom;
use ccci_swarm::ports::cluster::SILENT;
use ccci_swarm::ports::{Clock, Cluster, ClusterError, Limit};
use ccci_swarm::wait::{Look, WaitError, until};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// How long a service may have no running task when something must be done in one. A database that recovers from a
/// crash is back by then, and a task that Swarm counts as complete never comes back (lesson 39).
const PATIENCE: Duration = Duration::from_secs(120);
/// Limit for one output that is kept in memory, bytes.
const MOST_OUTPUT: usize = ccci_script::limits::OUTPUT.most;

/// A Swarm at an engine's address. Dropping it ends its event listener.
pub struct Swarm {
    host: String,
    handle: Handle,
    clock: Arc<dyn Clock>,
    engine: OnceLock<Engine>,
    known: Mutex<Known>,
    noticed: Arc<events::Noticed>,
    listening: tokio::task::JoinHandle<((), ())>,
    program: PathBuf,
}

/// An engine whose API version is pinned.
#[derive(Clone)]
struct Engine {
    docker: Docker,
    version: String,
    api: String,
    os: String,
}

/// What need not be asked again.
#[derive(Default)]
struct Known {
    /// What an ended container showed: (killed for lack of memory, unhealthy).
    ends: HashMap<String, (Option<Oom>, Option<bool>)>,
    /// Whether tasks of a template have a health check.
    checks: HashMap<String, bool>,
    /// Names of networks by id.
    networks: HashMap<String, String>,
    /// The id of the engine's own node.
    node: Option<String>,
    /// Addresses of services' tasks, and when they were read.
    addresses: HashMap<String, (ccci_model::time::Moment, Vec<address::Place>)>,
    /// Running containers that were inspected, or could not be found.
    asked: HashMap<String, ccci_model::time::Moment>,
    /// Where containers are on networks.
    in_networks: HashMap<String, decode::InNetworks>,
    /// What the health check of a container last wrote.
    checked: HashMap<String, String>,
    /// Anonymous volumes, by the domain in whose containers they were observed.
    anonymous: HashMap<String, BTreeSet<String>>,
    /// Why an object could not be removed, by kind and name.
    held: HashMap<(String, String), String>,
    /// Whether the client on the PATH knows `--detach`.
    knows_detach: Option<bool>,
    /// Containers that mount volumes, by stack.
    holders: HashMap<String, volumes::Holder>,
}

impl Swarm {
    /// A Swarm at an address as in `DOCKER_HOST`. It does not ask the engine yet. `moved` is notified by each event
    /// of the engine; the real clock ends its pauses on it. `program` is the file of this program; a copy of it
    /// works on volumes in the container that mounts them.
    pub fn new(
        host: &str,
        program: &Path,
        handle: Handle,
        clock: Arc<dyn Clock>,
        moved: Arc<Notify>,
    ) -> Swarm {
        let noticed = Arc::new(events::Noticed::default());
        let listen = events::listen(host.to_string(), moved, noticed.clone());
        let beat = events::beat(host.to_string(), clock.clone(), noticed.clone(), SILENT);
        let listening = handle.spawn(async move { tokio::join!(listen, beat) });
        Swarm {
            host: host.to_string(),
            handle,
            clock,
            engine: OnceLock::new(),
            known: Mutex::default(),
            noticed,
            listening,
            program: program.into(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Works until the work is done, the limit ends or the run is stopped. `doing` follows "failed to".
    fn run<T>(
        &self,
        doing: &str,
        limit: &Limit,
        work: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        if limit.stop.reason().is_some() {
            return Err(ClusterError::Stopped(doing.into()));
        }
        if limit.deadline.since(self.clock.now()).is_zero() {
            return Err(ClusterError::Deadline(doing.into()));
        }
        bound(&self.handle, &*self.clock, limit, work, |ended| match ended {
            Ended::Stopped => ClusterError::Stopped(doing.into()),
            Ended::Late => ClusterError::Deadline(doing.into()),
        })
    }

    /// Waits for a running task of a service and does something in its container. If the work returns `None`, the
    /// container was no longer there, and the next one is waited for. A service that does not exist is `Missing` at
    /// once, one that has ended for good is `Over`; one without a running task is `NoRunningTask` at the limit (lesson 10).
    fn in_container<T>(
        &self,
        stack: &StackName,
        service: &ServiceName,
        limit: &Limit,
        mut work: impl FnMut(&str) -> Result<Option<T>, ClusterError>,
    ) -> Result<T, ClusterError> {
        let name = full_name(stack, service);
        let mut working = false;
        let patience = limit.within(&*self.clock, PATIENCE);
        let got = until(&*self.clock, &patience, &mut |_| (), || {
            working = false;
            let tasks = self.run("look for a running task", limit, self.tasks_here(&name))?;
            let Some(task) = tasks.into_iter().next() else {
                if is_over(&self.look(stack, limit)?, service.as_str()) {
                    return Err(ClusterError::Over(service.to_string()));
                }
                return Ok(Look::Waiting(format!("{service}: a running task")));
            };
            working = true;
            let done = work(&task.container)?;
            Ok(done.map_or_else(|| Look::Waiting(format!("{service}: a running container")), Look::Done))
        });
        got.map_err(|e| match e {
            WaitError::Look(ClusterError::Deadline(_)) if !working => {
                ClusterError::NoRunningTask(service.to_string())
            }
            WaitError::Look(e) => e,
            WaitError::Stopped(_) => ClusterError::Stopped(format!("find a running task of `{service}`")),
            WaitError::TimedOut { .. } | WaitError::Hopeless(_) => {
                ClusterError::NoRunningTask(service.to_string())
            }
        })
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A service's name in the engine.
fn full_name(stack: &StackName, service: &ServiceName) -> String {
    format!("{stack}_{service}")
}

/// Filters in the form of the API.
fn filters(pairs: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    for (key, value) in pairs {
        out.entry((*key).to_string()).or_default().push((*value).to_string());
    }
    out
}
