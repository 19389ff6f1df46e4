//! Connects to an engine and pins the API version.
//! bollard sends paths without a version, so the engine would use its newest; ccci puts a version that it knows
//! before every path.

use super::refusal::refused;
use super::{Engine, Swarm};
use bollard::models::LocalNodeState;
use bollard::{BollardRequest, Docker};
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::EngineFacts;
use std::path::Path;

/// Oldest API that has everything ccci uses: Docker Engine 20.10.
const OLDEST: (u32, u32) = (1, 41);
/// Newest API this client was written for.
const NEWEST: (u32, u32) = (1, 53);
/// The kernel has this file if virtual IPs can work.
const IPVS: &str = "/proc/net/ip_vs";

impl Swarm {
    /// The engine; connected and pinned at the first call.
    pub(super) async fn connected(&self) -> Result<Engine, ClusterError> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine.clone());
        }
        let engine = connect(&self.host).await?;
        Ok(self.engine.get_or_init(|| engine).clone())
    }

    pub(super) async fn facts(&self) -> Result<EngineFacts, ClusterError> {
        let engine = self.connected().await?;
        let info = engine.docker.info().await.map_err(|e| refused("ask the engine what it is", &e))?;
        let swarm = info.swarm.unwrap_or_default();
        if swarm.local_node_state != Some(LocalNodeState::ACTIVE) || swarm.control_available != Some(true) {
            let state = swarm.local_node_state.map_or("unknown".into(), |s| s.to_string());
            let text = match swarm.error.filter(|e| !e.is_empty()) {
                Some(error) => format!("its node is {state}: {error}"),
                None if state == "active" => "its node is a worker, not a manager".into(),
                None => format!("its node is {state}; `docker swarm init` makes it a manager"),
            };
            return Err(ClusterError::NotAManager(text));
        }
        Ok(EngineFacts {
            version: engine.version,
            api: engine.api,
            // the kernel of a remote engine cannot be inspected; most have it
            ipvs: !self.host.starts_with("unix://") || Path::new(IPVS).exists(),
            nodes: swarm.nodes.unwrap_or(1).max(0) as u64,
            os: info.operating_system.unwrap_or(engine.os),
        })
    }
}

impl Engine {
    /// A client of the same engine in which every call goes to this path and query instead of its own.
    pub(super) fn at(&self, query: &str) -> Docker {
        let target = format!("/v{}{query}", self.api);
        self.docker.clone().with_request_modifier(move |request| elsewhere(request, &target))
    }
}

/// A client without a pinned version; only for the first question and for events.
pub(super) fn client(host: &str) -> Result<Docker, ClusterError> {
    Docker::connect_with_host(host).map_err(|e| match e {
        bollard::errors::Error::UnsupportedURISchemeError { .. } => ClusterError::Local(format!(
            "`{host}` is not the address of an engine (unix://, tcp://, https://, ssh://)"
        )),
        e => ClusterError::Unreachable(format!("{host}: {e}")),
    })
}

async fn connect(host: &str) -> Result<Engine, ClusterError> {
    let docker = client(host)?;
    let answer = docker.version().await.map_err(|e| match refused("ask the engine for its version", &e) {
        ClusterError::Unreachable(text) => ClusterError::Unreachable(format!("{host}: {text}")),
        ClusterError::NoPermission(text) => ClusterError::NoPermission(format!("{host}: {text}")),
        other => other,
    })?;
    let version = answer.version.unwrap_or_default();
    let api = agreed(&version, answer.api_version.as_deref(), answer.min_api_version.as_deref())?;
    let prefix = format!("/v{api}");
    let docker = docker.with_request_modifier(move |request| pinned(request, &prefix));
    Ok(Engine { docker, version, api, os: answer.os.unwrap_or_default() })
}

fn numbers(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The API version to use with an engine.
fn agreed(engine: &str, newest: Option<&str>, oldest: Option<&str>) -> Result<String, ClusterError> {
    let theirs = newest.and_then(numbers).unwrap_or((0, 0));
    let lowest = oldest.and_then(numbers).unwrap_or((0, 0));
    if theirs < OLDEST {
        return Err(ClusterError::Refused {
            action: "use the engine".into(),
            text: format!(
                "Docker Engine {engine} supports API {}.{} and older; ccci needs API 1.41 (Docker Engine 20.10) or newer",
                theirs.0, theirs.1
            ),
        });
    }
    if lowest > NEWEST {
        return Err(ClusterError::Refused {
            action: "use the engine".into(),
            text: format!(
                "Docker Engine {engine} needs API {}.{} or newer; this ccci supports API {}.{} and older",
                lowest.0, lowest.1, NEWEST.0, NEWEST.1
            ),
        });
    }
    let (major, minor) = theirs.min(NEWEST);
    Ok(format!("{major}.{minor}"))
}

/// Puts the version before the path. A URI over a socket keeps its unusual host part, which is the socket's address.
fn pinned(request: BollardRequest, prefix: &str) -> BollardRequest {
    let query = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let target = format!("{prefix}{query}");
    elsewhere(request, &target)
}

/// The same request for another path and query.
fn elsewhere(mut request: BollardRequest, target: &str) -> BollardRequest {
    let uri = request.uri().to_string();
    let query = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let head = uri.strip_suffix(query).unwrap_or_default();
    if let Ok(uri) = format!("{head}{target}").parse() {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_version_is_the_newest_both_know_and_too_old_or_too_new_engines_are_refused() {
        assert_eq!(agreed("20.10", Some("1.41"), Some("1.12")).unwrap(), "1.41");
        assert_eq!(agreed("29.7", Some("1.55"), Some("1.40")).unwrap(), "1.53");
        let old = agreed("19.03", Some("1.40"), Some("1.12")).unwrap_err().to_string();
        assert!(old.contains("19.03") && old.contains("20.10"), "{old}");
        assert!(agreed("40.0", Some("1.90"), Some("1.80")).is_err());
        assert!(agreed("?", None, None).is_err());
    }

    #[test]
    fn every_path_gets_the_pinned_version() {
        for (uri, expected) in [
            ("unix://2f766172/services?status=true", "unix://2f766172/v1.41/services?status=true"),
            ("http://127.0.0.1:2375/_ping", "http://127.0.0.1:2375/v1.41/_ping"),
        ] {
            let body = bollard::body_full(bytes::Bytes::new());
            let mut request = BollardRequest::new(body);
            *request.uri_mut() = uri.parse().unwrap();
            assert_eq!(pinned(request, "/v1.41").uri().to_string(), expected);
        }
    }
}
