//! `ccci records` with the real program: kept runs are listed by what they are, shown with their files, and removed by
//! age, number and size without touching a run that goes on or the last green one.

use crate::bad_input::ground::Ground;
use ccci_adapters::locks::FileLocks;
use ccci_report::REPORTS;
use ccci_runner::record::{EVENTS, Record};
use ccci_swarm::ports::Locks;
use serde_json::Value;
use std::fs;

/// Kept runs, the oldest first: id, record, and the recipe that it is said to be of.
const RUNS: &[(&str, &str, &str)] = &[
    ("20260101-000000-00000a", "green", "fullest"),
    ("20260102-000000-00000b", "red_custom", "fullest"),
    ("20260103-000000-00000c", "green", "fullest"),
    ("20260104-000000-00000d", "red_install", "fullest"),
    ("20260105-000000-00000e", "green", "other"),
    ("20260106-000000-00000f", "error", "other"),
];

/// When all kept records say that they began, ms since 1970.
const BEGAN: &str = "\"wall_ms\":1767225600000";

/// A store of records: each is of its recipe, and began on the day that its id names.
fn ground() -> Ground {
    RUNS.iter().enumerate().fold(Ground::new(), |ground, (n, (id, record, recipe))| {
        let text = fs::read_to_string(format!("tests/records/{record}.jsonl")).unwrap();
        let day = 1_767_225_600_000 + 86_400_000 * n;
        let began = format!("\"wall_ms\":{day}");
        let text = text.replace("20260131-120000-4f1c2e", id);
        let text = text
            .replacen(BEGAN, &began, 1)
            .replace("\"recipe\":\"fullest\"", &format!("\"recipe\":\"{recipe}\""));
        assert!(text.contains(&began) && text.contains(&format!("\"recipe\":\"{recipe}\"")), "{id}");
        ground.write(&format!("home/runs/{id}/{EVENTS}"), text)
    })
}

/// The ids that a call lists or removes, by their last letters, in the order of their lines.
fn letters(text: &str) -> String {
    text.lines().filter_map(|l| l.find("-000000-00000").and_then(|at| l[at + 13..].chars().next())).collect()
}

fn said(ground: &Ground, args: &[&str]) -> String {
    let done = ground.ccci(args);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{args:?}");
    done.out
}

#[test]
fn runs_are_listed_by_recipe_verdict_and_time() {
    let ground = ground();
    let short =
        |args: &[&str]| letters(&said(&ground, &[&["records", "list", "--format", "short"], args].concat()));
    assert_eq!(short(&[]), "fedcba");
    assert_eq!(short(&["--recipe", "other"]), "fe");
    assert_eq!(short(&["--verdict", "green"]), "eca");
    assert_eq!(short(&["--since", "2026-01-05"]), "fe");
    assert_eq!(short(&["--since", "90000d", "--verdict", "red"]), "db");
    assert_eq!(said(&ground, &["records", "list"]), said(&ground, &["report", "list"]));
    assert!(said(&ground, &["records", "list", "--recipe", "none"]).starts_with("no run"));
    let json: Value = serde_json::from_str(&said(&ground, &["records", "list", "--format", "json"])).unwrap();
    let first = &json.as_array().unwrap()[0];
    assert_eq!((first["verdict"].as_str(), first["in_progress"].as_bool()), (Some("error"), Some(false)));
    assert_eq!(first["began"], "2026-01-06T00:00:00Z");
    assert!(fs::metadata(first["dir"].as_str().unwrap()).unwrap().is_dir());
}

