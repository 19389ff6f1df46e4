//! Takes one selected path out of its container into the store.

use super::archive::{self, Tally};
use super::{Archive, Selected, disk, engine, is_missing, nested};
use crate::failure::{Failure, causes};
use crate::name::StackName;
use crate::world::clock::Limit;
use crate::world::{ClusterError, World};
use std::io::{self, Write};

/// Archives a path, or what it leads to: a mount point may be a link of the image, such as `/var/lock`. A link inside a volume
/// is data, and may lead out of it.
pub(super) fn archive_where_it_is(
    world: &World,
    stack: &StackName,
    file: &str,
    selected: &Selected,
    limit: &Limit,
) -> Result<Archive, Box<Failure>> {
    let mut archive = archive_path(world, stack, file, selected, limit)?;
    for _ in 0..MOST_LINKS {
        let Some(path) = link(&archive).filter(|_| selected.whole) else { break };
        archive = archive_path(world, stack, file, &Selected { path, ..selected.clone() }, limit)?;
    }
    Ok(archive)
}

/// Links that are followed one after the other.
const MOST_LINKS: usize = 8;

/// Where a path leads that is a link itself. Above the root of a container is the root.
fn link(archive: &Archive) -> Option<String> {
    let [only] = archive.entries.as_slice() else { return None };
    let target = Some(&only.digest).filter(|_| only.kind == "link" && only.name.is_empty())?;
    let from = archive.path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let whole = if target.starts_with('/') { target.clone() } else { format!("{from}/{target}") };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/').filter(|p| !["", "."].contains(p)) {
        match part {
            ".." => parts.truncate(parts.len().saturating_sub(1)),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

fn archive_path(
    world: &World,
    stack: &StackName,
    file: &str,
    selected: &Selected,
    limit: &Limit,
) -> Result<Archive, Box<Failure>> {
    let sink = world.store.create(file).map_err(|e| disk(file, &e))?;
    let mut tally = Tally::new(sink);
    let read = |to: &mut (dyn Write + Send)| {
        world.cluster.read_path(stack, &selected.service, &selected.path, to, limit)
    };
    let read = match selected.inside.is_empty() {
        true => read(&mut tally),
        false => {
            let (read, passed) = through(read, |tar| nested::without(&selected.inside, tar, &mut tally))
                .map_err(|e| disk(file, &e))?;
            passed.map_err(|e| disk(file, &e))?;
            read
        }
    };
    read.map_err(|e| missing_or_engine(e, selected))?;
    tally.flush().map_err(|e| disk(file, &e))?;
    let (sha256, bytes) = tally.finish();
    let entries = world.store.open(file).and_then(archive::entries).map_err(|e| disk(file, &e))?;
    Ok(Archive {
        service: selected.service.clone(),
        path: selected.path.clone(),
        file: file.to_string(),
        sha256,
        bytes,
        entries,
        inside: selected.inside.clone(),
    })
}

/// The file of an archive; `a-b` and `a/b` are two.
pub(super) fn file_of(name: &str, selected: &Selected, taken: &[Archive]) -> String {
    let flat = selected.path.trim_matches('/').replace('/', "-");
    let named = |more: &str| format!("backups/{name}/{}-{flat}{more}.tar", selected.service);
    let free = |file: &String| taken.iter().all(|a| a.file != *file);
    let numbered = (2..).map(|n| named(&format!("-{n}")));
    std::iter::once(named("")).chain(numbered).find(free).unwrap_or_default()
}

/// What a reader and whoever takes it from a pipe come to: a volume may be larger than the memory.
pub(super) fn through<R, T: Send>(
    read: impl FnOnce(&mut (dyn Write + Send)) -> R,
    take: impl FnOnce(io::PipeReader) -> T + Send,
) -> io::Result<(R, T)> {
    let (tar, mut sink) = io::pipe()?;
    Ok(std::thread::scope(|scope| {
        let taking = scope.spawn(move || take(tar));
        let read = read(&mut sink);
        drop(sink);
        (read, taking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }))
}

/// A path that a label names and the container lacks is the recipe's fault; anything else the engine's.
fn missing_or_engine(e: ClusterError, selected: &Selected) -> Box<Failure> {
    if !is_missing(&e) {
        return engine(e, "read the volume");
    }
    let expected =
        format!("`{}` in service `{}`, which the backup labels name", selected.path, selected.service);
    Box::new(Failure::new(causes::EMPTY_BACKUP, expected, "there is no such file"))
}
