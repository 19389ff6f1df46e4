//! What the in-memory cluster reads from a resolved compose file.

use ccci_swarm::observed::{Mode, ObservedVolume, Restart};
use serde_json::Value;
use std::collections::BTreeMap;

/// A service of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spec {
    /// Image.
    pub image: String,
    /// How many tasks.
    pub mode: Mode,
    /// When ended tasks start again.
    pub restart: Restart,
    /// Most restarts; 0 for no limit.
    pub max_attempts: u64,
    /// Whether an update starts the new task first.
    pub start_first: bool,
    /// Service labels.
    pub labels: BTreeMap<String, String>,
    /// Environment, `NAME=value`.
    pub env: Vec<String>,
    /// Volumes.
    pub volumes: Vec<ObservedVolume>,
    /// Names of its networks on the engine.
    pub networks: Vec<String>,
    /// Full names of its secrets and configs.
    pub secrets: Vec<String>,
    /// Published ports: published number, target and protocol.
    pub ports: Vec<(u16, u16, String)>,
    /// Ports published on every node, with their protocol. Two services of a swarm cannot publish the same one.
    pub ingress: Vec<(u16, String)>,
    /// Everything whose change replaces the tasks.
    pub template: String,
    /// The same without the image.
    pub template_but_image: String,
    /// Whether it has a health check.
    pub healthcheck: bool,
}

/// A network, volume, secret or config of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// Its name on the engine.
    pub name: String,
    /// Whether it is external: not made by this deploy.
    pub external: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Relative path of its content.
    pub file: String,
    /// For a volume: whether its files are not on the engine's disk.
    pub elsewhere: bool,
}

/// A resolved file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Compose {
    /// By name.
    pub services: BTreeMap<String, Spec>,
    /// By key.
    pub networks: BTreeMap<String, Part>,
    /// By key.
    pub volumes: BTreeMap<String, Part>,
    /// By key.
    pub secrets: BTreeMap<String, Part>,
    /// By key.
    pub configs: BTreeMap<String, Part>,
}

/// Reads a resolved file. The error has a text similar to that of docker's loader.
pub(crate) fn read(text: &str, stack: &str) -> Result<Compose, String> {
    let root: Value = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
    let parts = |key: &str| -> BTreeMap<String, Part> {
        entries(&root[key]).map(|(k, v)| (k.clone(), part(k, v, stack))).collect()
    };
    let mut out = Compose {
        services: BTreeMap::new(),
        networks: parts("networks"),
        volumes: parts("volumes"),
        secrets: parts("secrets"),
        configs: parts("configs"),
    };
    for (name, body) in entries(&root["services"]) {
        let spec = spec(body, stack, &out).map_err(|e| format!("services.{name}: {e}"))?;
        if spec.networks.iter().any(|n| *n == format!("{stack}_default")) {
            let labels = spec.labels.clone();
            let name = format!("{stack}_default");
            let made = Part { name, external: false, labels, file: String::new(), elsewhere: false };
            out.networks.entry("default".into()).or_insert(made);
        }
        out.services.insert(name.clone(), spec);
    }
    if out.services.is_empty() { Err("no services".into()) } else { Ok(out) }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn part(key: &str, body: &Value, stack: &str) -> Part {
    let external = match &body["external"] {
        Value::Bool(b) => *b,
        Value::Object(_) => true,
        _ => false,
    };
    let named = body["name"].as_str().or_else(|| body["external"]["name"].as_str());
    let name = named
        .map_or_else(|| if external { key.to_string() } else { format!("{stack}_{key}") }, str::to_string);
    let driver = text(&body["driver"]);
    let elsewhere = !["", "local"].contains(&driver.as_str()) || !pairs(&body["driver_opts"]).is_empty();
    let labels = pairs(&body["labels"]).into_iter().collect();
    Part { name, external, labels, file: text(&body["file"]), elsewhere }
}

/// Pairs from a map or from a list of `NAME=value`.
fn pairs(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), text(v))).collect(),
        Value::Array(list) => list
            .iter()
            .map(|v| {
                let line = text(v);
                let (k, v) = line.split_once('=').unwrap_or((&line, ""));
                (k.to_string(), v.to_string())
            })
            .collect(),
        _ => vec![],
    }
}

/// The keys of a map, or the items of a list of texts or maps.
fn keys(value: &Value, field: &str) -> Vec<String> {
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(list) => {
            list.iter().map(|v| v[field].as_str().map_or_else(|| text(v), str::to_string)).collect()
        }
        _ => vec![],
    }
}

