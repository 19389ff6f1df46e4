//! How far a run is, computed from the events so far, for the reporters. The verdict is made in `verdict`, not here.
//! Pure.

use super::text::{one_line, span};
use super::usual::Usual;
use ccci_model::event::{Event, What};
use ccci_model::failure::{Failure, FailureId};
use ccci_model::plan::Plan;
use ccci_model::tier::{Status, Tier};
use ccci_model::time::Moment;
use std::collections::HashMap;
use std::fmt::Write;

/// How long a step without earlier times may take before it is reported as slow, ms.
const PATIENCE_MS: u64 = 30_000;
/// A step with earlier times is slow after three times its usual time, but not before its usual time plus this, ms.
const MARGIN_MS: u64 = 10_000;

/// A step that is running.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its title.
    pub title: String,
    /// Its tier.
    pub tier: Option<Tier>,
    /// When it began.
    pub began: Moment,
    /// Its time limit, ms; 0 if the plan does not have it.
    pub limit_ms: u64,
    /// What it waits for, and since when.
    pub waiting: Option<(String, Moment)>,
    /// The hook or test that is being called, and since when.
    pub hook: Option<(String, Moment)>,
    /// Failures that its tests have already reported.
    pub told: Vec<FailureId>,
    /// How many of its tests have ended; each has been reported.
    pub tests: usize,
    /// How long it usually takes, from earlier runs, ms.
    pub usual_ms: Option<u64>,
    /// When it is next reported as slow, ms after its beginning.
    pub slow_at: u64,
}

/// The state of a tier.
#[derive(Debug, Clone)]
pub struct TierSoFar {
    /// The tier.
    pub tier: Tier,
    /// The worst status so far; `None` before the tier begins.
    pub status: Option<Status>,
    /// Whether all its steps have ended.
    pub over: bool,
    /// Total time of the steps that ended, ms.
    pub ms: u64,
    /// Tests that passed.
    pub passed: usize,
    /// Tests that ended.
    pub tests: usize,
}

/// The state of the run.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The plan, once known.
    pub plan: Option<Plan>,
    /// When the run began, ms since 1970.
    pub wall_ms: u64,
    /// Planned tiers, in order.
    pub tiers: Vec<TierSoFar>,
    /// The step that is running.
    pub running: Option<Running>,
    /// How many steps and tests failed.
    pub failures: usize,
    /// All failures that were recorded.
    pub known: HashMap<FailureId, Failure>,
    /// What stopped it.
    pub stopped: Option<String>,
    /// Whether the run is over.
    pub over: bool,
    /// How long steps usually take, from earlier runs.
    pub usual: Usual,
}

impl Progress {
    /// The state of a run that has not begun, with the usual times of its steps.
    pub fn after(usual: Usual) -> Progress {
        Progress { usual, ..Progress::default() }
    }

    /// Applies an event.
    pub fn take(&mut self, e: &Event) {
        match &e.what {
            What::RunStarted { plan, wall_ms, .. } => self.begin(plan, *wall_ms),
            What::StepStarted { step, title, tier } => {
                // a step ends with the run, whatever its own limit is
                let limit =
                    |p: &Plan| Some(p.steps.get(*step)?.limit_ms.min(p.deadline_ms.saturating_sub(e.at.0)));
                let limit_ms = self.plan.as_ref().and_then(limit).unwrap_or(0);
                let (title, tier, began) = (title.clone(), *tier, e.at);
                let usual_ms = self.usual.get(&title).copied();
                let slow_at = usual_ms.map_or(PATIENCE_MS, |u| u.saturating_mul(3).max(u + MARGIN_MS));
                let (waiting, hook, told) = (None, None, vec![]);
                self.running = Some(Running {
                    title,
                    tier,
                    began,
                    limit_ms,
                    waiting,
                    hook,
                    told,
                    tests: 0,
                    usual_ms,
                    slow_at,
                });
                if let Some(t) = self.tier(tier) {
                    t.status.get_or_insert(Status::Pass);
                }
            }
            What::Waiting { on, .. } => {
                if let Some(r) = &mut self.running {
                    r.waiting = Some((on.clone(), e.at));
                }
            }
            What::HookStarted { hook } => {
                if let Some(r) = &mut self.running {
                    r.hook = Some((hook.clone(), e.at));
                }
            }
            What::HookEnded { .. } => {
                if let Some(r) = &mut self.running {
                    r.hook = None;
                }
            }
            What::TestEnded { tier, status, failure, .. } => {
                if let Some(r) = &mut self.running {
                    r.tests += 1;
                    r.told.extend(*failure);
                }
                self.test(*tier, *status);
            }
            What::StepEnded { step, status, ms, failure, .. } => {
                let told = failure.is_some_and(|id| self.is_told(id));
                self.failures += usize::from(*status == Status::Fail && !told);
                self.step(*step, *status, *ms);
            }
            What::Failed(failure) => _ = self.known.insert(failure.id, (**failure).clone()),
            What::Stopped { by } => self.stopped = Some(by.clone()),
            What::RunEnded { .. } => {
                self.over = true;
                self.running = None;
            }
            _ => {}
        }
    }

    fn begin(&mut self, plan: &Plan, wall_ms: u64) {
        let row = |t: &Tier| TierSoFar { tier: *t, status: None, over: false, ms: 0, passed: 0, tests: 0 };
        self.tiers = plan.subject().tiers.iter().map(row).collect();
        self.plan = Some(plan.clone());
        self.wall_ms = wall_ms;
    }

