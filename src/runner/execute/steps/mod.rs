//! Carries out each action, one small file for each kind of work. Everything is decided in the plan.

mod addresses;
mod answer;
mod backup;
mod compose;
mod deploy;
mod engine;
mod hooks;
mod redirects;
mod screenshot;
mod secrets;
mod serving;
mod upgrade;

use super::{Run, stays_up};
use ccci_model::failure::Failure;
use ccci_model::plan::{Action, Step};
use ccci_swarm::ports::clock::Limit;
pub(crate) use deploy::as_published;

/// The result of a step; a step that is done may have a short note.
pub type Done = Result<Option<String>, Box<Failure>>;

/// Carries out one step.
pub(crate) fn perform(run: &mut Run<'_>, step: &Step, limit: &Limit) -> Done {
    match &step.action {
        Action::CollectLeftovers => engine::collect(run, limit),
        Action::LookAtEngine => engine::look(run, limit),
        Action::Networks { side } => engine::networks(run, *side, limit),
        Action::Env { side, hooks, live } => compose::env(run, *side, hooks, *live, limit),
        Action::Resolve { side } => compose::resolve(run, *side),
        Action::Secrets { side } => secrets::generate(run, *side),
        Action::Provide { consumer } => super::hooks::provide(run, *consumer, limit).map(|()| None),
        Action::Hook { hook } => hooks::call(run, hook, limit),
        Action::Pull { side } => deploy::pull(run, *side, limit),
        Action::Deploy { side } => deploy::deploy(run, *side, limit),
        Action::Converge { side } => deploy::converge(run, *side, limit),
        Action::StaysUp { for_ms, .. } => stays_up::stays_up(run, *for_ms, limit),
        Action::Health { path, ok } => {
            let done = answer::health(run, path, ok, limit);
            run.state.deaf = done.is_err();
            done.map(|(_, note)| Some(note))
        }
        Action::Ready { stable } => answer::ready(run, *stable, limit),
        Action::AssertServing { path, ok, http, last: true } => {
            serving::still_serving(run, step.tier, path, ok, *http, limit)
        }
        Action::AssertServing { path, ok, http, .. } => {
            let done = serving::serving(run, step.tier, path, ok, *http, limit);
            run.state.unserved |= done.is_err();
            done
        }
        Action::Prune => upgrade::prune(run, limit),
        Action::AssertUpgraded => upgrade::assert_upgraded(run, step.tier, limit),
        Action::Settle => deploy::settle(run, limit),
        Action::Backup { attempts, verify } => backup::back_up(run, *attempts, *verify, limit),
        Action::AssertArtifact => backup::assert_artifact(run, step.tier),
        Action::Restore => backup::restore(run, limit),
        Action::Screenshot { hook } => Ok(Some(screenshot::keep(run, *hook, limit))),
        Action::Tests { file, names } => hooks::tests(run, step.tier, file, names, limit),
        Action::Remove => Ok(None),
    }
}
