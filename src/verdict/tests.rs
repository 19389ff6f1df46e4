//! Cases for the judge: events in, word, code, level and rungs out.

use super::*;
use crate::event::DecidedBy;
use crate::plan::example;
use crate::time::Moment;
use proptest::prelude::*;

/// A whole green record of a plan.
fn green(plan: &Plan) -> Vec<What> {
    let mut out = vec![What::RunStarted { ccci: "0".into(), wall_ms: 0, plan: Box::new(plan.clone()) }];
    out.push(What::Linted { status: Status::Pass, rules: vec![] });
    for (step, s) in plan.steps.iter().enumerate() {
        let (title, tier) = (s.action.title(), s.tier);
        out.push(What::StepStarted { step, title, tier });
        if s.action == Action::Remove {
            out.push(What::Removed { ms: 1, leftovers: vec![], counts: BTreeMap::new() });
        }
        out.push(What::StepEnded { step, status: Status::Pass, ms: 1, failure: None, note: None });
    }
    out.push(What::RunEnded { wall_ms: 9 });
    out
}

fn judged(whats: Vec<What>) -> Outcome {
    let events: Vec<Event> =
        whats.into_iter().enumerate().map(|(i, what)| Event { at: Moment(i as u64), what }).collect();
    judge(&events).unwrap()
}

/// Lets the step of that title end badly.
fn ending(
    mut whats: Vec<What>,
    plan: &Plan,
    title: &str,
    cause: &'static crate::failure::Cause,
) -> Vec<What> {
    let n = plan
        .steps
        .iter()
        .position(|s| s.action.title() == title)
        .unwrap_or_else(|| panic!("no step `{title}`"));
    let f = Failure::new(cause, "good", "bad");
    for w in &mut whats {
        if let What::StepEnded { step, status, failure, .. } = w
            && *step == n
        {
            *status = if f.is_error() { Status::Unver } else { Status::Fail };
            *failure = Some(Box::new(f.clone()));
        }
    }
    whats
}

fn check(title: &str, cause: &'static crate::failure::Cause, verdict: Verdict, exit: Exit, level: u8) {
    let plan = example::plan();
    let o = judged(ending(green(&plan), &plan, title, cause));
    assert_eq!((o.verdict, o.exit, o.level), (verdict, exit, level), "{title} with {}", cause.id);
}

#[test]
fn a_run_in_which_everything_passed_is_green_at_level_five() {
    let o = judged(green(&example::plan()));
    assert_eq!((o.verdict, o.exit, o.level), (Verdict::Green, Exit::Green, 5));
    assert!(o.rungs.values().all(|s| *s == Status::Pass));
}

#[test]
fn a_failure_of_the_recipe_is_red_and_blocks_the_level_at_its_rung() {
    check("converge to the base", causes::CRASH_LOOP, Verdict::Red, Exit::Failed, 0);
    check("converge to the head", causes::ROLLED_BACK, Verdict::Red, Exit::Failed, 1);
    check("restore", causes::BACKUP_HOOK_FAILED, Verdict::Red, Exit::Failed, 2);
    check("tests of custom/test_page.rhai (1)", causes::TEST_FAILED, Verdict::Red, Exit::Failed, 3);
    check("pull the base's images", causes::MISSING_IMAGE, Verdict::Red, Exit::Failed, 0);
}

#[test]
fn what_only_the_world_is_to_blame_for_is_an_error_and_the_rung_is_unver() {
    check("pull the head's images", causes::REGISTRY_UNREACHABLE, Verdict::Error, Exit::Error, 1);
    check("look at the engine", causes::ENGINE_GONE, Verdict::Error, Exit::Error, 5);
    let plan = example::plan();
    let o = judged(ending(green(&plan), &plan, "pull the head's images", causes::REGISTRY_UNREACHABLE));
    assert_eq!(o.rungs[&Rung::Upgrade], Status::Unver);
}

#[test]
fn a_failure_of_the_recipe_weighs_more_than_trouble_with_the_world() {
    let plan = example::plan();
    let both = ending(green(&plan), &plan, "pull the head's images", causes::REGISTRY_UNREACHABLE);
    let o = judged(ending(both, &plan, "restore", causes::BACKUP_HOOK_FAILED));
    assert_eq!((o.verdict, o.exit), (Verdict::Red, Exit::Failed));
}

