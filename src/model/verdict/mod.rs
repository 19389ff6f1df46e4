//! Judges a run: a fold of its events. The only code that can make an outcome. Pure.

mod occurrences;
mod steps;
mod tiers;
mod timings;

use crate::event::{DecidedBy, Event, LintedRule, Shown, Skip, What};
use crate::exit::Exit;
use crate::failure::{Failure, FailureId, causes};
use crate::plan::left_alone::Kind;
use crate::plan::would_prove;
use crate::plan::{Action, Held, Plan, Side};
use crate::tier::{RUNGS, Rung, Status, Tier, level};
pub use occurrences::Occurrence;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
pub use steps::{StepOutcome, Wait};
pub use tiers::{TestOutcome, TierOutcome};

pub use timings::{HookTime, Timings};

/// The one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// All verdicts, the best first.
pub const VERDICTS: &[(Verdict, &str)] = &[
    (Verdict::Green, "green"),
    (Verdict::Red, "red"),
    (Verdict::Error, "error"),
    (Verdict::Interrupted, "interrupted"),
];

impl Verdict {
    /// As the record writes it.
    pub fn name(self) -> &'static str {
        VERDICTS.iter().find(|v| v.0 == self).map_or("", |v| v.1)
    }
}

/// An image that the run used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedImage {
    /// As the compose file names it.
    pub image: String,
    /// Its digest; none for an image that is only on this engine.
    pub digest: Option<String>,
    /// Whether it was there before.
    pub present: bool,
    /// How long it took to have it, ms.
    pub ms: u64,
}

/// What became of a run. Only `judge` makes one.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::manual_non_exhaustive, reason = "other files of this crate must not make one either")]
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
    /// All tiers in their order, those left out as well.
    pub tiers: Vec<TierOutcome>,
    /// The steps that were begun, in order.
    pub steps: Vec<StepOutcome>,
    /// Everything that failed, first things first.
    pub failures: Vec<Occurrence>,
    /// What was left out.
    pub skips: Vec<Skip>,
    /// What was not proved.
    pub not_proved: Vec<String>,
    /// How long things took.
    pub timings: Timings,
    /// What is still on the engine.
    pub leftovers: Vec<Held>,
    /// Where the app may have left something that ccci never touches.
    pub left_alone: Vec<Held>,
    /// The rules of the lint rung; empty if lint did not run.
    pub lint: Vec<LintedRule>,
    /// `ccci`, `engine`, `api`, `rules`.
    pub versions: BTreeMap<String, String>,
    /// Images, each once, by name.
    pub images: Vec<ObservedImage>,
    /// Facts that a later reader may want; the last value of a name counts.
    pub facts: BTreeMap<String, String>,
    /// Files with what the browser showed, in order.
    pub shown: Vec<Shown>,
    /// When it began, ms since 1970.
    pub began_ms: u64,
    /// When it ended, if it did.
    pub ended_ms: Option<u64>,
    /// `SIGINT`, `SIGTERM` or `deadline`.
    pub stopped_by: Option<String>,
    _made_here: (),
}

impl Outcome {
    /// The earlier failure that one repeats: the run says so, or cause, blame and what was expected are the same.
    pub fn repeats(&self, t: &Occurrence) -> Option<&Occurrence> {
        let said = t.failure.again.and_then(|id| self.occurrence(id));
        let before = || self.failures.iter().take_while(|earlier| earlier.failure.id != t.failure.id);
        let alike = |earlier: &&Occurrence| {
            let (a, b) = (&earlier.failure, &t.failure);
            (a.cause.as_str(), a.blame, a.expected()) == (b.cause.as_str(), b.blame, b.expected())
        };
        said.or_else(|| before().find(alike))
    }

    /// The verdict as a headline has it: `green`, or `green (partial: install, custom)` for a run that was asked for
    /// less than the whole lifecycle.
    pub fn headline(&self) -> String {
        match self.plan.partial() {
            None => self.verdict.name().to_string(),
            Some(partial) => format!("{} ({partial})", self.verdict.name()),
        }
    }

