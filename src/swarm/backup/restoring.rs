//! Restores a snapshot, removes files that were made after it, and checks the result.

use super::{Archive, Snapshot, disk, engine, hook};
use crate::ports::clock::Limit;
use crate::ports::volume::{Entry, Kind};
use crate::ports::{ClusterError, World};
use crate::wait::{self, Look, WaitError};
use ccci_model::failure::detail::CommandOf;
use ccci_model::failure::{Failure, causes};
use ccci_model::name::StackName;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a running app may take to leave restored files as they are.
const SETTLES: Duration = Duration::from_secs(2);

/// Restores: pre-hooks, archives, check, post-hooks. Returns what it changed.
pub fn restore(
    world: &World,
    stack: &StackName,
    snapshot: &Snapshot,
    limit: &Limit,
) -> Result<PutBack, Box<Failure>> {
    let mut open = vec![];
    for job in &snapshot.jobs {
        open.extend(hook(world, stack, job, CommandOf::RestorePreHook, job.restore.pre.as_deref(), limit)?);
    }
    let done = all_back(world, stack, snapshot, limit);
    let closed = world.cluster.close_volumes(stack, limit).map_err(|e| engine(e, "close the volumes"));
    let done = done.and_then(|done| closed.map(|()| done))?;
    for job in &snapshot.jobs {
        open.extend(hook(world, stack, job, CommandOf::RestorePostHook, job.restore.post.as_deref(), limit)?);
    }
    open.extend(done.doubts);
    Ok(PutBack { doubts: open, ..done })
}

fn all_back(
    world: &World,
    stack: &StackName,
    snapshot: &Snapshot,
    limit: &Limit,
) -> Result<PutBack, Box<Failure>> {
    let mut all = PutBack::default();
    for archive in &snapshot.archives {
        let one = put_back(world, stack, archive, limit)?;
        all = PutBack {
            written: all.written + one.written,
            kept: all.kept + one.kept,
            removed: all.removed + one.removed,
            stayed: all.stayed + one.stayed,
            doubts: [all.doubts, one.doubts].concat(),
        };
    }
    Ok(all)
}

/// What a restore did, counted in entries.
#[derive(Debug, Default)]
pub struct PutBack {
    written: usize,
    /// Entries of volumes that had not changed since the backup.
    kept: usize,
    removed: usize,
    /// Later entries that were removed and exist again.
    stayed: usize,
    /// What it leaves unproved; each text follows "not proved:".
    pub doubts: Vec<String>,
}

impl PutBack {
    /// Whether there was nothing to restore because everything was as at the backup.
    pub fn is_nothing(&self) -> bool {
        self.written == 0 && self.removed == 0
    }

    /// A summary of one line.
    pub fn summary(&self) -> String {
        let more = [(self.kept, "were as they had been"), (self.stayed, "later ones are there again")];
        let more = more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}"));
        let more: String = more.collect();
        format!("{} entries put back, {} later ones removed{more}", self.written, self.removed)
    }
}

fn put_back(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    limit: &Limit,
) -> Result<PutBack, Box<Failure>> {
    let now = look(world, stack, archive, limit)?;
    if now == archive.entries {
        return Ok(PutBack { kept: now.len(), ..PutBack::default() });
    }
    let mut tar = world.store.open(&archive.file).map_err(|e| disk(&archive.file, &e))?;
    let of = &archive.of;
    let done = world.cluster.unpack_volume(stack, &of.service, &of.at, &mut *tar, limit);
    let done = done.map_err(|e| engine(e, &format!("write {} back", of.named())))?;
    let (after, doubt) = checked(world, stack, archive, limit)?;
    let there: BTreeSet<&str> = after.iter().map(|e| e.name.as_str()).collect();
    let stayed = done.removed.iter().filter(|name| there.contains(name.as_str())).count();
    let removed = done.removed.len() - stayed;
    let doubts = doubt.into_iter().collect();
    Ok(PutBack { written: done.written as usize, removed, stayed, kept: 0, doubts })
}

