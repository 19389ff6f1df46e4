//! What is remembered between the looks at one deploy.
//! Swarm forgets old tasks (by default it keeps five for each slot) and takes its times from another clock, so
//! tasks and times are kept here, by our own clock.

use super::desired::Desired;
use super::status::ServiceStatus;
use super::{ONE_SHOT_STILL_MS, STILL_MS, UNCHECKED_STILL_MS, ends};
use crate::observed::{Observed, ObservedService, ObservedTask, Restart, TaskState};
use ccci_model::name::ServiceName;
use std::collections::{BTreeMap, BTreeSet};

/// What was observed of one deploy so far.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The services of the last `Hopeless`, the decisive one first.
    pub culprits: Vec<ServiceName>,
    looked: bool,
    /// When everything was first as desired, ms.
    converged_ms: Option<u64>,
    /// How tasks ended after that, by service, in the order in which the ends were observed.
    late: BTreeMap<ServiceName, Vec<(String, ends::End)>>,
    /// Those of them that the caller has not taken yet.
    untold: Vec<LateEnd>,
    /// Each service that is up; kept from one wait to the next.
    up: BTreeMap<ServiceName, Up>,
    /// The tasks of each service that was up before this deploy.
    before: BTreeMap<ServiceName, String>,
    tasks: BTreeMap<String, Remembered>,
    /// Tasks that ended before this wait in slots that were up when it began; these ends do not count.
    forgiven: BTreeSet<String>,
    good: BTreeMap<ServiceName, (String, u64)>,
    blocked: BTreeMap<ServiceName, (String, u64)>,
}

/// A service that is up.
#[derive(Debug, Clone)]
struct Up {
    /// Its present tasks.
    tasks: String,
    /// Since when it is as desired with them, ms.
    since_ms: u64,
    /// Since when all of them run, ms. During an update that is before the service is as desired.
    ran_ms: u64,
}

#[derive(Debug, Clone)]
struct Remembered {
    task: ObservedTask,
    first_ms: u64,
    /// When it was first observed running, and first observed ended, ms.
    ran_ms: Option<u64>,
    ended_ms: Option<u64>,
}

/// Longest time that a service which failed before is watched, ms.
const LONGEST_WATCH_MS: u64 = 30_000;

impl History {
    /// The history of a deploy over what this one is about.
    pub fn of_next_deploy(&self) -> History {
        let before = self.up.iter().map(|(service, up)| (service.clone(), up.tasks.clone())).collect();
        History { before, ..History::default() }
    }

    /// Whether a service runs the same tasks as before this deploy: whatever it does for others, it did then.
    pub(super) fn was_up_before(&self, service: &ServiceName) -> bool {
        let now = self.up.get(service).map(|up| &up.tasks);
        now.is_some() && now == self.before.get(service)
    }

    /// Adds one look.
    pub(super) fn take(&mut self, desired: &Desired, observed: &Observed, now_ms: u64) {
        for task in &observed.tasks {
            let known = self.tasks.entry(task.id.clone()).or_insert_with(|| Remembered {
                task: task.clone(),
                first_ms: now_ms,
                ran_ms: None,
                ended_ms: None,
            });
            known.task = merged(&known.task, task);
            match task.state {
                TaskState::Pending | TaskState::Starting => {}
                TaskState::Running => known.ran_ms = known.ran_ms.or(Some(now_ms)),
                _ => known.ended_ms = known.ended_ms.or(Some(now_ms)),
            }
        }
        if !self.looked {
            self.looked = true;
            self.forgive_the_past(desired, observed);
        }
    }

    fn forgive_the_past(&mut self, desired: &Desired, observed: &Observed) {
        for service in desired.services.iter().filter_map(|w| observed.service(w.name.as_str())) {
            let tasks = observed.tasks_of(service);
            let runs =
                |t: &&&ObservedTask| t.desired_running && t.state == TaskState::Running && is_of(t, service);
            let up: Vec<_> = tasks.iter().filter(runs).map(|t| slot(t)).collect();
            let ended = tasks.iter().filter(|t| t.state > TaskState::Running && up.contains(&slot(t)));
            self.forgiven.extend(ended.map(|t| t.id.clone()));
        }
    }

