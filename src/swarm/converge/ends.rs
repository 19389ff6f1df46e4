//! How a task ended, from everything the engine says about it. One table has the engine's own words. Pure.

use crate::observed::{Mode, ObservedService, ObservedTask, Oom, Restart, TaskState};
use crate::ports::cluster::DISK_FULL;
use ccci_model::failure::{Cause, causes};

/// A bad end of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its program ended by itself with this code.
    Exit(i64),
    /// The kernel killed it because it exceeded its memory limit (only the container shows this: lesson 47).
    OutOfMemory,
    /// The kernel killed it although it has no limit: its node had no memory left.
    MachineOutOfMemory,
    /// The engine stopped it because its health check failed (lesson 39).
    Unhealthy,
    /// The node has no such image and could not get it.
    NoImage,
    /// A port that it publishes is in use.
    PortTaken,
    /// A disk of its node is full.
    DiskFull,
    /// The engine could not join it to a network, for instance because of remains of a killed engine.
    NoNetwork,
    /// The node could not start it, for instance because of a mount (lesson 9).
    Refused,
}

/// Words of the engine (20.10 to 29) and the end that they mean, the most specific first.
const WORDS: &[(&str, End)] = &[
    (DISK_FULL, End::DiskFull),
    ("No such image", End::NoImage),
    ("port is already allocated", End::PortTaken),
    ("address already in use", End::PortTaken),
    ("sandbox join failed", End::NoNetwork),
    ("iptables failed", End::NoNetwork),
    ("attaching to network failed", End::NoNetwork),
    ("address pool", End::NoNetwork),
    ("unhealthy container", End::Unhealthy),
    ("bind source path does not exist", End::Refused),
    ("invalid mount config", End::Refused),
    ("driver failed programming external connectivity", End::PortTaken),
    ("starting container failed", End::Refused),
    ("OCI runtime", End::Refused),
];

/// An old task may end with these errors while Swarm removes it; they say nothing about the app (lesson 44).
const HARMLESS: &[&str] = &["removing network", "error while removing"];

/// How a task ended badly. `None` if it has not ended, finished as it should, or was stopped by Swarm.
pub fn end_of(service: &ObservedService, task: &ObservedTask) -> Option<End> {
    let said = || WORDS.iter().find(|(words, _)| task.error.contains(words)).map(|(_, end)| end.clone());
    match task.state {
        TaskState::Pending | TaskState::Starting | TaskState::Running => None,
        TaskState::Shutdown | TaskState::Orphaned => None,
        TaskState::Rejected => Some(said().unwrap_or(End::Refused)),
        TaskState::Failed if task.oom_killed == Some(Oom::OverLimit) => Some(End::OutOfMemory),
        TaskState::Failed if task.oom_killed == Some(Oom::MachineOut) => Some(End::MachineOutOfMemory),
        TaskState::Failed | TaskState::Complete if task.unhealthy == Some(true) => Some(End::Unhealthy),
        TaskState::Complete => {
            let should_run = service.restart == Restart::Any || service.serves();
            (should_run && !matches!(service.mode, Mode::Job(_))).then_some(End::Exit(0))
        }
        TaskState::Failed if HARMLESS.iter().any(|w| task.error.contains(w)) => None,
        TaskState::Failed => Some(said().unwrap_or(match task.exit_code {
            Some(0) | None => End::Refused,
            Some(code) => End::Exit(code),
        })),
    }
}

impl End {
    /// The row of `CAUSES` for an end that repeats.
    pub fn cause(&self) -> &'static Cause {
        match self {
            End::Exit(_) => causes::CRASH_LOOP,
            End::OutOfMemory => causes::OUT_OF_MEMORY,
            End::MachineOutOfMemory => causes::MACHINE_OUT_OF_MEMORY,
            End::Unhealthy => causes::NEVER_HEALTHY,
            End::NoImage => causes::MISSING_IMAGE,
            End::PortTaken => causes::PORT_TAKEN,
            End::DiskFull => causes::DISK_FULL,
            End::NoNetwork => causes::NETWORK_BROKEN,
            End::Refused => causes::TASK_REJECTED,
        }
    }

    /// The cause of an update that was rolled back or paused because of this end: `of_recipe`, unless the engine
    /// could not start the task, because then the new version is not to blame.
    pub(crate) fn cause_of_update(&self, of_recipe: &'static Cause) -> &'static Cause {
        if [End::NoNetwork, End::DiskFull, End::MachineOutOfMemory].contains(self) {
            self.cause()
        } else {
            of_recipe
        }
    }

    /// Whether the only reason may be that another service was not ready yet.
    pub(crate) fn may_wait_for_others(&self) -> bool {
        matches!(self, End::Exit(_) | End::Unhealthy)
    }

    /// A few words that follow "ended".
    pub fn words(&self) -> String {
        match self {
            End::Exit(code) => format!("with exit code {code}{}", meaning(*code)),
            End::OutOfMemory => "with exit code 137 (out of memory)".into(),
            End::MachineOutOfMemory => {
                "with exit code 137 (the machine had no memory left; the service has no limit)".into()
            }
            End::Unhealthy => "by the engine because its health check failed".into(),
            End::NoImage => "without starting: the node has no such image".into(),
            End::PortTaken => "without starting: a port it publishes is in use".into(),
            End::DiskFull => "without starting: a disk of its node is full".into(),
            End::NoNetwork => "without starting: the engine could not join it to a network".into(),
            End::Refused => "without starting: the node refused it".into(),
        }
    }
}

/// What an exit code usually means, in brackets; empty for a program's own codes.
pub fn meaning(code: i64) -> &'static str {
    match code {
        0 => " (its program ended by itself, but it should keep running)",
        126 => " (the command is not executable)",
        127 => " (the command was not found)",
        134 => " (SIGABRT: it aborted)",
        137 => " (SIGKILL)",
        139 => " (SIGSEGV: it crashed)",
        143 => " (SIGTERM)",
        _ => "",
    }
}

/// One line about a task for the evidence: state, exit code and the engine's own words.
pub fn line(task: &ObservedTask) -> String {
    let mut text = format!("{:?}", task.state).to_lowercase();
    if let Some(code) = task.exit_code {
        text.push_str(&format!(", exit code {code}"));
    }
    text.push_str(match task.oom_killed {
        Some(Oom::OverLimit) => ", killed for memory",
        Some(Oom::MachineOut) => ", killed because the machine had no more memory",
        Some(Oom::Spared) | None => "",
    });
    if task.unhealthy == Some(true) {
        text.push_str(", its health check had failed");
    }
    let lived = task.changed_ms.saturating_sub(task.created_ms);
    if lived > 0 && task.state > TaskState::Running {
        text.push_str(&format!(", {}.{} s after it was made", lived / 1000, lived % 1000 / 100));
    }
    let words = if task.error.is_empty() { &task.message } else { &task.error };
    if !words.is_empty() {
        text.push_str(&format!(": {words}"));
    }
    text
}
