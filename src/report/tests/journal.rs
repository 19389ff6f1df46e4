//! The record on the disk: what is written when, what happens if writing fails, and what the final scan for secrets
//! finds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use ccci_model::event::{Event, Shown, Shows, What};
use ccci_model::failure::{Failure, FailureId, causes};
use ccci_model::plan::{Action, Plan};
use ccci_model::redact::Redactor;
use ccci_model::secret::Secret;
use ccci_model::tier::Status;
use ccci_model::time::Moment;
use ccci_model::verdict::Verdict;
use ccci_report::REPORTS;
use ccci_runner::record::journal::Journal;
use ccci_runner::record::{EVENTS, PLAN, Record};
use ccci_testkit::example::{self, green_run};
use std::fs;
use std::path::Path;

fn said(text: &str) -> Event {
    Event { at: Moment(1), what: What::Said { by: "pre_backup".into(), text: text.into() } }
}

#[test]
fn every_event_is_on_the_disk_before_the_next_and_every_report_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("made/when/needed");
    let mut journal = Journal::begin(&out, Redactor::default(), REPORTS).unwrap();
    for (n, event) in green_run(&example::plan()).into_iter().enumerate() {
        journal.take(event);
        assert_eq!(fs::read_to_string(out.join(EVENTS)).unwrap().lines().count(), n + 1);
    }
    assert!(out.join(PLAN).is_file());
    let finished = journal.finish();
    assert_eq!(finished.notes, Vec::<String>::new());
    let record = finished.record.unwrap();
    assert_eq!(record.outcome.verdict, Verdict::Green);
    let again = Record::read(&out).unwrap();
    assert_eq!(again, record);
    for format in REPORTS {
        assert_eq!(fs::read(out.join(format.file)).unwrap(), (format.render)(&again), "{}", format.name);
    }
    let names: Vec<_> = fs::read_dir(&out).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!names.iter().any(|n| n.to_string_lossy().starts_with(".ccci-")), "{names:?}");
}

#[test]
fn a_directory_that_holds_a_record_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Journal::begin(dir.path(), Redactor::default(), REPORTS).unwrap();
    let Err(e) = Journal::begin(dir.path(), Redactor::default(), REPORTS) else { panic!() };
    assert!(e.to_string().contains("already contains a record"), "{e}");
}

#[test]
fn lesson_37_a_secret_is_hidden_even_where_it_was_written_before_it_was_known() {
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::default();
    let mut journal = Journal::begin(dir.path(), redactor.clone(), REPORTS).unwrap();
    let mut events = green_run(&example::plan());
    events.insert(1, said("the password is hunter2secret"));
    for event in events {
        journal.take(event);
    }
    redactor.add("db_password", &Secret::new("hunter2secret"));
    let record = journal.finish().record.unwrap();
    assert_eq!(record.outcome.verdict, Verdict::Green);
    assert_eq!(Record::read(dir.path()).unwrap(), record);
    let text = fs::read_to_string(dir.path().join(EVENTS)).unwrap();
    assert!(text.contains("the password is •••") && !text.contains("hunter2secret"));
}

#[test]
fn a_file_that_was_kept_before_a_secret_was_known_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::default();
    let mut journal = Journal::begin(dir.path(), redactor.clone(), REPORTS).unwrap();
    let mut plan = example::plan();
    plan.subject_mut().base_reason = "as hunter2secret says".into();
    let mut events = green_run(&plan);
    let file = "compose.yml".to_string();
    events.insert(1, Event { at: Moment(0), what: What::Kept { file, sha256: None, bytes: 9 } });
    let (by, file) = ("custom/x.rhai test_x".to_string(), "seen/console.txt".to_string());
    let shown = Shown { app: 0, by, shows: Shows::Console, file, bytes: 9 };
    events.insert(2, Event { at: Moment(0), what: What::Shown(shown) });
    events.into_iter().for_each(|e| {
        journal.take(e);
    });
    fs::write(dir.path().join("compose.yml"), "PW: hunter2secret\n").unwrap();
    fs::create_dir(dir.path().join("seen")).unwrap();
    fs::write(dir.path().join("seen/console.txt"), "log in with hunter2secret\n").unwrap();
    redactor.add("db_password", &Secret::new("hunter2secret"));
    assert_eq!(journal.finish().record.unwrap().outcome.verdict, Verdict::Green);
    assert_eq!(fs::read_to_string(dir.path().join("compose.yml")).unwrap(), "PW: •••\n");
    assert_eq!(fs::read_to_string(dir.path().join("seen/console.txt")).unwrap(), "log in with •••\n");
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(page.contains("log in with •••"), "the page shows what is kept");
    let plan = fs::read_to_string(dir.path().join(PLAN)).unwrap();
    assert!(plan.contains("as ••• says") && serde_json::from_str::<Plan>(&plan).is_ok(), "{plan}");
}

