//! Removes kept records by rules of retention: archives of backups first, never a run that goes on.

use super::session::{Config, clock};
use ccci_adapters::locks::FileLocks;
use ccci_adapters::records::DirRecords;
use ccci_report::REPORTS;
use ccci_runner::record::archives::{self, ArchivesError, BACKUPS};
use ccci_runner::record::index::{self, Summary};
use ccci_runner::record::retention::{Candidate, Removals, Retention, removals};
use ccci_runner::record::{EVENTS, MOST_BYTES};
use ccci_swarm::ports::Locks;
use ccci_swarm::ports::locks::Held;
use std::collections::BTreeMap;
use std::io;

/// What became of a record that was to be removed.
pub struct Pruned {
    /// What it says.
    pub run: Summary,
    /// Whether only its archives were removed.
    pub archives_only: bool,
    /// The size of what was removed, or why it was not.
    pub freed: Result<u64, NotPruned>,
}

/// Why a record or its archives stay. Its text fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum NotPruned {
    /// Its run began to go on, or something looks at it.
    #[error("remove it: the lock of its domain is held")]
    Held,
    /// Its lock could not be made.
    #[error("take the lock of its domain: {0}")]
    Lock(io::Error),
    /// The disk refused.
    #[error("remove it: {0}")]
    Disk(#[from] io::Error),
    /// Its archives could not be removed.
    #[error(transparent)]
    Archives(#[from] ArchivesError),
}

/// What pruning did, or would do.
pub struct Pruning {
    /// Records without archives, then records that are gone, each the oldest first.
    pub pruned: Vec<Pruned>,
    /// How many records stay.
    pub kept: usize,
    /// The names of records that cannot be read; they are left alone.
    pub unreadable: Vec<String>,
    /// By how much the rest is larger than asked for, bytes.
    pub above: u64,
}

/// Removes what the rules say; with `dry`, nothing is touched and the same is told.
pub fn prune(config: &Config, rule: &Retention, dry: bool) -> io::Result<Pruning> {
    let records = DirRecords::new(config.records(), EVENTS, MOST_BYTES);
    let locks = FileLocks::new(config.locks.clone());
    let (mut all, mut unreadable) = (vec![], vec![]);
    for listed in index::list(&records)? {
        match listed.summary {
            Ok(summary) => all.push(candidate(&records, &locks, rule, listed.name, summary)),
            Err(_) => unreadable.push(listed.name),
        }
    }
    let Removals { archives, runs, above } = removals(&all, rule, clock().wall_ms());
    let by_name: BTreeMap<&str, &Candidate> = all.iter().map(|c| (c.name.as_str(), c)).collect();
    let jobs = archives.iter().map(|name| (name, true)).chain(runs.iter().map(|name| (name, false)));
    let pruned = jobs.map(|(name, archives_only)| {
        let run = by_name[name.as_str()].summary.clone();
        let freed = one(config, &records, &locks, name, &run, archives_only, dry);
        Pruned { run, archives_only, freed }
    });
    let pruned: Vec<Pruned> = pruned.collect();
    let gone = pruned.iter().filter(|p| p.freed.is_ok() && !p.archives_only).count();
    if !dry && !pruned.is_empty() {
        index::renew(&records)?;
    }
    Ok(Pruning { kept: all.len() - gone, pruned, unreadable, above })
}

fn candidate(
    records: &DirRecords,
    locks: &FileLocks,
    rule: &Retention,
    name: String,
    summary: Summary,
) -> Candidate {
    // sizes take a look at every file, so they are read only if they are asked for
    let files = rule.max_bytes.and_then(|_| records.files(&name).ok()).unwrap_or_default();
    let goes_on = locks.is_held(summary.domain.as_str());
    Candidate { bytes: size(&files, false), archives: size(&files, true), goes_on, name, summary }
}

/// The size of a record's files, or of the archives among them.
fn size(files: &[(String, u64)], archives_only: bool) -> u64 {
    let counts = |name: &str| !archives_only || name.split('/').next() == Some(BACKUPS);
    files.iter().filter(|(name, _)| counts(name)).map(|(_, bytes)| bytes).sum()
}

fn one(
    config: &Config,
    records: &DirRecords,
    locks: &FileLocks,
    name: &str,
    run: &Summary,
    archives_only: bool,
    dry: bool,
) -> Result<u64, NotPruned> {
    let bytes = size(&records.files(name)?, archives_only);
    if dry {
        return Ok(bytes);
    }
    // whoever holds it still writes the record
    let _held: Box<dyn Held> =
        locks.take(run.domain.as_str()).map_err(NotPruned::Lock)?.ok_or(NotPruned::Held)?;
    match archives_only {
        true => archives::remove(&config.records().join(name), REPORTS)?,
        false => records.remove(name)?,
    }
    Ok(bytes)
}
