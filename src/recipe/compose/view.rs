//! Composed files as typed values for planning, deploying and linting. Only reads them.

use super::tree::{Map, Node, Value};
use super::units;
use ccci_model::diag::Place;
use ccci_model::name::ServiceName;
use std::collections::BTreeMap;
use std::time::Duration;

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name in the stack.
    pub name: ServiceName,
    /// Place of its name.
    pub place: Place,
    /// Its image; a single overlay file may have none.
    pub image: Option<String>,
    /// `deploy.labels`: those of the Swarm service, which Traefik, abra and backups read.
    pub labels: BTreeMap<String, String>,
    /// `labels`: those of its containers.
    pub container_labels: BTreeMap<String, String>,
    /// Its variables; one without a value is left to the user who deploys.
    pub environment: BTreeMap<String, Option<String>>,
    /// Its ports, with ranges expanded.
    pub ports: Vec<Port>,
    /// Its mounts.
    pub mounts: Vec<Mount>,
    /// Its networks; an empty list means the stack's own `default`.
    pub networks: Vec<Attachment>,
    /// Its secrets.
    pub secrets: Vec<Reference>,
    /// Its configs.
    pub configs: Vec<Reference>,
    /// Its healthcheck, if the file has one; the image may have its own.
    pub healthcheck: Option<Healthcheck>,
    /// How it is deployed.
    pub deploy: Deploy,
    /// How long it may take to stop.
    pub stop_grace_period: Option<Duration>,
    /// Services that it names; Swarm ignores them.
    pub depends_on: Vec<String>,
    /// Entrypoint that replaces the image's.
    pub entrypoint: Vec<String>,
    /// Command that replaces the image's.
    pub command: Vec<String>,
}

impl Service {
    /// Its configs and secrets, each with its list and its number there.
    pub(crate) fn references(&self) -> impl Iterator<Item = (&'static str, usize, &Reference)> {
        let configs = self.configs.iter().enumerate().map(|(n, r)| ("configs", n, r));
        configs.chain(self.secrets.iter().enumerate().map(|(n, r)| ("secrets", n, r)))
    }
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The container's port.
    pub target: u32,
    /// The published port; 0 lets Swarm choose.
    pub published: u32,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// `ingress` or `host`.
    pub mode: String,
    /// Its place: the text in short form, the published port in long form.
    pub place: Place,
}

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `volume`, `bind`, `tmpfs`, …
    pub kind: String,
    /// The volume's key or the host's path; empty for an anonymous volume.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
    /// Its place: the text in short form, the target in long form.
    pub place: Place,
}

/// A network a service is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The network's key.
    pub network: String,
    /// Further names of the service on this network.
    pub aliases: Vec<String>,
}

/// A secret or a config a service is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its key.
    pub source: String,
    /// The file that it becomes; a bare name is in `/run/secrets` or in `/`.
    pub target: String,
    /// The user that owns the file.
    pub uid: Option<String>,
    /// The group of the file.
    pub gid: Option<String>,
    /// Permissions of the file.
    pub mode: Option<u32>,
}

/// A healthcheck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healthcheck {
    /// `CMD …`, `CMD-SHELL …` or `NONE`; empty leaves the image's own.
    pub test: Vec<String>,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Time between two checks.
    pub interval: Option<Duration>,
    /// Time a check may take.
    pub timeout: Option<Duration>,
    /// Time after the start in which failures do not count.
    pub start_period: Option<Duration>,
    /// Consecutive failures after which the container is unhealthy.
    pub retries: Option<u64>,
}

/// How a service is deployed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deploy {
    /// `replicated`, `global`, `replicated-job` or `global-job`.
    pub mode: String,
    /// Number of replicas; none means one.
    pub replicas: Option<u64>,
    /// `vip` or `dnsrr`.
    pub endpoint_mode: Option<String>,
    /// When it is restarted; none means always.
    pub restart: Option<Restart>,
    /// How it is updated.
    pub update: Option<Update>,
}

/// When a service is restarted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restart {
    /// `none`, `on-failure` or `any`.
    pub condition: Option<String>,
    /// Most restarts; 0 means no limit.
    pub max_attempts: Option<u64>,
    /// Time between two restarts.
    pub delay: Option<Duration>,
    /// Time after which a restart counts as successful.
    pub window: Option<Duration>,
}

