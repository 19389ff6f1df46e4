//! Judges a run: a fold of its events. The only code that can make an outcome. Pure.

mod tiers;

use crate::event::{DecidedBy, Event, LintedRule, Skip, What};
use crate::exit::Exit;
use crate::failure::{Failure, causes};
use crate::plan::{Action, Held, Plan};
use crate::tier::{RUNGS, Rung, Status, Tier, level};
use serde::Serialize;
use std::collections::BTreeMap;
pub use tiers::{TestOutcome, TierOutcome};

/// The one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything planned was proved.
    Green,
    /// The recipe failed.
    Red,
    /// Something could not be done or looked at.
    Error,
    /// A signal ended it.
    Interrupted,
}

impl Verdict {
    /// As the record writes it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Green => "green",
            Verdict::Red => "red",
            Verdict::Error => "error",
            Verdict::Interrupted => "interrupted",
        }
    }
}

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

/// What became of a run. Only `judge` makes one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The plan it followed.
    pub plan: Plan,
    /// The one word.
    pub verdict: Verdict,
    /// The exit code.
    pub exit: Exit,
    /// 0 to 5.
    pub level: u8,
    /// Every rung.
    pub rungs: BTreeMap<Rung, Status>,
    /// Planned and skipped tiers in their order.
    pub tiers: Vec<TierOutcome>,
    /// Everything that failed, first things first.
    pub troubles: Vec<Trouble>,
    /// What was left out.
    pub skips: Vec<Skip>,
    /// What was not proved.
    pub not_proved: Vec<String>,
    /// ms by name: `pull`, `deploy`, `hook pre_backup`, `tier upgrade`, `removal`, `total`.
    pub timings: BTreeMap<String, u64>,
    /// What is still on the engine.
    pub leftovers: Vec<Held>,
    /// The rules of the lint rung.
    pub lint: Vec<LintedRule>,
    /// `ccci`, `engine`, `api`.
    pub versions: BTreeMap<String, String>,
    /// Image → digest.
    pub images: BTreeMap<String, String>,
    /// When it began, ms since 1970.
    pub began_ms: u64,
    /// When it ended, if it did.
    pub ended_ms: Option<u64>,
    /// `SIGINT`, `SIGTERM` or `deadline`.
    pub stopped_by: Option<String>,
}

/// Judges a record. `None` when it does not begin with a plan.
pub fn judge(events: &[Event]) -> Option<Outcome> {
    let What::RunStarted { ccci, wall_ms, plan } = &events.first()?.what else { return None };
    let plan = (**plan).clone();
    let ended_ms = events
        .iter()
        .find_map(|e| if let What::RunEnded { wall_ms } = e.what { Some(wall_ms) } else { None });
    let mut troubles = troubles(&plan, events);
    troubles.extend(broken_promises(&plan, events, ended_ms.is_some()));
    let tiers = tiers::fold(&plan, events, ended_ms.is_some());
    let lint = lint(events);
    let rungs = rungs(&plan, &tiers, lint.0);
    let stopped_by =
        events.iter().find_map(|e| if let What::Stopped { by } = &e.what { Some(by.clone()) } else { None });
    let leftovers = leftovers(events);
    let (verdict, exit) = decide(&tiers, &troubles, stopped_by.as_deref());
    let mut versions = BTreeMap::from([("ccci".to_string(), ccci.clone())]);
    let mut images = BTreeMap::new();
    for e in events {
        match &e.what {
            What::Engine { version, api, .. } => {
                versions.insert("engine".into(), version.clone());
                versions.insert("api".into(), api.clone());
            }
            What::Pulled { image, digest, .. } => {
                images.insert(image.clone(), digest.clone().unwrap_or_else(|| "only on this engine".into()));
            }
            _ => {}
        }
    }
    let mut skips = plan.skips.clone();
    skips.extend(
        events.iter().filter_map(|e| if let What::Skipped(s) = &e.what { Some(s.clone()) } else { None }),
    );
    Some(Outcome {
        verdict,
        exit,
        level: level(&rungs),
        not_proved: not_proved(&plan, &tiers),
        timings: timings(&plan, events),
        began_ms: *wall_ms,
        lint: lint.1,
        plan,
        rungs,
        tiers,
        troubles,
        skips,
        leftovers,
        versions,
        images,
        ended_ms,
        stopped_by,
    })
}

