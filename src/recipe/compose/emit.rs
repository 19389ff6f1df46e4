//! Writes a tree as YAML that every reader parses to the same values: in block style, with texts quoted
//! unless they are unambiguous, and with `$` doubled, so that docker's loader replaces no variables. Pure.

use super::scalar;
use super::tree::{Map, Node, Value};
use std::fmt::Write;

/// A map as a whole document.
pub(super) fn document(map: &Map) -> String {
    let mut out = String::new();
    entries(&mut out, map, 0);
    out
}

fn entries(out: &mut String, map: &Map, depth: usize) {
    for (key, node) in &map.0 {
        indent(out, depth);
        // keys are not interpolated, so their dollar signs are not doubled
        text(out, &key.name);
        out.push(':');
        after(out, node, depth);
    }
}

/// Writes what follows a colon or a dash, with the end of the line.
fn after(out: &mut String, node: &Node, depth: usize) {
    match &node.value {
        Value::Map(m) if m.0.is_empty() => out.push_str(" {}\n"),
        Value::List(l) if l.is_empty() => out.push_str(" []\n"),
        Value::Map(m) => {
            out.push('\n');
            entries(out, m, depth + 1);
        }
        Value::List(l) => {
            out.push('\n');
            for item in l {
                list_item(out, item, depth + 1);
            }
        }
        value => {
            out.push(' ');
            scalar(out, value);
            out.push('\n');
        }
    }
}

/// The first key of a map in a list is on the line of the dash.
fn list_item(out: &mut String, item: &Node, depth: usize) {
    indent(out, depth);
    out.push('-');
    match &item.value {
        Value::Map(m) if !m.0.is_empty() => {
            let mut inner = String::new();
            entries(&mut inner, m, depth + 1);
            out.push(' ');
            out.push_str(inner.trim_start_matches(' '));
        }
        _ => after(out, item, depth),
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn scalar(out: &mut String, value: &Value) {
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(i) => write!(out, "{i}"),
        Value::Float(f) => write!(out, "{f:?}"),
        Value::Time(t) | Value::Str(t) => {
            text(out, &t.replace('$', "$$"));
            Ok(())
        }
        Value::List(_) | Value::Map(_) => Ok(()),
    };
}

fn text(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        let _ = match c {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\n' => write!(out, "\\n"),
            '\t' => write!(out, "\\t"),
            '\r' => write!(out, "\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                write!(out, "\\U{:08x}", u32::from(c))
            }
            c => {
                out.push(c);
                Ok(())
            }
        };
    }
    out.push('"');
}

/// Whether a text needs no quotes: it has only harmless characters, and neither our parser nor an older one
/// reads it as another type.
fn is_plain(text: &str) -> bool {
    const OLD_BOOLEANS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text.chars().all(harmless)
        && !OLD_BOOLEANS.contains(&text.to_ascii_lowercase().as_str())
        && matches!(scalar::plain(text), Value::Str(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::yaml;
    use ccci_model::diag::{Diagnostics, Place, Text};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn back(content: String) -> Map {
        let mut d = Diagnostics::default();
        let text = Arc::new(Text { path: "x".into(), content });
        match yaml::parse(&text, &mut d).map(|n| n.value) {
            Some(Value::Map(m)) => m,
            other => panic!("{other:?} {:?} of {}", d.0, text.content),
        }
    }

    #[test]
    fn documents_read_back_as_the_same_values() {
        let source = "a:\n  - b: 1\n    c: [x, {d: e}]\n  - []\n  - {}\n  - - 1\n    - two\nf: {}\ng: \"on\"\nh: \"1\"\ni: ~\nj: 0.5\n";
        let written = document(&back(source.into()));
        assert_eq!(document(&back(written.clone())), written);
        assert!(written.contains("g: \"on\"\nh: \"1\"\ni: null\nj: 0.5\n"), "{written}");
    }

    #[test]
    fn dollars_are_doubled_in_values_only() {
        assert_eq!(document(&back("$a: b$c\n".into())), "\"$a\": \"b$$c\"\n");
    }

    proptest! {
        #[test]
        fn every_text_reads_back_as_itself(text in "\\PC*|[ a-z0-9:#'\"{}&*!|>%@`,\\[\\]\\n\\t\\\\-]{0,30}") {
            let at = Place::start_of(&Arc::new(Text { path: "x".into(), content: String::new() }));
            let mut map = Map::default();
            map.put("k", Value::Str(text.clone()), &at);
            let read = back(document(&map));
            let expected = text.replace('$', "$$");
            prop_assert_eq!(read.text("k"), Some(expected.as_str()));
        }
    }
}