    /// The failure of this id, and where it happened.
    pub fn occurrence(&self, id: FailureId) -> Option<&Occurrence> {
        self.failures.iter().find(|t| t.failure.id == id)
    }

    /// The failure of this id.
    pub fn failure(&self, id: FailureId) -> Option<&Failure> {
        self.occurrence(id).map(|t| &t.failure)
    }

    /// Whether the app was left running on purpose; a run that was stopped removes it all the same.
    pub fn is_kept_running(&self) -> bool {
        self.plan.keep && self.stopped_by.is_none()
    }
}

/// The failures of a record, by their ids.
struct Known<'a>(HashMap<FailureId, &'a Failure>);

impl<'a> Known<'a> {
    fn of(events: &'a [Event]) -> Known<'a> {
        let failed = each(events, |w| if let What::Failed(f) = w { Some((f.id, &**f)) } else { None });
        Known(failed.collect())
    }

    fn get(&self, id: Option<FailureId>) -> Option<&'a Failure> {
        self.0.get(&id?).copied()
    }

    /// An id that no failure of the record has.
    fn free(&self) -> FailureId {
        self.0.keys().max().copied().unwrap_or_default().after()
    }
}

/// Judges a record. `None` when it does not begin with a plan.
pub fn judge(events: &[Event]) -> Option<Outcome> {
    let What::RunStarted { ccci, wall_ms, plan, .. } = &events.first()?.what else { return None };
    let plan = (**plan).clone();
    let ended_ms = find(events, |w| if let What::RunEnded { wall_ms } = w { Some(*wall_ms) } else { None });
    let stopped_by = find(events, |w| if let What::Stopped { by } = w { Some(by.clone()) } else { None });
    let known = Known::of(events);
    let steps = steps::fold(&plan, events, &known);
    let tiers = tiers::fold(&plan, events, &known, &steps, ended_ms.is_some());
    let failures = occurrences::all(&plan, events, &known, &steps, stopped_by.as_deref());
    let lint =
        find(events, |w| if let What::Linted { status, rules } = w { Some((*status, rules)) } else { None });
    let rungs = rungs(&tiers, lint.map_or(Status::Unver, |l| l.0));
    let lint: Vec<LintedRule> = lint.map(|l| l.1.clone()).unwrap_or_default();
    let removed = steps.iter().any(|s| occurrences::is_removal(&plan, s) && s.status == Status::Pass);
    // a removal that failed cannot promise what 130 and 143 promise: that everything was removed
    let signal = stopped_by.as_deref().filter(|by| removed && *by != "deadline");
    let (verdict, exit) = decide(&tiers, &failures, signal);
    let mut skips = plan.subject().skips.clone();
    skips.extend(each(events, |w| if let What::Skipped(s) = w { Some(s.clone()) } else { None }));
    Some(Outcome {
        verdict,
        exit,
        level: level(&rungs),
        not_proved: not_proved(&plan, events, &known, &tiers, &steps, &rungs, &lint),
        timings: timings::fold(&plan, events, &steps),
        leftovers: leftovers(events),
        left_alone: left_alone(&plan, &steps),
        versions: versions(ccci, events, &lint),
        images: images(events),
        facts: each(events, |w| match w {
            What::Fact { name, value } => Some((name.clone(), value.clone())),
            _ => None,
        })
        .collect(),
        shown: each(events, |w| if let What::Shown(shown) = w { Some(shown.clone()) } else { None })
            .collect(),
        began_ms: *wall_ms,
        plan,
        rungs,
        tiers,
        steps,
        failures,
        skips,
        lint,
        ended_ms,
        stopped_by,
        _made_here: (),
    })
}

