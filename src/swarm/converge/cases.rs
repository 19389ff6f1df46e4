//! Many small cases of converging, one a line: services, looks, verdict and its time.

use super::scene::{check, check_quiet};

/// Two looks at the same tasks and updates, 400 ms apart.
fn twice(at: &str) -> Vec<String> {
    [0, 400].iter().map(|ms| format!("{ms} | {at}")).collect()
}

#[track_caller]
fn after_two_looks(services: &str, at: &str, expected: &str, words: &str) {
    let looks = twice(at);
    check(services, &looks.iter().map(String::as_str).collect::<Vec<_>>(), expected, words);
}

#[test]
fn counts_of_running_tasks_decide() {
    for (services, tasks, expected) in [
        ("app x1", "app: a run", "converged @1200"),
        ("app x2", "app: a.1 run, b.2 run", "converged @1200"),
        ("app x2", "app: a.1 run", "waiting"),
        ("app x2", "app: a.1 run, b.2 start", "waiting"),
        ("app x2", "app: a.1 run, b.2 pend", "waiting"),
        ("app x3", "app: a.1 run, b.2 run, c.3 run", "converged @1200"),
        ("app x0", "app:", "converged @0"),
        ("app x0", "app: a run leaving", "converged @0"),
        ("app x0", "app: a run", "waiting"),
        ("app x1", "app: a.1 run, b.2 run", "waiting"),
        ("app x1", "app: a.1 run, b.2 run leaving", "converged @1200"),
        ("app x1", "app:", "waiting"),
        ("app x1", "app: a start", "waiting"),
        ("app x1", "app: a pend", "waiting"),
        ("app x1", "app: a shut", "waiting"),
        ("app x1", "app: a shut, b run", "converged @1200"),
        ("app x1", "app: a orphan", "waiting"),
        ("app x1", "app: a orphan, b run", "converged @1200"),
        ("app global=2", "app: a.0 run, b.0 run", "converged @1200"),
        ("app global=3", "app: a.0 run, b.0 run", "waiting"),
        ("job job=2", "job: a.1 done, b.2 done", "converged @0"),
        ("job job=2", "job: a.1 done, b.2 run", "waiting"),
        ("job job=2", "job: a.1 done, b.1 done", "converged @0"),
        ("job job=1 never", "job: a fail=1", "one-shot-failed @0"),
        ("job x1 never", "job: a run", "waiting"),
        ("job x1 never", "job: a fail=1, b run", "waiting"),
        ("app x1 onfail", "app: a done", "converged @0"),
        ("app x1 onfail hc", "app: a done healthy", "converged @0"),
        ("app x1 onfail hc", "app: a done", "converged @0"),
        ("app x1", "app: a done", "waiting"),
        ("app x1; db x1", "app: a run | db: d run", "converged @1200"),
        ("app x1; db x1", "app: a run | db: d start", "waiting"),
        ("app x1; job x1 never", "app: a run | job: j done", "converged @1200"),
        // whoever has a router or a published port is no one-shot
        ("app x1 never routed", "app: a done", "task-ended @0"),
        ("app x1 onfail routed", "app: a done", "task-ended @0"),
        ("app x1 onfail port=80", "app: a done", "task-ended @0"),
        ("app x1; job x1 never", "app: a run | job: j start", "waiting"),
    ] {
        let looks = [0, 400, 1_200].map(|at| format!("{at} | {tasks}"));
        let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
        check(services, &looks, expected, "");
    }
}