    /// The bad ends of tasks with a service's present spec, by slot, oldest first.
    pub(super) fn bad_ends(&self, service: &ObservedService) -> Vec<Vec<BadEnd<'_>>> {
        let mut slots: BTreeMap<(u64, &str), Vec<BadEnd<'_>>> = BTreeMap::new();
        for (id, r) in &self.tasks {
            let mine = r.task.service == service.id && is_of(&r.task, service) && !self.forgiven.contains(id);
            if let Some(end) = mine.then(|| ends::end_of(service, &r.task)).flatten() {
                slots.entry(slot(&r.task)).or_default().push(r.bad(end));
            }
        }
        let mut slots: Vec<Vec<BadEnd<'_>>> = slots.into_values().collect();
        for ends in &mut slots {
            ends.sort_by_key(|b| (b.task.created_ms, b.task.id.clone()));
        }
        slots
    }

    /// The newest bad end of a service, of its present spec or of another; it shows why an update was rolled back.
    pub(super) fn newest_bad_end(
        &self,
        service: &ObservedService,
        of_present_spec: bool,
    ) -> Option<BadEnd<'_>> {
        let mine = self.tasks.values().filter(|r| r.task.service == service.id);
        mine.filter(|r| is_of(&r.task, service) == of_present_spec)
            .filter_map(|r| {
                let end = ends::end_of(service, &r.task)?;
                Some(r.bad(end))
            })
            .max_by_key(|b| b.task.created_ms)
    }

    /// All tasks of a service that were ever observed, newest first.
    pub(super) fn tasks_of(&self, service: &ObservedService) -> Vec<&ObservedTask> {
        let mut all: Vec<&ObservedTask> =
            self.tasks.values().map(|r| &r.task).filter(|t| t.service == service.id).collect();
        all.sort_by_key(|t| std::cmp::Reverse((t.created_ms, t.id.clone())));
        all
    }

    /// For how long the same thing has been blocking a service, ms.
    pub(super) fn blocked_for(&mut self, service: &ServiceName, by: &str, now_ms: u64) -> u64 {
        let entry = self.blocked.entry(service.clone()).or_insert_with(|| (by.to_string(), now_ms));
        if entry.0 != by {
            *entry = (by.to_string(), now_ms);
        }
        now_ms - entry.1
    }

    /// Records that nothing blocks a service at this look.
    pub(super) fn unblocked(&mut self, service: &ServiceName) {
        self.blocked.remove(service);
    }

    /// Records since when a service is good, and with which tasks.
    pub(super) fn note_status(&mut self, service: &ServiceName, status: &ServiceStatus, now_ms: u64) {
        let ServiceStatus::Good { tasks, .. } = status else {
            self.good.remove(service);
            self.up.remove(service);
            return;
        };
        if self.good.get(service).is_none_or(|(known, _)| known != tasks) {
            self.good.insert(service.clone(), (tasks.clone(), now_ms));
        }
        if self.up.get(service).is_none_or(|up| up.tasks != *tasks) {
            let ran = tasks.split(' ').filter_map(|id| self.tasks.get(id)?.ran_ms).max();
            let (tasks, ran_ms) = (tasks.clone(), ran.unwrap_or(now_ms));
            self.up.insert(service.clone(), Up { tasks, since_ms: now_ms, ran_ms });
        }
    }

    /// Since when a service is good with its present tasks, ms.
    pub(super) fn good_since(&self, service: &ServiceName) -> Option<u64> {
        self.good.get(service).map(|(_, since)| *since)
    }

    /// Forgets what no longer counts after something was done to the app. What shows whether services stay up is kept.
    pub fn begin_anew(&mut self) {
        let before = std::mem::take(self);
        let History { converged_ms, late, untold, up, before, .. } = before;
        *self = History { converged_ms, late, untold, up, before, ..History::default() };
    }

    /// Records that everything is as desired.
    pub(super) fn converged(&mut self, now_ms: u64) {
        self.converged_ms.get_or_insert(now_ms);
    }

    /// Records ends that came after everything was first as desired.
    pub(super) fn note_late_ends(&mut self, service: &ObservedService) {
        let Some(since) = self.converged_ms else { return };
        let is_late = |b: &BadEnd<'_>| self.tasks[&b.task.id].ended_ms.is_some_and(|at| at > since);
        let late: Vec<(String, LateEnd)> = self
            .bad_ends(service)
            .into_iter()
            .flatten()
            .filter(is_late)
            .map(|b| {
                let after_ms = self.tasks[&b.task.id].ended_ms.unwrap_or(since) - since;
                let line = ends::line(b.task);
                (b.task.id.clone(), LateEnd { service: service.name.clone(), end: b.end, after_ms, line })
            })
            .collect();
        let known = self.late.entry(service.name.clone()).or_default();
        for (id, late) in late {
            if known.iter().all(|(k, _)| *k != id) {
                known.push((id, late.end.clone()));
                // a worker whose policy is `any` may end so by design, a server may not
                if late.end != ends::End::Exit(0) || service.serves() {
                    self.untold.push(late);
                }
            }
        }
    }

    /// The ends after everything was first as desired that were not taken before, in the order in which they were
    /// observed. An end with code 0 is among them only if somebody outside is to reach the service.
    pub fn take_late_ends(&mut self) -> Vec<LateEnd> {
        std::mem::take(&mut self.untold)
    }

    /// Number of ends after everything was first as desired.
    pub fn count_late_ends(&self) -> usize {
        self.late.values().map(Vec::len).sum()
    }

    /// How tasks of a service ended after everything was first as desired.
    pub(super) fn late_ends(&self, service: &ServiceName) -> Vec<&ends::End> {
        self.late.get(service).into_iter().flatten().map(|(_, end)| end).collect()
    }

    /// Since when a service is up with its present tasks, ms; earlier waits count.
    pub(super) fn up_since(&self, service: &ServiceName) -> Option<u64> {
        self.up.get(service).map(|up| up.since_ms)
    }

    /// Since when the present tasks of a service that is up run, ms; earlier waits count.
    pub(super) fn ran_since(&self, service: &ServiceName) -> Option<u64> {
        self.up.get(service).map(|up| up.ran_ms)
    }

    /// Why a stack whose services are all good does not count as converged yet.
    pub(super) fn not_still(
        &self,
        desired: &Desired,
        statuses: &[ServiceStatus],
        now_ms: u64,
    ) -> Option<String> {
        desired.services.iter().zip(statuses).find_map(|(w, status)| {
            let ServiceStatus::Good { finished, watched, failed_before, .. } = status else { return None };
            let still = match w.restart {
                _ if *watched || !desired.fresh => STILL_MS,
                Restart::Never => ONE_SHOT_STILL_MS,
                _ => UNCHECKED_STILL_MS,
            };
            let since = self.good_since(&w.name).unwrap_or(now_ms);
            let needed = match (*finished, *failed_before) {
                (true, _) => 0,
                (false, None) => still,
                (false, Some(longest)) => (longest + 1000).clamp(2000, LONGEST_WATCH_MS),
            };
            (now_ms - since < needed).then(|| match failed_before {
                None => format!("{}: running, seen to stay so", w.name),
                Some(_) => {
                    format!("{}: running again; it must stay up for longer than its failed tasks did", w.name)
                }
            })
        })
    }
}

