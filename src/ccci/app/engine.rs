//! The engine as a caller names it, and what to do when it cannot be used.

use ccci_model::failure::{Failure, causes};
use ccci_swarm::ports::ClusterError;

/// Where the engine is, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `unix:///var/run/docker.sock`, `tcp://…` or `ssh://…`.
    pub host: String,
    /// `DOCKER_HOST`, a docker context, the default.
    pub from: String,
}

/// What makes an engine one that can be used.
pub fn cure(error: &ClusterError) -> &'static str {
    match error {
        ClusterError::NoPermission(_) => "become root, or join the group that owns the socket",
        ClusterError::NotAManager(_) => "`docker swarm init`, or point DOCKER_HOST at a manager",
        ClusterError::Refused { .. } => "use Docker Engine 20.10 or newer in swarm mode",
        _ => "start the engine, or point DOCKER_HOST at one; `make lab` starts one on a bare machine",
    }
}

/// Why no run can begin on this engine. The recipe has no part in it.
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
