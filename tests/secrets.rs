//! Secrets: forty planted values, in every writing, on every way out of a run. None may be in a file of the record, in
//! a format made from it, or in an output stream.

mod memory;
mod planted;
mod recipe;
mod swarm;

use crate::report::record as kept_record;
use crate::shared::Shared;
use ccci_model::event::{DecidedBy, Event, LintedRule, Skip, What};
use ccci_model::failure::detail::{CommandOf, Detail};
use ccci_model::failure::{Failure, FailureId, causes};
use ccci_model::name::{ServiceName, StackName};
use ccci_model::plan::{Held, Plan};
use ccci_model::redact::writings::WRITINGS;
use ccci_model::redact::{Added, DOTS, RedactingWriter, Redactor};
use ccci_model::secret::Secret;
use ccci_model::tier::{Status, Tier};
use ccci_model::time::Moment;
use ccci_model::verdict::Verdict;
use ccci_report::live::{Live, Screen};
use ccci_report::plain::Plain;
use ccci_report::reporter::Reporter;
use ccci_report::styled::Style;
use ccci_report::{REPORTS, diff, forge::Forge, human, why};
use ccci_runner::record::Record;
use ccci_runner::record::journal::Journal;
use ccci_swarm::log::{PART, Stream};
use ccci_swarm::ports::{Clock, Cluster, Limit, Stop};
use ccci_testkit::example;
use ccci_testkit::memory::{MemoryClock, MemoryCluster};
use planted::{Needles, secrets, written};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Failures with details of every kind, which contain this text everywhere.
fn failures(text: &str) -> Vec<Failure> {
    let t = || format!("[{text}]");
    let inner = || Some(Box::new(Failure::new(causes::HOOK_FAILED, t(), t())));
    let argv = vec![t(), t()];
    let of = |detail| {
        let f = Failure::of(causes::TEST_FAILED, detail);
        f.log("app", format!("a line\n{text}\nanother")).place(format!("hooks.rhai:1:1 {text}"))
    };
    [
        Detail::Told { expected: format!("x {text} x"), observed: format!("y {text} y") },
        Detail::Assertion { expression: t(), observed: t() },
        Detail::Exec { role: CommandOf::Script, service: t(), argv, code: 1, stdout: t(), stderr: t() },
        Detail::Answer {
            url: t(),
            accepted: [200].into(),
            status: 500,
            task: Some(t().into()),
            proxy: Some(t()),
            body: t(),
        },
        Detail::Refused { holder: Some(t()), said: t() },
        Detail::Image { image: t(), said: t() },
        Detail::Left { held: vec![Held { kind: t(), name: t(), by: t() }] },
        Detail::Deadline { deadline_ms: 1, during: inner() },
        Detail::NotReady { stable: 1, in_a_row: 0, asked: 1, ms: 1, raised: inner() },
        Detail::SecretFound { file: t(), secret: t() },
    ]
    .map(of)
    .to_vec()
}

/// Every kind of event with text from outside, with this text in all its places. Some come with the failure that they
/// refer to; its id is the n-th, or one of the nine after it.
fn events(step: usize, n: u32, text: &str) -> Vec<Vec<What>> {
    let t = || format!("[{text}]");
    let id = Some(FailureId::nth(n));
    let failed = |(i, f): (usize, Failure)| {
        let id = FailureId::nth(n + i as u32);
        let (tier, file) = (Tier::Custom, "custom/test_x.rhai".to_string());
        vec![
            What::Failed(Box::new(Failure { id, ..f })),
            What::TestEnded { tier, file, name: t(), status: Status::Fail, ms: 1, failure: Some(id) },
        ]
    };
    let mut out: Vec<Vec<What>> = failures(text).into_iter().enumerate().map(failed).collect();
    let first = || What::Failed(Box::new(Failure { id: FailureId::nth(n), ..failures(text).swap_remove(0) }));
    let rule = LintedRule {
        id: "R001".into(),
        severity: "error".into(),
        result: "unsatisfied".into(),
        findings: vec![t()],
    };
    let (by, function, arguments) = (t(), "exec".to_string(), vec![t(), t()]);
    out.extend([
        vec![What::Waiting { step, on: t() }],
        vec![first(), What::HookEnded { hook: "pre_install".into(), ms: 1, failure: id }],
        vec![What::Called { by, function, arguments, result: t(), ok: false, ms: 1 }],
        vec![What::Said { by: "pre_install".into(), text: t() }],
        vec![What::Pulled { image: t(), digest: Some(t()), present: true, ms: 1 }],
        vec![What::Linted { status: Status::Fail, rules: vec![rule] }],
        vec![What::Fact { name: t(), value: t() }],
        vec![What::Skipped(Skip { what: t(), reason: t(), decided_by: DecidedBy::Recipe })],
        vec![first(), What::StepEnded { step, status: Status::Fail, ms: 1, failure: id, note: Some(t()) }],
    ]);
    out
}

