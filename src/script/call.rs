//! Calls a function of a script with an engine, a thread and a budget of its own. Results and errors are
//! converted from Rhai's.

use super::engine;
use super::error::{ErrorKind, ScriptError};
use super::guard::{Guard, Spot};
use super::hooks::Hook;
use super::load::{HOOKS_FILE, Scripts};
use super::returns::Return;
use super::thread::{NoResult, keep_after, on_own};
use super::{show, stdlib, unmet};
use ccci_model::failure::{Failure, causes};
use rhai::{CallFnOptions, Dynamic, Engine, Scope};
use std::sync::Arc;

/// A function of a script file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FnRef {
    /// Path of its file below the recipe directory.
    pub file: String,
    /// Its name; the arguments of the call decide the number of parameters.
    pub name: String,
}

/// Converts the result for the caller. This runs on the script's own thread, because the value may be nested
/// deeper than other stacks can hold.
type Take<T> = fn(Dynamic) -> Result<T, String>;

impl Scripts {
    /// Calls any function and returns its result as plain data: closures and ccci's own types become `()`.
    pub fn call(
        &self,
        what: &FnRef,
        args: Vec<Dynamic>,
        setup: &dyn Fn(&mut Engine),
        guard: Arc<dyn Guard>,
    ) -> Result<Dynamic, ScriptError> {
        self.call_as(what, args, setup, guard, "a value", |v| Ok(show::leaving(&v)))
    }

    /// Calls a hook and returns its result as the hook's type.
    pub fn call_hook<R: Return>(
        &self,
        hook: &Hook<R>,
        args: Vec<Dynamic>,
        setup: &dyn Fn(&mut Engine),
        guard: Arc<dyn Guard>,
    ) -> Result<R, ScriptError> {
        let what = FnRef { file: HOOKS_FILE.into(), name: hook.name.into() };
        self.call_as(&what, args, setup, guard, R::NOUN, R::take)
    }

    fn call_as<T: Send + 'static>(
        &self,
        what: &FnRef,
        args: Vec<Dynamic>,
        setup: &dyn Fn(&mut Engine),
        guard: Arc<dyn Guard>,
        noun: &'static str,
        take: Take<T>,
    ) -> Result<T, ScriptError> {
        let spot = Arc::new(Spot::default());
        let (mut engine, meter) = engine::runner(guard.clone(), spot.clone());
        stdlib::register(&mut engine);
        engine.set_module_resolver(self.0.modules.clone());
        setup(&mut engine);
        let job = Job { scripts: self.clone(), what: what.clone(), noun, take, spot: spot.clone() };
        let done = on_own(guard.as_ref(), move || meter.during(keep_after, || job.run(&engine, args)));
        done.unwrap_or_else(|lost| {
            let (file, at) = spot.last();
            let file = if file.is_empty() { &what.file } else { &file };
            let place = self.0.sources.show(file, at);
            Err(match lost {
                NoResult::Panicked(text) => {
                    let message = format!("a call panicked, which is a bug in ccci: {text}");
                    ScriptError::new(ErrorKind::Panic, message, place)
                }
                NoResult::Stuck(why) => ScriptError::stopped(why, place),
                NoResult::NoThread(e) => {
                    let message = format!("no thread for the script: {e}");
                    let expected = "a thread for the script";
                    let failure = Failure::new(causes::MACHINE_REFUSED, expected, message.clone());
                    let mut error = ScriptError::new(ErrorKind::Raised, message, place);
                    error.failure = Some(Box::new(failure));
                    error
                }
            })
        })
    }
}

/// One call, on the script's own thread.
struct Job<T> {
    scripts: Scripts,
    what: FnRef,
    noun: &'static str,
    take: Take<T>,
    spot: Arc<Spot>,
}

impl<T> Job<T> {
    fn run(self, engine: &Engine, args: Vec<Dynamic>) -> Result<T, ScriptError> {
        let loaded = &self.scripts.0;
        let FnRef { file, name } = &self.what;
        let here = || loaded.sources.show(file, rhai::Position::NONE);
        let Some(ast) = loaded.files.get(file).and_then(|f| f.ast.as_ref()) else {
            return Err(ScriptError::new(ErrorKind::Raised, format!("there is no script `{file}`"), here()));
        };
        let options = CallFnOptions::new().eval_ast(true);
        unmet::begin();
        let called = engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, name, args);
        match (called, unmet::first()) {
            (Ok(_), Some(unmet)) => Err(ScriptError::caught(unmet, file, &loaded.sources)),
            (Ok(value), None) => (self.take)(value).map_err(|got| {
                let message = format!("`{name}` must return {}, not {got}", self.noun);
                ScriptError::new(ErrorKind::WrongReturn, message, self.place_of(name))
            }),
            (Err(e), _) => Err(ScriptError::of(&e, file, &loaded.sources, &self.spot)),
        }
    }

    fn place_of(&self, name: &str) -> String {
        let file = self.scripts.0.files.get(&self.what.file);
        let found = file.and_then(|f| Some((f, f.tree.as_ref()?.functions.iter().find(|g| g.name == name)?)));
        found.map_or_else(
            || self.what.file.clone(),
            |(f, g)| super::sources::function_place(&f.text, name, g.body_at).to_string(),
        )
    }
}
