//! Puts a snapshot back: exactly what was there, so files made later are gone, then looks that it is so.

use super::archive::{self, Entry};
use super::{Archive, Snapshot, disk, engine, hook};
use crate::failure::{Failure, causes};
use crate::name::StackName;
use crate::world::World;
use crate::world::clock::Limit;
use crate::world::cluster::ExecRequest;
use std::collections::BTreeSet;

/// Words on one command line: the kernel takes about 128 kB, names are at most 255 bytes a part.
const NAMES_AT_ONCE: usize = 200;

/// Restores: hooks, archives, check, hooks. Says what it did.
pub fn restore(
    world: &World,
    stack: &StackName,
    snapshot: &Snapshot,
    limit: &Limit,
) -> Result<String, Box<Failure>> {
    for job in &snapshot.jobs {
        hook(world, stack, job, "restore pre-hook", job.restore.pre.as_deref(), limit)?;
    }
    let mut removed = 0;
    for archive in &snapshot.archives {
        removed += put_back(world, stack, archive, limit)?;
    }
    for job in &snapshot.jobs {
        hook(world, stack, job, "restore post-hook", job.restore.post.as_deref(), limit)?;
    }
    let entries: usize = snapshot.archives.iter().map(|a| a.entries.len()).sum();
    Ok(format!("{entries} entries put back, {removed} later ones removed"))
}

fn put_back(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    limit: &Limit,
) -> Result<usize, Box<Failure>> {
    let now = look(world, stack, archive, limit)?;
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
    Ok(gone.len())
}

/// What is at the path now; nothing if the path itself is gone.
fn look(
    world: &World,
    stack: &StackName,
    archive: &Archive,
    limit: &Limit,
) -> Result<Vec<Entry>, Box<Failure>> {
    let mut tar = vec![];
    match world.cluster.read_path(stack, &archive.service, &archive.path, &mut tar, limit) {
        Ok(()) => archive::entries(tar.as_slice()).map_err(|e| disk(&archive.path, &e)),
        Err(e)
            if matches!(&e, crate::world::ClusterError::Missing(_))
                || e.to_string().contains("ould not find the file") =>
        {
            Ok(vec![])
        }
        Err(e) => Err(engine(e, &format!("read `{}`", archive.path))),
    }
}

/// Paths that the snapshot does not have, and those whose kind has changed; only the topmost of a tree.
fn in_the_way(then: &[Entry], now: &[Entry]) -> Vec<String> {
    let kept: BTreeSet<(&str, bool)> = then.iter().map(|e| (e.name.as_str(), e.kind == "dir")).collect();
    let mut out: Vec<String> = vec![];
    for e in now.iter().filter(|e| !e.name.is_empty() && !kept.contains(&(e.name.as_str(), e.kind == "dir")))
    {
        if !out.iter().any(|top| e.name.starts_with(&format!("{top}/"))) {
            out.push(e.name.clone());
        }
    }
    out
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
    let lost: Vec<&str> = archive
        .entries
        .iter()
        .filter(|then| !after.iter().any(|now| now.name == then.name && now.kind == then.kind))
        .map(|e| e.name.as_str())
        .take(10)
        .collect();
    let none_back = !archive.entries.is_empty()
        && archive.entries.iter().filter(|e| e.kind == "file").count() > 0
        && archive
            .entries
            .iter()
            .filter(|e| e.kind == "file")
            .all(|then| !after.iter().any(|now| now.name == then.name && now.digest == then.digest));
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
