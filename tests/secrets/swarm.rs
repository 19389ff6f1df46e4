//! A recipe that shows its secrets in every way it can, on a real Swarm. Run if `CCCI_SWARM` is set (`make test`).

use super::everything_below;
use super::planted::{Needles, secrets};
use super::recipe::{directory, each_way_was_taken, made, tests};
use ccci_model::event::GENERIC;
use ccci_model::redact::DOTS;
use ccci_report::REPORTS;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn ccci(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ccci"))
        .args(words)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap()
}

#[test]
fn a_recipe_that_shows_its_secrets_in_every_way_shows_none() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        println!("NOT RUN: a recipe that shows its secrets needs a Swarm; `make test` runs it");
        return;
    }
    let all = secrets();
    let (needles, repository) = (Needles::of(&all), made(&all));
    let (own, record) = (directory(&repository), repository.around().join("record"));
    let (own, record) = (own.to_str().unwrap(), record.to_str().unwrap());
    let out = ccci(&["run", own, "--format", "json", "--out", record, "-vvv"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{said}");
    needles.not_in("standard error", &out.stderr);
    needles.not_in("standard output", &out.stdout);
    for part in ["swarm{call=put_secret ", "web{call=\"send\"", " bollard::", " hyper_util::", " rustls::"] {
        assert!(said.contains(part), "{part} is in no line of the log");
    }
    let dots = everything_below(Path::new(record), &needles);
    let results: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let custom = results["tiers"].as_array().unwrap().iter().find(|t| t["name"] == "custom").unwrap();
    let all_rows = custom["tests"].as_array().unwrap().iter();
    let rows: Vec<_> = all_rows.filter(|row| row["file"] != GENERIC).collect();
    let failed = rows.iter().filter(|t| t["status"] == "fail").count();
    assert_eq!((rows.len(), failed), (tests(&all), rows.len()), "{said}");
    assert_eq!(
        results["rungs"]["install"], "pass",
        "the pages and hooks that show them were reached: {said}"
    );
    assert_eq!(results["leftovers"], serde_json::json!([]), "hostile tests do not keep removal away");
    let log = fs::read_to_string(Path::new(record).join("logs/app.log")).unwrap();
    assert!(
        log.matches(DOTS).count() > 800 && log.contains("base64 of JSON"),
        "the log was full of them: {log}"
    );
    let text = fs::read_to_string(Path::new(record).join("events.jsonl")).unwrap();
    assert!(!text.contains("secret_found"), "the last scan found one");
    each_way_was_taken(&all, |file| match file {
        Some(file) => fs::read_to_string(Path::new(record).join(file)).unwrap(),
        None => said.clone(),
    });
    println!("{} needles in no file and no stream; {dots} dots stand in their places", needles.len());
    for format in REPORTS {
        let out = ccci(&["report", record, "--format", format.name]);
        needles.not_in(format.name, &[out.stdout, out.stderr].concat());
    }
    for words in [&["why", record][..], &["report", "diff", record, record]] {
        let out = ccci(words);
        needles.not_in(words[0], &[out.stdout, out.stderr].concat());
    }
}
