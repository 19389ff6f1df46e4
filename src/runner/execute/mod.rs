//! The executor: carries out the steps of the plan and decides nothing. Removal always comes last.

pub mod desired;
pub mod failures;
pub mod hooks;
pub mod job;
pub mod keep;
pub mod overlay;
mod removal;
pub mod shared;
pub mod sink;
pub mod state;
mod stays_up;
pub mod steps;
pub mod undo;

use crate::gather::inputs;
use ccci_model::event::{SCHEMA, What};
use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Blame, Cause, Failure, FailureId, causes};
use ccci_model::plan::{Action, AppPlan, Plan, Side, Step};
use ccci_model::tier::Tier;
use ccci_model::time::Moment;
use ccci_swarm::ports::World;
use ccci_swarm::ports::clock::{Limit, Stop, StopReason};
use ccci_swarm::ports::cluster::Owner;
use ccci_swarm::ports::lease::Lease;
use job::{AppTexts, Job};
use shared::Shared;
use sink::{Sink, StepEnd};
use state::State;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tracing::field::{Empty, display};
use tracing::{Span, info_span};

/// Causes that stay as they are when the run was stopped.
const ONCE: [&Cause; 3] = [causes::INTERNAL, causes::RUN_DEADLINE, causes::INTERRUPTED];
/// How long after its deadline a run can still be busy with the removal of its apps, and how far clocks of two machines may
/// be apart.
const ENDS_LATE: Duration = Duration::from_secs(1_800);
/// Time within which a running engine answers, even on a busy machine.
const ENGINE_ANSWERS: Duration = Duration::from_secs(10);

/// One app of a run in progress.
pub struct Run<'a> {
    /// The plan, and the texts that it needs.
    pub job: &'a Job,
    /// The app's place in the plan.
    pub at: usize,
    /// What all apps of the run share.
    pub shared: &'a Shared,
    /// The ports.
    pub world: &'a World,
    /// Where its events go.
    pub sink: &'a Sink,
    /// Tells the run to stop early.
    pub stop: &'a Stop,
    /// When the run began.
    pub began: Moment,
    /// What earlier steps left for later ones.
    pub state: State,
    /// The number of the step that is running.
    pub step: usize,
}

/// Carries out a plan. Removes everything at the end, unless the plan keeps the apps. Never panics.
pub fn execute(job: &Job, world: &World, sink: &Sink, stop: &Stop) {
    let subject = job.plan.subject();
    let _run = info_span!("run", id = %job.plan.run_id, recipe = %subject.recipe).entered();
    let world = &world.traced();
    let plan = Box::new(job.plan.clone());
    let ccci = env!("CARGO_PKG_VERSION").to_string();
    sink.emit(What::RunStarted { schema: SCHEMA, ccci, wall_ms: world.clock.wall_ms(), plan });
    sink.emit(What::Linted { status: job.linted.status, rules: job.linted.rules.clone() });
    let (began, shared) = (world.clock.now(), Shared::new(lease(&job.plan, world)));
    let run =
        |at| Run { job, at, shared: &shared, world, sink, stop, began, state: State::default(), step: 0 };
    let mut runs: Vec<Run<'_>> = (0..job.plan.apps.len()).map(run).collect();
    for app in &job.plan.apps {
        world.web.serve(app.domain.as_str(), &app.stack);
    }
    for stretch in stretches(&job.plan) {
        side_by_side(&mut runs, &job.plan, stretch);
    }
    let subject = job.plan.subject_at();
    // the last step may have ended after the run's deadline
    let _ = runs[subject].is_over();
    runs[subject].tell_the_stop();
    for run in &mut runs {
        let _ = catch_unwind(AssertUnwindSafe(|| run.last_look()));
    }
    let _ = catch_unwind(AssertUnwindSafe(|| world.browser.end()));
    if job.plan.keep && stop.reason().is_none() {
        runs.iter().for_each(Run::leave_running);
    } else {
        removal::remove(&mut runs);
    }
    sink.emit(What::RunEnded { wall_ms: world.clock.wall_ms() });
}

/// The lease of a run that begins now.
fn lease(plan: &Plan, world: &World) -> Lease {
    let late_ms = plan.deadline_ms.saturating_add(ENDS_LATE.as_millis() as u64);
    let ends_ms = world.clock.wall_ms().saturating_add(late_ms);
    // without the name of its locks, the run's objects are those of a stranger to every process
    Lease { locks: world.locks.place().unwrap_or_default(), until: ends_ms / 1_000, keep: plan.keep }
}

/// The numbers of the steps, in groups: steps that follow each other and belong to apps of one stage. Removal is in no
/// group.
fn stretches(plan: &Plan) -> Vec<Vec<usize>> {
    let stage = |step: &Step| plan.order.iter().position(|apps| apps.contains(&step.app));
    let mut out: Vec<Vec<usize>> = vec![];
    for (n, step) in plan.steps.iter().enumerate().take_while(|(_, s)| s.action != Action::Remove) {
        match out.last_mut() {
            Some(last) if stage(&plan.steps[last[0]]) == stage(step) => last.push(n),
            _ => out.push(vec![n]),
        }
    }
    out
}

