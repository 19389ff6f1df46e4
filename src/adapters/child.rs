//! Programs that end together with ccci.
//! A client that survived a killed run would go on making things while the janitor removes them. The kernel ends a
//! child with its parent only if the child itself asked for it. So ccci starts its own program first, which asks
//! for it and then executes the other program. Starting ccci takes longer than most calls of git, so these carry a mark
//! in their environment: a keeper, another copy of ccci, ends what has it when ccci has ended.
#![expect(clippy::disallowed_methods, reason = "this file starts programs")]

use super::processes;
use rustix::process::{
    Pid, PidfdFlags, Signal, getppid, pidfd_open, pidfd_send_signal, set_parent_process_death_signal,
};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, ExitCode, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use tokio::process::Command;

/// The first argument of a call that ccci makes to itself.
const WORD: &str = "--die-with";
/// The first argument of the keeper; the second is its mark.
const ENDS: &str = "--end-calls";
/// The variable by which the keeper knows the calls of its ccci.
const MARK: &str = "CCCI_CALL_OF";
/// How often the keeper looks at most.
const MOST_LOOKS: usize = 100;
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

/// The keeper, if one was started.
static KEEPER: OnceLock<Option<Keeper>> = OnceLock::new();

fn start_keeper() -> Option<Keeper> {
    if !DOOR.load(Ordering::Relaxed) {
        return None;
    }
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mark = format!("{}.{began}", std::process::id());
    let mut keeper = std::process::Command::new("/proc/self/exe");
    keeper.arg(ENDS).arg(&mark);
    // a signal from the terminal is for ccci, whose end the keeper waits for
    keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let pipe = keeper.spawn().ok()?.stdin.take()?;
    Some(Keeper { mark, pipe })
}

/// A copy of ccci that waits until its standard input is closed: the kernel does that when ccci ends.
struct Keeper {
    /// The value of `MARK` by which it finds what it has to end.
    mark: String,
    pipe: ChildStdin,
}

/// Tells the keeper that ccci has come to its own end and has waited for every call, so that nothing is to be looked for.
pub fn all_ended() {
    if let Some(Some(keeper)) = KEEPER.get() {
        // a keeper that is not told looks in vain
        let _ = (&keeper.pipe).write_all(b".");
    }
}

/// A command for a short call. It ends with ccci.
pub(crate) fn short(program: &str) -> Command {
    match KEEPER.get_or_init(start_keeper) {
        Some(keeper) => {
            let mut command = Command::new(program);
            command.env(MARK, &keeper.mark);
            command
        }
        None => command(program),
    }
}

/// Waits until ccci has ended, and ends the calls that are left, unless it is told that there are none. A process that was just about to become the other program
/// has its mark a moment later, so there is a last look after one that found nothing.
fn keep(mut pipe: impl Read, mark: &str) {
    let mut told = vec![];
    let _ = pipe.read_to_end(&mut told);
    if !told.is_empty() {
        return;
    }
    let mut empty = 0;
    for _ in 0..MOST_LOOKS {
        empty = if end_marked(mark) == 0 { empty + 1 } else { 0 };
        if empty == 2 {
            return;
        }
    }
}

/// Ends the processes with this mark in their environment; returns how many there were.
fn end_marked(mark: &str) -> usize {
    let wanted = format!("{MARK}={mark}");
    let ended = processes::all().filter(|(id, directory)| {
        // held before it is looked at, so that it cannot be another process with the same id that gets the signal
        let Ok(held) = pidfd_open(*id, PidfdFlags::empty()) else { return false };
        let environment = fs::read(directory.join("environ")).unwrap_or_default();
        let marked = environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes());
        marked && pidfd_send_signal(&held, Signal::KILL).is_ok()
    });
    ended.count()
}

/// The first thing that the program does. If it was started to execute another program, it does so and returns only
/// if that failed. For an ordinary call it returns `None` at once.
pub fn door(args: std::env::ArgsOs) -> Option<ExitCode> {
    DOOR.store(true, Ordering::Relaxed);
    let mut args = args.skip(1);
    let word = args.next()?;
    if word == ENDS {
        keep(io::stdin().lock(), args.next()?.to_str()?);
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
    fn what_has_the_mark_is_ended_and_its_neighbour_is_not() {
        let start = |mark: &str| {
            let mut command = std::process::Command::new("sleep");
            command.arg("60").env(MARK, mark).stdin(Stdio::null()).spawn().unwrap()
        };
        let mark = format!("{}.1", std::process::id());
        let (mut ours, mut theirs) = (start(&mark), start(&format!("{mark}1")));
        keep(&b"."[..], &mark);
        assert!(ours.try_wait().unwrap().is_none(), "there is nothing to end");
        keep(&[][..], &mark);
        assert!(!ours.wait().unwrap().success());
        assert!(theirs.try_wait().unwrap().is_none());
        theirs.kill().unwrap();
        theirs.wait().unwrap();
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
