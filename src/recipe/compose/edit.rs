//! Changes to composed files before they are deployed: labels of the run, host ports, env of the app. Each
//! function changes one thing; the plan decides which are used.

use super::Composed;
use super::tree::{Map, Node, Value};
use ccci_model::diag::Place;
use ccci_model::name::ServiceName;

impl Composed {
    /// Sets a label of a Swarm service (`deploy.labels`).
    pub fn set_label(&mut self, service: &ServiceName, key: &str, value: &str) {
        self.edit(service, |map, place| {
            map.section("deploy", place).section("labels", place).put(key, text(value), place);
        });
    }

    /// Sets a label of a service's containers (`labels`).
    pub(crate) fn set_container_label(&mut self, service: &ServiceName, key: &str, value: &str) {
        self.edit(service, |map, place| map.section("labels", place).put(key, text(value), place));
    }

    /// Sets a variable of a service unless its files set it, as abra does for `app`.
    pub fn set_env_default(&mut self, service: &ServiceName, key: &str, value: &str) {
        self.edit(service, |map, place| {
            let environment = map.section("environment", place);
            if !environment.has(key) {
                environment.put(key, text(value), place);
            }
        });
    }

    /// Sets the endpoint mode of a service: `vip` or `dnsrr`.
    pub fn set_endpoint_mode(&mut self, service: &ServiceName, mode: &str) {
        self.edit(service, |map, place| map.section("deploy", place).put("endpoint_mode", text(mode), place));
    }

    /// Publishes every port of a service directly on the node instead of through the routing mesh.
    pub fn make_ports_host_mode(&mut self, service: &ServiceName) {
        self.edit(service, |map, place| {
            let Some(Value::List(ports)) = map.get_mut("ports").map(|n| &mut n.value) else { return };
            for port in ports.iter_mut().filter_map(Node::map_mut) {
                port.put("mode", text("host"), place);
            }
        });
    }

    /// Sets a label on everything that a deploy makes: services, their containers, and the networks, volumes,
    /// secrets and configs that are not external. The implicit `default` network is written into the file, so
    /// that it gets the label too.
    pub fn label_everything(&mut self, key: &str, value: &str) {
        let names: Vec<ServiceName> = self.services().iter().map(|s| s.name.clone()).collect();
        for name in &names {
            self.set_label(name, key, value);
            self.set_container_label(name, key, value);
        }
        let place = self.place.clone();
        let all = self.services();
        if all.iter().any(|s| s.networks.is_empty() || s.networks.iter().any(|n| n.network == "default")) {
            self.root.section("networks", &place).section("default", &place);
        }
        for section in ["networks", "volumes", "secrets", "configs"] {
            let Some(objects) = self.root.get_mut(section).and_then(Node::map_mut) else { continue };
            for (_, node) in &mut objects.0 {
                if node.value == Value::Null {
                    node.value = Value::Map(Map::default());
                }
                if let Some(map) = node.map_mut()
                    && map.bool("external") != Some(true)
                {
                    map.section("labels", &place).put(key, text(value), &place);
                }
            }
        }
    }

    /// Changes the paths of the files of secrets and configs. `to` receives each path as it is written and
    /// returns the new one.
    pub fn move_files(&mut self, to: impl Fn(&str) -> String) {
        for section in ["secrets", "configs"] {
            let Some(objects) = self.root.get_mut(section).and_then(Node::map_mut) else { continue };
            for map in objects.0.iter_mut().filter_map(|(_, n)| n.map_mut()) {
                if let Some(Value::Str(path)) = map.get_mut("file").map(|n| &mut n.value) {
                    *path = to(path);
                }
            }
        }
    }

    fn edit(&mut self, service: &ServiceName, change: impl FnOnce(&mut Map, &Place)) {
        let Some(services) = self.root.get_mut("services").and_then(Node::map_mut) else { return };
        let Some(node) = services.get_mut(service.as_str()) else { return };
        let place = node.place.clone();
        if let Some(map) = node.map_mut() {
            change(map, &place);
            self.services.take();
        }
    }
}

fn text(value: &str) -> Value {
    Value::Str(value.to_string())
}

#[cfg(test)]
#[path = "edit_tests.rs"]
pub(super) mod tests;
