//! Docker's answers as the port's plain values. Pure; tested on recorded answers in `tests/fixtures/engine/`.

use bollard::models::{
    ContainerInspectResponse, HealthConfig, HealthStatusEnum, Mount, MountType, Service,
    ServiceUpdateStatusStateEnum, Task, TaskSpec, TaskSpecRestartPolicyConditionEnum, TaskState as State,
};
use ccci_model::name::ServiceName;
use ccci_swarm::observed::{
    Mode, ObservedService, ObservedTask, ObservedVolume, Oom, Restart, TaskState, UpdateState,
};
use ccci_swarm::routing::PROXY_NETWORK;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// A service of a stack; `None` if its name does not belong to the stack. `networks` maps network ids to names.
pub fn service(answer: Service, stack: &str, networks: &HashMap<String, String>) -> Option<ObservedService> {
    let spec = answer.spec.unwrap_or_default();
    let name = spec.name.as_deref()?.strip_prefix(stack)?.strip_prefix('_')?.to_string();
    let template = spec.task_template.unwrap_or_default();
    let (whole, but_image) = (digest(&template), digest(&without_image(&template)));
    let (desired, _) = answer
        .service_status
        .map_or((0, 0), |s| (s.desired_tasks.unwrap_or(0), s.running_tasks.unwrap_or(0)));
    let mode = spec.mode.unwrap_or_default();
    let mode = if let Some(r) = mode.replicated {
        Mode::Replicated(r.replicas.unwrap_or(1).max(0) as u64)
    } else if let Some(j) = mode.replicated_job {
        Mode::Job(j.total_completions.or(j.max_concurrent).unwrap_or(1).max(0) as u64)
    } else if mode.global_job.is_some() {
        Mode::Job(desired)
    } else {
        Mode::Global(desired)
    };
    let restart = template.restart_policy.unwrap_or_default();
    let container = template.container_spec.unwrap_or_default();
    let mounts = container.mounts.unwrap_or_default();
    let targets = template.networks.or(spec.networks).unwrap_or_default();
    let ports = spec.endpoint_spec.and_then(|e| e.ports).unwrap_or_default();
    let named = |id: &String| networks.get(id).unwrap_or(id).clone();
    Some(ObservedService {
        id: answer.id.unwrap_or_default(),
        name: ServiceName::parse(&name).ok()?,
        mode,
        image: container.image.unwrap_or_default(),
        labels: spec.labels.unwrap_or_default().into_iter().collect(),
        env: container.env.unwrap_or_default(),
        restart: match restart.condition {
            Some(TaskSpecRestartPolicyConditionEnum::NONE) => Restart::Never,
            Some(TaskSpecRestartPolicyConditionEnum::ON_FAILURE) => Restart::OnFailure,
            _ => Restart::Any,
        },
        max_attempts: restart.max_attempts.unwrap_or(0).max(0) as u64,
        start_first: spec.update_config.is_some_and(|u| format!("{:?}", u.order).contains("START")),
        update: answer.update_status.and_then(|u| Some((update(u.state?)?, u.message.unwrap_or_default()))),
        volumes: mounts.iter().filter(|m| m.typ == Some(MountType::VOLUME)).filter_map(volume).collect(),
        networks: targets.iter().filter_map(|n| n.target.as_ref()).map(named).collect(),
        ports: ports
            .into_iter()
            .map(|p| {
                let protocol = p.protocol.map_or("tcp".into(), |x| x.to_string());
                (p.published_port.unwrap_or(0) as u16, p.target_port.unwrap_or(0) as u16, protocol)
            })
            .collect(),
        template: whole,
        template_but_image: but_image,
        // only a container shows whether the image has one, see `checks_health`
        has_healthcheck: tests_anything(container.health_check.as_ref()),
    })
}

fn without_image(template: &TaskSpec) -> TaskSpec {
    let mut template = template.clone();
    if let Some(container) = &mut template.container_spec {
        container.image = None;
    }
    template
}

/// A mount of a volume; `None` for one without a name, which the engine manages itself.
fn volume(mount: &Mount) -> Option<ObservedVolume> {
    let driver = mount.volume_options.as_ref().and_then(|o| o.driver_config.as_ref());
    let elsewhere = driver.is_some_and(|d| {
        let other = d.name.as_ref().is_some_and(|n| !n.is_empty() && n != ENGINES_DRIVER);
        other || d.options.as_ref().is_some_and(|o| !o.is_empty())
    });
    Some(ObservedVolume { name: mount.source.clone()?, path: mount.target.clone()?, elsewhere })
}