    fn test(&mut self, tier: Tier, status: Status) {
        self.failures += usize::from(status == Status::Fail);
        if let Some(t) = self.tier(Some(tier)) {
            t.tests += 1;
            t.passed += usize::from(status == Status::Pass);
            t.status = Some(t.status.map_or(status, |s| s.and(status)));
        }
    }

    fn step(&mut self, step: usize, status: Status, ms: u64) {
        let ended = self.running.take();
        let planned = self.plan.as_ref().and_then(|p| p.steps.get(step));
        let tier = planned.and_then(|s| s.tier).or(ended.and_then(|r| r.tier));
        let last =
            self.plan.as_ref().and_then(|p| p.steps.iter().rposition(|s| s.tier == tier)) == Some(step);
        if let Some(t) = self.tier(tier) {
            t.status = Some(t.status.map_or(status, |s| s.and(status)));
            t.ms = t.ms.saturating_add(ms);
            t.over |= last;
        }
    }

    /// Whether a test of the running step has already reported this failure.
    pub(crate) fn is_told(&self, id: FailureId) -> bool {
        self.running.as_ref().is_some_and(|r| r.told.contains(&id))
    }

    /// The failure that something refers to.
    pub fn failure(&self, id: Option<FailureId>) -> Option<&Failure> {
        self.known.get(&id?)
    }

    fn tier(&mut self, tier: Option<Tier>) -> Option<&mut TierSoFar> {
        self.tiers.iter_mut().find(|t| Some(t.tier) == tier)
    }

    /// A line about the running step as soon as it is slow, and again whenever its duration has doubled.
    pub fn slow(&mut self, now: Moment) -> Option<String> {
        let r = self.running.as_mut()?;
        let ms = now.since(r.began).as_millis() as u64;
        if ms < r.slow_at {
            return None;
        }
        while r.slow_at <= ms {
            // with a broken clock the time may be so large that twice that time does not fit in a `u64`
            let Some(later) = r.slow_at.max(1).checked_mul(2) else { break };
            r.slow_at = later;
        }
        let on = match (&r.waiting, &r.hook) {
            (_, Some((hook, since))) => format!(", calling {} for {}", one_line(hook), since_ms(*since, now)),
            (Some((on, since)), None) => {
                format!(", waiting for {} for {}", one_line(on), since_ms(*since, now))
            }
            (None, None) => String::new(),
        };
        Some(format!("{}{}{on}", r.line(now), r.than_usual(now)))
    }

    /// `custom-html 1.1.0+1.26.0`.
    pub fn subject(&self) -> String {
        let Some(p) = &self.plan else { return "a run".into() };
        let version = p
            .subject()
            .head
            .version
            .as_ref()
            .map_or(p.subject().head.commit.short().to_string(), |v| v.to_string());
        format!("{} {version}", p.subject().recipe)
    }

    /// What runs, what it waits for and since when, and how much time is left: shown for key `t` and SIGUSR1.
    pub fn state(&self, now: Moment) -> String {
        let Some(p) = &self.plan else { return "nothing has begun yet\n".into() };
        let mut out = String::new();
        let _ = writeln!(out, "{}, run {} on {}", self.subject(), p.run_id, p.subject().domain);
        let left = whole(p.deadline_ms.saturating_sub(now.0));
        let _ =
            writeln!(out, "  time     {}, {left} to the deadline, failures {}", whole(now.0), self.failures);
        for t in &self.tiers {
            let Some(status) = t.status else { continue };
            let word = if t.over { status.name() } else { "in progress" };
            let tests = match t.tests {
                0 => String::new(),
                n => format!(", tests passed {} of {n}", t.passed),
            };
            let _ = writeln!(out, "  {:<8} {word}, {}{tests}", t.tier.name(), span(t.ms));
        }
        match &self.running {
            Some(r) => {
                let _ = writeln!(out, "  now      {}{}", r.line(now), r.than_usual(now));
                if let Some((on, since)) = &r.waiting {
                    let _ = writeln!(out, "  waiting  for {} ({})", one_line(on), since_ms(*since, now));
                }
                if let Some((hook, since)) = &r.hook {
                    let _ = writeln!(out, "  calling  {} ({})", one_line(hook), since_ms(*since, now));
                }
            }
            None if self.over => out.push_str("  the run is over\n"),
            None => out.push_str("  now      between two steps\n"),
        }
        if let Some(by) = &self.stopped {
            let _ = writeln!(out, "  stopped by {}; what the run made is being removed", one_line(by));
        }
        out
    }
}

impl Running {
    /// `converge to the head, 8.2s of 10m`.
    pub fn line(&self, now: Moment) -> String {
        let limit = if self.limit_ms > 0 { format!(" of {}", span(self.limit_ms)) } else { String::new() };
        format!("{}, {}{limit}", one_line(&self.title), since_ms(self.began, now))
    }

    /// `, longer than usual (4.8s)` if the step is slow; else empty.
    pub(crate) fn than_usual(&self, now: Moment) -> String {
        let ms = now.since(self.began).as_millis() as u64;
        match self.usual_ms {
            Some(usual) if ms >= usual.saturating_mul(3).max(usual + MARGIN_MS) => {
                format!(", longer than usual ({})", span(usual))
            }
            _ => String::new(),
        }
    }
}

/// The time since a moment, in whole seconds; a running step needs no more.
pub fn since_ms(since: Moment, now: Moment) -> String {
    whole(now.since(since).as_millis() as u64)
}

/// A duration in whole seconds.
pub fn whole(ms: u64) -> String {
    if ms < 1_000 { "0s".into() } else { span(ms / 1_000 * 1_000) }
}
