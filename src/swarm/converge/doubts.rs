//! What a run cannot prove about a stack that converged; each text follows "not proved:". Pure.

use super::desired::{Desired, DesiredService};
use super::history::History;
use crate::observed::{Mode, Observed, ObservedService, ObservedTask, Restart, TaskState};
use ccci_model::time::Span;
use std::time::Duration;

/// Doubts about services that converged, after the last look. Swarm replaces a task that ended by itself, so later
/// looks do not show the end. Without a health check, only the time that a service stayed up counts.
pub fn doubts(desired: &Desired, observed: &Observed, history: &History, now_ms: u64) -> Vec<String> {
    let mut out: Vec<String> = desired.services.iter().filter_map(|w| ended(w, history)).collect();
    let up: Vec<&DesiredService> = desired
        .services
        .iter()
        .filter(|w| history.late_ends(&w.name).is_empty() && runs(w, observed))
        .collect();
    let (unchecked, checked): (Vec<_>, Vec<_>) =
        up.into_iter().partition(|w| only_time_speaks_for(w, observed));
    out.extend(promised(
        &unchecked,
        history,
        now_ms,
        ["it has no health check", "they have no health check"],
    ));
    let checked: Vec<&DesiredService> = checked.into_iter().filter(|w| !may_end(w, observed)).collect();
    out.extend(promised(
        &checked,
        history,
        now_ms,
        ["its health check passed", "their health checks passed"],
    ));
    let once = desired.services.iter().filter(|w| may_end(w, observed) && runs(w, observed));
    out.extend(once.map(|w| format!("how `{}` ends: it never restarts, and it still runs", w.name)));
    out
}

/// For how long these services are known to stay up: the shortest time.
fn promised(services: &[&DesiredService], history: &History, now_ms: u64, why: [&str; 2]) -> Option<String> {
    let since = services.iter().filter_map(|w| history.ran_since(&w.name)).max()?;
    let names: Vec<String> = services.iter().map(|w| format!("`{}`", w.name)).collect();
    let (stays, why) = if names.len() == 1 { ("stays", why[0]) } else { ("stay", why[1]) };
    let (names, least) = (names.join(", "), Span(Duration::from_millis(now_ms.saturating_sub(since))));
    Some(format!("that {names} {stays} up for longer than {least}: {why}"))
}

/// Whether a task of the service is running that should.
fn runs(w: &DesiredService, observed: &Observed) -> bool {
    let service = observed.service(w.name.as_str());
    let running = |t: &&ObservedTask| t.desired_running && t.state == TaskState::Running;
    service.is_some_and(|s| !matches!(s.mode, Mode::Job(_)) && observed.tasks_of(s).iter().any(running))
}

/// Whether the end of the service would be no failure: nothing restarts it, and nobody outside is to reach it.
fn may_end(w: &DesiredService, observed: &Observed) -> bool {
    observed.service(w.name.as_str()).is_some_and(|s| s.restart == Restart::Never && !s.serves())
}

/// For how long the services that only time speaks for have been up with their present tasks: the shortest time, ms.
/// `None` if there is no such service.
pub fn unchecked_for(desired: &Desired, observed: &Observed, history: &History, now_ms: u64) -> Option<u64> {
    // one that ended after it had converged is not waited for: its end is told
    let unchecked = desired.services.iter().filter(|w| only_time_speaks_for(w, observed));
    let unchecked = unchecked.filter(|w| history.late_ends(&w.name).is_empty());
    unchecked.map(|w| history.ran_since(&w.name).map_or(0, |since| now_ms.saturating_sub(since))).min()
}

fn ended(w: &DesiredService, history: &History) -> Option<String> {
    let ends = history.late_ends(&w.name);
    let how = ends.last()?.words();
    Some(match ends.len() {
        1 => format!("that `{}` stays up: after it had converged, a task of it ended {how}", w.name),
        n => format!(
            "that `{}` stays up: after it had converged, {n} tasks of it ended, the last {how}",
            w.name
        ),
    })
}

