//! A child process and what it used: wall time, its own processor time and its peak memory.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// What a process used.
pub(crate) struct Used {
    /// From start to end.
    pub wall: Duration,
    /// Processor time of the process itself, user and system, without its children.
    pub cpu: Duration,
    /// Processor time of the children that it waited for.
    pub children: Duration,
    /// Peak resident memory in kB. It is read every few milliseconds, so a peak at the very end may be
    /// missing.
    pub peak_kb: u64,
    /// How it ended.
    pub status: ExitStatus,
}

/// Clock ticks a second in `/proc`, which is 100 on every Linux that Rust supports.
const TICKS: u64 = 100;

/// Starts a process and watches it to its end.
pub(crate) fn watch(command: &mut Command) -> Used {
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut peak_kb = 0;
    // an ended child stays listed, with its times, until it is waited for
    while !ended(&child) {
        peak_kb = peak(&child).unwrap_or(0).max(peak_kb);
        std::thread::sleep(Duration::from_millis(10));
    }
    let wall = began.elapsed();
    let [user, system, users, systems] = times(&child);
    let ticks = |n: u64| Duration::from_millis(n * 1000 / TICKS);
    let status = child.wait().unwrap();
    Used { wall, cpu: ticks(user + system), children: ticks(users + systems), peak_kb, status }
}

fn ended(child: &Child) -> bool {
    stat(child).first().is_none_or(|state| state == "Z")
}

/// The fields of `/proc/<pid>/stat` after the name, the state first.
fn stat(child: &Child) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    let after = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    after.split_whitespace().map(str::to_string).collect()
}

fn times(child: &Child) -> [u64; 4] {
    let fields = stat(child);
    [11, 12, 13, 14].map(|i| fields.get(i).and_then(|f| f.parse().ok()).unwrap_or(0))
}

fn peak(child: &Child) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
