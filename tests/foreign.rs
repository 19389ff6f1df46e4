//! Formats that programs read, made from hostile texts. A parser that is not ours reads each format, and the result
//! must have the same structure as with harmless words in the same places.

mod attack;
mod corpus;
pub(crate) mod markup;
mod terminal;

use crate::report::record;
use crate::shared::Shared;
use attack::Places;
use ccci_model::diag::{Diagnostic, Place, Text, codes, render};
use ccci_model::event::{DecidedBy, Event, Shown, Shows, Skip, What};
use ccci_model::failure::{Failure, causes};
use ccci_model::time::Moment;
use ccci_report::forge::Forge;
use ccci_report::live::{Live, Screen};
use ccci_report::plain::Plain;
use ccci_report::plan;
use ccci_report::reporter::Reporter;
use ccci_report::site::{Planned, Run, Site};
use ccci_report::styled::Style;
use ccci_report::text::clean;
use ccci_report::{diff, format, human, list, results, why};
use ccci_runner::record::Record;
use ccci_runner::record::index::{Listed, Summary};
use ccci_swarm::ports::records::Stamp;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use terminal::{commands, shown};
use tinyjson::JsonValue;

/// Kept records that together have every kind of event.
const RECORDS: &[&str] =
    &["red_install", "red_restore", "secret", "leak", "interrupted", "killed", "red_custom", "deadline"];
/// How many times each record is filled, each time with other texts in other places.
const TURNS: usize = 2;
/// How a text is placed among other words.
const AMONG: &[fn(&str) -> String] =
    &[str::to_string, |t| format!("word {t} word"), |t| format!("first line\n{t}\nlast line")];

/// A record with hostile texts in all its places, and the same record with harmless texts in these places.
struct Pair {
    name: String,
    hostile: Record,
    harmless: Record,
}

/// Made once for all tests.
static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    let texts = corpus::texts();
    let of_record = |(n, name): (usize, &&str)| {
        let places = Places::of(with_every_kind(record(name)));
        // each turn begins at another text, so that every text gets to many places
        let one = |turn: usize| {
            let (first, keeps_own) = (n * 37 + turn * 61, turn != 1);
            let among = |i: usize, text: &str| AMONG[(i + turn) % AMONG.len()](text);
            Pair {
                name: format!("{name}, turn {turn}"),
                hostile: places.filled(keeps_own, |i| among(i, &texts[(first + i) % texts.len()])),
                harmless: places.filled(keeps_own, |i| among(i, &format!("harmless words {i}"))),
            }
        };
        (0..TURNS).map(one).collect::<Vec<_>>()
    };
    RECORDS.iter().enumerate().flat_map(of_record).collect()
});

/// The record, and the kinds of events that no kept record has.
fn with_every_kind(record: Record) -> Record {
    let mut events = record.events;
    let at = events.last().unwrap().at;
    let failure =
        Failure::new(causes::RECORD_FAILED, "a record", "a full disk").evidence("the disk", "is full");
    let skip = Skip { what: "upgrade".into(), reason: "no base".into(), decided_by: DecidedBy::Structure };
    let more = [
        What::NotProved { what: "that it stays up".into() },
        What::Skipped(skip),
        What::RecordFailed { failure: Box::new(failure) },
        What::ArchivesDropped { files: vec!["backups/1/data.tar".into()] },
        What::Shown(Shown {
            app: 0,
            by: "custom/x.rhai test_y".into(),
            shows: Shows::Failing,
            file: "seen/x.png".into(),
            bytes: 1,
        }),
    ];
    let end = events.len() - 1;
    events.splice(end..end, more.map(|what| Event { at, what }));
    Record::of(events).unwrap()
}

fn rendered(name: &str, record: &Record) -> String {
    String::from_utf8((format(name).unwrap().render)(record)).unwrap()
}

