//! Cases for the texts about ends, tasks and services, and for the limits between two verdicts.

use super::ends::{line, meaning};
use super::scene::{Scene, check, check_deadline, run, services_of};
use super::*;

/// The evidence line of the first task in the last of these looks.
fn said_of(services: &str, looks: &[&str]) -> String {
    let mut scene = Scene::new(services_of(services));
    let observed = looks.iter().map(|l| scene.look(l).0).last().expect("a look");
    line(&observed.tasks[0])
}

#[test]
fn exit_codes_that_mean_something_are_explained() {
    let explained: Vec<i64> = (-1..256).filter(|code| !meaning(*code).is_empty()).collect();
    assert_eq!(explained, [0, 126, 127, 134, 137, 139, 143]);
    assert_eq!(meaning(139), " (SIGSEGV: it crashed)");
}

#[test]
fn a_line_of_evidence_tells_state_code_health_time_and_the_engines_words() {
    let start = "0 | app: a start";
    for (second, expected) in [
        ("2540 | app: a fail=1 (boom)", "failed, exit code 1, 2.5 s after it was made: boom"),
        ("100 | app: a fail=137 oom", "failed, exit code 137, killed for memory, 0.1 s after it was made"),
        (
            "100 | app: a fail=137 oom-machine",
            "failed, exit code 137, killed because the machine had no more memory, 0.1 s after it was made",
        ),
        (
            "60000 | app: a done unhealthy",
            "complete, exit code 0, its health check had failed, 60.0 s after it was made",
        ),
        ("0 | app: a fail=1", "failed, exit code 1"),
        ("2540 | app: a run", "running"),
        ("2540 | app: a pend (no suitable node)", "pending: no suitable node"),
    ] {
        assert_eq!(said_of("app x1", &[start, second]), expected);
    }
}

#[test]
fn three_reasons_are_told_and_more_are_counted() {
    let reasons = |n: usize| a_few(&vec!["x".to_string(); n]);
    assert_eq!(reasons(1), "x");
    assert_eq!(reasons(3), "x; x; x");
    assert_eq!(reasons(4), "x; x; x; and 1 more");
}

#[test]
fn what_no_other_service_can_mend_is_called_while_the_others_start() {
    let db = "db: d start";
    let no_image = format!("0 | app: a rej (No such image: x), b rej (No such image: x) | {db}");
    check("app x1; db x1", &[&no_image], "missing-image @0", "");
    let exits = format!("0 | app: a fail=1, b fail=1 | {db}");
    check("app x1; db x1", &[&exits], "waiting", "app");
}

#[test]
fn five_ends_in_five_minutes_are_a_loop_whatever_else_starts() {
    let look = |at: u64, ended: &[&str]| {
        let tasks: Vec<String> = ended.iter().map(|t| format!("{t} fail=1")).collect();
        format!("{at} | app: {} | db: d start", tasks.join(", "))
    };
    let looks = |last: u64, n: usize| {
        let all = ["a", "b", "c", "d", "e"];
        let mut out: Vec<String> = (1..n).map(|i| look(10_000 * i as u64, &all[..i])).collect();
        out.push(look(last, &all[..n]));
        out
    };
    let said = |last, n, expected: &str| {
        let looks = looks(last, n);
        check("app x1; db x1", &looks.iter().map(String::as_str).collect::<Vec<_>>(), expected, "");
    };
    said(309_999, 5, "waiting");
    said(310_000, 5, "crash-loop @310000");
    said(310_000, 4, "waiting");
}

#[test]
fn a_one_shot_that_failed_is_called_when_nothing_else_of_it_runs_or_comes() {
    let start = "0 | job: a.1 start, b.2 start";
    check("job x2 never", &[start, "100 | job: a.1 fail=1, b.2 run"], "waiting", "");
    check("job x2 never", &[start, "100 | job: a.1 fail=1, b.2 start"], "waiting", "");
    check("job x2 never", &[start, "100 | job: a.1 fail=1 | job updating"], "waiting", "");
    check("job x2 never", &[start, "100 | job: a.1 fail=1, b.2 done"], "one-shot-failed @100", "");
}

