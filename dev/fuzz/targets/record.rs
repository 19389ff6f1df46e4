//! Records: every line of an input is an event. If the first event is not a plan, the largest example plan is
//! added.

use super::said;
use ccci_model::diag::Diagnostics;
use ccci_model::event::{Event, What};
use ccci_model::exit::Exit;
use ccci_model::tier::{RUNGS, Rung, Status, level};
use ccci_model::time::Moment;
use ccci_model::verdict::{Outcome, Verdict};
use ccci_report::progress::Progress;
use ccci_report::{REPORTS, diff};
use ccci_runner::record::Record;
use ccci_testkit::example;

pub(super) const WORDS: &[&str] = &[
    "{\"at\":1,\"event\":\"run_ended\",\"wall_ms\":2}\n",
    "{\"at\":1,\"event\":\"step_started\",\"step\":0,\"title\":\"x\",\"tier\":null}\n",
    "{\"at\":1,\"event\":\"step_ended\",\"step\":0,\"status\":\"pass\",\"ms\":1,\"failure\":null,\"note\":null}\n",
    "{\"at\":1,\"event\":\"stopped\",\"by\":\"SIGINT\"}\n",
    "{\"at\":1,\"event\":\"secret_found\",\"file\":\"a\",\"secret\":\"b\"}\n",
    "{\"at\":1,\"event\":\"deployed\",\"side\":\"head\"}\n",
    "\"fail\"",
    "\"unver\"",
    "\"skip\"",
    "\"pass\"",
    "18446744073709551615",
    "null",
    "\\u0000",
    "\\u001b[31m",
    "\\n",
    "</script>",
    "]]>",
    "```",
    "|",
    "\u{202e}",
    "::error::",
    "%0A",
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let record = match Record::parse("events.jsonl", &input) {
        Ok(record) => record,
        Err(bad) => {
            said(&Diagnostics(bad));
            let lines = input.lines().filter_map(|l| serde_json::from_str::<Event>(l).ok());
            let plan = Box::new(example::plan());
            let first = Event {
                at: Moment(0),
                what: What::RunStarted {
                    schema: ccci_model::event::SCHEMA,
                    ccci: "0".into(),
                    wall_ms: 0,
                    plan,
                },
            };
            Record::of(std::iter::once(first).chain(lines).collect()).expect("it begins with a plan")
        }
    };
    reads_back(&record);
    is_not_too_good(&record.outcome);
    for format in REPORTS {
        let told = (format.render)(&record);
        assert!(told == (format.render)(&record), "`{}` is not the same twice", format.name);
        if format.file.ends_with(".png") {
            assert!(told.starts_with(b"\x89PNG"), "`{}` is no picture", format.name);
            continue;
        }
        assert!(std::str::from_utf8(&told).is_ok(), "`{}` is no text", format.name);
        is_well_formed(format.name, &String::from_utf8_lossy(&told));
    }
    assert!(!diff::render(&record, &record).is_empty());
    let mut progress = Progress::default();
    for event in &record.events {
        progress.take(event);
        let _ = (progress.state(event.at), progress.subject());
    }
}

fn reads_back(record: &Record) {
    let written: String =
        record.events.iter().map(|e| serde_json::to_string(e).expect("an event") + "\n").collect();
    let back = Record::parse("events.jsonl", &written).expect("what was written reads back");
    assert_eq!(back.events, record.events);
    assert_eq!(back.outcome, record.outcome);
}

fn is_not_too_good(o: &Outcome) {
    let worst = o.tiers.iter().map(|t| t.status).fold(Status::Skip, Status::and);
    assert_eq!(o.level, level(&o.rungs));
    assert!(o.level as usize <= RUNGS.len());
    assert_eq!(o.verdict == Verdict::Green, o.exit == Exit::Green, "{:?} with {:?}", o.verdict, o.exit);
    if o.verdict == Verdict::Green {
        assert!(o.failures.is_empty() && o.leftovers.is_empty(), "green with {:?}", o.failures);
        assert!(o.ended_ms.is_some() && o.stopped_by.is_none(), "green without an end");
        assert!(worst != Status::Fail, "green with a failed tier");
        assert!(o.tiers.iter().any(|t| t.status == Status::Pass), "green, and nothing was proved");
    }
    if worst == Status::Fail {
        assert!(
            o.verdict != Verdict::Error || o.exit == Exit::Bug,
            "a failure of the recipe became an error"
        );
    }
    if o.verdict == Verdict::Red {
        assert_eq!(o.exit, Exit::Failed);
    }
    let failed = |rung: Rung| o.tiers.iter().any(|t| t.tier.row().rung == rung && t.status == Status::Fail);
    for (rung, _) in RUNGS {
        assert!(!failed(*rung) || o.rungs[rung] == Status::Fail, "{rung} hides a failed tier");
    }
}

/// Checks that the output of a format can be parsed.
fn is_well_formed(format: &str, told: &str) {
    let control = |c: char| c.is_control() && !"\n\t".contains(c);
    match format {
        "results" => _ = serde_json::from_str::<serde_json::Value>(told).expect("JSON"),
        "junit" | "badge" => {
            let odd =
                |c: char| control(c) && c < '\u{80}' && c != '\r' || matches!(c, '\u{fffe}' | '\u{ffff}');
            assert!(!told.contains(odd), "`{format}` has a character that no XML may have");
        }
        "human" | "why" | "annotations" => {
            assert!(!told.contains('\u{1b}'), "`{format}` can steer a terminal");
        }
        _ => {}
    }
}
