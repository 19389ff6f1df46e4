//! Browsers whose ccci and guard were both killed: finds their processes by the directory that they work in, and ends
//! them.

use crate::{processes, scratch};
use rustix::process::{Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};

/// Ends the browsers of dead makers below a directory of temporary directories. Returns how many processes it ended.
pub fn collect(parent: &Path) -> usize {
    let theirs = processes::all().filter(|(_, process)| {
        works_in(process, parent).is_some_and(|directory| scratch::is_of_dead_maker(&directory))
    });
    theirs.filter(|(id, _)| kill_process(*id, Signal::KILL).is_ok()).count()
}

/// The temporary directory of ours that a process works in, or has as its profile.
fn works_in(process: &Path, parent: &Path) -> Option<PathBuf> {
    let by_place = fs::read_link(process.join("cwd")).ok().and_then(|at| ours(&at, parent));
    by_place.or_else(|| {
        let line = fs::read(process.join("cmdline")).ok()?;
        let mut words = line.split(|b| *b == 0).map(String::from_utf8_lossy);
        let profile = words.find_map(|w| w.strip_prefix("--user-data-dir=").map(PathBuf::from))?;
        ours(&profile, parent)
    })
}

/// The temporary directory that a path lies in, if it is a browser's.
fn ours(path: &Path, parent: &Path) -> Option<PathBuf> {
    let mut parts = path.strip_prefix(parent).ok()?.components();
    let dir = parent.join(parts.next()?);
    let inside = parts.next()?.as_os_str().to_string_lossy().into_owned();
    // the kernel marks a removed directory
    let is_browser = inside.trim_end_matches(" (deleted)") == "browser";
    (is_browser && scratch::has_our_name(&dir)).then_some(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a process to be found")]
    fn the_processes_of_a_dead_maker_are_ended_and_those_of_a_living_one_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let alive = scratch::Scratch::new_in(parent.path()).unwrap();
        let dead = parent.path().join("ccci-tmp-dead");
        for dir in [alive.path(), dead.as_path()] {
            fs::create_dir_all(dir.join("browser")).unwrap();
        }
        let start = |dir: &Path| {
            let mut command = Command::new("sleep");
            command.arg("60").current_dir(dir.join("browser")).stdin(Stdio::null()).spawn().unwrap()
        };
        let (mut of_alive, mut of_dead) = (start(alive.path()), start(&dead));
        assert_eq!(collect(parent.path()), 1);
        assert!(!of_dead.wait().unwrap().success());
        assert!(of_alive.try_wait().unwrap().is_none());
        of_alive.kill().unwrap();
        of_alive.wait().unwrap();
    }
}
