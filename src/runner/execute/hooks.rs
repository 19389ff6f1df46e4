//! Calls hooks and tests with what they may read and do at this point, and sends events about how they ended.

use super::Run;
use crate::ctx::{self, HookCtx, state::Facts, state::Used};
use ccci_model::event::What;
use ccci_model::failure::Failure;
use ccci_model::plan::Side;
use ccci_script::hooks::{PROVIDE, READY_PROBE};
use ccci_script::{Hook, Point, Return};
use ccci_swarm::ports::clock::Limit;
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::info_span;

/// Calls a hook.
pub fn call<R: Return>(run: &Run<'_>, hook: &Hook<R>, limit: &Limit) -> Result<R, Box<Failure>> {
    call_at(run, hook, hook.point, vec![], limit)
}

/// Calls the hook `provide` of a dep for one consumer, and stores the values that it returns for that app.
pub fn provide(run: &Run<'_>, consumer: usize, limit: &Limit) -> Result<(), Box<Failure>> {
    let of = &run.job.plan.apps[consumer];
    let facts = [
        ("recipe", of.recipe.to_string()),
        ("domain", of.domain.to_string()),
        ("base_url", format!("https://{}", of.domain)),
    ];
    let facts: Map = facts.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let given = call_at(run, PROVIDE, PROVIDE.point, vec![facts.into()], limit)?;
    run.shared.provide(run.at, consumer, given.0);
    Ok(())
}

/// Calls a hook at a point that the plan chose.
pub(crate) fn call_at<R: Return>(
    run: &Run<'_>,
    hook: &Hook<R>,
    point: Point,
    more: Vec<Dynamic>,
    limit: &Limit,
) -> Result<R, Box<Failure>> {
    let name = run.named(hook.name);
    let _hook = info_span!("hook", name).entered();
    run.sink.emit(What::HookStarted { hook: name.clone() });
    let began = run.world.clock.now();
    let limit = limit.within(&*run.world.clock, crate::build::HOOK_LIMIT);
    let mut result =
        ctx::call::call_hook(&run.texts().scripts, hook, &context(run, &name, point, &limit), more);
    let ms = run.world.clock.now().since(began).as_millis() as u64;
    // a probe is called again and again, so its failures get their blame only when the wait ends
    if hook.name != READY_PROBE.name {
        result = result.map_err(|f| run.in_light(*f));
    }
    let failure = result.as_mut().err().map(|f| run.sink.record(f));
    run.sink.emit(What::HookEnded { hook: name, ms, failure });
    result
}

/// Calls a test.
/// One that passes although nothing in it could fail shows nothing.
pub(crate) fn call_test(
    run: &mut Run<'_>,
    file: &str,
    name: &str,
    limit: &Limit,
) -> Result<(), Box<Failure>> {
    let _test = info_span!("test", file, name).entered();
    let ctx = context(run, &format!("{file} {name}"), Point::Test, limit);
    ctx::call::call_test(&run.texts().scripts, file, name, &ctx)?;
    if !ctx.used.checked() {
        run.not_proved(format!("anything by `{name}` of {file}: no assertion in it was reached"));
    }
    Ok(())
}

pub(super) fn context(run: &Run<'_>, by: &str, point: Point, limit: &Limit) -> Arc<HookCtx> {
    let plan = run.app();
    let side = run.side_now();
    let deployment = if side == Side::Base { plan.base.as_ref().unwrap_or(&plan.head) } else { &plan.head };
    let version =
        |d: &ccci_model::plan::Deployment| d.version.as_ref().map(|v| v.to_string()).unwrap_or_default();
    let sink = run.sink.clone();
    let facts = Facts {
        recipe: plan.recipe.to_string(),
        domain: plan.domain.to_string(),
        op: run.job.plan.steps.get(run.step).and_then(|s| s.tier).map_or("install", |t| t.name()).to_string(),
        version: version(deployment),
        base_version: plan.base.as_ref().map(version).unwrap_or_default(),
        env: run.state.env.get(&side).cloned().unwrap_or_default(),
        settings: run.texts().settings.clone(),
        deps: deps(run),
        run_id: run.job.plan.run_id.to_string(),
        last: run.state.facts.clone(),
    };
    Arc::new(HookCtx {
        facts,
        app: run.at,
        stack: plan.stack.clone(),
        owner: run.owner(),
        world: run.world.clone(),
        redactor: run.job.redactor.clone(),
        secrets: run.state.secrets.clone(),
        marks: run.state.marks.clone(),
        tell: Arc::new(move |what| sink.emit(what)),
        by: by.to_string(),
        point,
        limit: limit.clone(),
        used: Used::default(),
    })
}

/// What the app gets to know about its deps.
fn deps(run: &Run<'_>) -> BTreeMap<String, BTreeMap<String, String>> {
    let of = |at: &usize| {
        let dep = &run.job.plan.apps[*at];
        let mut known = run.shared.provided(*at, run.at);
        known.insert("domain".into(), dep.domain.to_string());
        known.insert("base_url".into(), format!("https://{}", dep.domain));
        (dep.recipe.to_string(), known)
    };
    run.app().needs.iter().map(of).collect()
}

impl Run<'_> {
    /// The side that is deployed; before the first deploy, the side that will be deployed first.
    pub(crate) fn side_now(&self) -> Side {
        let first = if self.app().base.is_some() { Side::Base } else { Side::Head };
        self.state.current.unwrap_or(first)
    }
}
