//! Removes everything that carries a domain's label, and lists what is left.
//! Services first, then their containers by force: this frees volumes and networks in less than a second (lesson
//! 49). One attempt; the caller repeats it.

use super::refusal::refused;
use super::{Swarm, anonymous, filters};
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerSummary, TaskState};
use bollard::query_parameters::{
    ListConfigsOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    ListSecretsOptionsBuilder, ListServicesOptionsBuilder, ListTasksOptionsBuilder,
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::{DOMAIN_LABEL, Leftover, RUN_LABEL, TASK};
use ccci_swarm::ports::lease::{LEASE_LABEL, Lease};
use futures_util::future::{join_all, try_join_all};
use std::collections::{HashMap, HashSet};

/// An object with the run's labels.
pub(super) struct Found {
    pub kind: &'static str,
    /// The id or name by which the engine removes it.
    pub id: String,
    pub name: String,
    pub labels: HashMap<String, String>,
    /// Anonymous volumes of a container.
    pub volumes: Vec<String>,
}

/// Kinds in the order of removal: each can be removed once those before it are gone. Tasks disappear by themselves:
/// nodes are still making or ending them for removed services, and they may yet make containers and volumes.
const KINDS: &[&str] = &["service", TASK, "container", "network", "volume", "secret", "config"];

/// Final states of a task.
const ENDED: &[TaskState] =
    &[TaskState::COMPLETE, TaskState::FAILED, TaskState::REJECTED, TaskState::SHUTDOWN, TaskState::ORPHANED];

impl Swarm {
    pub(super) async fn remove_domain(&self, domain: &str) -> Result<(), ClusterError> {
        let docker = self.connected().await?.docker;
        let now = list(&docker, "container", Some(domain)).await?;
        self.remember_volumes(domain, now.into_iter().flat_map(|f| f.volumes));
        self.remove_all(&docker, list(&docker, "service", Some(domain)).await?).await?;
        let mut gone = list(&docker, "container", Some(domain)).await?;
        gone.extend(containers_of_tasks(&docker, domain).await?);
        self.remove_all(&docker, gone).await?;
        for kinds in [&KINDS[3..4], &KINDS[4..]] {
            let lists = try_join_all(kinds.iter().map(|kind| list(&docker, kind, Some(domain)))).await?;
            self.remove_all(&docker, lists.into_iter().flatten().collect()).await?;
        }
        let unnamed = self.anonymous(&docker, domain).await?;
        self.remove_all(&docker, unnamed).await
    }

    pub(super) async fn left(&self, domain: Option<&str>) -> Result<Vec<Leftover>, ClusterError> {
        let docker = self.connected().await?.docker;
        // in this order: without services no new task begins, and without tasks nothing else is made
        let mut lists = vec![list(&docker, "service", domain).await?, list(&docker, TASK, domain).await?];
        lists.extend(try_join_all(KINDS[2..].iter().map(|kind| list(&docker, kind, domain))).await?);
        if let Some(domain) = domain {
            lists.push(self.anonymous(&docker, domain).await?);
        }
        let held = self.known().held.clone();
        let left = lists.into_iter().flatten().filter_map(|f| {
            let label = |key: &str| f.labels.get(key).cloned().filter(|value| !value.is_empty());
            let held_by = held.get(&(f.kind.to_string(), f.name.clone())).cloned().unwrap_or_default();
            let run = label(RUN_LABEL).unwrap_or_default();
            // a task is found by its service's labels and shows its container's, which other people's services may
            // not have
            let domain = domain.map(str::to_string).or_else(|| label(DOMAIN_LABEL))?;
            let lease = label(LEASE_LABEL).and_then(|value| Lease::parse(&value));
            Some(Leftover { kind: f.kind.into(), name: f.name, run, domain, lease, held_by })
        });
        Ok(left.collect())
    }

    /// Tries to remove each object and remembers the engine's words about each refusal. Only a lost engine is an error.
    async fn remove_all(&self, docker: &Docker, all: Vec<Found>) -> Result<(), ClusterError> {
        let outcomes = join_all(all.into_iter().map(|f| async {
            let outcome = remove(docker, &f).await;
            (f, outcome)
        }));
        for (found, outcome) in outcomes.await {
            let key = (found.kind.to_string(), found.name.clone());
            match outcome.map_err(|e| refused("remove", &e)) {
                Ok(()) | Err(ClusterError::Missing(_)) => {
                    self.known().held.remove(&key);
                }
                Err(ClusterError::Refused { text, .. }) => {
                    let text = match found.kind {
                        "volume" => holders(docker, &found.id).await.unwrap_or(text),
                        _ => text,
                    };
                    self.known().held.insert(key, text);
                }
                Err(lost) => return Err(lost),
            }
        }
        Ok(())
    }
}

/// The containers that use a volume, in words. The engine's own words have only their ids.
async fn holders(docker: &Docker, volume: &str) -> Option<String> {
    let using = filters(&[("volume", volume)]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&using).build();
    let all = docker.list_containers(Some(options)).await.ok()?;
    let one = |c: ContainerSummary| {
        let name = c.names.unwrap_or_default().into_iter().next()?;
        Some(format!("container `{}` ({})", name.trim_start_matches('/'), c.image.unwrap_or_default()))
    };
    let names: Vec<String> = all.into_iter().filter_map(one).collect();
    (!names.is_empty()).then(|| format!("in use by {}", names.join(", ")))
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

/// Containers of tasks whose service is gone, found by the labels that Swarm itself writes.
async fn containers_of_tasks(docker: &Docker, domain: &str) -> Result<Vec<Found>, ClusterError> {
    let tasks = list(docker, TASK, Some(domain)).await?;
    let lists = tasks.iter().map(|task| async move {
        containers(docker, &[("label", &format!("com.docker.swarm.task.id={}", task.id))]).await
    });
    Ok(try_join_all(lists).await?.into_iter().flatten().collect())
}

async fn containers(docker: &Docker, labels: &[(&str, &str)]) -> Result<Vec<Found>, ClusterError> {
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters(labels)).build();
    let all = docker.list_containers(Some(options)).await.map_err(|e| refused("list the containers", &e))?;
    Ok(all
        .into_iter()
        .map(|c| {
            let name = c.names.unwrap_or_default().into_iter().next().unwrap_or_default();
            let name = name.trim_start_matches('/').to_string();
            let volumes = anonymous::of(c.mounts.as_ref());
            Found { volumes, ..found("container", c.id, Some(name), c.labels) }
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
        volumes: vec![],
    }
}

/// Tasks that outlive their service. The engine filters them by the service's labels and shows the container's.
/// Swarm marks them for removal only a moment after the service is gone, so tasks of a missing service count at
/// once. A task that has ended makes nothing any more; Swarm may list it for another minute.
async fn tasks(docker: &Docker, ours: &HashMap<String, Vec<String>>) -> Result<Vec<Found>, Error> {
    let services =
        docker.list_services(Some(ListServicesOptionsBuilder::default().filters(ours).build())).await?;
    let there: HashSet<String> = services.into_iter().filter_map(|s| s.id).collect();
    let all = docker.list_tasks(Some(ListTasksOptionsBuilder::default().filters(ours).build())).await?;
    let outlive = all.into_iter().filter(|t| {
        let gone = t.service_id.as_ref().is_none_or(|id| !there.contains(id));
        let ended = t.status.as_ref().and_then(|s| s.state).is_some_and(|s| ENDED.contains(&s));
        !ended && (gone || t.desired_state == Some(TaskState::REMOVE))
    });
    let found = outlive.map(|t| {
        let spec = t.spec.and_then(|s| s.container_spec).unwrap_or_default();
        found(TASK, t.id.clone(), t.id, spec.labels)
    });
    Ok(found.collect())
}

/// Everything of a kind with ccci's labels: of one domain, or of all.
async fn list(docker: &Docker, kind: &'static str, domain: Option<&str>) -> Result<Vec<Found>, ClusterError> {
    // for Swarm, a filter with an empty value fits any value of the label: that would be the services of all runs
    if domain.is_some_and(str::is_empty) {
        return Ok(vec![]);
    }
    let label = domain.map_or(DOMAIN_LABEL.to_string(), |d| format!("{DOMAIN_LABEL}={d}"));
    // both labels: an object of other people that has only one of them was not made by a run
    let labels = [("label", label.as_str()), ("label", RUN_LABEL)];
    let ours = filters(&labels);
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
        TASK => tasks(docker, &ours).await.map_err(failed)?,
        "container" => containers(docker, &labels).await?,
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