/// How a service is updated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Update {
    /// `stop-first` or `start-first`.
    pub order: Option<String>,
    /// `pause`, `continue` or `rollback`.
    pub failure_action: Option<String>,
    /// Time for which a new task is monitored.
    pub monitor: Option<Duration>,
    /// Time between two updated tasks.
    pub delay: Option<Duration>,
    /// Tasks that are updated at once; 0 means all.
    pub parallelism: Option<u64>,
}

/// A network, a volume, a secret or a config of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key in the file.
    pub key: String,
    /// Place of its key.
    pub place: Place,
    /// Its name on the engine, if the file has one; external ones always have one.
    pub name: Option<String>,
    /// Whether it exists outside of the stack.
    pub external: bool,
    /// The file with its content (secrets, configs), as written: relative to the first compose file.
    pub file: Option<String>,
    /// Its driver.
    pub driver: Option<String>,
    /// Options of its driver (volumes, networks).
    pub driver_opts: BTreeMap<String, String>,
    /// `golang` if its content is a template that the engine renders.
    pub template_driver: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Object {
    /// Its name on the engine in a stack.
    pub fn engine_name(&self, stack: &str) -> String {
        self.name.clone().unwrap_or_else(|| format!("{stack}_{}", self.key))
    }
}

/// The services of a resolved tree. Those with an invalid name are left out; `build` refuses them.
pub(super) fn services(root: &Map) -> Vec<Service> {
    let Some(services) = root.map("services") else { return vec![] };
    services
        .0
        .iter()
        .filter_map(|(k, n)| Some(service(ServiceName::parse(&k.name).ok()?, k.place.clone(), n.map()?)))
        .collect()
}

fn service(name: ServiceName, place: Place, from: &Map) -> Service {
    Service {
        name,
        place,
        image: from.text("image").filter(|i| !i.is_empty()).map(str::to_string),
        labels: from.map("deploy").map(|d| texts(d, "labels")).unwrap_or_default(),
        container_labels: texts(from, "labels"),
        environment: entries(from, "environment").map(|(k, n)| (k, n.text().map(str::to_string))).collect(),
        ports: from.list("ports").iter().filter_map(port).collect(),
        mounts: from.list("volumes").iter().filter_map(mount).collect(),
        networks: entries(from, "networks")
            .map(|(network, n)| Attachment {
                network,
                aliases: n.map().map(|m| words(m, "aliases")).unwrap_or_default(),
            })
            .collect(),
        secrets: from.list("secrets").iter().filter_map(reference).collect(),
        configs: from.list("configs").iter().filter_map(reference).collect(),
        healthcheck: from.map("healthcheck").map(healthcheck),
        deploy: from
            .map("deploy")
            .map(deploy)
            .unwrap_or_else(|| Deploy { mode: "replicated".into(), ..Deploy::default() }),
        stop_grace_period: duration(from, "stop_grace_period"),
        depends_on: words(from, "depends_on"),
        entrypoint: words(from, "entrypoint"),
        command: words(from, "command"),
    }
}

/// The objects of a section.
pub(super) fn objects(root: &Map, section: &str) -> Vec<Object> {
    let Some(map) = root.map(section) else { return vec![] };
    let empty = Map::default();
    let own = |m: &Map, k: &str| m.text(k).filter(|t| !t.is_empty()).map(str::to_string);
    map.0
        .iter()
        .map(|(key, node)| {
            let m = node.map().unwrap_or(&empty);
            Object {
                key: key.name.clone(),
                place: key.place.clone(),
                name: own(m, "name"),
                external: m.bool("external") == Some(true),
                file: own(m, "file"),
                driver: own(m, "driver"),
                driver_opts: texts(m, "driver_opts"),
                template_driver: own(m, "template_driver"),
                labels: texts(m, "labels"),
            }
        })
        .collect()
}

fn entries<'a>(from: &'a Map, key: &str) -> impl Iterator<Item = (String, &'a Node)> {
    from.map(key).into_iter().flat_map(|m| m.0.iter().map(|(k, n)| (k.name.clone(), n)))
}

