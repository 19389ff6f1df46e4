//! When bad ends are final, and the failures that say so: expected, observed, evidence, blame.

use super::desired::{Desired, DesiredService};
use super::ends::{End, line};
use super::history::{BadEnd, History};
use super::starts::{StartFailure, start_failure};
use super::status::{ServiceStatus, in_brackets};
use super::{CHECKED_USEFUL_MS, USEFUL_MS};
use crate::observed::{Observed, ObservedService, ObservedTask, Restart, TaskState, UpdateState};
use ccci_model::failure::{Blame, Cause, Failure, causes};

/// Number of equal ends in one slot that make a loop.
const LOOP: usize = 2;
/// The same while Swarm updates the service: it may still roll the update back, which says more.
const LOOP_IN_UPDATE: usize = 3;
/// Number of ends with code 0 that make a loop, and the time in ms within which they must come: a worker may end so after
/// each batch, and a periodic service before its restart delay.
const LOOP_OF_GOOD_ENDS: (usize, u64) = (5, 120_000);
/// Number of ends of different kinds that make a loop.
const MIXED_LOOP: usize = 4;
/// Number of ends that make a loop whatever other services do, if they span this time in ms.
const LOOP_ANYWAY: (usize, u64) = (5, 300_000);
/// Lines of task history shown.
const SHOWN: usize = 6;

/// The failure of a service that cannot become good, if this look shows that.
pub(super) fn dead(
    i: usize,
    desired: &Desired,
    observed: &Observed,
    statuses: &[ServiceStatus],
    history: &History,
    now_ms: u64,
) -> Option<Failure> {
    match &statuses[i] {
        ServiceStatus::Dead(failure) => Some((**failure).clone()),
        ServiceStatus::Failing(_) => {
            let service = observed.service(desired.services[i].name.as_str())?;
            let updating = matches!(service.update, Some((UpdateState::Updating, _)));
            let needed = if updating { LOOP_IN_UPDATE } else { LOOP };
            let slots = history.bad_ends(service);
            let looping = slots.iter().filter_map(|ends| looping(ends, needed));
            let excused = |ends: &&[BadEnd<'_>]| {
                let long = ends.len() >= LOOP_ANYWAY.0 && now_ms - ends[0].first_ms >= LOOP_ANYWAY.1;
                !long && excused_by_others(ends, i, desired, observed, statuses, history)
            };
            let ends = looping.filter(|ends| !excused(ends)).max_by_key(|ends| ends.len())?;
            Some(match &service.update {
                // whether the old task still existed when the new one ended depends on milliseconds
                Some((UpdateState::Paused, said)) if service.start_first => {
                    paused(service, said, "no version serves", history)
                }
                _ => crash_loop(service, ends, history),
            })
        }
        _ => None,
    }
}

/// The ends that make a loop: the newest ones if they are equal, or many of any kind.
fn looping<'a, 'b>(ends: &'a [BadEnd<'b>], needed: usize) -> Option<&'a [BadEnd<'b>]> {
    let newest = ends.last()?;
    let alike = ends.iter().rev().take_while(|b| b.end == newest.end).count();
    if newest.end == End::Exit(0) {
        let (needed, within) = LOOP_OF_GOOD_ENDS;
        let first = ends.len().checked_sub(needed)?;
        let loops = alike >= needed && newest.first_ms - ends[first].first_ms <= within;
        return loops.then(|| &ends[ends.len() - alike..]);
    }
    if alike >= needed {
        return Some(&ends[ends.len() - alike..]);
    }
    (ends.len() >= MIXED_LOOP).then_some(ends)
}

