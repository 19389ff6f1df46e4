//! A whole world in memory: scripted, with named faults, and stricter than Swarm. Its time moves only during a wait.
//!
//! The following are errors here: deploying the same file twice, deploying during a removal, an image that was not
//! pulled, an object without the run's label, a command before anything is deployed, and a secret that is made twice.

mod browser;
mod clock;
mod compose;
mod deploying;
mod fault;
mod files;
mod locks;
mod log;
mod port;
mod programs;
mod records;
mod service;
mod sources;
mod store;
mod url;
mod volumes;
mod web;

pub use browser::{BrowserFault, MemoryBrowser, MemoryElement, MemoryPage};
pub use clock::MemoryClock;
pub use fault::Fault;
pub use files::{File, FileKind, Files, Tree};
pub use locks::MemoryLocks;
pub use records::MemoryRecords;
pub use sources::{MemoryRepository, MemorySources};
pub use store::MemoryStore;
pub use url::path_of;
pub use web::{MemoryWeb, page};

use ccci_model::name::{ServiceName, StackName};
use ccci_swarm::log::Stream;
use ccci_swarm::ports::cluster::{DOMAIN_LABEL, ExecOutput, ExecRequest, TaskAddress};
use ccci_swarm::ports::{Clock, ClusterError, Limit};
use log::MemoryLog;
use service::Service;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Answers a command in a service's containers. `None` leaves the command to the next program.
type Program = Box<dyn FnMut(&ExecRequest, &mut Files<'_>) -> Option<ExecOutput> + Send>;

/// A cluster in memory.
pub struct MemoryCluster {
    clock: Arc<MemoryClock>,
    state: Mutex<State>,
}

/// A network, secret, config or volume.
#[derive(Default)]
struct Object {
    labels: BTreeMap<String, String>,
    content: Vec<u8>,
    files: Tree,
    /// For a volume: whether its files are not on the engine's disk.
    elsewhere: bool,
}

#[derive(Default)]
struct State {
    services: BTreeMap<(String, String), Service>,
    /// By kind and name.
    objects: BTreeMap<(&'static str, String), Object>,
    images: BTreeSet<String>,
    /// Paths that images declare as volumes.
    declared: BTreeMap<String, Vec<String>>,
    faults: Vec<Fault>,
    /// Faults that start with a deploy of this number, counted from 0.
    later: Vec<(usize, Fault)>,
    deploys: BTreeMap<String, Vec<String>>,
    /// Stacks whose containers are being removed, and when that ends, in ms.
    going: BTreeMap<String, u64>,
    programs: Vec<(String, Program)>,
    logs: BTreeMap<String, MemoryLog>,
}

impl MemoryCluster {
    /// An empty swarm that has only the network `proxy`, as operators set it up.
    pub fn new(clock: Arc<MemoryClock>) -> MemoryCluster {
        let cluster = MemoryCluster { clock, state: Mutex::default() };
        cluster.state().objects.insert(("network", "proxy".into()), Object::default());
        cluster
    }

    /// Sets a fault from now on.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Sets a fault from the `n`th deploy on, counted from 0 over all stacks.
    pub fn fault_at_deploy(&self, n: usize, fault: Fault) {
        self.state().later.push((n, fault));
    }

    /// Removes all faults. What is broken stays broken until Swarm or the test repairs it.
    pub fn mend(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.later.clear();
    }

    /// Sets a program that answers commands in a service's containers. If it returns `None`, the next program is asked;
    /// the newest is asked first. The commands `true`, `false`, `rm -rf --` and `cat` always work.
    pub fn on_exec(
        &self,
        service: &str,
        program: impl FnMut(&ExecRequest, &mut Files<'_>) -> Option<ExecOutput> + Send + 'static,
    ) {
        self.state().programs.push((service.to_string(), Box::new(program)));
    }

    /// Writes a text to a service's standard output.
    pub fn log(&self, service: &str, text: &str) {
        self.writes(service, Stream::Out, text);
    }

    /// Writes a text to a stream of a service. If the last line is not complete, the next text of the stream continues
    /// it, even after a text of the other stream.
    pub fn writes(&self, service: &str, stream: Stream, text: &str) {
        self.state().logs.entry(service.to_string()).or_default().write(stream, text.as_bytes());
    }

    /// Adds an image to the engine, without a pull.
    pub fn image(&self, image: &str) {
        self.state().images.insert(image.to_string());
    }

    /// Removes the network `proxy`, as on a machine that never had one.
    pub fn without_proxy(&self) {
        self.state().objects.remove(&("network", "proxy".to_string()));
    }

    /// Lets an image declare this path as a volume.
    pub fn declares(&self, image: &str, path: &str) {
        self.state().declared.entry(image.to_string()).or_default().push(path.to_string());
    }

    /// Adds an object that no run made: it has no label of a run.
    pub fn foreign(&self, kind: &'static str, name: &str) {
        self.state().objects.insert((kind, name.to_string()), Object::default());
    }

    /// All objects and services, also those that no run made, with their labels.
    pub fn inventory(&self) -> Vec<String> {
        let state = self.advanced();
        let services =
            state.services.iter().map(|((s, n), v)| format!("service {s}_{n} {:?}", v.spec.labels));
        let objects = state.objects.iter().map(|((kind, name), o)| format!("{kind} {name} {:?}", o.labels));
        services.chain(objects).collect()
    }

    /// The value of an environment variable in a service's containers.
    pub fn env_of(&self, stack: &str, service: &str, name: &str) -> Option<String> {
        let state = self.state();
        let found = state.services.get(&(stack.to_string(), service.to_string()))?;
        found.spec.env.iter().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_string()))
    }

    /// Passes a volume's files to `look`. The name is the one on the engine. False if there is no such volume.
    pub fn volume(&self, name: &str, look: impl FnOnce(&mut Tree)) -> bool {
        let mut state = self.state();
        let found = state.objects.get_mut(&("volume", name.to_string()));
        found.map(|o| look(&mut o.files)).is_some()
    }

    /// The content of a secret.
    pub fn secret(&self, name: &str) -> Option<Vec<u8>> {
        self.state().objects.get(&("secret", name.to_string())).map(|o| o.content.clone())
    }

    /// Everything that carries a run's label, as `kind name`. Empty if nothing was left.
    pub fn everything(&self) -> Vec<String> {
        let state = self.advanced();
        let services = state.services.keys().map(|(stack, name)| format!("service {stack}_{name}"));
        let labelled = state.objects.iter().filter(|(_, o)| o.labels.contains_key(DOMAIN_LABEL));
        let objects = labelled.map(|((kind, name), _)| format!("{kind} {name}"));
        services.chain(objects).collect()
    }

    /// Whether nothing of any run is left.
    pub fn is_empty(&self) -> bool {
        self.everything().is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The current state, after everything that is due has happened.
    fn advanced(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.advance(self.clock.now().0);
        state
    }

    /// Begins a call: applies faults and checks its limit.
    fn call(&self, name: &str, about: &str, limit: &Limit) -> Result<MutexGuard<'_, State>, ClusterError> {
        let doing = || format!("{name} {about}").trim_end().to_string();
        if limit.stop.reason().is_some() {
            return Err(ClusterError::Stopped(doing()));
        }
        let faults = self.state().faults.clone();
        if faults.contains(&Fault::NotAManager) {
            return Err(ClusterError::NotAManager("this node is not a swarm manager".into()));
        }
        if faults.contains(&Fault::NoPermission) {
            return Err(ClusterError::NoPermission("permission denied".into()));
        }
        if self.clock.now() >= limit.deadline {
            return Err(ClusterError::Deadline(doing()));
        }
        Ok(self.advanced())
    }
}

impl State {
    /// An error if the service's tasks are not on the engine's own node.
    fn here(&self, service: &ServiceName) -> Result<(), ClusterError> {
        let elsewhere = self.faults.iter().find_map(|f| match f {
            Fault::Elsewhere(of, node) if of == service.as_str() => Some(node.clone()),
            _ => None,
        });
        elsewhere.map_or(Ok(()), |node| Err(ClusterError::Elsewhere { service: service.to_string(), node }))
    }

    /// Addresses of the running, desired tasks of a service, newest first.
    pub(crate) fn addresses(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
    ) -> Result<Vec<TaskAddress>, ClusterError> {
        let found = self.services.get(&(stack.to_string(), service.to_string()));
        let running = found.map_or(vec![], Service::all_running);
        self.here(service)?;
        let at = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        Ok(running
            .iter()
            .map(|slot| TaskAddress { task: format!("{service}.{slot}"), at, inside: None })
            .collect())
    }

    fn advance(&mut self, now: u64) {
        loop {
            let next = self.services.iter().filter_map(|(key, s)| Some((s.next()?, key.clone()))).min();
            let Some((at, key)) = next.filter(|(at, _)| *at <= now) else { return };
            let faults = self.faults.clone();
            let service = self.services.get_mut(&key).expect("just seen");
            service.step(&key.1, at, &faults);
        }
    }
}

/// The error for an action that the engine refuses.
fn refused(action: &str, text: impl Into<String>) -> ClusterError {
    ClusterError::Refused { action: action.into(), text: text.into() }
}