#[test]
fn a_leak_makes_a_good_run_red() {
    check("remove everything", causes::LEFTOVER, Verdict::Red, Exit::Failed, 5);
    let mut whats = green(&example::plan());
    for w in &mut whats {
        if let What::Removed { leftovers, .. } = w {
            leftovers.push(Held { kind: "volume".into(), name: "v".into(), by: "container x".into() });
        }
    }
    assert_eq!(judged(whats).verdict, Verdict::Red);
}

#[test]
fn a_bug_of_ccci_is_exit_70() {
    check("settle", causes::INTERNAL, Verdict::Error, Exit::Bug, 2);
}

#[test]
fn lint_lowers_the_level_and_never_the_verdict() {
    let mut whats = green(&example::plan());
    for status in [Status::Fail, Status::Unver] {
        whats[1] = What::Linted { status, rules: vec![] };
        let o = judged(whats.clone());
        assert_eq!((o.verdict, o.level), (Verdict::Green, 4), "{status}");
    }
}

#[test]
fn a_signal_is_interrupted_whatever_else_happened() {
    let mut whats = green(&example::plan());
    whats.insert(5, What::Stopped { by: "SIGTERM".into() });
    let o = judged(whats);
    assert_eq!((o.verdict, o.exit), (Verdict::Interrupted, Exit::Terminated));
}

#[test]
fn a_record_that_ends_early_is_never_green() {
    let all = green(&example::plan());
    for n in 1..all.len() {
        let o = judged(all[..n].to_vec());
        assert_eq!(o.verdict, Verdict::Error, "after {n} events");
    }
}

#[test]
fn lesson_25_a_run_that_proved_nothing_is_an_error() {
    let mut plan = example::plan();
    plan.tiers.clear();
    plan.steps.clear();
    assert_eq!(judged(green(&plan)).verdict, Verdict::Error);
}

#[test]
fn lesson_22_a_test_that_was_not_run_keeps_the_run_from_being_green() {
    let mut whats = green(&example::plan());
    let end = whats.len() - 1;
    let (file, name) = ("custom/test_sso.rhai".to_string(), "test_login".to_string());
    whats.insert(
        end,
        What::TestEnded { tier: Tier::Custom, file, name, status: Status::Unver, ms: 0, failure: None },
    );
    let o = judged(whats);
    assert_eq!((o.verdict, o.rungs[&Rung::Functional]), (Verdict::Error, Status::Unver));
}

#[test]
fn a_tier_the_caller_left_out_is_not_proved_and_does_not_raise_the_level() {
    let mut i = example::inputs();
    i.asked.tiers = Some([Tier::Install, Tier::Custom].into());
    let o = judged(green(&crate::plan::build::build(&i)));
    assert_eq!((o.verdict, o.level), (Verdict::Green, 1));
    assert_eq!(o.rungs[&Rung::Upgrade], Status::Unver);
    assert!(o.not_proved.iter().any(|n| n.contains("not among the tiers asked for")));
}

#[test]
fn a_tier_that_does_not_apply_is_a_skip_and_lets_the_level_pass() {
    let mut i = example::inputs();
    i.backup = (false, "no service has a backup label".into());
    i.backup_by = DecidedBy::Structure;
    let o = judged(green(&crate::plan::build::build(&i)));
    assert_eq!((o.verdict, o.level, o.rungs[&Rung::BackupRestore]), (Verdict::Green, 5, Status::Skip));
}

proptest! {
    /// Whatever happens around it, a failed step or test is never green.
    #[test]
    fn nothing_with_a_failure_in_it_is_green(step in 0usize..40, cause in 0usize..60, cut in 0usize..200, test: bool) {
        let plan = example::plan();
        let mut whats = green(&plan);
        let failure = Some(Box::new(Failure::new(crate::failure::CAUSES[cause % crate::failure::CAUSES.len()], "a", "b")));
        let bad = if test {
            What::TestEnded { tier: Tier::Custom, file: "f".into(), name: "n".into(), status: Status::Fail, ms: 0, failure }
        } else {
            What::StepEnded { step: step % plan.steps.len(), status: Status::Fail, ms: 0, failure, note: None }
        };
        let at = 1 + cut % (whats.len() - 1);
        whats.insert(at, bad);
        prop_assert_ne!(judged(whats).verdict, Verdict::Green);
    }
}