/// Carries out a group of steps. Different apps run at the same time.
fn side_by_side(runs: &mut [Run<'_>], plan: &Plan, stretch: Vec<usize>) {
    let mut works: Vec<(&mut Run<'_>, Vec<usize>)> = runs
        .iter_mut()
        .map(|run| {
            let own = stretch.iter().copied().filter(|n| plan.steps[*n].app == run.at).collect();
            (run, own)
        })
        .filter(|(_, own): &(_, Vec<usize>)| !own.is_empty())
        .collect();
    match works.as_mut_slice() {
        [(run, own)] => run.all(own),
        several => {
            let of_run = Span::current();
            std::thread::scope(|scope| {
                for (run, own) in several {
                    scope.spawn(|| of_run.in_scope(|| run.all(own)));
                }
            });
        }
    }
}

impl<'a> Run<'a> {
    /// The app's part of the plan.
    pub fn app(&self) -> &'a AppPlan {
        &self.job.plan.apps[self.at]
    }

    /// The app's texts, scripts and settings.
    pub fn texts(&self) -> &'a AppTexts {
        &self.job.apps[self.at]
    }

    /// The owner of everything of this app.
    pub fn owner(&self) -> Owner {
        self.owner_of(self.app().domain.to_string())
    }

    /// The owner of what several runs use, under a domain of its own.
    pub(crate) fn owner_of(&self, domain: String) -> Owner {
        Owner { run: self.job.plan.run_id.clone(), domain, lease: self.shared.lease.clone() }
    }

    /// A name for something of this app that no other app of the run uses.
    pub fn named(&self, what: &str) -> String {
        self.job.plan.named(self.at, what)
    }

    /// Carries out these steps.
    fn all(&mut self, steps: &[usize]) {
        let _app = info_span!("app", recipe = %self.app().recipe).entered();
        let tier = |n: &usize| self.job.plan.steps[*n].tier;
        for of_tier in steps.chunk_by(|a, b| tier(a) == tier(b)) {
            let _tier = of_tier.first().and_then(tier).map(|t| info_span!("tier", name = t.name()).entered());
            // what a hook expects, it expects in its own tier
            self.state.marks.expect_no_restart();
            for n in of_tier {
                if self.is_over() {
                    return;
                }
                self.step = *n;
                self.one(&self.job.plan.steps[*n]);
            }
        }
    }

    /// Carries out one step and sends its events.
    fn one(&mut self, step: &Step) {
        let (n, clock) = (self.step, self.world.clock.clone());
        let began = clock.now();
        let span = info_span!("step", n, title = step.action.title(), ended = Empty).entered();
        self.sink.emit(What::StepStarted { step: n, title: self.job.plan.title(step), tier: step.tier });
        let end = match (self.state.unmet(&step.action), self.state.moot(&step.action)) {
            (Some(why), _) => StepEnd::NotDone(why),
            (None, Some(why)) => StepEnd::LeftOut(why),
            (None, None) => {
                let limit = self.limit(step.limit_ms);
                let work = || {
                    let done = steps::perform(self, step, &limit);
                    self.watch_after_step();
                    self.tell_silence();
                    done
                };
                match catch_unwind(AssertUnwindSafe(work)) {
                    Ok(Ok(note)) => StepEnd::Done(note),
                    Ok(Err(failure)) => StepEnd::Failed(self.noted(*failure)),
                    Err(panic) => StepEnd::Failed(Box::new(failures::bug(panic))),
                }
            }
        };
        if let StepEnd::Failed(failure) = &end
            && failure.is_error()
            && (step.action.prepares() || failure.cause == causes::ENGINE_GONE.id)
        {
            self.state.shaken.get_or_insert(self.job.plan.title(step));
        }
        span.record("ended", display(&end));
        self.sink.step_ended(n, began, end);
    }

    /// Names the volumes of the base that the head does not mount: what fails after the upgrade may miss their data.
    fn in_light_of_lost_data(&self, failure: Failure) -> Failure {
        const NAME: &str = "data of the base";
        let of_upgrade = self.job.plan.steps.get(self.step).is_some_and(|s| s.tier == Some(Tier::Upgrade));
        let told = failure.evidence.iter().any(|e| e.what == NAME);
        if failure.is_error() || told || !of_upgrade || self.state.current != Some(Side::Head) {
            return failure;
        }
        let composed = |side| self.state.resolved.get(&side).map(|r| &r.composed);
        match (composed(Side::Base), composed(Side::Head)) {
            (Some(base), Some(head)) => failure.evidence(NAME, inputs::unmounted(base, head).join("\n")),
            _ => failure,
        }
    }

    fn in_light_of_what_came_before(&self, mut failure: Failure) -> Failure {
        match &self.state.shaken {
            Some(before) if failures::stands_on_earlier_steps(&failure) => {
                // with another blame it is a new failure, not the recorded one
                failure.id = FailureId::default();
                failure.blame(Blame::Infra).evidence(
                    "what came before",
                    format!("`{before}` was not done, and the recipe is not to blame for it"),
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

    /// Sends an event about what stopped the run, if something did. It may have been during the last step.
    fn tell_the_stop(&self) {
        let by = match self.stop.reason() {
            Some(StopReason::Interrupted) => "SIGINT",
            Some(StopReason::Terminated) => "SIGTERM",
            Some(StopReason::Deadline) => "deadline",
            None => return,
        };
        self.sink.emit(What::Stopped { by: by.into() });
    }

    /// Adjusts the cause and blame of a failure to what happened before it. After a stop, the loss of the engine or
    /// another failure of a port, the recipe may not be to blame.
    pub(crate) fn in_light(&self, failure: Failure) -> Box<Failure> {
        let failure = self.in_light_of_the_stop(failure);
        let failure = if failure.is_error() { failure } else { self.in_light_of_the_engine(failure) };
        let failure = self.in_light_of_lost_data(failure);
        Box::new(self.in_light_of_what_came_before(failure))
    }

    /// Does the same for the failure of a step, and notes the loss of the engine. After the engine came back, the tasks
    /// are not the ones that earlier steps prepared, and some may never run again: Swarm does not restart a container
    /// that it saw end with code 0.
    fn noted(&mut self, failure: Failure) -> Box<Failure> {
        let failure = self.in_light(failure);
        if failure.cause == causes::ENGINE_GONE.id {
            self.state.usable = false;
        }
        failure
    }

    /// When the engine goes away, every container stops, and new ones start when it is back. So a later failure proves
    /// nothing about the recipe.
    fn in_light_of_the_engine(&self, failure: Failure) -> Failure {
        let limit = Limit { deadline: self.world.clock.now().after(ENGINE_ANSWERS), stop: Stop::default() };
        let gone = || self.world.cluster.engine(&limit).is_err_and(|e| e.may_pass());
        if self.world.cluster.losses() == 0 && !gone() {
            return self.in_light_of_silence(failure);
        }
        Failure::of(causes::ENGINE_GONE, Detail::EngineLost { then: Some(Box::new(failure)) })
    }

    /// Swarm takes a node that gives no answer for lost, and replaces its tasks. So until the app was observed as asked for
    /// again, a failure proves nothing about the recipe.
    fn in_light_of_silence(&self, failure: Failure) -> Failure {
        let silent = self.world.cluster.silence().saturating_sub(self.state.recovered_from);
        if silent.is_zero() {
            return failure;
        }
        let silent_ms = silent.as_millis() as u64;
        Failure::of(causes::ENGINE_SILENT, Detail::EngineSilent { silent_ms, then: Box::new(failure) })
    }

    /// Tells that the engine gave no answer for long, unless it is told.
    fn tell_silence(&mut self) {
        let silent = self.world.cluster.silence();
        let more = silent.saturating_sub(self.state.silence_told);
        if more.is_zero() {
            return;
        }
        self.state.silence_told = silent;
        let during = self.job.plan.title(&self.job.plan.steps[self.step]);
        let span = ccci_model::time::Span(more);
        let what = format!("how the app does during `{during}`: the engine gave no answer for {span}");
        self.not_proved(what);
    }

    /// A failure after the run was stopped is a consequence of the stop, so nobody else is to blame.
    fn in_light_of_the_stop(&self, failure: Failure) -> Failure {
        let late = self.world.clock.now() >= self.run_deadline();
        let deadline_ms = self.job.plan.deadline_ms;
        match self.stop.reason() {
            // a bug stays a bug, whatever ended the run; a stop that was already recorded is not recorded again
            _ if ONCE.iter().any(|c| c.id == failure.cause) => failure,
            Some(StopReason::Deadline) | None if late => {
                let during = Some(Box::new(failure));
                Failure::of(causes::RUN_DEADLINE, Detail::Deadline { deadline_ms, during })
            }
            Some(StopReason::Interrupted | StopReason::Terminated) => {
                Failure::of(causes::INTERRUPTED, Detail::Interrupted { during: Some(Box::new(failure)) })
            }
            _ => failure,
        }
    }

    /// Marks the app as kept, so that no later run removes it as a leftover of a dead run.
    fn leave_running(&self) {
        let uses: Vec<&str> = self.state.shared.keys().map(String::as_str).collect();
        if let Err(e) = self.world.locks.keep(self.app().domain.as_str(), &uses) {
            let what = format!("that the app keeps running: it could not be marked as kept ({e})");
            self.sink.emit(What::NotProved { what });
        }
    }
}