/// A run of the fullest plan, with the texts spread over all its events.
fn run(plan: &Plan, texts: &[String]) -> Vec<Event> {
    let mut out = vec![What::RunStarted {
        schema: ccci_model::event::SCHEMA,
        ccci: "0".into(),
        wall_ms: 0,
        plan: Box::new(plan.clone()),
    }];
    for (step, s) in plan.steps.iter().enumerate() {
        out.push(What::StepStarted { step, title: s.action.title(), tier: s.tier });
        // over all secrets, every writing gets into every kind of event
        for (i, text) in texts.iter().enumerate().skip(step).step_by(plan.steps.len()) {
            let mut kinds = events(step, 1 + 10 * i as u32, text);
            out.extend(kinds.swap_remove(i / plan.steps.len() % kinds.len()));
        }
    }
    out.push(What::Removed { ms: 1, leftovers: vec![], counts: BTreeMap::new() });
    out.push(What::RunEnded { wall_ms: 9 });
    out.into_iter().enumerate().map(|(i, what)| Event { at: Moment(i as u64), what }).collect()
}

fn everything_below(dir: &Path, needles: &Needles) -> usize {
    let mut dots = 0;
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        needles.not_in("a name of a file", path.to_string_lossy().as_bytes());
        if path.is_dir() {
            dots += everything_below(&path, needles);
        } else {
            let bytes = fs::read(&path).unwrap();
            needles.not_in(&path.display().to_string(), &bytes);
            dots += String::from_utf8_lossy(&bytes).matches(DOTS).count();
        }
    }
    dots
}

#[test]
fn no_secret_is_seen_in_any_file_or_reporter_of_a_run() {
    let all = secrets();
    let needles = Needles::of(&all);
    assert!(all.len() >= 40 && needles.len() > 2_000, "{} secrets, {} needles", all.len(), needles.len());
    let dir = tempfile::tempdir().unwrap();
    let redactor = Redactor::default();
    // half of them are known from the beginning, the others only after everything is written
    let known = all.len() / 2;
    let learn = |s: &[String], from: usize| {
        for (i, s) in s.iter().enumerate() {
            assert_eq!(
                redactor.add(&format!("s{}", from + i), &Secret::new(s.as_str())),
                Added::Hidden,
                "{s}"
            );
        }
    };
    learn(&all[..known], 0);
    let texts: Vec<String> = all.iter().flat_map(|s| written(s)).map(|w| w.text).collect();
    let mut plan = example::plan();
    plan.subject_mut().base_reason = texts.join(" ");
    let mut journal = Journal::begin(dir.path(), redactor.clone(), REPORTS).unwrap();
    let heard = Shared::default();
    let early = Needles::of(&all[..known]);
    let mut reporters: Vec<Box<dyn Reporter>> = vec![
        Box::new(Plain::new(Box::new(heard.clone()), Forge::GitHub, 100)),
        Box::new(Live::new(Box::new(heard.clone()), Screen { width: 5_000, height: 50, colour: true })),
    ];
    for event in run(&plan, &texts) {
        let event = journal.take(event).expect("room for all");
        for reporter in &mut reporters {
            reporter.event(event);
            reporter.tick(event.at);
        }
    }
    for reporter in &reporters {
        early.not_in("the live state", reporter.state(Moment(9_999)).as_bytes());
    }
    fs::create_dir(dir.path().join("logs")).unwrap();
    fs::write(dir.path().join("logs/app.log"), redactor.hide(&texts.join("\n"))).unwrap();
    early.not_in("a reporter", heard.take().as_bytes());
    let file = "logs/app.log".to_string();
    journal.take(Event { at: Moment(99_999), what: What::Kept { file, sha256: None, bytes: 1 } });
    learn(&all[known..], known);
    let record = journal.finish().record.unwrap();
    let dots = everything_below(dir.path(), &needles);
    assert!(dots > 4 * texts.len(), "{dots} dots for {} texts: they were not even there", texts.len());
    let found = record.events.iter().filter(|e| matches!(e.what, What::SecretFound { .. })).count();
    assert_eq!(found, 0, "what is hidden is not found by the last scan");
    assert_eq!(Record::read(dir.path()).unwrap(), record);
    told(&record, &needles);
}

