//! The Swarm as the port: each method limits its work and calls the module that does it.

use super::address::Place;
use super::refusal::refused;
use super::volumes::{Streams, entries, unread};
use super::{Swarm, full_name};
use crate::volume::Work;
use ccci_model::name::{ServiceName, StackName};
use ccci_model::secret::Secret;
use ccci_swarm::observed::Observed;
use ccci_swarm::ports::Limit;
use ccci_swarm::ports::cluster::*;
use ccci_swarm::ports::volume::{Entry, InVolume, PutBack};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Cluster for Swarm {
    fn engine(&self, limit: &Limit) -> Result<EngineFacts, ClusterError> {
        self.run("look at the engine", limit, self.facts())
    }

    fn pull(&self, image: &str, limit: &Limit) -> Result<Pulled, PullError> {
        let work = async { Ok(self.pull_image(image).await) };
        self.run(&format!("pull {image}"), limit, work)?
    }

    fn ensure_network(&self, name: &str, owner: &Owner, limit: &Limit) -> Result<bool, ClusterError> {
        self.run(&format!("make sure that the network {name} exists"), limit, self.network(name, owner))
    }

    fn put_secret(
        &self,
        _stack: &StackName,
        name: &str,
        value: &Secret,
        owner: &Owner,
        limit: &Limit,
    ) -> Result<(), ClusterError> {
        self.run(&format!("make the secret {name}"), limit, self.secret(name, value, owner))
    }

    fn deploy(&self, deploy: &Deploy, limit: &Limit) -> Result<(), ClusterError> {
        self.run("deploy the stack", limit, self.deploy_stack(deploy))
    }

    fn look(&self, stack: &StackName, limit: &Limit) -> Result<Observed, ClusterError> {
        self.run("look at the stack", limit, self.look_at(stack))
    }

    fn exec(
        &self,
        stack: &StackName,
        service: &ServiceName,
        what: &ExecRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError> {
        let doing = format!("see the command in `{service}` end");
        let work = |container: &str| self.run(&doing, limit, self.exec_in(container, what));
        self.in_container(stack, service, limit, work)
    }

    fn logs(
        &self,
        stack: &StackName,
        service: &ServiceName,
        lines: usize,
        limit: &Limit,
    ) -> Result<String, ClusterError> {
        let name = full_name(stack, service);
        self.run(&format!("read the log of `{service}`"), limit, self.service_log(&name, lines))
    }

    fn run_job(
        &self,
        stack: &StackName,
        job: &JobRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError> {
        self.job(stack, job, limit)
    }

    fn remove_service(
        &self,
        stack: &StackName,
        service: &ServiceName,
        limit: &Limit,
    ) -> Result<(), ClusterError> {
        let name = full_name(stack, service);
        self.run(&format!("remove service `{service}`"), limit, async {
            let docker = self.connected().await?.docker;
            docker.delete_service(&name).await.map_err(|e| refused("remove the service", &e))
        })
    }

    fn pack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        sink: &mut dyn Write,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError> {
        self.in_volume(stack, service, at, &mut Streams { stdin: None, stdout: sink }, Work::Pack, limit)
            .and_then(|said| entries(&said.stderr))
    }

    fn list_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        limit: &Limit,
    ) -> Result<Vec<Entry>, ClusterError> {
        let mut listed = vec![];
        let mut streams = Streams { stdin: None, stdout: &mut listed };
        self.in_volume(stack, service, at, &mut streams, Work::List, limit)?;
        entries(&listed)
    }

    fn unpack_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        tar: &mut dyn Read,
        limit: &Limit,
    ) -> Result<PutBack, ClusterError> {
        let mut said = vec![];
        let mut streams = Streams { stdin: Some(tar), stdout: &mut said };
        self.in_volume(stack, service, at, &mut streams, Work::Unpack, limit)?;
        serde_json::from_slice(&said).map_err(unread)
    }

    fn close_volumes(&self, stack: &StackName, limit: &Limit) -> Result<(), ClusterError> {
        self.run("remove the container that held the volumes", limit, self.let_go(stack))
    }

    fn remove(&self, domain: &str, limit: &Limit) -> Result<(), ClusterError> {
        self.run(&format!("remove everything of {domain}"), limit, self.remove_domain(domain))
    }

    fn leftovers(&self, domain: Option<&str>, limit: &Limit) -> Result<Vec<Leftover>, ClusterError> {
        self.run("list what is left", limit, self.left(domain))
    }

    fn losses(&self) -> u64 {
        self.noticed.losses.load(Ordering::SeqCst)
    }

    fn silence(&self) -> Duration {
        Duration::from_millis(self.noticed.silent_ms.load(Ordering::SeqCst))
    }

    fn task_addresses(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<Vec<TaskAddress>, ClusterError> {
        let name = full_name(stack, service);
        let found = self.run("find a service's addresses", limit, self.addresses(&name))?;
        let one = |place: Place| TaskAddress {
            task: format!("{service}.{}", place.which),
            at: SocketAddr::new(place.address, port),
            inside: place.inside.map(|(pid, ip)| Inside { pid, at: SocketAddr::new(ip, port) }),
        };
        Ok(found.into_iter().map(one).collect())
    }
}
