//! Puts a snapshot back: exactly what was there, so files made later are gone, then looks that it is so.

use super::archive::{self, Entry};
use super::{Archive, Snapshot, disk, engine, hook, is_missing, nested, through};
use crate::failure::{Failure, causes};
use crate::name::StackName;
use crate::world::World;
use crate::world::clock::Limit;
use crate::world::cluster::ExecRequest;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Words on one command line: the kernel takes about 128 kB, names are at most 255 bytes a part.
const NAMES_AT_ONCE: usize = 200;

/// Restores: hooks, archives, check, hooks. Gives what it did.
pub fn restore(
    world: &World,
    stack: &StackName,
    snapshot: &Snapshot,
    limit: &Limit,
) -> Result<PutBack, Box<Failure>> {
    for job in &snapshot.jobs {
        hook(world, stack, job, "restore pre-hook", job.restore.pre.as_deref(), limit)?;
    }
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
    for job in &snapshot.jobs {
        hook(world, stack, job, "restore post-hook", job.restore.post.as_deref(), limit)?;
    }
    Ok(all)
}

/// What was done, in entries.
#[derive(Debug, Default)]
pub struct PutBack {
    written: usize,
    /// Those of volumes that were just as they had been.
    kept: usize,
    removed: usize,
    /// Those made later that are there still, or again.
    stayed: usize,
}

impl PutBack {
    /// Whether there was nothing to put back: all was as at the backup.
    pub fn is_nothing(&self) -> bool {
        self.written == 0 && self.removed == 0
    }

