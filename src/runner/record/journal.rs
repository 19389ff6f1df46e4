//! Writes a record while the run goes on. Each event is redacted, appended and flushed. At the end come the reports,
//! each one completely or not at all. An error of the disk is reported once and does not change the verdict, which is
//! made from memory.

use super::bound::{Bound, Fits};
use super::format::Format;
use super::{EVENTS, PLAN, Record, archives, redaction, scan};
use ccci_model::event::{Event, What};
use ccci_model::failure::{Failure, causes};
use ccci_model::redact::Redactor;
use ccci_model::tier::{Status, Tier};
use ccci_model::time::Moment;
use ccci_model::verdict::TierOutcome;
use ccci_swarm::ports::store::is_full;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Why a record cannot be written. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is a record already. Two runs in one file would make it unreadable.
    #[error("use `{}` for the record: it already contains a record", .0.display())]
    Taken(PathBuf),
    /// There is something else that is not a directory.
    #[error("use `{}` for the record: it is not a directory", .0.display())]
    NoDirectory(PathBuf),
    /// The disk refused.
    #[error("write `{}`", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl RecordError {
    /// Whether the caller has to name another directory.
    pub fn is_wrong_place(&self) -> bool {
        matches!(self, RecordError::Taken(_) | RecordError::NoDirectory(_))
    }

    /// The failure for the record and the user.
    pub fn failure(&self) -> Failure {
        let failure =
            Failure::new(causes::RECORD_FAILED, "the record to be written", format!("failed to {self}"));
        match self {
            RecordError::Taken(_) | RecordError::NoDirectory(_) => {
                failure.to_do("name another directory with `--out DIR`")
            }
            RecordError::Write { source, .. } => {
                let full = is_full(source);
                let cure = if full { "free some room, or " } else { "" };
                failure
                    .evidence("system", source.to_string())
                    .to_do(format!("{cure}put the record elsewhere with `--out DIR`"))
            }
        }
    }
}

/// A record being written.
pub struct Journal {
    dir: PathBuf,
    formats: &'static [Format],
    redactor: Redactor,
    /// `None` after a write failed: events appended later would follow a gap.
    file: Option<File>,
    events: Vec<Event>,
    bound: Bound,
    error: Option<RecordError>,
    keep_archives: bool,
}

/// A finished record.
pub struct Finished {
    /// The record. `None` if the run had not even begun.
    pub record: Option<Record>,
    /// What could not be made or read, as texts for users. They never change the verdict.
    pub notes: Vec<String>,
}

impl Journal {
    /// Starts a record in a directory, and makes the directory. Refuses one that already holds a record. At the end
    /// every format is written.
    pub fn begin(dir: &Path, redactor: Redactor, formats: &'static [Format]) -> Result<Journal, RecordError> {
        let path = dir.join(EVENTS);
        let failed = |source| RecordError::Write { path: path.clone(), source };
        if dir.exists() && !dir.is_dir() {
            return Err(RecordError::NoDirectory(dir.to_path_buf()));
        }
        fs::create_dir_all(dir).map_err(|source| RecordError::Write { path: dir.to_path_buf(), source })?;
        let opened = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = opened.map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => RecordError::Taken(dir.to_path_buf()),
            _ => failed(e),
        })?;
        Ok(Journal {
            dir: dir.to_path_buf(),
            formats,
            redactor,
            file: Some(file),
            events: vec![],
            bound: Bound::default(),
            error: None,
            keep_archives: false,
        })
    }

    /// Whether archives of backups are kept even if nothing was wrong with them.
    pub fn keep_archives(&mut self, keep: bool) {
        self.keep_archives = keep;
    }

    /// Takes an event: redacts it, appends it and keeps it in memory. Returns it as it was recorded, or `None` if the
    /// record has no room for it.
    pub fn take(&mut self, event: Event) -> Option<&Event> {
        let event = match self.bound.fit(redaction::hide(&self.redactor, event)) {
            Fits::As(event) | Fits::Notice(event) => event,
            Fits::No => return None,
        };
        if let What::RunStarted { plan, .. } = &event.what
            && let Err(e) = write_whole(&self.dir, PLAN, &pretty(plan))
        {
            self.error.get_or_insert(e);
        }
        let line = line(&event);
        self.bound.wrote(line.len());
        if let Some(file) = &mut self.file
            && let Err(source) = file.write_all(line.as_bytes())
        {
            self.file = None;
            self.error.get_or_insert(RecordError::Write { path: self.dir.join(EVENTS), source });
        }
        self.events.push(event);
        self.events.last()
    }

    /// The first error of the disk, if there was one.
    pub fn error(&self) -> Option<&RecordError> {
        self.error.as_ref()
    }

    /// Ends the record: redacts again with secrets that became known later, writes every report and scans every file.
    pub fn finish(mut self) -> Finished {
        let mut notes = vec![];
        self.settle();
        self.settle_files();
        self.drop_archives();
        let mut record = self.render(&mut notes);
        let (found, unread) = scan::directory(&self.dir, &archives::of(&self.events), &self.redactor);
        notes.extend(unread.iter().map(|e| format!("failed to {e}")));
        if !found.is_empty() {
            let at = self.events.last().map_or(Moment(0), |e| e.at);
            for f in found {
                self.events.push(Event { at, what: What::SecretFound { file: f.file, secret: f.secret } });
            }
            self.rewrite();
            notes.clear();
            record = self.render(&mut notes);
        }
        if let Some(error) = &self.error {
            let at = self.events.last().map_or(Moment(0), |e| e.at);
            let failure = Box::new(error.failure());
            self.events.push(Event { at, what: What::RecordFailed { failure } });
            record = Record::of(self.events).map(|record| record.with_files(&self.dir));
        }
        Finished { record, notes }
    }

    /// Redacts earlier events with secrets that became known later, and rewrites a file with a gap.
    fn settle(&mut self) {
        let hidden: Vec<Event> =
            self.events.iter().map(|e| redaction::hide(&self.redactor, e.clone())).collect();
        let changed = hidden != self.events;
        self.events = hidden;
        if changed || self.file.is_none() {
            self.rewrite();
        } else if let Some(Err(source)) = self.file.as_ref().map(File::sync_all) {
            self.error.get_or_insert(RecordError::Write { path: self.dir.join(EVENTS), source });
        }
    }

    /// Does the same for the plan, and for files that were kept before a secret was known. Archives are not changed.
    fn settle_files(&mut self) {
        let kept = self.events.iter().filter_map(|e| match &e.what {
            What::Kept { file, sha256: None, .. } => Some((file.clone(), None)),
            What::Shown(s) if !s.shows.is_picture() => Some((s.file.clone(), None)),
            What::RunStarted { plan, .. } => Some((PLAN.to_string(), Some(pretty(plan)))),
            _ => None,
        });
        for (name, anew) in kept.collect::<BTreeSet<_>>() {
            let Ok(bytes) = fs::read(self.dir.join(&name)) else { continue };
            let hidden = anew.unwrap_or_else(|| self.redactor.hide_bytes(&bytes));
            if hidden == bytes {
                continue;
            }
            if let Err(e) = write_whole(&self.dir, &name, &hidden) {
                self.error.get_or_insert(e);
            }
        }
    }

    /// Removes archives that are not needed any more, because they contain the app's data. If something was wrong with
    /// the backup or the restore, they stay as evidence.
    fn drop_archives(&mut self) {
        let archives = archives::of(&self.events);
        let Some(record) = Record::of(self.events.clone()).filter(|_| !self.keep_archives) else { return };
        let of_backups = |t: &&TierOutcome| matches!(t.tier, Tier::Backup | Tier::Restore);
        let evidence = record.outcome.tiers.iter().filter(of_backups).any(|t| t.status != Status::Pass);
        if archives.is_empty() || evidence {
            return;
        }
        let files = archives::remove_files(&self.dir, archives);
        let at = self.events.last().map_or(Moment(0), |e| e.at);
        self.take(Event { at, what: What::ArchivesDropped { files } });
    }

    /// Writes all events again. If this succeeds, the record is complete and has no error any more.
    fn rewrite(&mut self) {
        let all: String = self.events.iter().map(line).collect();
        match write_whole(&self.dir, EVENTS, all.as_bytes()) {
            Ok(()) => self.error = None,
            Err(e) => {
                self.error.get_or_insert(e);
            }
        }
    }

    fn render(&mut self, notes: &mut Vec<String>) -> Option<Record> {
        let record = Record::of(self.events.clone())?.with_files(&self.dir);
        let (written, errors) = write_reports(&self.dir, self.formats, &record);
        notes.extend(written);
        if let Some(e) = errors.into_iter().next() {
            self.error.get_or_insert(e);
        }
        Some(record)
    }
}

