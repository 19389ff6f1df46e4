//! Everything that went wrong in a run: what events say, and what they show that no single one says. Pure.

use super::{StepOutcome, each, find, leftovers};
use crate::event::{DecidedBy, Event, Skip, What};
use crate::failure::{Failure, causes};
use crate::plan::{Action, Plan, Side};
use crate::tier::{Status, Tier};
use crate::time::Span;
use std::collections::BTreeMap;
use std::time::Duration;

/// A failure and where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The tier; none before and after them.
    pub tier: Option<Tier>,
    /// The step's title, or the test.
    pub during: String,
    /// What.
    pub failure: Failure,
}

/// All troubles, first things first.
pub(super) fn all(
    plan: &Plan,
    events: &[Event],
    steps: &[StepOutcome],
    stopped: Option<&str>,
) -> Vec<Trouble> {
    let mut out = told(plan, events);
    let mut add = |during: &str, failure| out.push(Trouble { tier: None, during: during.into(), failure });
    for (file, secret) in each(events, |w| match w {
        What::SecretFound { file, secret } => Some((file, secret)),
        _ => None,
    }) {
        let seen = format!("`{secret}` stands in `{file}`");
        add("the last scan", Failure::new(causes::SECRET_LEAKED, "no secret value in the record", seen));
    }
    if let Some(failure) = leak(plan, events, steps) {
        add(&Action::Remove.title(), failure);
    }
    for failure in deploys(plan, events, steps) {
        add("deploy", failure);
    }
    if find(events, |w| matches!(w, What::RunEnded { .. }).then_some(())).is_none() {
        let seen = "the record ends before the run did";
        add("the record", Failure::new(causes::KILLED, "a record with an end", seen));
    } else {
        for failure in not_done(plan, steps, stopped) {
            add("the plan", failure);
        }
    }
    if stopped == Some("deadline") && !out.iter().any(|t| t.failure.cause == causes::RUN_DEADLINE.id) {
        let span = Span(Duration::from_millis(plan.deadline_ms));
        let seen = format!("{span} were over");
        let failure = Failure::new(causes::RUN_DEADLINE, "the run to end within its deadline", seen);
        out.push(Trouble { tier: None, during: "the run".into(), failure });
    }
    out
}

/// What steps and tests say themselves. A step repeats the failure of its test; the test is more exact.
fn told(plan: &Plan, events: &[Event]) -> Vec<Trouble> {
    let mut out: Vec<Trouble> = vec![];
    let mut own_tests = 0;
    for e in events {
        match &e.what {
            What::StepStarted { .. } => own_tests = out.len(),
            What::TestEnded { tier, file, name, status, failure, .. } => {
                if let Some(failure) = of_test(events, file, name, *status, failure.as_deref()) {
                    out.push(Trouble { tier: Some(*tier), during: format!("{file} {name}"), failure });
                }
            }
            What::StepEnded { step, status, failure, .. } => {
                let planned = plan.steps.get(*step);
                let during = planned.map_or_else(|| Action::Remove.title(), |s| plan.title(s));
                let tests = &out[own_tests..];
                let Some(failure) = of(*status, failure.as_deref(), !tests.is_empty()) else { continue };
                let same =
                    |t: &Trouble| t.failure.cause == failure.cause && t.failure.expected == failure.expected;
                if !tests.iter().any(same) {
                    out.push(Trouble { tier: planned.and_then(|s| s.tier), during, failure });
                }
            }
            What::RecordFailed { failure } => {
                out.push(Trouble { tier: None, during: "the record".into(), failure: (**failure).clone() });
            }
            _ => {}
        }
    }
    out
}

/// The failure that is told, or one for a failed end that tells none.
fn of(status: Status, failure: Option<&Failure>, told_by_test: bool) -> Option<Failure> {
    match (failure, status) {
        (Some(f), _) => Some(f.clone()),
        (None, Status::Fail) if !told_by_test => Some(Failure::new(
            causes::INTERNAL,
            "a failure that says why",
            "something failed without a reason",
        )),
        _ => None,
    }
}

