//! Cases for what a verdict carries beside its word: what was not proved, versions, images, times, and the small print of
//! steps and tiers.

use super::tests::{ending, failed, green, judged};
use super::timings::PHASES;
use super::*;
use crate::example;
use crate::plan::Action;

/// A green record with more events before its end.
fn green_with(more: Vec<What>) -> Outcome {
    let mut whats = green(&example::plan());
    let end = whats.len() - 1;
    whats.splice(end..end, more);
    judged(whats)
}

fn has(lines: &[String], desired: &str) -> bool {
    lines.iter().any(|l| l == desired)
}

#[test]
fn every_verdict_is_called_as_the_record_writes_it() {
    let named: Vec<&str> =
        [Verdict::Green, Verdict::Red, Verdict::Error, Verdict::Interrupted].map(Verdict::name).to_vec();
    assert_eq!(named, ["green", "red", "error", "interrupted"]);
}

#[test]
fn a_good_run_leaves_nothing_unproved() {
    assert_eq!(judged(green(&example::plan())).not_proved, example::plan().subject().not_proved);
}

#[test]
fn what_kept_a_tier_from_being_proved_is_said_and_only_of_tiers_that_were_planned() {
    let plan = example::plan();
    let o = judged(ending(green(&plan), &plan, "pull the head's images", causes::REGISTRY_UNREACHABLE));
    assert!(has(&o.not_proved, "that it upgrades from an older version: bad"), "{:?}", o.not_proved);
    assert!(!o.not_proved.iter().any(|n| n.starts_with("that it installs")), "{:?}", o.not_proved);
    let o = judged(green(&example::two_tiers()));
    assert_eq!(o.not_proved.iter().filter(|n| n.starts_with("that it upgrades")).count(), 1);
    assert!(!o.not_proved.iter().any(|n| n.starts_with("that the head passes")), "{:?}", o.not_proved);
}

#[test]
fn an_upgrade_alone_that_was_not_deployed_says_nothing_of_later_tiers() {
    let plan = example::plan();
    let mut whats = ending(green(&plan), &plan, "deploy the head", causes::ENGINE_REFUSED);
    whats.retain(|w| match w {
        What::StepStarted { step, .. } | What::StepEnded { step, .. } => {
            plan.steps[*step].tier.is_none_or(|t| t <= Tier::Upgrade)
        }
        _ => true,
    });
    let o = judged(whats);
    assert!(!o.not_proved.iter().any(|n| n.starts_with("that the head passes")), "{:?}", o.not_proved);
}

#[test]
fn rules_that_were_not_looked_at_are_not_proved_and_kept_apps_are_not_removed() {
    let rule = |id: &str, result: &str, findings: &[&str]| LintedRule {
        id: id.into(),
        severity: "warning".into(),
        result: result.into(),
        findings: findings.iter().map(|f| (*f).to_string()).collect(),
    };
    let mut plan = example::plan();
    plan.keep = true;
    let mut whats = green(&plan);
    let stopped = judged(whats.clone());
    assert!(stopped.not_proved.iter().all(|n| !n.contains("kept running")), "it was removed");
    whats.retain(|what| !matches!(what, What::Removed { .. }));
    let rules = vec![
        rule("R001", "satisfied", &[]),
        rule("R006", "not looked at", &["needs the catalogue"]),
        rule("R013", "not looked at", &[]),
    ];
    whats[1] = What::Linted { status: Status::Pass, rules };
    let o = judged(whats.clone());
    let kept = "that removal leaves nothing behind: the app was kept running";
    let lint: Vec<&String> = o.not_proved.iter().filter(|n| n.contains("lint")).collect();
    assert_eq!(lint, ["lint rule R006: needs the catalogue", "lint rule R013"]);
    assert!(has(&o.not_proved, kept));
    assert!(o.versions["rules"].starts_with("3, "), "{:?}", o.versions);
    whats[1] = What::Linted { status: Status::Unver, rules: vec![] };
    let o = judged(whats);
    assert!(has(&o.not_proved, "that the recipe keeps the rules of lint: they were not looked at"));
    assert!(!o.versions.contains_key("rules"));
}

