//! Cases for the judge: events in, word, code, level and rungs out.

use super::*;
use crate::event::DecidedBy;
use crate::example;
use crate::time::Moment;

/// A whole green record of a plan.
pub(super) fn green(plan: &Plan) -> Vec<What> {
    let mut out = vec![What::RunStarted {
        schema: crate::event::SCHEMA,
        ccci: "0".into(),
        wall_ms: 0,
        plan: Box::new(plan.clone()),
    }];
    out.push(What::Linted { status: Status::Pass, rules: vec![] });
    for (step, s) in plan.steps.iter().enumerate() {
        let (title, tier) = (s.action.title(), s.tier);
        out.push(What::StepStarted { step, title, tier });
        if let Action::Deploy { side } = s.action {
            out.push(What::Deployed { app: s.app, side });
        }
        if s.action == Action::Remove {
            out.push(What::Removed { ms: 1, leftovers: vec![], counts: BTreeMap::new() });
        }
        out.extend(passed(s));
        out.push(What::StepEnded { step, status: Status::Pass, ms: 1, failure: None, note: None });
    }
    out.push(What::RunEnded { wall_ms: 9 });
    out
}

/// The rows of a step's tests, all good.
fn passed(step: &crate::plan::Step) -> Vec<What> {
    let Action::Tests { file, names } = &step.action else { return vec![] };
    let tier = step.tier.unwrap();
    let row = |name: &String| {
        let (file, name) = (file.clone(), name.clone());
        What::TestEnded { tier, file, name, status: Status::Pass, ms: 0, failure: None }
    };
    names.iter().map(row).collect()
}

pub(super) fn judged(whats: Vec<What>) -> Outcome {
    let events: Vec<Event> =
        whats.into_iter().enumerate().map(|(i, what)| Event { at: Moment(i as u64), what }).collect();
    judge(&events).unwrap()
}

/// Records a failure; where it stands makes no difference to the judge.
pub(super) fn failed(whats: &mut Vec<What>, failure: Failure) -> Option<FailureId> {
    let before = whats.iter().filter(|w| matches!(w, What::Failed(_))).count();
    let id = FailureId::nth(before as u32 + 1);
    whats.push(What::Failed(Box::new(Failure { id, ..failure })));
    Some(id)
}

