//! Converts each section of a file into its long form, as docker's loader does before it merges files: long
//! ports, long mounts, maps for labels, lists for commands. Reports what the loader refuses. The file must
//! have passed the shape check. Pure.

mod lists;
mod mounts;
mod objects;
mod service;
mod words;

use super::dropped::Dropped;
use super::tree::{Key, Map, Node, Value};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes};
use std::collections::BTreeMap;

/// The sections of a file, in the order in which they are written.
pub(super) const SECTIONS: [&str; 5] = ["services", "networks", "volumes", "secrets", "configs"];

/// What the conversion needs, and where it reports.
pub(super) struct Forming<'a> {
    /// The env, from which docker's loader fills variables of services.
    pub env: &'a BTreeMap<String, String>,
    /// Returns the content of a file by its path relative to the recipe.
    pub read: &'a dyn Fn(&str) -> Option<String>,
    /// Receives what is wrong.
    pub diagnostics: &'a mut Diagnostics,
    /// Receives what the loader drops.
    pub dropped: &'a mut Vec<Dropped>,
}

impl Forming<'_> {
    /// The file with only its sections, each in long form. `x-…` keys are dropped; their anchors are already
    /// resolved.
    pub(super) fn file(&mut self, root: &Map) -> Map {
        let mut out = Map::default();
        for section in SECTIONS {
            let (Some(key), Some(from)) = (root.key(section), root.map(section)) else { continue };
            let mut to = Map::default();
            for (name, node) in &from.0 {
                if let Some(formed) = self.item(section, &name.name, node) {
                    // a map has each key only once
                    to.0.push((name.clone(), formed));
                }
            }
            let place = key.place.clone();
            out.set(key.clone(), Node { value: Value::Map(to), place });
        }
        out
    }

    fn item(&mut self, section: &str, name: &str, node: &Node) -> Option<Node> {
        let empty = Map::default();
        let map = node.map().unwrap_or(&empty);
        let formed = match section {
            "services" => self.service(map, &node.place)?,
            _ => self.object(section, name, map, &node.place),
        };
        Some(node.with(Value::Map(formed)))
    }

    fn wrong(&mut self, place: &Place, message: impl Into<String>, help: &str) {
        let mut d = Diagnostic::new(codes::COMPOSE_SHAPE, message).at(place.clone());
        if !help.is_empty() {
            d = d.help(help);
        }
        self.diagnostics.push(d);
    }
}

/// Docker truncates numbers instead of rounding them. Most must not be negative.
fn whole(node: &Node) -> Node {
    match node.value {
        Value::Float(f) => node.with(Value::Int(f.trunc() as i128)),
        _ => node.clone(),
    }
}

/// A map of texts from a map or from a list of `key=value`. `nothing` is the value of a key without a value.
fn pairs(node: &Node, nothing: &Value) -> Node {
    let mut out = Map::default();
    match &node.value {
        Value::Map(map) => {
            for (key, value) in &map.0 {
                let text = match &value.value {
                    Value::Null => nothing.clone(),
                    _ => Value::Str(value.printed().unwrap_or_default()),
                };
                out.0.push((key.clone(), value.with(text)));
            }
        }
        Value::List(list) => {
            let entry = |item: &Node| {
                let (name, value) = match item.text()?.split_once('=') {
                    Some((k, v)) => (k, Value::Str(v.to_string())),
                    None => (item.text()?, nothing.clone()),
                };
                Some((Key { name: name.to_string(), place: item.place.clone() }, item.with(value)))
            };
            out.set_all(list.iter().filter_map(entry), |_, _| true);
        }
        _ => {}
    }
    node.with(Value::Map(out))
}
