//! A run of the real program that something happens to: it is started, observed, signalled, and checked afterwards.

use crate::docker::docker;
use ccci_adapters::locks::FileLocks;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Marks a victim and every program that it starts, so that no program can outlive it unnoticed.
const MARK: &str = "CCCI_STORM_VICTIM";
/// How long it may take until Swarm's objects and a killed client have disappeared from lists.
const SETTLES: Duration = Duration::from_secs(2);
/// Longest time that another cleaning of the same domain takes.
const OTHERS: Duration = Duration::from_secs(120);

static COUNT: AtomicU64 = AtomicU64::new(0);

/// When something happens to a victim: at a step of its plan, and how long after the step began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    /// The step: 0 is the start of the process, 1 the end of the plan.
    pub part: f64,
    /// Time after the step began.
    pub after: Duration,
}

/// A run and the directory with its files.
pub(crate) struct Victim {
    child: Child,
    root: tempfile::TempDir,
    mark: String,
    began: Instant,
}

impl Victim {
    pub(super) fn start(recipe: &str, options: &[&str]) -> Victim {
        Victim::start_with(&locks(), recipe, options)
    }

    /// Starts one that looks for locks in this directory.
    pub(super) fn start_with(locks: &Path, recipe: &str, options: &[&str]) -> Victim {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("tmp")).unwrap();
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut call = call(root.path());
        call.args(["run", recipe, "--out"]).arg(root.path().join("record")).args(options);
        call.env(MARK, &mark).env("CCCI_LOCKS", locks).stdin(Stdio::null()).stdout(Stdio::null());
        call.stderr(File::create(root.path().join("said")).unwrap());
        Victim { child: call.spawn().unwrap(), root, mark, began: Instant::now() }
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.root.path().join(name)).unwrap_or_default()
    }

    pub(super) fn events(&self) -> String {
        self.file("record/events.jsonl")
    }

    pub(super) fn said(&self) -> String {
        let said = self.file("said");
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    pub(super) fn results(&self) -> serde_json::Value {
        serde_json::from_str(&self.file("record/results.json")).unwrap_or_default()
    }

    /// Its domain, if it has one already; before that it has made nothing.
    pub(crate) fn domain(&self) -> Option<String> {
        let events = self.events();
        let first: serde_json::Value = serde_json::from_str(events.lines().next()?).ok()?;
        first.pointer("/plan/apps/0/domain")?.as_str().map(str::to_string)
    }

    fn steps(&self) -> Option<usize> {
        let events = self.events();
        let first: serde_json::Value = serde_json::from_str(events.lines().next()?).ok()?;
        first.pointer("/plan/steps")?.as_array().map(Vec::len)
    }

    /// Waits for a moment of its run; false if the run ended before.
    pub(crate) fn reach(&mut self, when: When) -> bool {
        let mut step = None;
        loop {
            if when.part == 0.0 {
                break;
            }
            if self.ended().is_some() {
                return false;
            }
            step = step.or_else(|| self.steps().map(|n| (when.part * n as f64) as usize));
            if step.is_some_and(|n| self.events().contains(&format!("\"step_started\",\"step\":{n},"))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(when.after);
        self.ended().is_none()
    }

    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // an ended process still has its number, because it was not waited for yet
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits for its end; `None` if it hangs.
    pub(crate) fn end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    pub(super) fn clean(&self) -> Output {
        self.clean_with(&locks(), &[])
    }

    /// Cleans in the light of the locks in this directory.
    pub(super) fn clean_with(&self, locks: &Path, options: &[&str]) -> Output {
        call(self.root.path()).env("CCCI_LOCKS", locks).arg("clean").args(options).output().unwrap()
    }

    /// Its number as a process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The directory of all its files; its `TMPDIR` is below.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// What is left of it: objects of its domain, programs that it started, temporary directories.
    pub(crate) fn left(&self) -> Vec<String> {
        let began = Instant::now();
        loop {
            let mut left = self.domain().map(|d| objects_of(&d)).unwrap_or_default();
            left.extend(programs(&self.mark));
            left.extend(programs_in(self.root.path()));
            let entries = fs::read_dir(self.root.path().join("tmp")).unwrap().flatten();
            left.extend(entries.map(|e| format!("directory {}", e.path().display())));
            let held = self.domain().is_some_and(|d| held(&d));
            if left.is_empty() || began.elapsed() > if held { OTHERS } else { SETTLES } {
                return left;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn call(root: &Path) -> Command {
    let mut call = Command::new(env!("CARGO_BIN_EXE_ccci"));
    call.env("TMPDIR", root.join("tmp")).env("CCCI_HOME", root.join("home"));
    call
}

/// The directory of the machine's locks, as the program itself finds it.
pub(crate) fn locks() -> PathBuf {
    ccci::commands::env::locks()
}

/// Whether a run holds the lock of a domain.
pub(crate) fn held(domain: &str) -> bool {
    FileLocks::new(locks()).is_held(domain)
}

/// What the docker client lists with a domain's label or its stack's name, as a user would look for it.
pub(crate) fn objects_of(domain: &str) -> Vec<String> {
    let label = format!("label=ccci.domain={domain}");
    let name = format!("name={}", domain.replace('.', "_"));
    let mut found = vec![];
    for kind in ["service", "container", "network", "volume", "secret", "config"] {
        for filter in [&label, &name] {
            let mut words = vec![kind, "ls", "-q", "--filter", filter];
            if kind == "container" {
                words.push("--all");
            }
            found.extend(docker(&words).lines().map(|id| format!("{kind} {id}")));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Volumes without a name that nothing uses. They come from images, so they have no label.
pub(crate) fn unnamed_volumes() -> BTreeSet<String> {
    let all = docker(&["volume", "ls", "-q", "--filter", "dangling=true"]);
    all.lines().filter(|name| name.len() == 64).map(str::to_string).collect()
}

/// Programs that have a mark in their environment.
fn programs(mark: &str) -> Vec<String> {
    let desired = format!("{MARK}={mark}");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let marked = processes.filter(|p| {
        let environment = fs::read(p.path().join("environ")).unwrap_or_default();
        environment.split(|b| *b == 0).any(|v| v == desired.as_bytes())
    });
    marked
        .map(|p| {
            format!(
                "process {}",
                fs::read_to_string(p.path().join("cmdline")).unwrap_or_default().replace('\0', " ")
            )
        })
        .collect()
}

/// Programs that work in a directory, or name it in their arguments or their environment. A browser's have no mark,
/// because they are started with an environment of their own.
pub(super) fn programs_in(root: &Path) -> Vec<String> {
    let named = root.as_os_str().as_encoded_bytes();
    let names =
        |file: &Path| fs::read(file).unwrap_or_default().windows(named.len()).any(|part| part == named);
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let ours = processes.filter(|process| {
        let at = fs::read_link(process.join("cwd")).unwrap_or_default();
        at.starts_with(root) || names(&process.join("cmdline")) || names(&process.join("environ"))
    });
    let line = |process: PathBuf| {
        let line = fs::read_to_string(process.join("cmdline")).unwrap_or_default().replace('\0', " ");
        format!("process {} {line}", process.display())
    };
    ours.map(line).collect()
}
