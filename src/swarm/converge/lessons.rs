//! The lessons about converging, each as the looks that it came from.

use super::scene::{Scene, check, check_deadline, check_quiet, desired, services_of};
use super::{History, Verdict, converge};

#[test]
fn lesson_01_the_desired_count_of_old_tasks_is_not_converged() {
    let looks = ["0 | app: a old run", "500 | app: a old run", "5000 | app: a old run"];
    check("app x1", &looks, "waiting", "app: 0 of 1 running, no task yet");
    let looks = ["0 | app: a run | app updating (update in progress)", "900 | app: a run | app updating"];
    check("app x1", &looks, "waiting", "Swarm is updating it");
}

#[test]
fn lesson_02_paused_is_not_in_flight() {
    let looks = ["0 | app: a run | app paused (one flicker)", "400 | app: a run | app paused (one flicker)"];
    check("app x1", &looks, "converged @400", "was paused (one flicker)");
}

#[test]
fn lesson_02_updating_and_rollback_started_block() {
    let looks = ["0 | app: a run | app updating", "60000 | app: a run | app updating"];
    check("app x1", &looks, "waiting", "updating");
    let looks = ["0 | app: a run | app rolling_back", "60000 | app: a run | app rolling_back"];
    check("app x1", &looks, "waiting", "taking the update back");
}

#[test]
fn lesson_03_a_one_shot_that_completed_has_converged() {
    check("job x1 never", &["0 | job: a start", "900 | job: a done"], "converged @900", "ran to its end");
    check("job x1 onfail", &["0 | job: a done"], "converged @0", "ran to its end");
    check("job x2 never", &["0 | job: a.1 done, b.2 done"], "converged @0", "2 of 2");
}

#[test]
fn lesson_03_a_one_shot_that_failed_starting_or_mixed_has_not() {
    check("job x1 never", &["900 | job: a fail=3"], "one-shot-failed @900", "with exit code 3");
    check("job x2 never", &["900 | job: a.1 done, b.2 fail=3"], "one-shot-failed @900", "exit code 3");
    check("job x1 never", &["9 | job: a start"], "waiting", "0 of 1");
    check("job x2 never", &["9 | job: a.1 done"], "waiting", "1 of 2 running, no task yet");
    check("job x2 never", &["9 | job: a.1 done, b.2 pend"], "waiting", "1 of 2");
}

#[test]
fn lesson_04_a_rolled_back_update_is_named_with_the_exit_of_its_task() {
    let looks = [
        "0 | app: a old run | app updating",
        "1200 | app: a old run, b fail=137 oom (task: non-zero exit 137) | app updating",
        "1400 | app: a old run, b fail=137 oom | app rolling_back (early termination of task b) | app template=old",
        "6100 | app: a old run, b fail=137 oom | app rolled_back (rollback completed) | app template=old",
    ];
    let words = "the update was rolled back: its task ended with exit code 137 (out of memory)";
    check("app x1 startfirst", &looks, "rolled-back @6100", words);
}

#[test]
fn lesson_04_a_rollback_that_is_history_does_not_block_a_quiet_wait() {
    let looks = ["0 | app: a run | app rolled_back", "400 | app: a run | app rolled_back"];
    check_quiet("app x1", &looks, "converged @400", "");
    // what runs is not what was desired, and the engine itself says that it rolled the update back
    let taken_back = ["0 | app: a run | app rolled_back (rollback completed) | app image=i1"];
    check_quiet("app x1 image=i2", &taken_back, "rolled-back @0", "recipe");
}

#[test]
fn lesson_05_a_dropped_service_is_said_and_does_not_block() {
    let services = "app x1 hc; gone x1";
    let looks = ["0 | app: a run | gone: b run", "400 | app: a run | gone: b run"];
    let all = services_of(services);
    let desired = desired(&all[..1], true);
    let (mut scene, mut history) = (Scene::new(all), History::default());
    let mut last = Verdict::Waiting(String::new());
    for look in looks {
        let (observed, now) = scene.look(look);
        last = converge(&desired, &observed, &mut history, now);
    }
    let Verdict::Converged { notes } = last else { panic!("{last:?}") };
    assert!(notes.iter().any(|n| n.contains("service `gone` is not in the composed file")), "{notes:?}");
}

#[test]
fn lesson_07_a_crash_loop_is_called_at_the_second_equal_end() {
    let looks = [
        "0 | app: a start",
        "900 | app: a fail=1, b pend",
        "6000 | app: a fail=1, b run",
        "6400 | app: a fail=1, b fail=1, c pend",
    ];
    check("app x1", &looks, "crash-loop @6400", "2 tasks in a row ended with exit code 1");
}

