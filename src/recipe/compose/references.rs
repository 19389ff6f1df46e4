//! Checks merged files for what docker's converter refuses: references to undefined objects, and settings
//! that exclude each other. Pure.

use super::tree::{Map, Node, Value};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes, nearest};
use std::collections::HashSet;

/// Checks every service of merged files.
pub(super) fn check(root: &Map, diagnostics: &mut Diagnostics) {
    let mut check = Check { root, diagnostics };
    let empty = Map::default();
    for (name, node) in &root.map("services").unwrap_or(&empty).0 {
        if let Some(service) = node.map() {
            check.service(&name.name, &name.place, service);
        }
    }
}

struct Check<'a> {
    root: &'a Map,
    diagnostics: &'a mut Diagnostics,
}

impl Check<'_> {
    fn wrong(&mut self, place: &Place, message: String) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::new(codes::COMPOSE_SHAPE, message).at(place.clone()));
        self.diagnostics.0.last_mut().expect("it was just pushed")
    }

    fn defined(&mut self, section: &str, name: &str, service: &str, place: &Place) {
        let defined = self.root.map(section);
        if defined.is_some_and(|m| m.has(name)) {
            return;
        }
        let known: Vec<String> =
            defined.map(|m| m.0.iter().map(|(k, _)| k.name.clone()).collect()).unwrap_or_default();
        let what = &section[..section.len() - 1];
        let help = nearest::did_you_mean(name, known.iter().map(String::as_str))
            .unwrap_or_else(|| format!("define it under the top-level `{section}`").into());
        self.wrong(place, format!("the service `{service}` uses the {what} `{name}`, which is not defined"))
            .set_help(help);
    }

    fn service(&mut self, name: &str, place: &Place, service: &Map) {
        for (network, _) in &service.map("networks").cloned().unwrap_or_default().0 {
            if network.name != "default" {
                self.defined("networks", &network.name, name, &network.place);
            }
        }
        for section in ["secrets", "configs"] {
            self.targets(name, section, service.list(section));
            for item in service.list(section) {
                let source = item.map().and_then(|m| m.text("source")).unwrap_or_default();
                self.defined(section, source, name, &item.place);
            }
        }
        for mount in service.list("volumes") {
            self.mount(name, mount);
        }
        self.mode(name, service);
        self.health(name, service);
        self.restart(name, service);
        self.credentials(name, place, service);
    }

    /// Reports two secrets or two configs of a service that become the same file.
    fn targets(&mut self, service: &str, section: &str, items: &[Node]) {
        let target = |n: &Node| {
            let m = n.map()?;
            m.text("target").filter(|t| !t.is_empty()).or_else(|| m.text("source")).map(str::to_string)
        };
        let mut taken = HashSet::new();
        for item in items {
            let Some(file) = target(item) else { continue };
            if !taken.insert(file.clone()) {
                let message = format!("two of the {section} of `{service}` become the file `{file}`");
                self.wrong(&item.place, message).help = Some("change the `target` of one of them".into());
            }
        }
    }

    fn mount(&mut self, service: &str, node: &Node) {
        let Some(mount) = node.map() else { return };
        let source = mount.text("source").unwrap_or_default();
        let kind = mount.text("type").unwrap_or_default();
        let foreign: &[&str] = match kind {
            "" | "volume" => &["bind", "tmpfs"],
            "bind" => &["volume", "tmpfs"],
            "npipe" => &["volume", "tmpfs"],
            "tmpfs" => &["bind", "volume"],
            "image" | "cluster" => &["bind", "volume", "tmpfs"],
            other => {
                let known = ["volume", "bind", "tmpfs", "npipe", "cluster"];
                let d = self.wrong(&node.place, format!("`{other}` is not a type of mount"));
                nearest::did_you_mean(other, known).into_iter().for_each(|help| d.set_help(help));
                return;
            }
        };
        for key in foreign.iter().filter(|k| mount.has(k)) {
            self.wrong(&node.place, format!("a mount of type `{kind}` cannot have `{key}`"));
        }
        match kind {
            "" | "volume" if !source.is_empty() => self.defined("volumes", source, service, &node.place),
            "cluster" if !source.starts_with("group:") && !source.is_empty() => {
                self.defined("volumes", source, service, &node.place);
            }
            "tmpfs" if !source.is_empty() => {
                self.wrong(&node.place, "a mount of type `tmpfs` cannot have a `source`".into());
            }
            "npipe" | "image" | "cluster" if source.is_empty() => {
                self.wrong(&node.place, format!("a mount of type `{kind}` needs a `source`"));
            }
            _ => {}
        }
    }

    fn mode(&mut self, name: &str, service: &Map) {
        let Some(deploy) = service.map("deploy") else { return };
        let Some(mode) = deploy.get("mode") else { return };
        match mode.text().unwrap_or_default() {
            "" | "replicated" | "replicated-job" => {}
            global @ ("global" | "global-job") => {
                if let Some(replicas) = deploy.get("replicas") {
                    let message = format!(
                        "`replicas` is not possible for `{name}`, which is deployed in mode `{global}`"
                    );
                    self.wrong(&replicas.place, message);
                }
            }
            other => {
                let known = ["replicated", "global", "replicated-job", "global-job"];
                let d = self.wrong(&mode.place, format!("`{other}` is not a deployment mode"));
                nearest::did_you_mean(other, known).into_iter().for_each(|help| d.set_help(help));
            }
        }
    }

    fn health(&mut self, name: &str, service: &Map) {
        let Some(health) = service.map("healthcheck") else { return };
        if health.bool("disable") == Some(true) && !health.list("test").is_empty() {
            let place = health.get("disable").map(|n| n.place.clone()).expect("it was just read");
            self.wrong(&place, format!("the healthcheck of `{name}` has a `test` and is disabled"));
        }
    }

    fn restart(&mut self, name: &str, service: &Map) {
        let has_policy = service.map("deploy").is_some_and(|d| d.has("restart_policy"));
        let Some(node) = service.get("restart").filter(|_| !has_policy) else { return };
        let text = node.text().unwrap_or_default();
        let (policy, count) = text.split_once(':').unwrap_or((text, ""));
        let known = ["no", "always", "unless-stopped", "on-failure"];
        if (!text.is_empty() && !known.contains(&policy))
            || (!count.is_empty() && count.parse::<i64>().is_err())
        {
            self.wrong(&node.place, format!("`{text}` is not a restart policy for `{name}`")).help =
                Some("write a `restart_policy` under `deploy`".into());
        }
    }

    fn credentials(&mut self, name: &str, place: &Place, service: &Map) {
        let Some(spec) = service.map("credential_spec") else { return };
        let set: Vec<&str> = spec
            .0
            .iter()
            .filter(|(_, n)| n.value != Value::Str(String::new()))
            .map(|(k, _)| k.name.as_str())
            .collect();
        if set.len() > 1 {
            self.wrong(
                place,
                format!("the credential_spec of `{name}` has more than one of {}", set.join(", ")),
            );
        }
        if let Some(config) = spec.text("config").filter(|c| !c.is_empty()) {
            self.defined("configs", config, name, place);
        }
    }
}
