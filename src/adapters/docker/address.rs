//! Where a task can be reached from this machine: at its address on the gateway bridge.
//! Every container of an overlay network has such an address, whether or not it publishes ports.

use super::Swarm;
use super::refusal::refused;
use bollard::query_parameters::InspectNetworkOptions;
use ccci_swarm::ports::ClusterError;
use std::net::IpAddr;
use std::time::Duration;

/// The bridge through which containers of overlay networks reach other networks.
const BRIDGE: &str = "docker_gwbridge";
/// How long an address is kept: tasks change, and their addresses with them. The ingress keeps an address for half
/// a second more, and asks again at once if a task refuses the connection.
const FRESH: Duration = Duration::from_millis(100);

/// A task and its address.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// What follows the service in the task's name: the slot, or the node of a global service's task.
    pub which: String,
    /// The address.
    pub address: IpAddr,
}

impl Swarm {
    /// Addresses of the service's running, desired tasks, newest first.
    pub(super) async fn addresses(&self, service: &str) -> Result<Vec<Place>, ClusterError> {
        let now = self.clock.now();
        if let Some((asked, found)) = self.known().addresses.get(service)
            && now.since(*asked) < FRESH
        {
            return Ok(found.clone());
        }
        let docker = self.connected().await?.docker;
        let tasks = self.tasks_here(service).await?;
        let bridge = docker.inspect_network(BRIDGE, None::<InspectNetworkOptions>).await;
        let bridge = bridge.map_err(|e| refused("look at the gateway bridge", &e))?;
        let legs = bridge.containers.unwrap_or_default();
        let found: Vec<Place> = tasks
            .iter()
            .filter_map(|t| {
                let leg = legs.get(&t.container)?.ipv4_address.as_deref()?;
                let which = if t.slot == 0 { t.node.clone() } else { t.slot.to_string() };
                Some(Place { which, address: leg.split('/').next()?.parse().ok()? })
            })
            .collect();
        if !tasks.is_empty() && found.is_empty() {
            return Err(ClusterError::Missing(format!("an address of `{service}` on {BRIDGE}")));
        }
        if !found.is_empty() {
            self.known().addresses.insert(service.to_string(), (now, found.clone()));
        }
        Ok(found)
    }
}
