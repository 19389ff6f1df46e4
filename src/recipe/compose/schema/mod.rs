//! Checks a compose file after interpolation against the shapes that docker's stack loader accepts
//! (`table.rs`). Reports everything that is wrong, with positions, while docker reports one thing without a
//! position. Pure.

mod shape;
mod table;

use super::distinct::Distinct;
use super::tree::{Key, Map, Node, Value};
use super::{ports, units};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes, nearest};
use shape::{Format, Kind, Object, Rest, Shape, Variant};

/// Minor number of a version that docker's stack loader supports: `3.8` is 8; `3`, an empty version and no
/// version are the newest.
pub(super) fn minor_of(version: Option<&str>) -> Option<u8> {
    match version {
        None | Some("" | "3") => Some(table::NEWEST),
        Some(v) => {
            let minor = v.strip_prefix("3.").filter(|m| !m.starts_with(['0', '+']) || *m == "0")?;
            minor.parse().ok().filter(|m| *m <= table::NEWEST)
        }
    }
}

/// Checks a file with this minor version.
pub(super) fn check(root: &Map, minor: u8, diagnostics: &mut Diagnostics) {
    let mut check = Check { minor, ports: 0, diagnostics };
    let Shape::Object(file) = &table::FILE else { return };
    check.object(root, file, &mut vec![]);
    check.finite(root);
}

/// The lowest minor version, 8 or more, that has every key of a file.
pub(super) fn lowest_version(root: &Map) -> u8 {
    (8..table::NEWEST)
        .find(|minor| {
            let mut d = Diagnostics::default();
            check(root, *minor, &mut d);
            d.0.is_empty()
        })
        .unwrap_or(table::NEWEST)
}

/// Help for mistakes that docker's own message does not help with.
const HELP: &[(&str, &str)] = &[
    ("name", "the stack's name is given when it is deployed; remove the key"),
    ("services.*.depends_on", "write a list of services; Swarm ignores it and starts all services at once"),
    ("services.*.env_file", "write a list of file names"),
    ("version", "quote it: `version: \"3.8\"`"),
    ("services.*.extends", "use a YAML anchor"),
    ("services.*.volume_driver", "define the volume under the top-level `volumes`, with its driver"),
    (
        "services.*.volumes_from",
        "define the volume under the top-level `volumes` and mount it in both services",
    ),
    ("services.*.cpu_quota", "set resource limits under `deploy.resources`"),
    ("services.*.cpu_shares", "set resource limits under `deploy.resources`"),
    ("services.*.cpuset", "set resource limits under `deploy.resources`"),
    ("services.*.mem_limit", "set resource limits under `deploy.resources`"),
    ("services.*.memswap_limit", "set resource limits under `deploy.resources`"),
];

