//! Programs that end together with ccci.
//! A client that survived a killed run would go on making things while the janitor removes them. The kernel ends a
//! child with its parent only if the child itself asked for it. So ccci starts its own program first, which asks
//! for it and then executes the other program.
#![expect(clippy::disallowed_methods, reason = "this file starts programs")]

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::process::Command;

/// The first argument of a call that ccci makes to itself.
const WORD: &str = "--die-with";
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

/// The first thing that the program does. If it was started to execute another program, it does so and returns only
/// if that failed. For an ordinary call it returns `None` at once.
pub fn door(args: std::env::ArgsOs) -> Option<ExitCode> {
    DOOR.store(true, Ordering::Relaxed);
    let mut args = args.skip(1);
    if args.next()? != WORD {
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
    fn a_program_that_could_not_be_started_is_told_from_one_that_failed() {
        let words = "ccci: failed to start docker: No such file or directory (os error 2)\n";
        let why = "docker: No such file or directory (os error 2)";
        assert_eq!(not_started(Some(127), words), Some(why));
        assert_eq!(not_started(Some(1), words), None);
        assert_eq!(not_started(Some(127), "sh: nope: not found"), None);
    }
}