#[test]
fn each_update_state_with_each_kind_of_task() {
    for (update, new_runs, old_runs, nothing) in [
        ("completed", "converged @400", "waiting", "waiting"),
        ("paused", "converged @400", "waiting", "waiting"),
        ("updating", "waiting", "waiting", "waiting"),
        ("rolling_back", "waiting", "waiting", "waiting"),
        ("rolled_back", "rolled-back @0", "rolled-back @0", "rolled-back @0"),
        ("rollback_paused", "rolled-back @0", "rolled-back @0", "rolled-back @0"),
    ] {
        after_two_looks("app x1", &format!("app: a run | app {update}"), new_runs, "");
        after_two_looks("app x1", &format!("app: a old run | app {update}"), old_runs, "");
        after_two_looks("app x1", &format!("app: a old run leaving, b run | app {update}"), new_runs, "");
        after_two_looks("app x1", &format!("app: | app {update}"), nothing, "");
        let mixed = format!("app: a.1 run, b.2 old run | app {update}");
        after_two_looks("app x2", &mixed, old_runs, "");
    }
}

#[test]
fn a_yes_needs_the_same_tasks_for_400_ms() {
    check("app x1 hc", &["0 | app: a run", "399 | app: a run"], "waiting", "seen to stay so");
    let replaced = ["0 | app: a run", "300 | app: a shut, b run", "600 | app: a shut, b run"];
    check("app x1 hc", &replaced, "waiting", "seen to stay so");
    let gone = ["0 | app: a run", "300 | app: b start", "500 | app: b run", "900 | app: b run"];
    check("app x1 hc", &gone, "converged @900", "");
}

#[test]
fn what_no_health_check_speaks_for_must_be_seen_for_longer() {
    let runs = |until: u64| vec!["0 | app: a run".to_string(), format!("{until} | app: a run")];
    let after = |services: &str, until: u64, expected: &str, words: &str| {
        let looks = runs(until);
        check(services, &looks.iter().map(String::as_str).collect::<Vec<_>>(), expected, words);
    };
    after("app x1", 1_199, "waiting", "seen to stay so");
    after("app x1", 1_200, "converged @1200", "");
    after("app x1 hc", 400, "converged @400", "");
    after("app x1 never", 4_999, "waiting", "seen to stay so");
    after("app x1 never", 5_000, "converged @5000", "never restarts and still runs");
    after("app x1 never hc", 400, "converged @400", "never restarts and still runs");
    // a program that ends at once is observed running for some hundred ms: the engine reports its end late
    let ends =
        ["0 | app: a run", "700 | app: a run", "900 | app: a fail=3", "2000 | app: a fail=3, b fail=3"];
    check("app x1", &ends, "crash-loop @2000", "exit code 3");
}

#[test]
fn a_service_that_flickered_must_outlive_its_failed_tasks() {
    let looks = [
        "0 | app: a run",
        "300 | app: a fail=1, b start",
        "6000 | app: a fail=1, b run",
        "7000 | app: a fail=1, b run",
        "8000 | app: a fail=1, b run",
    ];
    check("app x1", &looks, "converged @8000", "ended badly before it stayed up: 1");
    let slow = [
        "0 | app: a run",
        "8000 | app: a fail=1, b start",
        "13000 | app: a fail=1, b run",
        "20000 | app: a fail=1, b run",
        "21000 | app: a fail=1, b fail=1",
    ];
    check("app x1 hc", &slow[..1], "waiting", "");
    let slow_start: Vec<&str> =
        ["0 | app: a start", "100 | app: a run"].into_iter().chain(slow[1..].iter().copied()).collect();
    check("app x1", &slow_start, "crash-loop @21000", "");
}

