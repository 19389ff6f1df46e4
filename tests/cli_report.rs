//! `ccci report` with the real program: an old run renders byte for byte as the run itself did, and the record is
//! complete.

use crate::bad_input::ground::{Ground, program};
use crate::report::fits;
use ccci_adapters::locks::FileLocks;
use ccci_report::{REPORTS, results};
use ccci_swarm::ports::Locks;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Checks that the program renders every format from the events exactly as the run wrote it.
pub(crate) fn renders_as_the_run_did(ground: &Ground, record: &str) {
    for format in REPORTS {
        let mut call = Command::new(program());
        ground.surround(call.args(["report", record, "--format", format.name]));
        let done = call.output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", format.name);
        let by_run = fs::read(ground.path(record).join(format.file)).unwrap();
        assert!(done.stdout == by_run, "{} of {record} differs from what the run wrote", format.name);
    }
}

/// Checks that the record has all files, and that its results fit the published schema.
pub(crate) fn has_all_files(record: &Path) {
    for file in ["events.jsonl", "plan.json", "compose.head.yml", "logs/app.log"] {
        assert!(fs::metadata(record.join(file)).is_ok_and(|f| f.len() > 0), "{file} is missing or empty");
    }
    let schema: Value = serde_json::from_str(&results::schema()).unwrap();
    let value: Value = serde_json::from_slice(&fs::read(record.join("results.json")).unwrap()).unwrap();
    let mut wrong = vec![];
    fits(&schema, &value, "results", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_program_renders_a_kept_record_byte_for_byte_as_it_wrote_it() {
    for name in ["red_install", "secret"] {
        let events = fs::read(format!("tests/records/{name}.jsonl")).unwrap();
        let ground = Ground::new().write("rec/events.jsonl", events);
        let done = ground.ccci(&["report", "rec", "--all"]);
        assert_eq!(done.code, Some(0), "{}", done.err);
        renders_as_the_run_did(&ground, "rec");
    }
}

#[test]
fn a_run_in_progress_is_not_called_killed() {
    let lines = |name: &str| fs::read(format!("tests/records/{name}.jsonl")).unwrap();
    let ground = Ground::new()
        .write("home/runs/20260101-000000-000001/events.jsonl", lines("red_install"))
        .write("home/runs/20260131-120000-4f1c2e/events.jsonl", lines("killed"));
    let says = |args: &[&str]| {
        let done = ground.ccci(args);
        (done.code, done.out, done.err)
    };
    let held = FileLocks::new(ground.path("locks")).take("full-2ddfe5.ccci.test").unwrap();
    for args in [&["why", "20260131-120000-4f1c2e"][..], &["report", "20260131-120000-4f1c2e"]] {
        let (code, told, said) = says(args);
        assert_eq!((code, told.as_str()), (Some(2), ""), "{said}");
        assert!(said.contains("the run `20260131-120000-4f1c2e` is in progress"), "{said}");
    }
    let (code, told, said) = says(&["why"]);
    assert!(code == Some(0) && told.starts_with("RED"), "the newest that has ended: {told}{said}");
    assert!(said.contains("note: the run `20260131-120000-4f1c2e` is in progress"), "{said}");
    assert!(says(&["report", "list"]).1.starts_with("in progress 20260131-120000-4f1c2e"));
    drop(held);
    let (code, told, said) = says(&["why"]);
    assert!(code == Some(0) && told.contains("killed") && said.is_empty(), "{told}{said}");
    assert!(!says(&["report", "list"]).1.contains("in progress"));
}

#[test]
fn with_format_json_nothing_but_results_goes_to_standard_output() {
    let ground = Ground::new();
    let host = ground.engine(crate::bad_input::ground::Engine::Manager);
    let done =
        ground.with_env(&["run", "ghost", "--format", "json", "--out", "rec"], &[("DOCKER_HOST", &host)]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert_eq!(done.out, fs::read_to_string(ground.path("rec/results.json")).unwrap());
    let value: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((value["verdict"].as_str(), value["exit"].as_u64()), (Some("error"), Some(3)));
    assert!(done.err.contains("ERROR  ghost 1.0.0+1.25"), "{}", done.err);
}

#[test]
fn a_log_has_the_groups_and_annotations_of_the_forge_it_is_for_and_no_colour() {
    for (env, has) in [
        ("NOTHING", &["== before\n"][..]),
        ("GITHUB_ACTIONS", &["::group::before\n", "::endgroup::\n", "::warning title="][..]),
        ("GITLAB_CI", &["section_start:", "section_end:"][..]),
    ] {
        let ground = Ground::new();
        let host = ground.engine(crate::bad_input::ground::Engine::Manager);
        let env = [("DOCKER_HOST", host.as_str()), ("CI", "true"), (env, "true")];
        let done = ground.with_env(&["run", "ghost", "--tiers", "install"], &env);
        assert_eq!(done.code, Some(3), "{}", done.err);
        for words in has {
            assert!(done.err.contains(words), "{words} is missing:\n{}", done.err);
        }
        assert_eq!(done.err.contains("::group::"), has[0].starts_with("::"), "{}", done.err);
        assert!(!done.err.contains("\u{1b}[3") && !done.err.contains("\u{1b}[?25"), "{}", done.err);
        assert_eq!(done.out, "");
    }
}

#[test]
fn data_that_a_full_disk_did_not_take_is_said_and_nothing_green() {
    let events = fs::read("tests/records/red_install.jsonl").unwrap();
    let ground = Ground::new().write("rec/events.jsonl", events);
    for args in [
        &["report", "./rec", "--format", "results"][..],
        &["why", "./rec"],
        &["plan", "ghost"],
        &["--help"],
        &["--version"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut call = Command::new(program());
        ground.surround(call.args(args));
        let done = call.stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(3), "{args:?}: {said}");
        assert!(said.contains("failed to write to standard output: No space left"), "{said}");
    }
}

#[test]
fn a_file_at_its_limit_of_size_is_a_full_disk_and_kills_nobody() {
    let events = fs::read("tests/records/red_install.jsonl").unwrap();
    let ground = Ground::new().write("rec/events.jsonl", events);
    let mut call = Command::new("sh");
    let line = format!("ulimit -f 1; exec {} report ./rec --format results >data", program().display());
    ground.surround(call.args(["-c", &line]));
    let done = call.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(3), "{:?}: {said}", done.status);
    assert!(said.contains("failed to write to standard output: File too large"), "{said}");
}

#[test]
fn a_machine_at_its_limit_is_no_fault_of_a_recipe() {
    let ground = Ground::new();
    for (files, args) in [(12, "plan ghost"), (9, "check recipes/ghost")] {
        let mut call = Command::new("sh");
        // files that were inherited from whoever started the tests would count too
        let alone = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-";
        let line = format!("{alone}; ulimit -n {files}; exec {} {args}", program().display());
        ground.surround(call.args(["-c", &line]));
        let done = call.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(3), "{args}: {said}");
        assert!(said.contains("Too many open files") && said.contains("blame     infra"), "{said}");
        assert!(!said.contains("no-source"), "{said}");
    }
}
