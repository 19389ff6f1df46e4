//! Folds events into the steps that were begun, with what each waited for. Pure.

use super::{Known, honest};
use crate::event::{Event, What};
use crate::failure::FailureId;
use crate::plan::Plan;
use crate::tier::{Status, Tier};
use crate::time::Moment;
use std::collections::HashMap;

/// Something a step waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// For what.
    pub on: String,
    /// How long, ms.
    pub ms: u64,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutcome {
    /// Its number in the plan.
    pub step: usize,
    /// Its title.
    pub title: String,
    /// Its tier.
    pub tier: Option<Tier>,
    /// When it began.
    pub began: Moment,
    /// What became of it; unver for one that has no end.
    pub status: Status,
    /// How long it took, ms; up to the record's last line for one that has no end.
    pub ms: u64,
    /// Why it failed.
    pub failure: Option<FailureId>,
    /// What it found, or why it was not done.
    pub note: Option<String>,
    /// What it waited for, in order.
    pub waits: Vec<Wait>,
    /// Whether it has an end.
    pub ended: bool,
}

/// The steps in the order of their beginnings.
pub(super) fn fold(plan: &Plan, events: &[Event], known: &Known<'_>) -> Vec<StepOutcome> {
    let mut out: Vec<StepOutcome> = vec![];
    let mut waiting: Option<(usize, String, Moment)> = None;
    // where those are that have no end yet, by their step: a record may hold very many
    let mut open: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut last_of: HashMap<usize, usize> = HashMap::new();
    for e in events {
        match &e.what {
            What::StepStarted { step, title, tier } => {
                open.entry(*step).or_default().push(out.len());
                last_of.insert(*step, out.len());
                out.push(begun(*step, title.clone(), *tier, e.at));
            }
            What::Waiting { step, on } => {
                close(&mut out, &last_of, waiting.replace((*step, on.clone(), e.at)), e.at);
            }
            What::StepEnded { step, status, ms, failure, note } => {
                close(&mut out, &last_of, waiting.take(), e.at);
                let at = open.get_mut(step).and_then(Vec::pop).unwrap_or(out.len());
                if at == out.len() {
                    // an end without a beginning still tells what happened
                    let planned = plan.steps.get(*step);
                    let title = planned.map_or_else(|| format!("step {step}"), |s| plan.title(s));
                    last_of.insert(*step, at);
                    out.push(begun(*step, title, planned.and_then(|s| s.tier), e.at));
                }
                let s = &mut out[at];
                s.status = honest(*status, known.get(*failure));
                s.failure = *failure;
                s.note = note.clone();
                s.ms = *ms;
                s.ended = true;
            }
            _ => {}
        }
    }
    let last = events.last().map_or(Moment(0), |e| e.at);
    close(&mut out, &last_of, waiting.take(), last);
    for s in out.iter_mut().filter(|s| !s.ended) {
        s.ms = last.since(s.began).as_millis() as u64;
    }
    out
}

fn begun(step: usize, title: String, tier: Option<Tier>, began: Moment) -> StepOutcome {
    let (status, failure, note, waits) = (Status::Unver, None, None, vec![]);
    StepOutcome { step, title, tier, began, status, ms: 0, failure, note, waits, ended: false }
}

fn close(
    steps: &mut [StepOutcome],
    last_of: &HashMap<usize, usize>,
    wait: Option<(usize, String, Moment)>,
    at: Moment,
) {
    let Some((step, on, since)) = wait else { return };
    if let Some(s) = last_of.get(&step).and_then(|i| steps.get_mut(*i)) {
        s.waits.push(Wait { on, ms: at.since(since).as_millis() as u64 });
    }
}
