//! Kept records and their reports: `records/<name>.jsonl` -> every format in `records/<name>/`.

use crate::golden;
use ccci_adapters::records::DirRecords;
use ccci_model::event::Event;
use ccci_model::redact::Redactor;
use ccci_model::tier::{Rung, Status};
use ccci_model::verdict::Verdict::{self, Error, Green, Interrupted, Red};
use ccci_report::styled::Style;
use ccci_report::text::columns;
use ccci_report::{REPORTS, diff, format, human, list, results, why};
use ccci_runner::record::format::Format;
use ccci_runner::record::journal::Journal;
use ccci_runner::record::{EVENTS, MOST_BYTES, Record, index};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Every record with its verdict, exit code and level.
pub(crate) const RECORDS: &[(&str, Verdict, u8, u8)] = &[
    ("green", Green, 0, 5),
    ("partial", Green, 0, 1),
    ("one_test", Green, 0, 0),
    ("red_install", Red, 1, 0),
    ("red_upgrade", Red, 1, 1),
    ("red_backup", Red, 1, 2),
    ("red_restore", Red, 1, 2),
    ("red_custom", Red, 1, 3),
    ("leak", Red, 1, 5),
    ("secret", Red, 1, 5),
    ("error", Error, 3, 1),
    ("deadline", Error, 3, 2),
    ("killed", Error, 3, 1),
    ("interrupted", Interrupted, 130, 1),
];

/// Formats that are long, and the records for which they are committed; these are enough to show every change.
const LONG: &[&str] = &["html", "trace", "card"];
const OF_LONG: &[&str] = &["green", "red_install", "leak"];

/// Records as ccci wrote them in schema 1, never changed since. They can still be read, and their reports are the
/// same.
const OLD: &[(&str, Verdict, u8, u8)] =
    &[("old/green", Green, 0, 5), ("old/red_install", Red, 1, 0), ("old/error", Error, 3, 1)];

/// Records as ccci wrote them when schema 2 was new, never changed since.
const FIRST: &[(&str, Verdict, u8, u8)] = &[
    ("first/red_upgrade", Red, 1, 1),
    ("first/red_restore", Red, 1, 2),
    ("first/leak", Red, 1, 5),
    ("first/deadline", Error, 3, 2),
    ("first/killed", Error, 3, 1),
];

pub(crate) fn record(name: &str) -> Record {
    let path = format!("tests/records/{name}.jsonl");
    Record::parse(&path, &fs::read_to_string(&path).unwrap()).unwrap()
}

#[test]
fn every_record_is_judged_as_its_name_says() {
    for (name, verdict, exit, level) in RECORDS.iter().chain(OLD).chain(FIRST) {
        let o = record(name).outcome;
        assert_eq!((o.verdict, o.exit.code(), o.level), (*verdict, *exit, *level), "{name}");
    }
    let files = fs::read_dir("tests/records").unwrap().flatten();
    let names = files.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "jsonl"));
    assert_eq!(names.count(), RECORDS.len(), "a record that is not in the table is not looked at");
}

#[test]
fn every_format_of_every_record_is_what_is_committed() {
    for (name, ..) in RECORDS.iter().chain(OLD) {
        let record = record(name);
        let dir = PathBuf::from(format!("tests/records/{name}"));
        fs::create_dir_all(&dir).unwrap();
        let committed = |f: &&Format| !LONG.contains(&f.name) || OF_LONG.contains(name);
        // the floating point numbers of another processor may give a pixel another colour
        for format in REPORTS.iter().filter(committed).filter(|f| f.name != "card-png") {
            let text = String::from_utf8((format.render)(&record)).unwrap();
            golden::same(&dir.join(format.file), &text);
        }
    }
}

/// The words at which a line of the summary begins, with columns after them.
fn labels(summary: &str) -> impl Iterator<Item = &str> {
    summary.lines().filter_map(|line| {
        let text = line.trim_start();
        let (word, rest) = text.split_once("  ")?;
        let plain = word.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
        let near = line.len() - text.len() <= 8 && !rest.trim().is_empty();
        let of_rule = word.ends_with(" warning") || word.ends_with(" error");
        (plain && near && !of_rule).then_some(word)
    })
}

