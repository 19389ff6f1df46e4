//! The label contract: which services are backed up, which paths of their volumes, by which commands. Pure.

use super::nested;
use crate::name::ServiceName;
use crate::recipe::compose::name_in_files;
use crate::world::seen::{Mode, Seen, ServiceSeen};

/// Commands around an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    /// Before.
    pub pre: Option<String>,
    /// After.
    pub post: Option<String>,
}

/// A path that is backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The volume's name in the compose file.
    pub volume: String,
    /// The service through whose container it is read and written.
    pub service: ServiceName,
    /// The path in that container.
    pub path: String,
    /// Whether that is the mount point, and not a path below it.
    pub whole: bool,
    /// Other mounts of that container inside the path, relative to it: what lies there is of another volume.
    pub inside: Vec<String>,
}

/// What is done for one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The service.
    pub service: ServiceName,
    /// Commands around the backup.
    pub backup: Hooks,
    /// Commands around the restore.
    pub restore: Hooks,
    /// What is archived.
    pub paths: Vec<Selected>,
}

/// The jobs of a stack, and what a reader should know about its labels. All volumes of a service by default;
/// `backupbot.backup.volumes.<v>=false` excludes, `….<v>.path=a,b` limits to paths below the volume.
pub fn jobs(seen: &Seen) -> (Vec<Job>, Vec<String>) {
    let (mut jobs, mut notes) = (vec![], vec![]);
    for service in &seen.services {
        // lesson 13: version 2 of the contract ignores the old single-path label
        if service.labels.contains_key("backupbot.backup.path") {
            let name = &service.name;
            notes.push(format!(
                "service `{name}` has the old label `backupbot.backup.path`, which version 2 ignores"
            ));
        }
        if on(service) {
            notes.extend(led_out(service));
            jobs.push(job(service, &seen.services));
        }
    }
    (jobs, notes)
}

fn on(service: &ServiceSeen) -> bool {
    service.labels.get("backupbot.backup").is_some_and(|v| v.eq_ignore_ascii_case("true"))
}

fn job(service: &ServiceSeen, all: &[ServiceSeen]) -> Job {
    let label = |key: &str| service.labels.get(&format!("backupbot.{key}")).cloned();
    let mut paths = vec![];
    let mut names: Vec<&String> = vec![];
    for (engine_name, _) in &service.volumes {
        // one volume may be mounted more than once
        if names.contains(&engine_name) {
            continue;
        }
        names.push(engine_name);
        let Some((through, mount)) = way(engine_name, service, all) else { continue };
        let volume = short(engine_name, service);
        let key = |rest: &str| format!("backup.volumes.{volume}{rest}");
        if label(&key("")).is_some_and(|v| v.eq_ignore_ascii_case("false")) {
            continue;
        }
        let mount = mount.trim_end_matches('/');
        let mounts =
            || all.iter().filter(|s| s.name == *through).flat_map(|s| &s.volumes).map(|(_, at)| at.as_str());
        let selected = |path: String| {
            let (whole, inside) = (path == mount, nested::inside(&path, mounts()));
            Selected { volume: volume.clone(), service: through.clone(), path, whole, inside }
        };
        match label(&key(".path")) {
            None => paths.push(selected(mount.to_string())),
            Some(list) => {
                let below = list
                    .split(',')
                    .map(|p| p.trim().trim_matches('/'))
                    .filter(|p| !p.is_empty() && !leads_out(p));
                paths.extend(below.map(|below| selected(format!("{mount}/{below}"))));
            }
        }
    }
    Job {
        service: service.name.clone(),
        backup: Hooks { pre: label("backup.pre-hook"), post: label("backup.post-hook") },
        restore: Hooks { pre: label("restore.pre-hook"), post: label("restore.post-hook") },
        paths,
    }
}

/// Labels with a path whose content is of the image or of another volume.
fn led_out(service: &ServiceSeen) -> impl Iterator<Item = String> {
    let of_volumes = service.labels.iter().filter(|(key, _)| key.starts_with("backupbot.backup.volumes."));
    let out = of_volumes.filter(|(_, list)| list.split(',').any(leads_out));
    out.map(|(key, list)| format!("`{list}` of label `{key}` leads out of its volume and is left out"))
}

fn leads_out(path: &str) -> bool {
    path.split('/').any(|part| part.trim() == "..")
}

/// Where a volume is reached: a mount that can be written to, as a restore needs, of the service itself or else of another
/// one; else the service's own.
fn way<'a>(
    volume: &str,
    service: &'a ServiceSeen,
    all: &'a [ServiceSeen],
) -> Option<(&'a ServiceName, &'a str)> {
    let mounts = |s: &'a ServiceSeen| {
        let of_volume = s.volumes.iter().filter(move |(name, _)| name == volume);
        of_volume.map(move |(_, path)| (&s.name, path.as_str(), !s.read_only.contains(path)))
    };
    let lasting = all.iter().filter(|s| !matches!(s.mode, Mode::Job(_) | Mode::Replicated(0)));
    let writable = mounts(service).chain(lasting.flat_map(mounts)).find(|(.., writable)| *writable);
    writable.or_else(|| mounts(service).next()).map(|(name, path, _)| (name, path))
}

fn short(engine_name: &str, service: &ServiceSeen) -> String {
    let stack = service.labels.get("com.docker.stack.namespace").map_or("", String::as_str);
    name_in_files(engine_name, stack).to_string()
}
