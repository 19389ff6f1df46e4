//! Tests of `decode.rs` on answers recorded from Docker Engine 20.10 (API 1.41): two stacks with all kinds of failures.

use super::decode::{checks_health, container_end, ms_of, service, task};
use super::whole;
use bollard::models::ContainerInspectResponse;
use ccci_swarm::converge::{Desired, DesiredMode, DesiredService, History, Verdict, converge};
use ccci_swarm::observed::{Mode, Observed, ObservedVolume, Oom, Restart, TaskState, UpdateState};
use std::collections::{BTreeMap, HashMap};

fn recorded<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(format!("../../tests/fixtures/engine/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn observed(name: &str, stack: &str) -> Observed {
    let services = whole::services(recorded(&format!("{name}-services"))).unwrap();
    let tasks = whole::tasks(recorded(&format!("{name}-tasks"))).unwrap();
    let none = HashMap::new();
    Observed {
        services: services.into_iter().filter_map(|s| service(s, stack, &none)).collect(),
        tasks: tasks.into_iter().map(task).collect(),
    }
}

/// The verdict on one service of a recording after two looks, ten seconds apart.
fn verdict(observed: &Observed, name: &str) -> String {
    let live = observed.service(name).unwrap();
    let desired = DesiredService {
        name: live.name.clone(),
        mode: match live.mode {
            Mode::Replicated(n) => DesiredMode::Replicated(n),
            Mode::Global(_) => DesiredMode::Global,
            Mode::Job(n) => DesiredMode::Job(n),
        },
        image: live.image.clone(),
        restart: live.restart,
        labels: BTreeMap::new(),
    };
    let (desired, mut history) = (Desired { services: vec![desired], fresh: true }, History::default());
    let _ = converge(&desired, observed, &mut history, 0);
    match converge(&desired, observed, &mut history, 10_000) {
        Verdict::Converged { .. } => "converged".into(),
        Verdict::Waiting(why) => why,
        Verdict::Hopeless(f) => format!("{}: {}", f.cause, f.observed()),
    }
}

#[test]
fn every_recorded_trouble_is_called_by_its_name() {
    let mut broken = observed("broken", "clfix");
    let container: ContainerInspectResponse = recorded("container-oom");
    for t in broken.tasks.iter_mut().filter(|t| Some(&t.container) == container.id.as_ref()) {
        (t.oom_killed, t.unhealthy) = container_end(&container);
    }
    for (name, expected) in [
        (
            "app",
            "port-taken: no suitable node (host-mode port already in use on 1 node): it publishes 28080/tcp",
        ),
        (
            "crash",
            "crash-loop: a task ended with exit code 3 and is not started again: its 2 attempts are used up",
        ),
        ("everywhere", "converged"),
        ("job", "converged"),
        (
            "noimage",
            "missing-image: 5 tasks in a row ended without starting: the node has no such image (No such image: 127.0.0.1:9/none:1)",
        ),
        (
            "nomount",
            "task-rejected: 5 tasks in a row ended without starting: it mounts a path that its node lacks (invalid mount config for type \"bind\": bind source path does not exist: /no/such/path)",
        ),
        ("nonode", "no-suitable-node: no suitable node (scheduling constraints not satisfied on 1 node)"),
        (
            "oom",
            "out-of-memory: a task ended with exit code 137 (out of memory) and is not started again: its restart condition is none",
        ),
    ] {
        assert_eq!(verdict(&broken, name), expected);
    }
}

#[test]
fn lesson_39_the_container_tells_that_a_complete_task_was_unhealthy() {
    let container: ContainerInspectResponse = recorded("container-unhealthy");
    let mut broken = observed("broken", "clfix");
    assert_eq!(container_end(&container), (Some(Oom::Spared), Some(true)));
    assert!(checks_health(&container) && !checks_health(&recorded("container-oom")));
    let id = broken.service("unhealthy").unwrap().id.clone();
    let found = broken.tasks.iter_mut().find(|t| Some(&t.container) == container.id.as_ref()).unwrap();
    assert_eq!((&found.service, found.state, found.exit_code), (&id, TaskState::Complete, Some(0)));
    found.unhealthy = Some(true);
    let mut stopped = container.clone();
    if let Some(health) = stopped.state.as_mut().and_then(|s| s.health.as_mut()) {
        health.failing_streak = Some(0);
    }
    assert_eq!(container_end(&stopped).1, Some(false), "the engine calls each container so that stops");
    assert!(verdict(&broken, "unhealthy").starts_with("never-healthy"), "{}", verdict(&broken, "unhealthy"));
}

#[test]
fn recorded_updates_are_told_apart() {
    let updating = observed("updating", "clfix2");
    for name in ["back", "pause", "good"] {
        assert!(verdict(&updating, name).contains("Swarm is updating it"), "{}", verdict(&updating, name));
    }
    let updated = observed("updated", "clfix2");
    assert_eq!(
        verdict(&updated, "back"),
        "rolled-back: the update was rolled back: its task ended with exit code 5"
    );
    assert_eq!(
        verdict(&updated, "pause"),
        "update-paused: Swarm paused the update and the old version still serves: its new task ended with exit code 6"
    );
    assert_eq!(updated.service("back").unwrap().update.as_ref().unwrap().0, UpdateState::RollbackCompleted);
}

#[test]
fn a_service_is_decoded_with_everything_converging_and_backups_need() {
    let broken = observed("broken", "clfix");
    let app = broken.service("app").unwrap();
    assert_eq!(app.mode, Mode::Replicated(1));
    assert_eq!(app.image, "nginx:1.25.0");
    assert_eq!(app.labels["ccci.domain"], "clfix.ccci.test");
    assert_eq!(app.env, ["A=1", "B=two"]);
    let data = ObservedVolume { name: "clfix_data".into(), path: "/data".into(), elsewhere: false };
    assert_eq!(app.volumes, [data]);
    assert_eq!(app.ports, [(28080, 80, "tcp".to_string())]);
    assert_eq!((app.start_first, app.restart), (false, Restart::Any));
    let crash = broken.service("crash").unwrap();
    assert_eq!((crash.restart, crash.max_attempts), (Restart::OnFailure, 2));
    assert_eq!(broken.service("everywhere").unwrap().mode, Mode::Global(1));
    assert!(observed("updated", "clfix2").service("pause").unwrap().start_first);
}

#[test]
fn tasks_of_the_desired_spec_have_its_digest_and_others_have_not() {
    let broken = observed("broken", "clfix");
    for s in broken.services.iter().filter(|s| s.name.as_str() != "unhealthy") {
        assert!(broken.tasks_of(s).iter().all(|t| t.template == s.template), "{}", s.name);
    }
    let updated = observed("updated", "clfix2");
    let pause = updated.service("pause").unwrap();
    let of_new: Vec<bool> = updated.tasks_of(pause).iter().map(|t| t.template == pause.template).collect();
    assert_eq!(of_new, [true, true, true, false]);
}

#[test]
fn a_change_of_the_health_check_alone_is_another_spec() {
    let all: Vec<serde_json::Value> = recorded("broken-services");
    let with = |interval: u64| {
        let mut one = all.iter().find(|s| s["Spec"]["Name"] == "clfix_unhealthy").unwrap().clone();
        let check = &mut one["Spec"]["TaskTemplate"]["ContainerSpec"]["Healthcheck"];
        assert!(check["Test"].is_array(), "engines write it so: {one}");
        check["Interval"] = interval.into();
        let all = whole::services(serde_json::Value::Array(vec![one])).unwrap();
        service(all.into_iter().next().unwrap(), "clfix", &HashMap::new()).unwrap()
    };
    assert!(with(1).has_healthcheck);
    assert_eq!(with(1).template, with(1).template);
    assert_ne!(with(1).template, with(2).template);
}

#[test]
fn times_are_read_to_the_millisecond() {
    assert_eq!(ms_of("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(ms_of("2000-02-29T00:00:00Z"), Some(951_782_400_000));
    assert_eq!(ms_of("2026-12-31T23:59:59.5Z"), Some(1_798_761_599_500));
    assert_eq!(ms_of("2026-11-23T17:16:39.477220109Z").unwrap() % 1000, 477);
    assert_eq!(ms_of("soon"), None);
}

#[test]
fn lesson_47_a_kill_under_a_memory_limit_is_for_memory_even_if_the_engine_lost_the_word() {
    let end = |said: bool, code: i64, memory: i64| {
        let text = format!(
            r#"{{"State": {{"OOMKilled": {said}, "ExitCode": {code}}}, "HostConfig": {{"Memory": {memory}}}}}"#
        );
        container_end(&serde_json::from_str(&text).unwrap()).0
    };
    let limit = 20 << 20;
    assert_eq!((end(false, 137, limit), end(true, 137, limit)), (Some(Oom::OverLimit), Some(Oom::OverLimit)));
    assert_eq!((end(false, 137, 0), end(false, 1, limit)), (Some(Oom::Spared), Some(Oom::Spared)));
    assert_eq!(end(true, 137, 0), Some(Oom::MachineOut));
}
