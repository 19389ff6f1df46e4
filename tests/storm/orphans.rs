//! What a run needs of the machine before it makes anything: its child processes end with it, so that none goes on
//! unnoticed by `ccci clean`, and there is a directory for its lock.

use crate::bad_input::ground::{Engine, Ground};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_program_that_a_killed_run_had_started_is_gone_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (git, pid) = (dir.path().join("git"), dir.path().join("pid"));
    fs::write(
        &git,
        format!("#!/bin/sh\necho $$ > '{0}.new'\nmv '{0}.new' '{0}'\nexec sleep 60\n", pid.display()),
    )
    .unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
    ccci.args(["plan", "--source", ".", "recipes/custom-html"]).env("PATH", path).env("TMPDIR", dir.path());
    let mut ccci = ccci.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let late = || began.elapsed() > Duration::from_secs(20);
    while !pid.exists() {
        assert!(!late() && ccci.try_wait().unwrap().is_none(), "git was never started");
        std::thread::sleep(Duration::from_millis(5));
    }
    let child = fs::read_to_string(&pid).unwrap();
    ccci.kill().unwrap();
    ccci.wait().unwrap();
    let runs = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.trim())).unwrap_or_default();
        status.lines().any(|l| l.starts_with("State:") && !l.contains('Z') && !l.contains('X'))
    };
    while runs() {
        assert!(!late(), "git outlived the run");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_program_that_is_not_there_is_said_to_be_missing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
    let out =
        ccci.args(["plan", "--source", ".", "recipes/custom-html"]).env("PATH", dir.path()).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("not installed") && !said.contains("ccci: failed to start"), "{said}");
}

#[test]
fn a_place_for_locks_that_cannot_be_made_is_exit_3_and_named() {
    let ground = Ground::new().write("file", "");
    let (host, locks) = (ground.engine(Engine::Manager), ground.path("file/locks"));
    let locks = locks.to_str().unwrap();
    let done = ground.with_env(&["run", "ghost"], &[("DOCKER_HOST", &host), ("CCCI_LOCKS", locks)]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(done.err.contains("failed to take the lock") && done.err.contains(locks), "{}", done.err);
}