#[test]
fn every_kind_of_event_is_attacked() {
    let name = |what: &What| serde_json::to_value(what).unwrap()["event"].as_str().unwrap().to_string();
    let kinds: BTreeSet<String> =
        RECORDS.iter().flat_map(|r| with_every_kind(record(r)).events).map(|e| name(&e.what)).collect();
    let known = include_str!("../src/model/event.rs");
    let body = known.split("pub enum What {").nth(1).unwrap().split("\n}").next().unwrap();
    let variants =
        body.lines().filter_map(|l| l.strip_prefix("    ")).filter(|l| l.starts_with(char::is_uppercase));
    let variants: Vec<&str> = variants.map(|l| l.split([' ', '(', ',']).next().unwrap()).collect();
    let missing: Vec<&&str> = variants.iter().filter(|v| !kinds.contains(&snake(v))).collect();
    assert!(variants.len() > 15 && missing.is_empty(), "{missing:?}");
}

fn snake(name: &str) -> String {
    let one = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(one).collect::<String>().trim_start_matches('_').to_string()
}

#[test]
fn junit_the_badge_and_the_card_are_xml_of_the_same_shape() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        for format in ["junit", "badge", "card"] {
            let shapes = [hostile, harmless].map(|r| markup::xml(&rendered(format, r)));
            assert!(shapes[0] == shapes[1] && shapes[0].len() > 3, "{format} of {name}");
        }
    }
}

#[test]
fn the_page_has_the_same_tags_whatever_its_words_are() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        let [a, b] = [hostile, harmless].map(|r| markup::html(&rendered("html", r)));
        let other = a.iter().zip(&b).find(|(a, b)| a != b);
        assert!(a == b && a.len() > 100, "{name}: {other:?}");
    }
}

#[test]
fn the_site_has_no_other_tags_whatever_its_words_are() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        let pages = |record: &Record| {
            let (summary, stamp) = (Summary::of(record), String::new());
            let site = Site::of(vec![Run { record: "run".into(), stamp, summary, files: vec![] }]);
            let made = |planned: &Planned| {
                let text = String::from_utf8(site.render(planned.page, Some(record))).unwrap();
                (planned.path.clone(), text)
            };
            site.pages().iter().map(made).collect::<Vec<(String, String)>>()
        };
        let tags = |pages: &[(String, String)]| {
            let html = pages.iter().filter(|(path, _)| path.ends_with(".html"));
            html.flat_map(|(_, text)| markup::html(text)).collect::<BTreeSet<String>>()
        };
        let (bad, good) = (pages(hostile), pages(harmless));
        let other: Vec<String> = tags(&bad).difference(&tags(&good)).cloned().collect();
        assert!(other.is_empty(), "{name}: {other:?}");
        for (path, text) in &bad {
            if path.ends_with(".xml") {
                markup::xml(text);
            } else if path.starts_with("run/") && path.ends_with(".js") {
                let inside = text.strip_prefix("ccciRun(").and_then(|t| t.strip_suffix(");\n")).unwrap();
                inside.parse::<JsonValue>().unwrap_or_else(|e| panic!("{name}: {e}: {text}"));
            }
        }
    }
}

#[test]
fn markdown_has_the_same_blocks_and_spans_whatever_its_words_are() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        let text = rendered("markdown", hostile);
        let (a, b) = (markup::markdown(&text), markup::markdown(&rendered("markdown", harmless)));
        let other = a.iter().zip(&b).find(|(a, b)| a != b);
        assert!(a == b && a.len() > 30, "{name}: {other:?}\n{text}");
    }
}

/// Nobody is notified, and no other issue refers to this run.
#[test]
fn markdown_mentions_nobody() {
    let mention = |text: &str| {
        let bytes = text.as_bytes();
        (1..bytes.len()).find(|i| b"@#".contains(&bytes[i - 1]) && bytes[*i].is_ascii_alphanumeric())
    };
    for Pair { name, hostile, .. } in PAIRS.iter() {
        let text = rendered("markdown", hostile);
        for words in markup::words(&text) {
            assert_eq!(mention(&words), None, "{name}: {words}");
        }
    }
}

