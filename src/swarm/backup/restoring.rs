//! Restores a snapshot, removes files that were made after it, and checks the result.

use super::{Archive, Snapshot, disk, engine, hook};
use crate::ports::clock::Limit;
use crate::ports::volume::{Entry, Kind};
use crate::ports::{ClusterError, World};
use ccci_model::failure::detail::CommandOf;
use ccci_model::failure::{Failure, causes};
use ccci_model::name::StackName;
use std::collections::{BTreeMap, BTreeSet};

/// Restores: pre-hooks, archives, check, post-hooks. Returns what it changed.
pub fn restore(
    world: &World,
    stack: &StackName,
    snapshot: &Snapshot,
    limit: &Limit,
) -> Result<PutBack, Box<Failure>> {
    for job in &snapshot.jobs {
        hook(world, stack, job, CommandOf::RestorePreHook, job.restore.pre.as_deref(), limit)?;
    }
    let done = all_back(world, stack, snapshot, limit);
    let closed = world.cluster.close_volumes(stack, limit).map_err(|e| engine(e, "close the volumes"));
    let done = done.and_then(|done| closed.map(|()| done))?;
    for job in &snapshot.jobs {
        hook(world, stack, job, CommandOf::RestorePostHook, job.restore.post.as_deref(), limit)?;
    }
    Ok(done)
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
    let after = look(world, stack, archive, limit)?;
    same(archive, &after)?;
    let there: BTreeSet<&str> = after.iter().map(|e| e.name.as_str()).collect();
    let stayed = done.removed.iter().filter(|name| there.contains(name.as_str())).count();
    Ok(PutBack { written: done.written as usize, removed: done.removed.len() - stayed, stayed, kept: 0 })
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

/// Checks a restore: each entry exists with its kind, and not all files have other content. Entries that are not in
/// the snapshot are ignored, because a running app writes logs and the like at once.
fn same(archive: &Archive, after: &[Entry]) -> Result<(), Box<Failure>> {
    let there: BTreeMap<&str, &Entry> = after.iter().map(|e| (e.name.as_str(), e)).collect();
    let now = |then: &Entry| there.get(then.name.as_str()).copied();
    let lost: Vec<&str> = archive
        .entries
        .iter()
        .filter(|then| now(then).is_none_or(|now| now.kind != then.kind))
        .map(|e| e.name.as_str())
        .take(10)
        .collect();
    let mut files = archive.entries.iter().filter(|e| e.kind == Kind::File).peekable();
    let none_back =
        files.peek().is_some() && files.all(|then| now(then).is_none_or(|now| now.digest != then.digest));
    if lost.is_empty() && !none_back {
        return Ok(());
    }
    let expected = format!("{} of service `{}` as it was backed up", archive.of.named(), archive.of.service);
    let observed = if none_back {
        "no file has its content back".into()
    } else {
        format!("missing: {}", lost.join(", "))
    };
    Err(Box::new(Failure::new(causes::RESTORE_MISMATCH, expected, observed)))
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
        same(&archive, &all).unwrap();
        assert_eq!(same(&archive, &all[1..]).unwrap_err().observed(), "missing: d/000000");
    }

    #[test]
    fn what_was_done_is_said_and_only_that() {
        let done = PutBack { written: 3, kept: 0, removed: 1, stayed: 0 };
        assert_eq!(done.summary(), "3 entries put back, 1 later ones removed");
        let done = PutBack { written: 0, kept: 2, removed: 0, stayed: 1 };
        assert_eq!(
            done.summary(),
            "0 entries put back, 0 later ones removed, 2 were as they had been, 1 later ones are there again"
        );
    }
}
