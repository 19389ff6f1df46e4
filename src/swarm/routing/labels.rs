//! The `traefik.*` labels of one service, read as Traefik v3 reads them.
//! If Traefik cannot read one of them, it leaves out the whole service. Pure; `routing/mod.rs` combines the labels.

use super::middleware::{self, Action, Middleware};
use super::options::{Node, is_on};
use ccci_recipe::labels::go_bool;
use std::collections::BTreeMap;

/// Options of one router, service or middleware: the rest of the label's name in lower case, and its value.
pub type Options = BTreeMap<String, String>;

/// What one service's labels say.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// `traefik.enable`.
    pub enabled: bool,
    /// `traefik.swarm.network`, or its v2 spelling.
    pub network: Option<String>,
    /// Routers by name.
    pub routers: BTreeMap<String, RouterLabels>,
    /// Load balancers by name.
    pub services: BTreeMap<String, ServiceLabels>,
    /// Middlewares by name.
    pub middlewares: BTreeMap<String, Middleware>,
    /// Whether there are routers or services for TCP or UDP.
    pub tcp_or_udp: bool,
    /// Notes for the reader about labels that are accepted.
    pub notes: Vec<String>,
    /// What is not emulated; the texts follow "not proved:".
    not_emulated: Vec<String>,
}

/// One router.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouterLabels {
    /// The rule, empty for none.
    pub rule: String,
    /// Whether `ruleSyntax` is `v2`.
    pub v2: bool,
    /// Its priority; 0 means the length of the rule.
    pub priority: i64,
    /// Names of entry points, empty for all.
    pub entries: Vec<String>,
    /// Name of options for TLS, empty for the usual ones.
    pub tls_options: String,
    /// All options; two services must agree on them.
    pub source: Options,
    /// Name of a load balancer, empty for the only one.
    pub service: String,
    /// Names of middlewares, in order.
    pub middlewares: Vec<String>,
    /// Whether it answers only TLS; if not, it answers only plain HTTP.
    pub tls: bool,
}

/// One load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLabels {
    /// `server.port`, empty for none.
    pub port: String,
    /// `server.scheme`.
    pub scheme: String,
    /// Whether the app receives the host that was asked for.
    pub pass_host: bool,
    /// Name of a transport, which may accept any certificate; empty for none.
    pub transport: String,
    /// `server.url`, which is used instead of a task; empty for none.
    pub url: String,
    /// Whether it is a load balancer.
    pub balances: bool,
    /// Options that apply to all its servers; two services must agree on them.
    pub shared: Options,
}

impl Default for ServiceLabels {
    fn default() -> ServiceLabels {
        ServiceLabels {
            port: String::new(),
            scheme: String::new(),
            pass_host: true,
            transport: String::new(),
            url: String::new(),
            balances: true,
            shared: Options::new(),
        }
    }
}

/// Ways in which Traefik v3 chooses among servers.
const STRATEGIES: &[&str] = &["", "wrr", "p2c", "hrw", "leasttime"];

impl Labels {
    /// Reads the labels; an error is the reason why Traefik leaves the service out.
    pub fn read(labels: &BTreeMap<String, String>) -> Result<Labels, String> {
        let mut out = Labels::default();
        let service = Node::of_the_service(labels)?;
        out.about_the_service(&service)?;
        if !out.enabled {
            return Ok(out);
        }
        let tree = Node::routed(labels)?;
        for protocol in ["tcp", "udp"] {
            out.without_http(&tree, protocol)?;
        }
        if let Some(http) = tree.child("http") {
            for (name, router) in http.below("routers") {
                out.routers.insert(name.to_string(), read_router(router));
            }
            for (name, service) in http.below("services") {
                out.services.insert(name.to_string(), read_service(name, service)?);
            }
            for (name, options) in http.below("middlewares") {
                let read = middleware::read(name, &options.options(), &mut out.notes)?;
                out.middlewares.insert(name.to_string(), read);
            }
        }
        out.note_the_old(labels);
        Ok(out)
    }

