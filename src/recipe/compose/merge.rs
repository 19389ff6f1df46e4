//! Merges a later file into an earlier one as docker's stack loader does: services key by key by the table
//! `keys.rs`, everything else as a whole. Reports where docker's rules lose something. Pure.

use super::distinct::Distinct;
use super::form::SECTIONS;
use super::keys::{self, Field, Form, Merge};
use super::tree::{Map, Node, Value};
use super::units;
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes};
use std::collections::{HashMap, HashSet};

/// Merges `over` into `base`; both must be in long form.
pub(super) fn lay(base: &mut Map, over: Map, diagnostics: &mut Diagnostics) {
    let mut merge = Merging { diagnostics };
    for (section, node) in over.0 {
        debug_assert!(SECTIONS.contains(&section.name.as_str()));
        let Value::Map(items) = node.value else { continue };
        let to = base.section(&section.name, &section.place);
        for (name, item) in items.0 {
            match to.get_mut(&name.name).and_then(Node::map_mut) {
                Some(service) if section.name == "services" => {
                    if let Value::Map(over) = item.value {
                        merge.service(service, over);
                    }
                }
                _ => to.set(name, item),
            }
        }
    }
}

/// Drops duplicates, which merging can make, from lists that docker's schema requires to be unique.
pub(super) fn drop_repeated(root: &mut Map) {
    let Some(services) = root.get_mut("services").and_then(Node::map_mut) else { return };
    for (_, service) in &mut services.0 {
        let Some(service) = service.map_mut() else { continue };
        for field in keys::SERVICE.iter().filter(|f| f.merge == Merge::Append || f.form == Form::Ports) {
            if let Some(Value::List(items)) = service.get_mut(field.name).map(|n| &mut n.value) {
                let mut seen = Distinct::default();
                let first: Vec<bool> = items.iter().map(|item| seen.first(item)).collect();
                let mut first = first.into_iter();
                items.retain(|_| first.next() == Some(true));
            }
        }
    }
}

struct Merging<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Merging<'_> {
    fn odd(&mut self, place: &Place, message: &str, help: &str) {
        self.diagnostics.push(Diagnostic::new(codes::COMPOSE_ODDITY, message).at(place.clone()).help(help));
    }

    fn service(&mut self, base: &mut Map, over: Map) {
        // lists with keys are sorted, and their duplicates removed, as soon as a second file names the
        // service
        for field in keys::SERVICE {
            if let Merge::By(key) = field.merge
                && let Some(Value::List(items)) = base.get_mut(field.name).map(|n| &mut n.value)
            {
                let old = std::mem::take(items);
                *items = self.by(key, old);
            }
        }
        self.fields(base, over, keys::SERVICE);
    }

    fn fields(&mut self, base: &mut Map, over: Map, fields: &'static [Field]) {
        for (key, node) in over.0 {
            let Some(field) = keys::find(fields, &key.name) else { continue };
            match base.get_mut(&key.name) {
                Some(old) => self.field(old, node, field),
                None if matches!(&node.value, Value::List(l) if l.is_empty()) => {}
                None => base.set(key, node),
            }
        }
    }

    fn field(&mut self, base: &mut Node, over: Node, field: &'static Field) {
        match field.merge {
            Merge::Given => *base = over,
            Merge::Filled | Merge::Duration | Merge::Size => {
                if !is_empty(&over, field.merge) {
                    *base = over;
                }
            }
            Merge::Words => {
                if !matches!(&over.value, Value::List(l) if l.is_empty()) {
                    *base = over;
                }
            }
            Merge::Append => self.append(base, over, field),
            Merge::By(key) => {
                if let (Value::List(old), Value::List(new)) = (&mut base.value, over.value) {
                    let mut all = std::mem::take(old);
                    let new = self.by(key, new);
                    let replaced: HashSet<_> = new.iter().map(|n| key_of(n, key)).collect();
                    all.retain(|o| !replaced.contains(&key_of(o, key)));
                    all.extend(new);
                    all.sort_by_cached_key(|n| key_of(n, key));
                    *old = all;
                }
            }
            Merge::Pairs => each(base, over, |_, _| true),
            Merge::Environment => {
                each(base, over, |old, new| is_empty(old, Merge::Filled) || !is_empty(new, Merge::Filled))
            }
            Merge::Networks => networks(base, over),
            Merge::Logging => self.logging(base, over),
            Merge::Fields => {
                if let (Some(base), Form::Fields(fields), Value::Map(over)) =
                    (base.map_mut(), field.form, over.value)
                {
                    self.fields(base, over, fields);
                }
            }
        }
    }

    fn append(&mut self, base: &mut Node, over: Node, field: &Field) {
        let (Value::List(old), Value::List(new)) = (&mut base.value, over.value) else { return };
        if field.name == "test" && !old.is_empty() && !new.is_empty() {
            self.odd(
                &over.place,
                "docker's loader appends this test to that of an earlier file instead of replacing it",
                "write the test of a service in one file only",
            );
        }
        old.extend(new);
    }

    /// The last item of each key, sorted by key.
    fn by(&mut self, key: &str, items: Vec<Node>) -> Vec<Node> {
        let mut out: Vec<Node> = vec![];
        let mut at: HashMap<_, usize> = HashMap::new();
        for item in items {
            match at.get(&key_of(&item, key)) {
                Some(old) => {
                    let lost = std::mem::replace(&mut out[*old], item);
                    let message = format!(
                        "docker's loader loses this item, because a later one has the same `{key}` and a second file names the service"
                    );
                    let help = match key {
                        "published" => {
                            "publish tcp and udp of one port from one file only, without any overlay on that service"
                        }
                        _ => "remove one of them",
                    };
                    self.odd(&lost.place, &message, help);
                }
                None => {
                    at.insert(key_of(&item, key), out.len());
                    out.push(item);
                }
            }
        }
        out.sort_by_cached_key(|n| key_of(n, key));
        out
    }

    fn logging(&mut self, base: &mut Node, over: Node) {
        let driver = |n: &Node| n.map().and_then(|m| m.text("driver")).unwrap_or_default().to_string();
        let (old, new) = (driver(base), driver(&over));
        if !old.is_empty() && !new.is_empty() && old != new {
            *base = over;
            return;
        }
        let (Some(base), Value::Map(over)) = (base.map_mut(), over.value) else { return };
        for (key, node) in over.0 {
            match (key.name.as_str(), base.get_mut(&key.name)) {
                ("driver", _) if old.is_empty() => base.set(key, node),
                ("options", Some(options)) => each(options, node, |_, _| true),
                ("options", None) if node.map().is_some_and(|m| !m.0.is_empty()) => self.odd(
                    &key.place,
                    "docker's loader loses these options, because the earlier file has `logging` without options",
                    "add `options` to the first file, or remove `logging` from it",
                ),
                _ => {}
            }
        }
    }
}

