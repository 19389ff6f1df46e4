//! A service of the in-memory cluster. Its tasks run and end as the faults say. Updates go stop-first or start-first,
//! and are completed, paused or rolled back, as in Swarm but in less time.

use super::compose::Spec;
use super::fault::{Ending, Fate, Fault, fate};
use super::files::Tree;
use ccci_model::name::ServiceName;
use ccci_swarm::observed::{Mode, ObservedService, ObservedTask, Restart, TaskState, UpdateState};

/// Swarm's delay before it restarts an ended task, in ms.
const RESTART_DELAY: u64 = 5_000;
/// How long an update is watched before it counts as completed, in ms (Swarm: 5 s).
const MONITOR: u64 = 500;
/// How long a task takes to stop, in ms.
const LEAVE: u64 = 200;

/// A service.
pub(super) struct Service {
    /// Its id.
    pub id: String,
    /// Its spec.
    pub spec: Spec,
    /// Its tasks, old ones included.
    pub tasks: Vec<Task>,
    previous: Option<Spec>,
    update: Option<(UpdateState, String)>,
    update_due: Option<(u64, UpdateState, String)>,
    /// Number of tasks made from the current spec.
    made: u64,
    /// Number of all tasks made.
    ids: u64,
}

/// A task.
pub(super) struct Task {
    /// As the engine shows it.
    pub observed: ObservedTask,
    /// Its container's own files.
    pub root: Tree,
    runs: Option<u64>,
    ends: Option<(u64, Ending)>,
    leaves: Option<u64>,
}

impl Service {
    /// A new service; its tasks are made at once.
    pub(super) fn new(name: &str, spec: Spec, now: u64, faults: &[Fault]) -> Service {
        let mut service = Service {
            id: format!("id-{name}-{now}"),
            spec,
            tasks: vec![],
            previous: None,
            update: None,
            update_due: None,
            made: 0,
            ids: 0,
        };
        for slot in 1..=service.spec.mode.desired() {
            service.make(name, slot, now, faults);
        }
        service
    }

    fn make(&mut self, name: &str, slot: u64, now: u64, faults: &[Fault]) {
        let updating = matches!(self.update, Some((UpdateState::Updating, _)));
        let Fate { runs, ends, no_node } = fate(faults, name, self.made, updating, self.spec.healthcheck);
        self.made += 1;
        self.ids += 1;
        let id = format!("{}.{slot}.{}", self.id, self.ids);
        let pending = no_node.is_some();
        let observed = ObservedTask {
            service: self.id.clone(),
            slot: if matches!(self.spec.mode, Mode::Global(_)) { 0 } else { slot },
            node: if pending { String::new() } else { "node-1".into() },
            state: if pending { TaskState::Pending } else { TaskState::Starting },
            desired_running: true,
            exit_code: None,
            error: no_node.unwrap_or_default(),
            message: "starting".into(),
            created_ms: now,
            changed_ms: now,
            container: if pending { String::new() } else { format!("c-{id}") },
            oom_killed: None,
            unhealthy: None,
            check: String::new(),
            template: self.spec.template.clone(),
            id,
        };
        let at = |ms: u64| now + ms;
        let ends = ends.map(|(ms, e)| (at(ms), e));
        self.tasks.push(Task { observed, root: Tree::new(), runs: runs.map(at), ends, leaves: None });
    }

    /// Gives the service a new spec. If only labels changed, no task is replaced; any other change replaces the tasks.
    pub(crate) fn update(&mut self, name: &str, spec: Spec, now: u64, faults: &[Fault]) {
        if spec == self.spec {
            return;
        }
        let same_tasks = spec.template == self.spec.template && spec.mode == self.spec.mode;
        self.previous = Some(std::mem::replace(&mut self.spec, spec));
        self.update = Some((UpdateState::Updating, "update in progress".into()));
        self.made = 0;
        if same_tasks {
            self.update_due = Some((now + 100, UpdateState::Completed, "update completed".into()));
            return;
        }
        self.replace(name, now, faults);
    }

    fn replace(&mut self, name: &str, now: u64, faults: &[Fault]) {
        // a paused update leaves the old task serving only if the new one is started first (lesson 42)
        let keeps_old =
            self.spec.start_first || faults.iter().any(|f| matches!(f, Fault::Pauses(s, _) if s == name));
        if !keeps_old {
            self.leave(now, |_| true);
        }
        for slot in 1..=self.spec.mode.desired() {
            self.make(name, slot, now, faults);
        }
    }

    fn leave(&mut self, now: u64, which: impl Fn(&Task) -> bool) {
        for task in self.tasks.iter_mut().filter(|t| t.is_there() && t.observed.desired_running && which(t)) {
            task.observed.desired_running = false;
            task.leaves = Some(now + LEAVE);
        }
    }

    /// When the next change is due, in ms.
    pub(crate) fn next(&self) -> Option<u64> {
        let tasks = self.tasks.iter().filter_map(Task::next);
        tasks.chain(self.update_due.as_ref().map(|(at, ..)| *at)).min()
    }