/// The word and the code. A failure of the recipe weighs more than trouble with the world: it is true whatever else
/// happened. Lint is not asked: it lowers the level, never the verdict (SPEC 5).
fn decide(tiers: &[TierOutcome], troubles: &[Trouble], stopped_by: Option<&str>) -> (Verdict, Exit) {
    match stopped_by {
        Some("SIGINT") => return (Verdict::Interrupted, Exit::Interrupted),
        Some("SIGTERM") => return (Verdict::Interrupted, Exit::Terminated),
        _ => {}
    }
    let is = |f: &Failure, cause: &crate::failure::Cause| f.cause == cause.id;
    if troubles.iter().any(|t| is(&t.failure, causes::INTERNAL) || is(&t.failure, causes::DEPLOY_COUNT)) {
        return (Verdict::Error, Exit::Bug);
    }
    // a leak makes the run red (SPEC 4, step 12), although the world holds it
    let red = |t: &Trouble| !t.failure.is_error() || is(&t.failure, causes::LEFTOVER);
    if troubles.iter().any(red) || tiers.iter().any(|t| t.status == Status::Fail) {
        return (Verdict::Red, Exit::Failed);
    }
    let proved = tiers.iter().any(|t| t.status == Status::Pass);
    if !troubles.is_empty() || !proved || tiers.iter().any(|t| t.status == Status::Unver) {
        return (Verdict::Error, Exit::Error);
    }
    (Verdict::Green, Exit::Green)
}

fn troubles(plan: &Plan, events: &[Event]) -> Vec<Trouble> {
    let mut out: Vec<Trouble> = vec![];
    for e in events {
        let found = match &e.what {
            What::StepEnded { step, failure: Some(f), .. } => {
                let planned = plan.steps.get(*step);
                let title = planned.map_or_else(|| Action::Remove.title(), |s| s.action.title());
                Some((planned.and_then(|s| s.tier), title, f))
            }
            What::TestEnded { tier, file, name, failure: Some(f), .. } => {
                Some((Some(*tier), format!("{file} {name}"), f))
            }
            _ => None,
        };
        if let Some((tier, during, failure)) = found {
            // a step repeats the failure of its test: keep the more exact one
            if !out.iter().any(|t| {
                t.tier == tier
                    && t.failure.evidence == failure.evidence
                    && t.failure.expected == failure.expected
            }) {
                out.push(Trouble { tier, during, failure: (**failure).clone() });
            }
        }
    }
    out
}

/// What the events show that no single one says.
fn broken_promises(plan: &Plan, events: &[Event], ended: bool) -> Vec<Trouble> {
    let mut out = vec![];
    let mut add = |during: &str, failure| out.push(Trouble { tier: None, during: during.into(), failure });
    for e in events {
        if let What::SecretFound { file, secret } = &e.what {
            let seen = format!("`{secret}` stands in `{file}`");
            add("the last scan", Failure::new(causes::SECRET_LEAKED, "no secret value in the record", seen));
        }
    }
    let left = leftovers(events);
    let told = events.iter().any(
        |e| matches!(&e.what, What::StepEnded { failure: Some(f), .. } if f.cause == causes::LEFTOVER.id),
    );
    if !left.is_empty() && !told {
        let names: Vec<String> = left.iter().map(|h| format!("{} {}: {}", h.kind, h.name, h.by)).collect();
        add(
            "remove everything",
            Failure::new(causes::LEFTOVER, "nothing left on the engine", names.join(", ")),
        );
    }
    for (n, step) in plan.steps.iter().enumerate() {
        if let Action::Deploy { side } = step.action {
            let started = events
                .iter()
                .filter(|e| matches!(e.what, What::StepStarted { step, .. } if step == n))
                .count();
            if started > 1 {
                let seen = format!("{side:?} was deployed {started} times");
                add("deploy", Failure::new(causes::DEPLOY_COUNT, "each side deployed once", seen));
            }
        }
    }
    if !ended {
        let seen = "the record ends before the run did";
        add("the record", Failure::new(causes::RECORD_FAILED, "a record with an end", seen));
    }
    out
}

