//! The guard: a copy of this program that starts the driver of the browser and ends everything it started as soon as
//! ccci ends, however that happens. Processes that leave the group of the driver still belong to the guard, because the
//! kernel hands orphans to it.
#![expect(clippy::disallowed_methods, reason = "this file starts programs")]

use super::relay;
use crate::processes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, wait};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

/// The first argument of a call that ccci makes to itself.
pub(super) const WORD: &str = "--guard-browser";
/// Memory that driver and browser may use together, in bytes; pages that they share count once for each process.
const MOST_MEMORY: u64 = 2 << 30;
/// The guard's message when they use more.
pub(super) const TOO_MUCH: &str = "the browser used more memory than it may";
/// How often the guard looks, in nanoseconds.
const LOOK: i64 = 500_000_000;
/// How often it looks for processes that still live at the end.
const LAST_LOOKS: u32 = 200;
/// Time between these looks, in nanoseconds.
const SOON: i64 = 25_000_000;

/// Acts as the guard. The arguments are the directory that the browser may write to, the port of the ingress's proxy, and
/// the driver with its own arguments.
pub(super) fn stand(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let dir = PathBuf::from(args.next()?);
    let proxy = args.next()?.to_str()?.parse().ok()?;
    let driver = args.next()?;
    let done = guard(&dir, proxy, &driver, args);
    end_all();
    let _ = fs::remove_dir_all(&dir);
    if let Err(why) = done {
        let _ = writeln!(io::stderr(), "{why}");
        return Some(ExitCode::FAILURE);
    }
    Some(ExitCode::SUCCESS)
}

/// Starts the driver and watches until standard input ends, the driver ends or too much memory is used.
fn guard(
    dir: &Path,
    proxy: u16,
    driver: &OsString,
    args: impl Iterator<Item = OsString>,
) -> Result<(), String> {
    set_child_subreaper(Some(getpid()))
        .map_err(|e| format!("failed to adopt the browser's processes: {e}"))?;
    relay::start(dir, proxy)
        .map_err(|e| format!("failed to make the way into the browser's network: {e}"))?;
    let mut driver = start(dir, driver, args)?;
    while !ended(LOOK) {
        if let Ok(Some(status)) = driver.try_wait() {
            return Err(format!("the browser's driver ended with {status}"));
        }
        if below().values().map(|p| p.memory).sum::<u64>() > MOST_MEMORY {
            return Err(format!("{TOO_MUCH}: {} MiB", MOST_MEMORY >> 20));
        }
    }
    Ok(())
}

fn start(dir: &Path, driver: &OsString, args: impl Iterator<Item = OsString>) -> Result<Child, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let child = Command::new(driver)
        .args(args)
        .env_clear()
        .env("PATH", path)
        .env("HOME", dir)
        .env("TMPDIR", dir)
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .current_dir(dir)
        .stdin(Stdio::null())
        .spawn();
    child.map_err(|e| format!("failed to start {}: {e}", driver.display()))
}

/// Waits for so many nanoseconds and says whether standard input has ended by then. Nothing is ever written to it.
fn ended(nanoseconds: i64) -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let span = Timespec { tv_sec: 0, tv_nsec: nanoseconds };
    match poll(&mut fds, Some(&span)) {
        Ok(0) => false,
        Ok(_) => !matches!(io::stdin().read(&mut [0; 64]), Ok(n) if n > 0),
        Err(e) => e != rustix::io::Errno::INTR,
    }
}

/// Kills everything below this process until nothing is left.
fn end_all() {
    for _ in 0..LAST_LOOKS {
        let alive = below();
        if alive.is_empty() {
            return;
        }
        alive.keys().filter_map(|id| Pid::from_raw(*id)).for_each(|id| {
            let _ = kill_process(id, Signal::KILL);
        });
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        let _ = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: SOON }));
    }
}

/// A process of the browser.
struct Process {
    parent: i32,
    /// Bytes that it uses alone.
    memory: u64,
}

/// All processes below this one, by their ids.
fn below() -> BTreeMap<i32, Process> {
    let all: BTreeMap<i32, Process> = processes::all()
        .filter_map(|(id, directory)| Some((id.as_raw_nonzero().get(), process(&directory)?)))
        .collect();
    let own = getpid().as_raw_nonzero().get();
    let under = |mut id: i32| {
        // a chain of parents is short; the bound holds even if the kernel reuses an id meanwhile
        for _ in 0..64 {
            match all.get(&id).map(|p| p.parent) {
                Some(parent) if parent == own => return true,
                Some(parent) if parent > 1 => id = parent,
                _ => return false,
            }
        }
        false
    };
    let ours: Vec<i32> = all.keys().copied().filter(|id| under(*id)).collect();
    let mut all = all;
    all.retain(|id, _| ours.contains(id));
    all
}

fn process(dir: &Path) -> Option<Process> {
    let stat = fs::read_to_string(dir.join("stat")).ok()?;
    // the name in parentheses may hold anything
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
    if state == "Z" && parent != getpid().as_raw_nonzero().get() {
        return None;
    }
    let sizes = fs::read_to_string(dir.join("statm")).unwrap_or_default();
    let pages: Vec<u64> = sizes.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let alone = pages.get(1).zip(pages.get(2)).map_or(0, |(all, shared)| all.saturating_sub(*shared));
    Some(Process { parent, memory: alone * rustix::param::page_size() as u64 })
}
