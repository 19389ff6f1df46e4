//! Long forms of networks, volumes, secrets and configs: labels as maps, `external` as a boolean next to
//! `name`.

use super::{Forming, SECTIONS, pairs};
use crate::compose::tree::{Map, Value};
use ccci_model::diag::Place;

impl Forming<'_> {
    pub(super) fn object(&mut self, section: &str, name: &str, from: &Map, place: &Place) -> Map {
        debug_assert!(SECTIONS.contains(&section));
        let mut out = Map::default();
        for (key, node) in &from.0 {
            let formed = match key.name.as_str() {
                "labels" | "driver_opts" => pairs(node, &Value::Str(String::new())),
                "x-cluster-spec" => node.clone(),
                k if k.starts_with("x-") => continue,
                _ => node.clone(),
            };
            out.set(key.clone(), formed);
        }
        self.external(section, name, &mut out, place);
        if ["secrets", "configs"].contains(&section) {
            self.file_object(section, name, &out, place);
        }
        out
    }

    /// `external: {name: x}` is the old form of `external: true` with `name: x`.
    fn external(&mut self, section: &str, name: &str, out: &mut Map, place: &Place) {
        let what = &section[..section.len() - 1];
        let old_name = match out.get("external").map(|n| &n.value) {
            Some(Value::Map(m)) => m.text("name").unwrap_or_default().to_string(),
            Some(Value::Bool(true)) => String::new(),
            _ => return,
        };
        if section == "volumes" {
            for key in ["driver", "driver_opts", "labels"] {
                let set = match out.get(key).map(|n| &n.value) {
                    Some(Value::Map(m)) => !m.0.is_empty(),
                    Some(Value::Str(s)) => !s.is_empty(),
                    _ => false,
                };
                if set {
                    self.wrong(place, format!("the volume `{name}` is external and cannot have `{key}`"), "");
                }
            }
        }
        let own_name = out.text("name").unwrap_or_default().to_string();
        if !old_name.is_empty() && !own_name.is_empty() {
            self.wrong(
                place,
                format!("the {what} `{name}` has two names"),
                "keep `name`, and write `external: true`",
            );
        }
        let real =
            [old_name, own_name].into_iter().find(|n| !n.is_empty()).unwrap_or_else(|| name.to_string());
        let at = out.get("external").map_or(place, |n| &n.place).clone();
        out.put("external", Value::Bool(true), &at);
        out.put("name", Value::Str(real), &at);
    }

    fn file_object(&mut self, section: &str, name: &str, out: &Map, place: &Place) {
        let what = &section[..section.len() - 1];
        let (file, driver) = (out.text("file").unwrap_or_default(), out.text("driver").unwrap_or_default());
        if out.bool("external") == Some(true) {
            return;
        }
        if !driver.is_empty() && !file.is_empty() {
            self.wrong(
                place,
                format!("the {what} `{name}` has both a `driver` and a `file`"),
                "keep one of them",
            );
        }
        if driver.is_empty() && file.is_empty() {
            self.wrong(
                place,
                format!("the {what} `{name}` has no `file`"),
                "add `file`, or write `external: true`",
            );
        }
    }
}