/// An end of a task after everything was first as desired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateEnd {
    /// The service.
    pub service: ServiceName,
    /// How it ended.
    pub end: ends::End,
    /// How long after everything was first as desired, ms.
    pub after_ms: u64,
    /// One line about the task, for the evidence.
    pub line: String,
}

/// A bad end of a task.
#[derive(Debug, Clone)]
pub(super) struct BadEnd<'a> {
    pub task: &'a ObservedTask,
    pub end: ends::End,
    /// When the task was first observed, by our clock, ms.
    pub first_ms: u64,
    /// How long it was observed running, ms; the time before is Swarm's restart delay and the start.
    pub ran_for_ms: u64,
}

impl Remembered {
    fn bad(&self, end: ends::End) -> BadEnd<'_> {
        let ran_for_ms = self.ended_ms.unwrap_or(0).saturating_sub(self.ran_ms.unwrap_or(u64::MAX));
        BadEnd { task: &self.task, end, first_ms: self.first_ms, ran_for_ms }
    }
}

/// Whether a task has the service's present spec. Adapters leave the digest empty if they cannot know it.
pub(super) fn is_of(task: &ObservedTask, service: &ObservedService) -> bool {
    task.template.is_empty() || task.template == service.template
}

/// Where a service runs a task: in a slot or, if the service is global, on a node.
pub(super) fn slot(task: &ObservedTask) -> (u64, &str) {
    if task.slot == 0 { (0, task.node.as_str()) } else { (task.slot, "") }
}

/// Merges two looks at a task. Facts about its container are kept if the later look no longer has them.
fn merged(before: &ObservedTask, now: &ObservedTask) -> ObservedTask {
    let mut task = now.clone();
    task.oom_killed = now.oom_killed.or(before.oom_killed);
    task.unhealthy = now.unhealthy.or(before.unhealthy);
    task.exit_code = now.exit_code.or(before.exit_code);
    if task.check.is_empty() {
        task.check.clone_from(&before.check);
    }
    task
}