#[test]
fn versions_images_and_facts_are_those_that_the_record_tells() {
    let pulled = |image: &str, ms| What::Pulled { image: image.into(), digest: None, present: false, ms };
    let fact = |value: &str| What::Fact { name: "snapshot".into(), value: value.into() };
    let engine = What::Engine { version: "29.1".into(), api: "1.44".into(), ipvs: true };
    let o = green_with(vec![engine, pulled("b", 1), pulled("a", 2), pulled("b", 3), fact("1"), fact("2")]);
    let pair = |(a, b): (&str, &str)| (a.to_string(), b.to_string());
    assert_eq!(o.versions, [("api", "1.44"), ("ccci", "0"), ("engine", "29.1")].map(pair).into());
    assert_eq!(o.images.iter().map(|i| (i.image.as_str(), i.ms)).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    assert_eq!(o.facts, [("snapshot", "2")].map(pair).into());
}

#[test]
fn the_skip_of_a_tier_is_its_own() {
    let o = judged(green(&example::nothing_older()));
    let reasons: Vec<&str> = o.tiers.iter().filter_map(|t| t.reason.as_deref()).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].contains("nothing published") && reasons[1].contains("backup label"), "{reasons:?}");
}

#[test]
fn times_of_phases_hooks_and_tiers_add_up() {
    let plan = example::plan();
    let hook = |hook: &str, ms| What::HookEnded { hook: hook.into(), ms, failure: None };
    let o = green_with(vec![
        hook("ready_probe", 3),
        hook("ready_probe", 4),
        hook("custom/test_x.rhai test_x", 5),
    ]);
    for phase in PHASES {
        let steps = plan.steps.iter().filter(|s| (phase.holds)(&s.action)).count() as u64;
        assert_eq!(o.timings.phase(phase.name), steps, "{}", phase.name);
        assert!(steps > 0, "the fullest plan has no {}", phase.name);
    }
    assert_eq!(o.timings.phase("no such phase"), 0);
    assert_eq!(o.timings.hooks, [("ready_probe".to_string(), HookTime { calls: 2, ms: 7 })].into());
    for tier in &o.tiers {
        let steps = plan.steps.iter().filter(|s| s.tier == Some(tier.tier)).count() as u64;
        assert_eq!((tier.ms, o.timings.tiers[&tier.tier]), (steps, steps), "{}", tier.tier);
    }
    // judged gives every event its own millisecond
    let tests =
        plan.steps.iter().map(|s| if let Action::Tests { names, .. } = &s.action { names.len() } else { 0 });
    let deploys = plan.steps.iter().filter(|s| matches!(s.action, Action::Deploy { .. })).count();
    assert_eq!(o.timings.total, (2 * plan.steps.len() + deploys + tests.sum::<usize>() + 3 + 3) as u64);
}

#[test]
fn a_step_without_its_beginning_or_its_end_still_tells_what_it_can() {
    let plan = example::plan();
    let mut whats = green(&plan);
    whats.retain(|w| !matches!(w, What::StepStarted { step: 2, .. } | What::StepEnded { step: 4, .. }));
    let o = judged(whats);
    let of = |n| o.steps.iter().find(|s| s.step == n).unwrap();
    assert_eq!(
        (of(2).title.as_str(), of(2).tier),
        (plan.steps[2].action.title().as_str(), plan.steps[2].tier)
    );
    assert_eq!((of(2).status, of(2).ended), (Status::Pass, true));
    assert_eq!((of(4).status, of(4).ended), (Status::Unver, false));
    assert!(of(4).ms > 1, "from its beginning to the end of the record");
    assert_eq!(of(3).ms, 1, "a step that ended says itself how long it took");
    assert_eq!(o.steps.iter().filter(|s| s.step == 3).count(), 1);
    let tier = o.tiers.iter().find(|t| Some(t.tier) == plan.steps[4].tier).unwrap();
    assert_eq!((tier.status, tier.reason.as_deref()), (Status::Unver, Some("it was cut short")));
}

#[test]
fn a_step_done_twice_is_two_steps_each_with_its_own_end() {
    let mut whats = green(&example::plan());
    let title = String::from("again");
    whats.insert(4, What::StepStarted { step: 0, title, tier: None });
    whats.insert(5, What::StepEnded { step: 0, status: Status::Pass, ms: 7, failure: None, note: None });
    let times: Vec<u64> = judged(whats).steps.iter().filter(|s| s.step == 0).map(|s| s.ms).collect();
    assert_eq!(times, [1, 7]);
}