#[test]
fn every_word_at_which_a_line_of_a_report_begins_can_be_explained() {
    let summaries: Vec<String> = RECORDS.iter().map(|(name, ..)| human::render(&record(name))).collect();
    let mut words: Vec<&str> = summaries.iter().flat_map(|s| labels(s)).collect();
    words.extend(["first cause", "not proved", "rungs", "verdict", "record"]);
    words.sort_unstable();
    words.dedup();
    assert!(words.len() > 20, "{words:?}");
    let unknown: Vec<&&str> = words
        .iter()
        .filter(|word| {
            let call =
                std::process::Command::new(env!("CARGO_BIN_EXE_ccci")).args(["explain", word]).output();
            !call.unwrap().status.success()
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn twenty_old_records_render_in_every_format_twice_to_the_same_bytes() {
    let all: Vec<&str> = RECORDS.iter().chain(OLD).chain(FIRST).map(|r| r.0).collect();
    assert!(all.len() >= 20, "{}", all.len());
    for name in all {
        // each time from the events, so that nothing of the first time is left
        let (one, two) = (record(name), record(name));
        for format in REPORTS {
            let bytes = (format.render)(&one);
            assert!(bytes.len() > 100 || format.name == "annotations", "{name} {}", format.name);
            assert_eq!(bytes, (format.render)(&two), "{name} {}", format.name);
        }
    }
}

#[test]
fn an_old_run_renders_byte_for_byte_as_the_run_itself_did() {
    // all records are written in the same way, so a few are enough: one of them has a torn last line, and the last
    // scan changes another
    for name in ["green", "red_install", "killed", "secret"] {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::begin(dir.path(), Redactor::default(), REPORTS).unwrap();
        for event in record(name).events {
            journal.take(event);
        }
        let finished = journal.finish();
        assert_eq!(finished.notes, Vec::<String>::new(), "{name}");
        let by_run: Vec<Vec<u8>> =
            REPORTS.iter().map(|f| fs::read(dir.path().join(f.file)).unwrap()).collect();
        let again = Record::read(dir.path()).unwrap();
        for (format, bytes) in REPORTS.iter().zip(by_run) {
            assert_eq!((format.render)(&again), bytes, "{name} {}", format.name);
        }
    }
}

#[test]
fn text_fits_100_columns_and_why_fits_a_screen() {
    for (name, ..) in RECORDS {
        let record = record(name);
        for text in [human::render(&record), why::render(&record)] {
            for line in text.lines() {
                assert!(columns(line) <= 100, "{name}: {line}");
                assert!(!line.contains('\u{1b}'), "{name}: {line:?}");
            }
        }
        let lines = why::render(&record).lines().count();
        assert!(lines <= 50, "{name}: why has {lines} lines");
    }
}

#[test]
fn a_red_summary_with_one_cause_is_short_and_ends_with_it() {
    for name in ["red_install", "red_upgrade", "red_backup", "red_restore"] {
        let text = fs::read_to_string(format!("tests/records/{name}/summary.txt")).unwrap();
        assert!(text.lines().count() <= 60, "{name}: {} lines", text.lines().count());
        let end = text.rsplit("\nfirst cause\n").next().unwrap();
        let first = &record(name).outcome.failures[0];
        assert!(end.lines().count() < 8 && end.contains(&first.during), "{name}: {end}");
    }
}

#[test]
fn junit_shows_a_failure_exactly_when_the_verdict_is_not_green() {
    for (name, verdict, ..) in RECORDS {
        let text = String::from_utf8((format("junit").unwrap().render)(&record(name))).unwrap();
        let bad = text.contains("<failure") || text.contains("<error");
        assert_eq!(bad, *verdict != Green, "{name}");
    }
}

#[test]
fn a_level_says_which_rungs_it_was_reached_over_untried() {
    let mut o = record("green").outcome;
    assert_eq!(human::level(&o), "level 5 of 5");
    o.rungs.insert(Rung::Upgrade, Status::Skip);
    o.rungs.insert(Rung::Functional, Status::Skip);
    assert_eq!(human::level(&o), "level 5 of 5 (skipped: upgrade, functional)");
    o.level = 3;
    assert_eq!(human::level(&o), "level 3 of 5 (skipped: upgrade)", "above it nothing is said");
}

#[test]
fn every_failure_says_expected_observed_and_blame_in_every_text() {
    for (name, ..) in RECORDS {
        let record = record(name);
        for format in ["human", "html", "results"].map(|n| format(n).unwrap()) {
            let text = String::from_utf8((format.render)(&record)).unwrap();
            for t in &record.outcome.failures {
                assert!(text.contains(&t.failure.cause), "{name} {}: {}", format.name, t.failure.cause);
                assert!(text.contains(t.failure.blame.to_string().as_str()), "{name} {}", format.name);
            }
        }
    }
}

#[test]
fn results_keep_the_published_schema() {
    let schema: Value = serde_json::from_str(&results::schema()).unwrap();
    for (name, ..) in RECORDS {
        let value: Value = serde_json::from_slice(&results::render(&record(name))).unwrap();
        let mut wrong = vec![];
        fits(&schema, &value, "results", &mut wrong);
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn a_result_that_breaks_the_schema_is_noticed() {
    let schema: Value = serde_json::from_str(&results::schema()).unwrap();
    let good: Value = serde_json::from_slice(&results::render(&record("green"))).unwrap();
    let breaks: [fn(&mut Value); 6] = [
        |v| v["verdict"] = json!("fine"),
        |v| v["level"] = json!(6),
        |v| v["extra"] = json!(1),
        |v| v["tiers"][0]["ms"] = json!("3s"),
        |v| v["timings"] = Value::Null,
        |v| {
            v.as_object_mut().unwrap().shift_remove("not_proved");
        },
    ];
    for (n, break_it) in breaks.iter().enumerate() {
        let (mut value, mut wrong) = (good.clone(), vec![]);
        break_it(&mut value);
        fits(&schema, &value, "results", &mut wrong);
        assert!(!wrong.is_empty(), "break {n} is not noticed");
    }
}

/// The part of JSON Schema that the published schema uses; an unknown keyword is an error.
pub(crate) fn fits(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let mut ok = |good: bool, what: &str| {
        if !good {
            wrong.push(format!("{at}: {what}, got {value}"));
        }
    };
    for (word, want) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" | "properties" => {}
            "const" => ok(value == want, "another constant"),
            "enum" => ok(want.as_array().unwrap().contains(value), "none of the names"),
            "minimum" => ok(value.as_u64() >= want.as_u64(), "below the minimum"),
            "maximum" => ok(value.as_u64() <= want.as_u64(), "above the maximum"),
            "type" => ok(
                match want.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("unknown type {other}"),
                },
                "another type",
            ),
            "required" => {
                let all = want.as_array().unwrap();
                ok(all.iter().all(|k| value.get(k.as_str().unwrap()).is_some()), "a key is missing");
            }
            "anyOf" => ok(
                want.as_array().unwrap().iter().any(|s| {
                    let mut inner = vec![];
                    fits(s, value, at, &mut inner);
                    inner.is_empty()
                }),
                "no alternative fits",
            ),
            "items" | "additionalProperties" => {}
            other => panic!("unknown word {other}"),
        }
    }
    if let (Some(items), Some(all)) = (schema.get("items"), value.as_array()) {
        all.iter().enumerate().for_each(|(i, v)| fits(items, v, &format!("{at}[{i}]"), wrong));
    }
    for (key, v) in value.as_object().into_iter().flatten() {
        match (&schema["properties"][key], schema.get("additionalProperties")) {
            (Value::Null, Some(Value::Bool(false))) => wrong.push(format!("{at}: unknown key {key}")),
            (Value::Null, Some(rest)) => fits(rest, v, &format!("{at}.{key}"), wrong),
            (Value::Null, None) => {}
            (known, _) => fits(known, v, &format!("{at}.{key}"), wrong),
        }
    }
}

#[test]
fn two_runs_are_told_apart() {
    let dir = Path::new("tests/records/diff");
    for (old, new) in [("green", "red_custom"), ("green", "green"), ("partial", "error")] {
        let text = diff::render(&record(old), &record(new));
        golden::same(&dir.join(format!("{old}-{new}.txt")), &text);
    }
}

#[test]
fn kept_runs_are_listed_the_newest_first_and_an_unreadable_one_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    for (run, name) in [("20260101-a", "red_install"), ("20260102-b", "green")] {
        fs::create_dir(dir.path().join(run)).unwrap();
        fs::copy(format!("tests/records/{name}.jsonl"), dir.path().join(run).join(EVENTS)).unwrap();
    }
    fs::create_dir(dir.path().join("20260103-c")).unwrap();
    fs::write(dir.path().join("20260103-c").join(EVENTS), "nonsense\n").unwrap();
    fs::create_dir(dir.path().join("not-a-run")).unwrap();
    let records = DirRecords::new(dir.path(), EVENTS, MOST_BYTES);
    let text = list::draw(&index::list(&records).unwrap(), &|_| false, Style::PLAIN);
    let words: Vec<&str> = text.lines().map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(words, ["unreadable", "green", "red"], "{text}");
    assert_eq!(list::draw(&[], &|_| false, Style::PLAIN), "no run is kept\n");
}

/// The events of all records, among them values that no normal run has.
fn pool() -> Vec<Event> {
    RECORDS.iter().flat_map(|(name, ..)| record(name).events).collect()
}

const ODD_TEXTS: &[&str] = &[
    "",
    "\u{1b}[2J\r\n",
    "日本語\u{202e}x",
    "::error::x",
    "a\nb\n\nc",
    "]]>&<\"'`|",
    "\u{0}",
    "tests of x.rhai (1)",
];
const ODD_NUMBERS: &[u64] = &[0, 1, 43, 44, 1_000_000, u64::MAX];

/// Replaces texts and numbers of an event, if the result is still an event.
fn odd(event: &Event, text: Option<usize>, number: Option<usize>) -> Event {
    fn walk(v: &mut Value, text: Option<&str>, number: Option<u64>) {
        match v {
            Value::String(s) => *s = text.unwrap_or(s).to_string(),
            Value::Number(n) => *n = number.map_or(n.clone(), Into::into),
            Value::Array(all) => all.iter_mut().for_each(|v| walk(v, text, number)),
            Value::Object(map) => map
                .iter_mut()
                .filter(|(k, _)| {
                    let own =
                        ["event", "tier", "status", "blame", "decided_by", "side", "plan", "kind", "role"];
                    !own.contains(&k.as_str())
                })
                .for_each(|(_, v)| walk(v, text, number)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(event).unwrap();
    walk(&mut value, text.map(|t| ODD_TEXTS[t]), number.map(|n| ODD_NUMBERS[n]));
    serde_json::from_value(value).unwrap_or_else(|_| event.clone())
}

/// The events of a record in any order, after a first event that may be unusual as well.
pub(crate) fn odd_events() -> impl Strategy<Value = Vec<Event>> {
    let pool = pool();
    let one = (0..pool.len(), prop::option::of(0..ODD_TEXTS.len()), prop::option::of(0..ODD_NUMBERS.len()));
    prop::collection::vec(one, 0..40).prop_map(move |picks| {
        let rest = picks.iter().map(|(n, text, number)| odd(&pool[*n], *text, *number));
        std::iter::once(pool[0].clone()).chain(rest).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn lesson_38_no_format_panics_on_odd_events(events in odd_events()) {
        let record = Record::of(events).unwrap();
        for format in REPORTS {
            prop_assert!(!(format.render)(&record).is_empty(), "{}", format.name);
        }
        let schema: Value = serde_json::from_str(&results::schema()).unwrap();
        let mut wrong = vec![];
        fits(&schema, &results::value(&record), "results", &mut wrong);
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
        prop_assert!(!diff::render(&record, &record).is_empty());
        let narrow = Style { colour: true, width: 10 };
        prop_assert!(!human::draw(&record, narrow).is_empty() && !why::draw(&record, narrow).is_empty());
    }
}