/// Looks until the entries are as they were backed up. A running app may have its own files open and write or remove
/// some meanwhile: what then differs is a doubt. If no file has its content, and nothing changes any more, the restore
/// did nothing.
fn checked(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    limit: &Limit,
) -> Result<(Vec<Entry>, Option<String>), Box<Failure>> {
    let mut looks: Vec<Vec<Entry>> = vec![];
    let soon = limit.within(&*world.clock, SETTLES);
    let waited = wait::until(&*world.clock, &soon, &mut |_| (), || {
        looks.push(look(world, stack, archive, limit)?);
        let last = looks.last().is_some_and(|last| differs(archive, last).is_none());
        Ok::<_, Box<Failure>>(if last { Look::Done(()) } else { Look::Waiting("the files".into()) })
    });
    if let Err(WaitError::Look(failure)) = waited {
        return Err(failure);
    }
    let after = looks.pop().unwrap_or_default();
    let Some(difference) = differs(archive, &after) else { return Ok((after, None)) };
    let moves = looks.iter().any(|earlier| *earlier != after);
    let named = archive.of.named();
    let service = &archive.of.service;
    match difference {
        Difference::Missing { names, most } if moves || !most => {
            let what = format!(
                "that {} of {named} comes back by a restore: service `{service}` removed it while the restore was checked",
                names.join(", ")
            );
            Ok((after, Some(what)))
        }
        Difference::NothingBack if moves => {
            let what = format!(
                "that the content of {named} comes back by a restore: service `{service}` wrote to every file while the \
                 restore was checked"
            );
            Ok((after, Some(what)))
        }
        still => {
            let expected = format!("{named} of service `{service}` as it was backed up");
            let observed = match still {
                Difference::Missing { names, .. } => format!("missing: {}", names.join(", ")),
                Difference::NothingBack => "no file has its content back".into(),
            };
            Err(Box::new(Failure::new(causes::RESTORE_MISMATCH, expected, observed)))
        }
    }
}

/// The entries at the path now; none if the path does not exist.
fn look(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    limit: &Limit,
) -> Result<Vec<Entry>, Box<Failure>> {
    match world.cluster.list_volume(stack, &archive.of.service, &archive.of.at, limit) {
        Err(ClusterError::Missing(_)) => Ok(vec![]),
        listed => listed.map_err(|e| engine(e, &format!("read {}", archive.of.named()))),
    }
}

/// What differs from the snapshot after a restore.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    /// Entries that do not exist, or are of another kind.
    Missing {
        /// Some of their names.
        names: Vec<String>,
        /// Whether they are more than half of all.
        most: bool,
    },
    /// No file has its content.
    NothingBack,
}

/// Compares what exists with the snapshot: each entry must exist with its kind, and not all files may have other
/// content. Entries that are not in the snapshot are ignored, because a running app writes logs and the like at once.
fn differs(archive: &Archive, after: &[Entry]) -> Option<Difference> {
    let there: BTreeMap<&str, &Entry> = after.iter().map(|e| (e.name.as_str(), e)).collect();
    let now = |then: &Entry| there.get(then.name.as_str()).copied();
    let mut files = archive.entries.iter().filter(|e| e.kind == Kind::File).peekable();
    if files.peek().is_some() && files.all(|then| now(then).is_none_or(|now| now.digest != then.digest)) {
        return Some(Difference::NothingBack);
    }
    let lost: Vec<String> = archive
        .entries
        .iter()
        .filter(|then| now(then).is_none_or(|now| now.kind != then.kind))
        .map(|e| e.name.clone())
        .collect();
    let most = lost.len() * 2 > archive.entries.len();
    let names = lost.into_iter().take(10).collect::<Vec<_>>();
    (!names.is_empty()).then_some(Difference::Missing { names, most })
}

#[cfg(test)]
mod tests {
    use super::super::Selected;
    use super::*;
    use crate::ports::volume::InVolume;

    /// A search through all entries for each of them would take minutes.
    #[test]
    fn thirty_thousand_files_are_compared_as_they_come() {
        let entry = |name: String| Entry {
            kind: Kind::File,
            content: 1,
            digest: name.clone(),
            owner: (0, 0, 0o644),
            attributes: String::new(),
            name,
        };
        let all: Vec<Entry> = (0..30_000).map(|n| entry(format!("d/{n:06}"))).collect();
        let at = InVolume { volume: "s_data".into(), path: String::new() };
        let service = ccci_model::name::ServiceName::parse("app").unwrap();
        let of = Selected { volume: "data".into(), service, at, mounts: vec![] };
        let (sha256, file) = (String::new(), String::new());
        let archive = Archive { of, file, sha256, bytes: 0, entries: all.clone() };
        assert_eq!(differs(&archive, &all), None);
        assert_eq!(
            differs(&archive, &all[1..]),
            Some(Difference::Missing { names: vec!["d/000000".into()], most: false })
        );
        let other = |e: &Entry| Entry { digest: "other".into(), ..e.clone() };
        let rewritten: Vec<Entry> = all.iter().map(other).collect();
        assert_eq!(differs(&archive, &rewritten), Some(Difference::NothingBack));
        assert_eq!(differs(&archive, &[]), Some(Difference::NothingBack));
    }

    #[test]
    fn what_was_done_is_said_and_only_that() {
        let done = PutBack { written: 3, kept: 0, removed: 1, ..PutBack::default() };
        assert_eq!(done.summary(), "3 entries put back, 1 later ones removed");
        let done = PutBack { kept: 2, stayed: 1, ..PutBack::default() };
        assert_eq!(
            done.summary(),
            "0 entries put back, 0 later ones removed, 2 were as they had been, 1 later ones are there again"
        );
    }
}