/// The word and the code, gravest first.
///
/// 1. A broken promise of ccci: nothing else it says can be relied upon.
/// 2. A leak or a leaked secret: true whatever cut the run short, and 130 would promise that everything was removed.
/// 3. A signal after which everything was removed: the run gives no answer about the recipe.
/// 4. A failure of the recipe or an image. SPEC 5 gives `error` to what *only* the infrastructure is to blame for; what the
///    recipe did wrong stays true when the world failed as well, and both stand in the record.
/// 5. Occurrence with the world, anything that should have been looked at and was not, or nothing proved (lesson 25).
///
/// Lint is not asked: it lowers the level, never the verdict.
fn decide(tiers: &[TierOutcome], failures: &[Occurrence], signal: Option<&str>) -> (Verdict, Exit) {
    let any =
        |ids: &[&crate::failure::Cause]| failures.iter().any(|t| ids.iter().any(|c| c.id == t.failure.cause));
    if any(&[causes::INTERNAL, causes::DEPLOY_COUNT]) {
        return (Verdict::Error, Exit::Bug);
    }
    if any(&[causes::LEFTOVER, causes::SECRET_LEAKED]) {
        return (Verdict::Red, Exit::Failed);
    }
    match signal.filter(|_| !any(&[causes::KILLED])) {
        Some("SIGTERM") => return (Verdict::Interrupted, Exit::Terminated),
        Some(_) => return (Verdict::Interrupted, Exit::Interrupted),
        None => {}
    }
    if failures.iter().any(|t| !t.failure.is_error()) || tiers.iter().any(|t| t.status == Status::Fail) {
        return (Verdict::Red, Exit::Failed);
    }
    let proved = tiers.iter().any(|t| t.status == Status::Pass || t.passed_as_asked());
    let open = |t: &TierOutcome| t.status == Status::Unver && t.decided_by != Some(DecidedBy::Caller);
    if !failures.is_empty() || !proved || tiers.iter().any(open) {
        return (Verdict::Error, Exit::Error);
    }
    (Verdict::Green, Exit::Green)
}

/// What a status says once its failure has been read: whose fault it is decides between fail and unver (SPEC 5).
fn honest(status: Status, failure: Option<&Failure>) -> Status {
    match failure {
        Some(f) if f.is_error() => Status::Unver,
        Some(_) => Status::Fail,
        None => status,
    }
}

fn rungs(tiers: &[TierOutcome], lint: Status) -> BTreeMap<Rung, Status> {
    let mut out = BTreeMap::from([(Rung::Lint, lint)]);
    for (rung, _) in RUNGS.iter().filter(|(r, _)| *r != Rung::Lint) {
        let parts = tiers.iter().filter(|t| t.tier.row().rung == *rung).map(|t| t.status);
        out.insert(*rung, parts.reduce(Status::and).unwrap_or(Status::Unver));
    }
    out
}

fn not_proved(
    plan: &Plan,
    events: &[Event],
    known: &Known<'_>,
    tiers: &[TierOutcome],
    steps: &[StepOutcome],
    rungs: &BTreeMap<Rung, Status>,
    lint: &[LintedRule],
) -> Vec<String> {
    let mut out = plan.subject().not_proved.clone();
    // what the caller left out is in the plan
    let open = |t: &&TierOutcome| t.status == Status::Unver && t.decided_by.is_none();
    for t in tiers.iter().filter(open).filter(|t| plan.subject().tiers.contains(&t.tier)) {
        let why = match (known.get(t.failure), &t.reason) {
            (Some(f), _) => f.observed(),
            (None, Some(reason)) => reason.clone(),
            (None, None) => "it was not checked".into(),
        };
        out.push(format!("{}: {why}", would_prove(t.tier)));
    }
    let head = Action::Deploy { side: Side::Head };
    let deployed = |s: &StepOutcome| {
        s.status == Status::Pass && plan.steps.get(s.step).is_some_and(|p| p.action == head)
    };
    let later: Vec<&str> = tiers
        .iter()
        .filter(|t| t.tier > Tier::Upgrade && t.status == Status::Pass)
        .map(|t| t.tier.name())
        .collect();
    if plan.subject().tiers.contains(&Tier::Upgrade) && !later.is_empty() && !steps.iter().any(deployed) {
        out.push(format!(
            "that the head passes {}: they ran on the base, the head was not deployed",
            later.join(", ")
        ));
    }
    out.extend(each(events, |w| if let What::NotProved { what } = w { Some(what.clone()) } else { None }));
    if rungs.get(&Rung::Lint) == Some(&Status::Unver) {
        out.push("that the recipe keeps the rules of lint: they were not looked at".into());
    }
    for rule in lint.iter().filter(|r| ["not looked at", "accepted"].contains(&r.result.as_str())) {
        let why = rule.findings.first().map_or(String::new(), |f| format!(": {f}"));
        out.push(format!("lint rule {}{why}", rule.id));
    }
    // a kept app that was stopped is removed all the same
    if plan.keep && !events.iter().any(|e| matches!(e.what, What::Removed { .. })) {
        out.push("that removal leaves nothing behind: the app was kept running".into());
    }
    out
}