/// Checks everything that is made from a record.
fn told(record: &Record, needles: &Needles) {
    for format in REPORTS {
        needles.not_in(format.name, &(format.render)(record));
    }
    let style = Style { colour: true, width: 5_000 };
    needles.not_in("why", why::draw(record, style).as_bytes());
    needles.not_in("human", human::draw(record, style).as_bytes());
    for text in [diff::render(record, &kept_record("green")), diff::render(&kept_record("green"), record)] {
        needles.not_in("diff", text.as_bytes());
    }
}

#[test]
fn no_secret_is_seen_wherever_its_writes_are_split() {
    let all = secrets();
    let needles = Needles::of(&all);
    let redactor = Redactor::default();
    for (i, s) in all.iter().enumerate() {
        redactor.add(&format!("s{i}"), &Secret::new(s.as_str()));
    }
    let text: String = all.iter().flat_map(|s| written(s)).map(|w| format!("<{}>\n", w.text)).collect();
    let whole = redactor.hide(&text);
    needles.not_in("the text in one piece", whole.as_bytes());
    for size in [1, 13, 4_099, 20_000] {
        let mut writer = RedactingWriter::new(redactor.clone(), vec![]);
        text.as_bytes().chunks(size).for_each(|piece| writer.write_all(piece).unwrap());
        let split = String::from_utf8(writer.finish().unwrap()).unwrap();
        needles.not_in(&format!("pieces of {size}"), split.as_bytes());
    }
}

#[test]
fn a_panic_of_a_script_and_its_shown_values_pass_the_redactor() {
    let all = secrets();
    let redactor = Redactor::default();
    for (i, s) in all.iter().enumerate() {
        redactor.add(&format!("s{i}"), &Secret::new(s.as_str()));
    }
    let needles = Needles::of(&all);
    for s in &all {
        // as messages quote a value: escaped, and cut in the middle
        let long = format!("{}{s}{}", "x".repeat(150), "y".repeat(200));
        let quoted = ccci_script::head(&format!("{long:?}"), 200);
        needles.not_in("a quoted value", redactor.hide(&quoted).as_bytes());
        for cut in 4..s.chars().count() {
            let shown = redactor.hide(&ccci_script::head(s, cut));
            assert!(shown.starts_with(DOTS), "{cut} letters of a secret are shown: {shown}");
        }
        let panic = format!(
            "thread 'x' panicked at src/x.rs:1:1:\ncalled `Result::unwrap()` on an `Err` value: {s:?}"
        );
        needles.not_in("a panic", redactor.hide(&panic).as_bytes());
        assert_eq!(
            format!("{:?} {}", Secret::new(s.as_str()), Secret::new(s.as_str())),
            format!("{DOTS} {DOTS}")
        );
    }
}

/// Libraries log requests with their bodies. They are shown only on request, and only through the redactor.
#[test]
fn nothing_is_logged_unless_ccci_is_asked_to() {
    let said = |words: &[&str], variables: &[(&str, &str)]| {
        let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
        ccci.args(["plan", "recipes/custom-html", "--json", "--source", "tests/fixtures"]).args(words);
        let out = ccci.env_remove("RUST_LOG").env_remove("CCCI_LOG").envs(variables.iter().copied()).output();
        let out = out.unwrap();
        [out.stdout, out.stderr].map(|b| String::from_utf8_lossy(&b).into_owned())
    };
    let quiet = said(&[], &[]);
    assert_eq!(said(&[], &[("RUST_LOG", "trace")]), quiet, "no library reads a variable of its own");
    for (words, variables) in [(&["-vvv"][..], &[][..]), (&[], &[("CCCI_LOG", "trace")])] {
        let [data, loud] = said(words, variables);
        assert_eq!(data, quiet[0], "the log goes to standard error");
        assert!(loud.contains("DEBUG") && loud.contains("git{command="), "{loud}");
    }
}

