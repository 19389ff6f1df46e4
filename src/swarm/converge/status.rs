//! The status of one service at one look: good, on its way, failing, or dead. The rules of updates are here.

use super::desired::DesiredService;
use super::failing;
use super::history::{History, is_of, slot};
use crate::observed::{Mode, Observed, ObservedService, ObservedTask, Restart, TaskState, UpdateState};
use ccci_model::failure::{Failure, causes};
use std::collections::{BTreeMap, BTreeSet};

/// How long a service may be missing from the engine, ms; a deploy has made all services when it returns.
const MISSING_MS: u64 = 10_000;
/// How long a paused update whose old tasks still serve must be observed, ms: status and tasks are two looks.
const PAUSED_MS: u64 = 1_000;
/// How long a task without a node must be observed, ms.
const NO_NODE_MS: u64 = 3_000;
/// How long a port may be held by a container that is going away, ms (measured: 6 s after a removal).
const NO_PORT_MS: u64 = 10_000;

/// The status of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServiceStatus {
    /// Everything that it desires exists.
    Good {
        /// The tasks that count, to see whether they stay the same.
        tasks: String,
        /// Nothing more can happen: all its tasks finished, or none is desired.
        finished: bool,
        /// Whether more than time shows that it stays up: a health check, or Swarm's own watch over an update.
        watched: bool,
        /// The longest time that one of its failed tasks ran, ms.
        failed_before: Option<u64>,
        /// Remarks for the reader.
        notes: Vec<String>,
    },
    /// On its way.
    Waiting(String),
    /// Its tasks end badly; whether that is final depends on the other services.
    Failing(String),
    /// It cannot become good.
    Dead(Box<Failure>),
}

impl ServiceStatus {
    /// What is missing; `None` if good.
    pub(super) fn why_not(&self) -> Option<String> {
        match self {
            ServiceStatus::Good { .. } => None,
            ServiceStatus::Waiting(why) | ServiceStatus::Failing(why) => Some(why.clone()),
            ServiceStatus::Dead(failure) => Some(failure.observed()),
        }
    }

    pub(super) fn notes(self) -> Vec<String> {
        if let ServiceStatus::Good { notes, .. } = self { notes } else { vec![] }
    }
}

/// The tasks of a service, counted.
struct Count<'a> {
    desired: u64,
    /// Whether only completions count.
    job: bool,
    /// Running, of the desired spec, and desired to run.
    live: Vec<&'a ObservedTask>,
    /// Finished as they should; outside of jobs, only the newest of each slot.
    done: Vec<&'a ObservedTask>,
    /// Of another spec and still desired to run.
    old: Vec<&'a ObservedTask>,
    /// Of the desired spec and not running yet.
    coming: Vec<&'a ObservedTask>,
}

/// Judges one service.
pub(super) fn of(
    w: &DesiredService,
    fresh: bool,
    observed: &Observed,
    history: &mut History,
    now_ms: u64,
) -> ServiceStatus {
    let Some(service) = observed.service(w.name.as_str()) else { return missing(w, history, now_ms) };
    let update = service.update.as_ref();
    let in_flight = update.filter(|(s, _)| matches!(s, UpdateState::Updating | UpdateState::RollbackStarted));
    let taken_back =
        update.filter(|(s, _)| matches!(s, UpdateState::RollbackCompleted | UpdateState::RollbackPaused));
    if let (true, Some((state, said))) = (fresh, taken_back) {
        return ServiceStatus::Dead(Box::new(failing::rolled_back(service, *state, said, history)));
    }
    let differences = w.differences(service);
    if let (false, Some((state, said))) = (differences.is_empty(), taken_back) {
        return ServiceStatus::Dead(Box::new(failing::rolled_back(service, *state, said, history)));
    }
    if in_flight.is_none() && !differences.is_empty() {
        let expected = format!("service `{}` to be as the composed file says", w.name);
        let failure = Failure::new(causes::SPEC_DIFFERS, expected, differences.join("; "));
        return ServiceStatus::Dead(Box::new(failure));
    }
    let count = counted(service, observed);
    if let Some(status) = stuck(service, &count, observed, history, now_ms) {
        return status;
    }
    if let Some(failure) =
        failing::never_again(service, &count.live, &count.coming, in_flight.is_some(), history)
    {
        return ServiceStatus::Dead(Box::new(failure));
    }
    if let Some((state, said)) = in_flight {
        let doing = if *state == UpdateState::Updating { "updating it" } else { "taking the update back" };
        let why = format!("{}: Swarm is {doing}{}", w.name, in_brackets(said));
        let ends_badly = *state == UpdateState::Updating && !count.is_good();
        return if ends_badly { failing_or(why, service, history) } else { ServiceStatus::Waiting(why) };
    }
    if count.is_good() {
        return good(service, &count, history);
    }
    failing_or(count.why(service), service, history)
}

