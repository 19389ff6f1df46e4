//! Whether a stack that did not converge still has something to test, and whether a service has ended for good. Pure; the same at whatever moment one looks.

use super::ends;
use super::history::{is_of, slot};
use crate::observed::{Mode, Observed, ObservedService, ObservedTask, Restart, TaskState};

/// Whether every service that desires tasks has a running one that is not part of the failure. If earlier tasks of
/// the same spec ended badly, a task runs only by chance at this look and will be gone at the next.
pub fn something_stays(observed: &Observed) -> bool {
    let mut desired = observed.services.iter().filter(|s| s.mode.desired() > 0);
    !observed.services.is_empty()
        && desired.all(|s| observed.tasks_of(s).iter().any(|t| runs(t) && !doomed(t, s, observed)))
}

/// Whether every service that desires tasks has a running one, of any spec and whatever ended before it.
pub fn something_runs(observed: &Observed) -> bool {
    let mut desired = observed.services.iter().filter(|s| s.mode.desired() > 0);
    !observed.services.is_empty() && desired.all(|s| observed.tasks_of(s).iter().any(|t| runs(t)))
}

/// Whether a service has no task and will get none: it desires none, or it has ended and its policy starts nothing again.
pub fn is_over(observed: &Observed, service: &str) -> bool {
    let Some(service) = observed.service(service) else { return false };
    let tasks = observed.tasks_of(service);
    if tasks.iter().any(|t| t.state <= TaskState::Running) {
        return false;
    }
    if service.mode == Mode::Replicated(0) {
        return true;
    }
    if let Mode::Job(completions) = service.mode {
        let done = tasks.iter().filter(|t| is_of(t, service) && t.state == TaskState::Complete);
        return done.count() as u64 >= completions;
    }
    let starts_again = match service.restart {
        Restart::Any => true,
        Restart::OnFailure => tasks.first().is_none_or(|t| t.state != TaskState::Complete),
        Restart::Never => false,
    };
    // an update makes a new task
    !starts_again && tasks.first().is_some_and(|t| is_of(t, service))
}

fn runs(task: &ObservedTask) -> bool {
    task.desired_running && task.state == TaskState::Running
}

fn doomed(task: &ObservedTask, service: &ObservedService, observed: &Observed) -> bool {
    let alike = |t: &&ObservedTask| is_of(t, service) && slot(t) == slot(task);
    is_of(task, service)
        && observed.tasks_of(service).into_iter().filter(alike).any(|t| ends::end_of(service, t).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, services_of};
    use super::*;

    fn stays(services: &str, look: &str) -> (bool, bool) {
        let (observed, _) = Scene::new(services_of(services)).look(&format!("0 | {look}"));
        (something_stays(&observed), something_runs(&observed))
    }

    #[test]
    fn a_task_that_runs_between_two_ends_is_nothing_to_ask() {
        for (services, look, expected) in [
            ("app x1", "app: a fail=5, b fail=5, c run", (false, true)),
            ("app x1", "app: a fail=5, b fail=5, c start", (false, false)),
            ("app x1", "app: a run", (true, true)),
            ("app x1", "app: a run leaving", (false, false)),
            // a paused update: the old task stays, whether or not a new one runs at this moment
            ("app x1", "app: a old run, b fail=5, c start | app paused", (true, true)),
            ("app x1", "app: a old run, b fail=5, c run | app paused", (true, true)),
            ("app x1", "app: a old run leaving, b fail=5, c run | app paused", (false, true)),
            // what ended with another spec says nothing about this one
            ("app x1", "app: a old fail=1, b run", (true, true)),
            ("app x2", "app: a.1 fail=1, b.1 run, c.2 run", (true, true)),
            ("app x1; db x1", "app: a run | db: d fail=1, e run", (false, true)),
            ("app x1; db x0", "app: a run | db:", (true, true)),
        ] {
            assert_eq!(stays(services, look), expected, "{look}");
        }
    }

    #[test]
    fn a_service_is_over_if_nothing_starts_it_again() {
        for (services, look, expected) in [
            ("app x1 never", "app: a done", true),
            ("app x1 never", "app: a fail=1", true),
            ("app x1 never", "app: a run", false),
            ("app x1 never", "app: a pend", false),
            ("app x1 never", "app:", false),
            ("app x1 never", "app: a old done", false),
            ("app x1 onfail", "app: a done", true),
            ("app x1 onfail", "app: a fail=1", false),
            ("app x1 onfail", "app: a fail=1, b done", true),
            ("app x1", "app: a done", false),
            ("app job=1", "app: a done", true),
            ("app job=2", "app: a done", false),
            ("app x0", "app:", true),
            ("app x0", "app: a run leaving", false),
        ] {
            let (observed, _) = Scene::new(services_of(services)).look(&format!("0 | {look}"));
            assert_eq!(is_over(&observed, "app"), expected, "{services}: {look}");
        }
    }
}
