//! A kept record: the events of a run and its outcome. This file reads records back; `journal.rs` writes them.

pub mod archives;
pub mod bound;
pub mod facts;
pub mod files;
pub mod format;
pub mod index;
pub mod journal;
mod older;
mod redaction;
pub mod retention;
mod scan;

use ccci_model::diag::{Diagnostic, Place, Text, codes};
use ccci_model::event::Event;
use ccci_model::verdict::{Outcome, judge};
use files::Files;
use std::cell::LazyCell;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file with the events. Everything else is made from it.
pub const EVENTS: &str = "events.jsonl";
/// The plan, as a separate file for users.
pub const PLAN: &str = "plan.json";
/// How many bad lines are shown. A file that is no record at all would fill the screen.
const SHOWN: usize = 10;
/// Maximum size of a record's events, in bytes: a hundred times what a long run writes. `bound.rs` makes sure that no
/// more is written.
pub const MOST_BYTES: u64 = 32 << 20;

/// A record and its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// All events, in order.
    pub events: Vec<Event>,
    /// The outcome of the run.
    pub outcome: Outcome,
    /// What the browser showed; empty for a record that is not in a directory.
    pub files: Files,
}

impl Record {
    /// Makes a record from events and judges them. `None` if they do not begin with the start of a run.
    pub fn of(events: Vec<Event>) -> Option<Record> {
        let outcome = judge(&events)?;
        Some(Record { events, outcome, files: Files::default() })
    }

    /// The record with the files in its directory that formats show.
    pub fn with_files(mut self, dir: &Path) -> Record {
        self.files = Files::read(dir, self.outcome.shown.iter().map(|s| s.file.as_str()));
        self
    }

    /// Reads the record in a directory.
    pub fn read(dir: &Path) -> Result<Record, Vec<Diagnostic>> {
        let path = dir.join(EVENTS);
        let shown = path.display().to_string();
        let content = plain(&path).map_err(|e| {
            let message = format!("expected a record in `{}`, failed to read `{EVENTS}`: {e}", dir.display());
            vec![
                Diagnostic::new(codes::BAD_RECORD, message)
                    .help("`ccci records list` shows the runs that are kept"),
            ]
        })?;
        let content =
            String::from_utf8(content).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        Record::parse(&shown, &content).map(|record| record.with_files(dir))
    }

    /// Parses a record. The last line is ignored if it has no newline and cannot be parsed: it was being written when
    /// the run was killed.
    pub fn parse(path: &str, content: &str) -> Result<Record, Vec<Diagnostic>> {
        // a copy of the text is made only if there is an error to point to
        let text = LazyCell::new(|| Arc::new(Text { path: path.to_string(), content: content.to_string() }));
        let (mut events, mut bad, mut reader) = (vec![], vec![], older::Reader::default());
        for (n, line) in content.split_inclusive('\n').enumerate() {
            match reader.line(line) {
                Ok(told) => events.extend(told),
                Err(_) if line.trim().is_empty() || !line.ends_with('\n') => {}
                Err(e) => {
                    let place = Place::at_line(&text, n + 1, e.column(), 1);
                    let reason = reason(&e);
                    let known = reason.split(", expected one of").next().unwrap_or(&reason);
                    let message = format!("line {} is no event: {known}", n + 1);
                    let d = Diagnostic::new(codes::BAD_RECORD, message).at(place);
                    bad.push(if known == reason { d } else { d.help("a newer ccci may have written it") });
                    // finding a place means counting lines; a large file in which every line is bad would take too long
                    if bad.len() == SHOWN {
                        break;
                    }
                }
            }
        }
        if !bad.is_empty() {
            return Err(bad);
        }
        Record::of(events).ok_or_else(|| {
            let message = "expected a record that begins with `run_started`, it does not";
            vec![Diagnostic::new(codes::BAD_RECORD, message).at(Place::start_of(&text))]
        })
    }
}