    /// Makes one change that is due now.
    pub(crate) fn step(&mut self, name: &str, now: u64, faults: &[Fault]) {
        if let Some((_, state, said)) = self.update_due.take_if(|(at, ..)| *at <= now) {
            self.update = Some((state, said));
            return;
        }
        let Some(task) = self.tasks.iter_mut().find(|t| t.next().is_some_and(|at| at <= now)) else { return };
        let template = task.observed.template.clone();
        match task.happen(now) {
            Happened::Ran if template == self.spec.template => {
                self.leave(now, |t| t.observed.template != template);
                let updating = matches!(self.update, Some((UpdateState::Updating, _)));
                if updating && self.tasks.iter().all(|t| !t.observed.desired_running || t.is_running()) {
                    let said = "update completed".into();
                    self.update_due = Some((now + MONITOR, UpdateState::Completed, said));
                }
            }
            Happened::Ended { slot, bad } => self.ended(name, slot, bad, now, faults),
            Happened::Ran | Happened::Left => {}
        }
    }

    fn ended(&mut self, name: &str, slot: u64, bad: bool, now: u64, faults: &[Fault]) {
        let updating = matches!(self.update, Some((UpdateState::Updating, _)));
        let says = |f: &Fault| match f {
            Fault::RollsBack(s, _) if s == name => Some(UpdateState::RollbackStarted),
            Fault::Pauses(s, _) if s == name => Some(UpdateState::Paused),
            _ => None,
        };
        match faults.iter().find_map(says).filter(|_| updating && bad) {
            Some(UpdateState::RollbackStarted) => return self.take_back(name, now),
            Some(paused) => {
                let said = "update paused due to failure or early termination of task";
                self.update = Some((paused, said.into()));
                return;
            }
            None => {}
        }
        let again = match self.spec.restart {
            Restart::Any => !matches!(self.spec.mode, Mode::Job(_)) || bad,
            Restart::OnFailure => bad,
            Restart::Never => false,
        };
        let left = self.spec.max_attempts == 0 || self.made <= self.spec.max_attempts;
        if again && left {
            self.make(name, slot, now + RESTART_DELAY, faults);
            let task = self.tasks.last_mut().expect("just made");
            task.observed.created_ms = now;
            task.observed.message = "ready".into();
        }
    }

    fn take_back(&mut self, name: &str, now: u64) {
        self.spec = self.previous.take().expect("an update has a spec before it");
        self.update = Some((UpdateState::RollbackStarted, "early termination of task".into()));
        let template = self.spec.template.clone();
        self.leave(now, |t| t.observed.template != template);
        let old_serves = self.tasks.iter().any(|t| t.is_running() && t.observed.desired_running);
        if !old_serves {
            for slot in 1..=self.spec.mode.desired() {
                self.make(name, slot, now, &[]);
            }
        }
        self.update_due = Some((now + 1000, UpdateState::RollbackCompleted, "rollback completed".into()));
    }

    /// As the engine shows it.
    pub(super) fn observed(&self, name: &str) -> ObservedService {
        let spec = &self.spec;
        ObservedService {
            id: self.id.clone(),
            name: ServiceName::parse(name).expect("a resolved file has service names"),
            mode: spec.mode,
            image: spec.image.clone(),
            labels: spec.labels.clone(),
            env: spec.env.clone(),
            restart: spec.restart,
            max_attempts: spec.max_attempts,
            start_first: spec.start_first,
            update: self.update.clone(),
            volumes: spec.volumes.clone(),
            networks: spec.networks.clone(),
            ports: spec.ports.clone(),
            template: spec.template.clone(),
            template_but_image: spec.template_but_image.clone(),
            has_healthcheck: spec.healthcheck,
        }
    }

    /// The slots of all running tasks whose desired state is running, newest first.
    pub(crate) fn all_running(&self) -> Vec<u64> {
        let running = self.tasks.iter().rev().filter(|t| t.is_running() && t.observed.desired_running);
        running.map(|t| t.observed.slot).collect()
    }

    /// The newest running task whose desired state is running.
    pub(crate) fn running(&mut self) -> Option<&mut Task> {
        self.tasks.iter_mut().rev().find(|t| t.is_running() && t.observed.desired_running)
    }
}

enum Happened {
    Ran,
    Ended { slot: u64, bad: bool },
    Left,
}

impl Task {
    fn is_there(&self) -> bool {
        self.observed.state <= TaskState::Running
    }

    fn is_running(&self) -> bool {
        self.observed.state == TaskState::Running
    }

    fn next(&self) -> Option<u64> {
        if !self.is_there() {
            return None;
        }
        let runs = self.runs.filter(|_| !self.is_running() && self.leaves.is_none());
        [runs, self.ends.as_ref().map(|(at, _)| *at), self.leaves].into_iter().flatten().min()
    }

    fn happen(&mut self, now: u64) -> Happened {
        self.observed.changed_ms = now;
        if self.leaves.is_some_and(|at| at <= now) {
            self.observed.state = TaskState::Shutdown;
            return Happened::Left;
        }
        if !self.is_running() && self.runs.is_some_and(|at| at <= now) {
            self.observed.state = TaskState::Running;
            self.observed.message = "started".into();
            return Happened::Ran;
        }
        let (_, e) = self.ends.take().expect("something was due");
        self.observed.state = match e.code {
            _ if e.rejected => TaskState::Rejected,
            Some(0) => TaskState::Complete,
            _ => TaskState::Failed,
        };
        self.observed.desired_running = false;
        self.observed.exit_code = e.code;
        self.observed.error = e.words;
        self.observed.oom_killed = Some(e.oom);
        self.observed.unhealthy = Some(e.unhealthy);
        Happened::Ended { slot: self.observed.slot.max(1), bad: e.code != Some(0) || e.unhealthy }
    }
}
