//! What can be written at the cursor: settings, hooks, functions, and the names of this recipe. It reads the text before
//! the cursor, which need not compile.

use super::Server;
use super::features::At;
use super::navigate::file_of_import;
use super::project::{FileKind, kind};
use ccci_model::diag::CODES;
use ccci_recipe::keys::{KEYS, Key};
use ccci_recipe::lint::RULES;
use ccci_runner::ctx;
use ccci_runner::gather::Gathered;
use ccci_script::outline::{self, Outline};
use ccci_script::{CallSig, HOOKS, Owner, stdlib};
use gen_lsp_types::{CompletionItem, CompletionItemKind, InsertTextFormat, MarkupContent, MarkupKind};
use std::collections::BTreeSet;
use std::ops::Range;

/// Names of this recipe that scripts and settings may write.
#[derive(Default)]
struct Names {
    services: BTreeSet<String>,
    secrets: BTreeSet<String>,
    variables: BTreeSet<String>,
    versions: Vec<String>,
}

impl Names {
    fn of(gathered: &Gathered) -> Names {
        let composed = gathered.head.composed.as_ref();
        let sample = &gathered.head.env.sample;
        let secrets = composed.iter().flat_map(|c| c.secrets()).map(|o| o.key);
        Names {
            services: composed.iter().flat_map(|c| c.services()).map(|s| s.name.to_string()).collect(),
            secrets: secrets.collect(),
            variables: sample.entries.iter().chain(&sample.commented).map(|e| e.key.clone()).collect(),
            versions: gathered.source.names.tags.iter().map(|t| t.name.clone()).collect(),
        }
    }
}

/// Everything that fits at the cursor.
pub(super) fn items(server: &Server, at: &At) -> Vec<CompletionItem> {
    let known = server.analysis.known_of(&at.path).gathered;
    let names = known.map(|g| Names::of(&g)).unwrap_or_default();
    let before = &at.text[..at.byte];
    let line = before.rsplit('\n').next().unwrap_or_default();
    match kind(&at.path) {
        FileKind::Settings => settings(&at.text, at.byte, line, &names),
        FileKind::Script => script(server, at, line, &names),
        FileKind::Compose => match line.rsplit_once("${") {
            Some((_, part)) if !part.contains('}') => plain(&names.variables, CompletionItemKind::Variable),
            _ => vec![],
        },
        FileKind::Env | FileKind::Other => vec![],
    }
}

fn is_hooks(at: &At) -> bool {
    at.path.file_name().is_some_and(|n| n == "hooks.rhai")
}

/// The section of `recipe.toml` that a byte is in, without brackets.
pub(super) fn section(text: &str, at: usize) -> String {
    let header = |l: &&str| l.starts_with('[') && l.trim_end().ends_with(']');
    let above = text[..at].lines().rev().map(str::trim).find(header);
    above.map(|l| l.trim_matches(['[', ']']).trim().to_string()).unwrap_or_default()
}

fn settings(text: &str, at: usize, line: &str, names: &Names) -> Vec<CompletionItem> {
    let section = section(text, at - line.len());
    let full = |key: &str| if section.is_empty() { key.to_string() } else { format!("{section}.{key}") };
    if let Some((key, _)) = line.split_once('=') {
        return values(&full(key.trim()), names);
    }
    if ["check.accept", "may_end", "env", "upgrade.env"].contains(&section.as_str()) {
        return entries(&section, names);
    }
    let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
    let here =
        KEYS.iter().filter(|k| k.has_effect()).filter_map(|k| Some((k, k.name.strip_prefix(&prefix)?)));
    here.map(|(key, label)| CompletionItem {
        insert_text: Some(format!("{label} = {}", key.default())),
        ..item(label, CompletionItemKind::Property, format!("default: {}", key.default()), key.doc)
    })
    .collect()
}

/// Names of entries of settings that are tables.
fn entries(section: &str, names: &Names) -> Vec<CompletionItem> {
    match section {
        "check.accept" => codes(),
        "may_end" => plain(&names.services, CompletionItemKind::Value),
        _ => plain(&names.variables, CompletionItemKind::Variable),
    }
}

fn codes() -> Vec<CompletionItem> {
    let rules = RULES.iter().map(|r| &r.code);
    let all = rules.chain(CODES.iter().copied());
    all.map(|c| item(c.id, CompletionItemKind::EnumMember, c.severity.name().to_string(), c.doc)).collect()
}

