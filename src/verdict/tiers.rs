//! Folds events into tiers and tests. Pure.

use super::{skip_of, status_of_skip};
use crate::event::{Event, What};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::tier::{Status, TIERS, Tier};

/// What became of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// `generic`, or the file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// How long, ms.
    pub ms: u64,
    /// Why not.
    pub failure: Option<Failure>,
}

/// What became of a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierOutcome {
    /// Which.
    pub tier: Tier,
    /// What became of it.
    pub status: Status,
    /// Why it was left out, or why it is not known.
    pub reason: Option<String>,
    /// The failure that decided, if one did.
    pub failure: Option<Failure>,
    /// How long its steps took, ms.
    pub ms: u64,
    /// Its tests.
    pub tests: Vec<TestOutcome>,
    /// Whether the caller left it out: no error by itself, but not proved.
    pub left_out_by_caller: bool,
}

/// All tiers in their order.
pub(super) fn fold(plan: &Plan, events: &[Event], ended: bool) -> Vec<TierOutcome> {
    TIERS
        .iter()
        .filter_map(|row| one(plan, events, row.tier, ended))
        .filter(|t| !t.left_out_by_caller)
        .collect()
}

fn one(plan: &Plan, events: &[Event], tier: Tier, ended: bool) -> Option<TierOutcome> {
    if !plan.tiers.contains(&tier) {
        let skip = skip_of(plan, tier)?;
        return Some(TierOutcome {
            tier,
            status: status_of_skip(skip.decided_by),
            reason: Some(skip.reason.clone()),
            failure: None,
            ms: 0,
            tests: vec![],
            left_out_by_caller: skip.decided_by == crate::event::DecidedBy::Caller,
        });
    }
    let mut out = TierOutcome {
        tier,
        status: Status::Pass,
        reason: None,
        failure: None,
        ms: 0,
        tests: vec![],
        left_out_by_caller: false,
    };
    let steps: Vec<usize> = (0..plan.steps.len()).filter(|n| plan.steps[*n].tier == Some(tier)).collect();
    let mut seen = 0;
    for e in events {
        match &e.what {
            What::StepEnded { step, status, ms, failure, note } if steps.contains(step) => {
                seen += 1;
                out.ms += ms;
                out.take(*status, failure.as_deref(), note.as_deref());
            }
            What::TestEnded { tier: t, file, name, status, ms, failure } if *t == tier => {
                let failure = failure.as_deref().cloned();
                out.take(*status, failure.as_ref(), None);
                out.tests.push(TestOutcome {
                    file: file.clone(),
                    name: name.clone(),
                    status: *status,
                    ms: *ms,
                    failure,
                });
            }
            _ => {}
        }
    }
    if seen < steps.len() {
        let why = if ended { "the run was ended before" } else { "the record ends before" };
        out.take(Status::Unver, None, Some(why));
    }
    Some(out)
}

impl TierOutcome {
    /// The worst status decides, and the first failure of that status is named.
    fn take(&mut self, status: Status, failure: Option<&Failure>, note: Option<&str>) {
        let before = self.status;
        self.status = self.status.and(status);
        let decisive = self.status != before || (self.failure.is_none() && self.status == status);
        if status != Status::Pass && decisive {
            if failure.is_some() {
                self.failure = failure.cloned();
                self.reason = None;
            } else if self.failure.is_none() && self.reason.is_none() {
                self.reason = note.map(str::to_string);
            }
        }
    }
}
