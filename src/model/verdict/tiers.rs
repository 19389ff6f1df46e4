//! Folds events into tiers and tests. Pure.

use super::occurrences::excused;
use super::{Known, Outcome, StepOutcome, honest, skip_of};
use crate::event::{DecidedBy, Event, Skip, What};
use crate::failure::FailureId;
use crate::plan::partial::{NOT_ASKED, TestName};
use crate::plan::{Action, NO_RESTORE, Plan};
use crate::tier::{Status, TIERS, Tier};

/// What became of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Its file, or `generic` for an assertion that ccci checks for every recipe.
    pub file: String,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// How long, ms.
    pub ms: u64,
    /// The failure that decided, if one did.
    pub failure: Option<FailureId>,
    /// Why it was skipped, if the run recorded a reason.
    pub reason: Option<String>,
}

/// What became of a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierOutcome {
    /// Which.
    pub tier: Tier,
    /// What became of it.
    pub status: Status,
    /// Who left it out, if somebody did.
    pub decided_by: Option<DecidedBy>,
    /// Why it was left out, or why it is not known.
    pub reason: Option<String>,
    /// The failure that decided, if one did.
    pub failure: Option<FailureId>,
    /// How long its steps took, ms.
    pub ms: u64,
    /// Its tests.
    pub tests: Vec<TestOutcome>,
}

/// What a restore shows before which nothing was damaged, or after which no test looked.
const RESTORE_ALONE: &str = "The restore ended without an error, and the app answers.";

impl Outcome {
    /// What a tier shows if it passes, in one sentence.
    pub fn shows(&self, tier: Tier) -> &'static str {
        let open = |what: &String| what.starts_with(NO_RESTORE);
        match tier == Tier::Restore && self.not_proved.iter().any(open) {
            true => RESTORE_ALONE,
            false => tier.row().doc,
        }
    }
}

/// All tiers in their order.
pub(super) fn fold(
    plan: &Plan,
    events: &[Event],
    known: &Known<'_>,
    steps: &[StepOutcome],
    ended: bool,
) -> Vec<TierOutcome> {
    TIERS
        .iter()
        .map(|row| match plan.subject().tiers.contains(&row.tier) {
            true => planned(plan, tests(plan, events, known, row.tier), events, steps, row.tier, ended),
            false => left_out(plan, row.tier),
        })
        .collect()
}

/// A tier that is not in the plan: `skip` if it does not apply, because the recipe's shape or settings say so; else
/// `unver`, because it was not checked.
fn left_out(plan: &Plan, tier: Tier) -> TierOutcome {
    let declared = plan.subject().expected_na.get(tier.row().rung.name());
    let (reason, by) = match (skip_of(plan, tier), declared) {
        (Some(skip), _) => (skip.reason.clone(), Some(skip.decided_by)),
        (None, Some(reason)) => (reason.clone(), Some(DecidedBy::Recipe)),
        (None, None) => ("it is not in the plan, and the plan gives no reason".into(), None),
    };
    let status = match by {
        Some(DecidedBy::Structure | DecidedBy::Recipe) => Status::Skip,
        Some(DecidedBy::Caller | DecidedBy::Earlier) | None => Status::Unver,
    };
    TierOutcome { tier, status, decided_by: by, reason: Some(reason), failure: None, ms: 0, tests: vec![] }
}

fn planned(
    plan: &Plan,
    tests: Vec<TestOutcome>,
    events: &[Event],
    steps: &[StepOutcome],
    tier: Tier,
    ended: bool,
) -> TierOutcome {
    let (decided_by, reason, failure) = (None, None, None);
    let mut out = TierOutcome { tier, status: Status::Pass, decided_by, reason, failure, ms: 0, tests };
    let mut done = 0;
    for s in steps.iter().filter(|s| s.tier == Some(tier)) {
        out.ms = out.ms.saturating_add(s.ms);
        done += usize::from(s.ended);
        let cut = (!s.ended).then_some("it was cut short");
        out.take(s.status, s.failure, s.note.as_deref().or(cut));
    }
    let desired = plan.steps.iter().filter(|s| s.tier == Some(tier)).count();
    if done < desired || desired == 0 {
        let why =
            if ended { "the run ended before it was done" } else { "the record ends before it was done" };
        out.take(Status::Unver, None, Some(why));
    }
    for t in out.tests.clone() {
        let why = format!("test {} was not run", t.name);
        let needed = t.status == Status::Skip && !excused(events, &t.file, &t.name);
        out.take(if needed { Status::Unver } else { t.status }, t.failure, Some(&why));
    }
    out.without_the_unasked(plan);
    out
}

