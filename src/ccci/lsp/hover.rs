//! The page of the reference on the word under the cursor, the same that `ccci explain` shows.

use super::Server;
use super::features::At;
use super::navigate::{self, Target};
use super::project::{FileKind, kind};
use crate::commands::explain::rows_named;
use ccci_recipe::keys::KEYS;
use ccci_script::outline;
use gen_lsp_types::{Hover, MarkupContent, MarkupKind};
use std::ops::Range;

/// What is known about the word, as Markdown.
pub(super) fn page(server: &Server, at: &At) -> Option<Hover> {
    let (range, name) = match kind(&at.path) {
        FileKind::Settings => setting(at)?,
        FileKind::Script => return script(server, at),
        FileKind::Compose | FileKind::Env | FileKind::Other => return None,
    };
    shown(server, at, range, reference(&name)?)
}

fn script(server: &Server, at: &At) -> Option<Hover> {
    let outline = outline::of(&at.text);
    let word = outline.word_at(at.byte)?;
    let name = &at.text[word.range.clone()];
    let range = word.range.clone();
    let text = match () {
        () if word.module.starts_with("std") => reference(&format!("{}::{name}", word.module)),
        () if !word.module.is_empty() => own_function(server, at),
        () if word.member => reference(&format!("ctx.{name}")).or_else(|| reference(name)),
        () => own_function(server, at).or_else(|| reference(name)),
    };
    shown(server, at, range, text?)
}

/// The head of a function of the recipe, with its doc comment. A hook has the page of the hook as well.
fn own_function(server: &Server, at: &At) -> Option<String> {
    let Target { path, text, name } = navigate::target(server, at)?;
    let outline = outline::of(&text);
    let function = outline.functions.iter().find(|f| f.name == name)?;
    let head = text[function.whole.clone()].split('{').next()?.trim();
    let doc = doc_above(&text, function.whole.start);
    let hook = reference(&text[name]).map(|page| format!("\n\n---\n\n{page}")).unwrap_or_default();
    let file = path.file_name()?.to_string_lossy().into_owned();
    Some(format!("```rhai\n{head}\n```\n\n{doc}\n\n`{file}`{hook}"))
}

/// The comment lines right above a place.
fn doc_above(text: &str, at: usize) -> String {
    let lines: Vec<&str> =
        text[..at].lines().rev().take_while(|l| l.trim_start().starts_with("//")).collect();
    let plain = |l: &&str| l.trim_start().trim_start_matches('/').trim().to_string();
    lines.iter().rev().map(plain).collect::<Vec<_>>().join("\n")
}

/// The full name of the setting under the cursor.
fn setting(at: &At) -> Option<(Range<usize>, String)> {
    let part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let start = at.text[..at.byte].trim_end_matches(part).len();
    let end = at.text[at.byte..].find(|c| !part(c)).map_or(at.text.len(), |n| at.byte + n);
    let word = &at.text[start..end];
    let section = super::complete::section(&at.text, start);
    let full = if section.is_empty() { word.to_string() } else { format!("{section}.{word}") };
    let known = KEYS.iter().any(|k| k.name == full);
    Some((start..end, if known { full } else { word.to_string() }))
}

/// All rows of the reference with this name, as Markdown.
fn reference(name: &str) -> Option<String> {
    let rows = rows_named(name);
    let one = |row: &crate::docs::Row| {
        let facts: Vec<String> = row.facts.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        let example = row
            .example
            .as_ref()
            .map(|(language, text)| format!("\n\n```{language}\n{}\n```", text.trim_end()));
        format!("**`{}`**\n\n{}\n\n{}{}", row.name, facts.join(" · "), row.doc, example.unwrap_or_default())
    };
    let all: Vec<String> = rows.into_iter().map(one).collect();
    (!all.is_empty()).then(|| all.join("\n\n---\n\n"))
}

fn shown(server: &Server, at: &At, range: Range<usize>, text: String) -> Option<Hover> {
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: text };
    Some(Hover { contents: contents.into(), range: Some(server.encoding.range(&at.text, range)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_may_stand_behind_any_character() {
        for before in ["", "\u{feff}", "é", "= "] {
            let text = format!("{before}health.path = 1\n");
            let at = At { path: "recipe.toml".into(), byte: before.len() + 3, text };
            let found = setting(&at).map(|(range, name)| (range.start, name));
            assert_eq!(found, Some((before.len(), "health.path".to_string())));
        }
    }
}
