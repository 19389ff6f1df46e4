//! Rules about what docker's loader accepts and the engine refuses: most of it Swarm's manager (swarmkit's `controlapi`),
//! when half of the stack is made, some of it the node that has to start a task.

use super::Finding;
use crate::compose::{Composed, Object, Port, units};
use crate::source::Files;
use ccci_model::diag::Place;
use ccci_model::name::ServiceName;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Bytes that the content of a secret must stay below, and on engines before 23.0 that of a config.
const SECRET_LIMIT: usize = 500 * 1024;
/// Bytes that the content of a config must stay below since engine 23.0.
const CONFIG_LIMIT: usize = 1000 * 1024;
/// The smallest limit or reservation of memory, in bytes.
const LEAST_MEMORY: i128 = 4 * 1024 * 1024;
/// The smallest limit or reservation of CPUs, in billionths.
const LEAST_CPU: i128 = 1_000_000;

/// A config or secret whose content is in the recipe, with the place of its file and the number of bytes.
struct Content {
    kind: &'static str,
    object: Object,
    place: Place,
    size: usize,
    limit: usize,
}

fn contents(composed: &Composed, files: &Files) -> Vec<Content> {
    let configs = composed.configs().into_iter().map(|o| ("config", "configs", CONFIG_LIMIT, o));
    let secrets = composed.secrets().into_iter().map(|o| ("secret", "secrets", SECRET_LIMIT, o));
    let own = configs.chain(secrets).filter(|(.., o)| !o.external);
    own.filter_map(|(kind, section, limit, object)| {
        let size = files.bytes_at(object.file.as_ref()?)?.len();
        let place = composed.place_of_object(section, &object.key, "file")?;
        Some(Content { kind, object, place, size, limit })
    })
    .collect()
}

pub(super) fn object_size(composed: &Composed, files: &Files) -> Vec<Finding> {
    let wrong = contents(composed, files).into_iter().filter(|c| c.size == 0 || c.size >= c.limit);
    wrong
        .map(|c| match c.size {
            0 => Finding::at(
                c.place,
                format!("the file of the {} `{}` is empty, and Swarm refuses it", c.kind, c.object.key),
                "write something into it, a comment for example, or remove it from the compose file",
            ),
            size => Finding::at(
                c.place,
                format!("the file of the {} `{}` has {size} bytes", c.kind, c.object.key),
                format!("Swarm takes less than {} bytes: put the file into the image or a volume", c.limit),
            ),
        })
        .collect()
}

pub(super) fn config_size(composed: &Composed, files: &Files) -> Vec<Finding> {
    let between = |c: &Content| (SECRET_LIMIT..CONFIG_LIMIT).contains(&c.size) && c.kind == "config";
    let large = contents(composed, files).into_iter().filter(between);
    large
        .map(|c| {
            let message = format!("the file of the config `{}` has {} bytes", c.object.key, c.size);
            let help = format!("engines before 23.0 take less than {SECRET_LIMIT} bytes");
            Finding::at(c.place, message, help)
        })
        .collect()
}

pub(super) fn owner_number(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for (list, n, reference) in service.references() {
            for (key, value) in [("uid", &reference.uid), ("gid", &reference.gid)] {
                let Some(name) = value.as_ref().filter(|v| v.parse::<u32>().is_err()) else { continue };
                let place = composed.place_of(&service.name, &[list, &n.to_string(), key]);
                let message = format!("`{key}` of `{}` is `{name}`, which is no number", reference.source);
                let help = format!("write the number of `{name}`: the engine knows no names of the image");
                out.extend(place.map(|place| Finding::at(place, message, help)));
            }
        }
    }
    out
}

pub(super) fn dnsrr_port(composed: &Composed, _: &Files) -> Vec<Finding> {
    let services = composed.services().iter().filter(|s| s.deploy.endpoint_mode.as_deref() == Some("dnsrr"));
    let ports = services.flat_map(|s| s.ports.iter().filter(|p| p.mode == "ingress").map(move |p| (s, p)));
    ports
        .map(|(service, port)| {
            let message = format!(
                "Swarm refuses this port in the routing mesh, because `{}` has `endpoint_mode: dnsrr`",
                service.name
            );
            let help = format!(
                "publish it in long form with `mode: host` (`target: {}`), or remove `endpoint_mode`",
                port.target
            );
            Finding::at(port.place.clone(), message, help)
        })
        .collect()
}