#[test]
fn ends_are_counted_by_slot_and_kind() {
    for (services, tasks, expected) in [
        ("app x3", "app: a.1 fail=1, b.2 fail=1, c.3 fail=1", "waiting"),
        ("app x3", "app: a.1 fail=1, b.1 fail=1, c.3 run", "crash-loop @0"),
        ("app x1", "app: a fail=1, b fail=2", "waiting"),
        ("app x1", "app: a fail=1, b fail=2, c fail=1", "waiting"),
        ("app x1", "app: a fail=1, b fail=2, c fail=1, d fail=2", "crash-loop @0"),
        ("app x1", "app: a fail=1, b fail=2, c fail=2", "crash-loop @0"),
        ("app x1", "app: a fail=2, b fail=2, c fail=1", "waiting"),
        ("app x1", "app: a done, b done, c done, d done", "waiting"),
        ("app x1", "app: a done, b done, c done, d done, e done", "crash-loop @0"),
        ("app x1", "app: a shut, b shut, c shut", "waiting"),
        ("app x1", "app: a orphan, b orphan", "waiting"),
        ("app x1", "app: a old fail=1, b old fail=1", "waiting"),
        ("app x1 max=1", "app: a fail=1", "waiting"),
        ("app x1 max=1", "app: a fail=1, b fail=2", "crash-loop @0"),
        ("app x1 max=3", "app: a fail=1, b fail=2, c fail=3", "waiting"),
        ("app x1 onfail max=2", "app: a fail=1, b fail=2, c fail=3", "crash-loop @0"),
        ("app global=2", "app: a.0 fail=1, b.0 fail=1", "crash-loop @0"),
        ("app x1", "app: a fail", "waiting"),
        ("app x1", "app: a fail, b fail", "task-rejected @0"),
        ("app x1", "app: a fail=137 oom, b fail=137 oom", "out-of-memory @0"),
        ("app x1", "app: a fail=137 oom-machine, b fail=137 oom-machine", "machine-out-of-memory @0"),
        ("app x1", "app: a fail=1 unhealthy, b fail=1 unhealthy", "never-healthy @0"),
        ("app x1", "app: a rej, b rej", "task-rejected @0"),
    ] {
        after_two_looks(services, tasks, expected, "");
    }
}

#[test]
fn the_engines_own_words_tell_the_cause() {
    for (words, state, expected) in [
        ("No such image: nginx:nope", "rej", "missing-image @0"),
        (
            "driver failed programming external connectivity on endpoint x: (iptables failed: iptables --wait -t nat -A \
             DOCKER: No chain/target/match by that name. (exit status 1))",
            "fail",
            "network-broken @0",
        ),
        (
            "network x: no available IPv4 addresses on this network's address pools: proxy (abc)",
            "rej",
            "network-broken @0",
        ),
        (
            "attaching to network failed, make sure your network options are correct and check manager logs: context \
             deadline exceeded",
            "rej",
            "network-broken @0",
        ),
        (
            "error creating overlay mount: mkdir /var/lib/docker/x: no space left on device",
            "rej",
            "disk-full @0",
        ),
        ("starting container failed: write /x: no space left on device: unknown", "fail", "disk-full @0"),
        (
            "driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:80 failed: port is already allocated",
            "fail",
            "port-taken @0",
        ),
        (
            "driver failed programming external connectivity: listen tcp 0.0.0.0:80: bind: address already in use",
            "fail",
            "port-taken @0",
        ),
        ("invalid mount config for type bind: bind source path does not exist", "rej", "task-rejected @0"),
        (
            "starting container failed: OCI runtime create failed: exec: nope: executable file not found",
            "fail=127",
            "task-rejected @0",
        ),
        ("task: non-zero exit (137): dockerexec: unhealthy container", "fail=137", "never-healthy @0"),
        ("task: non-zero exit (1)", "fail=1", "crash-loop @0"),
        ("error while removing network: network is in use", "fail=0", "waiting"),
    ] {
        let words = words.replace(',', ";");
        let tasks = format!("app: a {state} ({words}), b {state} ({words})");
        after_two_looks("app x1", &tasks, expected, "");
    }
}

