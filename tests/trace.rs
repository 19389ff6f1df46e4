//! The trace of a run, read by a parser that is not ours and laid out by Perfetto's rules: no span is lost, and each
//! is inside the span that it belongs to.

use crate::report::{RECORDS, odd_events, record};
use ccci_model::event::{Event, SCHEMA, What};
use ccci_model::failure::{Failure, FailureId, causes};
use ccci_model::tier::{Status, Tier};
use ccci_model::time::Moment;
use ccci_model::verdict::Verdict;
use ccci_report::trace;
use ccci_runner::record::Record;
use ccci_testkit::example;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tinyjson::JsonValue;

/// Perfetto does not show spans that are nested deeper.
const DEEPEST: usize = 512;

/// A span or an instant event as a viewer shows it.
#[derive(Debug, Clone)]
struct Shown {
    thread: u64,
    kind: String,
    name: String,
    begins: u64,
    /// µs; 0 for an instant event.
    lasts: u64,
    /// The names of the spans around it, the outermost first.
    within: Vec<String>,
}

fn text(event: &JsonValue, key: &str) -> String {
    event[key].get::<String>().unwrap_or_else(|| panic!("{key} is no text in {event:?}")).clone()
}

fn number(event: &JsonValue, key: &str) -> u64 {
    let number = *event[key].get::<f64>().unwrap_or_else(|| panic!("{key} is no number in {event:?}"));
    assert!(number >= 0.0 && number.fract() == 0.0 && number < 2f64.powi(53), "{key} of {event:?}");
    number as u64
}

/// The names of the process and of the threads.
fn names(events: &[JsonValue]) -> BTreeMap<(String, u64), String> {
    let metadata = events.iter().filter(|e| text(e, "ph") == "M");
    metadata.map(|e| ((text(e, "name"), number(e, "tid")), text(&e["args"], "name"))).collect()
}

fn events(record: &Record) -> Vec<JsonValue> {
    let json = String::from_utf8(trace::render(record)).unwrap();
    let read: JsonValue = json.parse().unwrap_or_else(|e| panic!("{e}: {json}"));
    assert_eq!(read["displayTimeUnit"].get::<String>().unwrap(), "ms");
    read["traceEvents"].get::<Vec<JsonValue>>().unwrap().clone()
}

/// Lays events out as Perfetto's importer of this format does: sorted by their moments, and in the order of the file
/// if they have the same moment. A span that began before and is not over contains the one that begins now, which must
/// not end after it.
fn shown(events: &[JsonValue]) -> Vec<Shown> {
    let mut all: Vec<Shown> = vec![];
    for e in events.iter().filter(|e| text(e, "ph") != "M") {
        assert_eq!(number(e, "pid"), 1);
        let lasts = match text(e, "ph").as_str() {
            "X" => number(e, "dur"),
            "i" => {
                assert_eq!(text(e, "s"), "t");
                0
            }
            other => panic!("an event of the kind {other}"),
        };
        let (thread, begins) = (number(e, "tid"), number(e, "ts"));
        assert!(thread > 0 && e["args"].get::<std::collections::HashMap<String, JsonValue>>().is_some());
        let (kind, name) = (text(e, "cat"), text(e, "name"));
        all.push(Shown { thread, kind, name, begins, lasts, within: vec![] });
    }
    all.sort_by_key(|s| s.begins);
    let mut open: BTreeMap<u64, Vec<(u64, u64, String)>> = BTreeMap::new();
    for s in &mut all {
        let (stack, ends) = (open.entry(s.thread).or_default(), s.begins + s.lasts);
        // instant events of the same moment would otherwise be nested
        stack.retain(|(end, lasts, _)| *end > s.begins || (*end == s.begins && *lasts == 0 && s.lasts == 0));
        for (end, lasts, name) in stack.iter() {
            assert!(*lasts > 0, "{s:?} lies in the mark {name}");
            assert!(ends <= *end, "{s:?} would be dropped: it ends after {name}, in which it began");
        }
        s.within = stack.iter().map(|(.., name)| name.clone()).collect();
        stack.push((ends, s.lasts, s.name.clone()));
        assert!(stack.len() < DEEPEST);
    }
    all
}

/// Checks that a viewer loses nothing of a record.
pub(crate) fn is_whole(record: &Record) {
    shown(&events(record));
}

/// One line for each span: its depth, kind, name, beginning and end in ms.
fn outline(record: &Record) -> String {
    let line = |s: Shown| {
        let (begins, ends) = (s.begins as f64 / 1e3, (s.begins + s.lasts) as f64 / 1e3);
        let when = if s.lasts == 0 { format!("{begins:.0}") } else { format!("{begins:.0}..{ends:.0}") };
        format!("{}{} {}, {when}\n", "  ".repeat(s.within.len()), s.kind, s.name)
    };
    shown(&events(record)).into_iter().map(line).collect()
}

