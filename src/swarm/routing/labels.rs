//! The `traefik.*` labels of one service, read as Traefik v3 reads them.
//! If Traefik cannot read one of them, it leaves out the whole service. Pure; `routing/mod.rs` combines the labels.

use super::middleware::{self, Action, Middleware};
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
    /// Whether there are labels for TCP or UDP.
    pub tcp_or_udp: bool,
    /// Notes for the reader about labels that are accepted.
    pub notes: Vec<String>,
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
}

impl Default for ServiceLabels {
    fn default() -> ServiceLabels {
        ServiceLabels {
            port: String::new(),
            scheme: "http".into(),
            pass_host: true,
            transport: String::new(),
        }
    }
}

/// Options of routers that Traefik v3 knows; only the part before a dot or bracket counts.
const ROUTER_OPTIONS: &[&str] = &[
    "rule",
    "rulesyntax",
    "priority",
    "entrypoints",
    "service",
    "middlewares",
    "tls",
    "observability",
    "parentrefs",
];
/// Options below `loadbalancer` that Traefik v3 knows.
const BALANCER_OPTIONS: &[&str] = &[
    "server",
    "servers",
    "sticky",
    "healthcheck",
    "passivehealthcheck",
    "passhostheader",
    "responseforwarding",
    "serverstransport",
    "strategy",
];

impl Labels {
    /// Reads the labels; an error is the reason why Traefik leaves the service out.
    pub fn read(labels: &BTreeMap<String, String>) -> Result<Labels, String> {
        let mut out = Labels::default();
        let mut trees: BTreeMap<(&str, String), Options> = BTreeMap::new();
        for (key, value) in labels {
            let Some(rest) = strip(key, "traefik.") else { continue };
            let lower = rest.to_ascii_lowercase();
            match lower.as_str() {
                "enable" => out.enabled = boolean(key, value)?,
                "swarm.network" | "docker.network" => out.network = Some(value.clone()),
                "swarm.lbswarm" | "docker.lbswarm" if boolean(key, value)? => {
                    out.notes.push(format!("`{key}` has no effect: the ingress asks tasks, not virtual IPs"));
                }
                l if l.starts_with("tcp.") || l.starts_with("udp.") => out.tcp_or_udp = true,
                l if l.starts_with("http.") => {
                    let (kind, name, option) = path(key, &rest["http.".len()..])?;
                    trees.entry((kind, name)).or_default().insert(option, value.clone());
                }
                l if l.starts_with("frontend.") || l == "port" || l == "backend" => {
                    out.notes.push(format!("`{key}` is a label of Traefik v1 and has no effect"));
                }
                _ => {}
            }
        }
        if out.tcp_or_udp {
            out.notes.push("labels `traefik.tcp.*` and `traefik.udp.*` are ignored".into());
        }
        for ((kind, name), options) in &trees {
            out.add(kind, name, options)?;
        }
        Ok(out)
    }

    fn add(&mut self, kind: &str, name: &str, options: &Options) -> Result<(), String> {
        match kind {
            "routers" => {
                let router = router(name, options)?;
                self.routers.insert(name.to_string(), router);
            }
            "services" => {
                let service = service(name, options)?;
                self.services.insert(name.to_string(), service);
            }
            _ => {
                let read = middleware::read(name, options, &mut self.notes)?;
                self.middlewares.insert(name.to_string(), read);
            }
        }
        Ok(())
    }
}

