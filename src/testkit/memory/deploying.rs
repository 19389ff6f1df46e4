//! Checks of a deploy in memory, and the objects that it makes. Refusals have Swarm's texts; a few are stricter than
//! Swarm.

use super::compose::{Compose, Part, Spec};
use super::{Fault, Object, State, refused};
use ccci_model::name::LONGEST_SWARM_NAME;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::DOMAIN_LABEL;
use std::collections::BTreeMap;

impl State {
    pub(super) fn check_parts(&self, compose: &Compose, stack: &str) -> Result<(), ClusterError> {
        let all = compose.networks.values().chain(compose.volumes.values());
        let all = all.chain(compose.configs.values()).chain(compose.secrets.values());
        for part in all.filter(|p| !p.external) {
            if !part.labels.contains_key(DOMAIN_LABEL) {
                let text = format!("{} would be made without the label {DOMAIN_LABEL}", part.name);
                return Err(refused("deploy", text));
            }
            if part.name.len() > LONGEST_SWARM_NAME {
                return Err(refused("deploy", format!("name of {} is longer than 64 characters", part.name)));
            }
        }
        let external = compose.networks.values().filter(|p| p.external);
        for part in external {
            if !self.objects.contains_key(&("network", part.name.clone())) {
                let text =
                    format!("network \"{}\" is declared as external, but could not be found", part.name);
                return Err(refused("deploy", text));
            }
        }
        for (name, spec) in &compose.services {
            if !spec.labels.contains_key(DOMAIN_LABEL) {
                return Err(refused("deploy", format!("service {stack}_{name} has no label {DOMAIN_LABEL}")));
            }
            if !self.images.contains(&spec.image) {
                return Err(refused("deploy", format!("{} was not pulled before", spec.image)));
            }
        }
        Ok(())
    }

    /// Refuses the stack if there is a fault for it.
    pub(super) fn refuse_half_way(&self) -> Result<(), ClusterError> {
        let refusal = self.faults.iter().find_map(|fault| match fault {
            Fault::DeployRefused(text) => Some(refused("deploy", text.clone())),
            Fault::PortHeld(by) => {
                Some(ClusterError::PortHeld { holder: by.clone(), text: format!("`{by}` has the port") })
            }
            _ => None,
        });
        refusal.map_or(Ok(()), Err)
    }

    /// Refuses a service if there is a fault for it, or if another one of the swarm publishes its port on every node.
    pub(super) fn check_service(&self, stack: &str, name: &str, spec: &Spec) -> Result<(), ClusterError> {
        for fault in &self.faults {
            if let Fault::ServiceRefused(of, text) = fault
                && of == name
            {
                return Err(refused("deploy", format!("failed to create service {stack}_{name}: {text}")));
            }
        }
        let others = self.services.iter().filter(|((s, n), _)| (s.as_str(), n.as_str()) != (stack, name));
        for ((s, n), other) in others {
            if let Some((port, _)) = other.spec.ingress.iter().find(|p| spec.ingress.contains(p)) {
                let text =
                    format!("port '{port}' is already in use by service '{s}_{n}' (id) as an ingress port");
                return Err(ClusterError::PortHeld { holder: format!("{s}_{n}"), text });
            }
        }
        Ok(())
    }

    pub(super) fn make_parts(
        &mut self,
        kind: &'static str,
        parts: &BTreeMap<String, Part>,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), ClusterError> {
        for part in parts.values() {
            let key = (kind, part.name.clone());
            if part.external {
                if !self.objects.contains_key(&key) {
                    return Err(refused("deploy", format!("{kind} not found: {}", part.name)));
                }
                continue;
            }
            let path = part.file.trim_start_matches("./");
            let content = files.get(path).cloned().unwrap_or_default();
            if kind == "config" && !files.contains_key(path) {
                return Err(refused("deploy", format!("open {path}: no such file or directory")));
            }
            let labels = part.labels.clone();
            let object = self.objects.entry(key).or_insert_with(|| Object {
                labels,
                content: content.clone(),
                elsewhere: part.elsewhere,
                ..Object::default()
            });
            if object.content != content {
                return Err(refused(
                    "deploy",
                    format!("{kind} {}: only updates to Labels are allowed", part.name),
                ));
            }
        }
        Ok(())
    }

    /// Counts a deploy, and starts the faults that were set for it. Refuses to deploy the same file twice in a row.
    pub(super) fn count_deploy(&mut self, stack: &str, compose: &str) -> Result<(), ClusterError> {
        let n: usize = self.deploys.values().map(Vec::len).sum();
        let (now, later) = std::mem::take(&mut self.later).into_iter().partition(|(at, _)| *at <= n);
        let now: Vec<(usize, Fault)> = now;
        self.later = later;
        self.faults.extend(now.into_iter().map(|(_, f)| f));
        let texts = self.deploys.entry(stack.to_string()).or_default();
        if texts.last().is_some_and(|t| t == compose) {
            return Err(refused("deploy", "the same file was deployed twice in a row"));
        }
        texts.push(compose.to_string());
        Ok(())
    }
}
