//! Works on the files of a volume where the volume is mounted.
//! The files are reached through a container of ccci that mounts the volume and nothing else
//! (`adapters/docker/volumes.rs`), and never through the app's containers. Those may have a read-only root or users
//! without rights, and other mounts and links may cover the volume's own files.
//!
//! What runs in that container is this program, called as `--volume WORK DIR PATH`.

mod attributes;
mod look;
mod pack;
mod unpack;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The first argument of a call that ccci makes to itself.
pub const WORD: &str = "--volume";
/// The exit code if nothing exists at the path.
pub(crate) const NOTHING_THERE: i64 = 44;
/// The exit code if a path is longer than the system takes in one call; its beginning is on standard error.
pub(crate) const PATH_TOO_LONG: i64 = 45;

/// What the program can be asked for. The word of each work is the second argument of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Writes a tar of the path to standard output, then its entries, one line of JSON each, to standard error.
    Pack,
    /// Writes the entries, one line of JSON each, to standard output.
    List,
    /// Reads a tar of the path from standard input; afterwards exactly its content exists there. Writes a line of JSON.
    Unpack,
    /// Waits until the container is removed or this many seconds have passed.
    Hold,
    /// Lists the libraries that this program was started with, one a line.
    Libraries,
}

/// Each work with its word.
const WORKS: &[(Work, &str)] = &[
    (Work::Pack, "pack"),
    (Work::List, "list"),
    (Work::Unpack, "unpack"),
    (Work::Hold, "hold"),
    (Work::Libraries, "libraries"),
];

impl Work {
    /// The arguments of the call.
    pub fn words(self, more: &[&str]) -> Vec<String> {
        let word = WORKS.iter().find(|(w, _)| *w == self).map_or("", |(_, word)| word);
        [&[WORD, word], more].concat().into_iter().map(str::to_string).collect()
    }
}

/// The first thing that the program does: the work on a volume, if it was started for one; otherwise `None`.
pub fn door(args: std::env::ArgsOs) -> Option<ExitCode> {
    let mut args = args.skip(1);
    if args.next()? != WORD {
        return None;
    }
    let word = args.next().unwrap_or_default();
    let work = WORKS.iter().find(|(_, w)| word == **w)?.0;
    let rest: Vec<String> = args.map(|a| a.to_string_lossy().into_owned()).collect();
    let done = run(work, &rest, &mut io::stdin().lock(), &mut io::stdout().lock(), &mut io::stderr().lock());
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let _ = writeln!(io::stderr(), "{e}");
            ExitCode::from(NOTHING_THERE as u8)
        }
        Err(e) if e.kind() == io::ErrorKind::InvalidFilename => {
            let _ = writeln!(io::stderr(), "{e}");
            ExitCode::from(PATH_TOO_LONG as u8)
        }
        Err(e) => {
            let _ = writeln!(io::stderr(), "{e}");
            ExitCode::FAILURE
        }
    })
}

fn run(
    work: Work,
    args: &[String],
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> io::Result<()> {
    let arg = |n: usize| args.get(n).map(String::as_str).unwrap_or_default();
    match work {
        Work::Pack => {
            let entries = pack::pack(&top(arg(0), arg(1))?, stdout)?;
            lines(&entries, stderr)
        }
        Work::List => lines(&look::list(&top(arg(0), arg(1))?)?, stdout),
        Work::Unpack => lines(&[unpack::unpack(Path::new(arg(0)), arg(1), stdin)?], stdout),
        Work::Hold => {
            hold(arg(0).parse().unwrap_or(0));
            Ok(())
        }
        Work::Libraries => libraries(stdout),
    }
}

fn lines(values: &[impl serde::Serialize], to: &mut dyn Write) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *to, value)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Waits for this many seconds. A container runs as long as its program, and this one must end even if no process
/// is left that removes it.
fn hold(seconds: u64) {
    let (_kept, nothing) = std::sync::mpsc::channel::<()>();
    let _ = nothing.recv_timeout(std::time::Duration::from_secs(seconds));
}

/// Lists what the kernel and its loader mapped for this program, except for its own file.
fn libraries(to: &mut dyn Write) -> io::Result<()> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let own = std::fs::read_link("/proc/self/exe")?;
    let files = maps.lines().filter_map(|l| l.find('/').map(|at| &l[at..])).filter(|f| Path::new(f) != own);
    for file in std::collections::BTreeSet::from_iter(files) {
        writeln!(to, "{file}")?;
    }
    to.flush()
}

/// A path inside a directory. The parts above it must be directories, because links would lead elsewhere.
fn top(dir: &str, path: &str) -> io::Result<Top> {
    let full = below(Path::new(dir), path)?;
    std::fs::symlink_metadata(&full).map_err(|e| match e.kind() {
        // whoever wrote it named something that cannot be there
        io::ErrorKind::InvalidFilename if cannot_exist(path) => io::ErrorKind::NotFound.into(),
        _ => e,
    })?;
    Ok(Top { dir: dir.into(), path: path.into(), full })
}

/// Whether a path is longer than Linux takes, as a whole or in one of its parts.
fn cannot_exist(path: &str) -> bool {
    path.len() >= 4096 || path.split('/').any(|part| part.len() > 255)
}

/// A path that exists.
struct Top {
    dir: PathBuf,
    path: String,
    full: PathBuf,
}

fn below(dir: &Path, path: &str) -> io::Result<PathBuf> {
    let mut full = dir.to_path_buf();
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    for (n, part) in parts.iter().enumerate() {
        if [".", ".."].contains(part) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{path}` leads out of its volume"),
            ));
        }
        full.push(part);
        let is_link = std::fs::symlink_metadata(&full).is_ok_and(|m| m.is_symlink());
        if is_link && n + 1 < parts.len() {
            let text = format!("`{path}` goes through the link `{part}`, which is not followed");
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
    }
    Ok(full)
}

#[cfg(test)]
mod tests;
