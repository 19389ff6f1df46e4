//! Checks a plan for contradictions: for example, a slot is written before it is read, and the last step is removal.
//! Pure.
//! A finding here is a bug in ccci, never an error of a recipe.

use super::{Action, Plan, Side, Step};
use crate::slots::{self, Slot};
use ccci_model::plan::Role;
use ccci_model::tier::Tier;

/// A rule that every plan must follow.
pub(crate) struct Invariant {
    /// What must be true.
    pub name: &'static str,
    /// Returns what contradicts it, as text.
    pub check: fn(&Plan) -> Vec<String>,
}

/// All invariants.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant { name: "a slot is written before it is read", check: slots },
    Invariant { name: "each side is deployed at most once", check: deploys },
    Invariant { name: "tiers come in order and each asserts something", check: tiers },
    Invariant { name: "the last step removes everything unless the app is kept", check: removal },
    Invariant { name: "no step is unbounded", check: bounds },
    Invariant { name: "each app comes up once, after all that it needs", check: order },
    Invariant { name: "one app is the subject, and no two share a domain", check: apps },
];

/// All contradictions in a plan, as text.
pub fn lint(plan: &Plan) -> Vec<String> {
    INVARIANTS.iter().flat_map(|i| (i.check)(plan).into_iter().map(|m| format!("{}: {m}", i.name))).collect()
}

/// The steps of one app, with their numbers.
fn of(plan: &Plan, app: usize) -> impl Iterator<Item = (usize, &Step)> {
    plan.steps.iter().enumerate().filter(move |(_, s)| s.app == app)
}

fn slots(plan: &Plan) -> Vec<String> {
    (0..plan.apps.len()).flat_map(|app| slots_of(plan, app)).collect()
}

fn slots_of(plan: &Plan, app: usize) -> Vec<String> {
    let mut have: Vec<Slot> = vec![];
    let mut out = vec![];
    for (n, step) in of(plan, app) {
        let missing = slots::reads(&step.action).into_iter().filter(|slot| !have.contains(slot));
        out.extend(missing.map(|slot| format!("step {n} reads `{slot:?}` first")));
        have.retain(|slot| !slots::empties(&step.action, *slot));
        have.extend(slots::writes(&step.action));
    }
    out
}

fn deploys(plan: &Plan) -> Vec<String> {
    let count = |app, side| of(plan, app).filter(|(_, s)| s.action == Action::Deploy { side }).count();
    let all = (0..plan.apps.len()).flat_map(|app| [(app, Side::Base), (app, Side::Head)]);
    all.filter(|(app, side)| count(*app, *side) > 1)
        .map(|(app, side)| format!("{side:?} of app {app} twice"))
        .collect()
}

fn tiers(plan: &Plan) -> Vec<String> {
    let mut out = vec![];
    let order: Vec<Tier> = plan.steps.iter().filter_map(|s| s.tier).collect();
    if !order.is_sorted() {
        out.push("out of order".into());
    }
    for tier in &plan.subject().tiers {
        let asserts = plan.steps.iter().any(|s| {
            s.tier == Some(*tier)
                && matches!(
                    s.action,
                    Action::AssertServing { .. }
                        | Action::AssertUpgraded
                        | Action::AssertArtifact
                        | Action::Screenshot { .. }
                        | Action::Tests { .. }
                )
        });
        if !asserts {
            out.push(format!("{tier} asserts nothing"));
        }
    }
    out
}

fn removal(plan: &Plan) -> Vec<String> {
    let last = plan.steps.last().map(|s| &s.action);
    let removes = plan.steps.iter().filter(|s| s.action == Action::Remove).count();
    match (plan.keep, removes, last) {
        (true, 0, _) | (false, 1, Some(Action::Remove)) => vec![],
        _ => vec![format!("{removes} removals, keep is {}", plan.keep)],
    }
}

