//! Parses mounts in short form, `source:target:options`, as docker's `volumespec` does.

use crate::compose::tree::{Map, Node, Value};

const PROPAGATIONS: [&str; 6] = ["rprivate", "private", "rshared", "shared", "rslave", "slave"];

/// The long form of a mount; the error is the reason why there is none.
pub(super) fn long(item: &Node) -> Result<Node, String> {
    let Some(text) = item.text() else { return Ok(item.clone()) };
    let place = &item.place;
    let mut map = Map::default();
    let parts = split(text);
    if text.is_empty() {
        return Err("a mount is empty".into());
    }
    if parts.iter().any(String::is_empty) {
        return Err(format!("the mount `{text}` has an empty part between two colons"));
    }
    let (source, target, options) = match parts.as_slice() {
        [target] => ("", target.as_str(), ""),
        [source, target] => (source.as_str(), target.as_str(), ""),
        [source, target, options] => (source.as_str(), target.as_str(), options.as_str()),
        _ => return Err(format!("the mount `{text}` has too many colons")),
    };
    let kind = if is_path(source) { "bind" } else { "volume" };
    map.put("type", Value::Str(kind.into()), place);
    if !source.is_empty() {
        map.put("source", Value::Str(source.into()), place);
    }
    map.put("target", Value::Str(target.into()), place);
    for option in options.split(',') {
        match option {
            "ro" => map.put("read_only", Value::Bool(true), place),
            "rw" => map.put("read_only", Value::Bool(false), place),
            "nocopy" => map.section("volume", place).put("nocopy", Value::Bool(true), place),
            o if PROPAGATIONS.contains(&o) => {
                map.section("bind", place).put("propagation", Value::Str(o.into()), place);
            }
            // docker ignores options that it does not know
            _ => {}
        }
    }
    Ok(item.with(Value::Map(map)))
}

/// Splits a text at colons, except at the colon of a Windows drive.
fn split(text: &str) -> Vec<String> {
    if text.len() <= 2 {
        return vec![text.to_string()];
    }
    let mut parts = vec![String::new()];
    for c in text.chars() {
        let last = parts.last_mut().expect("it starts with one part");
        let mut chars = last.chars();
        let drive = matches!((chars.next(), chars.next()), (Some(d), None) if d.is_alphabetic());
        if c == ':' && !drive {
            parts.push(String::new());
        } else {
            last.push(c);
        }
    }
    parts
}

fn is_path(source: &str) -> bool {
    let mut chars = source.chars();
    match (chars.next(), chars.next()) {
        (Some('.' | '/' | '~'), _) | (Some('\\'), Some('\\')) => true,
        (Some(d), Some(':')) => d.is_alphabetic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::{Place, Text};
    use std::sync::Arc;

    fn check(text: &str, expected: Option<(&str, &str, &str, bool)>) {
        let t = Arc::new(Text { path: "c.yml".into(), content: text.into() });
        let got = long(&Node { value: Value::Str(text.into()), place: Place::start_of(&t) });
        let got = got.as_ref().ok().and_then(Node::map).map(|m| {
            let part = |k| m.text(k).unwrap_or_default();
            (part("type"), part("source"), part("target"), m.bool("read_only").unwrap_or(false))
        });
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn short_mounts_are_read_as_docker_reads_them() {
        check("data:/data", Some(("volume", "data", "/data", false)));
        check("./data:/data:ro", Some(("bind", "./data", "/data", true)));
        check("~/x:/x", Some(("bind", "~/x", "/x", false)));
        check("/cache", Some(("volume", "", "/cache", false)));
        check("d:\\x:c:\\y", Some(("bind", "d:\\x", "c:\\y", false)));
        check("data:/data:ro,nocopy,z", Some(("volume", "data", "/data", true)));
        check("aa:/b:ro:x", None);
        check("aa::ro", None);
        check("", None);
    }
}