#[test]
fn perfetto_loses_no_span_of_any_record() {
    for (name, verdict, ..) in RECORDS {
        let record = record(name);
        let events = events(&record);
        let all = shown(&events);
        let steps = record.events.iter().filter(|e| matches!(e.what, What::StepStarted { .. })).count();
        assert_eq!(all.iter().filter(|s| s.kind == "step").count(), steps, "{name}");
        let calls = record.events.iter().filter(|e| matches!(e.what, What::Called { .. })).count();
        assert_eq!(all.iter().filter(|s| s.kind == "call").count(), calls, "{name}");
        let names = names(&events);
        let plan = &record.outcome.plan;
        assert!(names[&("process_name".to_string(), 1)].contains(plan.run_id.as_str()), "{name}");
        assert_eq!(names[&("thread_name".to_string(), 1)], plan.apps[0].recipe.as_str(), "{name}");
        let failed = all.iter().any(|s| s.kind == "failure");
        assert!(failed || *verdict != Verdict::Red, "{name}: no failure is marked");
    }
}

fn run(whats: Vec<(u64, What)>) -> Record {
    let plan = Box::new(example::plan());
    let first = (0, What::RunStarted { schema: SCHEMA, ccci: "0".into(), wall_ms: 0, plan });
    let events = std::iter::once(first).chain(whats);
    Record::of(events.map(|(at, what)| Event { at: Moment(at), what }).collect()).unwrap()
}

fn begins(step: usize, tier: Option<Tier>) -> What {
    What::StepStarted { step, title: format!("step {step}"), tier }
}

fn ends(step: usize, ms: u64, failure: Option<FailureId>) -> What {
    let status = if failure.is_some() { Status::Fail } else { Status::Pass };
    What::StepEnded { step, status, ms, failure, note: None }
}

fn call(by: &str, function: &str, ms: u64) -> What {
    let (by, function) = (by.to_string(), function.to_string());
    What::Called { by, function, arguments: vec!["a".into()], result: "r".into(), ok: true, ms }
}

#[test]
fn each_span_lies_in_the_one_that_it_belongs_to() {
    let mut failure = Failure::new(causes::TEST_FAILED, "x", "y");
    failure.id = FailureId::nth(1);
    let id = failure.id;
    let by = "custom/test_a.rhai test_b";
    let (file, name) = ("custom/test_a.rhai".to_string(), "test_b".to_string());
    let hook = "post_install".to_string();
    let ended = |failure| What::TestEnded {
        tier: Tier::Custom,
        file: file.clone(),
        name: name.clone(),
        status: Status::Fail,
        ms: 6,
        failure,
    };
    let record = run(vec![
        (1, begins(0, None)),
        (3, ends(0, 2, None)),
        (3, begins(1, Some(Tier::Install))),
        (4, What::Waiting { step: 1, on: "the answer".into() }),
        (5, What::HookStarted { hook: hook.clone() }),
        // three events in one millisecond
        (6, call("post_install", "one", 0)),
        (6, call("post_install", "two", 0)),
        (6, What::Said { by: hook.clone(), text: "well".into() }),
        (8, What::HookEnded { hook, ms: 3, failure: None }),
        (9, What::Waiting { step: 1, on: "the port".into() }),
        (12, ends(1, 9, None)),
        (12, begins(2, Some(Tier::Install))),
        (13, ends(2, 1, None)),
        (13, begins(3, Some(Tier::Custom))),
        // the beginning is computed from the end: 17 - 4 is a millisecond too early
        (17, call(by, "get", 4)),
        (20, What::Failed(Box::new(failure))),
        (20, ended(Some(id))),
        (21, ends(3, 8, Some(id))),
        (21, begins(4, None)),
        (30, What::Stopped { by: "SIGINT".into() }),
    ]);
    let expected = "\
step step 0, 1..3
tier install, 3..13
  step step 1, 3..12
    wait the answer, 4..9
      hook post_install, 5..8
        call one, 6..6
        call two, 6..6
        log log, 6
    wait the port, 9..12
  step step 2, 12..13
tier custom, 13..21
  step step 3, 13..21
    test custom/test_a.rhai test_b, 13..20
      call get, 13..17
      failure test-failed, 20
step step 4, 21..30
  note stopped, 30
";
    assert_eq!(outline(&record), expected);
}

#[test]
fn each_app_of_a_run_has_a_thread_of_its_own() {
    let record = crate::run::three_apps();
    let events = events(&record);
    let names = names(&events);
    let threads: Vec<&str> =
        names.iter().filter(|((what, _), _)| what == "thread_name").map(|(_, name)| name.as_str()).collect();
    assert_eq!(threads, ["database", "identity", "fullest"]);
    let all = shown(&events);
    let of = |thread: u64, kind: &str| -> BTreeSet<String> {
        all.iter().filter(|s| s.thread == thread && s.kind == kind).map(|s| s.name.clone()).collect()
    };
    assert_eq!(of(1, "hook"), BTreeSet::from(["database/provide".to_string()]));
    assert_eq!(
        of(2, "hook"),
        BTreeSet::from(["identity/extra_env".to_string(), "identity/provide".to_string()])
    );
    assert!(of(3, "hook").contains("backup_verify") && of(3, "test").len() > 7, "{:?}", of(3, "hook"));
    assert!(all.iter().filter(|s| s.kind == "pull").all(|s| s.within.iter().any(|w| w.contains("images"))));
    for s in &all {
        let of_thread = s.within.iter().all(|w| s.thread == 3 || !w.contains("fullest"));
        assert!(of_thread, "{s:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn perfetto_loses_no_span_of_odd_events(odd in odd_events()) {
        is_whole(&Record::of(odd).unwrap());
    }
}