fn missing(w: &DesiredService, history: &mut History, now_ms: u64) -> ServiceStatus {
    let why = format!("{}: the engine has no such service", w.name);
    if history.blocked_for(&w.name, "missing", now_ms) < MISSING_MS {
        return ServiceStatus::Waiting(why);
    }
    let expected = format!("service `{}` to exist after the deploy", w.name);
    ServiceStatus::Dead(Box::new(Failure::new(
        causes::SPEC_DIFFERS,
        expected,
        "the engine has no such service",
    )))
}

fn counted<'a>(service: &'a ObservedService, observed: &'a Observed) -> Count<'a> {
    let tasks = observed.tasks_of(service);
    let mut newest: BTreeMap<(u64, &str), &ObservedTask> = BTreeMap::new();
    for task in tasks.iter().filter(|t| is_of(t, service)) {
        newest.entry(slot(task)).or_insert(task);
    }
    let job = matches!(service.mode, Mode::Job(_));
    let finished = |t: &ObservedTask| {
        t.state == TaskState::Complete && super::ends::end_of(service, t).is_none() && is_of(t, service)
    };
    let done: Vec<&ObservedTask> = if job {
        tasks.iter().copied().filter(|t| finished(t)).collect()
    } else {
        newest.into_values().filter(|t| finished(t)).collect()
    };
    let desired = tasks.into_iter().filter(|t| t.desired_running);
    let (mine, others): (Vec<_>, Vec<_>) = desired.partition(|t| is_of(t, service));
    // the engine counts a node only while it desires a task to run there, so not while a task waits for its restart
    let nodes: BTreeSet<&str> = mine.iter().map(|t| t.node.as_str()).collect();
    let least = if matches!(service.mode, Mode::Global(_)) { nodes.len() as u64 } else { 0 };
    Count {
        desired: service.mode.desired().max(least),
        job,
        live: mine.iter().copied().filter(|t| t.state == TaskState::Running).collect(),
        coming: mine.into_iter().filter(|t| t.state < TaskState::Running).collect(),
        old: others.into_iter().filter(|t| t.state <= TaskState::Running).collect(),
        done,
    }
}

impl Count<'_> {
    fn is_good(&self) -> bool {
        let there = if self.job { self.done.len() } else { self.live.len() + self.done.len() } as u64;
        there >= self.desired && self.live.len() as u64 <= self.desired && self.old.is_empty()
    }

    /// What is missing, without numbers that change at each look.
    fn why(&self, service: &ObservedService) -> String {
        let name = &service.name;
        let there = self.live.len() + self.done.len();
        if !self.old.is_empty() && there as u64 >= self.desired {
            return format!("{name}: its old task is still there");
        }
        let next = self.coming.first().map_or("no task yet".to_string(), |t| match t.state {
            TaskState::Pending => format!("waits for a node{}", in_brackets(&t.error)),
            _ if service.has_healthcheck && t.message.contains("starting") => {
                "health check not passed yet".into()
            }
            _ if t.message.is_empty() => "starting".into(),
            _ => t.message.clone(),
        });
        format!("{name}: {there} of {} running, {next}", self.desired)
    }
}

