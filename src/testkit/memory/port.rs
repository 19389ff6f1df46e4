//! The in-memory cluster as an adapter of the port `Cluster`. It refuses what Swarm refuses, and a little more.

use super::compose;
use super::fault::pull_error;
use super::files::Files;
use super::programs::known;
use super::service::Service;
use super::{Fault, MemoryCluster, Object, State, refused, volumes};
use ccci_model::name::{LONGEST_SWARM_NAME, ServiceName, StackName};
use ccci_model::secret::Secret;
use ccci_swarm::converge::is_over;
use ccci_swarm::log::{LastLines, first_ask};
use ccci_swarm::observed::Observed;
use ccci_swarm::ports::cluster::*;
use ccci_swarm::ports::lease::{LEASE_LABEL, Lease};
use ccci_swarm::ports::volume::{Entry, InVolume, PutBack};
use ccci_swarm::ports::{Clock, Limit};
use ccci_swarm::wait::{Look, WaitError, until};
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// Time until the containers of a removed stack are gone, in ms.
const GOING: u64 = 300;

impl MemoryCluster {
    /// Does something in the newest running task of a service. Waits for a running task until the limit.
    fn in_task<T>(
        &self,
        stack: &StackName,
        service: &ServiceName,
        limit: &Limit,
        mut work: impl FnMut(&mut State, &ServiceName) -> Result<T, ClusterError>,
    ) -> Result<T, ClusterError> {
        let key = (stack.to_string(), service.to_string());
        let got = until(&*self.clock, limit, &mut |_| (), || {
            let mut state = self.advanced();
            let Some(found) = state.services.get_mut(&key) else {
                return Err(ClusterError::Missing(format!("service `{service}` of stack `{stack}`")));
            };
            if found.running().is_none() {
                let observed = state.observed(stack);
                if is_over(&observed, service.as_str()) {
                    return Err(ClusterError::Over(service.to_string()));
                }
                return Ok(Look::Waiting(format!("{service}: a running task")));
            }
            state.here(service)?;
            work(&mut state, service).map(Look::Done)
        });
        got.map_err(|e| match e {
            WaitError::Look(e) => e,
            WaitError::Stopped(_) => ClusterError::Stopped(format!("find a running task of `{service}`")),
            _ => ClusterError::NoRunningTask(service.to_string()),
        })
    }
}

impl State {
    /// What a look at a stack shows.
    fn observed(&self, stack: &StackName) -> Observed {
        let mine = self.services.iter().filter(|((s, _), _)| s == stack.as_str());
        let mut observed = Observed::default();
        for ((_, name), service) in mine {
            let mut one = service.observed(name);
            // docker's own label; the names inside the stack are found by it
            one.labels.insert(ccci_recipe::labels::STACK.into(), stack.to_string());
            observed.services.push(one);
            observed.tasks.extend(service.tasks.iter().map(|t| t.observed.clone()));
        }
        observed
    }

    /// The files that a service's newest running task sees.
    fn with_files<T>(
        &mut self,
        stack: &StackName,
        service: &ServiceName,
        work: impl FnOnce(&mut Files<'_>) -> T,
    ) -> Option<T> {
        let found = self.services.get_mut(&(stack.to_string(), service.to_string()))?;
        let volumes = found.spec.volumes.clone();
        let task = found.running()?;
        let mut mounts = vec![];
        for ((kind, name), object) in &mut self.objects {
            if let Some(mount) = volumes.iter().find(|v| *kind == "volume" && v.name == *name) {
                mounts.push((mount.path.trim_matches('/').to_string(), &mut object.files));
            }
        }
        Some(work(&mut Files { root: &mut task.root, mounts }))
    }

    fn held_by(&self, kind: &str, name: &str) -> Option<String> {
        self.faults.iter().find_map(|f| match f {
            Fault::RemovalHolds(k, n, by) if k == kind && n == name => Some(by.clone()),
            _ => None,
        })
    }
}

/// The domain in the labels. `None` if it is empty.
fn owner(labels: &BTreeMap<String, String>) -> Option<&String> {
    labels.get(DOMAIN_LABEL).filter(|d| !d.is_empty())
}

impl Cluster for MemoryCluster {
    fn engine(&self, limit: &Limit) -> Result<EngineFacts, ClusterError> {
        let _state = self.call("engine", "", limit)?;
        Ok(EngineFacts {
            version: "20.10.24".into(),
            api: "1.41".into(),
            ipvs: true,
            nodes: 1,
            os: "memory".into(),
        })
    }

    fn pull(&self, image: &str, limit: &Limit) -> Result<Pulled, PullError> {
        let mut state = self.call("pull", image, limit)?;
        if let Some(error) = pull_error(&state.faults, image) {
            return Err(error);
        }
        let present = !state.images.insert(image.to_string());
        let id = format!("sha256:{image}");
        let volumes = state.declared.get(image).cloned().unwrap_or_default();
        Ok(Pulled { id, digest: Some(format!("{image}@sha256:{:064x}", image.len())), present, volumes })
    }