fn spec(body: &Value, stack: &str, parts: &Compose) -> Result<Spec, String> {
    let deploy = &body["deploy"];
    let replicas = deploy["replicas"].as_u64().unwrap_or(1);
    let mode = match deploy["mode"].as_str() {
        Some("global") => Mode::Global(1),
        Some("replicated-job") => Mode::Job(replicas),
        Some("global-job") => Mode::Job(1),
        _ => Mode::Replicated(replicas),
    };
    let restart = match deploy["restart_policy"]["condition"].as_str() {
        Some("none") => Restart::Never,
        Some("on-failure") => Restart::OnFailure,
        _ => Restart::Any,
    };
    let known = |map: &BTreeMap<String, Part>, key: &str, what: &str| {
        map.get(key).map(|p| p.name.clone()).ok_or(format!("undefined {what} \"{key}\""))
    };
    let mut networks = vec![];
    for key in keys(&body["networks"], "name") {
        networks.push(known(&parts.networks, &key, "network")?);
    }
    if networks.is_empty() {
        networks.push(format!("{stack}_default"));
    }
    let mut secrets = vec![];
    for key in keys(&body["secrets"], "source") {
        secrets.push(known(&parts.secrets, &key, "secret")?);
    }
    for key in keys(&body["configs"], "source") {
        secrets.push(known(&parts.configs, &key, "config")?);
    }
    let mut template = body.clone();
    if let Some(map) = template.as_object_mut() {
        map.remove("deploy");
        map.insert("restart".into(), deploy["restart_policy"].clone());
    }
    let mut but_image = template.clone();
    if let Some(map) = but_image.as_object_mut() {
        map.remove("image");
    }
    Ok(Spec {
        image: body["image"].as_str().ok_or("no image")?.to_string(),
        mode,
        restart,
        max_attempts: deploy["restart_policy"]["max_attempts"].as_u64().unwrap_or(0),
        start_first: deploy["update_config"]["order"] == "start-first",
        labels: pairs(&deploy["labels"]).into_iter().collect(),
        env: pairs(&body["environment"]).into_iter().map(|(k, v)| format!("{k}={v}")).collect(),
        volumes: volumes(&body["volumes"], parts)?,
        networks,
        secrets,
        ports: ports(&body["ports"]),
        ingress: ingress(&body["ports"]),
        template: template.to_string(),
        template_but_image: but_image.to_string(),
        healthcheck: body["healthcheck"].is_object() && body["healthcheck"]["disable"] != true,
    })
}

fn volumes(value: &Value, parts: &Compose) -> Result<Vec<ObservedVolume>, String> {
    let mut out = vec![];
    for entry in value.as_array().into_iter().flatten() {
        let (source, target) = match entry {
            Value::String(line) => {
                let mut words = line.split(':');
                let source = words.next().unwrap_or_default().to_string();
                (source, words.next().unwrap_or_default().to_string())
            }
            map if map["type"] == "volume" => (text(&map["source"]), text(&map["target"])),
            _ => continue,
        };
        if source.starts_with(['/', '.', '~']) || source.is_empty() {
            continue;
        }
        let part = parts.volumes.get(&source).ok_or(format!("undefined volume \"{source}\""))?;
        out.push(ObservedVolume { name: part.name.clone(), path: target, elsewhere: part.elsewhere });
    }
    Ok(out)
}

/// The ports that are not in host mode and whose published number the file gives.
fn ingress(value: &Value) -> Vec<(u16, String)> {
    let all = value.as_array().into_iter().flatten().filter(|p| p["mode"] != "host").map(port);
    all.filter(|(published, ..)| *published > 0).map(|(published, _, proto)| (published, proto)).collect()
}

fn ports(value: &Value) -> Vec<(u16, u16, String)> {
    value.as_array().into_iter().flatten().map(port).collect()
}

fn port(p: &Value) -> (u16, u16, String) {
    let number = |v: &Value| v.as_u64().or_else(|| v.as_str()?.parse().ok()).unwrap_or(0) as u16;
    match p {
        Value::String(line) => {
            let (line, proto) = line.split_once('/').unwrap_or((line, "tcp"));
            let (published, target) = line.rsplit_once(':').unwrap_or(("0", line));
            (published.parse().unwrap_or(0), target.parse().unwrap_or(0), proto.to_string())
        }
        map => {
            let proto = map["protocol"].as_str().unwrap_or("tcp").to_string();
            (number(&map["published"]), number(&map["target"]), proto)
        }
    }
}