#[test]
fn a_task_without_a_node_is_called_after_a_while() {
    let node = "no suitable node (scheduling constraints not satisfied on 1 node)";
    let looks = [format!("0 | app: a pend ({node})"), format!("3000 | app: a pend ({node})")];
    let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
    check("app x1", &looks, "no-suitable-node @3000", "infra");
    check("app x1", &looks[..1], "waiting", "waits for a node");
    let port = "no suitable node (host-mode port already in use on 1 node)";
    let looks: Vec<String> =
        [0, 3000, 10_000].iter().map(|t| format!("{t} | app: a pend ({port})")).collect();
    let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
    check("app x1 port=80", &looks, "port-taken @10000", "infra");
    check("app x1 port=80", &looks[..2], "waiting", "");
    check("app x1 port=80; web x1 port=80", &looks, "port-taken @10000", "service `web` of the same stack");
    let own: Vec<String> =
        [0, 10_000].iter().map(|t| format!("{t} | app: a old run, b pend ({port}) | app updating")).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    check("app x1 port=80 startfirst", &own, "port-taken @10000", "recipe");
    // while the old task stops, and while an ended one waits for its restart, the engine counts no node
    let stops = "app: a.0 old run leaving";
    for update in ["app updating", "app completed"] {
        let looks = ["0", "3000", "9000"].map(|at| format!("{at} | {stops} | {update}"));
        check("app global=0", &looks.each_ref().map(String::as_str), "waiting", "still stopping");
    }
    let between = ["0 | app: b.0 start", "3000 | app: b.0 start", "9000 | app: b.0 start"];
    check("app global=0", &between, "waiting", "0 of 1 running");
    let ends = ["0 | app: a.0 fail=3, b.0 start", "9000 | app: a.0 fail=3, b.0 fail=3, c.0 start"];
    check("app global=0", &ends, "crash-loop @9000", "exit code 3");
    check(
        "app global=0",
        &["0 | app: a.0 shut | app completed", "3000 | app: a.0 shut | app completed"],
        "no-suitable-node @3000",
        "",
    );
    check("app global=0", &["0 | app:", "3000 | app:"], "no-suitable-node @3000", "global service");
}

#[test]
fn a_block_that_goes_away_is_forgotten() {
    let node = "no suitable node (insufficient resources on 1 node)";
    let a = format!("0 | app: a pend ({node})");
    let b = format!("9000 | app: a pend ({node})");
    check("app x1", &[&a, "2000 | app: a start", &b], "waiting", "");
}

#[test]
fn a_service_that_is_missing_or_different_is_our_fault() {
    check("app x1", &["0 | app gone", "9000 | app gone"], "waiting", "no such service");
    check("app x1", &["0 | app gone", "10000 | app gone"], "spec-differs @10000", "ccci");
    check("app x1 image=i2", &["0 | app: a run | app image=i1"], "spec-differs @0", "desired `i2`");
    let resolved = ["0 | app: a run | app image=i2@sha256ab", "400 | app: a run | app image=i2@sha256ab"];
    check("app x1 image=i2 hc", &resolved, "converged @400", "");
    let in_flight = ["0 | app: a run | app image=i1 | app rolling_back"];
    check("app x1 image=i2", &in_flight, "waiting", "taking the update back");
}

#[test]
fn ends_from_before_a_quiet_wait_are_the_past() {
    let looks = ["0 | app: a fail=1, b fail=1, c run", "400 | app: a fail=1, b fail=1, c run"];
    check_quiet("app x1", &looks, "converged @400", "");
    let once = ["0 | app: a fail=1, b run", "300 | app: a fail=1, b fail=1, c start"];
    check_quiet("app x1", &once, "waiting", "a task ended");
}

#[test]
fn while_swarm_updates_more_ends_are_needed() {
    let two = "app: a fail=1, b fail=1 | app updating";
    after_two_looks("app x1", two, "waiting", "a task ended with exit code 1");
    after_two_looks("app x1", "app: a fail=1, b fail=1, c fail=1 | app updating", "crash-loop @0", "3 tasks");
}

#[test]
fn what_a_task_says_while_it_starts_is_passed_on() {
    check("app x1", &["0 | app: a start (preparing)"], "waiting", "app: 0 of 1 running, preparing");
    check("app x1 hc", &["0 | app: a start (starting)"], "waiting", "health check not passed yet");
    let five = "a x1; b x1; c x1; d x1; e x1";
    check(five, &["0 | a:"], "waiting", "; and 2 more");
}
