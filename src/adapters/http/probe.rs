//! Probes of a service's port: whether it opens, and what a TLS handshake shows. They bypass the ingress and go to
//! tasks only.

use crate::ingress::dial;
use crate::tls::common_name;
use ccci_model::name::{ServiceName, StackName};
use ccci_swarm::observed::TaskState;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::cluster::{Cluster, ClusterError, TaskAddress};
use ccci_swarm::ports::web::{TlsFacts, WebError};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// The name of a port in messages.
pub(crate) fn url(scheme: &str, service: &ServiceName, port: u16) -> String {
    format!("{scheme}://{service}:{port}")
}

/// Addresses at which a port can be tried: the task's own, or else the port published on this node, where the engine's
/// own proxy opens every connection, whoever listens behind it. None if no desired task runs, because then something else may answer on the published port.
pub(crate) fn places(
    cluster: &dyn Cluster,
    stack: &StackName,
    service: &ServiceName,
    port: u16,
    limit: &Limit,
) -> Result<Vec<TaskAddress>, WebError> {
    let observed = cluster.look(stack, limit).map_err(|e| web_error(service, port, e))?;
    let Some(found) = observed.service(service.as_str()) else { return Ok(vec![]) };
    let running =
        |t: &&ccci_swarm::observed::ObservedTask| t.desired_running && t.state == TaskState::Running;
    if !observed.tasks_of(found).iter().any(running) {
        return Ok(vec![]);
    }
    let published = found.ports.iter().filter(|(_, target, protocol)| *target == port && protocol == "tcp");
    let here = published.map(|(published, ..)| TaskAddress {
        task: service.to_string(),
        at: SocketAddr::from((Ipv4Addr::LOCALHOST, *published)),
        inside: None,
    });
    let places: Vec<TaskAddress> = here.collect();
    match cluster.task_addresses(stack, service, port, limit) {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses.into_iter().take(1).collect()),
        Ok(_) | Err(ClusterError::NoRunningTask(_)) => Ok(places),
        Err(_) if !places.is_empty() => Ok(places),
        Err(e) => Err(web_error(service, port, e)),
    }
}

fn web_error(service: &ServiceName, port: u16, e: ClusterError) -> WebError {
    let url = url("tcp", service, port);
    match e {
        ClusterError::Stopped(_) => WebError::Stopped,
        ClusterError::Deadline(_) => WebError::Deadline(url),
        e => WebError::of_cluster(&e)
            .unwrap_or_else(|| WebError::NoAnswer { url, text: format!("failed to {e}") }),
    }
}

/// Whether one of the addresses accepts a connection.
pub(crate) async fn opens(places: &[TaskAddress]) -> Result<bool, WebError> {
    for place in places {
        if dial::task(place).await.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The result of the first address that speaks TLS. `name` is the name that the server is asked for.
pub(crate) async fn shakes(
    url: &str,
    places: &[TaskAddress],
    name: Option<String>,
) -> Result<TlsFacts, WebError> {
    let mut last = "no running task".to_string();
    for place in places {
        let asked = name.clone().and_then(|n| ServerName::try_from(n).ok());
        let asked = asked.unwrap_or(ServerName::IpAddress(place.at.ip().into()));
        let shaken = match dial::task(place).await {
            Ok(stream) => dial::tls(stream, asked).await,
            Err(e) => Err(e),
        };
        match shaken.and_then(|s| facts(s.get_ref().1)) {
            Ok(facts) => return Ok(facts),
            Err(e) => last = format!("{}: {e}", place.at),
        }
    }
    Err(WebError::NoAnswer { url: url.to_string(), text: last })
}

fn facts(connection: &rustls::ClientConnection) -> io::Result<TlsFacts> {
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the server showed no certificate");
    let certificate = connection.peer_certificates().and_then(|c| c.first()).ok_or_else(missing)?.to_vec();
    let version = connection.protocol_version();
    let protocol = version.and_then(|v| v.as_str()).unwrap_or("unknown").to_string();
    Ok(TlsFacts { protocol, subject: common_name(&certificate), certificate })
}
