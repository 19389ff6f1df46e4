//! The executor: walks over the plan's steps and decides nothing. Whatever happens, removal comes last.

pub mod hooks;
pub mod job;
pub mod keep;
pub mod overlay;
pub mod sink;
pub mod state;
pub mod steps;
pub mod trouble;
pub mod undo;
pub mod wanted;

use ccci_model::event::What;
use ccci_model::failure::{Blame, Cause, Failure, causes};
use ccci_model::plan::{Action, Held, Step};
use ccci_model::time::Moment;
use ccci_swarm::ports::World;
use ccci_swarm::ports::clock::{Limit, Stop, StopReason};
use job::Job;
use sink::{Sink, StepEnd};
use state::State;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Causes that no stop changes.
const ONCE: [&Cause; 3] = [causes::INTERNAL, causes::RUN_DEADLINE, causes::INTERRUPTED];
/// An engine that is there answers within so long, even on a busy machine.
const ENGINE_ANSWERS: Duration = Duration::from_secs(10);

/// One run in progress.
pub struct Run<'a> {
    /// What is to be done, and the texts it is made of.
    pub job: &'a Job,
    /// What it is done to.
    pub world: &'a World,
    /// Where its events go.
    pub sink: &'a Sink,
    /// What ends it early.
    pub stop: &'a Stop,
    /// When it began.
    pub began: Moment,
    /// What earlier steps left for later ones.
    pub state: State,
    /// The step that is running.
    pub step: usize,
}

/// Lives a plan. Ends with removal unless the plan keeps the app; never panics.
pub fn execute(job: &Job, world: &World, sink: &Sink, stop: &Stop) {
    let plan = Box::new(job.plan.clone());
    let ccci = env!("CARGO_PKG_VERSION").to_string();
    sink.emit(What::RunStarted { ccci, wall_ms: world.clock.wall_ms(), plan });
    sink.emit(What::Linted { status: job.linted.status, rules: job.linted.rules.clone() });
    let began = world.clock.now();
    let mut run = Run { job, world, sink, stop, began, state: State::default(), step: 0 };
    world.web.serve(job.plan.domain.as_str(), &job.plan.stack);
    let before_removal = job.plan.steps.iter().enumerate().take_while(|(_, s)| s.action != Action::Remove);
    for (n, step) in before_removal {
        if run.is_over() {
            break;
        }
        run.step = n;
        run.one(step);
    }
    run.tell_the_stop();
    let _ = catch_unwind(AssertUnwindSafe(|| run.last_look()));
    if job.plan.keep && stop.reason().is_none() {
        run.leave_running();
    } else {
        run.remove();
    }
    sink.emit(What::RunEnded { wall_ms: world.clock.wall_ms() });
}