struct Check<'a> {
    minor: u8,
    /// Ports so far, with ranges counted in full.
    ports: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Check<'_> {
    /// Docker's loader converts everything to JSON, even ignored keys, and JSON has no infinity.
    fn finite(&mut self, map: &Map) {
        for (_, node) in &map.0 {
            match &node.value {
                Value::Float(f) if !f.is_finite() => {
                    self.wrong(
                        &node.place,
                        "docker's loader refuses infinite numbers".into(),
                        quote_it(node, &[&Shape::Scalar(&[Kind::Text], Format::Any)]),
                    );
                }
                Value::Map(inner) => self.finite(inner),
                Value::List(items) => items.iter().filter_map(Node::map).for_each(|m| self.finite(m)),
                _ => {}
            }
        }
    }

    fn wrong(&mut self, place: &Place, message: String, help: Option<String>) {
        let mut d = Diagnostic::new(codes::COMPOSE_SHAPE, message).at(place.clone());
        d.help = help;
        self.diagnostics.push(d);
    }

    fn node(&mut self, node: &Node, shape: &Shape, path: &mut Vec<String>) {
        match (shape, &node.value) {
            (Shape::Any, _) => {}
            (Shape::Scalar(kinds, format), _) => self.scalar(node, kinds, format, path),
            (Shape::List { of, unique }, Value::List(items)) => self.list(items, of, *unique, path),
            (Shape::Object(o), Value::Null) if o.nullable => {}
            (Shape::Object(o), Value::Map(map)) => {
                self.object(map, o, path);
                for missing in o.required.iter().filter(|r| !map.has(r)) {
                    let place = map.0.first().map_or(&node.place, |(k, _)| &k.place).clone();
                    self.wrong(&place, format!("`{}` has no `{missing}`", path.join(".")), None);
                }
            }
            (Shape::Either(variants), _) => self.either(node, variants, path),
            _ => self.mismatch(node, &[shape], path),
        }
    }

    /// Chooses the variant that has the type of the value, and reports what is wrong by that variant.
    fn either(&mut self, node: &Node, variants: &[Variant], path: &mut Vec<String>) {
        let known: Vec<&Variant> = variants.iter().filter(|v| v.since <= self.minor).collect();
        match known.iter().find(|v| same_family(node, v.shape)) {
            Some(v) => self.node(node, v.shape, path),
            None => {
                let shapes: Vec<&Shape> = known.iter().map(|v| v.shape).collect();
                self.mismatch(node, &shapes, path);
            }
        }
    }

    fn mismatch(&mut self, node: &Node, shapes: &[&Shape], path: &[String]) {
        let expected: Vec<String> = shapes.iter().map(|s| describe(s)).collect();
        let message = format!("`{}` must be {}, not {}", path.join("."), expected.join(" or "), node.kind());
        let row = HELP.iter().find(|(p, _)| same_path(path, p));
        let help = row.map(|(_, h)| (*h).to_string()).or_else(|| quote_it(node, shapes));
        self.wrong(&node.place, message, help);
    }

    fn scalar(&mut self, node: &Node, kinds: &'static [Kind], format: &Format, path: &[String]) {
        if !fits(&node.value, kinds) {
            self.mismatch(node, &[&Shape::Scalar(kinds, Format::Any)], path);
            return;
        }
        let text = node.printed().unwrap_or_default();
        let occurrence = match format {
            Format::Any => None,
            Format::Duration => units::duration_ns(&text).is_none().then(|| {
                (
                    "must be a duration".to_string(),
                    "write a number with a unit: `30s`, `1m30s`, `500ms`".to_string(),
                )
            }),
            Format::Ports => self.ports(&text).err().map(|e| {
                (
                    format!("is not a port: {e}"),
                    "write `published:target/protocol`, such as `8080:80/tcp`".to_string(),
                )
            }),
            Format::NotNegative => {
                text.starts_with('-').then(|| ("must be zero or more".into(), "remove the sign".into()))
            }
            Format::Words(words) => (!words.contains(&text.as_str())).then(|| {
                let known = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or ");
                (
                    format!("must be {known}"),
                    nearest::did_you_mean(&text, words.iter().copied())
                        .map_or(format!("write {known}"), |h| h.text),
                )
            }),
        };
        if let Some((what, help)) = occurrence {
            self.wrong(&node.place, format!("`{}` {what}, not `{text}`", path.join(".")), Some(help));
        }
    }

    /// Counts the ports of ranges before they are expanded: a short text can mean millions.
    fn ports(&mut self, text: &str) -> Result<(), String> {
        self.ports += ports::count(text)?;
        match self.ports > ports::MOST {
            true => Err(format!("with it the file has more than {} ports", ports::MOST)),
            false => Ok(()),
        }
    }

    fn list(&mut self, items: &[Node], of: &Shape, unique: bool, path: &mut Vec<String>) {
        let mut seen = Distinct::default();
        for (i, item) in items.iter().enumerate() {
            path.push(i.to_string());
            self.node(item, of, path);
            path.pop();
            if unique && !seen.first(item) {
                let (shown, help) = match item.printed() {
                    Some(t) if t.is_empty() => {
                        ("an empty item".into(), "give its variables values, or remove it")
                    }
                    Some(t) => (format!("`{t}`"), "remove one of them"),
                    None => ("the same item".into(), "remove one of them"),
                };
                let message = format!("`{}` has {shown} twice", path.join("."));
                self.wrong(&item.place, message, Some(help.into()));
            }
        }
    }

    fn object(&mut self, map: &Map, object: &Object, path: &mut Vec<String>) {
        for (key, node) in &map.0 {
            path.push(key.name.clone());
            match object.keys.iter().find(|k| k.name == key.name) {
                Some(known) if known.since <= self.minor => self.node(node, known.shape, path),
                Some(known) => {
                    let message = format!(
                        "`{}` is not supported in a file of version 3.{}",
                        path.join("."),
                        self.minor
                    );
                    let help =
                        format!("it needs version 3.{} or newer: write `version: \"3.{0}\"`", known.since);
                    self.wrong(&key.place, message, Some(help));
                }
                None => self.rest(key, node, object, path),
            }
            path.pop();
        }
    }

    fn rest(&mut self, key: &Key, node: &Node, object: &Object, path: &mut Vec<String>) {
        match &object.rest {
            Rest::Free => {}
            Rest::Extensions(since) if key.name.starts_with("x-") && *since <= self.minor => {}
            Rest::Values(shape) if !key.name.is_empty() => self.node(node, shape, path),
            Rest::Names(shape) if is_name(&key.name) => self.node(node, shape, path),
            Rest::Names(_) | Rest::Values(_) => {
                let message = format!("`{}` cannot be a name", path.join("."));
                let help = "names consist of letters, digits, `.`, `_` and `-`".to_string();
                self.wrong(&key.place, message, Some(help));
            }
            Rest::Refused | Rest::Extensions(_) => {
                let row = HELP.iter().find(|(p, _)| same_path(path, p));
                let known = object.keys.iter().filter(|k| k.since <= self.minor).map(|k| k.name);
                let near = || nearest::did_you_mean(&key.name, known).map(|h| h.text);
                let help = row.map(|(_, h)| (*h).to_string()).or_else(near);
                self.wrong(
                    &key.place,
                    format!("`{}` is not a key that docker's stack loader supports", path.join(".")),
                    help,
                );
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// Whether a value has one of these types. A date counts as a text only where docker prints any value;
/// elsewhere docker's loader fails on it.
fn fits(value: &Value, kinds: &[Kind]) -> bool {
    match value {
        Value::Time(_) => kinds.contains(&Kind::Text) && kinds.contains(&Kind::Number),
        value => kinds.iter().any(|k| is_kind(value, *k)),
    }
}

fn is_kind(value: &Value, kind: Kind) -> bool {
    match (kind, value) {
        (Kind::Text, Value::Str(_))
        | (Kind::Whole | Kind::Number, Value::Int(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Nothing, Value::Null) => true,
        (Kind::Whole, Value::Float(f)) => f.fract() == 0.0,
        (Kind::Number, Value::Float(f)) => f.is_finite(),
        _ => false,
    }
}

fn same_family(node: &Node, shape: &Shape) -> bool {
    match (shape, &node.value) {
        (Shape::Any, _) | (Shape::List { .. }, Value::List(_)) | (Shape::Object(_), Value::Map(_)) => true,
        (Shape::Object(o), Value::Null) => o.nullable,
        (Shape::Scalar(kinds, _), value) => fits(value, kinds),
        (Shape::Either(variants), _) => variants.iter().any(|v| same_family(node, v.shape)),
        _ => false,
    }
}

fn same_path(path: &[String], pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('.').collect();
    parts.len() == path.len() && path.iter().zip(&parts).all(|(p, w)| *w == "*" || w == p)
}

fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".into(),
        Shape::List { .. } => "a list".into(),
        Shape::Object(_) => "a map".into(),
        Shape::Either(variants) => {
            variants.iter().map(|v| describe(v.shape)).collect::<Vec<_>>().join(" or ")
        }
        Shape::Scalar(kinds, _) => {
            let words = kinds.iter().map(|k| match k {
                Kind::Text => "a text",
                Kind::Whole => "a whole number",
                Kind::Number => "a number",
                Kind::Bool => "`true` or `false`",
                Kind::Nothing => "empty",
            });
            words.collect::<Vec<_>>().join(" or ")
        }
    }
}

/// Help for a frequent mistake: a number, a boolean or a date where docker expects a text.
fn quote_it(node: &Node, shapes: &[&Shape]) -> Option<String> {
    let text_would_do =
        shapes.iter().any(|s| matches!(s, Shape::Scalar(kinds, _) if kinds.contains(&Kind::Text)));
    let written = node.place.text.content.get(node.place.range.clone()).unwrap_or_default();
    let shown = node.printed().filter(|t| text_would_do && !t.is_empty()).map(|t| match written {
        "" => t,
        w => w.to_string(),
    })?;
    Some(format!("quote it: `\"{shown}\"`"))
}

/// The keys that a service may have, in any version.
#[cfg(test)]
pub(super) fn service_keys() -> Vec<&'static str> {
    match &table::SERVICE {
        Shape::Object(o) => o.keys.iter().map(|k| k.name).collect(),
        _ => vec![],
    }
}
