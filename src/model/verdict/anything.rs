//! The judge is total: whatever stands in a record, and in whatever order, it gives an outcome that agrees with itself.

use super::tests::{failed, green, judged};
use super::*;
use crate::example;
use proptest::prelude::*;

const STATUSES: [Status; 4] = [Status::Pass, Status::Fail, Status::Skip, Status::Unver];

/// A failure of every cause; nothing refers to one that nothing names.
fn failures() -> Vec<What> {
    let of = |(n, cause)| Failure { id: id(n), ..Failure::new(cause, "a", "b") };
    crate::failure::CAUSES.iter().copied().enumerate().map(|f| What::Failed(Box::new(of(f)))).collect()
}

fn id(cause: usize) -> FailureId {
    FailureId::nth((cause % crate::failure::CAUSES.len()) as u32 + 1)
}

/// Some event, from a handful of numbers. Steps and tests that no plan has are among them.
fn some(n: (u8, usize, usize, usize, bool)) -> What {
    let (kind, step, status, cause, told) = n;
    let failure = told.then(|| id(cause));
    let (status, tier) = (STATUSES[status % 4], crate::tier::TIERS[cause % 5].tier);
    let (file, name) = (format!("f{}", step % 3), format!("n{}", cause % 3));
    let held = Held { kind: "volume".into(), name: "v".into(), by: "x".into() };
    match kind % 15 {
        0 => What::StepStarted { step, title: "t".into(), tier: told.then_some(tier) },
        1 | 2 => What::StepEnded { step, status, ms: u64::MAX, failure, note: told.then(|| "n".into()) },
        3 => What::Waiting { step, on: "w".into() },
        4 | 5 => What::TestEnded { tier, file, name, status, ms: u64::MAX, failure },
        6 => What::Stopped { by: ["SIGINT", "SIGTERM", "deadline", "?"][step % 4].into() },
        7 => What::Removed {
            ms: 1,
            leftovers: if told { vec![held] } else { vec![] },
            counts: BTreeMap::new(),
        },
        8 => What::RunEnded { wall_ms: 0 },
        9 => What::Deployed { app: step % 2, side: if told { Side::Base } else { Side::Head } },
        10 => What::Linted { status, rules: vec![] },
        13 => What::ArchivesDropped { files: vec![file] },
        11 => What::SecretFound { file, secret: name },
        12 => {
            let decided_by = if told { DecidedBy::Earlier } else { DecidedBy::Recipe };
            What::Skipped(Skip { what: format!("{file} {name}"), reason: "r".into(), decided_by })
        }
        _ => What::RecordFailed { failure: Box::new(Failure::new(causes::RECORD_FAILED, "a", "b")) },
    }
}

