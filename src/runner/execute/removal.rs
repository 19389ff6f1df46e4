//! The last step: removes everything of every app, consumers before the deps that they need. If the removal of one app
//! fails, the others are still removed.

use super::sink::StepEnd;
use super::{Run, failures, undo};
use ccci_model::event::What;
use ccci_model::failure::Failure;
use ccci_model::plan::{Action, Held};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tracing::field::{Empty, display};
use tracing::info_span;

/// The result of removing one app, or all apps.
#[derive(Default)]
struct Gone {
    counts: BTreeMap<String, u64>,
    left: Vec<Held>,
    /// Why the engine could not be asked what is left. What is known to be left is in `left`.
    failure: Option<Box<Failure>>,
}

/// Removes all apps, reported as one step.
pub(super) fn remove(runs: &mut [Run<'_>]) {
    let Some(first) = runs.first() else { return };
    let (job, sink, clock) = (first.job, first.sink, first.world.clock.clone());
    let last = job.plan.steps.iter().position(|s| s.action == Action::Remove);
    let n = last.unwrap_or(job.plan.steps.len());
    let span = info_span!("step", n, title = Action::Remove.title(), ended = Empty).entered();
    sink.emit(What::StepStarted { step: n, title: Action::Remove.title(), tier: None });
    let began = clock.now();
    let mut all = Gone::default();
    let order: Vec<usize> = job.plan.order.iter().flatten().copied().collect();
    for at in order.into_iter().rev() {
        let gone = of(&mut runs[at], n);
        for (kind, count) in gone.counts {
            *all.counts.entry(kind).or_insert(0) += count;
        }
        all.left.extend(gone.left);
        all.failure = all.failure.or(gone.failure);
    }
    let ms = clock.now().since(began).as_millis() as u64;
    if let Some(run) = runs.iter().find(|r| r.state.made) {
        run.doubt_volumes();
    }
    let end = match all.failure.or_else(|| undo::leak(&all.left).map(Box::new)) {
        None => StepEnd::Done(Some(counted(&all.counts))),
        Some(failure) => StepEnd::Failed(failure),
    };
    sink.emit(What::Removed { ms, leftovers: all.left, counts: all.counts });
    span.record("ended", display(&end));
    sink.step_ended(n, began, end);
}

/// Removes one app. If a bug causes a panic, the removal is tried once more, and the bug is reported.
fn of(run: &mut Run<'_>, n: usize) -> Gone {
    match catch_unwind(AssertUnwindSafe(|| run.removed(n))) {
        Ok(Ok(removal)) => Gone { counts: removal.counts, left: removal.held, failure: None },
        Ok(Err(lost)) => {
            let left = run.not_looked_at(lost.left, &lost.error.to_string());
            let failure = failures::cluster(lost.error, "remove everything of the run");
            Gone { counts: BTreeMap::new(), left, failure: Some(Box::new(failure)) }
        }
        Err(panic) => {
            let again = catch_unwind(AssertUnwindSafe(|| run.removed(n))).ok().and_then(Result::ok);
            let unknown = || (run.not_looked_at(vec![], "a bug in ccci"), BTreeMap::new());
            let (left, counts) = again.map_or_else(unknown, |r| (r.held, r.counts));
            Gone { counts, left, failure: Some(Box::new(failures::bug(panic))) }
        }
    }
}

impl Run<'_> {
    /// Removes everything of the app. If the run never asked the engine to make anything, this does not wait for an
    /// engine that does not answer.
    fn removed(&mut self, n: usize) -> Result<undo::Removal, undo::Lost> {
        // the plan of an app that was to be kept has no such step
        let planned = self.job.plan.steps.get(n).map(|s| Duration::from_millis(s.limit_ms));
        let deadline = self.world.clock.now().after(planned.unwrap_or(crate::build::REMOVE_LIMIT));
        let domain = self.app().domain.as_str();
        let (world, sink, made) = (self.world, self.sink, self.state.made);
        let shared = &mut self.state.shared;
        undo::remove_run(world, domain, shared, deadline, made, &mut |on| sink.waiting(n, on))
    }

    /// Reports that an unnamed volume may be left. A volume that the engine made for a container right before it went
    /// away has no name of ours, no label and maybe no container, so nobody can tell which run it belongs to (observed
    /// once in 20 kills of the engine during a run of wordpress).
    fn doubt_volumes(&self) {
        if self.state.made && self.world.cluster.losses() > 0 {
            let what = "that no unnamed volume is left: the engine went away during the run, and what it made right before \
                        has no label; `docker volume ls --filter dangling=true` shows unused volumes";
            self.sink.emit(What::NotProved { what: what.into() });
        }
    }

    /// What may be left when the engine could not be asked: what the last look showed, or anything if something was
    /// made.
    fn not_looked_at(&self, left: Vec<Held>, by: &str) -> Vec<Held> {
        if !left.is_empty() || !self.state.made {
            return left;
        }
        let name = format!("of {}", self.app().domain);
        vec![Held { kind: "anything".into(), name, by: by.into() }]
    }
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    if parts.is_empty() { "nothing was there".into() } else { format!("removed: {}", parts.join(", ")) }
}