#[test]
fn the_runs_of_a_call_are_listed_together() {
    let ground = RUNS.iter().fold(ground(), |ground, (id, ..)| {
        if !["a", "d", "e"].iter().any(|letter| id.ends_with(letter)) {
            return ground;
        }
        let file = format!("home/runs/{id}/{EVENTS}");
        let text = fs::read_to_string(ground.path(&file)).unwrap();
        let run = format!("\"run_id\":\"{id}\"");
        ground.write(&file, text.replacen(&run, &format!("{run},\"call\":\"20260101-000000-ffffff\""), 1))
    });
    let text = said(&ground, &["records", "list"]);
    assert_eq!(letters(&text), "fedacb", "where the newest of them is:\n{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "call 20260101-000000-ffffff: 3 runs");
    assert!(lines[2..5].iter().all(|line| line.starts_with("  ")) && !lines[5].starts_with(' '), "{text}");
    assert!(lines[2].contains("other 1.") && lines[3].contains("fullest from 1.0.0"), "{text}");
    let json: Value = serde_json::from_str(&said(&ground, &["records", "list", "--format", "json"])).unwrap();
    let calls: Vec<Option<&str>> = json.as_array().unwrap().iter().map(|run| run["call"].as_str()).collect();
    assert_eq!(calls.iter().flatten().count(), 3);
}

#[test]
fn a_run_is_shown_with_its_files() {
    let ground = ground().write("home/runs/20260106-000000-00000f/logs/app.log", "x".repeat(1_500));
    let text = said(&ground, &["records", "show"]);
    assert!(text.starts_with("ERROR") && text.contains("first cause"), "{text}");
    assert!(text.contains("1.5 KiB  logs/app.log") && text.contains("KiB  events.jsonl"), "{text}");
    let done = ground.ccci(&["records", "show", "20260106"]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("no run is called `20260106`"), "{}", done.err);
}

#[test]
fn pruning_says_first_what_it_would_do_and_then_does_that() {
    let ground = ground();
    let names = || {
        let entries = fs::read_dir(ground.path("home/runs")).unwrap().flatten();
        let mut names: Vec<_> = entries.map(|e| e.file_name().into_string().unwrap()).collect();
        names.sort();
        letters(&names.join("\n"))
    };
    let would = said(&ground, &["records", "prune", "--keep", "1", "--dry-run"]);
    assert_eq!((letters(&would).as_str(), names().as_str()), ("ab", "abcdef"), "the last green ones stay");
    assert!(
        would.contains("would be removed: runs: 2, archives of runs: 0, ")
            && would.contains("; kept: runs: 4"),
        "{would}"
    );
    let did = said(&ground, &["records", "prune", "--keep", "1"]);
    assert_eq!(did, would.replace("would be removed", "removed"));
    assert_eq!(names(), "cdef");
    assert_eq!(letters(&said(&ground, &["records", "list", "--format", "short"])), "fedc");
    let index = fs::read_to_string(ground.path("home/runs/index.jsonl")).unwrap();
    assert!(!index.contains("00000a") && index.contains("00000c"), "the index knows");
    assert_eq!(letters(&said(&ground, &["records", "prune", "--older", "1"])), "df");
    assert_eq!(letters(&said(&ground, &["records", "prune", "--older", "1", "--all"])), "ce");
    assert!(said(&ground, &["records", "list"]).starts_with("no run"));
}

#[test]
fn a_run_that_goes_on_stays_and_a_record_that_cannot_be_read_is_left_alone() {
    let ground = ground().write("home/runs/20260107-000000-000001/events.jsonl", "nonsense\n");
    // all of these records have the same domain
    let held = FileLocks::new(ground.path("locks")).take("full-2ddfe5.ccci.test").unwrap();
    let done = ground.ccci(&["records", "prune", "--older", "0", "--all"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.starts_with("removed: runs: 0,"), "{}", done.out);
    assert!(done.err.contains("cannot be read: 20260107-000000-000001"), "{}", done.err);
    drop(held);
    let done = ground.ccci(&["records", "prune", "--older", "0", "--all"]);
    assert_eq!(letters(&done.out), "abcdef");
    assert!(ground.path("home/runs/20260107-000000-000001").exists());
}

#[test]
fn archives_go_before_runs_and_the_record_is_rendered_again() {
    let ground =
        ground().write("home/runs/20260106-000000-00000f/backups/backup-1/app-data.tar", vec![0; 3_000_000]);
    let run = ground.path("home/runs/20260106-000000-00000f");
    let text = said(&ground, &["records", "prune", "--max-size", "1M"]);
    assert!(
        text.starts_with("archives    20260106-000000-00000f  error  other 1.0.0+1.26.0  2.9 MiB\n"),
        "{text}"
    );
    assert!(text.ends_with("removed: runs: 0, archives of runs: 1, 2.9 MiB; kept: runs: 6\n"), "{text}");
    assert!(!run.join("backups").exists());
    let record = Record::read(&run).unwrap();
    for format in REPORTS {
        assert_eq!(fs::read(run.join(format.file)).unwrap(), (format.render)(&record), "{}", format.name);
    }
    let results: Value = serde_json::from_slice(&fs::read(run.join("results.json")).unwrap()).unwrap();
    let archive = results["files"].as_array().unwrap().iter().find(|f| !f["sha256"].is_null()).unwrap();
    assert_eq!(archive["there"], false);
    let done = ground.ccci(&["records", "prune", "--max-size", "1"]);
    assert!(done.err.contains("more than asked for"), "{}", done.err);
    assert_eq!(letters(&said(&ground, &["records", "list", "--format", "short"])), "ec");
}