/// Whether each of these tasks was made while another service that it may need was still coming up, or had only just
/// come up.
fn excused_by_others(
    ends: &[BadEnd<'_>],
    i: usize,
    desired: &Desired,
    observed: &Observed,
    statuses: &[ServiceStatus],
    history: &History,
) -> bool {
    if !ends.last().is_some_and(|b| b.end.may_wait_for_others()) {
        return false;
    }
    let mut others = (0..statuses.len()).filter(|j| *j != i);
    others.any(|j| {
        let name = &desired.services[j].name;
        let Some(service) = observed.service(name.as_str()) else { return true };
        match &statuses[j] {
            ServiceStatus::Dead(_) => false,
            ServiceStatus::Failing(_) => {
                let slots = history.bad_ends(service);
                !slots.iter().any(|ends| looping(ends, LOOP).is_some())
            }
            ServiceStatus::Waiting(_) => true,
            ServiceStatus::Good { finished, .. } => {
                let up = history.up_since(name).unwrap_or(0);
                let useful = match () {
                    () if *finished || history.was_up_before(name) => up,
                    () if service.has_healthcheck => up + CHECKED_USEFUL_MS,
                    () => up + USEFUL_MS,
                };
                !ends.iter().any(|b| b.first_ms >= useful)
            }
        }
    })
}

/// The failure of a service whose tasks ended and that Swarm will not start again.
pub(super) fn never_again(
    service: &ObservedService,
    live: &[&ObservedTask],
    coming: &[&ObservedTask],
    in_flight: bool,
    history: &History,
) -> Option<Failure> {
    if in_flight || !live.is_empty() || !coming.is_empty() {
        return None;
    }
    let slots = history.bad_ends(service);
    let ends = slots.iter().max_by_key(|ends| ends.len())?;
    let last = ends.last()?;
    let finished_badly = last.task.state == TaskState::Complete;
    let gave_up = match service.restart {
        Restart::Never => true,
        Restart::OnFailure if finished_badly => true,
        _ => service.max_attempts > 0 && ends.len() as u64 > service.max_attempts,
    };
    if !gave_up {
        return None;
    }
    let why = match service.restart {
        Restart::Never => "its restart condition is none".to_string(),
        Restart::OnFailure if finished_badly => {
            "its restart condition is on-failure and it exited with code 0".to_string()
        }
        _ => format!("its {} attempts are used up", service.max_attempts),
    };
    let cause = match (&last.end, service.restart) {
        (End::Exit(0), _) if service.serves() => causes::TASK_ENDED,
        (End::Exit(_), Restart::Never) => causes::ONE_SHOT_FAILED,
        (end, _) => end.cause(),
    };
    let observed = format!("a task ended {} and is not started again: {why}", how(last));
    Some(with_tasks(blamed(cause, service, last, observed), service, history))
}

fn crash_loop(service: &ObservedService, ends: &[BadEnd<'_>], history: &History) -> Failure {
    let last = ends.last().expect("a loop has an end");
    let alike = ends.iter().all(|b| b.end == last.end);
    let observed = if alike {
        format!("{} tasks in a row ended {}{}", ends.len(), how(last), in_brackets(&words_of(last)))
    } else {
        format!("{} tasks ended badly, the last {}", ends.len(), how(last))
    };
    let failure = with_tasks(blamed(last.end.cause(), service, last, observed), service, history);
    match &service.update {
        Some((UpdateState::Paused, said)) => failure.evidence("Swarm says", said),
        _ => failure,
    }
}

/// The engine's own words, where they say more than the exit code.
fn words_of(bad: &BadEnd<'_>) -> String {
    match bad.end {
        End::Exit(_) | End::OutOfMemory | End::Unhealthy => String::new(),
        _ => bad.task.error.clone(),
    }
}

/// How a task ended, a text that follows "ended".
fn how(bad: &BadEnd<'_>) -> String {
    match start_of(bad) {
        Some(row) => format!("without starting: {}", row.what),
        None => bad.end.words(),
    }
}

/// The kind of start failure of a task that the engine could not start.
fn start_of(bad: &BadEnd<'_>) -> Option<&'static StartFailure> {
    if bad.end == End::Refused { start_failure(&bad.task.error) } else { None }
}

fn blamed(cause: &'static Cause, service: &ObservedService, bad: &BadEnd<'_>, observed: String) -> Failure {
    let expected = match bad.end {
        End::Unhealthy => format!("the health check of service `{}` to pass", service.name),
        _ if service.restart == Restart::Never && !service.serves() => {
            format!("service `{}` to end with exit code 0", service.name)
        }
        _ => format!("service `{}` to stay up ({} running)", service.name, service.mode.desired()),
    };
    let failure = Failure::new(cause, expected, observed);
    let failure = match start_of(bad) {
        Some(row) => failure.blame(row.blame).to_do(row.cure),
        None => failure,
    };
    match bad.end {
        End::Unhealthy => failure.evidence(CHECK_WROTE, bad.task.check.trim()),
        _ => failure,
    }
}

/// What the output of a health check is called in evidence.
const CHECK_WROTE: &str = "the health check wrote last";

/// The failure of an update that Swarm rolled back (lesson 4).
pub(super) fn rolled_back(
    service: &ObservedService,
    state: UpdateState,
    said: &str,
    history: &History,
) -> Failure {
    let expected = format!("service `{}` to run the new version", service.name);
    let why = history.newest_bad_end(service, false).or_else(|| history.newest_bad_end(service, true));
    let cure = why.as_ref().and_then(start_of).map(|row| row.cure);
    let cause = why.as_ref().map_or(causes::ROLLED_BACK, |b| b.end.cause_of_update(causes::ROLLED_BACK));
    let why = why.map_or_else(|| said.to_string(), |b| format!("its task ended {}", how(&b)));
    let how = if state == UpdateState::RollbackPaused { ", and taking it back failed too" } else { "" };
    let observed = format!("the update was rolled back: {why}{how}");
    let failure = with_tasks(Failure::new(cause, expected, observed), service, history);
    let failure = failure.evidence("Swarm says", said);
    if let Some(cure) = cure { failure.to_do(cure) } else { failure }
}

/// The failure of an update that Swarm paused while old tasks serve (lesson 42).
pub(super) fn paused(service: &ObservedService, said: &str, and: &str, history: &History) -> Failure {
    let expected = format!("service `{}` to run the new version", service.name);
    let why = history.newest_bad_end(service, true);
    let cure = why.as_ref().and_then(start_of).map(|row| row.cure);
    let cause = why.as_ref().map_or(causes::UPDATE_PAUSED, |b| b.end.cause_of_update(causes::UPDATE_PAUSED));
    let why = why.map_or_else(|| said.to_string(), |b| format!("its new task ended {}", how(&b)));
    let observed = format!("Swarm paused the update and {and}: {why}");
    let failure = with_tasks(Failure::new(cause, expected, observed), service, history);
    let failure = failure.evidence("Swarm says", said);
    if let Some(cure) = cure { failure.to_do(cure) } else { failure }
}

/// The failure of a task that no node accepts. If a service of this stack holds the port, the recipe is to blame.
pub(super) fn no_node(service: &ObservedService, error: &str, observed: &Observed) -> Failure {
    let expected = format!("a node for service `{}`", service.name);
    if !error.contains("port") {
        return Failure::new(causes::NO_SUITABLE_NODE, expected, error);
    }
    let mine = |p: &(u16, u16, String)| service.ports.iter().any(|q| (q.0, &q.2) == (p.0, &p.2));
    let holder = observed.services.iter().find(|s| s.id != service.id && s.ports.iter().any(mine));
    // an old task that never ran holds no port
    let old_runs = observed.tasks_of(service).iter().any(|t| t.state == TaskState::Running);
    let failure = Failure::new(causes::PORT_TAKEN, expected, format!("{error}: {}", ports(service)));
    match holder {
        Some(other) => failure
            .blame(Blame::Recipe)
            .evidence("who holds it", format!("service `{}` of the same stack", other.name)),
        None if service.start_first && service.update.is_some() && old_runs => failure.blame(Blame::Recipe).evidence(
            "who holds it",
            "its own old task: with `order: start-first` the new task needs the port that the old one holds",
        ),
        None => failure,
    }
}

fn ports(service: &ObservedService) -> String {
    let shown: Vec<String> = service.ports.iter().map(|(p, _, proto)| format!("{p}/{proto}")).collect();
    if shown.is_empty() {
        "it publishes no port".into()
    } else {
        format!("it publishes {}", shown.join(", "))
    }
}

/// The failure of a service that was not good at the deadline.
pub(super) fn at_deadline(
    w: &DesiredService,
    status: &ServiceStatus,
    observed: &Observed,
    history: &History,
) -> Failure {
    let why = status.why_not().unwrap_or_default();
    let expected = format!("service `{}` at its desired count before the deadline", w.name);
    let Some(service) = observed.service(w.name.as_str()) else {
        return Failure::new(causes::NOT_CONVERGED, expected, why);
    };
    if let ServiceStatus::Dead(failure) = status {
        return (**failure).clone();
    }
    if let Some(bad) = history.newest_bad_end(service, true) {
        let observed = format!("a task ended {}", how(&bad));
        return with_tasks(blamed(bad.end.cause(), service, &bad, observed), service, history);
    }
    let tasks = observed.tasks_of(service);
    let starting =
        tasks.iter().any(|t| t.desired_running && t.state == TaskState::Starting && !t.container.is_empty());
    let cause =
        if starting && service.has_healthcheck { causes::NEVER_HEALTHY } else { causes::NOT_CONVERGED };
    let check = tasks.iter().find(|t| !t.check.trim().is_empty()).map_or("", |t| t.check.trim());
    with_tasks(Failure::new(cause, expected, why).evidence(CHECK_WROTE, check), service, history)
}

fn with_tasks(failure: Failure, service: &ObservedService, history: &History) -> Failure {
    let tasks = history.tasks_of(service);
    let mut lines: Vec<String> = tasks.iter().take(SHOWN).map(|t| line(t)).collect();
    if tasks.len() > SHOWN {
        lines.push(format!("and {} older", tasks.len() - SHOWN));
    }
    failure.evidence(format!("tasks of `{}`, newest first", service.name), lines.join("\n"))
}
