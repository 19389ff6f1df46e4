//! One look at a stack: services and tasks in two calls, and a container only if it has something new to show.

use super::refusal::refused;
use super::{Engine, Swarm, decode, filters, whole};
use bollard::Docker;
use bollard::models::SystemInfo;
use bollard::query_parameters::{InspectContainerOptions, ListNetworksOptions};
use ccci_model::name::StackName;
use ccci_model::time::Moment;
use ccci_swarm::observed::{Observed, ObservedTask, TaskState};
use ccci_swarm::ports::ClusterError;
use std::collections::HashMap;
use std::time::Duration;

/// How old the output of a health check may be that has not passed yet.
const CHECK_AGAIN: Duration = Duration::from_secs(2);
/// Most containers that one look inspects; the next look inspects the rest.
const MOST_CONTAINERS: usize = 20;

impl Swarm {
    pub(super) async fn look_at(&self, stack: &StackName) -> Result<Observed, ClusterError> {
        let engine = self.connected().await?;
        let docker = &engine.docker;
        let label = format!("{}={stack}", ccci_recipe::labels::STACK);
        let mine = filters(&[("label", &label)]);
        let both = tokio::try_join!(whole::list_services(&engine, &mine), whole::list_tasks(&engine, &mine));
        let (services, tasks) = both.map_err(|e| refused("look at the stack", &e))?;
        let networks = self.network_names(docker, &services).await?;
        let services = services.into_iter().filter_map(|s| decode::service(s, stack.as_str(), &networks));
        let mut observed =
            Observed { services: services.collect(), tasks: tasks.into_iter().map(decode::task).collect() };
        self.ask_containers(docker, &mut observed).await?;
        Ok(observed)
    }

    async fn network_names(
        &self,
        docker: &Docker,
        services: &[bollard::models::Service],
    ) -> Result<HashMap<String, String>, ClusterError> {
        let targets =
            services.iter().filter_map(|s| s.spec.as_ref()?.task_template.as_ref()?.networks.as_ref());
        let known = self.known().networks.clone();
        if targets.flatten().filter_map(|n| n.target.as_ref()).all(|id| known.contains_key(id)) {
            return Ok(known);
        }
        let all = docker.list_networks(None::<ListNetworksOptions>).await;
        let all = all.map_err(|e| refused("list the networks", &e))?;
        let names: HashMap<String, String> = all.into_iter().filter_map(|n| Some((n.id?, n.name?))).collect();
        self.known().networks = names.clone();
        Ok(names)
    }

    /// Adds what only containers show. A container that was removed shows nothing and is not asked again.
    async fn ask_containers(&self, docker: &Docker, observed: &mut Observed) -> Result<(), ClusterError> {
        let (mut asked, now) = (0, self.clock.now());
        for task in &mut observed.tasks {
            let wants = {
                let known = self.known();
                let ended = matches!(task.state, TaskState::Failed | TaskState::Complete);
                let running = matches!(task.state, TaskState::Starting | TaskState::Running);
                let asked = known.asked.get(&task.container);
                // the output of a health check changes until it passes
                let no_process = known.in_networks.get(&task.container).is_some_and(|at| at.pid == 0);
                let changes = task.state == TaskState::Starting || no_process;
                let stale = |at: &Moment| changes && now.since(*at) >= CHECK_AGAIN;
                (ended && !known.ends.contains_key(&task.container)) || (running && asked.is_none_or(stale))
            };
            if wants && !task.container.is_empty() && asked < MOST_CONTAINERS {
                asked += 1;
                self.ask_container(docker, task).await?;
            }
            if let Some((oom, unhealthy)) = self.known().ends.get(&task.container) {
                (task.oom_killed, task.unhealthy) = (*oom, *unhealthy);
            }
            if let Some(wrote) = self.known().checked.get(&task.container) {
                task.check.clone_from(wrote);
            }
        }
        let known = self.known();
        for service in &mut observed.services {
            service.has_healthcheck |= known.checks.get(&service.template).copied().unwrap_or(false);
        }
        Ok(())
    }

