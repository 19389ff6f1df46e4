//! Loads the scripts of a recipe: compiles all files, resolves imports and returns all diagnostics at once.
//! Pure, except for the thread on which it works.

use super::compile::{File, Kind, compile};
use super::error;
use super::guard::{Guard, Spot, StopReason};
use super::hooks::{self, HOOKS, HookRow};
use super::inspect::Spoken;
use super::limits::{LOAD_OPERATIONS, LOAD_TIME};
use super::signature::CallSig;
use super::sources::{Sources, TOKEN, function_place, place};
use super::thread::{LOOK, NoResult, keep_after, on_own};
use super::{conventions, engine, files, ignored, imports, inspect, stdlib};
use ccci_model::diag::codes::SCRIPT_SYNTAX;
use ccci_model::diag::{Diagnostic, Diagnostics, Text};
use ccci_model::tier::Tier;
use rhai::module_resolvers::StaticModuleResolver;
use rhai::{Module, Scope};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The texts of a recipe directory by their path below it. Only files that end in `.rhai` are read here.
pub type RecipeTexts = BTreeMap<String, Arc<Text>>;

/// A test of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFn {
    /// Path of its file below the recipe directory.
    pub file: String,
    /// The function.
    pub name: String,
    /// Line of its name, from 1.
    pub line: usize,
}

/// A function of a script, as its author wrote it and as the engine read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedFn {
    /// Path of its file below the recipe directory.
    pub file: String,
    /// The function.
    pub name: String,
    /// How many parameters it has.
    pub params: usize,
    /// Whether only its own file may call it.
    pub private: bool,
}

/// The loaded scripts of a recipe. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Scripts(pub(super) Arc<Loaded>);

#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) files: BTreeMap<String, File>,
    pub(super) sources: Sources,
    /// Modules by the paths of imports, without the ending `.rhai`.
    pub(super) modules: StaticModuleResolver,
    spoken: Vec<Spoken>,
}

impl Scripts {
    /// Loads all scripts. If there are errors among the diagnostics, the scripts can be listed but should not
    /// be called. The result is an `io::Error` if the system could not start a thread, which is not the fault
    /// of a script.
    pub fn load(texts: &RecipeTexts, sigs: &[CallSig]) -> io::Result<(Scripts, Diagnostics)> {
        let (texts, sigs) = (texts.clone(), sigs.to_vec());
        let patience = Arc::new(LoadGuard::default());
        let watch = patience.clone();
        let why = match on_own(&*patience, move || load(&texts, &sigs, &watch)) {
            Ok((loaded, found)) => return Ok((Scripts(Arc::new(loaded)), found)),
            Err(NoResult::NoThread(e)) => return Err(e),
            Err(NoResult::Panicked(text)) => {
                format!("the scripts cannot be loaded; this is a bug in ccci: {text}")
            }
            Err(NoResult::Stuck(_)) => {
                format!("loading the scripts takes more than {} seconds", LOAD_TIME.most)
            }
        };
        Ok((Scripts::default(), Diagnostics(vec![Diagnostic::new(SCRIPT_SYNTAX, why)])))
    }

    /// The defined hooks, in the order of a run, with their places.
    pub fn hooks(&self) -> Vec<(&'static dyn HookRow, String)> {
        let Some(file) = self.0.files.get(HOOKS_FILE) else { return vec![] };
        let place_of = |row: &'static dyn HookRow| {
            let functions = file.tree.iter().flat_map(|t| &t.functions);
            let f = functions
                .into_iter()
                .find(|f| f.name == row.name() && f.params.len() == row.params().len())?;
            Some((row, function_place(&file.text, &f.name, f.body_at).to_string()))
        };
        HOOKS.iter().copied().filter_map(place_of).collect()
    }

    /// All functions, in the order of files and lines; those of refused files are left out.
    pub fn functions(&self) -> Vec<NamedFn> {
        let of = |(file, f): (&String, &File)| {
            let named = f.tree.iter().flat_map(|t| &t.functions).filter(|f| !f.is_closure());
            let file = file.clone();
            named
                .map(move |f| NamedFn {
                    file: file.clone(),
                    name: f.name.clone(),
                    params: f.params.len(),
                    private: f.private,
                })
                .collect::<Vec<_>>()
        };
        self.0.files.iter().flat_map(of).collect()
    }

    /// What the scripts name of the app by literal texts.
    pub fn spoken(&self) -> &[Spoken] {
        &self.0.spoken
    }

    /// Whether the hook is defined.
    pub fn defines(&self, hook: &str) -> bool {
        hooks::by_name(hook).is_some() && self.hooks().iter().any(|(row, _)| row.name() == hook)
    }

    /// The tests of a tier's overlay, in the order of their lines; for the custom tier those of `custom/`.
    pub fn tests(&self, tier: Tier) -> Vec<TestFn> {
        let expected = if tier == Tier::Custom { Kind::Custom } else { Kind::Overlay(tier) };
        let files = self.0.files.iter().filter(|(_, f)| f.kind == expected);
        files.flat_map(|(path, file)| tests_of(path, file)).collect()
    }

    /// Whether a test gets a page of the browser.
    pub fn takes_page(&self, file: &str, name: &str) -> bool {
        let functions = self.0.files.get(file).and_then(|f| f.tree.as_ref()).map(conventions::tests);
        functions.into_iter().flatten().any(|f| f.name == name && conventions::takes_page(f))
    }

    /// The tests of `custom/`, in the order of files and lines.
    pub fn custom(&self) -> Vec<TestFn> {
        self.tests(Tier::Custom)
    }
}