/// Lets the step of that title end badly.
pub(super) fn ending(
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
    let id = failed(&mut whats, f.clone());
    for w in &mut whats {
        if let What::StepEnded { step, status, failure, .. } = w
            && *step == n
        {
            *status = if f.is_error() { Status::Unver } else { Status::Fail };
            *failure = id;
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
fn what_only_the_machine_is_to_blame_for_is_an_error_and_the_rung_is_unver() {
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

/// A green record in which only these steps were done, and the run was stopped by this.
fn stopped(plan: &Plan, after: usize, by: &str) -> Vec<What> {
    let removal = plan.steps.len() - 1;
    let mut out = green(plan);
    out.retain(|w| match w {
        What::StepStarted { step, .. } | What::StepEnded { step, .. } => *step < after || *step == removal,
        What::TestEnded { .. } => false,
        _ => true,
    });
    let end =
        out.iter().position(|w| matches!(w, What::StepStarted { step, .. } if *step == removal)).unwrap();
    out.insert(end, What::Stopped { by: by.into() });
    out
}

#[test]
fn a_signal_is_interrupted_and_what_was_not_done_is_unver() {
    let plan = example::plan();
    for (by, exit) in [("SIGINT", Exit::Interrupted), ("SIGTERM", Exit::Terminated)] {
        let o = judged(stopped(&plan, 3, by));
        assert_eq!((o.verdict, o.exit, o.level), (Verdict::Interrupted, exit, 0));
        assert!(o.tiers.iter().all(|t| t.status == Status::Unver), "{:?}", o.tiers);
    }
}

#[test]
fn a_signal_weighs_more_than_a_failure_and_less_than_a_leak() {
    let plan = example::plan();
    let o = judged(ending(stopped(&plan, 9, "SIGINT"), &plan, "converge to the base", causes::CRASH_LOOP));
    assert_eq!(o.exit, Exit::Interrupted);
    let o = judged(ending(stopped(&plan, 9, "SIGINT"), &plan, "remove everything", causes::LEFTOVER));
    assert_eq!((o.verdict, o.exit), (Verdict::Red, Exit::Failed));
}

#[test]
fn an_app_is_kept_running_by_a_run_that_was_to_keep_it_and_was_not_stopped() {
    let kept = |keep, by: Option<&str>| {
        let plan = Plan { keep, ..example::plan() };
        judged(by.map_or_else(|| green(&plan), |by| stopped(&plan, 9, by))).is_kept_running()
    };
    assert!(kept(true, None));
    assert!(!kept(true, Some("SIGINT")) && !kept(false, None) && !kept(false, Some("SIGINT")));
}

#[test]
fn the_run_deadline_is_an_error_even_when_no_step_was_going_on() {
    let o = judged(stopped(&example::plan(), 9, "deadline"));
    assert_eq!((o.verdict, o.exit), (Verdict::Error, Exit::Error));
    assert_eq!(o.failures[0].failure.cause, "run-deadline");
}

#[test]
fn a_removal_that_could_not_look_is_an_error_and_no_leak() {
    let plan = example::plan();
    let mut whats = ending(green(&plan), &plan, "remove everything", causes::ENGINE_GONE);
    for w in &mut whats {
        if let What::Removed { leftovers, .. } = w {
            leftovers.push(Held { kind: "anything".into(), name: "of x".into(), by: "engine gone".into() });
        }
    }
    let o = judged(whats);
    assert_eq!((o.verdict, o.leftovers.len()), (Verdict::Error, 1));
    let o = judged(ending(stopped(&plan, 9, "SIGINT"), &plan, "remove everything", causes::ENGINE_GONE));
    assert_eq!(
        (o.verdict, o.exit),
        (Verdict::Error, Exit::Error),
        "130 promises that everything was removed"
    );
}

#[test]
fn what_passed_on_the_base_alone_is_not_proved_for_the_head() {
    let plan = example::plan();
    let o = judged(ending(green(&plan), &plan, "deploy the head", causes::ENGINE_REFUSED));
    let line =
        "that the head passes backup, restore, custom: they ran on the base, the head was not deployed";
    assert!(o.not_proved.iter().any(|n| n == line), "{:?}", o.not_proved);
}

#[test]
fn a_run_that_says_it_ended_without_its_removal_is_a_bug() {
    let plan = example::plan();
    let mut whats = green(&plan);
    let removal = plan.steps.len() - 1;
    whats.retain(|w| !matches!(w, What::StepEnded { step, .. } if *step == removal));
    assert_eq!(judged(whats).exit, Exit::Bug);
}

#[test]
fn a_secret_that_the_scan_finds_after_the_end_makes_the_run_red() {
    let mut whats = green(&example::plan());
    whats.push(What::SecretFound { file: "logs/app.log".into(), secret: "db_password".into() });
    let o = judged(whats);
    assert_eq!(o.failures[0].failure.cause, "secret-leaked");
    assert_eq!((o.verdict, o.exit, o.level), (Verdict::Red, Exit::Failed, 5));
}

#[test]
fn a_record_that_cannot_be_written_is_an_error_but_a_red_run_stays_red() {
    let failed =
        || What::RecordFailed { failure: Box::new(Failure::new(causes::RECORD_FAILED, "a", "disk full")) };
    let plan = example::plan();
    let mut whats = green(&plan);
    whats.push(failed());
    assert_eq!(judged(whats).exit, Exit::Error);
    let mut whats = ending(green(&plan), &plan, "restore", causes::BACKUP_HOOK_FAILED);
    whats.push(failed());
    assert_eq!(judged(whats).exit, Exit::Failed);
}

#[test]
fn the_app_is_deployed_as_often_as_planned_or_it_is_a_bug() {
    let plan = example::plan();
    let deployed = |sides: &[Side]| {
        let mut whats = green(&plan);
        whats.retain(|w| !matches!(w, What::Deployed { .. }));
        let end = whats.len() - 1;
        whats.splice(end..end, sides.iter().map(|side| What::Deployed { app: 0, side: *side }));
        let o = judged(whats);
        assert!(o.failures.iter().all(|t| t.failure.cause == "deploy-count"));
        o.exit
    };
    assert_eq!(deployed(&[]), Exit::Bug, "a deploy that passed and was not counted");
    assert_eq!(deployed(&[Side::Base, Side::Head]), Exit::Green);
    assert_eq!(deployed(&[Side::Base, Side::Base, Side::Head]), Exit::Bug);
    assert_eq!(deployed(&[Side::Head]), Exit::Bug);
}

#[test]
fn a_failed_end_without_a_reason_is_a_bug() {
    let plan = example::plan();
    let mut whats = green(&plan);
    if let Some(What::StepEnded { status, .. }) =
        whats.iter_mut().find(|w| matches!(w, What::StepEnded { .. }))
    {
        *status = Status::Fail;
    }
    assert_eq!(judged(whats).exit, Exit::Bug);
}

#[test]
fn the_failure_of_a_test_is_told_once_with_the_name_of_the_test() {
    let plan = example::plan();
    let title = "tests of custom/test_page.rhai (1)";
    let mut whats = ending(green(&plan), &plan, title, causes::TEST_FAILED);
    let n = plan.steps.iter().position(|s| s.action.title() == title).unwrap();
    let at = whats.iter().position(|w| matches!(w, What::StepEnded { step, .. } if *step == n)).unwrap();
    let What::StepEnded { failure, .. } = whats[at] else { panic!("an end") };
    let (file, name) = ("custom/test_page.rhai".to_string(), "test_it".to_string());
    // its row stands right before the step's end
    whats[at - 1] = What::TestEnded { tier: Tier::Custom, file, name, status: Status::Fail, ms: 3, failure };
    let o = judged(whats);
    let told: Vec<_> = o.failures.iter().map(|t| t.during.as_str()).collect();
    assert_eq!(told, ["custom/test_page.rhai test_it"]);
    assert_eq!(o.tiers[4].tests.len(), 1);
}

#[test]
fn waits_are_timed_from_one_to_the_next() {
    let plan = example::plan();
    let mut whats = green(&plan);
    let at = whats.iter().position(|w| matches!(w, What::StepEnded { step: 3, .. })).unwrap();
    whats.insert(at, What::Waiting { step: 3, on: "two".into() });
    whats.insert(at, What::Waiting { step: 3, on: "one".into() });
    let o = judged(whats);
    let waits: Vec<_> = o.steps[3].waits.iter().map(|w| (w.on.as_str(), w.ms)).collect();
    assert_eq!(waits, [("one", 1), ("two", 1)]);
}

#[test]
fn a_record_that_ends_early_is_an_error_even_after_a_signal() {
    let mut all = green(&example::plan());
    for n in 1..all.len() {
        let o = judged(all[..n].to_vec());
        assert_eq!((o.verdict, o.exit), (Verdict::Error, Exit::Error), "after {n} events");
        assert_eq!(o.failures.last().unwrap().failure.cause, "killed");
    }
    all.pop();
    all.insert(9, What::Stopped { by: "SIGINT".into() });
    assert_eq!(judged(all).exit, Exit::Error, "130 promises that everything was removed");
}

#[test]
fn lesson_25_a_run_that_proved_nothing_is_an_error() {
    let mut plan = example::plan();
    plan.subject_mut().tiers.clear();
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
fn lesson_22_a_test_skipped_for_something_it_needs_is_red_and_one_the_recipe_left_out_is_not() {
    let skipped = |by| {
        let mut whats = green(&example::plan());
        let end = whats.len() - 1;
        let (file, name) = ("custom/test_sso.rhai".to_string(), "test_login".to_string());
        let what = format!("{file} {name}");
        let (tier, status) = (Tier::Custom, Status::Skip);
        whats.insert(end, What::TestEnded { tier, file, name, status, ms: 0, failure: None });
        whats.insert(end, What::Skipped(Skip { what, reason: "keycloak is not up".into(), decided_by: by }));
        let o = judged(whats);
        assert!(o.failures.iter().all(|t| t.failure.cause == "test-skipped"));
        (o.verdict, o.rungs[&Rung::Functional], o.level)
    };
    assert_eq!(skipped(DecidedBy::Earlier), (Verdict::Red, Status::Unver, 3));
    assert_eq!(skipped(DecidedBy::Recipe), (Verdict::Green, Status::Pass, 5));
}

#[test]
fn a_backup_that_passes_with_a_restore_that_fails_is_a_failed_rung() {
    let plan = example::plan();
    let o = judged(ending(green(&plan), &plan, "restore", causes::BACKUP_HOOK_FAILED));
    assert_eq!(o.tiers[2].status, Status::Pass);
    assert_eq!((o.tiers[3].status, o.rungs[&Rung::BackupRestore], o.level), (Status::Fail, Status::Fail, 2));
}

#[test]
fn a_declared_rung_that_ran_all_the_same_is_judged() {
    let mut plan = example::plan();
    plan.subject_mut().expected_na.insert("backup_restore".into(), "stateless".into());
    let o = judged(ending(green(&plan), &plan, "restore", causes::BACKUP_HOOK_FAILED));
    assert_eq!((o.verdict, o.rungs[&Rung::BackupRestore]), (Verdict::Red, Status::Fail));
}

#[test]
fn a_tier_the_caller_left_out_is_not_proved_and_does_not_raise_the_level() {
    let o = judged(green(&example::two_tiers()));
    assert_eq!((o.verdict, o.level), (Verdict::Green, 1));
    assert_eq!(o.rungs[&Rung::Upgrade], Status::Unver);
    assert!(o.not_proved.iter().any(|n| n.contains("not among the tiers asked for")));
}

#[test]
fn a_tier_that_does_not_apply_is_a_skip_and_lets_the_level_pass() {
    let o = judged(green(&example::no_backup()));
    assert_eq!((o.verdict, o.level, o.rungs[&Rung::BackupRestore]), (Verdict::Green, 5, Status::Skip));
}
