//! Rules about backups by the labels of backup-bot-two.

use super::Finding;
use super::pipe::first_of_pipe;
use crate::compose::{Composed, Service};
use crate::labels::{BACKED_UP, OLD_BACKED_UP, is_backed_up};
use crate::source::Files;

/// The command that backup-bot runs in a container before its files are read.
const PRE_HOOK: &str = "backupbot.backup.pre-hook";
/// Names of images of databases, without registry, path and tag.
const DATABASES: [&str; 9] =
    ["postgres", "postgresql", "postgis", "pgvector", "timescaledb", "mariadb", "mysql", "mongo", "mongodb"];

pub(super) fn old_label(composed: &Composed, _: &Files) -> Vec<Finding> {
    let old = composed.services().iter().filter(|s| !s.labels.contains_key(BACKED_UP));
    old.filter_map(|s| {
        s.labels.get(OLD_BACKED_UP)?;
        let place = composed.place_of(&s.name, &["deploy", "labels", OLD_BACKED_UP])?;
        let message =
            format!("`{}` is not in the backup: version 2 of backup-bot ignores `{OLD_BACKED_UP}`", s.name);
        Some(Finding::at(place, message, format!("add the label `{BACKED_UP}=true`")))
    })
    .collect()
}

pub(super) fn database_dump(composed: &Composed, _: &Files) -> Vec<Finding> {
    let services = composed.services();
    let backed_up = services.iter().any(|s| is_backed_up(&s.labels));
    // a hook of another service may dump the database over the network
    let dumped = services.iter().any(|s| s.labels.contains_key(PRE_HOOK));
    if !backed_up || dumped {
        return vec![];
    }
    let databases = services.iter().filter(|s| is_database(s) && s.mounts.iter().any(|m| m.kind == "volume"));
    databases
        .map(|s| {
            let what = match is_backed_up(&s.labels) {
                true => "is copied while it writes its files",
                false => "is not in the backup of this recipe",
            };
            let message = format!("the database `{}` {what}: no service has the label `{PRE_HOOK}`", s.name);
            let help = format!("add `{BACKED_UP}=true` and a `{PRE_HOOK}` that writes a dump into a volume");
            Finding::at(s.place.clone(), message, help)
        })
        .collect()
}

pub(super) fn dump_pipe(composed: &Composed, _: &Files) -> Vec<Finding> {
    let hooks = composed.services().iter().filter(|s| is_backed_up(&s.labels));
    hooks
        .filter_map(|s| {
            let program = first_of_pipe(s.labels.get(PRE_HOOK)?)?;
            let place = composed.place_of(&s.name, &["deploy", "labels", PRE_HOOK])?;
            let message = format!(
                "if `{program}` fails, the pipe after it still succeeds, except in bash with `pipefail`"
            );
            let help = "write the dump into a file and compress it after `&&`; or use `bash -o pipefail -c '…'` if \
                        the image has bash";
            Some(Finding::at(place, message, help))
        })
        .collect()
}

pub(super) fn is_database(service: &Service) -> bool {
    let image = service.image.as_deref().unwrap_or_default();
    let last = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    DATABASES.contains(&last.split(':').next().unwrap_or_default())
}
