//! The recipe that shows its secrets in every way it can, run in memory, with its record on the disk.

use super::planted::{Needles, secrets};
use super::recipe::{WAYS, all_written, directory, each_way_was_taken, made, marked, shown, tests};
use super::{everything_below, told};
use crate::run::fullest::prepared;
use crate::shared::Shared;
use ccci::app::Request;
use ccci::app::run::run;
use ccci::commands::log::log;
use ccci_adapters::store::DirStore;
use ccci_model::event::{GENERIC, What};
use ccci_report::forge::Forge;
use ccci_report::live::{Live, Screen};
use ccci_report::plain::Plain;
use ccci_report::reporter::Reporter;
use ccci_swarm::log::Stream;
use ccci_swarm::ports::cluster::{ExecOutput, ExecRequest};
use ccci_swarm::ports::{Stop, World};
use ccci_testkit::memory::{
    Files, MemoryBrowser, MemoryClock, MemoryCluster, MemoryLocks, MemoryWeb, page, path_of,
};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The world in which the recipe is run, with its store in a directory.
fn world(all: &[String], dir: &Path) -> World {
    let clock = Arc::new(MemoryClock::default());
    let cluster = Arc::new(MemoryCluster::new(clock.clone()));
    let (texts, body) = (Arc::new(all_written(all)), marked("page", all));
    for service in ["app", "shows", "complains"] {
        let texts = texts.clone();
        cluster.on_exec(service, move |what, _: &mut Files<'_>| program(what, &texts));
    }
    for stream in [Stream::Out, Stream::Err] {
        cluster.writes("app", stream, &texts);
    }
    for (i, secret) in all.iter().enumerate() {
        let [out, err] = shown(i, secret);
        cluster.writes("app", Stream::Out, &out);
        cluster.writes("app", Stream::Err, &err);
    }
    let web = MemoryWeb::new(clock.clone(), cluster.clone());
    let header = ("x-planted".to_string(), all[38].clone());
    web.on_request(move |request, _| {
        let text = match path_of(&request.url) {
            "/written.txt" => texts.as_str(),
            "/marked.txt" => &body,
            _ => "well",
        };
        let mut answer = page(200, text);
        answer.headers.push(header.clone());
        Some(answer)
    });
    let (store, locks) = (Arc::new(DirStore::new(dir)), Arc::new(MemoryLocks::default()));
    let web = Arc::new(web);
    World { cluster, browser: Arc::new(MemoryBrowser::new(web.clone())), web, clock, store, locks }
}

/// The commands of the containers.
fn program(what: &ExecRequest, texts: &str) -> Option<ExecOutput> {
    let words: Vec<&str> = what.argv.iter().map(String::as_str).collect();
    let end = |bytes: usize| texts[texts.ceil_char_boundary(texts.len() - bytes)..].to_string();
    let (code, stdout, stderr) = match words.as_slice() {
        ["echo", text] => (0, format!("{text}\n"), String::new()),
        ["printf", "%s", text] => (0, text.to_string(), String::new()),
        ["sh", "-c", "printf %s \"$1\" >&2", "sh", text] => (0, String::new(), text.to_string()),
        ["sh", "-c", "printf %s \"$1\" >&2; exit 3", "sh", text] => (3, String::new(), text.to_string()),
        ["head", "-c", bytes, "/written"] => {
            (0, texts[..texts.floor_char_boundary(bytes.parse().unwrap())].to_string(), String::new())
        }
        ["sh", "-c", "cat /written >&2"] => (0, String::new(), texts.to_string()),
        ["sh", "-c", "cat /run/secrets/*"] => (0, texts.lines().next().unwrap().to_string(), String::new()),
        ["sh", "-c", "tail -c 3000 /written >&2; exit 3"] => (3, String::new(), end(3_000)),
        _ => return None,
    };
    Some(ExecOutput { code, stdout, stderr })
}

#[test]
fn no_secret_goes_out_by_any_way() {
    let all = secrets();
    assert!(all.len() >= 40 && WAYS.len() >= 12, "{} secrets, {} ways", all.len(), WAYS.len());
    let (repository, needles) = (made(&all), Needles::of(&all));
    let dir = repository.around().join("record");
    let job =
        prepared(&Request::of(directory(&repository).to_str().unwrap()), "20260101-000000-abc123").unwrap();
    let heard = Shared::default();
    let mut reporters: Vec<Box<dyn Reporter + Send>> = vec![
        Box::new(Plain::new(Box::new(heard.clone()), Forge::GitHub, 100)),
        Box::new(Live::new(Box::new(heard.clone()), Screen { width: 5_000, height: 50, colour: true })),
    ];
    let reporter = move |event: &ccci_model::event::Event| {
        for reporter in &mut reporters {
            reporter.event(event);
            reporter.tick(event.at);
        }
    };
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let logged = lines.clone();
    let all_of_it =
        log("trace", job.redactor.clone(), move |line| logged.lock().unwrap().push(line.into())).unwrap();
    // with a single log, a span that another test's thread reaches first would be disabled for all, so there is a
    // second log
    let _other = log("off", job.redactor.clone(), |_| ()).unwrap();
    let world = world(&all, &dir);
    let ran = || run(&job, &world, &dir, &Stop::default(), Box::new(reporter)).unwrap().record.unwrap();
    let record = tracing::dispatcher::with_default(&all_of_it, ran);
    let lines = lines.lock().unwrap().join("\n");
    needles.not_in("the log", lines.as_bytes());
    for part in [
        ":app{recipe=",
        ":tier{name=\"custom\"}:step{n=",
        ":test{file=",
        "swarm{call=exec ",
        "web{call=\"send\"",
    ] {
        assert!(lines.contains(part), "{part} is in no line of the log");
    }
    let o = &record.outcome;
    let custom = o.tiers.iter().find(|t| t.tier.name() == "custom").unwrap();
    let own = custom.tests.iter().filter(|t| t.file != GENERIC).count();
    assert_eq!(own, tests(&all), "{:?}", o.failures.first());
    let heard = heard.take();
    needles.not_in("a reporter", heard.as_bytes());
    everything_below(&dir, &needles);
    told(&record, &needles);
    let found = record.events.iter().filter(|e| matches!(e.what, What::SecretFound { .. })).count();
    assert_eq!(found, 0, "what is hidden is not found by the last scan");
    each_way_was_taken(&all, |file| {
        file.map_or(heard.clone(), |file| fs::read_to_string(dir.join(file)).unwrap())
    });
    let names = fs::read_to_string(dir.join("junit.xml")).unwrap();
    assert!(names.contains("custom/test_•••.rhai"), "a file whose name is a secret");
}