#[test]
fn why_a_service_is_not_started_again_is_said() {
    let at_0 = |tasks: &str| format!("0 | app: {tasks}");
    check("app x1 never", &[&at_0("a fail=1")], "one-shot-failed @0", "its restart condition is none");
    let used_up = at_0("a fail=1, b fail=2, c fail=3");
    check("app x1 onfail max=2", &[&used_up], "crash-loop @0", "its 2 attempts are used up");
    check("app x1 onfail hc", &[&at_0("a done unhealthy")], "never-healthy @0", "and it exited with code 0");
    check("app x1 onfail", &["0 | app: a start", "100 | app: a fail=1"], "waiting", "a task ended");
}

#[test]
fn the_engines_own_words_stand_in_brackets_where_they_say_more_than_the_code() {
    check("app x1", &["0 | app: a rej (boom), b rej (boom)"], "task-rejected @0", "refused it (boom)");
    let exits = "0 | app: a fail=1 (task: non-zero exit), b fail=1 (task: non-zero exit)";
    check("app x1", &[exits], "crash-loop @0", "2 tasks in a row ended with exit code 1\"");
}

#[test]
fn what_was_expected_of_a_service_depends_on_how_it_is_meant_to_end() {
    let twice = |end: &str| format!("0 | app: a {end}, b {end}");
    check(
        "app x1",
        &[&twice("fail=1 unhealthy")],
        "never-healthy @0",
        "the health check of service `app` to pass",
    );
    check("app x1", &[&twice("fail=1")], "crash-loop @0", "service `app` to stay up (1 running)");
    check("app x1 never", &[&twice("fail=1")], "one-shot-failed @0", "service `app` to end with exit code 0");
}

#[test]
fn six_tasks_are_shown_and_older_ones_counted() {
    let tasks = |n: usize| {
        let all: Vec<String> = ('a'..='z').take(n).map(|t| format!("{t} fail=1")).collect();
        run("app x1", &[&format!("0 | app: {}", all.join(", "))], true).1
    };
    assert!(!tasks(6).contains("older"), "{}", tasks(6));
    assert!(tasks(8).contains("and 2 older"), "{}", tasks(8));
}

#[test]
fn a_service_that_ended_badly_must_stay_up_longer_than_its_tasks_did() {
    let looks = |good: u64| {
        vec![
            "0 | app: a start".to_string(),
            "1000 | app: a run".to_string(),
            "6000 | app: a fail=1, b start".to_string(),
            "7000 | app: a fail=1, b run".to_string(),
            format!("{good} | app: a fail=1, b run"),
        ]
    };
    let said = |good, expected: &str| {
        let looks = looks(good);
        let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
        check(
            "app x1",
            &looks,
            expected,
            if expected == "waiting" {
                "must stay up for longer than its failed tasks"
            } else {
                "stayed up: 1"
            },
        );
    };
    said(12_999, "waiting");
    said(13_000, "converged @13000");
}

#[test]
fn an_update_that_could_not_even_be_taken_back_is_called_so() {
    let (_, text) = run("app x1", &["0 | app: a old run | app rolled_back (w)"], true);
    assert!(text.contains("was rolled back: w\""), "{text}");
    let words = "was rolled back: w, and taking it back failed too";
    check("app x1", &["0 | app: a old run | app rollback_paused (w)"], "rolled-back @0", words);
}

#[test]
fn a_port_that_is_taken_is_named_and_blamed_on_who_holds_it() {
    let pend = "app: a pend (no suitable node, host-mode port already in use on 1 node)".replace(',', ";");
    let looks: Vec<String> = [0, 10_000].iter().map(|t| format!("{t} | {pend}")).collect();
    let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
    for (services, words) in [
        ("app x1 port=80", "it publishes 80/tcp"),
        ("app x1", "it publishes no port"),
        ("app x1 port=80 startfirst", "infra"),
    ] {
        check(services, &looks, "port-taken @10000", words);
    }
}

#[test]
fn at_the_deadline_only_a_task_that_starts_and_is_desired_was_never_healthy() {
    check_deadline("app x1 hc", &["0 | app: a start"], "never-healthy", "");
    check_deadline("app x1 hc", &["0 | app: a start leaving"], "not-converged", "");
    check_deadline("app x1 hc", &["0 | app: a pend"], "not-converged", "");
    check_deadline("app x1", &["0 | app: a start"], "not-converged", "");
}

