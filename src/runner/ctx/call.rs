//! Calls a hook or a test with its ctx, and turns the error it ends with into a failure with a cause and a blame.

use super::page::Page;
use super::{Ctx, HookCtx, register, seen};
use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Cause, Failure, causes};
use ccci_model::texts::Texts;
use ccci_script::{ErrorKind, FnRef, Hook, Return, ScriptError, Scripts, Unheld};
use ccci_swarm::ports::BrowserError;
use ccci_swarm::ports::clock::Limit;
use rhai::Dynamic;
use std::sync::Arc;
use std::time::Duration;

/// Time for keeping what a page showed when its test failed.
const EVIDENCE: Duration = Duration::from_secs(30);

/// What is said of an assertion whose error a script caught.
const CAUGHT: &str = "a `catch` of the script caught this assertion, and the script went on; what an assertion says must be true all the same";
const NOT_CAUGHT: &str = "See why it does not hold. To ask until it holds, write `eventually(\"30s\", || …)`; where the app may answer otherwise, decide with `if` instead of `assert`.";

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

/// Calls a hook that gets a page before the ctx. The browser must have begun one.
pub(crate) fn call_with_page<R: Return>(
    scripts: &Scripts,
    hook: &Hook<R>,
    ctx: &Arc<HookCtx>,
) -> Result<R, Box<Failure>> {
    let given = ctx.clone();
    let done = scripts.call_hook(hook, with_page(ctx), &move |e| register(e, &given), ctx.clone());
    done.map_err(|e| hide(ctx, failure(e, causes::HOOK_FAILED, &format!("hook `{}`", hook.name))))
}

fn with_page(ctx: &Arc<HookCtx>) -> Vec<Dynamic> {
    vec![Dynamic::from(Page(Ctx(ctx.clone()))), Dynamic::from(Ctx(ctx.clone()))]
}

/// Calls a test. One that takes a page gets a new one; if it fails, what the page showed is kept.
pub fn call_test(scripts: &Scripts, file: &str, name: &str, ctx: &Arc<HookCtx>) -> Result<(), Box<Failure>> {
    if !scripts.takes_page(file, name) {
        return call(scripts, file, name, ctx, vec![Dynamic::from(Ctx(ctx.clone()))]);
    }
    let expected = format!("a browser for the test `{name}`");
    let begun = ctx.world.browser.begin(&ctx.limit);
    begun.map_err(|e| {
        let failure = e.of_infra(&expected).unwrap_or_else(|| no_page(&e, &expected));
        Box::new(failure.place(file))
    })?;
    let failure = match call(scripts, file, name, ctx, with_page(ctx)) {
        Err(failure) if ctx.limit.stop.reason().is_none() => failure,
        done => return done,
    };
    // the test's own time may be over; what the page shows is asked for all the same
    let more = Limit { deadline: ctx.world.clock.now().after(EVIDENCE), stop: ctx.limit.stop.clone() };
    Err(match seen::keep_evidence(ctx, &more) {
        given_up if given_up > 0 && !failure.is_error() => Box::new(disturbed(*failure, given_up)),
        _ => failure,
    })
}

/// A page that lacks scripts or styles says nothing of the app, whatever the test found.
fn disturbed(found: Failure, given_up: usize) -> Failure {
    let observed = format!(
        "{}; the browser had given up {given_up} of the page's requests, because networks of this machine changed",
        found.observed()
    );
    let failure = Failure::new(causes::NETWORK_CHANGED, found.expected(), observed);
    match found.place {
        Some(place) => failure.place(place),
        None => failure,
    }
}

/// The failure for a page that could not be begun for a reason other than the browser.
fn no_page(e: &BrowserError, expected: &str) -> Failure {
    let cause = if matches!(e, BrowserError::Stopped) { causes::INTERRUPTED } else { causes::BROWSER_GONE };
    Failure::new(cause, expected, e.to_string())
}

fn call(
    scripts: &Scripts,
    file: &str,
    name: &str,
    ctx: &Arc<HookCtx>,
    args: Vec<Dynamic>,
) -> Result<(), Box<Failure>> {
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
                let Unheld { expression, observed, caught } = *a;
                let failure = Failure::of(otherwise, Detail::Assertion { expression, observed });
                if caught { failure.evidence("caught", CAUGHT).to_do(NOT_CAUGHT) } else { failure }
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