fn values(name: &str, names: &Names) -> Vec<CompletionItem> {
    let Some(key) = KEYS.iter().find(|k| k.name == name) else { return vec![] };
    if name == "check.deny" {
        return codes()
            .into_iter()
            .map(|c| CompletionItem { insert_text: Some(format!("\"{}\"", c.label)), ..c })
            .collect();
    }
    let mut all: Vec<String> = vec![key.default(), key.example.to_string()];
    all.extend(choices(key));
    if name == "upgrade.base" {
        all.extend(names.versions.iter().map(|v| format!("\"{v}\"")));
    }
    all.sort();
    all.dedup();
    all.retain(|v| !v.is_empty());
    all.iter().map(|v| item(v, CompletionItemKind::Value, String::new(), key.doc)).collect()
}

/// The values of a setting that has only some, from its schema.
fn choices(key: &Key) -> Vec<String> {
    let schema = key.kind.schema();
    let listed = schema["enum"].as_array().cloned().unwrap_or_default();
    let of_flag =
        if schema["type"] == "boolean" { vec!["true".to_string(), "false".to_string()] } else { vec![] };
    listed.iter().map(ToString::to_string).chain(of_flag).collect()
}

fn script(server: &Server, of: &At, line: &str, names: &Names) -> Vec<CompletionItem> {
    let (text, at, hooks) = (of.text.as_str(), of.byte, is_hooks(of));
    if let Some(call) = open_text(line) {
        return in_text(&call, names);
    }
    let outline = outline::of(text);
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let head = line.trim_end_matches(part);
    if let Some(path) = head.strip_suffix("::") {
        let module = path.rsplit(|c: char| !part(c) && c != ':').next().unwrap_or_default();
        return match outline.imports.iter().find(|i| i.alias == module) {
            Some(import) => of_import(server, of, &import.path),
            None => in_module(module),
        };
    }
    if let Some(of) = head.strip_suffix('.') {
        let of_ctx = of.trim_end_matches(part).len() < of.len() && of.ends_with("ctx");
        return functions(|s| (s.owner == Owner::Ctx) == of_ctx && s.owner != Owner::Free);
    }
    if outline.function_at(at).is_none() {
        return if hooks { hook_snippets(text, &outline, head) } else { tests(head) };
    }
    let mut all = functions(|s| s.owner == Owner::Free);
    all.extend(of_file(text, &outline, at));
    all.push(item("std", CompletionItemKind::Module, String::new(), "The std library."));
    all
}

/// The call and the number of the argument whose literal text the cursor is in.
fn open_text(line: &str) -> Option<(String, usize)> {
    let quotes: Vec<usize> = line.match_indices('"').map(|(n, _)| n).collect();
    let before = &line[..*quotes.last().filter(|_| quotes.len() % 2 == 1)?];
    let (mut depth, mut commas) = (0usize, 0usize);
    for (n, c) in before.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' if depth == 0 => {
                let part = |c: char| c.is_ascii_alphanumeric() || "_:.".contains(c);
                let name = before[..n].rsplit(|c| !part(c)).next().unwrap_or_default();
                return Some((name.to_string(), commas));
            }
            '(' | '[' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    None
}

/// Names that fit as this argument of this call, by the name of the parameter.
fn in_text((name, n): &(String, usize), names: &Names) -> Vec<CompletionItem> {
    let short = name.rsplit(['.', ':']).next().unwrap_or_default();
    let of_ctx = ctx::sigs()
        .into_iter()
        .filter(|s| s.name == short)
        .filter_map(|s| Some(s.params.get(*n)?.name.to_string()));
    let of_std =
        stdlib::rows().filter(|r| r.full_name() == *name).filter_map(|r| Some(r.params.get(*n)?.0.clone()));
    let params: BTreeSet<String> = of_ctx.chain(of_std).collect();
    let has = |p: &str| params.contains(p);
    match () {
        () if has("service") => plain(&names.services, CompletionItemKind::Value),
        () if short.contains("secret") => plain(&names.secrets, CompletionItemKind::Value),
        () if short == "env" || has("variable") => plain(&names.variables, CompletionItemKind::Variable),
        () => vec![],
    }
}

/// The public functions of an imported file.
fn of_import(server: &Server, at: &At, written: &str) -> Vec<CompletionItem> {
    let text = file_of_import(&at.path, written).and_then(|path| server.text(&path)).unwrap_or_default();
    let functions = outline::of(&text).functions.into_iter().filter(|f| !f.private);
    let head = |whole: Range<usize>| text[whole].split('{').next().unwrap_or_default().trim().to_string();
    functions.map(|f| item(&text[f.name], CompletionItemKind::Function, head(f.whole), "")).collect()
}

