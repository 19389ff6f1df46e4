//! Scenes for the tests: a stack and its looks, written as short lines.
//!
//! Services: `app x1 hc onfail; db x2`. Words: `xN`, `global=N`, `job=N`, `hc`, `any|onfail|never`, `max=N`,
//! `startfirst`, `port=N`, `routed`, `image=I`.
//! A look: `500 | app: a run, b.2 fail=1 (words) | app paused (words)`: time, tasks of each service, updates.
//! Task words: `pend start run done fail[=N] rej shut orphan`, `old` (another spec), `unhealthy`, `oom`.

use super::{Desired, DesiredMode, DesiredService, History, Verdict, converge, not_converged};
use crate::observed::{Mode, Observed, ObservedService, ObservedTask, Oom, Restart, TaskState, UpdateState};
use ccci_model::name::ServiceName;
use std::collections::BTreeMap;

/// Runs the looks until one is decisive. Compares the verdict with `expected` (`converged @900`, `crash-loop @6500`
/// or `waiting`) and checks that its text contains `words`.
#[track_caller]
pub(super) fn check(services: &str, looks: &[&str], expected: &str, words: &str) {
    let (verdict, text) = run(services, looks, true);
    assert_eq!(verdict, expected, "{text}");
    assert!(text.contains(words), "`{words}` is not in: {text}");
}

/// The same for a wait after an operation that deployed nothing.
#[track_caller]
pub(super) fn check_quiet(services: &str, looks: &[&str], expected: &str, words: &str) {
    let (verdict, text) = run(services, looks, false);
    assert_eq!(verdict, expected, "{text}");
    assert!(text.contains(words), "`{words}` is not in: {text}");
}

/// Checks the failure of a deadline that comes after these looks.
#[track_caller]
pub(super) fn check_deadline(services: &str, looks: &[&str], cause: &str, words: &str) {
    let services = services_of(services);
    let (desired, mut history) = (desired(&services, true), History::default());
    let mut scene = Scene::new(services);
    let mut last = (Observed::default(), 0);
    for look in looks {
        last = scene.look(look);
        let _ = converge(&desired, &last.0, &mut history, last.1);
    }
    let failure = not_converged(&desired, &last.0, &mut history, last.1);
    assert_eq!(failure.cause, cause, "{failure:?}");
    let text = format!("{failure:?}");
    assert!(text.contains(words), "`{words}` is not in: {text}");
}

/// The first decisive verdict, and its whole text.
pub(super) fn run(services: &str, looks: &[&str], fresh: bool) -> (String, String) {
    let services = services_of(services);
    let (desired, mut history) = (desired(&services, fresh), History::default());
    let mut scene = Scene::new(services);
    let mut waiting = String::new();
    for look in looks {
        let (observed, now) = scene.look(look);
        match converge(&desired, &observed, &mut history, now) {
            Verdict::Waiting(why) => waiting = why,
            Verdict::Converged { notes } => return (format!("converged @{now}"), notes.join("; ")),
            Verdict::Hopeless(f) => return (format!("{} @{now}", f.cause), format!("{} {f:?}", f.blame)),
        }
    }
    ("waiting".into(), waiting)
}

/// What is there, as a deploy would have asked for it.
pub(super) fn desired(services: &[ObservedService], fresh: bool) -> Desired {
    let services = services.iter().map(|s| DesiredService {
        name: s.name.clone(),
        mode: match s.mode {
            Mode::Replicated(n) => DesiredMode::Replicated(n),
            Mode::Global(_) => DesiredMode::Global,
            Mode::Job(n) => DesiredMode::Job(n),
        },
        image: s.image.clone(),
        restart: s.restart,
        labels: BTreeMap::new(),
    });
    Desired { services: services.collect(), fresh }
}

pub(super) fn services_of(text: &str) -> Vec<ObservedService> {
    text.split(';').map(|line| service_of(line.trim())).collect()
}

fn service_of(line: &str) -> ObservedService {
    let mut words = line.split_whitespace();
    let name = words.next().expect("a name");
    let mut s = ObservedService {
        id: format!("id-{name}"),
        name: ServiceName::parse(name).unwrap(),
        mode: Mode::Replicated(1),
        image: "image:1".into(),
        labels: BTreeMap::new(),
        env: vec![],
        restart: Restart::Any,
        max_attempts: 0,
        start_first: false,
        update: None,
        volumes: vec![],
        networks: vec![],
        ports: vec![],
        template: "new".into(),
        template_but_image: String::new(),
        has_healthcheck: false,
    };
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse().expect("a number");
        match key {
            "hc" => s.has_healthcheck = true,
            "any" => s.restart = Restart::Any,
            "onfail" => s.restart = Restart::OnFailure,
            "never" => s.restart = Restart::Never,
            "routed" => drop(s.labels.insert("traefik.http.routers.app.rule".into(), "Host(`a`)".into())),
            "max" => s.max_attempts = number(),
            "startfirst" => s.start_first = true,
            "global" => s.mode = Mode::Global(number()),
            "job" => s.mode = Mode::Job(number()),
            "port" => s.ports.push((number() as u16, 80, "tcp".into())),
            "image" => s.image = value.into(),
            x => s.mode = Mode::Replicated(x.strip_prefix('x').expect(x).parse().expect(x)),
        }
    }
    s
}