pub(super) fn port_collision(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut taken: BTreeMap<(u32, &str), Vec<(&ServiceName, &Port)>> = BTreeMap::new();
    let mut out = vec![];
    for service in composed.services() {
        for port in service.ports.iter().filter(|p| p.published != 0) {
            let before = taken.entry((port.published, &port.protocol)).or_default();
            let refused = |(name, p): &&(&ServiceName, &Port)| {
                **name == service.name || p.mode == "ingress" || port.mode == "ingress"
            };
            if let Some((name, first)) = before.iter().find(refused) {
                let message = format!(
                    "port {}/{} is published by `{name}` already, and Swarm refuses it a second time",
                    port.published, port.protocol
                );
                let d = Finding::at(port.place.clone(), message, "publish another port");
                out.push(d.other(first.place.clone(), "it is published here first"));
            }
            before.push((&service.name, port));
        }
    }
    out
}

pub(super) fn mount_twice(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for (n, mount) in service.mounts.iter().enumerate() {
            if let Some(first) = service.mounts[..n].iter().find(|m| m.target == mount.target) {
                let message = format!("`{}` of `{}` is mounted twice", mount.target, service.name);
                let d = Finding::at(mount.place.clone(), message, "remove one of the two mounts");
                out.push(d.other(first.place.clone(), "the first mount"));
            }
        }
    }
    out
}

pub(super) fn least_resources(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for kind in ["limits", "reservations"] {
            for (key, least, read, words) in [
                ("memory", LEAST_MEMORY, units::bytes as fn(&str) -> Option<i64>, "4M"),
                ("cpus", LEAST_CPU, units::nano_cpus, "0.001"),
            ] {
                let path = ["deploy", "resources", kind, key];
                let Some(text) = composed.text_of(&service.name, &path) else { continue };
                let little = read(&text).is_some_and(|n| n != 0 && i128::from(n) < least);
                if let Some(place) = composed.place_of(&service.name, &path).filter(|_| little) {
                    let message = format!("Swarm refuses {text} as `{key}` of a service");
                    out.push(Finding::at(place, message, format!("write {words} or more")));
                }
            }
        }
    }
    out
}

pub(super) fn service_name(composed: &Composed, _: &Files) -> Vec<Finding> {
    // the stack's name and `_` come before it, so only its inside and its end matter
    let good = |name: &str| !name.contains('.') && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    let wrong = composed.services().iter().filter(|s| !good(s.name.as_str()));
    wrong
        .map(|s| {
            let message = format!("Swarm refuses `{}` as the name of a service", s.name);
            let help = "use letters, digits, `-` and `_`, with a letter or a digit at the end";
            Finding::at(s.place.clone(), message, help)
        })
        .collect()
}

pub(super) fn image_reference(composed: &Composed, _: &Files) -> Vec<Finding> {
    let wrong = composed.services().iter().filter_map(|s| {
        let image = s.image.as_deref().filter(|image| !is_reference(image))?;
        let place = composed.place_of(&s.name, &["image"])?;
        let message = format!("Swarm refuses `{image}` as an image");
        let help = match image.ends_with(':') {
            true => "add the tag after the colon; a variable in it may have no value",
            false => "write `name:tag`, in lower case before the colon and without spaces",
        };
        Some(Finding::at(place, message, help))
    });
    wrong.collect()
}

/// Whether the engine can read the name of an image, by the grammar of distribution's `reference`. Names that its
/// versions read differently (a capital before the first slash, an address of IPv6) count as read.
pub(super) fn is_reference(image: &str) -> bool {
    static REMAINDER: LazyLock<Regex> = LazyLock::new(|| {
        let part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
        let digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
        let tag = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
        Regex::new(&format!("^{part}(?:/{part})*(?::{tag})?(?:@{digest})?$")).expect("a valid pattern")
    });
    let remainder = match image.split_once('/') {
        Some((first, rest)) => {
            let ambiguous = first.starts_with('[') || first.contains(|c: char| c.is_ascii_uppercase());
            let registry = first.contains(['.', ':']) || first == "localhost" || ambiguous;
            if registry { rest } else { image }
        }
        None => image,
    };
    REMAINDER.is_match(remainder)
}
