//! Programs that end together with ccci.
//! A client that survived a killed run would go on making things while the janitor removes them. The kernel ends a
//! child with its parent only if the child itself asked for it. So ccci starts its own program first, which asks
//! for it and then executes the other program. Starting ccci takes longer than most calls of git, so these are told to
//! a keeper: another copy of ccci, which ends what still runs when ccci has ended.
#![expect(clippy::disallowed_methods, reason = "this file starts programs")]

use rustix::process::{Pid, Signal, getppid, kill_process_group, set_parent_process_death_signal};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use tokio::process::{Child, Command};

/// The first argument of a call that ccci makes to itself.
const WORD: &str = "--die-with";
/// The first argument of the keeper.
const KEEPER: &str = "--keep";
/// Start of ccci's message about a program that could not be started.
const NOT_STARTED: &str = "ccci: failed to start ";
/// The exit code for that, as in shells.
const NO_PROGRAM: u8 = 127;

/// Whether this program understands `WORD`; a test binary does not.
static DOOR: AtomicBool = AtomicBool::new(false);

/// A command that ends with the thread that starts it; this must be a long-lived thread.
pub fn command(program: &str) -> Command {
    if !DOOR.load(Ordering::Relaxed) {
        return Command::new(program);
    }
    let mut command = Command::new("/proc/self/exe");
    command.arg(WORD).arg(std::process::id().to_string()).arg(program);
    command
}

/// The keeper's standard input, if there is a keeper.
static KEPT: LazyLock<Option<Mutex<ChildStdin>>> = LazyLock::new(|| {
    if !DOOR.load(Ordering::Relaxed) {
        return None;
    }
    let mut keeper = std::process::Command::new("/proc/self/exe");
    // a signal from the terminal is for ccci, which ends the keeper by ending
    keeper.arg(KEEPER).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    keeper.spawn().ok()?.stdin.take().map(Mutex::new)
});

/// A command for a short call, whose process is to lead a group of its own. The group ends with ccci if it is `kept`.
pub(crate) fn short(program: &str) -> Command {
    match &*KEPT {
        Some(_) => Command::new(program),
        None => command(program),
    }
}

/// A group of processes that the keeper ends if ccci ends before this value is dropped.
pub(crate) struct Kept(Option<u32>);

/// Tells the keeper of a process that leads a group.
pub(crate) fn keep(leader: &Child) -> Kept {
    let kept = Kept(leader.id());
    kept.tell('+');
    kept
}

impl Kept {
    fn tell(&self, sign: char) {
        let (Some(id), Some(keeper)) = (self.0, &*KEPT) else { return };
        let mut keeper = keeper.lock().unwrap_or_else(PoisonError::into_inner);
        // one write, so that the keeper never reads a part; without it, calls still end by themselves
        let _ = keeper.write_all(format!("{sign}{id}\n").as_bytes());
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.tell('-');
    }
}

/// Reads which groups begin and end until ccci has ended; returns those that are left.
fn keeper(mut told: impl BufRead) -> BTreeSet<i32> {
    let (mut groups, mut line) = (BTreeSet::new(), String::new());
    while told.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        // a line without its end may lack digits
        let whole = line.strip_suffix('\n').and_then(|line| line.split_at_checked(1));
        match whole.map(|(sign, id)| (sign, id.parse().ok())) {
            Some(("+", Some(id))) => _ = groups.insert(id),
            Some(("-", Some(id))) => _ = groups.remove(&id),
            _ => {}
        }
        line.clear();
    }
    groups
}

/// The first thing that the program does. If it was started to execute another program, it does so and returns only
/// if that failed. For an ordinary call it returns `None` at once.
pub fn door(args: std::env::ArgsOs) -> Option<ExitCode> {
    DOOR.store(true, Ordering::Relaxed);
    let mut args = args.skip(1);
    let word = args.next()?;
    if word == KEEPER {
        let left = keeper(io::stdin().lock()).into_iter().filter_map(Pid::from_raw);
        left.for_each(|group| _ = kill_process_group(group, Signal::KILL));
        return Some(ExitCode::SUCCESS);
    }
    if word != WORD {
        return None;
    }
    let parent = args.next()?.to_str()?.parse().ok().and_then(Pid::from_raw)?;
    let program = args.next()?;
    let why = become_it(parent, &program, args);
    let _ = writeln!(io::stderr(), "{NOT_STARTED}{}: {why}", program.display());
    Some(ExitCode::from(NO_PROGRAM))
}

fn become_it(parent: Pid, program: &OsString, args: impl Iterator<Item = OsString>) -> io::Error {
    if let Err(e) = set_parent_process_death_signal(Some(Signal::KILL)) {
        return e.into();
    }
    // the parent may have ended before the kernel watched it
    if getppid() != Some(parent) {
        return io::Error::other("the process that started it has ended");
    }
    std::process::Command::new(program).args(args).exec()
}

/// The output of a short-lived copy of this program.
pub fn output(program: &Path, args: &[String]) -> io::Result<String> {
    let output = std::process::Command::new(program).args(args).stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_string())),
    }
}

/// Why the program was not started at all, if exit code and output of the call say so.
pub(crate) fn not_started(code: Option<i32>, stderr: &str) -> Option<&str> {
    stderr.strip_prefix(NOT_STARTED).filter(|_| code == Some(NO_PROGRAM.into())).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keeper_knows_the_groups_that_are_left() {
        let told = "+12\n+345\n-12\n+6\n+\nx\n-6\n+6\n";
        assert_eq!(keeper(told.as_bytes()), BTreeSet::from([6, 345]));
        assert_eq!(keeper("+12\n-12\n+3".as_bytes()), BTreeSet::new());
    }

    #[test]
    fn a_program_that_could_not_be_started_is_told_from_one_that_failed() {
        let words = "ccci: failed to start docker: No such file or directory (os error 2)\n";
        let why = "docker: No such file or directory (os error 2)";
        assert_eq!(not_started(Some(127), words), Some(why));
        assert_eq!(not_started(Some(1), words), None);
        assert_eq!(not_started(Some(127), "sh: nope: not found"), None);
    }
}
