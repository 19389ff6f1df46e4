//! The engine that the caller named, and what to do if it cannot be used.

use ccci_model::failure::{Failure, causes};
use ccci_swarm::ports::ClusterError;

/// The engine's address, and where it was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `unix:///var/run/docker.sock`, `tcp://…` or `ssh://…`.
    pub host: String,
    /// The origin of the address: `DOCKER_HOST`, a docker context, or the default.
    pub from: String,
}

/// What to do about an engine that cannot be used.
pub fn cure(error: &ClusterError) -> &'static str {
    match error {
        ClusterError::NoPermission(_) => "become root, or join the group that owns the socket",
        ClusterError::NotAManager(_) => "`docker swarm init`, or point DOCKER_HOST at a manager",
        ClusterError::Refused { .. } => "use Docker Engine 20.10 or newer in swarm mode",
        _ => "start the engine, or point DOCKER_HOST at one; `make lab` starts one on a bare machine",
    }
}

/// The failure that no run can begin on this engine. The recipe is not to blame.
pub fn unusable(address: &Address, error: &ClusterError) -> Failure {
    let observed = match error {
        ClusterError::Unreachable(_) => format!("no engine answers at {}", address.host),
        ClusterError::Local(text) => text.clone(),
        other => format!("failed to {other}"),
    };
    let failure = Failure::new(causes::ENGINE_GONE, "a Docker engine that is a swarm manager", observed);
    let failure = match error {
        ClusterError::Unreachable(text) => failure.evidence("system", text),
        _ => failure,
    };
    failure.evidence("named by", &address.from).to_do(cure(error))
}