#[test]
fn results_plan_and_events_are_json_and_say_every_letter() {
    let schema = serde_json::from_str(&results::schema()).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("results", schema).unwrap();
    let schema = compiler.compile("results", &mut schemas).unwrap();
    for Pair { name, hostile, .. } in PAIRS.iter() {
        let json = |text: &str| text.parse::<JsonValue>().unwrap_or_else(|e| panic!("{name}: {e}: {text}"));
        let results = rendered("results", hostile);
        let read = json(&results);
        let failures = read["failures"].get::<Vec<JsonValue>>().unwrap();
        let observed = hostile.outcome.failures.iter().map(|t| t.failure.observed());
        for (failure, observed) in failures.iter().zip(observed) {
            assert_eq!(failure["observed"].get::<String>(), Some(&observed), "{name}");
        }
        let value = serde_json::from_str(&results).unwrap();
        if let Err(e) = schemas.validate(&value, schema) {
            panic!("{name}: {e}");
        }
        let plan = serde_json::to_string_pretty(&hostile.outcome.plan).unwrap();
        let source = json(&plan)["apps"][0]["source"].get::<String>().unwrap().clone();
        assert_eq!(source, hostile.outcome.plan.subject().source, "{name}");
        for event in &hostile.events {
            let line = serde_json::to_string(event).unwrap();
            assert!(!line.contains('\n'), "{name}: a line an event");
            let read = json(&line);
            if let What::Said { text, .. } = &event.what {
                assert_eq!(read["text"].get::<String>().unwrap(), text, "{name}");
            }
        }
    }
}

#[test]
fn the_trace_is_json_and_no_span_is_lost() {
    for Pair { hostile, .. } in PAIRS.iter() {
        crate::trace::is_whole(hostile);
    }
}

/// Formats for people. The only control sequences that they may contain are colours.
fn for_people(record: &Record, other: &Record, style: Style) -> Vec<(&'static str, String)> {
    let listed = [Listed {
        name: "run".into(),
        stamp: Stamp { bytes: 0, written_ns: 0, inode: 0 },
        summary: Ok(Summary::of(record)),
    }];
    vec![
        ("human", human::draw(record, style)),
        ("why", why::draw(record, style)),
        ("diff", diff::draw(other, record, style)),
        ("list", list::draw(&listed, &|_| false, style)),
        ("plan", plan::show(&record.outcome.plan)),
        ("summary.txt", rendered("human", record)),
        ("why.txt", rendered("why", record)),
        ("annotations", rendered("annotations", record)),
        ("markdown", rendered("markdown", record)),
    ]
}

/// Checks that no part of a text controls a terminal or a forge; `may` allows sequences.
fn steers_nothing(what: &str, text: &str, may: impl Fn(&str) -> bool) {
    let observed = shown(text);
    if let Some(bad) = observed.sequences.iter().find(|s| !may(s)) {
        panic!("{what} tells the terminal {bad:?}");
    }
    let odd = observed.letters.chars().find(|c| terminal::is_odd(*c));
    assert_eq!(
        odd,
        None,
        "{what} shows a letter that changes others: {:?}",
        odd.map(|c| around(&observed.letters, c))
    );
}

fn around(text: &str, c: char) -> String {
    let at = text.find(c).unwrap();
    text[..at].chars().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect()
}

#[test]
fn texts_for_people_colour_and_do_nothing_else_to_a_terminal() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        for style in [Style { colour: true, width: 90 }, Style { colour: false, width: 40 }] {
            for (format, text) in for_people(hostile, harmless, style) {
                let what = format!("{format} of {name}");
                steers_nothing(&what, &text, |s| style.colour && terminal::colours(s));
                let controls = shown(&text).controls;
                assert!(controls.iter().all(|b| *b == b'\n'), "{what}: {controls:?}");
            }
        }
    }
}

#[test]
fn texts_for_people_hold_no_command_of_a_forge_but_annotations_the_same_ones() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        let style = Style { colour: false, width: 60 };
        for (format, text) in for_people(hostile, harmless, style) {
            let found = commands(&text);
            if format != "annotations" {
                assert_eq!(found, [], "{format} of {name}");
                continue;
            }
            let names = |all: &[terminal::Command]| all.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
            assert_eq!(names(&found), names(&commands(&rendered("annotations", harmless))), "{name}");
            assert_eq!(found.len(), text.lines().count(), "{name}: a line a command");
        }
    }
}