/// The driver of volumes whose files are on the engine.
pub(crate) const ENGINES_DRIVER: &str = "local";

fn update(state: ServiceUpdateStatusStateEnum) -> Option<UpdateState> {
    use ServiceUpdateStatusStateEnum as S;
    Some(match state {
        S::UPDATING => UpdateState::Updating,
        S::PAUSED => UpdateState::Paused,
        S::COMPLETED => UpdateState::Completed,
        S::ROLLBACK_STARTED => UpdateState::RollbackStarted,
        S::ROLLBACK_PAUSED => UpdateState::RollbackPaused,
        S::ROLLBACK_COMPLETED => UpdateState::RollbackCompleted,
        S::EMPTY => return None,
    })
}

/// A task.
pub fn task(answer: Task) -> ObservedTask {
    let status = answer.status.unwrap_or_default();
    let container = status.container_status.unwrap_or_default();
    let has_ended = matches!(
        status.state,
        Some(State::COMPLETE | State::FAILED | State::SHUTDOWN | State::REJECTED | State::ORPHANED)
    );
    let id = container.container_id.unwrap_or_default();
    ObservedTask {
        id: answer.id.unwrap_or_default(),
        service: answer.service_id.unwrap_or_default(),
        slot: answer.slot.unwrap_or(0).max(0) as u64,
        node: answer.node_id.unwrap_or_default(),
        state: status.state.map_or(TaskState::Pending, state),
        desired_running: matches!(
            answer.desired_state,
            Some(State::RUNNING | State::READY | State::COMPLETE | State::ACCEPTED)
        ) && !has_ended,
        // the engine says 0 while a container runs and -1 if it lost it: neither is an exit code
        exit_code: container.exit_code.filter(|c| has_ended && *c >= 0 && !id.is_empty()),
        error: status.err.unwrap_or_default(),
        message: status.message.unwrap_or_default(),
        created_ms: answer.created_at.as_deref().and_then(ms_of).unwrap_or(0),
        changed_ms: status.timestamp.as_deref().and_then(ms_of).unwrap_or(0),
        container: id,
        oom_killed: None,
        unhealthy: None,
        check: String::new(),
        template: answer.spec.as_ref().map(digest).unwrap_or_default(),
    }
}

fn state(state: State) -> TaskState {
    match state {
        State::NEW | State::ALLOCATED | State::PENDING => TaskState::Pending,
        State::ASSIGNED | State::ACCEPTED | State::PREPARING | State::READY | State::STARTING => {
            TaskState::Starting
        }
        State::RUNNING => TaskState::Running,
        State::COMPLETE => TaskState::Complete,
        State::FAILED => TaskState::Failed,
        State::REJECTED => TaskState::Rejected,
        State::SHUTDOWN | State::REMOVE => TaskState::Shutdown,
        State::ORPHANED => TaskState::Orphaned,
    }
}

/// What only the container shows (lessons 39 and 47): whether it was killed for lack of memory, and whether its
/// health check had failed when it ended. If a killed container has no limit of its own, the machine's memory ran
/// out.
///
/// An engine may lose the kernel's report (observed on 20.10: `OOMKilled` false after a kill that the kernel's log
/// shows). So a task with a memory limit that SIGKILL ended, and that Swarm did not stop, counts as killed for lack
/// of memory.
pub(crate) fn container_end(answer: &ContainerInspectResponse) -> (Option<Oom>, Option<bool>) {
    let Some(state) = &answer.state else { return (None, None) };
    let unhealthy = failed_its_check(answer);
    let limit = answer.host_config.as_ref().and_then(|h| h.memory);
    let killed = state.exit_code == Some(137) && limit > Some(0) && !unhealthy;
    let oom = state.oom_killed.map(|said| match said || killed {
        false => Oom::Spared,
        true if limit == Some(0) => Oom::MachineOut,
        true => Oom::OverLimit,
    });
    (oom, Some(unhealthy))
}

/// Where a container is on networks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct InNetworks {
    /// Its process on the engine's machine; 0 until it has one.
    pub pid: u32,
    /// Its address on the proxy's network, else on another.
    pub address: Option<IpAddr>,
    /// Whether it uses the network of its node.
    pub of_host: bool,
}

