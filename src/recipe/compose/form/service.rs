//! Long form of a service: converts its keys by the table `keys.rs`, and adds env files to its environment.

use super::{Forming, mounts, pairs, whole, words};
use crate::compose::keys::{self, Field, Form, Swarm};
use crate::compose::tree::{Key, Map, Node, Value};
use crate::removal;
use ccci_model::diag::{Diagnostic, Place, codes};

impl Forming<'_> {
    pub(super) fn service(&mut self, from: &Map, place: &Place) -> Option<Map> {
        let before = self.diagnostics.0.len();
        self.report_ignored_keys(from);
        let mut out = self.fields(from, keys::SERVICE);
        let environment = self.environment(from, out.take("environment"));
        if !environment.0.is_empty() {
            out.put("environment", Value::Map(environment), place);
        }
        (!self.diagnostics.0[before..].iter().any(|d| d.severity == ccci_model::diag::Severity::Error))
            .then_some(out)
    }

    fn report_ignored_keys(&mut self, service: &Map) {
        for (key, _) in &service.0 {
            let swarm = keys::find(keys::SERVICE, &key.name).map(|f| f.swarm);
            if let Some(Swarm::Ignored(instead)) = swarm {
                let mut d = Diagnostic::new(codes::COMPOSE_IGNORED, format!("Swarm ignores `{}`", key.name));
                d.fix = removal::of_entry(&key.place, &key.name).map(Box::new);
                self.diagnostics.push(d.at(key.place.clone()).help(instead));
            }
        }
    }

    fn fields(&mut self, from: &Map, fields: &'static [Field]) -> Map {
        let mut out = Map::default();
        for (key, node) in &from.0 {
            let Some(field) = keys::find(fields, &key.name) else { continue };
            if let Some(formed) = self.field(key, node, field) {
                out.set(key.clone(), formed);
            }
        }
        out
    }

    fn field(&mut self, key: &Key, node: &Node, field: &'static Field) -> Option<Node> {
        let formed = match field.form {
            Form::Consumed => return None,
            Form::Same if key.name == "test" => words::test(node),
            Form::Same if key.name == "generic_resources" => node.clone(),
            Form::Same => self.same(key, node),
            Form::Whole => self.not_negative(key, whole(node)),
            Form::Words => self.words(key, node),
            Form::Strings => words::strings(node),
            Form::Pairs => pairs(node, &Value::Str(String::new())),
            Form::Environment => pairs(node, &Value::Null),
            Form::Hosts => words::hosts(node),
            Form::Ports => self.ports(node),
            Form::Mounts => self.mounts(node),
            Form::References => self.references(key, node),
            Form::Networks => self.networks(node),
            Form::Fields(fields) => {
                let map = node.map()?;
                node.with(Value::Map(self.fields(map, fields)))
            }
        };
        Some(formed)
    }

    /// Checks values whose text is parsed later: sizes, numbers of CPUs.
    fn same(&mut self, key: &Key, node: &Node) -> Node {
        use crate::compose::units;
        if node.value == Value::Null {
            return node.clone();
        }
        let text = node.printed().unwrap_or_default();
        let bad = match key.name.as_str() {
            "memory" => units::bytes(&text).is_none().then_some("a size, such as `512M`"),
            "cpus" if text.is_empty() => None,
            "cpus" => units::nano_cpus(&text).is_none().then_some("a number of CPUs, such as `0.5`"),
            "pids" | "oom_score_adj" | "max_replicas_per_node" => {
                return self.not_negative_unless(key, whole(node));
            }
            _ => None,
        };
        if let Some(expected) = bad {
            self.wrong(&node.place, format!("`{}` must be {expected}, not `{text}`", key.name), "");
        }
        node.clone()
    }

    fn not_negative_unless(&mut self, key: &Key, node: Node) -> Node {
        if key.name == "max_replicas_per_node" { self.not_negative(key, node) } else { node }
    }

    pub(super) fn not_negative(&mut self, key: &Key, node: Node) -> Node {
        if let Value::Int(i) = node.value
            && i < 0
        {
            self.wrong(&node.place, format!("`{}` must be zero or more, not {i}", key.name), "");
        }
        node
    }

    fn words(&mut self, key: &Key, node: &Node) -> Node {
        let Some(text) = node.text() else { return node.clone() };
        match words::split(text) {
            Ok(list) => {
                let items = list.into_iter().map(|w| node.with(Value::Str(w))).collect();
                node.with(Value::List(items))
            }
            Err(why) => {
                self.wrong(
                    &node.place,
                    format!("`{}` cannot be split into words: {why}", key.name),
                    "write a list",
                );
                node.clone()
            }
        }
    }

    fn mounts(&mut self, node: &Node) -> Node {
        let Value::List(items) = &node.value else { return node.clone() };
        let mut out = vec![];
        for item in items {
            match mounts::long(item) {
                Ok(mount) => out.push(self.mount(mount)),
                Err(why) => self.wrong(&item.place, why, "write `volume:/path` or `./path:/path:ro`"),
            }
        }
        node.with(Value::List(out))
    }

    /// A bind mount must have a source. `~` in it is the home directory of the user who deploys.
    fn mount(&mut self, mut node: Node) -> Node {
        let place = node.place.clone();
        let Some(map) = node.map_mut() else { return node };
        if map.text("type") != Some("bind") {
            return node;
        }
        match map.text("source").unwrap_or_default().to_string() {
            source if source.is_empty() => {
                self.wrong(&place, "a bind mount has no `source`", "write the path on the host");
            }
            source if source.starts_with('~') => {
                if let Some(home) = self.env.get("HOME") {
                    map.put("source", Value::Str(source.replacen('~', home, 1)), &place);
                }
            }
            _ => {}
        }
        node
    }

    /// Variables of the env files, overridden by the service's own. Missing and empty values are taken from
    /// the env, as docker does.
    fn environment(&mut self, from: &Map, own: Option<Node>) -> Map {
        let mut out = Map::default();
        if let Some(files) = from.get("env_file") {
            let Value::List(files) = words::strings(files).value else { return out };
            let mut all = Map::default();
            for file in &files {
                self.env_file(file, &mut all);
            }
            self.fill(&mut out, &all);
        }
        if let Some(own) = own.as_ref().and_then(Node::map) {
            self.fill(&mut out, own);
        }
        out
    }

    fn fill(&self, out: &mut Map, from: &Map) {
        for (key, node) in &from.0 {
            let empty = node.value == Value::Null || node.text() == Some("");
            let filled = match self.env.get(&key.name) {
                Some(value) if empty => node.with(Value::Str(value.clone())),
                _ => node.clone(),
            };
            out.set(key.clone(), filled);
        }
    }

    /// Reads an env file in docker's own format: the value of `KEY=value` is not changed, and `KEY` is taken
    /// from the env or left out.
    fn env_file(&mut self, file: &Node, out: &mut Map) {
        let name = file.text().unwrap_or_default();
        let Some(content) = (self.read)(name) else {
            self.wrong(
                &file.place,
                format!("the env file `{name}` cannot be read"),
                "paths are relative to the first compose file",
            );
            return;
        };
        for (i, line) in content.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').map_or((line, None), |(k, v)| (k, Some(v)));
            if key.is_empty() || key.contains([' ', '\t']) {
                let message = format!("line {} of the env file `{name}` has no variable name", i + 1);
                self.wrong(&file.place, message, "write one `NAME=value` in each line");
                continue;
            }
            if let Some(value) = value.or_else(|| self.env.get(key).map(String::as_str)) {
                out.put(key, Value::Str(value.to_string()), &file.place);
            }
        }
    }
}
