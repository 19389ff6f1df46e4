//! Calls a hook or a test with its ctx, and turns the error it ends with into a failure with a cause and a blame.

use super::{Ctx, HookCtx, register};
use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Cause, Failure, causes};
use ccci_model::texts::Texts;
use ccci_script::{ErrorKind, FnRef, Hook, Return, ScriptError, Scripts, Unheld};
use rhai::Dynamic;
use std::sync::Arc;

/// Calls a hook and returns its value, which has the type declared in HOOKS. `more` are the arguments after the ctx.
pub fn call_hook<R: Return>(
    scripts: &Scripts,
    hook: &Hook<R>,
    ctx: &Arc<HookCtx>,
    more: Vec<Dynamic>,
) -> Result<R, Box<Failure>> {
    let args = [vec![Dynamic::from(Ctx(ctx.clone()))], more].concat();
    let given = ctx.clone();
    let done = scripts.call_hook(hook, args, &move |e| register(e, &given), ctx.clone());
    done.map_err(|e| hide(ctx, failure(e, causes::HOOK_FAILED, &format!("hook `{}`", hook.name))))
}

/// Calls a test.
pub(crate) fn call_test(
    scripts: &Scripts,
    file: &str,
    name: &str,
    ctx: &Arc<HookCtx>,
) -> Result<(), Box<Failure>> {
    let args = vec![Dynamic::from(Ctx(ctx.clone()))];
    let given = ctx.clone();
    let what = FnRef { file: file.to_string(), name: name.to_string() };
    let done = scripts.call(&what, args, &move |e| register(e, &given), ctx.clone());
    let said = done.map_err(|e| hide(ctx, failure(e, causes::TEST_FAILED, &format!("test `{name}`"))))?;
    // where the checker knows the type, it refuses a test that ends in a bool; where it does not, `false` means a
    // failure
    if said.as_bool() == Ok(false) {
        let expected = format!("test `{name}` to pass");
        let failure = Failure::new(causes::TEST_FAILED, expected, "it returned false").place(file);
        return Err(Box::new(failure.to_do("state what must be true with `assert(…)`")));
    }
    Ok(())
}

/// The failure that the native function raised, if it raised one; otherwise the kind of error decides the cause.
fn failure(e: ScriptError, otherwise: &'static Cause, what: &str) -> Failure {
    let place = e.place.clone();
    let frames: Vec<String> = e.frames.iter().map(|f| format!("{} called at {}", f.name, f.place)).collect();
    let failure = match (e.failure, e.kind) {
        (Some(known), _) => *known,
        (None, ErrorKind::Assertion) => match e.assertion {
            Some(a) => {
                let Unheld { expression, observed } = *a;
                Failure::of(otherwise, Detail::Assertion { expression, observed })
            }
            None => Failure::new(otherwise, format!("{what} to succeed"), e.message),
        },
        (None, kind) => {
            let (cause, expected) = match kind {
                ErrorKind::Limit(_) => (causes::SCRIPT_LIMIT, "to stay within the sandbox's limits"),
                ErrorKind::Deadline => (causes::SCRIPT_DEADLINE, "to end before its deadline"),
                ErrorKind::Cancelled => (causes::INTERRUPTED, "to end before the run is stopped"),
                ErrorKind::Panic => (causes::INTERNAL, "to run without a bug in ccci"),
                ErrorKind::WrongReturn => {
                    (causes::HOOK_WRONG_RETURN, "to return a value of its declared type")
                }
                ErrorKind::Raised | ErrorKind::Assertion => (otherwise, "to end without an error"),
            };
            Failure::new(cause, format!("{what} {expected}"), e.message)
        }
    };
    failure.place(place).evidence("called through", frames.join("\n"))
}

fn hide(ctx: &HookCtx, failure: Failure) -> Box<Failure> {
    let mut failure = Box::new(failure);
    failure.change(&|text| ctx.redactor.hide(text));
    failure
}
