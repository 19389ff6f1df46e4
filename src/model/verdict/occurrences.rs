//! Everything that went wrong in a run: what events say, and what they show that no single one says. Pure.

use super::{Known, StepOutcome, each, find, leftovers};
use crate::event::{DecidedBy, Event, Skip, What};
use crate::failure::detail::Detail;
use crate::failure::{Failure, FailureId, causes};
use crate::plan::{Action, Plan, Side, Step};
use crate::tier::{Status, Tier};
use crate::time::Moment;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A failure and where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The tier; none before and after them.
    pub tier: Option<Tier>,
    /// The step's title, or the test.
    pub during: String,
    /// When it was told; none for what only the whole record shows.
    pub at: Option<Moment>,
    /// The hook or test whose calls led to it, by its name in events.
    pub by: Option<String>,
    /// What.
    pub failure: Failure,
}

/// All occurrences, in order.
pub(super) fn all(
    plan: &Plan,
    events: &[Event],
    known: &Known<'_>,
    steps: &[StepOutcome],
    stopped: Option<&str>,
) -> Vec<Occurrence> {
    let mut out = told(plan, events, known);
    let mut add = |during: &str, failure| {
        let during = during.to_string();
        out.push(Occurrence { tier: None, during, at: None, by: None, failure });
    };
    for (file, secret) in each(events, |w| match w {
        What::SecretFound { file, secret } => Some((file, secret)),
        _ => None,
    }) {
        let detail = Detail::SecretFound { file: file.clone(), secret: secret.clone() };
        add("the last scan", Failure::of(causes::SECRET_LEAKED, detail));
    }
    if let Some(failure) = leak(plan, events, steps) {
        add(&Action::Remove.title(), failure);
    }
    for failure in deploys(plan, events, steps) {
        add("deploy", failure);
    }
    if find(events, |w| matches!(w, What::RunEnded { .. }).then_some(())).is_none() {
        let observed = "the record ends before the run did";
        add("the record", Failure::new(causes::KILLED, "a record with an end", observed));
    } else {
        for failure in not_done(plan, steps, stopped) {
            add("the plan", failure);
        }
    }
    if stopped == Some("deadline") && !out.iter().any(|t| t.failure.cause == causes::RUN_DEADLINE.id) {
        let detail = Detail::Deadline { deadline_ms: plan.deadline_ms, during: None };
        let (during, failure) = ("the run".into(), Failure::of(causes::RUN_DEADLINE, detail));
        out.push(Occurrence { tier: None, during, at: None, by: None, failure });
    }
    let mut free = known.free();
    for t in out.iter_mut().filter(|t| t.failure.id.is_none()) {
        t.failure.id = free;
        free = free.after();
    }
    out
}

/// What steps and tests say themselves, each failure once: by the first that refers to it, and a test ends before its step.
fn told(plan: &Plan, events: &[Event], known: &Known<'_>) -> Vec<Occurrence> {
    let mut out: Vec<Occurrence> = vec![];
    let mut ids: HashSet<FailureId> = HashSet::new();
    let mut hooks: HashMap<FailureId, &str> = HashMap::new();
    let mut own_tests = 0;
    for e in events {
        let at = Some(e.at);
        match &e.what {
            What::StepStarted { .. } => own_tests = out.len(),
            What::HookEnded { hook, failure: Some(id), .. } => _ = hooks.insert(*id, hook),
            What::TestEnded { tier, file, name, status, failure, .. } => {
                let failure = of_test(events, file, name, *status, known.get(*failure));
                let during = format!("{file} {name}");
                let by = Some(during.clone());
                if let Some(failure) = failure.filter(|f| f.id.is_none() || ids.insert(f.id)) {
                    out.push(Occurrence { tier: Some(*tier), during, at, by, failure });
                }
            }
            What::StepEnded { step, status, failure, .. } => {
                let planned = plan.steps.get(*step);
                let during = planned.map_or_else(|| Action::Remove.title(), |s| plan.title(s));
                let by = failure.and_then(|id| hooks.get(&id)).map(|hook| (*hook).to_string());
                let by = by.or_else(|| planned.and_then(|s| asks(plan, s)));
                let failure = of(*status, known.get(*failure), out.len() > own_tests);
                if let Some(failure) = failure.filter(|f| f.id.is_none() || ids.insert(f.id)) {
                    out.push(Occurrence { tier: planned.and_then(|s| s.tier), during, at, by, failure });
                }
            }
            What::RecordFailed { failure } => {
                let (during, failure) = ("the record".into(), (**failure).clone());
                out.push(Occurrence { tier: None, during, at: None, by: None, failure });
            }
            _ => {}
        }
    }
    out
}

/// The probe that a step asks.
fn asks(plan: &Plan, step: &Step) -> Option<String> {
    matches!(step.action, Action::Ready { .. }).then(|| plan.named(step.app, "ready_probe"))
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

/// A leak that removal found and the step did not tell. When removal could not look at all, that is the failure.
fn leak(plan: &Plan, events: &[Event], steps: &[StepOutcome]) -> Option<Failure> {
    let told = steps.iter().filter(|s| is_removal(plan, s)).any(|s| s.failure.is_some());
    let left = leftovers(events);
    if left.is_empty() || told {
        return None;
    }
    Some(Failure::of(causes::LEFTOVER, Detail::Left { held: left }))
}

/// Each app is deployed once on each side that the plan deploys: counted where the engine took the stack, whatever the
/// plan's steps say.
fn deploys(plan: &Plan, events: &[Event], steps: &[StepOutcome]) -> Vec<Failure> {
    let mut taken: BTreeMap<(usize, Side), usize> = BTreeMap::new();
    for of in each(events, |w| if let What::Deployed { app, side } = w { Some((*app, *side)) } else { None })
    {
        *taken.entry(of).or_insert(0) += 1;
    }
    let planned = plan.steps.iter().filter_map(deploy).collect::<BTreeSet<_>>();
    let passed = steps.iter().filter(|s| s.status == Status::Pass);
    let passed = passed.filter_map(|s| plan.steps.get(s.step).and_then(deploy)).collect::<BTreeSet<_>>();
    let all = planned.iter().chain(taken.keys()).copied().collect::<BTreeSet<_>>();
    let wrong = |of: &(usize, Side)| {
        let times = taken.get(of).copied().unwrap_or(0);
        times > usize::from(planned.contains(of)) || times < usize::from(passed.contains(of))
    };
    let told = |of @ (app, side): (usize, Side)| {
        let app = plan.apps.get(app).map_or_else(|| app.to_string(), |a| a.recipe.to_string());
        let (planned, taken) = (u64::from(planned.contains(&of)), taken.get(&of).copied().unwrap_or(0));
        Failure::of(causes::DEPLOY_COUNT, Detail::DeployCount { app, side, planned, taken: taken as u64 })
    };
    all.into_iter().filter(wrong).map(told).collect()
}

fn deploy(step: &Step) -> Option<(usize, Side)> {
    if let Action::Deploy { side } = step.action { Some((step.app, side)) } else { None }
}

/// Steps that a run which came to its end has not done. A stop excuses all but removal.
fn not_done(plan: &Plan, steps: &[StepOutcome], stopped: Option<&str>) -> Vec<Failure> {
    let mut out = vec![];
    for (n, step) in plan.steps.iter().enumerate() {
        let done = steps.iter().any(|s| s.step == n && s.ended);
        if !done && (stopped.is_none() || step.action == Action::Remove) {
            let observed = format!("`{}` was never done", plan.title(step));
            out.push(Failure::new(causes::INTERNAL, "every step of the plan to be done", observed));
        }
    }
    out
}
