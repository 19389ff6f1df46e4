//! Scripts of a recipe from the author's view: what is refused at loading, with which messages, and how calls end.

pub(crate) mod hostile;
mod mutated;
mod refused;
mod sample;

use ccci_model::diag::{Diagnostic, Diagnostics, Text, render};
use ccci_script::{FnRef, Guard, RecipeTexts, ScriptError, Scripts, Unguarded};
use rhai::Dynamic;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The texts in a directory, by their relative path.
pub(crate) fn texts_of(dir: &Path) -> RecipeTexts {
    let mut out = RecipeTexts::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).unwrap().flatten().map(|e| e.path()) {
            if entry.is_dir() {
                todo.push(entry);
            } else {
                let path = entry.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                let content = fs::read_to_string(&entry).unwrap();
                out.insert(path.clone(), Arc::new(Text { path, content }));
            }
        }
    }
    out
}

/// A recipe with a single file.
pub(crate) fn one(path: &str, content: &str) -> RecipeTexts {
    RecipeTexts::from([(path.to_string(), Arc::new(Text { path: path.into(), content: content.into() }))])
}

fn load(texts: &RecipeTexts) -> (Scripts, Diagnostics) {
    Scripts::load(texts, sample::SIGS).unwrap()
}

fn lines(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(render::one_line).collect()
}

/// Loads a `hooks.rhai` that must be correct, and calls one of its functions with a sample ctx.
fn call(content: &str, name: &str, guard: Arc<dyn Guard>) -> Result<Dynamic, ScriptError> {
    let (scripts, found) = load(&one("hooks.rhai", content));
    assert!(!found.has_errors(), "{:#?}", lines(&found.0));
    let what = FnRef { file: "hooks.rhai".into(), name: name.into() };
    scripts.call(&what, vec![Dynamic::from(sample::Ctx)], &sample::register, guard)
}

/// Calls code that the checker would refuse, as a script might do whose types the checker cannot follow; it must fail.
fn run(content: &str, guard: Arc<dyn Guard>) -> ScriptError {
    let (scripts, _) = load(&one("hooks.rhai", content));
    let what = FnRef { file: "hooks.rhai".into(), name: "pre_install".into() };
    scripts.call(&what, vec![Dynamic::from(sample::Ctx)], &sample::register, guard).unwrap_err()
}

fn call_hook(content: &str, name: &str) -> Result<Dynamic, ScriptError> {
    call(content, name, Arc::new(Unguarded))
}
