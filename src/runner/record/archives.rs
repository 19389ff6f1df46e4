//! The archives of backups in a record: they contain the app's data, and may be much larger than everything else.

use super::format::Format;
use super::journal::{RecordError, write_reports, write_whole};
use super::{EVENTS, Record, plain};
use ccci_model::diag::Diagnostic;
use ccci_model::event::{Event, What};
use ccci_model::time::Moment;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path};

/// The directory of archives in a record.
pub const BACKUPS: &str = "backups";

/// Why the archives of a record cannot be removed. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ArchivesError {
    /// The record cannot be read.
    #[error("read the record: {}", .0.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("; "))]
    Unreadable(Vec<Diagnostic>),
    /// Its events cannot be read.
    #[error("read `{EVENTS}`: {0}")]
    Events(#[from] io::Error),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] RecordError),
}

/// The names of the archives that a run kept.
pub(super) fn of(events: &[Event]) -> BTreeSet<String> {
    let name = |e: &Event| match &e.what {
        What::Kept { file, sha256: Some(_), .. } => Some(file.clone()),
        _ => None,
    };
    events.iter().filter_map(name).collect()
}

/// Removes files below a directory, and the directories that are empty then. Returns the names of those that were
/// there. A name that leads elsewhere is left alone.
pub(super) fn remove_files(dir: &Path, names: BTreeSet<String>) -> Vec<String> {
    let is_below = |name: &str| {
        let parts = Path::new(name).components().all(|c| matches!(c, Component::Normal(_)));
        let parent = Path::new(name).parent().map(|p| dir.join(p).canonicalize());
        parts
            && matches!((parent, dir.canonicalize()), (Some(Ok(parent)), Ok(dir)) if parent.starts_with(&dir))
    };
    let gone = |name: &String| is_below(name) && fs::remove_file(dir.join(name)).is_ok();
    let files: Vec<String> = names.into_iter().filter(gone).collect();
    for below in files.iter().filter_map(|f| Path::new(f).parent()).collect::<BTreeSet<_>>() {
        let _ = fs::remove_dir(dir.join(below));
    }
    let _ = fs::remove_dir(dir.join(BACKUPS));
    files
}

/// Removes the archives of a record whose run has ended, notes it as its last event, and makes its formats again.
pub fn remove(dir: &Path, formats: &[Format]) -> Result<(), ArchivesError> {
    let record = Record::read(dir).map_err(ArchivesError::Unreadable)?;
    let files = remove_files(dir, of(&record.events));
    if files.is_empty() {
        return Ok(());
    }
    let at = record.events.last().map_or(Moment(0), |e| e.at);
    let event = Event { at, what: What::ArchivesDropped { files } };
    let mut events = plain(&dir.join(EVENTS))?;
    // a line that a killed run left torn would be read as a bad one if another followed
    events.truncate(events.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1));
    events.extend(super::journal::line(&event).into_bytes());
    write_whole(dir, EVENTS, &events)?;
    let record = Record::read(dir).map_err(ArchivesError::Unreadable)?;
    let (_, errors) = write_reports(dir, formats, &record);
    errors.into_iter().next().map_or(Ok(()), |e| Err(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_testkit::example::{self, green_run};

    /// A record on the disk that kept a file with a checksum.
    fn ground(file: &str, ending: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("run");
        fs::create_dir_all(below.join("backups/backup-1")).unwrap();
        fs::write(below.join("backups/backup-1/app.tar"), "data").unwrap();
        fs::write(dir.path().join("other"), "not ours").unwrap();
        let mut events = green_run(&example::plan());
        let kept = What::Kept { file: file.into(), sha256: Some("0".repeat(64)), bytes: 4 };
        events.insert(1, Event { at: Moment(1), what: kept });
        let lines: String = events.iter().map(super::super::journal::line).collect();
        fs::write(below.join(EVENTS), lines + ending).unwrap();
        dir
    }

    #[test]
    fn archives_go_and_the_record_says_so() {
        for ending in ["", "{\"at\":9,\"ev"] {
            let dir = ground("backups/backup-1/app.tar", ending);
            let run = dir.path().join("run");
            let before = Record::read(&run).unwrap();
            remove(&run, &[]).unwrap();
            assert!(!run.join(BACKUPS).exists());
            let after = Record::read(&run).unwrap();
            assert_eq!(after.outcome, before.outcome, "the verdict stays");
            let last = &after.events.last().unwrap().what;
            assert_eq!(last, &What::ArchivesDropped { files: vec!["backups/backup-1/app.tar".into()] });
            remove(&run, &[]).unwrap();
            assert_eq!(Record::read(&run).unwrap(), after, "a second time there is nothing to do");
        }
    }

    #[test]
    fn a_name_that_leads_out_of_the_record_removes_nothing() {
        let dir = ground("../other", "");
        remove(&dir.path().join("run"), &[]).unwrap();
        assert!(dir.path().join("other").exists());
        let link = dir.path().join("run/backups/out");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        let names = BTreeSet::from(["backups/out/other".to_string(), "/etc/none".into()]);
        assert_eq!(remove_files(&dir.path().join("run"), names), Vec::<String>::new());
        assert!(dir.path().join("other").exists());
    }
}