fn only_time_speaks_for(w: &DesiredService, observed: &Observed) -> bool {
    let ends_by_design = |mode: &Mode| matches!(mode, Mode::Job(_) | Mode::Replicated(0));
    let unchecked = |s: &ObservedService| !s.has_healthcheck && !ends_by_design(&s.mode);
    observed.service(w.name.as_str()).is_some_and(unchecked) && !may_end(w, observed)
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, desired, services_of};
    use super::super::{Verdict, converge};
    use super::*;

    /// The doubts at the last of these looks. The entry `anew` means that something was done to the app.
    fn after(services: &str, looks: &[&str]) -> Vec<String> {
        let services = services_of(services);
        let (desired, mut history) = (desired(&services, true), History::default());
        let mut scene = Scene::new(services);
        let mut last = (Observed::default(), 0);
        for look in looks {
            if *look == "anew" {
                history.begin_anew();
                continue;
            }
            last = scene.look(look);
            let _ = converge(&desired, &last.0, &mut history, last.1);
        }
        doubts(&desired, &last.0, &history, last.1)
    }

    #[test]
    fn what_only_time_speaks_for_is_promised_for_that_time() {
        let app = "app: a run";
        for (services, looks, expected) in [
            ("app x1", vec![app], "that `app` stays up for longer than 9s: it has no health check"),
            ("app x1 hc", vec![app], "that `app` stays up for longer than 9s: its health check passed"),
            ("app x1 never", vec![app], "how `app` ends: it never restarts, and it still runs"),
            ("app x1 onfail", vec!["app: a done"], ""),
            ("app x0", vec!["app:"], ""),
            ("app job=1", vec!["app: a done"], ""),
            (
                "app x1; db x1",
                vec!["app: a run | db: d start", "app: a run | db: d run"],
                "that `app`, `db` stay up for longer than 6s: they have no health check",
            ),
            (
                "app x1; db x1 hc",
                vec!["app: a run | db: d start", "app: a run | db: d run"],
                "that `app` stays up for longer than 9s: it has no health check; that `db` stays up for longer than 6s: \
                 its health check passed",
            ),
            // with another task the time starts again at 0
            (
                "app x1",
                vec![app, "app: a shut, b run"],
                "that `app` stays up for longer than 6s: it has no health check",
            ),
            // the task runs before Swarm calls the update done
            (
                "app x1",
                vec!["app: a run | app updating", "app: a run | app updating", "app: a run | app completed"],
                "that `app` stays up for longer than 9s: it has no health check",
            ),
            // the task kept running while something was done to the app
            (
                "app x1",
                vec![app, app, "anew", app],
                "that `app` stays up for longer than 9s: it has no health check",
            ),
        ] {
            let times = ["1000", "4000"].iter().chain(std::iter::repeat(&"7000"));
            let mut looks: Vec<String> = looks
                .iter()
                .zip(times)
                .map(|(l, at)| if *l == "anew" { l.to_string() } else { format!("{at} | {l}") })
                .collect();
            let last = looks.last().unwrap().split_once('|').unwrap().1.to_string();
            looks.push(format!("10000 |{last}"));
            let got = after(services, &looks.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(got.join("; "), expected, "{services}: {looks:?}");
        }
    }

    #[test]
    fn each_end_after_everything_was_as_desired_is_told_once() {
        let converged = ["0 | app: a run", "2000 | app: a run"];
        let one = ["5000 | app: a fail=3, b start", "7000 | app: a fail=3, b run"];
        let two = ["8000 | app: a fail=3, b fail=4, c start", "9000 | app: a fail=3, b fail=4, c run"];
        let stays = |tail: &str| vec![format!("that `app` stays up: after it had converged, {tail}")];
        let once = stays("a task of it ended with exit code 3");
        let twice = stays("2 tasks of it ended, the last with exit code 4");
        let after = |parts: &[&[&str]]| after("app x1", &parts.concat());
        assert_eq!(after(&[&converged, &one]), once);
        assert_eq!(after(&[&converged, &one, &two]), twice);
        assert_eq!(after(&[&converged, &["anew"], &one]), once);
        assert_eq!(after(&[&converged, &one, &["anew", "10000 | app: a fail=3, b run"]]), once);
        // an end before that is not reported
        assert_eq!(after(&[&converged[..1], &one, &["60000 | app: a fail=3, b run"]]).len(), 1);
        assert!(
            after(&[&converged[..1], &one, &["60000 | app: a fail=3, b run"]])[0].contains("longer than 53s")
        );
        // nor is an end that is observed by the same look that finds everything as desired
        let with_it = ["0 | app: a run", "10000 | app: a run leaving, b run", "99000 | app: a fail=3, b run"];
        assert!(after(&[&with_it, &["100000 | app: a fail=3, b run"]])[0].contains("longer than 90s"));
    }

    #[test]
    fn what_ended_before_something_was_done_to_the_app_does_not_hold_up_the_wait_after_it() {
        let converged_at = |done: bool| {
            let services = services_of("app x1");
            let (desired, mut history) = (desired(&services, true), History::default());
            let mut scene = Scene::new(services);
            let (up, again) = ("app: a run", "app: a fail=3, b run");
            for (at, tasks) in [(0, up), (5_000, again), (6_000, again), (7_200, again), (11_000, again)] {
                if done && at == 6_000 {
                    history.begin_anew();
                }
                let (observed, now) = scene.look(&format!("{at} | {tasks}"));
                if let Verdict::Converged { .. } = converge(&desired, &observed, &mut history, now) {
                    return Some(at);
                }
            }
            None
        };
        assert_eq!((converged_at(false), converged_at(true)), (Some(11_000), Some(7_200)));
    }
}