impl Labels {
    /// What a run does not prove because a middleware of this service is not emulated.
    pub fn not_proved(&self) -> impl Iterator<Item = String> + '_ {
        self.middlewares.iter().filter_map(|(name, m)| match &m.action {
            Action::NotEmulated(other) => Some(other.not_proved(name)),
            _ => None,
        })
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Splits `routers.NAME.OPTION`. The option is put in lower case; for names of headers, this does not matter.
fn path(key: &str, rest: &str) -> Result<(&'static str, String, String), String> {
    let mut parts = rest.splitn(3, '.');
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let kind = ["routers", "services", "middlewares"].into_iter().find(|k| *k == kind);
    match (kind, parts.next(), parts.next()) {
        (Some(kind), Some(name), Some(option)) if !name.is_empty() => {
            Ok((kind, name.to_string(), option.to_ascii_lowercase()))
        }
        (None, ..) => Err(format!(
            "label `{key}`: Traefik v3 knows no `{}` there",
            rest.split('.').next().unwrap_or_default()
        )),
        _ => Err(format!("label `{key}` is not complete")),
    }
}

fn router(name: &str, options: &Options) -> Result<RouterLabels, String> {
    let mut out = RouterLabels::default();
    for (option, value) in options {
        let key = format!("traefik.http.routers.{name}.{option}");
        known(&key, option, ROUTER_OPTIONS)?;
        match option.as_str() {
            "rule" => out.rule = value.clone(),
            "rulesyntax" => out.v2 = value.eq_ignore_ascii_case("v2"),
            "priority" => {
                out.priority =
                    value.trim().parse().map_err(|_| format!("label `{key}`: `{value}` is no number"))?;
            }
            "entrypoints" => out.entries = list(value),
            "service" => out.service = value.clone(),
            "middlewares" => out.middlewares = list(value),
            // anything below `tls` turns it on, unless `tls` itself turns it off
            o if o.starts_with("tls.") => out.tls |= tls_value(options.get("tls")),
            "tls" => out.tls = tls_value(Some(value)),
            _ => {}
        }
    }
    Ok(out)
}

fn tls_value(value: Option<&String>) -> bool {
    value.is_none_or(|v| v.is_empty() || v.eq_ignore_ascii_case("true"))
}

fn service(name: &str, options: &Options) -> Result<ServiceLabels, String> {
    let mut out = ServiceLabels::default();
    for (option, value) in options {
        let key = format!("traefik.http.services.{name}.{option}");
        let Some(inside) = option.strip_prefix("loadbalancer.") else {
            return Err(format!("label `{key}`: Traefik v3 reads only `loadbalancer` there"));
        };
        known(&key, inside, BALANCER_OPTIONS)?;
        match inside {
            "server.port" => out.port = value.trim().to_string(),
            "server.scheme" => out.scheme = value.trim().to_ascii_lowercase(),
            "passhostheader" => out.pass_host = boolean(&key, value)?,
            "serverstransport" => out.transport = value.clone(),
            _ => {}
        }
    }
    Ok(out)
}

/// Refuses an option that Traefik v3 does not know.
pub fn known(key: &str, option: &str, table: &[&str]) -> Result<(), String> {
    let first = option.split(['.', '[']).next().unwrap_or_default();
    if table.contains(&first) { Ok(()) } else { Err(format!("label `{key}`: Traefik v3 knows no `{first}`")) }
}

/// A list in a label: values between commas.
pub fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_string).collect()
}

/// A boolean as Go reads it.
pub fn boolean(key: &str, value: &str) -> Result<bool, String> {
    go_bool(value).ok_or_else(|| format!("label `{key}`: `{value}` is neither `true` nor `false`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[(&str, &str)]) -> Result<Labels, String> {
        Labels::read(&labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect())
    }

    #[test]
    fn labels_are_read_in_any_case_and_names_keep_theirs() {
        let l = read(&[
            ("Traefik.Enable", "true"),
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
        assert!(tls(&[("traefik.http.routers.a.tls.certresolver", "production")]));
        assert!(!tls(&[("traefik.http.routers.a.tls", "false")]));
        assert!(!tls(&[
            ("traefik.http.routers.a.tls", "false"),
            ("traefik.http.routers.a.tls.options", "x")
        ]));
        assert!(!tls(&[("traefik.http.routers.a.rule", "Host(`a`)")]));
    }

    #[test]
    fn a_label_that_cannot_be_read_is_named() {
        let bad = |key: &str, value: &str, part: &str| {
            let e = read(&[(key, value)]).unwrap_err();
            assert!(e.contains(part) && e.contains(key), "{key}: {e}");
        };
        bad("traefik.enable", "yes", "neither");
        bad("traefik.http.routers.a.ruel", "x", "knows no `ruel`");
        bad("traefik.http.router.a.rule", "x", "knows no `router`");
        bad("traefik.http.routers.a", "x", "not complete");
        bad("traefik.http.routers.a.priority", "high", "is no number");
        bad("traefik.http.services.a.port", "80", "`loadbalancer`");
        bad("traefik.http.services.a.loadbalancer.port", "80", "knows no `port`");
        bad("traefik.http.middlewares.a.redirectshceme.scheme", "https", "knows no");
    }
}
