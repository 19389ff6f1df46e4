//! Undo at every step: whatever happens there, everything that the run made is removed afterwards, and nothing else
//! is.

use super::fullest::job;
use super::machine::{Machine, TestRun};
use super::tap::{MISHAPS, Mishap};
use ccci_model::exit::Exit;
use ccci_model::failure::Blame;
use ccci_model::plan::{Action, Plan};
use ccci_runner::execute::undo::{Scope, collect};
use ccci_testkit::memory::MemoryStore;

/// Every planned test has exactly one row.
fn rows(run: &TestRun, plan: &Plan) {
    for step in &plan.steps {
        let Action::Tests { file, names } = &step.action else { continue };
        for name in names {
            let all = run.outcome.tiers.iter().flat_map(|t| &t.tests);
            let n = all.filter(|t| t.file == *file && t.name == *name).count();
            assert_eq!(n, 1, "{file} {name}");
        }
    }
}

/// The exit codes that are right for this mishap; `last` is true at the step of the removal.
fn ends(mishap: Mishap, last: bool) -> &'static [Exit] {
    match mishap {
        // during the removal, everything is already proved
        Mishap::Interrupted | Mishap::Terminated | Mishap::Late if last => &[Exit::Green],
        Mishap::Interrupted => &[Exit::Interrupted],
        Mishap::Terminated => &[Exit::Terminated],
        Mishap::Panics => &[Exit::Bug],
        Mishap::Late | Mishap::Killed => &[Exit::Error],
        // some looks are repeated, and then nothing is missing
        Mishap::Fails | Mishap::LosesItsAnswer | Mishap::Hangs | Mishap::EngineAway => {
            &[Exit::Error, Exit::Green]
        }
    }
}

fn check(step: usize, mishap: Mishap) {
    let (machine, job) = (Machine::new(), job());
    let _neighbour = machine.with_neighbours();
    machine.cluster.without_proxy();
    let before = machine.cluster.inventory();
    let run = machine.live_badly(&job, step, mishap);
    let at = format!("{mishap:?} at `{}`", job.plan.steps[step].action.title());
    let o = &run.outcome;
    if mishap == Mishap::Killed {
        assert!(run.tap.is_dead(), "{at}");
        let world = machine.world(machine.cluster.clone(), &MemoryStore::default());
        collect(&world, "", Scope::Kept, &machine.limit(300), &mut |_| ()).unwrap();
    }
    assert_eq!(machine.cluster.inventory(), before, "{at}");
    let last = step + 1 == job.plan.steps.len();
    rows(&run, &job.plan);
    if mishap == Mishap::Hangs && asks_the_app(&job.plan.steps[step].action) && o.exit == Exit::Failed {
        return;
    }
    assert!(ends(mishap, last).contains(&o.exit), "{at}: {:?} {:?}", o.exit, o.failures);
    let guilty = o.failures.iter().find(|t| matches!(t.failure.blame, Blame::Recipe | Blame::Image));
    assert!(guilty.is_none(), "{at}: {guilty:?}");
    assert!(o.leftovers.is_empty(), "{at}: {:?}", o.leftovers);
    let doubt = o.not_proved.iter().any(|n| n.starts_with("that no unnamed volume is left"));
    let asked = run.tap.calls_of(step) > 0;
    assert_eq!(doubt, mishap == Mishap::EngineAway && asked && makes_before(&job.plan, step), "{at}");
    if mishap != Mishap::Killed {
        assert!(o.steps.iter().all(|s| s.ended), "{at}: {:?}", o.steps.iter().find(|s| !s.ended));
    }
}

/// While a command runs in the app, an engine that hangs cannot be distinguished from a command that hangs.
fn asks_the_app(action: &Action) -> bool {
    matches!(action, Action::Hook { .. } | Action::Tests { .. } | Action::Backup { .. } | Action::Restore)
}

/// Whether the engine is asked to make anything up to this step.
fn makes_before(plan: &Plan, step: usize) -> bool {
    plan.steps.iter().take(step + 1).any(|s| makes(&s.action))
}

/// A lost answer differs from a failed call only if the call changes something.
fn makes(action: &Action) -> bool {
    matches!(
        action,
        Action::Networks { .. } | Action::Deploy { .. } | Action::Prune | Action::Restore | Action::Remove
    )
}

/// Whether the mishap also happens at a step without calls.
fn happens_without_a_call(mishap: Mishap) -> bool {
    matches!(mishap, Mishap::Interrupted | Mishap::Terminated | Mishap::Late | Mishap::Killed)
}

fn at_every_step(mishap: Mishap) {
    let good = Machine::new().live(&job());
    for step in 0..job().plan.steps.len() {
        if mishap == Mishap::LosesItsAnswer && !makes(&job().plan.steps[step].action) {
            continue;
        }
        if happens_without_a_call(mishap) || good.tap.calls_of(step) > 0 {
            check(step, mishap);
        }
    }
}

macro_rules! at_every_step {
    ($($name:ident $mishap:ident;)*) => {
        $(#[test] fn $name() { at_every_step(Mishap::$mishap); })*
        #[test]
        fn every_mishap_is_tried_at_every_step() {
            assert_eq!([$(Mishap::$mishap),*].as_slice(), MISHAPS);
        }
    };
}

at_every_step! {
    a_step_that_fails_leaves_nothing Fails;
    a_step_whose_answer_is_lost_leaves_nothing LosesItsAnswer;
    a_step_that_hangs_leaves_nothing Hangs;
    a_step_that_panics_leaves_nothing_and_is_a_bug Panics;
    sigint_in_any_step_leaves_nothing_and_exits_with_130 Interrupted;
    sigterm_in_any_step_leaves_nothing_and_exits_with_143 Terminated;
    the_deadline_of_the_run_in_any_step_leaves_nothing_and_blames_no_recipe Late;
    an_engine_that_is_away_from_any_step_on_leaves_nothing_once_it_is_back EngineAway;
    a_run_killed_in_any_step_leaves_nothing_after_the_next_collection Killed;
}