/// What holds for every outcome.
fn agrees(o: &Outcome) -> Result<(), TestCaseError> {
    let code = o.exit.code();
    let codes: &[u8] = match o.verdict {
        Verdict::Green => &[0],
        Verdict::Red => &[1],
        Verdict::Error => &[3, 70],
        Verdict::Interrupted => &[130, 143],
    };
    prop_assert!(codes.contains(&code), "{:?} {code}", o.verdict);
    prop_assert_eq!(o.level, level(&o.rungs));
    for step in &o.plan.steps {
        if let Action::Tests { file, names } = &step.action {
            let rows = o.tiers.iter().flat_map(|t| &t.tests);
            prop_assert!(names.iter().all(|n| rows.clone().any(|t| t.file == *file && t.name == *n)));
        }
    }
    if o.verdict == Verdict::Green {
        let planned = o.tiers.iter().filter(|t| o.plan.subject().tiers.contains(&t.tier));
        prop_assert!(planned.clone().all(|t| t.status == Status::Pass), "{:?}", o.tiers);
        prop_assert!(o.failures.is_empty() && o.leftovers.is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_events_give_an_outcome_that_agrees_with_itself(
        numbers in prop::collection::vec((any::<u8>(), 0usize..60, 0usize..4, 0usize..60, any::<bool>()), 0..40),
    ) {
        let plan = Box::new(example::plan());
        let mut whats = vec![What::RunStarted { schema: crate::event::SCHEMA, ccci: "0".into(), wall_ms: 0, plan }];
        whats.extend(numbers.into_iter().map(some).chain(failures()));
        agrees(&judged(whats))?;
    }

    #[test]
    fn a_good_record_with_anything_in_it_gives_an_outcome_that_agrees_with_itself(
        numbers in prop::collection::vec((any::<u8>(), 0usize..60, 0usize..4, 0usize..60, any::<bool>()), 0..6),
        places in prop::collection::vec(any::<prop::sample::Index>(), 6),
        dropped in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut whats = green(&example::plan());
        whats.extend(failures());
        for at in dropped {
            whats.remove(1 + at.index(whats.len() - 1));
        }
        for (n, at) in numbers.into_iter().zip(places) {
            whats.insert(1 + at.index(whats.len()).min(whats.len() - 1), some(n));
        }
        agrees(&judged(whats))?;
    }

    /// Whatever happens around it, and in whatever order, a failed step or test is never green.
    #[test]
    fn nothing_with_a_failure_in_it_is_green(
        bad in (0usize..40, 0usize..60, any::<bool>(), any::<bool>()),
        swaps in prop::collection::vec((1usize..200, 1usize..200), 0..6),
        dropped in prop::collection::vec(1usize..200, 0..6),
        at in 0usize..200,
    ) {
        let plan = example::plan();
        let mut whats = green(&plan);
        let (step, cause, test, told) = bad;
        let failure = told.then(|| id(cause));
        let step = step % plan.steps.len();
        for n in dropped {
            let n = n % whats.len();
            if n > 0 { whats.remove(n); }
        }
        for (a, b) in swaps {
            let len = whats.len();
            if a % len > 0 && b % len > 0 { whats.swap(a % len, b % len); }
        }
        let bad = if test {
            let (file, name) = ("f".to_string(), "n".to_string());
            What::TestEnded { tier: Tier::Custom, file, name, status: Status::Fail, ms: 0, failure }
        } else {
            What::StepEnded { step, status: Status::Fail, ms: 0, failure, note: None }
        };
        whats.insert(1 + at % whats.len(), bad);
        whats.extend(failures());
        let o = judged(whats);
        prop_assert_ne!(o.verdict, Verdict::Green);
        prop_assert_ne!(o.exit.code(), 0);
    }
}

/// The examples of the contract: this rung ends so and the rest passes.
#[test]
fn the_levels_of_the_contract_come_out_of_records() {
    let statuses = |bad: Rung, status: Status| {
        let plan = example::plan();
        let mut whats = green(&plan);
        let cause = if status == Status::Fail { causes::CRASH_LOOP } else { causes::ENGINE_GONE };
        let id = failed(&mut whats, Failure::new(cause, "a", "b"));
        for w in &mut whats {
            match w {
                What::Linted { status: s, .. } if bad == Rung::Lint => *s = status,
                What::StepEnded { step, status: s, failure, .. } => {
                    let tier = plan.steps[*step].tier;
                    if tier.is_some_and(|t| t.row().rung == bad) {
                        *s = status;
                        *failure = id;
                    }
                }
                _ => {}
            }
        }
        let o = judged(whats);
        (o.verdict, o.level)
    };
    assert_eq!(statuses(Rung::Upgrade, Status::Fail), (Verdict::Red, 1));
    assert_eq!(statuses(Rung::BackupRestore, Status::Unver), (Verdict::Error, 2));
    assert_eq!(statuses(Rung::Lint, Status::Unver), (Verdict::Green, 4));
    assert_eq!(statuses(Rung::Lint, Status::Fail), (Verdict::Green, 4));
    let o = judged(green(&example::no_backup()));
    assert_eq!((o.verdict, o.level, o.rungs[&Rung::BackupRestore]), (Verdict::Green, 5, Status::Skip));
}
