//! Bad input that only a real Swarm shows: a missing network, a port in use, a full disk, two runs of the same recipe.
//! Runs if `CCCI_SWARM` is set; without it each test prints that it was not run.

use crate::cli_live::{TestRun, small_app, swarm};
use crate::cli_report;
use crate::docker::{called, docker};
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn an_external_network_that_is_missing_is_made_labelled_and_removed_again() {
    if !swarm("a missing network") {
        return;
    }
    let name = format!("ccci-story-{}", std::process::id());
    let ground = small_app(&format!(
        "    networks: [story]\nnetworks:\n  story:\n    external: true\n    name: {name}\n"
    ));
    let ground =
        ground.recipe("hooks.rhai", "fn post_install(ctx) { ctx.exec(\"app\", [\"sleep\", \"2\"]); }\n");
    let run = TestRun::begin(&ground, &["run", "ghost", "--tiers", "install"]);
    let label = "{{index .Labels \"ccci.run\"}}";
    let labelled = run.until("the network", || {
        let (there, run) = called(&["network", "inspect", "--format", label, &name]);
        (there && !run.is_empty()).then_some(run)
    });
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("made `{name}` for this run")) && text.contains(&labelled), "{text}");
    // the network stays while another run is in progress, because that run may need it; after that anybody may remove
    // the network of a dead run
    let deadline = Instant::now() + Duration::from_secs(90);
    while !docker(&["network", "ls", "-q", "--filter", &format!("name={name}")]).is_empty() {
        assert!(Instant::now() < deadline, "{name} is still there");
        ground.ccci(&["clean"]);
    }
}

#[test]
fn a_port_that_is_taken_is_an_error_of_infra_and_the_port_is_named() {
    if !swarm("a taken port") {
        return;
    }
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ports = format!("    ports:\n      - {{target: 80, published: {port}, mode: host}}\n");
    let ground = small_app(&ports);
    let (code, text) = TestRun::begin(&ground, &["run", "ghost", "--tiers", "install"]).end();
    assert_eq!(code, Some(3), "{text}");
    for word in ["port-taken", "blame: infra", "No verdict on the recipe", &port.to_string()] {
        assert!(text.contains(word), "`{word}` is missing:\n{text}");
    }
    assert_nothing_left(&text);
}

#[test]
fn a_disk_that_is_full_is_said_with_the_file_and_everything_is_removed() {
    if !swarm("a full disk") {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("NOT RUN: a full disk needs root, who may mount one");
        return;
    }
    let ground = small_app("");
    let small = ground.path("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = Mounted::new(&small);
    let out = small.join("run");
    let (code, text) =
        TestRun::begin(&ground, &["run", "ghost", "--tiers", "install", "--out", out.to_str().unwrap()])
            .end();
    drop(mounted);
    assert_eq!(code, Some(3), "{text}");
    for word in
        ["record-failed", "failed to write", "small/run/", "No space left", "free some room", "--out DIR"]
    {
        assert!(text.contains(word), "`{word}` is missing:\n{text}");
    }
    assert!(text.contains("pass  remove everything"), "{text}");
    assert_nothing_left(&text);
}

/// A tmpfs of a few pages, used as a full disk.
struct Mounted<'a>(&'a Path);

impl Mounted<'_> {
    fn new(at: &Path) -> Mounted<'_> {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=12k", "none"]).arg(at).status();
        assert!(done.unwrap().success(), "a tmpfs can be mounted");
        Mounted(at)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn two_runs_of_the_same_thing_at_once_are_both_right() {
    if !swarm("two runs at once") {
        return;
    }
    let ground = small_app("");
    let both = [(); 2].map(|()| TestRun::begin(&ground, &["run", "ghost", "--tiers", "install"]));
    for run in both {
        let (code, text) = run.end();
        assert_eq!(code, Some(0), "{text}");
        assert_nothing_left(&text);
    }
}

#[test]
fn of_two_runs_with_one_directory_the_second_is_refused_and_the_first_loses_nothing() {
    if !swarm("two runs with one --out") {
        return;
    }
    let speaks = "fn pre_install(ctx) { ctx.exec(\"app\", \"echo a line of its log > /proc/1/fd/1\"); }\n";
    let ground = small_app("").recipe("hooks.rhai", speaks);
    let args = ["run", "ghost", "--tiers", "install", "--out", "rec"];
    let first = TestRun::begin(&ground, &args);
    first.until("the record", || ground.path("rec/events.jsonl").is_file().then_some(()));
    let second = ground.with_env(&args, &[("DOCKER_HOST", "unix:///var/run/docker.sock")]);
    assert_eq!(second.code, Some(2), "{}", second.err);
    assert!(
        second.err.contains("failed to use `rec` for the record: it already contains a record"),
        "{}",
        second.err
    );
    let (code, text) = first.end();
    assert_eq!(code, Some(0), "{text}");
    let results = std::fs::read(ground.path("rec/results.json")).unwrap();
    let results: Value = serde_json::from_slice(&results).unwrap();
    assert_eq!(results["verdict"], "green");
    assert!(text.contains(results["run_id"].as_str().unwrap()));
    cli_report::has_all_files(&ground.path("rec"));
    cli_report::renders_as_the_run_did(&ground, "rec");
}

/// Checks with the docker client that nothing of the run is left on the engine.
fn assert_nothing_left(text: &str) {
    let first = text.lines().find(|l| l.contains(" run   ")).unwrap_or_default();
    let domain = first.split_whitespace().find(|w| w.ends_with(".ccci.test")).expect("the run's domain");
    let filter = format!("label=ccci.domain={domain}");
    for kind in ["service", "volume", "secret", "config"] {
        assert_eq!(docker(&[kind, "ls", "-q", "--filter", &filter]), "", "{kind} of {domain}");
    }
}
