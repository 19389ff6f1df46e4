//! Removing what carries a domain's label, and naming what is left. Services first, then their containers by force:
//! that frees volumes and networks in under a second (lesson 49). One attempt; the caller repeats.

use super::refusal::refused;
use super::{Swarm, filters};
use crate::world::ClusterError;
use crate::world::cluster::{DOMAIN_LABEL, Leftover, RUN_LABEL};
use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListConfigsOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    ListSecretsOptionsBuilder, ListServicesOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};
use futures_util::future::{join_all, try_join_all};
use std::collections::{HashMap, HashSet};

/// Something with our label.
struct Found {
    kind: &'static str,
    /// What the engine wants to hear to remove it.
    id: String,
    name: String,
    labels: HashMap<String, String>,
}

/// Kinds in the order of removal: each is free once those before it are gone.
const KINDS: &[&str] = &["service", "container", "network", "volume", "secret", "config"];

impl Swarm {
    pub(super) async fn remove_domain(&self, domain: &str) -> Result<(), ClusterError> {
        let docker = self.connected().await?.docker;
        let services = list(&docker, "service", Some(domain)).await?;
        let ids: Vec<String> = services.iter().map(|s| s.id.clone()).collect();
        self.known().removed.entry(domain.to_string()).or_default().extend(ids);
        self.remove_all(&docker, services).await?;
        let mut containers = list(&docker, "container", Some(domain)).await?;
        containers.extend(self.containers_of_removed(&docker, domain).await?);
        self.remove_all(&docker, containers).await?;
        let shared = shared_networks(&docker, domain).await?;
        for kinds in [&KINDS[2..3], &KINDS[3..]] {
            let lists = try_join_all(kinds.iter().map(|kind| list(&docker, kind, Some(domain)))).await?;
            let all = lists.into_iter().flatten().filter(|f| !shared.contains(&f.id));
            self.remove_all(&docker, all.collect()).await?;
        }
        Ok(())
    }

    pub(super) async fn left(&self, domain: Option<&str>) -> Result<Vec<Leftover>, ClusterError> {
        let docker = self.connected().await?.docker;
        let lists = try_join_all(KINDS.iter().map(|kind| list(&docker, kind, domain))).await?;
        let mut shared = HashSet::new();
        for found in lists.iter().flatten().filter(|f| f.kind == "network") {
            let owner = found.labels.get(DOMAIN_LABEL).cloned().unwrap_or_default();
            shared.extend(shared_networks(&docker, &owner).await?);
        }
        let held = self.known().held.clone();
        let left = lists.into_iter().flatten().filter(|f| !shared.contains(&f.id)).map(|f| {
            let label = |key: &str| f.labels.get(key).cloned().unwrap_or_default();
            let held_by = held.get(&(f.kind.to_string(), f.name.clone())).cloned().unwrap_or_default();
            let (run, domain) = (label(RUN_LABEL), label(DOMAIN_LABEL));
            Leftover { kind: f.kind.into(), name: f.name, run, domain, held_by }
        });
        Ok(left.collect())
    }

