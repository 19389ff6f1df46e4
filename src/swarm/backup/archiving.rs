//! Archives one selected path of a volume into the store.

use super::{Archive, Selected, disk, engine};
use crate::ports::clock::Limit;
use crate::ports::{ClusterError, World};
use ccci_model::digest::Sha256;
use ccci_model::failure::{Failure, causes};
use ccci_model::name::StackName;
use std::io::{self, Write};

pub(super) fn archive(
    world: &World,
    stack: &StackName,
    file: &str,
    selected: &Selected,
    limit: &Limit,
) -> Result<Archive, Box<Failure>> {
    let sink = world.store.create(file).map_err(|e| disk(file, &e))?;
    let mut tally = Tally { sink, hash: Sha256::new(), bytes: 0 };
    let packed = world.cluster.pack_volume(stack, &selected.service, &selected.at, &mut tally, limit);
    let entries = packed.map_err(|e| missing_or_engine(e, selected))?;
    tally.flush().map_err(|e| disk(file, &e))?;
    Ok(Archive {
        of: selected.clone(),
        file: file.to_string(),
        sha256: tally.hash.finish(),
        bytes: tally.bytes,
        entries,
    })
}

/// Counts and hashes the bytes that are written through it to a sink.
struct Tally<W> {
    sink: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.sink.write(bytes)?;
        self.hash.take(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Name of an archive's file. A number keeps the files of `a-b` and `a/b` apart.
pub(super) fn file_of(name: &str, selected: &Selected, taken: &[Archive]) -> String {
    let flat = match selected.at.path.as_str() {
        "" => selected.volume.clone(),
        path => format!("{}-{}", selected.volume, path.replace('/', "-")),
    };
    let named = |more: &str| format!("backups/{name}/{}-{flat}{more}.tar", selected.service);
    let free = |file: &String| taken.iter().all(|a| a.file != *file);
    let numbered = (2..).map(|n| named(&format!("-{n}")));
    std::iter::once(named("")).chain(numbered).find(free).unwrap_or_default()
}

/// If a volume lacks a path that a label names, the recipe is to blame; any other error is the engine's.
fn missing_or_engine(e: ClusterError, selected: &Selected) -> Box<Failure> {
    if !matches!(e, ClusterError::Missing(_)) {
        return engine(e, "read the volume");
    }
    let expected =
        format!("{}, which the backup labels of service `{}` name", selected.named(), selected.service);
    Box::new(Failure::new(causes::EMPTY_BACKUP, expected, format!("failed to {e}")))
}
