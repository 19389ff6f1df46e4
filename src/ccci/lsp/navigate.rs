//! Where a function or a variable of a script is defined, and where it is used.

use super::features::At;
use super::project::{FileKind, kind};
use super::{Server, address};
use ccci_script::outline::{self, Outline, Word};
use ccci_script::stdlib;
use gen_lsp_types::Location;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where something is defined.
pub(super) struct Target {
    pub path: PathBuf,
    pub text: String,
    /// The place of its name.
    pub name: Range<usize>,
}

/// A use of a name: the file, its text, and the place.
pub(super) type Use = (PathBuf, String, Range<usize>);

pub(super) fn definition(server: &Server, at: &At) -> Option<Location> {
    if kind(&at.path) != FileKind::Script {
        return None;
    }
    let Target { path, text, name } = imported_file(server, at).or_else(|| target(server, at))?;
    Some(Location { uri: address::uri(&path), range: server.encoding.range(&text, name) })
}

pub(super) fn references(server: &Server, at: &At, declared: bool) -> Option<Vec<Location>> {
    let target = target(server, at)?;
    let is_declaration = |(path, _, place): &Use| *path == target.path && *place == target.name;
    let uses = uses(server, at)?.into_iter().filter(|u| declared || !is_declaration(u));
    Some(
        uses.map(|(path, text, place)| Location {
            uri: address::uri(&path),
            range: server.encoding.range(&text, place),
        })
        .collect(),
    )
}

/// The file of an import, if the cursor is in its path.
fn imported_file(server: &Server, at: &At) -> Option<Target> {
    let outline = outline::of(&at.text);
    let import = outline.imports.iter().find(|i| i.range.start <= at.byte && at.byte <= i.range.end)?;
    let path = file_of_import(&at.path, &import.path)?;
    Some(Target { text: server.text(&path)?, path, name: 0..0 })
}

/// The definition of the name under the cursor.
pub(super) fn target(server: &Server, at: &At) -> Option<Target> {
    let outline = outline::of(&at.text);
    let word = outline.word_at(at.byte)?;
    let name = &at.text[word.range.clone()];
    if word.module.starts_with("std::") {
        return of_library(server, &word.module, name);
    }
    if !word.module.is_empty() {
        let import = outline.imports.iter().find(|i| i.alias == word.module)?;
        let path = file_of_import(&at.path, &import.path)?;
        let text = server.text(&path)?;
        let name = outline::of(&text).named(&text, name).next()?.name.clone();
        return Some(Target { path, text, name });
    }
    let here = |name: Range<usize>| Target { path: at.path.clone(), text: at.text.clone(), name };
    if let Some(variable) = variable(&outline, &at.text, word) {
        return Some(here(variable));
    }
    let function = outline.named(&at.text, name).next().filter(|_| !word.member && !word.key)?;
    Some(here(function.name.clone()))
}

/// Where the variable is first written in its function: a parameter, a `let`, a loop or a closure.
fn variable(outline: &Outline, text: &str, word: &Word) -> Option<Range<usize>> {
    if word.member
        || word.key
        || word.called && outline.named(text, &text[word.range.clone()]).next().is_some()
    {
        return None;
    }
    let function = outline.function_at(word.range.start).filter(|f| f.name != word.range)?;
    let name = &text[word.range.clone()];
    if let Some(param) = function.params.iter().find(|p| &text[(*p).clone()] == name) {
        return Some(param.clone());
    }
    let binds = |before: &str| {
        let before = before.trim_end();
        ["let", "const", "for"].iter().any(|k| before.ends_with(k))
            || before.ends_with('|')
            || before.ends_with("for (")
    };
    let inside = outline.words.iter().filter(|w| function.whole.contains(&w.range.start));
    let same = inside.filter(|w| &text[w.range.clone()] == name && is_variable(w));
    same.map(|w| w.range.clone()).find(|r| binds(&text[..r.start]))
}

fn is_variable(word: &Word) -> bool {
    !word.member && !word.key && word.module.is_empty()
}

/// Every place where the name under the cursor is written and means the same.
pub(super) fn uses(server: &Server, at: &At) -> Option<Vec<Use>> {
    let target = target(server, at)?;
    let outline = outline::of(&target.text);
    let name = target.text[target.name.clone()].to_string();
    let own = |r: Range<usize>| (target.path.clone(), target.text.clone(), r);
    let is_function = outline.functions.iter().any(|f| f.name == target.name);
    if !is_function {
        let function = outline.function_at(target.name.start)?;
        let inside = outline.words.iter().filter(|w| function.whole.contains(&w.range.start));
        let same = inside.filter(|w| is_variable(w) && target.text[w.range.clone()] == name);
        return Some(same.map(|w| own(w.range.clone())).collect());
    }
    let called = |w: &&Word| w.called && !w.member && w.module.is_empty() || w.range == target.name;
    let calls = outline.words.iter().filter(|w| target.text[w.range.clone()] == name).filter(called);
    let mut all: Vec<Use> = calls.map(|w| own(w.range.clone())).collect();
    for path in scripts_around(&target.path) {
        let Some(text) = server.text(&path).filter(|_| path != target.path) else { continue };
        let outline = outline::of(&text);
        let aliases: Vec<&str> = outline
            .imports
            .iter()
            .filter(|i| file_of_import(&path, &i.path).as_deref() == Some(&*target.path))
            .map(|i| i.alias.as_str())
            .collect();
        let from_it = |w: &&Word| aliases.contains(&w.module.as_str()) && text[w.range.clone()] == name;
        let found: Vec<Range<usize>> =
            outline.words.iter().filter(from_it).map(|w| w.range.clone()).collect();
        all.extend(found.into_iter().map(|r| (path.clone(), text.clone(), r)));
    }
    Some(all)
}

/// The file that an import of this script names. Paths begin at the recipe directory.
pub(super) fn file_of_import(script: &Path, written: &str) -> Option<PathBuf> {
    let file = format!("{}.rhai", written.trim_end_matches(".rhai"));
    root_of(script).map(|root| root.join(file)).filter(|path| path.is_file())
}

/// The recipe directory of a script, which is above `lib/` and `custom/`.
fn root_of(script: &Path) -> Option<PathBuf> {
    let parent = script.parent()?;
    let below = ["lib", "custom"].iter().any(|d| parent.file_name().is_some_and(|n| n == *d));
    if below { parent.parent().map(Path::to_path_buf) } else { Some(parent.to_path_buf()) }
}

/// All scripts of the recipe directory.
pub(super) fn scripts_around(script: &Path) -> Vec<PathBuf> {
    let Some(root) = root_of(script) else { return vec![] };
    let dirs = [root.clone(), root.join("lib"), root.join("custom")];
    let entries = dirs.iter().filter_map(|d| std::fs::read_dir(d).ok()).flatten().flatten();
    let mut all: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "rhai")).collect();
    all.sort();
    all
}

/// A function of `std::`, in a copy of its source that an editor can open.
fn of_library(server: &Server, module: &str, name: &str) -> Option<Target> {
    let text = stdlib::source(module)?.to_string();
    let function = outline::of(&text).named(&text, name).next()?.name.clone();
    let path = server.library.join(format!("{}.rhai", module.trim_start_matches("std::")));
    if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
        std::fs::create_dir_all(&server.library).ok()?;
        std::fs::write(&path, &text).ok()?;
    }
    Some(Target { path, text, name: function })
}