    fn about_the_service(&mut self, tree: &Node) -> Result<(), String> {
        self.enabled = tree.value(&["enable"]).is_some_and(|v| go_bool(v) == Some(true));
        if tree.child("docker").is_some() && tree.child("swarm").is_some() {
            return Err("labels begin with both `traefik.docker.` and `traefik.swarm.`".into());
        }
        for provider in ["docker", "swarm"] {
            let network = tree.value(&[provider, "network"]);
            self.network = network.map(str::to_string).or(self.network.take());
            if tree.value(&[provider, "lbswarm"]).is_some_and(|v| go_bool(v) == Some(true)) {
                let label = format!("what the label `traefik.{provider}.lbswarm` does");
                self.not_emulated.push(format!("{label}: the ingress asks tasks, no virtual IPs"));
            }
        }
        Ok(())
    }

    /// Reads the labels for TCP or UDP. They are not emulated, but if a service among them has no port, Traefik leaves out
    /// the HTTP routers as well.
    fn without_http(&mut self, tree: &Node, protocol: &str) -> Result<(), String> {
        let Some(of) = tree.child(protocol) else { return Ok(()) };
        let what = format!("what the labels `traefik.{protocol}.*` do: the ingress does not emulate them");
        self.not_emulated.push(what);
        let services: Vec<_> = of.below("services").collect();
        if services.is_empty() && of.below("routers").next().is_none() {
            return Ok(());
        }
        self.tcp_or_udp = true;
        let port = |s: &Node| s.value(&["loadbalancer", "server", "port"]).is_some_and(|p| !p.is_empty());
        match services.iter().find(|(_, s)| !port(s)) {
            Some((name, _)) => Err(format!("the service `{name}` of {protocol} has no port")),
            None if services.is_empty() => Err(format!("a router of {protocol} has no service with a port")),
            None => Ok(()),
        }
    }

    fn note_the_old(&mut self, labels: &BTreeMap<String, String>) {
        let old =
            |k: &str| k.starts_with("traefik.frontend.") || k == "traefik.port" || k == "traefik.backend";
        for key in labels.keys().filter(|k| old(&k.to_ascii_lowercase())) {
            self.notes.push(format!("`{key}` is a label of Traefik v1 and has no effect"));
        }
    }

    /// What a run does not prove because something in these labels is not emulated.
    pub fn not_proved(&self) -> impl Iterator<Item = String> + '_ {
        let middlewares = self.middlewares.iter().filter_map(|(name, m)| match &m.action {
            Action::NotEmulated(other) => Some(other.not_proved(name)),
            _ => None,
        });
        let transports = self.services.values().filter(|s| s.transport.contains('@'));
        let transports = transports.map(|s| {
            let name = &s.transport;
            format!("what the transport `{name}` does: the operator defines it, and the ingress accepts any certificate of a task")
        });
        let spelled = |r: &&RouterLabels| r.entries.iter().any(|e| e == OTHER_SPELLING);
        let entries = self.routers.values().find(spelled).map(|_| {
            format!("that the operator's Traefik has an entry point `{OTHER_SPELLING}`: Co-op Cloud's is `web-secure`")
        });
        self.not_emulated.iter().cloned().chain(middlewares).chain(transports).chain(entries)
    }
}

/// How Traefik's own examples spell the entry point for HTTPS.
pub(super) const OTHER_SPELLING: &str = "websecure";

fn read_router(tree: &Node) -> RouterLabels {
    let text = |path: &[&str]| tree.value(path).unwrap_or_default().to_string();
    RouterLabels {
        rule: text(&["rule"]),
        v2: text(&["rulesyntax"]) == "v2",
        priority: text(&["priority"]).parse().unwrap_or_default(),
        entries: list(&text(&["entrypoints"])),
        tls_options: text(&["tls", "options"]),
        source: tree.options(),
        service: text(&["service"]),
        middlewares: list(&text(&["middlewares"])),
        // anything below `tls` turns it on, unless `tls` itself turns it off
        tls: tree.child("tls").is_some() && is_on(&text(&["tls"])),
    }
}

