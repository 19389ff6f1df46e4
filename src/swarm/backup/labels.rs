//! The label contract: which services are backed up, which paths of their volumes, by which commands. Pure.

use crate::observed::{Observed, ObservedService, ObservedVolume};
use crate::ports::volume::InVolume;
use ccci_model::name::ServiceName;
use ccci_recipe::compose::name_in_files;
use ccci_recipe::labels::{OLD_BACKED_UP, STACK, is_backed_up};
use std::collections::BTreeSet;

/// Commands that run before and after a backup or a restore.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    /// The command before it.
    pub pre: Option<String>,
    /// The command after it.
    pub post: Option<String>,
}

/// A path that is backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The volume's name in the compose file.
    pub volume: String,
    /// The service whose labels select it.
    pub service: ServiceName,
    /// The path in the volume.
    pub at: InVolume,
    /// Where the service mounts the volume.
    pub mounts: Vec<String>,
}

impl Selected {
    /// Its name in messages: mount point, path and volume.
    pub fn named(&self) -> String {
        let mount = self.mounts.first().map_or("", |m| m.trim_end_matches('/'));
        match self.at.path.as_str() {
            "" => format!("`{mount}` of volume `{}`", self.volume),
            path => format!("`{mount}/{path}` of volume `{}`", self.volume),
        }
    }
}

/// What a backup or a restore does for one service.
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
    /// Selected volumes that are left alone, because their driver or options keep the files outside of the engine;
    /// named as in the compose file.
    pub elsewhere: Vec<String>,
}

/// The jobs of a stack, and notes for the reader about its labels. By default all volumes of a service are backed
/// up; `backupbot.backup.volumes.<v>=false` excludes one, `….<v>.path=a,b` limits it to these paths.
pub fn jobs(observed: &Observed) -> (Vec<Job>, Vec<String>) {
    let (mut jobs, mut notes) = (vec![], vec![]);
    for service in &observed.services {
        // lesson 13: version 2 of the contract ignores the old single-path label
        if service.labels.contains_key(OLD_BACKED_UP) {
            let name = &service.name;
            notes.push(format!(
                "service `{name}` has the old label `{OLD_BACKED_UP}`, which version 2 ignores"
            ));
        }
        if on(service) {
            notes.extend(led_out(service));
            jobs.push(job(service));
        }
    }
    (jobs, notes)
}

/// The volumes of a stack of which no backup holds anything, each with a service that mounts it; named as in the compose
/// file. Volumes whose files are outside of the engine are told elsewhere.
pub fn left_out(observed: &Observed) -> Vec<(String, ServiceName)> {
    let (jobs, _) = jobs(observed);
    let held: BTreeSet<&str> = jobs.iter().flat_map(|j| &j.paths).map(|p| p.at.volume.as_str()).collect();
    let mut out: Vec<(String, ServiceName)> = vec![];
    for service in &observed.services {
        for mount in service.volumes.iter().filter(|v| !v.elsewhere && !held.contains(v.name.as_str())) {
            let name = short(&mount.name, service);
            if !out.iter().any(|(known, _)| *known == name) {
                out.push((name, service.name.clone()));
            }
        }
    }
    out
}

fn on(service: &ObservedService) -> bool {
    is_backed_up(&service.labels)
}

fn job(service: &ObservedService) -> Job {
    let label = |key: &str| service.labels.get(&format!("backupbot.{key}")).cloned();
    let (mut paths, mut elsewhere) = (vec![], vec![]);
    for (n, mount) in service.volumes.iter().enumerate() {
        // one volume may be mounted more than once
        if service.volumes[..n].iter().any(|before| before.name == mount.name) {
            continue;
        }
        let volume = short(&mount.name, service);
        let key = |rest: &str| format!("backup.volumes.{volume}{rest}");
        if label(&key("")).is_some_and(|v| v.eq_ignore_ascii_case("false")) {
            continue;
        }
        if mount.elsewhere {
            elsewhere.push(volume);
            continue;
        }
        let below: Vec<String> = match label(&key(".path")) {
            None => vec![String::new()],
            Some(list) => list
                .split(',')
                .map(|p| p.trim().trim_matches('/').to_string())
                .filter(|p| !p.is_empty() && !leads_out(p))
                .collect(),
        };
        paths.extend(below.into_iter().map(|path| selected(service, mount, &volume, path)));
    }
    Job {
        service: service.name.clone(),
        backup: Hooks { pre: label("backup.pre-hook"), post: label("backup.post-hook") },
        restore: Hooks { pre: label("restore.pre-hook"), post: label("restore.post-hook") },
        paths,
        elsewhere,
    }
}

fn selected(service: &ObservedService, mount: &ObservedVolume, volume: &str, path: String) -> Selected {
    let of_volume = service.volumes.iter().filter(|v| v.name == mount.name);
    Selected {
        volume: volume.into(),
        service: service.name.clone(),
        at: InVolume { volume: mount.name.clone(), path },
        mounts: of_volume.map(|v| v.path.clone()).collect(),
    }
}

/// Notes about labels with a path that leads out of the volume, into the image or into another volume.
fn led_out(service: &ObservedService) -> impl Iterator<Item = String> {
    let of_volumes = service.labels.iter().filter(|(key, _)| key.starts_with("backupbot.backup.volumes."));
    let out = of_volumes.filter(|(_, list)| list.split(',').any(leads_out));
    out.map(|(key, list)| format!("`{list}` of label `{key}` leads out of its volume and is ignored"))
}

fn leads_out(path: &str) -> bool {
    path.split('/').any(|part| part.trim() == "..")
}

fn short(engine_name: &str, service: &ObservedService) -> String {
    let stack = service.labels.get(STACK).map_or("", String::as_str);
    name_in_files(engine_name, stack).to_string()
}