/// The bytes of a file. Only a regular file is opened: reading a pipe would block, and reading a device would not end.
pub fn plain(path: &Path) -> io::Result<Vec<u8>> {
    let facts = fs::metadata(path)?;
    if !facts.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    let mut bytes = vec![];
    // the file may grow in the meantime
    if facts.len() <= MOST_BYTES {
        fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if facts.len().max(bytes.len() as u64) > MOST_BYTES {
        let message = format!("it is too large; files up to {} MiB are read", MOST_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The parser's message without its position, which is relative to the line.
fn reason(e: &serde_json::Error) -> String {
    let text = e.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_string()
}

/// A directory that may hold a record.
#[derive(Debug)]
pub struct Kept {
    /// The directory.
    pub dir: PathBuf,
    /// The record, or why it cannot be read.
    pub record: Result<Record, Vec<Diagnostic>>,
}

impl Kept {
    /// Reads the record of a directory.
    pub fn read(dir: PathBuf) -> Kept {
        Kept { record: Record::read(&dir), dir }
    }
}

/// The directories in `below` that hold a record, the oldest run first: run ids sort by their start.
pub fn kept_dirs(below: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(below).into_iter().flatten().flatten();
    let mut out: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.join(EVENTS).is_file()).collect();
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::event::What;
    use ccci_model::time::Moment;
    use ccci_testkit::example;

    fn lines() -> String {
        let plan = Box::new(example::plan());
        let first =
            What::RunStarted { schema: ccci_model::event::SCHEMA, ccci: "0".into(), wall_ms: 1, plan };
        let event = |what| serde_json::to_string(&Event { at: Moment(3), what }).unwrap() + "\n";
        [event(first), event(What::RunEnded { wall_ms: 2 })].concat()
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let record = Record::parse("e", &lines()).unwrap();
        let again: String = record.events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
        assert_eq!(again, lines());
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_a_whole_one_without_newline_is_not() {
        let torn = &lines()[..lines().len() - 5];
        assert_eq!(Record::parse("e", torn).unwrap().events.len(), 1);
        let whole = lines();
        assert_eq!(Record::parse("e", whole.trim_end()).unwrap().events.len(), 2);
    }

    #[test]
    fn a_corrupted_line_is_said_with_its_number() {
        let broken = lines().replace("\"run_ended\"", "\"run_flew\"");
        let bad = Record::parse("dir/events.jsonl", &broken).unwrap_err();
        assert_eq!((bad.len(), bad[0].code.id), (1, "bad-record"));
        assert!(bad[0].place.as_ref().unwrap().to_string().starts_with("dir/events.jsonl:2:"));
        assert!(
            bad[0].message.contains("line 2 is no event: unknown variant `run_flew`"),
            "{}",
            bad[0].message
        );
    }

    #[test]
    fn a_file_larger_than_any_record_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::File::create(dir.path().join(EVENTS)).unwrap().set_len(900 << 20).unwrap();
        let bad = Record::read(dir.path()).unwrap_err();
        assert!(
            bad[0].message.ends_with("it is too large; files up to 32 MiB are read"),
            "{}",
            bad[0].message
        );
    }

    #[test]
    fn a_record_of_very_many_steps_is_read_in_a_moment() {
        let mut all = lines();
        for step in 0..60_000 {
            let what = What::StepStarted { step, title: "t".into(), tier: None };
            all += &(serde_json::to_string(&Event { at: Moment(4), what }).unwrap() + "\n");
            let (status, failure, note) = (ccci_model::tier::Status::Pass, None, None);
            let what = What::StepEnded { step, status, ms: 1, failure, note };
            all += &(serde_json::to_string(&Event { at: Moment(5), what }).unwrap() + "\n");
        }
        let record = Record::parse("e", &all).unwrap();
        assert_eq!(record.outcome.steps.len(), 60_000);
        assert!(record.outcome.steps.iter().all(|s| s.ended && s.ms == 1));
    }

    #[test]
    fn a_record_whose_names_are_none_is_not_read() {
        let run = example::plan().run_id.to_string();
        let odd = lines().replace(&run, "x\\u001b[2J\\n::error::y");
        let bad = Record::parse("e", &odd).unwrap_err();
        assert!(bad[0].message.contains("is not a run id"), "{}", bad[0].message);
    }

    #[test]
    fn a_file_that_is_no_record_is_refused_in_few_words() {
        assert_eq!(Record::parse("e", &"nonsense\n".repeat(200_000)).unwrap_err().len(), SHOWN);
        let empty = Record::parse("e", "").unwrap_err();
        assert!(empty[0].message.contains("begins with `run_started`"), "{}", empty[0].message);
        let gone = Record::read(Path::new("/nowhere/run")).unwrap_err();
        assert!(gone[0].message.contains("`/nowhere/run`"), "{}", gone[0].message);
    }
}