/// A stack that is looked at several times.
pub(super) struct Scene {
    services: Vec<ObservedService>,
    born: BTreeMap<String, u64>,
    ended: BTreeMap<String, u64>,
}

impl Scene {
    pub(super) fn new(services: Vec<ObservedService>) -> Scene {
        Scene { services, born: BTreeMap::new(), ended: BTreeMap::new() }
    }

    pub(super) fn look(&mut self, line: &str) -> (Observed, u64) {
        let mut parts = line.split('|').map(str::trim);
        let now: u64 = parts.next().unwrap().parse().expect("a look starts with its time");
        let mut observed = Observed { services: self.services.clone(), tasks: vec![] };
        for part in parts {
            match part.split_once(':') {
                Some((service, tasks)) if !part.contains('(') || part.find(':') < part.find('(') => {
                    let all = tasks.split(',').map(str::trim).filter(|t| !t.is_empty());
                    let all: Vec<ObservedTask> = all.map(|t| self.task(service, t, now)).collect();
                    observed.tasks.extend(all);
                }
                _ => change(&mut observed, part),
            }
        }
        (observed, now)
    }

    fn task(&mut self, service: &str, text: &str, now: u64) -> ObservedTask {
        let (text, said) = said(text);
        let mut words = text.split_whitespace();
        let label = words.next().expect("a task has a name");
        let (name, slot) = label.split_once('.').unwrap_or((label, "1"));
        let id = format!("{service}-{name}");
        let mut t = ObservedTask {
            id: id.clone(),
            service: format!("id-{service}"),
            slot: slot.parse().unwrap(),
            node: "n1".into(),
            state: TaskState::Starting,
            desired_running: true,
            exit_code: None,
            error: said.clone(),
            message: said,
            created_ms: *self.born.entry(id.clone()).or_insert(now),
            changed_ms: now,
            container: format!("c-{id}"),
            oom_killed: None,
            unhealthy: None,
            check: String::new(),
            template: "new".into(),
        };
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            match key {
                "pend" => t.state = TaskState::Pending,
                "start" => t.state = TaskState::Starting,
                "run" => t.state = TaskState::Running,
                "done" => (t.state, t.exit_code) = (TaskState::Complete, Some(0)),
                "fail" => (t.state, t.exit_code) = (TaskState::Failed, value.parse().ok()),
                "rej" => t.state = TaskState::Rejected,
                "shut" => t.state = TaskState::Shutdown,
                "orphan" => t.state = TaskState::Orphaned,
                "old" => t.template = "old".into(),
                "oom" => t.oom_killed = Some(Oom::OverLimit),
                "oom-machine" => t.oom_killed = Some(Oom::MachineOut),
                "unhealthy" => t.unhealthy = Some(true),
                "healthy" => t.unhealthy = Some(false),
                "leaving" => t.desired_running = false,
                other => panic!("no such word: {other}"),
            }
        }
        if t.state > TaskState::Running {
            t.desired_running = false;
            t.changed_ms = *self.ended.entry(id).or_insert(now);
        }
        t
    }
}

/// Applies a change: `app updating (words)`, `app gone`, `app image=x`, `app template=x`.
fn change(observed: &mut Observed, part: &str) {
    let (text, said) = said(part);
    let (name, what) = text.trim().split_once(' ').expect("a service and a change");
    if what.trim() == "gone" {
        observed.services.retain(|s| s.name.as_str() != name);
        return;
    }
    let service = observed.services.iter_mut().find(|s| s.name.as_str() == name).expect("a known service");
    let (key, value) = what.trim().split_once('=').unwrap_or((what.trim(), ""));
    let state = match key {
        "image" => return service.image = value.into(),
        "template" => return service.template = value.into(),
        "updating" => UpdateState::Updating,
        "paused" => UpdateState::Paused,
        "completed" => UpdateState::Completed,
        "rolling_back" => UpdateState::RollbackStarted,
        "rollback_paused" => UpdateState::RollbackPaused,
        "rolled_back" => UpdateState::RollbackCompleted,
        other => panic!("no such change: {other}"),
    };
    service.update = Some((state, said));
}

fn said(text: &str) -> (String, String) {
    match text.split_once('(') {
        Some((head, rest)) => (head.to_string(), rest.strip_suffix(')').unwrap_or(rest).to_string()),
        None => (text.to_string(), String::new()),
    }
}