/// Merges maps key by key; `wins` returns whether the later of two values replaces the earlier.
fn each(base: &mut Node, over: Node, wins: impl Fn(&Node, &Node) -> bool) {
    let (Some(base), Value::Map(over)) = (base.map_mut(), over.value) else { return };
    base.set_all(over.0, wins);
}

fn networks(base: &mut Node, over: Node) {
    let (Some(base), Value::Map(over)) = (base.map_mut(), over.value) else { return };
    for (key, new) in over.0 {
        let Some(old) = base.get_mut(&key.name) else {
            base.set(key, new);
            continue;
        };
        let Value::Map(new_map) = &new.value else { continue };
        let Some(old_map) = old.map_mut() else {
            *old = new;
            continue;
        };
        old_map.take("aliases");
        for (k, v) in &new_map.0 {
            let address = k.name.starts_with("ipv") && v.text() != Some("");
            if k.name == "aliases" || address {
                old_map.set(k.clone(), v.clone());
            }
        }
    }
}

fn is_empty(node: &Node, merge: Merge) -> bool {
    match (&node.value, merge) {
        (Value::Str(s), Merge::Duration) => units::duration_ns(s) == Some(0),
        (Value::Str(s), Merge::Size) => units::bytes(s) == Some(0),
        (Value::Str(s), _) => s.is_empty(),
        (Value::Null | Value::Bool(false) | Value::Int(0), _) => true,
        (Value::Float(f), _) => *f == 0.0,
        (Value::List(l), _) => l.is_empty(),
        (Value::Map(m), _) => m.0.is_empty(),
        _ => false,
    }
}

/// Sort key of an item: numbers come before texts. In docker all items of one list have the same type.
fn key_of(item: &Node, key: &str) -> (i128, String) {
    match item.map().and_then(|m| m.get(key)).map(|n| &n.value) {
        Some(Value::Int(i)) => (*i, String::new()),
        Some(Value::Str(s)) => (0, s.clone()),
        _ => (0, String::new()),
    }
}
