//! The desired state of a stack, as far as Swarm can show it. Plain values.

use crate::observed::{Mode, Observed, ObservedService, Restart};
use ccci_model::name::ServiceName;
use std::collections::BTreeMap;

/// How many tasks are desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesiredMode {
    /// This many at once.
    Replicated(u64),
    /// One on each suitable node.
    Global,
    /// This many completions; 0 leaves the number to the engine (global jobs).
    Job(u64),
}

/// One service of the composed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredService {
    /// Name inside the stack.
    pub name: ServiceName,
    /// How many tasks.
    pub mode: DesiredMode,
    /// Image as written; the engine may add the digest.
    pub image: String,
    /// When ended tasks start again.
    pub restart: Restart,
    /// Service labels that must exist; the engine has more.
    pub labels: BTreeMap<String, String>,
}

/// What a stack should become.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desired {
    /// Its services.
    pub services: Vec<DesiredService>,
    /// Whether a deploy came just before. If so, a rolled-back update is a failure; if not, it is from an earlier
    /// deploy.
    pub fresh: bool,
}

impl DesiredService {
    /// One replica that always restarts.
    pub fn new(name: ServiceName, image: impl Into<String>) -> DesiredService {
        DesiredService {
            name,
            mode: DesiredMode::Replicated(1),
            image: image.into(),
            restart: Restart::Any,
            labels: BTreeMap::new(),
        }
    }

    /// Differences between the desired and the observed service, one line each.
    pub fn differences(&self, live: &ObservedService) -> Vec<String> {
        let mut out = vec![];
        let mut differ = |what: &str, desired: String, is: String| {
            if desired != is {
                out.push(format!("{what}: desired `{desired}`, the engine has `{is}`"));
            }
        };
        differ("image", self.image.clone(), as_written(&self.image, &live.image));
        differ("mode", self.mode_as_seen(live.mode), format!("{:?}", live.mode));
        differ("restart condition", format!("{:?}", self.restart), format!("{:?}", live.restart));
        for (key, value) in &self.labels {
            let is = live.labels.get(key).cloned().unwrap_or_else(|| "no such label".into());
            differ(&format!("label {key}"), value.clone(), is);
        }
        out
    }

    /// The desired mode, written like the observed one; counts that only the engine knows are taken from it.
    fn mode_as_seen(&self, live: Mode) -> String {
        let mode = match (self.mode, live) {
            (DesiredMode::Replicated(n), _) => Mode::Replicated(n),
            (DesiredMode::Global, live) => Mode::Global(live.desired()),
            (DesiredMode::Job(0), live) => Mode::Job(live.desired()),
            (DesiredMode::Job(n), _) => Mode::Job(n),
        };
        format!("{mode:?}")
    }
}

impl Desired {
    /// Services that exist but are not desired (lesson 5: `docker stack deploy` leaves them).
    pub fn dropped<'a>(&'a self, observed: &'a Observed) -> impl Iterator<Item = &'a ServiceName> {
        let known = |s: &&ObservedService| !self.services.iter().any(|w| w.name == s.name);
        observed.services.iter().filter(known).map(|s| &s.name)
    }
}

/// The engine adds `@sha256:…` when it resolves a tag. This is no difference unless a digest was asked for.
fn as_written(desired: &str, live: &str) -> String {
    match live.split_once('@') {
        Some((name, _)) if !desired.contains('@') => name.to_string(),
        _ => live.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_added_by_the_engine_is_no_difference() {
        assert_eq!(as_written("nginx:1", "nginx:1@sha256:ab"), "nginx:1");
        assert_eq!(as_written("nginx:1@sha256:ab", "nginx:1@sha256:cd"), "nginx:1@sha256:cd");
        assert_eq!(as_written("nginx:1", "nginx:2"), "nginx:2");
    }
}