impl Run<'_> {
    /// Does one step and tells how it ended.
    fn one(&mut self, step: &Step) {
        let (n, clock) = (self.step, self.world.clock.clone());
        let began = clock.now();
        self.sink.emit(What::StepStarted { step: n, title: step.action.title(), tier: step.tier });
        let end = match self.state.unmet(&step.action) {
            Some(why) => StepEnd::NotDone(why),
            None => {
                let limit = self.limit(step.limit_ms);
                match catch_unwind(AssertUnwindSafe(|| steps::perform(self, step, &limit))) {
                    Ok(Ok(note)) => StepEnd::Done(note),
                    Ok(Err(failure)) => StepEnd::Failed(self.noted(*failure)),
                    Err(panic) => StepEnd::Failed(Box::new(trouble::bug(panic))),
                }
            }
        };
        if let StepEnd::Failed(failure) = &end
            && failure.is_error()
            && (step.action.prepares() || failure.cause == causes::ENGINE_GONE.id)
        {
            self.state.shaken.get_or_insert(step.action.title());
        }
        self.sink.step_ended(n, began, end);
    }

    fn in_light_of_what_came_before(&self, failure: Failure) -> Failure {
        match &self.state.shaken {
            Some(before) if trouble::stands_on_earlier_steps(&failure) => {
                failure.blame(Blame::World).evidence(
                    "what came before",
                    format!("`{before}` was not done, and not for a fault of the recipe"),
                )
            }
            _ => failure,
        }
    }

    /// The step's own deadline or the run's, whichever comes first.
    fn limit(&self, limit_ms: u64) -> Limit {
        let clock = &self.world.clock;
        let own = clock.now().after(Duration::from_millis(limit_ms));
        Limit { deadline: own.min(self.run_deadline()), stop: self.stop.clone() }
    }

    fn run_deadline(&self) -> Moment {
        self.began.after(Duration::from_millis(self.job.plan.deadline_ms))
    }

    /// Whether the run must not begin another step.
    fn is_over(&self) -> bool {
        if self.stop.reason().is_none() && self.world.clock.now() >= self.run_deadline() {
            self.stop.set(StopReason::Deadline);
        }
        self.stop.reason().is_some()
    }

    /// Says what stopped the run, if anything did: also when it was the last step that was cut.
    fn tell_the_stop(&self) {
        let by = match self.stop.reason() {
            Some(StopReason::Interrupted) => "SIGINT",
            Some(StopReason::Terminated) => "SIGTERM",
            Some(StopReason::Deadline) => "deadline",
            None => return,
        };
        self.sink.emit(What::Stopped { by: by.into() });
    }

    /// A failure as it has to be read: after a stop, the loss of the engine or other trouble with the world it may be
    /// no fault of the recipe.
    pub fn in_light(&self, failure: Failure) -> Box<Failure> {
        let failure = self.in_light_of_the_stop(failure);
        let failure = if failure.is_error() { failure } else { self.in_light_of_the_engine(failure) };
        Box::new(self.in_light_of_what_came_before(failure))
    }

    /// The failure of a step, in that light. What runs after the engine came back is not what the steps before it had
    /// made, and may never be again: a container that Swarm saw end with code 0 is not started anew.
    fn noted(&mut self, failure: Failure) -> Box<Failure> {
        let failure = self.in_light(failure);
        if failure.cause == causes::ENGINE_GONE.id {
            self.state.usable = false;
        }
        failure
    }

    /// An engine that went away stops every container, and starts new ones when it is back: what fails from then on
    /// proves nothing about the recipe.
    fn in_light_of_the_engine(&self, failure: Failure) -> Failure {
        let limit = Limit { deadline: self.world.clock.now().after(ENGINE_ANSWERS), stop: Stop::default() };
        let gone = || self.world.cluster.engine(&limit).is_err_and(|e| e.may_pass());
        if self.world.cluster.losses() == 0 && !gone() {
            return failure;
        }
        Failure::new(causes::ENGINE_GONE, "the engine to stay during the run", "it went away")
            .evidence("what failed after that", failure.to_string())
    }

    /// What fails because the run was stopped is nobody's fault but the stop's.
    fn in_light_of_the_stop(&self, failure: Failure) -> Failure {
        let late = self.world.clock.now() >= self.run_deadline();
        match self.stop.reason() {
            // a bug stays one whatever ended the run, and what was said once is not said again
            _ if ONCE.iter().any(|c| c.id == failure.cause) => failure,
            Some(StopReason::Deadline) | None if late => {
                let span = ccci_model::time::Span(Duration::from_millis(self.job.plan.deadline_ms));
                Failure::new(
                    causes::RUN_DEADLINE,
                    "the run to end within its deadline",
                    format!("{span} were over"),
                )
                .evidence("what was going on", failure.to_string())
            }
            Some(StopReason::Interrupted | StopReason::Terminated) => {
                Failure::new(causes::INTERRUPTED, "the run to go on", "it was interrupted")
                    .evidence("what was going on", failure.to_string())
            }
            _ => failure,
        }
    }

    /// Marks the app as kept, so that no later run takes it for what a dead one left.
    fn leave_running(&self) {
        let uses: Vec<&str> = self.state.shared.keys().map(String::as_str).collect();
        if let Err(e) = self.world.locks.keep(self.job.plan.domain.as_str(), &uses) {
            let what =
                format!("that the app goes on running: the mark that keeps it could not be made ({e})");
            self.sink.emit(What::NotProved { what });
        }
    }

    fn remove(&mut self) {
        let last = self.job.plan.steps.iter().position(|s| s.action == Action::Remove);
        let n = last.unwrap_or(self.job.plan.steps.len());
        self.sink.emit(What::StepStarted { step: n, title: Action::Remove.title(), tier: None });
        let began = self.world.clock.now();
        let (end, leftovers, counts) = match catch_unwind(AssertUnwindSafe(|| self.removed(n, began))) {
            Ok(Ok(removal)) => {
                let end = match undo::leak(&removal) {
                    None => StepEnd::Done(Some(counted(&removal.counts))),
                    Some(failure) => StepEnd::Failed(Box::new(failure)),
                };
                (end, removal.held, removal.counts)
            }
            Ok(Err(lost)) => {
                let left = self.not_looked_at(lost.left, &lost.error.to_string());
                let failure = trouble::cluster(lost.error, "remove everything of the run");
                (StepEnd::Failed(Box::new(failure)), left, BTreeMap::new())
            }
            Err(panic) => {
                // a bug must not leave anything behind either: once more, and the bug is told
                let again = catch_unwind(AssertUnwindSafe(|| self.removed(n, began)));
                let unknown = || self.not_looked_at(vec![], "a bug in ccci");
                let (left, counts) = again
                    .ok()
                    .and_then(Result::ok)
                    .map_or_else(|| (unknown(), BTreeMap::new()), |r| (r.held, r.counts));
                (StepEnd::Failed(Box::new(trouble::bug(panic))), left, counts)
            }
        };
        let ms = self.world.clock.now().since(began).as_millis() as u64;
        self.doubt_volumes();
        self.sink.emit(What::Removed { ms, leftovers, counts });
        self.sink.step_ended(n, began, end);
    }

    /// Removes; a run that never asked the engine to make anything does not wait for one that is silent.
    fn removed(&mut self, n: usize, began: Moment) -> Result<undo::Removal, undo::Lost> {
        // an app that was to be kept has no such step in its plan
        let planned = self.job.plan.steps.get(n).map(|s| Duration::from_millis(s.limit_ms));
        let deadline = began.after(planned.unwrap_or(crate::build::REMOVE_LIMIT));
        let domain = self.job.plan.domain.as_str();
        let (world, sink, made) = (self.world, self.sink, self.state.made);
        let shared = &mut self.state.shared;
        undo::remove_run(world, domain, shared, deadline, made, &mut |on| sink.waiting(n, on))
    }

    /// A volume that the engine made for a container right before it went away has no name of ours, no label and maybe no
    /// container: nobody can tell whose it is (seen once in 20 kills of the engine under a life of wordpress).
    fn doubt_volumes(&self) {
        if self.state.made && self.world.cluster.losses() > 0 {
            let what = "that no unnamed volume is left: the engine went away during the run, and what it made right before \
                        has no label; `docker volume ls --filter dangling=true` shows what nobody uses";
            self.sink.emit(What::NotProved { what: what.into() });
        }
    }

    /// What may be left when nobody could look: what was there at the last look, or anything if anything was made.
    fn not_looked_at(&self, left: Vec<Held>, by: &str) -> Vec<Held> {
        if !left.is_empty() || !self.state.made {
            return left;
        }
        let name = format!("of {}", self.job.plan.domain);
        vec![Held { kind: "anything".into(), name, by: by.into() }]
    }
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    if parts.is_empty() { "nothing was there".into() } else { format!("removed: {}", parts.join(", ")) }
}