#[test]
fn lesson_07_an_app_may_end_while_its_database_comes_up() {
    let looks = [
        "0 | app: a start | db: d start",
        "900 | app: a fail=1, b pend | db: d start",
        "6400 | app: a fail=1, b fail=1, c pend | db: d run",
        "11900 | app: a fail=1, b fail=1, c run | db: d run",
        "14000 | app: a fail=1, b fail=1, c run | db: d run",
    ];
    check("app x1; db x1", &looks, "converged @14000", "ended badly before it stayed up: 2");
    check("app x1; db x1 hc", &looks[..3], "waiting", "a task ended with exit code 1");
}

#[test]
fn lesson_07_an_app_that_ends_beside_a_healthy_database_loops() {
    let looks = [
        "0 | app: a start | db: d start",
        "900 | app: a fail=1 | db: d run",
        "6400 | app: a fail=1, b start | db: d run",
        "6900 | app: a fail=1, b fail=1 | db: d run",
    ];
    check("app x1; db x1 hc", &looks, "waiting", "a task ended with exit code 1");
    let later = [
        "12000 | app: a fail=1, b fail=1, c start | db: d run",
        "12500 | app: a fail=1, b fail=1, c fail=1 | db: d run",
    ];
    check("app x1; db x1 hc", &[&looks[..], &later].concat(), "crash-loop @12500", "3 tasks in a row");
    let never_ends: Vec<String> = (1..25)
        .map(|i| {
            let ends: Vec<String> = (0..i).map(|k| format!("t{k} fail=1")).collect();
            format!("{} | db: d run | app: {}", i * 5500, ends.join(", "))
        })
        .collect();
    let never_ends: Vec<&str> = never_ends.iter().map(String::as_str).collect();
    check("app x1; db x1", &never_ends, "crash-loop @126500", "23 tasks in a row");
}

#[test]
fn lesson_07_an_app_may_end_for_as_long_as_a_database_without_a_health_check_needs() {
    let ended = |n: usize| (0..n).map(|k| format!("t{k} fail=1")).collect::<Vec<_>>().join(", ");
    let mut looks: Vec<String> =
        (1..9).map(|i| format!("{} | db: d run | app: {}", i * 5500, ended(i))).collect();
    for at in [49_500, 52_000] {
        looks.push(format!("{at} | db: d run | app: {}, t8 run", ended(8)));
    }
    let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
    check("app x1; db x1", &looks, "converged @52000", "ended badly before it stayed up: 8");
}

#[test]
fn lesson_07_a_database_that_was_up_before_the_deploy_excuses_nothing() {
    let called = |tasks_of_db: [&str; 2]| {
        let services = services_of("app x1; db x1");
        let (desired, mut history) = (desired(&services, true), History::default());
        let mut scene = Scene::new(services);
        for at in [0, 1_500] {
            let (observed, now) = scene.look(&format!("{at} | app: a run | db: {}", tasks_of_db[0]));
            let _ = converge(&desired, &observed, &mut history, now);
        }
        let mut history = history.of_next_deploy();
        for (at, app) in [(20_000, "b start"), (21_000, "b fail=1"), (27_000, "b fail=1, c fail=1")] {
            let (observed, now) = scene.look(&format!("{at} | app: {app} | db: {}", tasks_of_db[1]));
            if let Verdict::Hopeless(f) = converge(&desired, &observed, &mut history, now) {
                return format!("{} @{at}", f.cause);
            }
        }
        "waiting".to_string()
    };
    assert_eq!(called(["d run", "d run"]), "crash-loop @27000");
    assert_eq!(called(["d run", "e run"]), "waiting");
}

#[test]
fn lesson_07_two_services_that_both_loop_do_not_excuse_each_other() {
    let looks =
        ["900 | app: a fail=1 | w: x fail=2", "6900 | app: a fail=1, b fail=1 | w: x fail=2, y fail=2"];
    check("app x1; w x1", &looks, "crash-loop @6900", "service `w` as well");
}

#[test]
fn lesson_09_the_words_of_a_rejected_mount_are_shown() {
    let said = "invalid mount config for type bind: bind source path does not exist: /srv/x";
    let first = format!("500 | app: a rej ({said})");
    let second = format!("5500 | app: a rej ({said}), b rej ({said})");
    check("app x1", &[&first, &second], "task-rejected @5500", "bind source path does not exist: /srv/x");
}

