//! Rules about what an app shares with the other apps of a server: the network of the proxy, and the ports of the nodes.

use super::Finding;
use crate::compose::{Composed, Object};
use crate::labels::is_routed;
use crate::source::Files;

/// The network by which Traefik reaches all apps of a server.
const PROXY: &str = "proxy";
/// Ports on which Traefik listens.
const WEB: [u32; 2] = [80, 443];

/// The key of the proxy's network.
fn proxy(composed: &Composed) -> Option<String> {
    let is_proxy = |n: &Object| n.external && n.name.as_deref().unwrap_or(&n.key) == PROXY;
    composed.networks().into_iter().find(is_proxy).map(|n| n.key)
}

pub(super) fn alias(composed: &Composed, _: &Files) -> Vec<Finding> {
    let Some(proxy) = proxy(composed) else { return vec![] };
    let mut out = vec![];
    for service in composed.services() {
        for attachment in service.networks.iter().filter(|a| a.network == proxy) {
            for (n, alias) in attachment.aliases.iter().enumerate() {
                let path = ["networks", &proxy, "aliases", &n.to_string()];
                let Some(place) = composed.place_of(&service.name, &path) else { continue };
                if place.text.content[place.range.clone()].contains('$') {
                    continue;
                }
                let message = format!(
                    "every app of this recipe is called `{alias}` in the network `{PROXY}`, so a request may reach another one"
                );
                let help = format!("write `${{STACK_NAME}}_{alias}`, or use a network of the stack");
                out.push(Finding::at(place, message, help));
            }
        }
    }
    out
}

pub(super) fn web_port(composed: &Composed, _: &Files) -> Vec<Finding> {
    let services = composed.services();
    // a recipe of a proxy publishes them itself
    let is_traefik = |image: &str| image.to_lowercase().contains("traefik");
    let of_proxy = services.iter().any(|s| s.image.as_deref().is_some_and(is_traefik));
    if proxy(composed).is_none() || of_proxy || !services.iter().any(|s| is_routed(&s.labels)) {
        return vec![];
    }
    let ports = services.iter().flat_map(|s| &s.ports);
    let taken = ports.filter(|p| WEB.contains(&p.published) && p.protocol == "tcp");
    taken
        .map(|p| {
            let message = format!("Traefik publishes the port {} of a server already", p.published);
            let help =
                "publish no port: Traefik passes requests on to the port in `loadbalancer.server.port`";
            Finding::at(p.place.clone(), message, help)
        })
        .collect()
}