/// Writes every format into the record's directory. Returns messages about formats that could not be made (a bug in
/// ccci, which must not turn a green run red: lesson 38), and the errors of files that could not be written.
pub fn write_reports(dir: &Path, formats: &[Format], record: &Record) -> (Vec<String>, Vec<RecordError>) {
    let (mut notes, mut errors) = (vec![], vec![]);
    for format in formats {
        match catch_unwind(AssertUnwindSafe(|| (format.render)(record))) {
            Ok(bytes) => errors.extend(write_whole(dir, format.file, &bytes).err()),
            Err(_) => {
                notes.push(format!("the format `{}` could not be made; this is a bug in ccci", format.name))
            }
        }
    }
    // the new names must be on the disk too
    let synced = File::open(dir).and_then(|d| d.sync_all());
    errors.extend(synced.err().map(|source| RecordError::Write { path: dir.to_path_buf(), source }));
    (notes, errors)
}

/// Writes a file so that it appears completely or not at all: its content is on the disk before it gets its name. The
/// process's umask decides who may read it, as for the events.
pub(super) fn write_whole(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), RecordError> {
    let path = dir.join(name);
    let write = || -> io::Result<()> {
        let mut temp = tempfile::Builder::new()
            .prefix(".ccci-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(dir)?;
        temp.write_all(bytes)?;
        temp.as_file().sync_all()?;
        temp.persist(&path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|source| RecordError::Write { path: path.clone(), source })
}

/// An event as a line of the record.
pub(super) fn line(event: &Event) -> String {
    serde_json::to_string(event).expect("events have text keys only") + "\n"
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut out = serde_json::to_vec_pretty(value).expect("a plan has text keys only");
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::verdict::Verdict;
    use ccci_testkit::example::{self, green_run};

    #[test]
    fn a_full_disk_is_an_error_that_is_said_and_the_verdict_is_there_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::begin(dir.path(), Redactor::default(), &[]).unwrap();
        journal.file = Some(File::options().write(true).open("/dev/full").unwrap());
        green_run(&example::plan()).into_iter().for_each(|e| {
            journal.take(e);
        });
        let failure = journal.error().unwrap().failure();
        assert_eq!(failure.cause, "record-failed");
        assert!(failure.to_do.iter().any(|t| t.contains("--out DIR")), "{failure:?}");
        // `finish` can write to the disk again, so the record is restored from memory
        let record = journal.finish().record.unwrap();
        assert_eq!(record.outcome.verdict, Verdict::Green);
        assert_eq!(Record::read(dir.path()).unwrap(), record);
    }
}