    /// Containers of services that we removed and whose tasks are still going. They carry no label of ours unless the
    /// stack gave them one, but Swarm writes their service's id on them.
    async fn containers_of_removed(&self, docker: &Docker, domain: &str) -> Result<Vec<Found>, ClusterError> {
        let ids = self.known().removed.get(domain).cloned().unwrap_or_default();
        let labels: Vec<String> = ids.iter().map(|id| format!("com.docker.swarm.service.id={id}")).collect();
        let lists = labels.iter().map(|label| containers(docker, label));
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

    /// Tries to remove each; what refuses is remembered with the engine's words. Only a lost engine is an error.
    async fn remove_all(&self, docker: &Docker, all: Vec<Found>) -> Result<(), ClusterError> {
        let outcomes = join_all(all.into_iter().map(|f| async {
            let outcome = remove(docker, &f).await;
            (f, outcome)
        }));
        for (found, outcome) in outcomes.await {
            let key = (found.kind.to_string(), found.name);
            match outcome.map_err(|e| refused("remove", &e)) {
                Ok(()) | Err(ClusterError::Missing(_)) => {
                    self.known().held.remove(&key);
                }
                Err(ClusterError::Refused { text, .. }) => {
                    self.known().held.insert(key, text);
                }
                Err(lost) => return Err(lost),
            }
        }
        Ok(())
    }
}

async fn remove(docker: &Docker, found: &Found) -> Result<(), Error> {
    match found.kind {
        "service" => docker.delete_service(&found.id).await,
        "container" => {
            let by_force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            docker.remove_container(&found.id, Some(by_force)).await
        }
        "network" => docker.remove_network(&found.id).await,
        "volume" => docker.remove_volume(&found.id, None::<RemoveVolumeOptions>).await,
        "secret" => docker.delete_secret(&found.id).await,
        _ => docker.delete_config(&found.id).await,
    }
}

/// Networks of this domain that others may need: made for all (no name of the stack), while another run has anything.
async fn shared_networks(docker: &Docker, domain: &str) -> Result<HashSet<String>, ClusterError> {
    let prefix = format!("{}_", domain.replace('.', "_"));
    let networks = list(docker, "network", Some(domain)).await?;
    let shared: HashSet<String> =
        networks.into_iter().filter(|n| !n.name.starts_with(&prefix)).map(|n| n.id).collect();
    if shared.is_empty() {
        return Ok(shared);
    }
    let others = try_join_all(["service", "secret"].map(|kind| list(docker, kind, None))).await?;
    let foreign = |f: &Found| f.labels.get(DOMAIN_LABEL).is_some_and(|d| d != domain);
    Ok(if others.iter().flatten().any(foreign) { shared } else { HashSet::new() })
}

async fn containers(docker: &Docker, label: &str) -> Result<Vec<Found>, ClusterError> {
    let options =
        ListContainersOptionsBuilder::default().all(true).filters(&filters(&[("label", label)])).build();
    let all = docker.list_containers(Some(options)).await.map_err(|e| refused("list the containers", &e))?;
    Ok(all
        .into_iter()
        .map(|c| {
            let name = c.names.unwrap_or_default().into_iter().next().unwrap_or_default();
            let name = name.trim_start_matches('/').to_string();
            found("container", c.id, Some(name), c.labels)
        })
        .collect())
}

fn found(
    kind: &'static str,
    id: Option<String>,
    name: Option<String>,
    labels: Option<HashMap<String, String>>,
) -> Found {
    Found {
        kind,
        id: id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        labels: labels.unwrap_or_default(),
    }
}

/// Everything of a kind that carries our label; of one domain, or of all.
async fn list(docker: &Docker, kind: &'static str, domain: Option<&str>) -> Result<Vec<Found>, ClusterError> {
    let label = domain.map_or(DOMAIN_LABEL.to_string(), |d| format!("{DOMAIN_LABEL}={d}"));
    let ours = filters(&[("label", &label)]);
    let failed = |e: Error| refused("list what we made", &e);
    Ok(match kind {
        "service" => {
            let o = ListServicesOptionsBuilder::default().filters(&ours).build();
            let all = docker.list_services(Some(o)).await.map_err(failed)?;
            all.into_iter()
                .map(|s| {
                    let spec = s.spec.unwrap_or_default();
                    found(kind, s.id, spec.name, spec.labels)
                })
                .collect()
        }
        "container" => containers(docker, &label).await?,
        "network" => {
            let o = ListNetworksOptionsBuilder::default().filters(&ours).build();
            let all = docker.list_networks(Some(o)).await.map_err(failed)?;
            all.into_iter().map(|n| found(kind, n.id, n.name, n.labels)).collect()
        }
        "volume" => {
            let o = ListVolumesOptionsBuilder::default().filters(&ours).build();
            let all = docker.list_volumes(Some(o)).await.map_err(failed)?.volumes.unwrap_or_default();
            all.into_iter().map(|v| found(kind, Some(v.name.clone()), Some(v.name), Some(v.labels))).collect()
        }
        "secret" => {
            let o = ListSecretsOptionsBuilder::default().filters(&ours).build();
            let all = docker.list_secrets(Some(o)).await.map_err(failed)?;
            all.into_iter()
                .map(|s| {
                    let spec = s.spec.unwrap_or_default();
                    found(kind, s.id, spec.name, spec.labels)
                })
                .collect()
        }
        _ => {
            let o = ListConfigsOptionsBuilder::default().filters(&ours).build();
            let all = docker.list_configs(Some(o)).await.map_err(failed)?;
            all.into_iter()
                .map(|c| {
                    let spec = c.spec.unwrap_or_default();
                    found("config", c.id, spec.name, spec.labels)
                })
                .collect()
        }
    })
}