fn in_module(module: &str) -> Vec<CompletionItem> {
    if module == "std" {
        let modules: BTreeSet<String> =
            stdlib::rows().filter_map(|r| Some(r.module.strip_prefix("std::")?.to_string())).collect();
        return plain(&modules, CompletionItemKind::Module);
    }
    let rows = stdlib::rows().filter(|r| r.module == module);
    rows.map(|r| item(&r.name, CompletionItemKind::Function, r.shown(), &r.doc)).collect()
}

fn functions(which: impl Fn(&CallSig) -> bool) -> Vec<CompletionItem> {
    let rows = ctx::sigs().into_iter().filter(|s| which(s));
    let mut seen = BTreeSet::new();
    let first = rows.filter(|s| seen.insert(s.name)).collect::<Vec<_>>();
    let kind = |s: &CallSig| match s.is_property {
        true => CompletionItemKind::Property,
        false => CompletionItemKind::Function,
    };
    first.iter().map(|s| item(s.name, kind(s), s.shown(), s.doc)).collect()
}

/// Functions of the file, its imports, and the variables of the function around the cursor.
fn of_file(text: &str, outline: &Outline, at: usize) -> Vec<CompletionItem> {
    let functions = outline.functions.iter().map(|f| text[f.name.clone()].to_string());
    let mut all = plain(&functions.collect(), CompletionItemKind::Function);
    let imports = outline.imports.iter().map(|i| i.alias.clone());
    all.extend(plain(&imports.collect(), CompletionItemKind::Module));
    if let Some(function) = outline.function_at(at) {
        let params = function.params.iter().cloned();
        let bound =
            outline.words.windows(2).filter(|w| ["let", "const", "for"].contains(&&text[w[0].range.clone()]));
        let inside =
            bound.map(|w| w[1].range.clone()).filter(|r| function.whole.contains(&r.start) && r.start < at);
        let names = params.chain(inside).map(|r| text[r].to_string());
        all.extend(plain(&names.collect(), CompletionItemKind::Variable));
    }
    all
}

/// The hooks that the file does not have yet, as functions to fill in.
fn hook_snippets(text: &str, outline: &Outline, head: &str) -> Vec<CompletionItem> {
    let has = |name: &str| outline.named(text, name).next().is_some();
    let begun = head.trim_end().ends_with("fn");
    let rows = HOOKS.iter().filter(|h| !has(h.name()));
    rows.map(|h| {
        let body = format!("{} {{\n    $0\n}}", ccci_script::hooks::shape(*h));
        CompletionItem {
            insert_text: Some(if begun { body } else { format!("fn {body}") }),
            insert_text_format: Some(InsertTextFormat::Snippet),
            ..item(h.name(), CompletionItemKind::Event, h.noun().to_string(), h.doc())
        }
    })
    .collect()
}

fn tests(head: &str) -> Vec<CompletionItem> {
    let body = "test_${1:name}(ctx) {\n    $0\n}";
    let text = if head.trim_end().ends_with("fn") { body.to_string() } else { format!("fn {body}") };
    vec![CompletionItem {
        insert_text: Some(text),
        insert_text_format: Some(InsertTextFormat::Snippet),
        ..item("test_", CompletionItemKind::Event, "a test".into(), "A test fails if it raises an error.")
    }]
}

fn item(label: &str, kind: CompletionItemKind, detail: String, doc: &str) -> CompletionItem {
    let doc = MarkupContent { kind: MarkupKind::Markdown, value: doc.to_string() };
    CompletionItem {
        label: label.to_string(),
        kind: Some(kind),
        detail: Some(detail).filter(|d| !d.is_empty()),
        documentation: Some(doc.into()),
        ..CompletionItem::default()
    }
}

fn plain(names: &BTreeSet<String>, kind: CompletionItemKind) -> Vec<CompletionItem> {
    let one =
        |name: &String| CompletionItem { label: name.clone(), kind: Some(kind), ..CompletionItem::default() };
    names.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_around_an_open_text_is_found() {
        for (line, expected) in [
            ("    ctx.exec(\"", Some(("ctx.exec", 0))),
            ("    ctx.exec(\"app\", [\"a\"], \"", Some(("ctx.exec", 2))),
            ("    std::mysql::query(ctx, \"d", Some(("std::mysql::query", 1))),
            ("    let a = \"x\";", None),
            ("    let a = \"", None),
        ] {
            let found = open_text(line);
            assert_eq!(found.as_ref().map(|(name, n)| (name.as_str(), *n)), expected, "{line}");
        }
    }

    #[test]
    fn the_section_of_a_line_is_the_header_above() {
        let text = "a = 1\n[health]\npath = \"/\"\n";
        assert_eq!(section(text, text.len()), "health");
        assert_eq!(section(text, 3), "");
    }
}