fn order(plan: &Plan) -> Vec<String> {
    let mut up: Vec<usize> = vec![];
    let mut out = vec![];
    for stage in &plan.order {
        for at in stage {
            let needs = plan.apps.get(*at).map(|a| a.needs.as_slice()).unwrap_or_default();
            out.extend(
                needs.iter().filter(|n| !up.contains(n)).map(|n| format!("app {at} comes up before app {n}")),
            );
        }
        up.extend(stage);
    }
    let mut sorted = up.clone();
    sorted.sort_unstable();
    if sorted != (0..plan.apps.len()).collect::<Vec<_>>() {
        out.push(format!("the order is {up:?} of {} apps", plan.apps.len()));
    }
    // an app that comes up later has its steps later
    let stage_of = |app: usize| plan.order.iter().position(|s| s.contains(&app));
    let stages: Vec<Option<usize>> = plan
        .steps
        .iter()
        .filter(|s| !matches!(s.action, Action::CollectLeftovers | Action::LookAtEngine))
        .map(|s| stage_of(s.app))
        .collect();
    if !stages.is_sorted() {
        out.push("steps are not in the order of the apps".into());
    }
    out
}

fn apps(plan: &Plan) -> Vec<String> {
    let subjects = plan.apps.iter().filter(|a| a.role == Role::Subject).count();
    let mut out = if subjects == 1 { vec![] } else { vec![format!("{subjects} subjects")] };
    for (at, app) in plan.apps.iter().enumerate() {
        if plan.apps[..at].iter().any(|other| other.domain == app.domain) {
            out.push(format!("{} twice", app.domain));
        }
    }
    out
}

fn bounds(plan: &Plan) -> Vec<String> {
    plan.steps.iter().filter(|s| s.limit_ms == 0).map(|s| s.action.title()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::build;
    use crate::build::example;
    use ccci_model::tier::{RUNGS, Rung, TIERS};
    use proptest::prelude::*;

    #[test]
    fn the_fullest_plan_keeps_every_invariant() {
        assert_eq!(lint(&build(&example::inputs())), Vec::<String>::new());
    }

    /// Rungs that `expected_na` may name.
    fn may_be_declared(rung: Rung) -> bool {
        !matches!(rung, Rung::Lint | Rung::Install)
    }

    /// The items of a list whose bits are set.
    fn some<T: Clone>(all: impl IntoIterator<Item = T>, bits: u32) -> Vec<T> {
        all.into_iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, x)| x).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

        #[test]
        fn any_inputs_give_a_plan_without_findings(
            hooks in any::<u32>(), tests in any::<u32>(), tiers in prop::option::of(any::<u32>()), na in any::<u32>(),
            (base, backup, routed, keep, dirty) in any::<(bool, bool, bool, bool, bool)>(), stable in 1u32..5,
        ) {
            let mut i = example::inputs();
            i.hooks = some(i.hooks, hooks).into_iter().collect();
            i.tests = some(i.tests, tests);
            i.asked.tiers = tiers.map(|bits| some(TIERS.iter().map(|r| r.tier), bits | 1).into_iter().collect());
            i.asked.keep = keep;
            i.base = i.base.filter(|_| base);
            i.backup.0 = backup;
            i.routed = routed;
            i.head.dirty = dirty;
            i.ready_stable = stable;
            let rungs = RUNGS.iter().filter(|(r, _)| may_be_declared(*r));
            i.expected_na = some(rungs.map(|(_, n)| (*n).to_string()), na).into_iter().map(|n| (n, "why".into())).collect();
            let plan = build(&i);
            prop_assert_eq!(lint(&plan), Vec::<String>::new());
            let told = |t: &ccci_model::tier::TierRow| plan.subject().tiers.contains(&t.tier) || plan.subject().skips.iter().any(|s| s.what == t.name);
            let says = |start: &str| plan.subject().not_proved.iter().any(|n| n.starts_with(start));
            let both = says("anything about the head: ") && says("the committed head: ");
            prop_assert!(!both, "not deployed and tested at once: {:?}", plan.subject().not_proved);
            prop_assert!(TIERS.iter().all(told), "a tier is neither planned nor left out with a reason: {:?}", plan.subject().skips);
        }
    }

    #[test]
    fn a_plan_without_a_step_it_needs_is_found() {
        let whole = build(&example::inputs());
        let needed = |s: &Step| !slots::writes(&s.action).is_empty() || s.action == Action::Remove;
        let mut found = 0;
        for gone in whole.steps.iter().filter(|s| needed(s)) {
            let mut plan = whole.clone();
            plan.steps.retain(|s| s.action != gone.action);
            assert!(!lint(&plan).is_empty(), "without `{}`", gone.action.title());
            found += 1;
        }
        assert!(found > 15, "{found} steps leave something");
    }
}
