//! Calls hooks and tests with what they may see and do at this point, and tells how they ended.

use super::Run;
use crate::ctx::{self, HookCtx, state::Facts, state::Used};
use ccci_model::event::What;
use ccci_model::failure::Failure;
use ccci_model::plan::Side;
use ccci_script::{Hook, Point, Return};
use ccci_swarm::ports::clock::Limit;
use std::sync::Arc;

/// Calls a hook.
pub fn call<R: Return>(run: &Run<'_>, hook: &Hook<R>, limit: &Limit) -> Result<R, Box<Failure>> {
    let name = hook.name.to_string();
    run.sink.emit(What::HookStarted { hook: name.clone() });
    let began = run.world.clock.now();
    // the base's env asks before anything is there; the head's when the base is live
    let point =
        if hook.point == Point::Env && run.state.current.is_some() { Point::UpgradeEnv } else { hook.point };
    let limit = limit.within(&*run.world.clock, crate::build::HOOK_LIMIT);
    let result = ctx::call::call_hook(&run.job.scripts, hook, &context(run, hook.name, point, &limit));
    let ms = run.world.clock.now().since(began).as_millis() as u64;
    let failure = result.as_ref().err().cloned();
    run.sink.emit(What::HookEnded { hook: name, ms, returned: String::new(), failure });
    result
}

/// Calls a test.
pub fn call_test(run: &Run<'_>, file: &str, name: &str, limit: &Limit) -> Result<(), Box<Failure>> {
    let ctx = context(run, &format!("{file} {name}"), Point::Test, limit);
    ctx::call::call_test(&run.job.scripts, file, name, &ctx)
}

fn context(run: &Run<'_>, by: &str, point: Point, limit: &Limit) -> Arc<HookCtx> {
    let plan = &run.job.plan;
    let side = run.side_now();
    let deployment = if side == Side::Base { plan.base.as_ref().unwrap_or(&plan.head) } else { &plan.head };
    let version =
        |d: &ccci_model::plan::Deployment| d.version.as_ref().map(|v| v.to_string()).unwrap_or_default();
    let sink = run.sink.clone();
    let facts = Facts {
        recipe: plan.recipe.to_string(),
        domain: plan.domain.to_string(),
        op: plan.steps.get(run.step).and_then(|s| s.tier).map_or("install", |t| t.name()).to_string(),
        version: version(deployment),
        base_version: plan.base.as_ref().map(version).unwrap_or_default(),
        env: run.state.env.get(&side).cloned().unwrap_or_default(),
        settings: run.job.settings.clone(),
        run_id: plan.run_id.to_string(),
        last: run.state.facts.clone(),
    };
    Arc::new(HookCtx {
        facts,
        stack: plan.stack.clone(),
        owner: run.job.owner(),
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

impl Run<'_> {
    /// The side that is deployed, or that is about to be the first.
    pub fn side_now(&self) -> Side {
        let first = if self.job.plan.base.is_some() { Side::Base } else { Side::Head };
        self.state.current.unwrap_or(first)
    }
}