    fn ensure_network(&self, name: &str, owner: &Owner, limit: &Limit) -> Result<bool, ClusterError> {
        let mut state = self.call("ensure_network", name, limit)?;
        let key = ("network", name.to_string());
        if state.objects.contains_key(&key) {
            return Ok(false);
        }
        let says = |f: &Fault| if let Fault::NetworkRefused(t) = f { Some(t.clone()) } else { None };
        if let Some(text) = state.faults.iter().find_map(says) {
            return Err(refused("make the network", text));
        }
        state.objects.insert(key, Object { labels: owner.labels(), ..Object::default() });
        Ok(true)
    }

    fn put_secret(
        &self,
        _stack: &StackName,
        name: &str,
        value: &Secret,
        owner: &Owner,
        limit: &Limit,
    ) -> Result<(), ClusterError> {
        let mut state = self.call("put_secret", name, limit)?;
        let key = ("secret", name.to_string());
        if name.len() > LONGEST_SWARM_NAME {
            return Err(refused(
                "make the secret",
                format!("invalid name {name}: longer than 64 characters"),
            ));
        }
        if state.objects.contains_key(&key) {
            return Err(refused("make the secret", format!("secret {name} already exists")));
        }
        let content = value.open().as_bytes().to_vec();
        state.objects.insert(key, Object { labels: owner.labels(), content, ..Object::default() });
        Ok(())
    }

    fn deploy(&self, deploy: &Deploy, limit: &Limit) -> Result<(), ClusterError> {
        let mut state = self.call("deploy", deploy.stack.as_str(), limit)?;
        let (stack, now) = (deploy.stack.to_string(), self.clock.now().0);
        if state.going.contains_key(&stack) {
            let text = format!("failed to create service {stack}_app: network {stack}_default not found");
            return Err(refused("deploy", text));
        }
        let compose = compose::read(&deploy.compose, &stack).map_err(|e| refused("deploy", e))?;
        state.count_deploy(&stack, &deploy.compose)?;
        state.check_parts(&compose, &stack)?;
        // in Swarm's order, so that a deploy refused half-way leaves the same objects as on Swarm
        state.make_parts("network", &compose.networks, &deploy.files)?;
        state.make_parts("secret", &compose.secrets, &deploy.files)?;
        state.make_parts("config", &compose.configs, &deploy.files)?;
        state.refuse_half_way()?;
        state.make_parts("volume", &compose.volumes, &deploy.files)?;
        let faults = state.faults.clone();
        for (name, spec) in compose.services {
            state.check_service(&stack, &name, &spec)?;
            match state.services.entry((stack.clone(), name.clone())) {
                std::collections::btree_map::Entry::Occupied(mut e) => {
                    e.get_mut().update(&name, spec, now, &faults);
                }
                std::collections::btree_map::Entry::Vacant(e) => {
                    e.insert(Service::new(&name, spec, now, &faults));
                }
            }
        }
        Ok(())
    }

    fn look(&self, stack: &StackName, limit: &Limit) -> Result<Observed, ClusterError> {
        Ok(self.call("look", stack.as_str(), limit)?.observed(stack))
    }