/// A test that needs something which is not there is skipped, and the run is red (SPEC 4, lesson 22).
fn of_test(
    events: &[Event],
    file: &str,
    name: &str,
    status: Status,
    failure: Option<&Failure>,
) -> Option<Failure> {
    if status != Status::Skip || failure.is_some() {
        return of(status, failure, false);
    }
    if excused(events, file, name) {
        return None;
    }
    let why = skip_of_test(events, file, name).map_or("it was skipped and nobody said why", |s| &s.reason);
    Some(Failure::new(causes::TEST_SKIPPED, "the test to be run", why))
}

/// Whether a skipped test was left out by the recipe, its shape or the caller, and not for something it lacks.
pub(super) fn excused(events: &[Event], file: &str, name: &str) -> bool {
    skip_of_test(events, file, name).is_some_and(|s| s.decided_by != DecidedBy::Earlier)
}

fn skip_of_test<'a>(events: &'a [Event], file: &str, name: &str) -> Option<&'a Skip> {
    let test = format!("{file} {name}");
    find(events, |w| if let What::Skipped(s) = w { (s.what == test).then_some(s) } else { None })
}

/// Whether a step is the removal. After a signal an app that was to be kept is removed all the same: that step has the
/// number past the plan's last.
pub(super) fn is_removal(plan: &Plan, s: &StepOutcome) -> bool {
    plan.steps.get(s.step).is_none_or(|p| p.action == Action::Remove)
}

/// A leak that removal found and the step did not tell. When removal could not look at all, that is the trouble.
fn leak(plan: &Plan, events: &[Event], steps: &[StepOutcome]) -> Option<Failure> {
    let told = steps.iter().filter(|s| is_removal(plan, s)).any(|s| s.failure.is_some());
    let left = leftovers(events);
    if left.is_empty() || told {
        return None;
    }
    let names: Vec<String> = left.iter().map(|h| format!("{} {}: {}", h.kind, h.name, h.by)).collect();
    Some(Failure::new(causes::LEFTOVER, "nothing left on the engine", names.join(", ")))
}

/// Each side is handed over once for each deploy that the plan has and that was begun. Counted where it is done if the
/// record tells that, else by the steps.
fn deploys(plan: &Plan, events: &[Event], steps: &[StepOutcome]) -> Vec<Failure> {
    let mut handed: BTreeMap<Side, usize> = BTreeMap::new();
    for side in each(events, |w| if let What::Deployed { side } = w { Some(*side) } else { None }) {
        *handed.entry(side).or_insert(0) += 1;
    }
    let counted = !handed.is_empty();
    let mut out = vec![];
    for side in [Side::Base, Side::Head] {
        let planned = plan.steps.iter().filter(|s| s.action == Action::Deploy { side }).count();
        let of_side =
            |s: &&StepOutcome| plan.steps.get(s.step).is_some_and(|p| p.action == Action::Deploy { side });
        let begun = steps.iter().filter(of_side).count();
        let passed = steps.iter().filter(of_side).filter(|s| s.status == Status::Pass).count();
        let times = if counted { handed.get(&side).copied().unwrap_or(0) } else { begun };
        if times > planned || (counted && times < passed) {
            let seen = format!("{times} deploys of the {}", format!("{side:?}").to_lowercase());
            out.push(Failure::new(causes::DEPLOY_COUNT, format!("{planned} as the plan says"), seen));
        }
    }
    out
}

/// Steps that a run which came to its end has not done. A stop excuses all but removal.
fn not_done(plan: &Plan, steps: &[StepOutcome], stopped: Option<&str>) -> Vec<Failure> {
    let mut out = vec![];
    for (n, step) in plan.steps.iter().enumerate() {
        let done = steps.iter().any(|s| s.step == n && s.ended);
        if !done && (stopped.is_none() || step.action == Action::Remove) {
            let seen = format!("`{}` was never done", plan.title(step));
            out.push(Failure::new(causes::INTERNAL, "every step of the plan to be done", seen));
        }
    }
    out
}
