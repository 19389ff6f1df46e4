//! Places that an app's services mount and that ccci leaves alone: what it keeps there is neither emptied before a run, nor
//! backed up, nor put back, nor removed after it.

use crate::name::ServiceName;
use serde::{Deserialize, Serialize};

/// What such a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A path of the host.
    HostPath,
    /// A volume whose driver or options keep its files elsewhere.
    Volume,
    /// Memory.
    Memory,
    /// Anything else that is mounted.
    Other,
}

/// A place that ccci leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// The service that mounts it.
    pub service: ServiceName,
    /// The path in its containers.
    pub target: String,
    /// What it is.
    pub kind: Kind,
    /// The host's path, the volume's key, or nothing.
    pub source: String,
    /// Where a volume's options put it, as they say it.
    pub lies: String,
    /// Whether the app may not write there.
    pub read_only: bool,
    /// The volume of the same service inside which it is mounted, by its key.
    pub inside: Option<String>,
    /// Whether the service is backed up.
    pub backed_up: bool,
}

impl Outside {
    /// What it is, in words.
    pub fn named(&self) -> String {
        match self.kind {
            Kind::HostPath => format!("host path {}", self.source),
            Kind::Volume if self.lies.is_empty() => format!("volume {} of another driver", self.source),
            Kind::Volume => format!("volume {}, which lies on {}", self.source, self.lies),
            Kind::Memory => "memory".into(),
            Kind::Other if self.source.is_empty() => "a mount of its own kind".into(),
            Kind::Other => format!("mount {}", self.source),
        }
    }

    /// Whether what the app writes there is still there after the run.
    pub fn keeps(&self) -> bool {
        !self.read_only && self.kind != Kind::Memory
    }

    /// What a run cannot prove of it, fit to stand after "not proved:"; `backup` says whether the run makes one.
    pub fn not_proved(&self, backup: bool) -> Option<String> {
        // memory beside the volumes is nobody's data
        let counts = self.kind != Kind::Memory || self.inside.is_some();
        let what = match (backup && self.backed_up && !self.read_only && counts, self.keeps()) {
            (true, true) => "starts empty, is backed up and restored, and is gone after the run",
            (true, false) => "is backed up and restored",
            (false, true) => "starts empty and is gone after the run",
            (false, false) => return None,
        };
        let inside = self.inside.as_ref().map_or(String::new(), |v| format!(" inside volume {v}"));
        let (service, target, named) = (&self.service, &self.target, self.named());
        Some(format!(
            "that what service {service} keeps at {target}{inside} {what}: it is {named}, which ccci leaves alone"
        ))
    }
}
