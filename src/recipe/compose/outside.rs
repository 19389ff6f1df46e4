//! Mounts that are not the stack's own volumes on the engine: paths of the host, network shares, memory. What
//! an app stores there is not emptied before a run, not backed up, not restored and not removed after the
//! run. Pure.

use super::Composed;
use super::view::{Mount, Object, Service};
use crate::labels;
use ccci_model::plan::left_alone::{Kind, Outside};

impl Composed {
    /// The mounted paths that are left alone, in the order of the files.
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
        // a volume without a name is made by the engine and removed with its container
        "volume" => volume.filter(|v| is_outside(v)).map(kind_of)?,
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
        backed_up: labels::is_backed_up(&service.labels),
    })
}

fn is_inside(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir.trim_end_matches('/')).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

fn kind_of(volume: &Object) -> Kind {
    let in_memory = volume.driver_opts.get("type").is_some_and(|t| t == "tmpfs");
    if in_memory { Kind::Memory } else { Kind::Volume }
}

/// Whether the files of a volume are stored outside of the engine.
fn is_outside(volume: &Object) -> bool {
    volume.driver.as_deref().is_some_and(|d| d != "local") || !volume.driver_opts.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::test_compose;

    #[test]
    fn mounts_outside_of_the_engines_volumes_are_listed() {
        let composed = test_compose(
            "version: '3.8'\nservices:\n  app:\n    image: x\n    deploy:\n      labels: {backupbot.backup: 'true'}\n    \
             volumes:\n      - data:/data\n      - /srv/media:/data/media\n      - /etc/localtime:/etc/localtime:ro\n      \
             - nas:/nas\n      - fast:/fast\n      - plugin:/plugin\n      - /anonymous\n      - {type: tmpfs, target: /run/x}\n\
             volumes:\n  data: {}\n  nas: {driver_opts: {type: nfs, o: addr=10.0.0.1, device: ':/export'}}\n  \
             fast: {driver_opts: {type: tmpfs, device: tmpfs}}\n  plugin: {driver: rclone}\n",
        );
        let all = composed.outside();
        let found: Vec<String> = all.iter().map(|o| format!("{} {}", o.target, o.named())).collect();
        let expected = [
            "/data/media host path /srv/media",
            "/etc/localtime host path /etc/localtime",
            "/nas volume nas, which lies on :/export",
            "/fast memory",
            "/plugin volume plugin of another driver",
            "/run/x memory",
        ];
        assert_eq!(found, expected);
        assert_eq!(
            all.iter().map(Outside::keeps).collect::<Vec<_>>(),
            [true, false, true, false, true, false]
        );
        assert_eq!(all[0].inside.as_deref(), Some("data"));
        assert!(all.iter().all(|o| o.backed_up));
    }
}
