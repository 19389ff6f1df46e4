//! The faults of the in-memory cluster.

use ccci_swarm::observed::Oom;
use ccci_swarm::ports::cluster::PullError;

/// A fault that a test can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The registry answers that there is no such image.
    NoSuchImage(String),
    /// The registry of this image does not answer.
    RegistryUnreachable(String),
    /// The registry refuses this image.
    PullRefused(String),
    /// Each task of the service runs for a moment and ends with this code.
    CrashLoops(String, i64),
    /// Each task of the service runs for this many ms and ends with code 1.
    DiesAfter(String, u64),
    /// This many tasks end with code 1, then one stays up.
    Flickers(String, u64),
    /// Each task of the service is killed because of memory.
    OutOfMemory(String, Oom),
    /// The service's health check never passes.
    NeverHealthy(String),
    /// The service's tasks end with code 0 by themselves.
    Completes(String),
    /// The node rejects the service's tasks with this message.
    Rejects(String, String),
    /// No node takes the service's tasks; this is the message.
    NoNode(String, String),
    /// An update of the service fails with this code, and Swarm rolls it back.
    RollsBack(String, i64),
    /// An update of the service fails with this code, and Swarm pauses it while the old task serves.
    Pauses(String, i64),
    /// The engine refuses a deploy half-way, with this message.
    DeployRefused(String),
    /// The engine refuses a deploy half-way, because this service has a port of the stack.
    PortHeld(String),
    /// The engine refuses this service, after it took those before it, with this message.
    ServiceRefused(String, String),
    /// The engine refuses to make a network, with this message.
    NetworkRefused(String),
    /// An archive is accepted, but nothing of it is unpacked.
    UnpacksNothing,
    /// The service's tasks run on this node, which is not the engine's own.
    Elsewhere(String, String),
    /// Commands in the service's containers cannot run.
    ExecFails(String),
    /// This object (kind, name) can never be removed, because of this holder.
    RemovalHolds(String, String, String),
    /// The engine is not a manager.
    NotAManager,
    /// The caller has no permission for the engine's socket.
    NoPermission,
}

/// The error of pulling an image, if there is a fault for it.
pub(crate) fn pull_error(faults: &[Fault], image: &str) -> Option<PullError> {
    let text = |t: &str| t.to_string();
    let image_text = image.to_string();
    faults.iter().find_map(|fault| match fault {
        Fault::NoSuchImage(i) if i == image => {
            Some(PullError::NoSuchImage { image: image_text.clone(), text: text("manifest unknown") })
        }
        Fault::RegistryUnreachable(i) if i == image => Some(PullError::Unreachable {
            image: image_text.clone(),
            text: text("dial tcp: lookup registry: no such host"),
        }),
        Fault::PullRefused(i) if i == image => Some(PullError::Refused {
            image: image_text.clone(),
            text: text("denied: requested access to the resource is denied"),
        }),
        _ => None,
    })
}

/// What happens to a new task: when it runs and when it ends, in ms after its creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    /// It runs after this many ms; never if `None`.
    pub runs: Option<u64>,
    /// It ends after this many ms; never if `None`.
    pub ends: Option<(u64, Ending)>,
    /// It stays without a node; this is the message.
    pub no_node: Option<String>,
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// It is rejected, not failed.
    pub rejected: bool,
    /// Exit code of its container.
    pub code: Option<i64>,
    /// The engine's message.
    pub words: String,
    /// Whether it was killed because of memory.
    pub oom: Oom,
    /// Whether its health check had failed.
    pub unhealthy: bool,
}

fn ends(code: i64) -> Ending {
    let words = if code == 0 { String::new() } else { format!("task: non-zero exit ({code})") };
    Ending { rejected: false, code: Some(code), words, oom: Oom::Spared, unhealthy: false }
}

/// What happens to the `n`th new task (from 0) of a service, depending on the faults, on whether an update is in
/// progress and on whether there is a health check.
pub(crate) fn fate(faults: &[Fault], service: &str, n: u64, updating: bool, healthcheck: bool) -> Fate {
    let runs = if healthcheck { 1000 } else { 400 };
    let good = Fate { runs: Some(runs), ends: None, no_node: None };
    let ending = |runs: Option<u64>, at: u64, e: Ending| Fate { runs, ends: Some((at, e)), no_node: None };
    let mine = |s: &String| s == service;
    let of_fault = faults.iter().rev().find_map(|fault| match fault {
        Fault::CrashLoops(s, code) if mine(s) => Some(ending(Some(400), 500, ends(*code))),
        Fault::DiesAfter(s, ms) if mine(s) => Some(ending(Some(400), 400 + ms, ends(1))),
        Fault::Flickers(s, times) if mine(s) && n < *times => Some(ending(Some(400), 600, ends(1))),
        Fault::OutOfMemory(s, oom) if mine(s) => {
            Some(ending(Some(400), 700, Ending { oom: *oom, ..ends(137) }))
        }
        Fault::NeverHealthy(s) if mine(s) => {
            Some(ending(None, 10_000, Ending { unhealthy: true, ..ends(137) }))
        }
        Fault::Completes(s) if mine(s) => Some(ending(Some(400), 600, ends(0))),
        Fault::Rejects(s, words) if mine(s) => {
            let e = Ending { rejected: true, code: None, words: words.clone(), ..ends(1) };
            Some(ending(None, 300, e))
        }
        Fault::NoNode(s, words) if mine(s) => {
            Some(Fate { runs: None, ends: None, no_node: Some(words.clone()) })
        }
        Fault::RollsBack(s, code) | Fault::Pauses(s, code) if mine(s) && updating => {
            Some(ending(None, 700, ends(*code)))
        }
        _ => None,
    });
    of_fault.unwrap_or(good)
}