fn leftovers(events: &[Event]) -> Vec<Held> {
    each(events, |w| if let What::Removed { leftovers, .. } = w { Some(leftovers.clone()) } else { None })
        .last()
        .unwrap_or_default()
}

/// Once the app was deployed it may have written wherever it mounts something.
fn left_alone(plan: &Plan, steps: &[StepOutcome]) -> Vec<Held> {
    let is_deploy =
        |s: &StepOutcome| matches!(plan.steps.get(s.step).map(|p| &p.action), Some(Action::Deploy { .. }));
    if !steps.iter().any(is_deploy) {
        return vec![];
    }
    let left = plan.subject().left_alone.iter().filter(|o| o.keeps()).map(|o| Held {
        kind: match o.kind {
            Kind::HostPath => "host path".into(),
            _ => "content of volume".into(),
        },
        name: if o.lies.is_empty() { o.source.clone() } else { format!("{} ({})", o.source, o.lies) },
        by: format!("nobody: what service {} writes at {} is left alone", o.service, o.target),
    });
    left.collect()
}

fn versions(ccci: &str, events: &[Event], lint: &[LintedRule]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::from([("ccci".to_string(), ccci.to_string())]);
    for e in events {
        if let What::Engine { version, api, .. } = &e.what {
            out.insert("engine".into(), version.clone());
            out.insert("api".into(), api.clone());
        }
    }
    if !lint.is_empty() {
        // the set of rules has no version of its own: their names and severities are one
        let rows: Vec<String> = lint.iter().map(|r| format!("{} {}", r.id, r.severity)).collect();
        let digest = crate::digest::sha256(rows.join("\n").as_bytes());
        out.insert("rules".into(), format!("{}, {}", lint.len(), &digest[..8]));
    }
    out
}

fn images(events: &[Event]) -> Vec<ObservedImage> {
    let mut out: BTreeMap<String, ObservedImage> = BTreeMap::new();
    for e in events {
        if let What::Pulled { image, digest, present, ms } = &e.what {
            let observed =
                ObservedImage { image: image.clone(), digest: digest.clone(), present: *present, ms: *ms };
            out.entry(image.clone()).or_insert(observed);
        }
    }
    out.into_values().collect()
}

fn find<'a, T>(events: &'a [Event], pick: impl Fn(&'a What) -> Option<T>) -> Option<T> {
    events.iter().find_map(|e| pick(&e.what))
}

fn each<'a, T>(events: &'a [Event], pick: impl Fn(&'a What) -> Option<T>) -> impl Iterator<Item = T> {
    events.iter().filter_map(move |e| pick(&e.what))
}

/// The skip of a tier in the plan.
fn skip_of(plan: &Plan, tier: Tier) -> Option<&Skip> {
    plan.subject().skips.iter().find(|s| s.what == tier.name())
}

#[cfg(test)]
mod anything;
#[cfg(test)]
mod details;
#[cfg(test)]
mod tests;