    fn exec(
        &self,
        stack: &StackName,
        service: &ServiceName,
        what: &ExecRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError> {
        drop(self.call("exec", &format!("{service} {}", what.argv.join(" ")), limit)?);
        self.in_task(stack, service, limit, |state, service| {
            if state.faults.contains(&Fault::ExecFails(service.to_string())) {
                return Err(refused("run the command", "OCI runtime exec failed: exec failed"));
            }
            let mut programs = std::mem::take(&mut state.programs);
            let answer = state.with_files(stack, service, |files| {
                let mine = programs.iter_mut().rev().filter(|(s, _)| s == service.as_str());
                let scripted = mine.map(|(_, p)| p).find_map(|p| p(what, files));
                scripted.or_else(|| known(what, files))
            });
            state.programs = programs;
            let unknown = || {
                refused(
                    "run the command",
                    format!("OCI runtime exec failed: exec: {:?}: executable file not found", what.argv),
                )
            };
            answer.flatten().ok_or_else(unknown)
        })
    }

    fn logs(
        &self,
        _: &StackName,
        service: &ServiceName,
        n: usize,
        limit: &Limit,
    ) -> Result<String, ClusterError> {
        let state = self.call("logs", service.as_str(), limit)?;
        let mut last = LastLines::new(n);
        if let Some(log) = state.logs.get(service.as_str()) {
            let mut asked = first_ask(n);
            while let Some(more) = last.take(log.read(asked), asked) {
                asked = more;
            }
        }
        Ok(last.text())
    }

    fn run_job(
        &self,
        stack: &StackName,
        job: &JobRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError> {
        let mut state = self.call("run_job", job.name.as_str(), limit)?;
        if !state.services.keys().any(|(s, _)| s == stack.as_str()) {
            return Err(ClusterError::Missing(format!("stack `{stack}`")));
        }
        if !state.images.contains(&job.image) {
            return Err(refused("run the job", format!("No such image: {}", job.image)));
        }
        let what = ExecRequest { argv: job.argv.clone(), env: job.env.clone(), ..ExecRequest::default() };
        let mut programs = std::mem::take(&mut state.programs);
        let mut root = super::Tree::new();
        let mut files = Files { root: &mut root, mounts: vec![] };
        let mine = programs.iter_mut().rev().filter(|(s, _)| s == job.name.as_str());
        let answer =
            mine.map(|(_, p)| p).find_map(|p| p(&what, &mut files)).or_else(|| known(&what, &mut files));
        state.programs = programs;
        answer
            .ok_or_else(|| refused("run the job", format!("exec: {:?}: executable file not found", job.argv)))
    }

    fn remove_service(
        &self,
        stack: &StackName,
        service: &ServiceName,
        limit: &Limit,
    ) -> Result<(), ClusterError> {
        let mut state = self.call("remove_service", service.as_str(), limit)?;
        if let Some(by) = state.held_by("service", &format!("{stack}_{service}")) {
            return Err(refused("remove the service", by));
        }
        let gone = state.services.remove(&(stack.to_string(), service.to_string()));
        gone.map(|_| ())
            .ok_or_else(|| ClusterError::Missing(format!("service `{service}` of stack `{stack}`")))
    }

    fn pack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        sink: &mut dyn Write,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError> {
        let mut state = self.call("pack_volume", &format!("{} {}", at.volume, at.path), limit)?;
        state.here(service)?;
        volumes::pack(state.volume(stack, at)?, at, sink)
    }

    fn list_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError> {
        let mut state = self.call("list_volume", &format!("{} {}", at.volume, at.path), limit)?;
        state.here(service)?;
        volumes::list(state.volume(stack, at)?, at)
    }

    fn unpack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        tar: &mut dyn Read,
        limit: &Limit,
    ) -> Result<PutBack, ClusterError> {
        let mut state = self.call("unpack_volume", &format!("{} {}", at.volume, at.path), limit)?;
        state.here(service)?;
        if state.faults.contains(&Fault::UnpacksNothing) {
            return Ok(PutBack::default());
        }
        volumes::unpack(state.volume(stack, at)?, at, tar)
    }

    fn close_volumes(&self, stack: &StackName, limit: &Limit) -> Result<(), ClusterError> {
        self.call("close_volumes", stack.as_str(), limit).map(drop)
    }

    fn remove(&self, domain: &str, limit: &Limit) -> Result<(), ClusterError> {
        let mut state = self.call("remove", domain, limit)?;
        let now = self.clock.now().0;
        let mine = |labels: &BTreeMap<String, String>| owner(labels).is_some_and(|d| d == domain);
        let holds = |state: &State, kind: &str, name: &str| state.held_by(kind, name).is_some();
        let services: Vec<(String, String)> =
            state.services.iter().filter(|(_, s)| mine(&s.spec.labels)).map(|(k, _)| k.clone()).collect();
        for key in services {
            if !holds(&state, "service", &format!("{}_{}", key.0, key.1)) {
                state.services.remove(&key);
                state.going.insert(key.0, now + GOING);
            }
        }
        let stack = domain.replace('.', "_");
        if state.going.get(&stack).is_some_and(|until| now < *until) {
            return Ok(());
        }
        state.going.remove(&stack);
        state.deploys.remove(&stack);
        let in_use = state.services.keys().any(|(s, _)| *s == stack);
        let all: Vec<(&'static str, String)> = state.objects.keys().cloned().collect();
        for key in all {
            let labelled = mine(&state.objects[&key].labels);
            if labelled && !in_use && !holds(&state, key.0, &key.1) {
                state.objects.remove(&key);
            }
        }
        Ok(())
    }

    fn leftovers(&self, domain: Option<&str>, limit: &Limit) -> Result<Vec<Leftover>, ClusterError> {
        let state = self.call("leftovers", domain.unwrap_or_default(), limit)?;
        let one = |kind: &str, name: String, labels: &BTreeMap<String, String>| {
            let owner = owner(labels).filter(|d| domain.is_none_or(|desired| desired == *d))?;
            let run = labels.get(RUN_LABEL).cloned().unwrap_or_default();
            let held_by = state.held_by(kind, &name).unwrap_or_default();
            let lease = labels.get(LEASE_LABEL).and_then(|value| Lease::parse(value));
            Some(Leftover { kind: kind.into(), name, run, domain: owner.clone(), lease, held_by })
        };
        let services = state
            .services
            .iter()
            .filter_map(|((s, n), v)| one("service", format!("{s}_{n}"), &v.spec.labels));
        let objects = state.objects.iter().filter_map(|((k, n), o)| one(k, n.clone(), &o.labels));
        Ok(services.chain(objects).collect())
    }

    fn task_addresses(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<Vec<TaskAddress>, ClusterError> {
        self.call("task_addresses", service.as_str(), limit)?.addresses(stack, service, port)
    }
}
