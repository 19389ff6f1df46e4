//! Free functions: `eventually`. It uses the waiting loop of `swarm/wait`; its deadline is its own or the hook's,
//! whichever comes first. (`fail` and `assert` belong to the script engine.)

use super::state::{Ctx, Native, raised};
use super::{CtxFn, HookCtx};
use ccci_model::failure::Failure;
use ccci_model::time::{Span, parse_span};
use ccci_script::functions::Functions;
use ccci_script::point::Reach;
use ccci_script::raised::Raised;
use ccci_script::signature::{CallSig, Owner, Param, Ty};
use ccci_script::{Attempts, Guard, StopReason, stopped};
use ccci_swarm::wait::{Look, WaitError, until};
use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext};

pub(super) const ROWS: &[CtxFn] = &[CtxFn {
    sig: CallSig {
        owner: Owner::Free,
        name: "eventually",
        params: &[Param::of("span", Ty::TEXT), Param::of("ask", Ty::FN)],
        ret: Ty::ANY,
        doc: "Calls a closure repeatedly until it returns something other than `false` or `()`, and returns that. An error in the closure counts as not yet. Raises when the span is over, with the last result or error.",
        example: "eventually(\"30s\", || ctx.get(\"/\").status == 200);",
        reach: Reach::Always,
        is_property: false,
    },
    register: |e: &mut Functions| {
        e.register_fn("eventually", |nc: NativeCallContext<'_>, span: &str, ask: FnPtr| {
            let ctx = nc.tag().and_then(|tag| tag.clone().try_cast::<Ctx>());
            let ctx = ctx.expect("an engine with the ctx functions has their ctx as its tag");
            eventually(&ctx.0, &nc, span, &ask)
        });
    },
}];

fn eventually(ctx: &HookCtx, nc: &NativeCallContext<'_>, span: &str, ask: &FnPtr) -> Native<Dynamic> {
    ctx.used.check();
    let span = parse_span(span)
        .ok_or_else(|| raised(format!("`{span}` is not a span of time; write one like \"30s\"")))?;
    let limit = ctx.limit.within(&*ctx.world.clock, span);
    let (mut asked, mut known, attempts) = (0u32, None, Attempts::begin());
    let waited = until(&*ctx.world.clock, &limit, &mut |_| (), || {
        asked += 1;
        known = None;
        attempts.again();
        match ask.call_within_context::<Dynamic>(nc, ()) {
            Ok(v) if v.is_unit() || v.as_bool() == Ok(false) => {
                Ok(Look::Waiting(format!("it returns {v:?}")))
            }
            Ok(v) => Ok(Look::Done(v)),
            Err(e) if is_end(&e) => Err(e),
            Err(e) => {
                let (words, failure) = told(&e);
                known = failure;
                Ok(Look::Waiting(words))
            }
        }
    });
    match waited {
        Ok(value) => Ok(value),
        Err(WaitError::Look(e)) => Err(e),
        Err(WaitError::Stopped(_)) => Err(stopped(ctx.stop().unwrap_or(StopReason::Cancelled))),
        Err(WaitError::TimedOut { why, .. }) if ctx.stop().is_none() => {
            let message = format!("not within {}: {why} (called {asked} times)", Span(span));
            // a failure of infra at the last call keeps its blame
            let failure = known.take().filter(|f| f.is_error());
            Err(Raised { message, failure }.into())
        }
        Err(_) => Err(stopped(ctx.stop().unwrap_or(StopReason::Deadline))),
    }
}

/// Errors that a script's `try` may not catch either: a limit of the sandbox, and the end of the hook.
fn is_end(e: &EvalAltResult) -> bool {
    match e {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            is_end(inner)
        }
        other => other.is_system_exception() || matches!(other, EvalAltResult::ErrorTerminated(..)),
    }
}

/// The message of an error, and the failure that its native function raised, if any.
fn told(e: &EvalAltResult) -> (String, Option<Box<Failure>>) {
    match e {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            told(inner)
        }
        EvalAltResult::ErrorRuntime(value, _) => match value.read_lock::<Raised>() {
            Some(r) => (r.message.clone(), r.failure.clone()),
            None => (value.to_string(), None),
        },
        other => (other.to_string(), None),
    }
}
