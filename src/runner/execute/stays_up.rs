//! Whether the app stays up: from convergence to removal, every end of a task that nobody asked for is a failure of the
//! tier in which it happens, also if another task runs by then.

use super::steps::Done;
use super::{Run, desired, failures};
use ccci_model::event::What;
use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::Side;
use ccci_model::tier::Tier;
use ccci_swarm::converge::ends::End;
use ccci_swarm::converge::{self, LateEnd, Verdict};
use ccci_swarm::ports::clock::{Limit, Stop};
use ccci_swarm::wait::{self, Look};
use std::convert::Infallible;
use std::time::Duration;

/// Time limit of one look, so that an engine that hangs does not delay the step that is watched.
const ONE_LOOK: Duration = Duration::from_secs(5);

/// What one look at a stack that should stay up has shown.
#[derive(Default)]
pub(crate) struct Watched {
    /// Why it cannot become good again.
    pub hopeless: Option<Failure>,
    /// For how long the services without a health check have been up with their present tasks, the shortest time, ms.
    /// `None` if every service has a health check or ends by design.
    pub unchecked_ms: Option<u64>,
}

/// Waits until every service without a health check has been up for this long. Earlier steps count, so in most runs
/// there is little left to wait for.
pub(crate) fn stays_up(run: &mut Run<'_>, for_ms: u64, limit: &Limit) -> Done {
    if !run.state.converged {
        return Ok(Some("nothing to watch: it did not converge".into()));
    }
    let (n, sink, clock) = (run.step, run.sink, run.world.clock.clone());
    let mut all_checked = true;
    let waited = wait::until(&*clock, limit, &mut |on| sink.waiting(n, on), || {
        let watched = run.watch();
        all_checked &= watched.unchecked_ms.is_none();
        Ok::<_, Infallible>(match (watched.hopeless, watched.unchecked_ms) {
            (Some(failure), _) => Look::Hopeless(failure),
            (None, Some(ms)) if ms < for_ms => {
                Look::Waiting("the services without a health check to stay up".into())
            }
            (None, _) => Look::Done(()),
        })
    });
    match waited {
        Ok(()) if all_checked => Ok(Some("nothing to wait for".into())),
        Ok(()) => Ok(None),
        Err(e) => Err(run.again(run.with_logs(failures::wait_of(e, "see the app stay up")))),
    }
}

impl Run<'_> {
    /// Looks at the stack while it should stay up, and records ends that nobody asked for. Does nothing before the
    /// stack has converged.
    pub(crate) fn watch(&mut self) -> Watched {
        let Some(side) = self.state.current.filter(|_| self.state.converged) else {
            return Watched::default();
        };
        let limit = Limit { deadline: self.world.clock.now().after(ONE_LOOK), stop: Stop::default() };
        // an engine that does not answer is reported by the step that needs it
        let Ok(observed) = self.world.cluster.look(&self.app().stack, &limit) else {
            return Watched::default();
        };
        let desired = desired::of(&self.state.resolved[&side].composed, false);
        let now_ms = self.world.clock.now().0;
        let verdict = converge::converge(&desired, &observed, &mut self.state.history, now_ms);
        self.tell_ends(side, &limit);
        let hopeless = match verdict {
            // a loop that the author expects
            Verdict::Hopeless(_) if self.all_may_end() => {
                self.state.history.culprits.clear();
                None
            }
            // a spec that somebody changed is found by the assertions of a tier
            Verdict::Hopeless(failure) if failure.cause != causes::SPEC_DIFFERS.id => Some(failure),
            _ => None,
        };
        self.state.converged = hopeless.is_none();
        let unchecked_ms = converge::unchecked_for(&desired, &observed, &self.state.history, now_ms);
        Watched { hopeless, unchecked_ms }
    }

    /// Looks once after a step. A stack that cannot become good again is a failure of the tier.
    pub(crate) fn watch_after_step(&mut self) {
        // a wait that gave up has already reported it
        if !self.state.history.culprits.is_empty() {
            return;
        }
        if let Some(failure) = self.watch().hopeless {
            let failure = self.with_logs(failure);
            let _ = self.generic(self.tier_now(), "no service keeps ending", Err(Box::new(failure)));
        }
    }

    /// Records the ends that were observed since the last call: the first of each service as a failure.
    fn tell_ends(&mut self, side: Side, limit: &Limit) {
        for end in self.state.history.take_late_ends() {
            if let Some(why) = self.why_expected(&end) {
                let text = format!("a task of `{}` ended {}: {why}", end.service, end.end.words());
                self.sink.emit(What::Said { by: "ccci".into(), text });
                continue;
            }
            if !self.state.ended.insert(end.service.clone()) {
                continue;
            }
            let failure = super::steps::as_published(self, side, self.of_end(&end, limit));
            let tier = if side == Side::Base { Some(Tier::Install) } else { self.tier_now() };
            let told = self.generic(tier, &format!("service `{}` stays up", end.service), Err(failure));
            // a wait that ends because of this has nothing new to say
            self.state.told.extend(told.err().map(|f| *f));
        }
    }

    /// Whether the services that cannot become good may all end by themselves.
    pub(crate) fn all_may_end(&self) -> bool {
        let may_end = &self.texts().may_end;
        self.state.history.culprits.iter().all(|service| may_end.contains_key(service.as_str()))
    }

    fn of_end(&self, end: &LateEnd, limit: &Limit) -> Failure {
        let cause = match end.end {
            End::Exit(_) => causes::TASK_ENDED,
            _ => end.end.cause(),
        };
        let detail =
            Detail::Ended { service: end.service.to_string(), how: end.end.words(), after_ms: end.after_ms };
        let failure = Failure::of(cause, detail).evidence("task", end.line.clone());
        match self.last_lines(&end.service, limit) {
            Ok(text) => failure.log(end.service.as_str(), text),
            Err(e) => failure.evidence("log", format!("failed to {e}")),
        }
    }

    /// Why an end is no failure.
    fn why_expected(&self, end: &LateEnd) -> Option<String> {
        let service = end.service.as_str();
        if self.state.restoring {
            return Some("a restore may restart its service".into());
        }
        if self.state.marks.expects_restart(service) {
            return Some("a hook expects it".into());
        }
        let reason = self.texts().may_end.get(service)?;
        Some(format!("`may_end` says: {reason}"))
    }

    /// The tier of the present step; between tiers, the last one.
    fn tier_now(&self) -> Option<Tier> {
        self.job.plan.steps[..=self.step].iter().rev().find_map(|s| s.tier)
    }
}