/// The file with the hooks.
pub(super) const HOOKS_FILE: &str = "hooks.rhai";

fn tests_of(path: &str, file: &File) -> Vec<TestFn> {
    let tests = file.tree.iter().flat_map(conventions::tests);
    tests
        .map(|f| TestFn {
            file: path.to_string(),
            name: f.name.clone(),
            line: function_place(&file.text, &f.name, f.body_at).line_column().0,
        })
        .collect()
}

/// A guard that ends the evaluation of constants. This crate has no clock, so it counts the looks from
/// outside.
#[derive(Default)]
struct LoadGuard(AtomicU32);

impl Guard for LoadGuard {
    fn stop(&self) -> Option<StopReason> {
        let waited = LOOK * self.0.load(Relaxed);
        (waited.as_secs() >= LOAD_TIME.most as u64).then_some(StopReason::Deadline)
    }

    fn look(&self) -> Option<StopReason> {
        self.0.fetch_add(1, Relaxed);
        self.stop()
    }

    fn operations(&self) -> usize {
        LOAD_OPERATIONS.most
    }
}

fn load(texts: &RecipeTexts, sigs: &[CallSig], watch: &Arc<LoadGuard>) -> (Loaded, Diagnostics) {
    let mut out = Diagnostics::default();
    let mut compiler = engine::compiler(stdlib::roots());
    let mut loaded = Loaded::default();
    for (path, kind) in files::sort(texts, &mut out) {
        let file = compile(&mut compiler, path, kind, &texts[path]);
        conventions::check(&file, sigs, &mut out);
        loaded.files.insert(path.to_string(), file);
    }
    let order = imports::check(&loaded.files, &mut out);
    ignored::check(&loaded.files, &mut out);
    let (found, spoken) = inspect::check(&loaded.files, sigs);
    out.0.extend(found);
    loaded.spoken = spoken;
    refusals(&loaded.files, &mut out);
    for (path, text, tree) in stdlib::sources() {
        loaded.sources.add(path, text, tree);
    }
    for (path, file) in &loaded.files {
        if let Some(tree) = &file.tree {
            loaded.sources.add(path, &file.text, tree);
        }
    }
    if !out.has_errors() {
        evaluate(&mut loaded, &order, watch, &mut out);
    }
    (loaded, Diagnostics(out.sorted()))
}

/// Reports why files do not compile. Names unknown to Rhai are reported by the checker, together with all
/// other unknown names.
fn refusals(files: &BTreeMap<String, File>, out: &mut Diagnostics) {
    for file in files.values() {
        let told = |refused: &Diagnostic, d: &Diagnostic| {
            d.code == refused.code && d.place.as_ref().map(|p| &p.text) == Some(&file.text)
        };
        let new = |r: &&Diagnostic| !out.0.iter().any(|d| told(r, d));
        let new: Vec<Diagnostic> = file.refused.iter().filter(new).cloned().collect();
        out.0.extend(new);
    }
}

/// Evaluates the constants of every file once, and makes modules of the files under `lib/`.
fn evaluate(loaded: &mut Loaded, order: &[String], watch: &Arc<LoadGuard>, out: &mut Diagnostics) {
    for path in order {
        let file = &loaded.files[path];
        let Some(ast) = &file.ast else { continue };
        let spot = Arc::new(Spot::default());
        let (mut engine, meter) = engine::runner(watch.clone(), spot.clone());
        stdlib::register(&mut engine);
        engine.set_module_resolver(loaded.modules.clone());
        match meter.during(keep_after, || Module::eval_ast_as_new(Scope::new(), ast, &engine)) {
            Ok(module) if file.kind == Kind::Lib => {
                loaded.modules.insert(path.trim_end_matches(".rhai"), module);
            }
            Ok(_) => {}
            Err(e) => {
                let (_, at) = error::position(&e, path, &spot);
                let message = format!("the constants of the file cannot be computed: {}", error::message(&e));
                out.push(Diagnostic::new(SCRIPT_SYNTAX, message).at(place(&file.text, at, TOKEN)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_load_time() {
        let patience = LoadGuard::default();
        let looks = std::iter::repeat_with(|| patience.look()).take_while(Option::is_none).count();
        // loading ends at the look after this many pauses
        assert_eq!((LOOK * (looks as u32 + 1)).as_secs(), LOAD_TIME.most as u64);
        assert_eq!(patience.stop(), Some(StopReason::Deadline), "the script hears it too");
    }
}