#[test]
fn the_login_in_a_sources_address_is_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let source = "http://joe:S3cretTok@127.0.0.1:1/joomla.git?access_token=glpat-77xw";
    let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
    ccci.args(["plan", "joomla", "--json", "--source", source]).env("CCCI_HOME", home.path());
    let out = ccci.output().unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(said.contains("127.0.0.1:1/joomla.git"), "{said}");
    assert!(!said.contains("S3cretTok") && !said.contains("glpat-77xw"), "{said}");
}

/// An engine splits a line after 16 KiB and puts a time between the parts.
#[test]
fn a_secret_on_both_sides_of_the_engines_cut_is_not_seen_wherever_it_lies() {
    let (secret, redactor) = ("correct horse battery staple", Redactor::default());
    redactor.add("pw", &Secret::new(secret));
    let clock = Arc::new(MemoryClock::default());
    let stack = StackName::parse("s").unwrap();
    for begins in PART - 64..=PART + 64 {
        let cluster = MemoryCluster::new(clock.clone());
        let lines = [Stream::Out, Stream::Err].map(|stream| {
            let line = format!("{}{secret}.", "x".repeat(begins));
            cluster.writes("app", stream, &format!("{line}\n"));
            line
        });
        let limit = Limit { deadline: clock.now().after(Duration::from_secs(9)), stop: Stop::default() };
        let log = cluster.logs(&stack, &ServiceName::parse("app").unwrap(), 2, &limit).unwrap();
        assert!(log.lines().eq(&lines), "the secret begins at {begins}");
        assert_eq!(redactor.find(log.as_bytes()), ["pw"], "the last scan, {begins}");
        let hidden = redactor.hide(&log);
        assert!(
            hidden.lines().all(|l| l.ends_with("x•••.")),
            "the secret begins at {begins}: {}",
            &hidden[begins - 40..]
        );
    }
}

/// A scan that finds nothing proves something only if it is able to find something.
#[test]
fn the_last_scan_finds_a_secret_that_got_past_the_redactor_in_every_writing() {
    let (all, redactor) = (secrets(), Redactor::default());
    for (i, s) in all.iter().enumerate() {
        redactor.add(&format!("s{i}"), &Secret::new(s.as_str()));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(dir.path(), redactor.clone(), REPORTS).unwrap();
    kept_record("green").events.into_iter().for_each(|event| {
        journal.take(event);
    });
    let mut expected = BTreeSet::new();
    for (n, row) in WRITINGS.iter().enumerate().filter(|(_, row)| row.is_hidden && row.name != "cut") {
        for (i, secret) in all.iter().enumerate().filter(|(i, _)| i % 8 == n % 8) {
            let name = format!("left-{n}-{i}.txt");
            fs::write(
                dir.path().join(&name),
                format!("{} {} x", "before ".repeat(n * 30), (row.write)(secret)),
            )
            .unwrap();
            expected.insert((name, format!("s{i}")));
        }
    }
    fs::write(dir.path().join("nothing.txt"), "nothing at all").unwrap();
    let record = journal.finish().record.unwrap();
    let found: BTreeSet<(String, String)> = record
        .events
        .iter()
        .filter_map(|e| match &e.what {
            What::SecretFound { file, secret } => Some((file.clone(), secret.clone())),
            _ => None,
        })
        .collect();
    let other: Vec<_> = found.symmetric_difference(&expected).collect();
    assert!(other.is_empty(), "found without being there, or there without being found: {other:?}");
    assert_eq!((record.outcome.verdict, record.outcome.exit.code()), (Verdict::Red, 1));
}

#[test]
fn a_redactor_below_another_knows_its_own_values_and_tells_them_to_the_one_above() {
    let above = Redactor::default();
    let (one, other) = (above.below(), above.below());
    one.add("pw", &Secret::new("hunter2secret"));
    assert_eq!([one.hide("hunter2secret"), above.hide("hunter2secret")], [DOTS, DOTS]);
    assert_eq!(other.hide("hunter2secret"), "hunter2secret", "another run's record is not garbled");
    above.add("token", &Secret::new("t0k3n-of-all"));
    assert_eq!(one.hide("t0k3n-of-all"), "t0k3n-of-all");
}