#[test]
fn a_tier_that_was_not_done_says_whether_the_run_or_the_record_ended() {
    let plan = example::plan();
    let reason = |whats: &[What]| {
        let o = judged(whats.to_vec());
        o.tiers[4].reason.clone().unwrap_or_default()
    };
    let whats: Vec<What> = green(&plan)
        .into_iter()
        .filter(|w| match w {
            What::StepStarted { step, .. } | What::StepEnded { step, .. } => {
                plan.steps[*step].tier != Some(Tier::Custom)
            }
            _ => true,
        })
        .collect();
    assert_eq!(reason(&whats), "the run ended before it was done");
    assert_eq!(reason(&whats[..whats.len() - 1]), "the record ends before it was done");
}

/// A green record in which these steps of the upgrade end so: status, what was seen, note.
fn upgrade_ending(ends: &[(Status, Option<&str>, Option<&str>)]) -> (Status, Option<String>, Option<String>) {
    let plan = example::plan();
    let mut whats = green(&plan);
    let mut ids = BTreeMap::new();
    for (end, observed, _) in ends {
        let cause = if *end == Status::Unver { causes::ENGINE_GONE } else { causes::CRASH_LOOP };
        if let Some(observed) = observed {
            ids.insert(*observed, failed(&mut whats, Failure::new(cause, "good", *observed)));
        }
    }
    let steps: Vec<usize> =
        (0..plan.steps.len()).filter(|n| plan.steps[*n].tier == Some(Tier::Upgrade)).collect();
    for (n, (end, observed, said)) in steps.iter().zip(ends) {
        for w in &mut whats {
            if let What::StepEnded { step, status, failure, note, .. } = w
                && step == n
            {
                *status = *end;
                *failure = observed.and_then(|observed| ids[observed]);
                *note = said.map(str::to_string);
            }
        }
    }
    let mut o = judged(whats);
    let tier = o.tiers.swap_remove(1);
    let observed = tier.failure.map(|id| o.failure(id).unwrap().observed());
    (tier.status, observed, tier.reason)
}

#[test]
fn a_tier_names_the_first_failure_of_its_worst_status() {
    use Status::{Fail, Pass, Skip, Unver};
    let told = |status, observed: Option<&str>, note: Option<&str>| {
        (status, observed.map(str::to_string), note.map(str::to_string))
    };
    for (ends, expected) in [
        (vec![(Fail, Some("a"), None), (Fail, Some("b"), None)], told(Fail, Some("a"), None)),
        (vec![(Unver, Some("a"), None), (Fail, Some("b"), None)], told(Fail, Some("b"), None)),
        (vec![(Fail, Some("a"), None), (Unver, Some("b"), None)], told(Fail, Some("a"), None)),
        (vec![(Unver, None, Some("n")), (Unver, Some("b"), None)], told(Unver, Some("b"), None)),
        (vec![(Unver, None, Some("n")), (Unver, None, Some("m"))], told(Unver, None, Some("n"))),
        (vec![(Unver, None, Some("n")), (Fail, Some("b"), Some("m"))], told(Fail, Some("b"), None)),
        (vec![(Unver, Some("a"), Some("n")), (Unver, Some("b"), Some("m"))], told(Unver, Some("a"), None)),
        (vec![(Pass, None, Some("n")), (Skip, None, Some("m"))], told(Pass, None, None)),
        (vec![(Unver, Some("a"), None), (Skip, None, Some("m"))], told(Unver, Some("a"), None)),
    ] {
        assert_eq!(upgrade_ending(&ends), expected, "{ends:?}");
    }
}

#[test]
fn only_the_deadline_is_called_a_deadline() {
    let o = green_with(vec![What::Stopped { by: "SIGTERM".into() }]);
    assert!(o.failures.is_empty(), "{:?}", o.failures);
    let o = green_with(vec![What::Stopped { by: "deadline".into() }]);
    let causes: Vec<&str> = o.failures.iter().map(|t| t.failure.cause.as_ref()).collect();
    assert_eq!(causes, ["run-deadline"]);
}