/// Where a container is on networks.
pub(crate) fn in_networks(answer: &ContainerInspectResponse) -> InNetworks {
    let all = answer.network_settings.as_ref().and_then(|n| n.networks.as_ref());
    let on = |name: &str| all.and_then(|all| all.get(name)?.ip_address.as_deref()?.parse().ok());
    let any = || all.and_then(|all| all.keys().find_map(|name| on(name)));
    let pid = answer.state.as_ref().and_then(|s| s.pid).and_then(|pid| pid.try_into().ok());
    InNetworks {
        pid: pid.unwrap_or(0),
        address: on(PROXY_NETWORK).or_else(any),
        of_host: answer.host_config.as_ref().and_then(|h| h.network_mode.as_deref()) == Some("host"),
    }
}

/// What a container's health check last wrote, cut.
pub(crate) fn check_wrote(answer: &ContainerInspectResponse) -> String {
    let log = answer.state.as_ref().and_then(|s| s.health.as_ref()).and_then(|h| h.log.as_ref());
    let mut wrote = log.into_iter().flatten().rev().filter_map(|check| check.output.as_deref());
    let last = wrote.find(|output| !output.trim().is_empty()).unwrap_or_default();
    last.trim().chars().take(SHOWN_OF_CHECK).collect()
}

/// Characters of a health check's output that are kept.
const SHOWN_OF_CHECK: usize = 500;

/// Whether a container's health check had failed often enough. The status alone is not enough: the engine calls
/// every container with a check unhealthy when it stops (20.10: one that exits before its first check has a streak
/// of 0).
fn failed_its_check(answer: &ContainerInspectResponse) -> bool {
    let health = answer.state.as_ref().and_then(|s| s.health.as_ref());
    let check = answer.config.as_ref().and_then(|c| c.healthcheck.as_ref());
    let retries = check.and_then(|c| c.retries).filter(|n| *n > 0).unwrap_or(ENGINES_RETRIES);
    health.is_some_and(|h| {
        h.status == Some(HealthStatusEnum::UNHEALTHY) && h.failing_streak.unwrap_or(0) >= retries
    })
}

/// How often a check must fail in a row if the recipe and the image do not say.
const ENGINES_RETRIES: i64 = 3;

/// Whether a container has a health check, from its spec or from its image.
pub(crate) fn checks_health(answer: &ContainerInspectResponse) -> bool {
    tests_anything(answer.config.as_ref().and_then(|c| c.healthcheck.as_ref()))
}

/// Whether a health check tests anything; without a test it only changes the times of the image's check.
fn tests_anything(check: Option<&HealthConfig>) -> bool {
    let test = check.and_then(|c| c.test.as_ref());
    test.and_then(|t| t.first()).is_some_and(|kind| kind != "NONE")
}

/// A digest of the parts of a spec that make a task new. Placement is left out, because Swarm keeps a task whose
/// node still fits. The engine's own defaults are left out too, because it writes them into services but not into
/// tasks.
pub fn digest(spec: &TaskSpec) -> String {
    let mut spec = spec.clone();
    spec.placement = None;
    spec.runtime = spec.runtime.filter(|r| r != "container");
    let text = canonical(&serde_json::to_value(&spec).unwrap_or_default());
    ccci_model::digest::sha256(text.as_bytes())[..16].to_string()
}

/// JSON with sorted keys and without empty values.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, String> =
                map.iter().map(|(k, v)| (k, canonical(v))).filter(|(_, v)| !v.is_empty()).collect();
            let body: Vec<String> = sorted.into_iter().map(|(k, v)| format!("{k:?}:{v}")).collect();
            if body.is_empty() { String::new() } else { format!("{{{}}}", body.join(",")) }
        }
        Value::Array(list) if list.is_empty() => String::new(),
        Value::Array(list) => format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Milliseconds since 1970 of `2026-11-23T17:16:39.477220109Z`; the engine always writes UTC.
pub(crate) fn ms_of(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let seconds = number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
    // days from civil, with March as the first month (Howard Hinnant's algorithm)
    let y = if month <= 2 { year.checked_sub(1)? } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = (y * 365 + y / 4 - y / 100 + y / 400 + day_of_year).checked_sub(719_468)?;
    let digits: String =
        text.get(20..).unwrap_or("").chars().take_while(char::is_ascii_digit).take(3).collect();
    let ms = format!("{digits:0<3}").parse::<u64>().ok()?;
    Some((days * 86_400 + seconds) * 1000 + ms)
}
