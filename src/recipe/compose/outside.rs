//! Places under mounts that are no volume of the stack's own on the engine: paths of the host, shares, memory. What an app
//! keeps there is neither emptied before a run, nor backed up, nor put back, nor removed after it. Pure.

use super::Composed;
use super::view::{Mount, Object, Service};
use crate::name::ServiceName;
use serde::{Deserialize, Serialize};

/// What such a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A path of the host.
    HostPath,
    /// A volume whose driver or options put its files elsewhere.
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

impl Composed {
    /// The places that are left alone, in the order of the files.
    pub fn outside(&self) -> Vec<Outside> {
        let volumes = self.volumes();
        let services = self.services();
        services
            .iter()
            .flat_map(|s| s.mounts.iter().filter_map(|m| outside(s, m, &volumes)).collect::<Vec<_>>())
            .collect()
    }
}

fn outside(service: &Service, mount: &Mount, volumes: &[Object]) -> Option<Outside> {
    let volume = volumes.iter().find(|v| v.key == mount.source);
    let kind = match mount.kind.as_str() {
        "bind" => Kind::HostPath,
        "tmpfs" => Kind::Memory,
        // one without a name is made by the engine and goes with its container
        "volume" => volume.filter(|v| lives_elsewhere(v)).map(kind_of)?,
        _ => Kind::Other,
    };
    let options = volume.map(|v| v.driver_opts.clone()).unwrap_or_default();
    let around = service.mounts.iter().filter(|m| m.kind == "volume" && is_inside(&mount.target, &m.target));
    Some(Outside {
        service: service.name.clone(),
        target: mount.target.clone(),
        kind,
        source: mount.source.clone(),
        lies: options.get("device").cloned().unwrap_or_default(),
        read_only: mount.read_only,
        inside: around.map(|m| m.source.clone()).next(),
        backed_up: service.labels.get("backupbot.backup").is_some_and(|v| v.eq_ignore_ascii_case("true")),
    })
}

fn is_inside(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir.trim_end_matches('/')).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

fn kind_of(volume: &Object) -> Kind {
    let in_memory = volume.driver_opts.get("type").is_some_and(|t| t == "tmpfs");
    if in_memory { Kind::Memory } else { Kind::Volume }
}

/// Whether a volume's files lie elsewhere than on the engine.
fn lives_elsewhere(volume: &Object) -> bool {
    volume.driver.as_deref().is_some_and(|d| d != "local") || !volume.driver_opts.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::compose::test_compose;

    #[test]
    fn everything_that_is_mounted_and_no_volume_of_the_engine_is_named() {
        let composed = test_compose(
            "version: '3.8'\nservices:\n  app:\n    image: x\n    deploy:\n      labels: {backupbot.backup: 'true'}\n    \
             volumes:\n      - data:/data\n      - /srv/media:/data/media\n      - /etc/localtime:/etc/localtime:ro\n      \
             - nas:/nas\n      - fast:/fast\n      - plugin:/plugin\n      - /anonymous\n      - {type: tmpfs, target: /run/x}\n\
             volumes:\n  data: {}\n  nas: {driver_opts: {type: nfs, o: addr=10.0.0.1, device: ':/export'}}\n  \
             fast: {driver_opts: {type: tmpfs, device: tmpfs}}\n  plugin: {driver: rclone}\n",
        );
        let all = composed.outside();
        let told: Vec<String> = all.iter().map(|o| format!("{} {}", o.target, o.named())).collect();
        let expected = [
            "/data/media host path /srv/media",
            "/etc/localtime host path /etc/localtime",
            "/nas volume nas, which lies on :/export",
            "/fast memory",
            "/plugin volume plugin of another driver",
            "/run/x memory",
        ];
        assert_eq!(told, expected);
        assert_eq!(
            all.iter().map(Outside::keeps).collect::<Vec<_>>(),
            [true, false, true, false, true, false]
        );
        assert_eq!(all[0].inside.as_deref(), Some("data"));
        assert!(all.iter().all(|o| o.backed_up));
    }
}
