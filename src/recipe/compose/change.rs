//! What differs between an object of a stack and the same object of an earlier revision. Pure.

use super::Composed;
use super::tree::{Node, Value};
use ccci_model::diag::Place;

/// What docker makes of a field that is not written.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("networks", "driver", "overlay"),
    ("networks", "internal", "false"),
    ("networks", "attachable", "false"),
    ("volumes", "driver", "local"),
];

impl Composed {
    /// Place of a field of a network or volume if its value differs from that in an earlier revision, which must have
    /// the object too: the value, or the object's key if the field is gone.
    pub fn changed(&self, before: &Composed, section: &str, object: &str, field: &str) -> Option<Place> {
        let read = |composed: &Composed| {
            let fields = composed.root.map(section)?.map(object);
            fields.and_then(|m| m.get(field)).filter(|n| !is_default(section, field, n)).cloned()
        };
        let (old, new) = (read(before), read(self));
        let same = match (&old, &new) {
            (None, None) => true,
            (Some(old), Some(new)) => old.same(new),
            _ => false,
        };
        if same {
            return None;
        }
        let key = self.root.map(section)?.key(object)?.place.clone();
        self.place_of_object(section, object, field).or(Some(key))
    }
}

fn is_default(section: &str, field: &str, node: &Node) -> bool {
    let empty = matches!(&node.value, Value::Map(m) if m.0.is_empty());
    let usual = DEFAULTS.iter().find(|(s, f, _)| *s == section && *f == field).map(|(.., value)| *value);
    empty || node.printed().is_some_and(|t| t.is_empty() || Some(t.as_str()) == usual)
}

#[cfg(test)]
mod tests {
    use crate::compose::test_compose;

    #[test]
    fn a_field_differs_if_docker_would_make_something_else_of_it() {
        let with = |network: &str| {
            test_compose(&format!("services:\n  app: {{image: x}}\nnetworks:\n  back: {network}\n"))
        };
        let changed = |before: &str, now: &str, field: &str| {
            let place = with(now).changed(&with(before), "networks", "back", field)?;
            Some(place.text.content[place.range.clone()].to_string())
        };
        assert_eq!(changed("{}", "{internal: true}", "internal").as_deref(), Some("true"));
        assert_eq!(changed("{internal: true}", "{}", "internal").as_deref(), Some("back"));
        assert_eq!(changed("{}", "{internal: false, driver: overlay, driver_opts: {}}", "internal"), None);
        assert_eq!(changed("{}", "{driver: overlay}", "driver"), None);
        assert_eq!(
            changed("{driver_opts: {a: 1, b: 2}}", "{driver_opts: {b: 2, a: 1}}", "driver_opts"),
            None
        );
        assert!(changed("{driver_opts: {a: 1}}", "{driver_opts: {a: 2}}", "driver_opts").is_some());
    }
}