fn texts(from: &Map, key: &str) -> BTreeMap<String, String> {
    entries(from, key).map(|(k, n)| (k, n.printed().unwrap_or_default())).collect()
}

fn words(from: &Map, key: &str) -> Vec<String> {
    from.list(key).iter().filter_map(Node::printed).collect()
}

fn duration(from: &Map, key: &str) -> Option<Duration> {
    let ns = from.text(key).and_then(units::duration_ns)?;
    u64::try_from(ns).ok().map(Duration::from_nanos)
}

fn count(from: &Map, key: &str) -> Option<u64> {
    from.int(key).and_then(|i| u64::try_from(i).ok())
}

fn port(node: &Node) -> Option<Port> {
    let m = node.map()?;
    let number = |k| count(m, k).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let word = |k, default: &str| m.text(k).filter(|t| !t.is_empty()).unwrap_or(default).to_string();
    Some(Port {
        target: number("target"),
        published: number("published"),
        protocol: word("protocol", "tcp"),
        mode: word("mode", "ingress"),
        place: m.get("published").unwrap_or(node).place.clone(),
    })
}

fn mount(node: &Node) -> Option<Mount> {
    let m = node.map()?;
    let word = |k| m.text(k).unwrap_or_default().to_string();
    Some(Mount {
        kind: m.text("type").filter(|t| !t.is_empty()).unwrap_or("volume").to_string(),
        source: word("source"),
        target: word("target"),
        read_only: m.bool("read_only") == Some(true),
        place: m.get("target").unwrap_or(node).place.clone(),
    })
}

fn reference(node: &Node) -> Option<Reference> {
    let m = node.map()?;
    let own = |k| m.text(k).filter(|t| !t.is_empty()).map(str::to_string);
    let source = own("source")?;
    Some(Reference {
        target: own("target").unwrap_or_else(|| source.clone()),
        uid: own("uid"),
        gid: own("gid"),
        mode: count(m, "mode").and_then(|n| u32::try_from(n).ok()),
        source,
    })
}

fn healthcheck(m: &Map) -> Healthcheck {
    Healthcheck {
        test: words(m, "test"),
        disabled: m.bool("disable") == Some(true) || words(m, "test").first().is_some_and(|t| t == "NONE"),
        interval: duration(m, "interval"),
        timeout: duration(m, "timeout"),
        start_period: duration(m, "start_period"),
        retries: count(m, "retries"),
    }
}

fn deploy(m: &Map) -> Deploy {
    let own = |m: &Map, k: &str| m.text(k).filter(|t| !t.is_empty()).map(str::to_string);
    Deploy {
        mode: own(m, "mode").unwrap_or_else(|| "replicated".into()),
        replicas: count(m, "replicas"),
        endpoint_mode: own(m, "endpoint_mode"),
        restart: m.map("restart_policy").map(|r| Restart {
            condition: own(r, "condition"),
            max_attempts: count(r, "max_attempts"),
            delay: duration(r, "delay"),
            window: duration(r, "window"),
        }),
        update: m.map("update_config").map(|u| Update {
            order: own(u, "order"),
            failure_action: own(u, "failure_action"),
            monitor: duration(u, "monitor"),
            delay: duration(u, "delay"),
            parallelism: count(u, "parallelism"),
        }),
    }
}

/// Place of a value inside a service, for later diagnostics.
pub(super) fn place_of(root: &Map, service: &str, path: &[&str]) -> Option<Place> {
    node_of(root, service, path).map(|node| node.place.clone())
}

/// Place of a key inside a service.
pub(super) fn place_of_key(root: &Map, service: &str, path: &[&str]) -> Option<Place> {
    let (key, above) = path.split_last()?;
    node_of(root, service, above)?.map()?.key(key).map(|k| k.place.clone())
}

/// A value inside a service; the items of a list have numbers from 0.
pub(super) fn node_of<'a>(root: &'a Map, service: &str, path: &[&str]) -> Option<&'a Node> {
    let mut node = root.map("services")?.get(service)?;
    for part in path {
        node = match &node.value {
            Value::List(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => node.map()?.get(part)?,
        };
    }
    Some(node)
}