fn leftovers(events: &[Event]) -> Vec<Held> {
    events
        .iter()
        .filter_map(|e| {
            if let What::Removed { leftovers, .. } = &e.what { Some(leftovers.clone()) } else { None }
        })
        .next_back()
        .unwrap_or_default()
}

fn lint(events: &[Event]) -> (Status, Vec<LintedRule>) {
    let found = events.iter().find_map(|e| match &e.what {
        What::Linted { status, rules } => Some((*status, rules.clone())),
        _ => None,
    });
    found.unwrap_or((Status::Unver, vec![]))
}

fn rungs(plan: &Plan, tiers: &[TierOutcome], lint: Status) -> BTreeMap<Rung, Status> {
    let mut out = BTreeMap::from([(Rung::Lint, lint)]);
    for (rung, name) in RUNGS.iter().filter(|(r, _)| *r != Rung::Lint) {
        let parts: Vec<Status> =
            tiers.iter().filter(|t| t.tier.row().rung == *rung).map(|t| t.status).collect();
        let status = parts.into_iter().reduce(Status::and).unwrap_or(Status::Unver);
        // a declaration never turns a rung that ran into a skip (SPEC 3.1)
        let ran = tiers.iter().any(|t| t.tier.row().rung == *rung && plan.tiers.contains(&t.tier));
        let declared = plan.expected_na.contains_key(*name) && !ran;
        out.insert(*rung, if declared { Status::Skip } else { status });
    }
    out
}

fn not_proved(plan: &Plan, tiers: &[TierOutcome]) -> Vec<String> {
    let mut out = plan.not_proved.clone();
    for t in tiers.iter().filter(|t| t.status == Status::Unver && plan.tiers.contains(&t.tier)) {
        out.push(format!("{}: should have been checked and was not", t.tier));
    }
    out
}

fn timings(plan: &Plan, events: &[Event]) -> BTreeMap<String, u64> {
    let mut out = BTreeMap::new();
    let mut add = |name: String, ms: u64| *out.entry(name).or_insert(0) += ms;
    for e in events {
        match &e.what {
            What::StepEnded { step, ms, .. } => {
                let planned = plan.steps.get(*step);
                if let Some(tier) = planned.and_then(|s| s.tier) {
                    add(format!("tier {tier}"), *ms);
                }
                if let Some(name) = planned.and_then(|s| timing_name(&s.action)) {
                    add(name.to_string(), *ms);
                }
            }
            What::HookEnded { hook, ms, .. } => add(format!("hook {hook}"), *ms),
            What::Removed { ms, .. } => add("removal".into(), *ms),
            _ => {}
        }
    }
    add("total".into(), events.last().map_or(0, |e| e.at.0));
    out
}

fn timing_name(action: &Action) -> Option<&'static str> {
    Some(match action {
        Action::Pull { .. } => "pull",
        Action::Deploy { .. } => "deploy",
        Action::Converge { .. } => "converge",
        Action::Health { .. } => "health",
        Action::Ready { .. } => "ready",
        Action::Backup { .. } => "backup",
        Action::Restore => "restore",
        Action::Settle => "settle",
        _ => return None,
    })
}

/// Who decided a skip, when a tier was left out.
pub(crate) fn skip_of(plan: &Plan, tier: Tier) -> Option<&Skip> {
    plan.skips.iter().find(|s| s.what == tier.name())
}

/// A tier left out by the caller is not checked; by the recipe's shape or settings it does not apply.
pub(crate) fn status_of_skip(by: DecidedBy) -> Status {
    match by {
        DecidedBy::Structure | DecidedBy::Recipe => Status::Skip,
        DecidedBy::Caller | DecidedBy::Earlier => Status::Unver,
    }
}

#[cfg(test)]
mod tests;