fn read_service(name: &str, tree: &Node) -> Result<ServiceLabels, String> {
    let key = format!("traefik.http.services.{name}.loadbalancer");
    let Some(balancer) = tree.child("loadbalancer") else {
        return Ok(ServiceLabels { balances: false, ..ServiceLabels::default() });
    };
    let text = |path: &[&str]| balancer.value(path).unwrap_or_default().to_string();
    let strategy = text(&["strategy"]);
    if !STRATEGIES.contains(&strategy.as_str()) {
        return Err(format!("label `{key}.strategy`: Traefik v3 knows no `{strategy}`"));
    }
    let shared = balancer.options().into_iter().filter(|(option, _)| !option.contains(".server."));
    Ok(ServiceLabels {
        port: text(&["server", "port"]),
        scheme: text(&["server", "scheme"]),
        pass_host: balancer.value(&["passhostheader"]).is_none_or(|v| go_bool(v) == Some(true)),
        transport: text(&["serverstransport"]),
        url: text(&["server", "url"]),
        balances: true,
        shared: shared.filter(|(option, _)| !option.starts_with("server.")).collect(),
    })
}

/// A list in a label: values between commas. An empty text is an empty list.
pub fn list(value: &str) -> Vec<String> {
    if value.is_empty() { vec![] } else { value.split(',').map(|v| v.trim().to_string()).collect() }
}

/// A boolean as Go reads it.
pub fn boolean(key: &str, value: &str) -> Result<bool, String> {
    go_bool(value).ok_or_else(|| format!("label `{key}`: `{value}` is neither `true` nor `false`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[(&str, &str)]) -> Result<Labels, String> {
        let labels = labels.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        Labels::read(&labels.chain([("traefik.enable".to_string(), "true".to_string())]).collect())
    }

    #[test]
    fn labels_are_read_in_any_case_and_names_keep_theirs() {
        let l = read(&[
            ("traefik.HTTP.Routers.My-App.Rule", "Host(`a`)"),
            ("traefik.http.routers.My-App.entryPoints", "web, web-secure"),
            ("traefik.http.services.My-App.loadBalancer.server.Port", "80"),
            ("com.docker.stack.namespace", "x"),
        ])
        .unwrap();
        assert!(l.enabled);
        assert_eq!(l.routers["My-App"].entries, ["web", "web-secure"]);
        assert_eq!(l.services["My-App"].port, "80");
    }

    #[test]
    fn anything_below_tls_turns_it_on_unless_tls_says_no() {
        let tls = |labels: &[(&str, &str)]| read(labels).unwrap().routers["a"].tls;
        assert!(tls(&[("traefik.http.routers.a.tls", "true")]));
        assert!(tls(&[("traefik.http.routers.a.tls.certresolver", "")]));
        assert!(!tls(&[
            ("traefik.http.routers.a.tls", "false"),
            ("traefik.http.routers.a.tls.options", "x")
        ]));
        assert!(!tls(&[("traefik.http.routers.a.rule", "Host(`a`)")]));
    }

    #[test]
    fn what_is_not_emulated_is_said() {
        for (label, value, part) in [
            ("traefik.http.services.a.loadbalancer.serverstransport", "any@file", "`any@file`"),
            ("traefik.http.routers.a.entrypoints", "websecure", "`websecure`"),
            ("traefik.docker.lbswarm", "true", "lbswarm"),
            ("traefik.udp.routers.a.service", "a", "port"),
        ] {
            let said: String = read(&[(label, value)]).map_or_else(|e| e, |l| l.not_proved().collect());
            assert!(said.contains(part), "{label}: {said:?}");
        }
    }

    #[test]
    fn a_service_that_is_not_enabled_is_not_read_further() {
        let labels = [("traefik.http.routers.a.ruel".to_string(), "x".to_string())];
        assert!(!Labels::read(&BTreeMap::from(labels)).unwrap().enabled);
    }
}