#[test]
fn a_secret_in_a_kept_file_makes_the_run_red_on_the_disk_too() {
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::default();
    redactor.add("db_password", &Secret::new("hunter2secret"));
    let mut journal = Journal::begin(dir.path(), redactor, REPORTS).unwrap();
    green_run(&example::plan()).into_iter().for_each(|e| {
        journal.take(e);
    });
    fs::write(dir.path().join("app.log"), "login with hunter2secret").unwrap();
    let record = journal.finish().record.unwrap();
    assert_eq!(record.outcome.verdict, Verdict::Red);
    assert_eq!(record.outcome.failures[0].failure.observed(), "`db_password` stands in `app.log`");
    assert_eq!(Record::read(dir.path()).unwrap(), record);
    let results = fs::read_to_string(dir.path().join("results.json")).unwrap();
    assert!(results.contains("\"verdict\": \"red\""));
}

#[test]
fn a_directory_that_vanishes_is_an_error_with_exit_3_and_the_verdict_is_there_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let mut journal = Journal::begin(&out, Redactor::default(), REPORTS).unwrap();
    fs::remove_dir_all(&out).unwrap();
    green_run(&example::plan()).into_iter().for_each(|e| {
        journal.take(e);
    });
    let record = journal.finish().record.unwrap();
    assert_eq!((record.outcome.verdict, record.outcome.exit.code()), (Verdict::Error, 3));
    assert_eq!(record.outcome.level, 4, "what was proved stays proved");
}

/// A run whose backup left an archive and whose restore ended with this status.
fn with_archive(dir: &Path, restored: Status, keep: bool) -> (bool, Vec<String>) {
    let mut journal = Journal::begin(dir, Redactor::default(), REPORTS).unwrap();
    journal.keep_archives(keep);
    fs::create_dir_all(dir.join("backups/backup-1")).unwrap();
    fs::write(dir.join("backups/backup-1/app-data.tar"), "data").unwrap();
    let file = "backups/backup-1/app-data.tar".to_string();
    let plan = example::plan();
    let restore = plan.steps.iter().position(|s| s.action == Action::Restore).unwrap();
    for mut event in green_run(&plan) {
        if let What::StepEnded { step, status, failure, .. } = &mut event.what
            && *step == restore
            && restored != Status::Pass
        {
            *status = restored;
            let id = FailureId::nth(1);
            let failed = Failure { id, ..Failure::new(causes::RESTORE_MISMATCH, "a", "b") };
            journal.take(Event { at: event.at, what: What::Failed(Box::new(failed)) });
            *failure = Some(id);
        }
        if let What::RunEnded { .. } = event.what {
            let (file, sha256) = (file.clone(), Some("0".repeat(64)));
            journal.take(Event { at: event.at, what: What::Kept { file, sha256, bytes: 4 } });
        }
        journal.take(event);
    }
    let record = journal.finish().record.unwrap();
    let dropped = record.events.iter().find_map(|e| match &e.what {
        What::ArchivesDropped { files } => Some(files.clone()),
        _ => None,
    });
    (dir.join("backups").exists(), dropped.unwrap_or_default())
}

#[test]
fn archives_go_after_a_good_restore_and_stay_as_evidence_or_when_asked_for() {
    let file = "backups/backup-1/app-data.tar".to_string();
    for (restored, keep, there) in
        [(Status::Pass, false, false), (Status::Pass, true, true), (Status::Fail, false, true)]
    {
        let dir = tempfile::tempdir().unwrap();
        let (found, dropped) = with_archive(dir.path(), restored, keep);
        assert_eq!(
            (found, dropped),
            (there, if there { vec![] } else { vec![file.clone()] }),
            "{restored} {keep}"
        );
        let results: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.path().join("results.json")).unwrap()).unwrap();
        assert_eq!(results["files"][0]["there"], there);
    }
}

/// A run that logs 40 MiB of text: its record can still be read and has the verdict.
#[test]
fn whatever_a_run_tells_its_record_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(dir.path(), Redactor::default(), REPORTS).unwrap();
    let mut all = green_run(&example::plan());
    let end = all.pop().unwrap();
    for event in all {
        journal.take(event);
    }
    let words = "word ".repeat(100_000);
    for _ in 0..80 {
        journal.take(said(&words));
    }
    journal.take(end);
    let record = journal.finish().record.unwrap();
    assert_eq!(record.outcome.verdict, Verdict::Green);
    assert_eq!(Record::read(dir.path()).unwrap(), record);
    let told = record.events.iter().filter(|e| matches!(&e.what, What::Said { by, .. } if by == "ccci"));
    assert_eq!(told.count(), 1, "that something is missing is said once");
}