/// The tests that ended, followed by the planned tests that did not. So each planned test has a row.
fn tests(plan: &Plan, events: &[Event], known: &Known<'_>, desired: Tier) -> Vec<TestOutcome> {
    let mut left_out: Option<&Skip> = None;
    let mut out: Vec<TestOutcome> = vec![];
    for e in events {
        match &e.what {
            // the event about a skipped test comes directly before the `TestEnded` of that test
            What::Skipped(skip) => left_out = Some(skip),
            What::TestEnded { tier, file, name, status, ms, failure } => {
                let of_it = |s: &&Skip| s.what == format!("{file} {name}");
                let reason = left_out.take().filter(of_it).map(|s| s.reason.clone());
                if *tier == desired {
                    let (file, name) = (file.clone(), name.clone());
                    let status = honest(*status, known.get(*failure));
                    out.push(TestOutcome { file, name, status, ms: *ms, failure: *failure, reason });
                }
            }
            _ => {}
        }
    }
    for step in plan.steps.iter().filter(|s| s.tier == Some(desired)) {
        let Action::Tests { file, names } = &step.action else { continue };
        for name in names {
            if !out.iter().any(|t| t.file == *file && t.name == *name) {
                let (file, name) = (file.clone(), name.clone());
                out.push(TestOutcome {
                    file,
                    name,
                    status: Status::Unver,
                    ms: 0,
                    failure: None,
                    reason: None,
                });
            }
        }
    }
    out
}

impl TierOutcome {
    /// Adds the tests that the caller did not ask for, each with its own row. Without them a tier is not proved, even if
    /// everything passed that was asked for.
    fn without_the_unasked(&mut self, plan: &Plan) {
        let unasked = plan.subject().unasked.iter().filter(|t| t.tier == self.tier);
        let row = |t: &TestName| TestOutcome {
            file: t.file.clone(),
            name: t.name.clone(),
            status: Status::Unver,
            ms: 0,
            failure: None,
            reason: Some(NOT_ASKED.into()),
        };
        let rows: Vec<TestOutcome> = unasked.map(row).collect();
        if !rows.is_empty() && matches!(self.status, Status::Pass | Status::Skip) {
            self.status = Status::Unver;
            self.decided_by = Some(DecidedBy::Caller);
            self.reason = Some(format!("everything asked for passed; tests {NOT_ASKED}: {}", rows.len()));
        }
        self.tests.extend(rows);
    }

    /// Whether everything in it passed that the caller asked for, and the caller did not ask for all of its tests.
    pub(super) fn passed_as_asked(&self) -> bool {
        self.status == Status::Unver && self.decided_by == Some(DecidedBy::Caller) && !self.tests.is_empty()
    }

    /// The worst status decides, and the first failure of that status is named.
    fn take(&mut self, status: Status, failure: Option<FailureId>, note: Option<&str>) {
        let before = self.status;
        self.status = self.status.and(status);
        let worse = self.status != before;
        if matches!(status, Status::Pass | Status::Skip) || self.status != status {
            return;
        }
        if worse || (self.failure.is_none() && failure.is_some()) {
            self.failure = failure;
            self.reason = None;
        }
        if self.failure.is_none() && self.reason.is_none() {
            self.reason = note.map(str::to_string);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::{green, judged};
    use super::*;
    use crate::example;

    #[test]
    fn each_test_of_a_file_that_the_plan_names_has_a_row_of_its_own() {
        let mut plan = example::plan();
        for step in &mut plan.steps {
            if let Action::Tests { names, .. } = &mut step.action {
                *names = vec!["test_a".into(), "test_b".into()];
            }
        }
        let mut whats = green(&plan);
        whats.retain(|w| !matches!(w, What::TestEnded { name, .. } if name == "test_b"));
        let o = judged(whats);
        let rows: Vec<_> = o.tiers[4].tests.iter().map(|t| (t.name.as_str(), t.status)).collect();
        assert_eq!(rows, [("test_a", Status::Pass), ("test_b", Status::Unver)]);
        assert_eq!(o.verdict, Verdict::Error);
    }
}
