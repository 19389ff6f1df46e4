//! Signals with the real program while no run is in progress: calls that wait for an engine or for a reader end at
//! once, with the documented exit code.

use crate::bad_input::ground::{Engine, Ground, program};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A call in progress; it is killed if it is dropped before its end.
struct Going(Child);

impl Going {
    fn begin(ground: &Ground, args: &[&str], host: &str) -> Going {
        let mut call = Command::new(program());
        ground.surround(call.args(args));
        call.env("DOCKER_HOST", host).stdout(Stdio::piped()).stderr(Stdio::piped());
        Going(call.spawn().unwrap())
    }

    /// Sends the signal once the call is in progress, and waits for its end.
    fn ended_by(mut self, signal: Signal) -> ExitStatus {
        std::thread::sleep(Duration::from_millis(300));
        kill_process(Pid::from_child(&self.0), signal).unwrap();
        let told = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(told.elapsed() < Duration::from_secs(8), "{signal:?} does not end it");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exit code as a shell shows it: if the signal itself ended the call, 128 plus its number.
fn code(status: ExitStatus) -> Option<i32> {
    status.code().or_else(|| status.signal().map(|n| 128 + n))
}

#[test]
fn a_signal_ends_doctor_and_clean_while_the_engine_does_not_answer() {
    let row = |command: &str, signal: Signal, desired: i32| {
        let ground = Ground::new();
        let host = ground.engine(Engine::Silent);
        let status = Going::begin(&ground, &[command], &host).ended_by(signal);
        assert_eq!(code(status), Some(desired), "{command}");
    };
    std::thread::scope(|scope| {
        for command in ["doctor", "clean"] {
            for (signal, desired) in [(Signal::INT, 130), (Signal::TERM, 143)] {
                scope.spawn(move || row(command, signal, desired));
            }
        }
    });
}

#[test]
fn a_signal_ends_a_report_that_nobody_reads() {
    let events = std::fs::read("tests/records/red_install.jsonl").unwrap();
    let ground = Ground::new().write("rec/events.jsonl", events);
    // more output than a pipe can hold
    let args: Vec<&str> = ["report"].into_iter().chain([".//rec"; 40]).chain(["--format", "html"]).collect();
    let status = Going::begin(&ground, &args, "unix:///nowhere").ended_by(Signal::TERM);
    assert_eq!(code(status), Some(143));
}

#[test]
fn a_record_that_is_no_plain_file_is_refused_and_not_waited_for() {
    let ground = Ground::new().write("rec/plan.json", "{}");
    let fifo = ground.path("rec/events.jsonl");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let going = Going::begin(&ground, &["why", "./rec"], "unix:///nowhere");
    let status = going.ended_by(Signal::CONT);
    assert_eq!(code(status), Some(2));
}

#[test]
fn a_signal_ends_a_run_whose_words_nobody_reads() {
    let ground = Ground::new();
    let host = ground.engine(Engine::Manager);
    let call = ["run", "ghost", "--tiers", "install", "--base", "none"];
    // the socket is full from the beginning
    let (read, mut write) = UnixStream::pair().unwrap();
    write.set_nonblocking(true).unwrap();
    while write.write(&[b'.'; 4_096]).is_ok() {}
    write.set_nonblocking(false).unwrap();
    let mut program = Command::new(program());
    ground.surround(program.args(call));
    program.env("DOCKER_HOST", &host).stdout(Stdio::null()).stderr(Stdio::from(OwnedFd::from(write)));
    let going = Going(program.spawn().unwrap());
    let status = going.ended_by(Signal::TERM);
    drop(read);
    assert_eq!(code(status), Some(143));
}