    async fn ask_container(&self, docker: &Docker, task: &ObservedTask) -> Result<(), ClusterError> {
        let answer = docker.inspect_container(&task.container, None::<InspectContainerOptions>).await;
        let ended = task.state > TaskState::Running;
        match answer {
            Ok(answer) => {
                self.remember_volumes_of(&answer);
                let mut known = self.known();
                known.asked.insert(task.container.clone(), self.clock.now());
                known.in_networks.insert(task.container.clone(), decode::in_networks(&answer));
                known.checked.insert(task.container.clone(), decode::check_wrote(&answer));
                known.checks.insert(task.template.clone(), decode::checks_health(&answer));
                if ended {
                    known.ends.insert(task.container.clone(), decode::container_end(&answer));
                }
            }
            Err(e) => match refused("look at a container", &e) {
                // removed, or on another node
                ClusterError::Missing(_) if ended => {
                    self.known().ends.insert(task.container.clone(), (None, None));
                }
                ClusterError::Missing(_) => {
                    let now = self.clock.now();
                    self.known().asked.insert(task.container.clone(), now);
                }
                other => return Err(other),
            },
        }
        Ok(())
    }

    /// A service's running, desired tasks on the engine's own node, newest first: others cannot be reached.
    pub(super) async fn tasks_here(&self, service: &str) -> Result<Vec<ObservedTask>, ClusterError> {
        let tasks = running_tasks(&self.connected().await?, service).await?;
        let Some(first) = tasks.first().map(|t| t.node.clone()) else { return Ok(tasks) };
        let own = self.node().await?;
        let here: Vec<ObservedTask> = tasks.into_iter().filter(|t| t.node == own).collect();
        if here.is_empty() {
            return Err(ClusterError::Elsewhere { service: service.to_string(), node: first });
        }
        Ok(here)
    }

    /// The id of the engine's own node.
    pub(super) async fn node(&self) -> Result<String, ClusterError> {
        let known = self.known().node.clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let info = self.connected().await?.docker.info().await;
        let info = info.map_err(|e| refused("ask the engine what it is", &e))?;
        let node = node_of(info)?;
        self.known().node = Some(node.clone());
        Ok(node)
    }
}

/// The node's id. An engine that is starting answers before its node is up, with an empty id; then every task would
/// seem to be on another node.
fn node_of(info: SystemInfo) -> Result<String, ClusterError> {
    let node = info.swarm.and_then(|s| s.node_id).filter(|id| !id.is_empty());
    node.ok_or_else(|| {
        ClusterError::Unreachable("the engine does not report the id of its swarm node yet".into())
    })
}

/// The tasks of a service that run and are desired to, newest first. `Missing` if there is no such service.
async fn running_tasks(engine: &Engine, service: &str) -> Result<Vec<ObservedTask>, ClusterError> {
    let mine = filters(&[("service", service), ("desired-state", "running")]);
    let tasks = match whole::list_tasks(engine, &mine).await {
        Ok(tasks) => tasks,
        Err(e) => return Err(refused("list the tasks", &e)),
    };
    let mut tasks: Vec<ObservedTask> =
        tasks.into_iter().map(decode::task).filter(|t| t.state == TaskState::Running).collect();
    tasks.sort_by_key(|t| std::cmp::Reverse(t.created_ms));
    if tasks.is_empty() {
        let exists = engine
            .docker
            .inspect_service(service, None::<bollard::query_parameters::InspectServiceOptions>)
            .await;
        exists.map_err(|e| refused("look for the service", &e))?;
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::SwarmInfo;

    #[test]
    fn an_engine_whose_node_is_not_up_yet_is_not_reached_rather_than_another_node() {
        let of = |id: Option<&str>| {
            let swarm = SwarmInfo { node_id: id.map(String::from), ..SwarmInfo::default() };
            node_of(SystemInfo { swarm: Some(swarm), ..SystemInfo::default() })
        };
        assert_eq!(of(Some("n1")).unwrap(), "n1");
        for none in [of(Some("")), of(None), node_of(SystemInfo::default())] {
            assert!(matches!(none, Err(ClusterError::Unreachable(_))), "{none:?}");
        }
    }
}