#[test]
fn lesson_39_a_task_that_ended_complete_for_being_unhealthy_is_no_finished_one_shot() {
    let looks = ["9000 | app: a done unhealthy"];
    check("app x1 onfail hc", &looks, "never-healthy @9000", "exited with code 0");
    let looks = ["9000 | app: a done unhealthy", "19000 | app: a done unhealthy, b done unhealthy"];
    check("app x1 hc", &looks, "never-healthy @19000", "its health check failed");
}

#[test]
fn lesson_40_a_completed_update_is_good_while_the_old_task_takes_its_leave() {
    let looks = [
        "0 | app: a old run leaving, b run | app completed",
        "400 | app: a old run leaving, b run | app completed",
    ];
    check("app x1 startfirst", &looks, "converged @400", "");
}

#[test]
fn lesson_41_a_release_that_changes_labels_only_replaces_no_task() {
    let looks = ["0 | app: a run | app completed", "400 | app: a run | app completed"];
    check("app x1", &looks, "converged @400", "");
}

#[test]
fn lesson_42_a_paused_update_whose_old_task_serves_has_failed() {
    let looks = [
        "0 | app: a old run, b fail=2 | app paused (update paused due to failure)",
        "1000 | app: a old run, b fail=2 | app paused (update paused due to failure)",
    ];
    check("app x1 startfirst", &looks, "update-paused @1000", "its new task ended with exit code 2");
}

#[test]
fn lesson_42_a_paused_update_is_called_so_whether_or_not_the_old_task_had_gone() {
    let looks = [
        "1000 | app: a old shut, b fail=2 | app paused (update paused due to failure)",
        "7000 | app: a old shut, b fail=2, c fail=2 | app paused (update paused due to failure)",
    ];
    check("app x1 startfirst", &looks, "update-paused @7000", "no version serves: its new task ended");
    check("app x1", &looks, "crash-loop @7000", "update paused due to failure");
}

#[test]
fn lesson_42_a_paused_update_whose_new_task_runs_well_has_converged() {
    let looks = [
        "0 | app: b fail=2, c start | app paused (flicker)",
        "300 | app: b fail=2, c run | app paused (flicker)",
        "2500 | app: b fail=2, c run | app paused (flicker)",
    ];
    check("app x1", &looks, "converged @2500", "was paused (flicker)");
}

#[test]
fn lesson_44_failed_tasks_of_the_old_spec_are_no_failure() {
    let looks = [
        "0 | app: a old fail=0 (error while removing network), b run | app completed",
        "400 | app: a old fail=0 (error while removing network), b run | app completed",
    ];
    check("app x1", &looks, "converged @400", "");
    let crashed =
        ["0 | app: z old fail=1, a old fail=1, b run", "400 | app: z old fail=1, a old fail=1, b run"];
    check("app x1 hc", &crashed, "converged @400", "");
}

#[test]
fn lesson_45_an_update_that_completed_while_its_new_tasks_crash_has_failed() {
    let looks = [
        "0 | app: a old run | app updating",
        "1500 | app: a old shut, b fail=1 | app completed",
        "7000 | app: a old shut, b fail=1, c fail=1 | app completed",
    ];
    check("app x1", &looks, "crash-loop @7000", "exit code 1");
}

#[test]
fn lesson_46_the_failure_carries_the_task_history() {
    let looks = ["0 | app: a fail=1 (task: non-zero exit 1), b fail=1 (task: non-zero exit 1)"];
    check("app x1", &looks, "crash-loop @0", "failed, exit code 1: task: non-zero exit 1");
}

#[test]
fn lesson_47_out_of_memory_is_told_by_the_container() {
    let looks = ["0 | app: a fail=137 oom", "6000 | app: a fail=137 oom, b fail=137 oom"];
    check("app x1", &looks, "out-of-memory @6000", "out of memory");
    let killed = ["0 | app: a fail=137", "6000 | app: a fail=137, b fail=137"];
    check("app x1", &killed, "crash-loop @6000", "exit code 137 (SIGKILL)");
}

#[test]
fn lesson_29_a_deadline_names_the_cause_and_not_the_symptom() {
    let looks = ["0 | app: a start (starting)", "60000 | app: a start (starting)"];
    check_deadline("app x1 hc", &looks, "never-healthy", "health check not passed yet");
    check_deadline("app x1", &looks, "not-converged", "starting");
    let crashed =
        ["0 | app: a fail=1, b start | db: d start", "60000 | app: a fail=1, b start | db: d start"];
    check_deadline("app x1; db x1", &crashed, "crash-loop", "also not converged");
}