/// What a reporter wrote about a record, and its last state.
fn heard(record: &Record, make: impl FnOnce(Shared) -> Box<dyn Reporter>) -> (String, String) {
    let out = Shared::default();
    let mut reporter = make(out.clone());
    let mut state = String::new();
    for event in &record.events {
        reporter.event(event);
        reporter.tick(Moment(event.at.0.saturating_add(150)));
        state = reporter.state(event.at);
    }
    reporter.say("a line\u{1b}[2J");
    reporter.finish(&record.outcome);
    drop(reporter);
    (out.take(), state)
}

#[test]
fn plain_lines_obey_the_forge_and_nothing_foreign_does() {
    for Pair { name, hostile, harmless } in PAIRS.iter() {
        for forge in [Forge::Plain, Forge::GitHub, Forge::GitLab] {
            let [(a, state), (b, _)] =
                [hostile, harmless].map(|r| heard(r, |out| Box::new(Plain::new(Box::new(out), forge, 80))));
            let what = format!("{forge:?} lines of {name}");
            steers_nothing(&what, &a, |s| forge == Forge::GitLab && s == "csi 0K");
            steers_nothing(&format!("the state in {name}"), &state, |_| false);
            let sequences = |text: &str| shown(text).sequences.len();
            assert_eq!(sequences(&a), sequences(&b), "{what}");
            let names = |text: &str| commands(text).into_iter().map(|c| c.name).collect::<Vec<_>>();
            assert_eq!(names(&a), names(&b), "{what}");
            assert_eq!(names(&state), Vec::<String>::new(), "the state in {name}");
        }
    }
}

#[test]
fn the_live_view_moves_its_own_lines_only() {
    let may = |s: &str| {
        let moves = ["csi 0K", "csi K", "csi 0J", "csi J", "csi ?2026h", "csi ?2026l"].contains(&s);
        moves
            || terminal::colours(s)
            || s.strip_prefix("csi ").is_some_and(|n| n.ends_with('A') && n.len() < 4)
    };
    let screen = Screen { width: 80, height: 24, colour: true };
    for Pair { name, hostile, .. } in PAIRS.iter() {
        let (text, _) = heard(hostile, |out| Box::new(Live::new(Box::new(out), screen)));
        steers_nothing(&format!("the live view of {name}"), &text, may);
        let controls = shown(&text).controls;
        assert!(controls.iter().all(|b| b"\r\n".contains(b)), "{name}: {controls:?}");
        for line in shown(&text).letters.lines() {
            assert!(
                unicode_width::UnicodeWidthStr::width(line) < screen.width,
                "{name}: a terminal would fold {line:?}"
            );
        }
    }
}

#[test]
fn diagnostics_of_hostile_files_steer_nothing() {
    for text in corpus::texts() {
        let content = format!("key = \"{text}\"\nother = 1\n");
        let file = Arc::new(Text { path: format!("recipes/{text}/recipe.toml"), content });
        let place = Place { text: file, range: 7..8 + text.len() };
        let d = Diagnostic::new(codes::BAD_RECORD, format!("unknown {text}")).help(format!("write {text}"));
        for colour in [false, true] {
            let shown = render::render(&d.clone().at(place.clone()), render::Style { colour, width: 80 });
            steers_nothing(&format!("a diagnostic of {text:?}"), &shown, |s| colour && s.ends_with('m'));
            assert_eq!(commands(&shown), [], "{text:?}");
        }
    }
}

#[test]
fn cleaned_text_is_never_obeyed() {
    for text in corpus::texts() {
        let once = clean(&text);
        steers_nothing(&format!("{text:?} cleaned"), &once, |_| false);
        assert_eq!(commands(&once), [], "{text:?}");
        assert_eq!(clean(&once), once, "cleaning twice is cleaning once: {text:?}");
    }
}
