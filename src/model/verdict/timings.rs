//! How long things took, by kind. Pure.

use super::StepOutcome;
use crate::event::{Event, What};
use crate::plan::{Action, Plan};
use crate::tier::Tier;
use std::collections::BTreeMap;

/// A phase of a run that is timed, and the steps that belong to it.
pub(crate) struct Phase {
    /// As the record writes it.
    pub name: &'static str,
    /// Whether a step belongs to it.
    pub holds: fn(&Action) -> bool,
}

/// All phases, in the order of a run.
pub(crate) const PHASES: &[Phase] = &[
    Phase { name: "pull", holds: |a| matches!(a, Action::Pull { .. }) },
    Phase { name: "deploy", holds: |a| matches!(a, Action::Deploy { .. }) },
    Phase { name: "converge", holds: |a| matches!(a, Action::Converge { .. }) },
    Phase { name: "health", holds: |a| matches!(a, Action::Health { .. }) },
    Phase { name: "ready", holds: |a| matches!(a, Action::Ready { .. }) },
    Phase { name: "settle", holds: |a| matches!(a, Action::Settle) },
    Phase { name: "backup", holds: |a| matches!(a, Action::Backup { .. }) },
    Phase { name: "restore", holds: |a| matches!(a, Action::Restore) },
    Phase { name: "removal", holds: |a| matches!(a, Action::Remove) },
];

/// All calls of one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HookTime {
    /// How often it was called.
    pub calls: u64,
    /// How long in all, ms.
    pub ms: u64,
}

/// How long things took, ms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timings {
    /// By phase, in the order of `PHASES`; a phase without a step took 0.
    pub phases: Vec<(&'static str, u64)>,
    /// By hook.
    pub hooks: BTreeMap<String, HookTime>,
    /// By tier.
    pub tiers: BTreeMap<Tier, u64>,
    /// The whole run.
    pub total: u64,
}

impl Timings {
    /// The time of a phase, ms.
    pub fn phase(&self, name: &str) -> u64 {
        self.phases.iter().find(|p| p.0 == name).map_or(0, |p| p.1)
    }
}

pub(super) fn fold(plan: &Plan, events: &[Event], steps: &[StepOutcome]) -> Timings {
    let mut out = Timings::default();
    // removal after `--keep` was cut short by a signal is no step of the plan: its number is the one past the end
    let action = |s: &StepOutcome| plan.steps.get(s.step).map_or(Action::Remove, |p| p.action.clone());
    for phase in PHASES {
        let ms =
            steps.iter().filter(|s| (phase.holds)(&action(s))).fold(0u64, |all, s| all.saturating_add(s.ms));
        out.phases.push((phase.name, ms));
    }
    for s in steps {
        if let Some(tier) = s.tier {
            let ms = out.tiers.entry(tier).or_insert(0);
            *ms = ms.saturating_add(s.ms);
        }
    }
    for e in events {
        if let What::HookEnded { hook, ms, .. } = &e.what
            && !hook.contains(".rhai")
        {
            let t = out.hooks.entry(hook.clone()).or_default();
            t.calls += 1;
            t.ms = t.ms.saturating_add(*ms);
        }
    }
    out.total = events.iter().map(|e| e.at.0).max().unwrap_or(0);
    out
}
