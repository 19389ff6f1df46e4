//! Whole lifecycles in memory, through the executor with real scripts. The recipe that uses everything is green, and
//! whatever happens at whatever step, nothing is left over.

mod apps;
mod browser;
mod caught;
mod causes;
mod dies_later;
pub(crate) mod fullest;
pub(crate) mod machine;
mod removal;
mod serving;
mod silent;
mod tap;
mod undo;

use ccci_model::exit::Exit;
use ccci_model::failure::Blame;
use ccci_model::plan::{Action, Side};
use ccci_model::tier::Status;
use ccci_model::verdict::Verdict;
use ccci_runner::record::Record;
use fullest::job;
use machine::Machine;

/// The record of a run in memory with three apps: a subject with two deps.
pub(crate) fn three_apps() -> Record {
    let machine = Machine::new();
    machine.cluster.without_proxy();
    Record::of(machine.live(&apps::three()).events).unwrap()
}

#[test]
fn the_fullest_life_is_green_with_every_planned_test_and_leaves_nothing() {
    let (machine, job) = (Machine::new(), job());
    let _neighbour = machine.with_neighbours();
    let before = machine.cluster.inventory();
    let run = machine.live(&job);
    let o = &run.outcome;
    assert_eq!((o.verdict, o.level), (Verdict::Green, 5), "{:?} {:?}", o.failures, o.lint);
    assert!(o.tiers.iter().all(|t| t.status == Status::Pass), "{:?}", o.tiers);
    assert_eq!(o.steps.len(), job.plan.steps.len());
    assert_eq!(machine.cluster.inventory(), before);
    let tests: usize = job
        .plan
        .steps
        .iter()
        .map(|s| if let Action::Tests { names, .. } = &s.action { names.len() } else { 0 })
        .sum();
    let rows: usize = o.tiers.iter().flat_map(|t| &t.tests).filter(|t| t.file != "generic").count();
    assert_eq!((tests, rows), (7, 7));
}

#[test]
fn an_executor_that_deploys_twice_is_not_green_and_it_is_ours() {
    let mut job = job();
    let base =
        job.plan.steps.iter().find(|s| s.action == Action::Deploy { side: Side::Base }).unwrap().clone();
    // right before the removal, so that everything else is good
    job.plan.steps.insert(job.plan.steps.len() - 1, base);
    let machine = Machine::new();
    let o = machine.live(&job).outcome;
    let told: Vec<_> = o.failures.iter().map(|t| (t.failure.cause.as_str(), t.failure.blame)).collect();
    assert_eq!((o.verdict, o.exit, told), (Verdict::Error, Exit::Bug, vec![("deploy-count", Blame::Ccci)]));
    assert!(machine.cluster.is_empty());
}

#[test]
fn the_fullest_life_tells_every_kind_of_event_that_a_good_one_has() {
    let kinds = Machine::new().live(&job()).kinds();
    for kind in [
        "run_started",
        "linted",
        "step_started",
        "step_ended",
        "waiting",
        "engine",
        "pulled",
        "deployed",
        "fact",
        "hook_started",
        "hook_ended",
        "called",
        "said",
        "test_ended",
        "kept",
        "removed",
        "run_ended",
    ] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} is missing among {kinds:?}");
    }
}