/// A green record in which a test of this step fails, and what the step ends with: that failure, another one, or none.
fn with_test(title: &str, step_failure: Option<Option<Failure>>) -> Vec<What> {
    let plan = example::plan();
    let n = plan.steps.iter().position(|s| s.action.title() == title).unwrap();
    let mut whats = green(&plan);
    let at = whats.iter().position(|w| matches!(w, What::StepEnded { step, .. } if *step == n)).unwrap();
    let failure = failed(&mut whats, Failure::new(causes::TEST_FAILED, "good", "bad in detail"));
    let of_step = step_failure.and_then(|own| match own {
        Some(other) => failed(&mut whats, other),
        None => failure,
    });
    whats[at] = What::StepEnded { step: n, status: Status::Fail, ms: 1, failure: of_step, note: None };
    let (tier, file, name) = (plan.steps[n].tier.unwrap(), "f".to_string(), "t".to_string());
    whats.insert(at, What::TestEnded { tier, file, name, status: Status::Fail, ms: 3, failure });
    whats
}

#[test]
fn a_failure_of_a_step_is_told_unless_one_of_its_own_tests_told_the_same() {
    let title = "tests of custom/test_page.rhai (1)";
    let told = |whats| judged(whats).failures.iter().map(|t| t.failure.observed()).collect::<Vec<_>>();
    let alike = Failure::new(causes::TEST_FAILED, "good", "bad");
    assert_eq!(told(with_test(title, Some(None))), ["bad in detail"]);
    assert_eq!(told(with_test(title, Some(Some(alike)))), ["bad in detail", "bad"], "words are not compared");
    assert_eq!(told(with_test(title, None)), ["bad in detail"], "the test is the reason");
    // a test of an earlier step says nothing of a later one
    let plan = example::plan();
    let earlier = with_test("tests of test_upgrade.rhai (1)", Some(None));
    assert_eq!(told(ending(earlier, &plan, title, causes::TEST_FAILED)), ["bad in detail", "bad"]);
}

#[test]
fn a_run_that_ended_without_one_of_its_steps_is_a_bug_unless_it_was_stopped() {
    let plan = example::plan();
    let mut whats = green(&plan);
    whats.retain(|w| !matches!(w, What::StepStarted { step: 5, .. } | What::StepEnded { step: 5, .. }));
    let o = judged(whats.clone());
    assert_eq!(o.exit, Exit::Bug);
    assert!(o.failures[0].failure.observed().contains(&plan.steps[5].action.title()), "{:?}", o.failures);
    whats.insert(4, What::Stopped { by: "SIGINT".into() });
    assert_eq!(judged(whats).exit, Exit::Interrupted);
}

#[test]
fn an_end_belongs_to_its_own_step_whatever_else_is_open() {
    let mut whats = green(&example::plan());
    let ends = |n: usize| move |w: &What| matches!(w, What::StepEnded { step, .. } if *step == n);
    // the end of step 2 comes after the beginning of step 3
    let at = whats.iter().position(ends(2)).unwrap();
    whats.swap(at, at + 1);
    let What::StepEnded { ms, .. } = &mut whats[at + 1] else { panic!("an end") };
    *ms = 77;
    let times = |whats: Vec<What>| {
        let o = judged(whats);
        [2, 3].map(|n| o.steps.iter().find(|s| s.step == n).map(|s| (s.ms, s.ended)))
    };
    assert_eq!(times(whats.clone()), [Some((77, true)), Some((1, true))]);
    whats.retain(|w| !matches!(w, What::StepStarted { step: 2, .. }));
    assert_eq!(times(whats), [Some((77, true)), Some((1, true))]);
}

#[test]
fn the_deadline_is_told_once_beside_other_troubles() {
    let plan = example::plan();
    let deadlines = |cause| {
        let mut whats = ending(green(&plan), &plan, "restore", cause);
        whats.insert(9, What::Stopped { by: "deadline".into() });
        let o = judged(whats);
        o.failures.iter().filter(|t| t.failure.cause == "run-deadline").count()
    };
    assert_eq!(deadlines(causes::ENGINE_GONE), 1);
    assert_eq!(deadlines(causes::RUN_DEADLINE), 1);
}