/// The status of a service that Swarm cannot repair by itself: its update is paused while the old version serves, or a
/// task has no node.
fn stuck(
    service: &ObservedService,
    count: &Count<'_>,
    observed: &Observed,
    history: &mut History,
    now_ms: u64,
) -> Option<ServiceStatus> {
    if let Some((UpdateState::Paused, said)) = &service.update
        && !count.old.is_empty()
    {
        let why =
            format!("{}: its update is paused and the old version serves{}", service.name, in_brackets(said));
        let long = history.blocked_for(&service.name, "paused", now_ms) >= PAUSED_MS;
        let dead = || {
            ServiceStatus::Dead(Box::new(failing::paused(
                service,
                said,
                "the old version still serves",
                history,
            )))
        };
        return Some(if long { dead() } else { ServiceStatus::Waiting(why) });
    }
    let on_its_way = !count.live.is_empty() || !count.coming.is_empty();
    if matches!(service.mode, Mode::Global(0)) && !on_its_way {
        // the engine counts a node only while it desires a task there, so none while old tasks stop
        let updating =
            matches!(service.update, Some((UpdateState::Updating | UpdateState::RollbackStarted, _)));
        if updating || observed.tasks_of(service).iter().any(|t| t.state <= TaskState::Running) {
            history.unblocked(&service.name);
            let why = format!("{}: its old tasks are still stopping", service.name);
            return Some(ServiceStatus::Waiting(why));
        }
        let error = "no node of the swarm fits this global service";
        let long = history.blocked_for(&service.name, error, now_ms) >= NO_NODE_MS;
        let dead = || ServiceStatus::Dead(Box::new(failing::no_node(service, error, observed)));
        return Some(if long {
            dead()
        } else {
            ServiceStatus::Waiting(format!("{}: {error}", service.name))
        });
    }
    let no_node = |t: &&&ObservedTask| t.state == TaskState::Pending && t.error.contains("no suitable node");
    let Some(task) = count.coming.iter().find(no_node) else {
        history.unblocked(&service.name);
        return None;
    };
    let bound = if task.error.contains("port") { NO_PORT_MS } else { NO_NODE_MS };
    if history.blocked_for(&service.name, &task.error, now_ms) >= bound {
        return Some(ServiceStatus::Dead(Box::new(failing::no_node(service, &task.error, observed))));
    }
    Some(ServiceStatus::Waiting(count.why(service)))
}

fn good(service: &ObservedService, count: &Count<'_>, history: &History) -> ServiceStatus {
    let name = &service.name;
    let mut notes = vec![];
    if let Some((UpdateState::Paused, said)) = &service.update {
        notes.push(format!(
            "the update of `{name}` was paused{}, and all its tasks run the new version",
            in_brackets(said)
        ));
    }
    if count.desired == 0 {
        notes.push(format!("`{name}` has no desired task (replicas 0): none of its tasks runs"));
    }
    if !count.done.is_empty() {
        notes.push(format!("`{name}` ran to its end ({} of {})", count.done.len(), count.desired));
    }
    if count.done.iter().any(|t| service.has_healthcheck && t.unhealthy.is_none()) {
        notes.push(format!(
            "`{name}` ended with exit code 0; its container is gone, so its last health is not known"
        ));
    }
    if service.restart == Restart::Never && !count.live.is_empty() {
        notes.push(format!("`{name}` never restarts and still runs"));
    }
    let bad = history.bad_ends(service);
    let failed_before = bad.iter().flatten().map(|b| b.ran_for_ms).max();
    let ends = bad.iter().map(Vec::len).sum::<usize>();
    if ends > 0 {
        notes.push(format!("tasks of `{name}` that ended badly before it stayed up: {ends}"));
    }
    let mut tasks: Vec<&str> = count.live.iter().chain(&count.done).map(|t| t.id.as_str()).collect();
    tasks.sort_unstable();
    let watched = service.has_healthcheck || service.update.is_some();
    ServiceStatus::Good {
        tasks: tasks.join(" "),
        finished: count.live.is_empty(),
        watched,
        failed_before,
        notes,
    }
}

fn failing_or(why: String, service: &ObservedService, history: &History) -> ServiceStatus {
    let bad = history.bad_ends(service);
    match bad.iter().flatten().max_by_key(|b| b.task.created_ms) {
        None => ServiceStatus::Waiting(why),
        Some(b) => ServiceStatus::Failing(format!("{}: a task ended {}", service.name, b.end.words())),
    }
}

pub(super) fn in_brackets(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}