#[test]
fn only_a_slot_that_runs_when_the_wait_begins_has_its_past_forgiven() {
    check("app x1", &["0 | app: a fail=1, b fail=1, c start"], "crash-loop @0", "2 tasks in a row");
}

#[test]
fn a_port_is_held_by_an_old_task_only_if_that_runs() {
    let said = |old: &str| {
        let port = "no suitable node (host-mode port already in use on 1 node)";
        let look = |at| format!("{at} | app: a old {old}, b pend ({port}) | app updating");
        run("app x1 port=80 startfirst", &[&look(0), &look(10_000)], true).1
    };
    assert!(said("run").starts_with("recipe") && said("run").contains("its own old task"), "{}", said("run"));
    for old in ["start", "pend", "shut", "fail=1"] {
        assert!(
            said(old).starts_with("infra") && !said(old).contains("who holds it"),
            "{old}: {}",
            said(old)
        );
    }
}

#[test]
fn what_is_missing_is_said_in_the_words_of_the_task_that_is_on_its_way() {
    for (services, tasks, expected) in [
        ("app x1", "app:", "app: 0 of 1 running, no task yet"),
        ("app x1", "app: a start", "app: 0 of 1 running, starting"),
        ("app x1", "app: a start (preparing)", "app: 0 of 1 running, preparing"),
        ("app x1", "app: a start (starting)", "app: 0 of 1 running, starting"),
        ("app x1 hc", "app: a start (starting)", "app: 0 of 1 running, health check not passed yet"),
        ("app x1 hc", "app: a start (preparing)", "app: 0 of 1 running, preparing"),
        ("app x1", "app: a pend (no node)", "app: 0 of 1 running, waits for a node (no node)"),
        ("app x2", "app: a.1 run (started), b.2 start (preparing)", "app: 1 of 2 running, preparing"),
        ("app x2", "app: a.1 start (preparing), b.2 run (started)", "app: 1 of 2 running, preparing"),
        ("app x1", "app: a old run", "app: 0 of 1 running, no task yet"),
        ("app x1", "app: a old run, b run", "app: its old task is still there"),
        ("app x1", "app: a run | app updating", "app: Swarm is updating it"),
        ("app x1", "app: | app rolling_back (w)", "app: Swarm is taking the update back (w)"),
    ] {
        assert_eq!(run(services, &[&format!("0 | {tasks}")], true), ("waiting".into(), expected.into()));
    }
}

#[test]
fn an_end_is_told_of_an_update_only_while_it_is_not_there() {
    let start = "0 | app: a start";
    let said = |look: &str| run("app x1", &[start, &format!("100 | {look}")], true).1;
    assert_eq!(said("app: a fail=1, b start | app updating"), "app: a task ended with exit code 1");
    assert_eq!(said("app: a fail=1, b run | app updating"), "app: Swarm is updating it");
    assert_eq!(said("app: a fail=1, b start | app rolling_back"), "app: Swarm is taking the update back");
}

#[test]
fn a_converged_service_gets_the_remarks_that_are_true_of_it_and_no_others() {
    let gone = "`app` ended with exit code 0; its container is gone, so its last health is not known";
    let ended = "`app` ran to its end (1 of 1)";
    for (services, tasks, expected) in [
        ("app x1", "app: a run", String::new()),
        ("app x1 hc", "app: a run", String::new()),
        ("app x1 onfail", "app: a run", String::new()),
        ("app x0", "app:", "`app` has no desired task (replicas 0): none of its tasks runs".to_string()),
        ("app x1 never", "app: a run", "`app` never restarts and still runs".to_string()),
        ("app x1 never", "app: a done", ended.to_string()),
        ("app x1 never hc", "app: a done healthy", ended.to_string()),
        ("app x1 never hc", "app: a done", format!("{ended}; {gone}")),
        (
            "app x1",
            "app: a run | app paused (w)",
            "the update of `app` was paused (w), and all its tasks run the new version".to_string(),
        ),
        ("app x1", "app: a run | app completed", String::new()),
    ] {
        let looks = [format!("0 | {tasks}"), format!("9000 | {tasks}")];
        let (verdict, notes) = run(services, &[&looks[0], &looks[1]], true);
        assert!(verdict.starts_with("converged"), "{services}: {tasks}: {notes}");
        assert_eq!(notes, expected, "{services}: {tasks}");
    }
}
