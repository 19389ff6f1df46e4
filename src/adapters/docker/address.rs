//! Where a task can be reached from this machine: at its address on the gateway bridge.
//! Every container of an overlay network has such an address, whether or not it publishes ports.

use super::Swarm;
use super::refusal::refused;
use bollard::query_parameters::InspectNetworkOptions;
use ccci_swarm::ports::ClusterError;
use std::net::{IpAddr, Ipv4Addr};
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
    /// The process of its container, and its address on one of its networks.
    pub inside: Option<(u32, IpAddr)>,
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
        let known = self.known().in_networks.clone();
        let found: Vec<Place> = tasks
            .iter()
            .filter_map(|t| {
                let networks = known.get(&t.container).copied().unwrap_or_default();
                let leg = legs.get(&t.container).and_then(|leg| leg.ipv4_address.as_deref());
                let address = match leg {
                    Some(leg) => leg.split('/').next()?.parse().ok()?,
                    // such a task is on no bridge: its ports are those of this machine
                    None if networks.of_host => IpAddr::V4(Ipv4Addr::LOCALHOST),
                    None => return None,
                };
                let which = if t.slot == 0 { t.node.clone() } else { t.slot.to_string() };
                let inside = networks.address.filter(|_| networks.pid > 0).map(|ip| (networks.pid, ip));
                Some(Place { which, address, inside })
            })
            .collect();
        if !tasks.is_empty() && found.is_empty() {
            return Err(ClusterError::Missing(format!("an address of `{service}` on {BRIDGE}")));
        }
        if !found.is_empty() && found.len() == tasks.len() {
            self.known().addresses.insert(service.to_string(), (now, found.clone()));
        }
        Ok(found)
    }
}
