//! What a file consists of: functions of scripts, settings, services. Pure.

use super::position::Encoding;
use super::project::{FileKind, kind};
use ccci_script::outline;
use gen_lsp_types::{DocumentSymbol, SymbolKind};
use std::ops::Range;
use std::path::Path;

/// The symbols of a file, in order.
#[expect(deprecated, reason = "the protocol keeps a deprecated field in the type")]
pub(super) fn of(path: &Path, text: &str, encoding: Encoding) -> Vec<DocumentSymbol> {
    let symbol = |(kind, name, whole): (SymbolKind, Range<usize>, Range<usize>)| DocumentSymbol {
        name: text[name.clone()].to_string(),
        detail: None,
        kind,
        tags: None,
        deprecated: None,
        range: encoding.range(text, whole),
        selection_range: encoding.range(text, name),
        children: None,
    };
    places(path, text).into_iter().map(symbol).collect()
}

fn places(path: &Path, text: &str) -> Vec<(SymbolKind, Range<usize>, Range<usize>)> {
    match kind(path) {
        FileKind::Script => {
            outline::of(text).functions.into_iter().map(|f| (SymbolKind::Function, f.name, f.whole)).collect()
        }
        FileKind::Settings => {
            keys(text, "", '=').into_iter().map(|r| (SymbolKind::Property, r.clone(), r)).collect()
        }
        FileKind::Env => {
            keys(text, "", '=').into_iter().map(|r| (SymbolKind::Variable, r.clone(), r)).collect()
        }
        FileKind::Compose => services(text).into_iter().map(|r| (SymbolKind::Class, r.clone(), r)).collect(),
        FileKind::Other => vec![],
    }
}

/// Names at the beginning of lines, after `before` and up to `sign`.
fn keys(text: &str, before: &str, sign: char) -> Vec<Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || "._-\"".contains(c);
    let mut at = 0;
    let mut out = vec![];
    for line in text.split_inclusive('\n') {
        let begin = at + before.len();
        at += line.len();
        let Some(rest) = line.strip_prefix(before) else { continue };
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        if end > 0 && rest[end..].trim_start().starts_with(sign) {
            out.push(begin..begin + end);
        }
    }
    out
}

/// The names below `services:`.
fn services(text: &str) -> Vec<Range<usize>> {
    let Some(at) =
        text.find("\nservices:").map(|n| n + 1).or_else(|| text.starts_with("services:").then_some(0))
    else {
        return vec![];
    };
    let body = at + text[at..].find('\n').map_or(text.len() - at, |n| n + 1);
    let end = text[body..]
        .split_inclusive('\n')
        .take_while(|l| l.starts_with([' ', '#', '\n', '\r']))
        .map(str::len)
        .sum::<usize>();
    let block = &text[body..body + end];
    let first =
        block.lines().find(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#')).unwrap_or_default();
    let indent = &first[..first.len() - first.trim_start().len()];
    keys(block, indent, ':').into_iter().map(|r| body + r.start..body + r.end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> Vec<String> {
        of(Path::new(path), text, Encoding::Utf16).into_iter().map(|s| s.name).collect()
    }

    #[test]
    fn each_kind_of_file_has_its_symbols() {
        assert_eq!(names("a/hooks.rhai", "fn a(ctx) {}\nprivate fn b() {}\n"), ["a", "b"]);
        assert_eq!(
            names("a/recipe.toml", "health.path = \"/\"\n[check.accept]\nx = \"y\"\n"),
            ["health.path", "x"]
        );
        assert_eq!(names("a/.env.sample", "# C=1\nTYPE=a\nDOMAIN=b\n"), ["TYPE", "DOMAIN"]);
        let compose =
            "version: \"3.8\"\nservices:\n  app:\n    image: x\n\n  db:\n    image: y\nvolumes:\n  data:\n";
        assert_eq!(names("compose.yml", compose), ["app", "db"]);
    }
}