    /// In words.
    pub fn summary(&self) -> String {
        let more =
            [(self.kept, "were as they had been"), (self.stayed, "later ones are there still or again")];
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
    // what nobody can write to, for instance, is always so
    if now == archive.entries {
        return Ok(PutBack { kept: now.len(), ..PutBack::default() });
    }
    let gone = in_the_way(&archive.entries, &now);
    remove(world, stack, archive, &gone, limit)?;
    let parent = archive.path.rsplit_once('/').map_or("/", |(p, _)| if p.is_empty() { "/" } else { p });
    let mut tar = world.store.open(&archive.file).map_err(|e| disk(&archive.file, &e))?;
    world
        .cluster
        .write_path(stack, &archive.service, parent, &mut *tar, limit)
        .map_err(|e| engine(e, &format!("write `{}` back", archive.path)))?;
    let after = look(world, stack, archive, limit)?;
    same(archive, &after)?;
    let there: BTreeSet<String> = in_the_way(&archive.entries, &after).into_iter().collect();
    let stayed = gone.iter().filter(|name| there.contains(*name)).count();
    Ok(PutBack { written: archive.entries.len(), removed: gone.len() - stayed, stayed, kept: 0 })
}

/// What is at the path now; nothing if the path itself is gone.
fn look(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    limit: &Limit,
) -> Result<Vec<Entry>, Box<Failure>> {
    let read = |to: &mut (dyn Write + Send)| {
        world.cluster.read_path(stack, &archive.service, &archive.path, to, limit)
    };
    let (read, listed) = through(read, archive::entries_of_all).map_err(|e| disk(&archive.path, &e))?;
    match read {
        Ok(()) => {
            let mut listed = listed.map_err(|e| disk(&archive.path, &e))?;
            listed.retain(|e| !nested::hides(&archive.inside, &e.name));
            Ok(listed)
        }
        Err(e) if is_missing(&e) => Ok(vec![]),
        Err(e) => Err(engine(e, &format!("read `{}`", archive.path))),
    }
}

/// Paths that the snapshot does not have, and those whose kind has changed; only the topmost of a tree.
fn in_the_way(then: &[Entry], now: &[Entry]) -> Vec<String> {
    let kept: BTreeSet<(&str, bool)> = then.iter().map(|e| (e.name.as_str(), e.kind == "dir")).collect();
    let gone: BTreeSet<&str> = now
        .iter()
        .filter(|e| !e.name.is_empty() && !kept.contains(&(e.name.as_str(), e.kind == "dir")))
        .map(|e| e.name.as_str())
        .collect();
    let below = |name: &str| name.match_indices('/').any(|(at, _)| gone.contains(&name[..at]));
    gone.iter().filter(|name| !below(name)).map(ToString::to_string).collect()
}

fn remove(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    names: &[String],
    limit: &Limit,
) -> Result<(), Box<Failure>> {
    for some in names.chunks(NAMES_AT_ONCE) {
        let mut argv: Vec<String> = vec!["rm".into(), "-rf".into(), "--".into()];
        argv.extend(some.iter().map(|n| format!("{}/{n}", archive.path)));
        let request = ExecRequest { argv, user: "0".into(), ..ExecRequest::default() };
        let doing = format!("remove what was made after the backup from `{}`", archive.path);
        let out =
            world.cluster.exec(stack, &archive.service, &request, limit).map_err(|e| engine(e, &doing))?;
        if out.code != 0 {
            let seen = format!("`rm` exited with {} (does the image have it?)", out.code);
            let failure = Failure::new(causes::ARCHIVE_FAILED, format!("to {doing}"), seen);
            return Err(Box::new(failure.evidence("its errors", out.stderr)));
        }
    }
    Ok(())
}

/// The look afterwards: same names, same content. Logs and the like that a running app writes at once are not the
/// restore's doing, so what is there beyond the snapshot is not held against it.
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
    let mut files = archive.entries.iter().filter(|e| e.kind == "file").peekable();
    let none_back =
        files.peek().is_some() && files.all(|then| now(then).is_none_or(|now| now.digest != then.digest));
    if lost.is_empty() && !none_back {
        return Ok(());
    }
    let expected = format!("`{}` of service `{}` as it was backed up", archive.path, archive.service);
    let seen = if none_back {
        "not one file has its content back".into()
    } else {
        format!("missing: {}", lost.join(", "))
    };
    Err(Box::new(Failure::new(causes::RESTORE_MISMATCH, expected, seen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: &'static str) -> Entry {
        Entry { name: name.into(), kind, content: 1, digest: name.into(), owner: (0, 0, 0o644) }
    }

    #[test]
    fn of_what_is_in_the_way_the_topmost_is_named_once() {
        let then = [entry("", "dir"), entry("a", "dir"), entry("b", "file")];
        let now = [
            ("", "dir"),
            ("a", "dir"),
            ("a/new", "dir"),
            ("a/new-er", "file"),
            ("a/new/x", "file"),
            ("b", "dir"),
            ("b/c", "file"),
        ];
        let now = now.map(|(name, kind)| entry(name, kind));
        assert_eq!(in_the_way(&then, &now), ["a/new", "a/new-er", "b"]);
    }

    /// Looking for each among all would take minutes.
    #[test]
    fn thirty_thousand_files_are_compared_as_they_come() {
        let all: Vec<Entry> = (0..30_000).map(|n| entry(&format!("d/{n:06}"), "file")).collect();
        let path = "/data".to_string();
        let (sha256, file) = (String::new(), String::new());
        let service = crate::name::ServiceName::parse("app").unwrap();
        let archive = Archive { service, path, file, sha256, bytes: 0, entries: all.clone(), inside: vec![] };
        same(&archive, &all).unwrap();
        assert_eq!(same(&archive, &all[1..]).unwrap_err().observed, "missing: d/000000");
        assert_eq!(in_the_way(&[], &all).len(), 30_000);
    }

    #[test]
    fn what_was_done_is_said_and_only_that() {
        let done = PutBack { written: 3, kept: 0, removed: 1, stayed: 0 };
        assert_eq!(done.summary(), "3 entries put back, 1 later ones removed");
        let done = PutBack { written: 0, kept: 2, removed: 0, stayed: 1 };
        assert_eq!(
            done.summary(),
            "0 entries put back, 0 later ones removed, 2 were as they had been, 1 later ones are there still or again"
        );
    }
}
