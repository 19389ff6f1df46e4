//! The one wrapper for every git process.
//! Git gets its own home, no hooks, no prompts, only the usual transports, and a deadline; at the deadline its
//! whole process group is killed. This file does not know what is asked.
#![expect(clippy::disallowed_methods, reason = "this file bounds git in time")]

use crate::child;
use ccci_swarm::ports::clock::{Clock, Limit};
use ccci_swarm::ports::sources::SourceError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tracing::Instrument;

/// Variables by which a caller's git (a hook, an editor) could redirect ours.
const FOREIGN: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ASKPASS",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
    "GIT_CURL_VERBOSE",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_INDEX_FILE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_TEMPLATE_DIR",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_WORK_TREE",
    "SSH_ASKPASS",
    "XDG_CONFIG_HOME",
];

/// Settings that replace those of a repository which would start programs or use the network while we only read.
const READING: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.sshCommand=false",
    "core.pager=cat",
    "core.quotePath=false",
    "gc.auto=0",
];

/// The same for a clone.
const CLONING: &[&str] = &["core.hooksPath=/dev/null", "gc.auto=0"];

/// Transports that cannot be made to run a program. Set by the environment, which no setting of a repository overrides.
const TRANSPORTS: &str = "https:http:ssh:git:file";

/// Most bytes of an answer: more than a recipe's repository has.
const MOST_OUTPUT: u64 = 128 << 20;
/// Most bytes of standard error that are read.
pub(super) const MOST_COMPLAINT: u64 = 64 << 10;

/// Limit for local calls, which take only a moment. Git would wait for ever for a pipe that is where it expects a file.
const LOCAL: Duration = Duration::from_secs(30);

/// Whether a call may use the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only objects and files on this machine.
    Here,
    /// Also the host of a URL.
    Remote,
}

/// What one call needs.
pub struct Call<'a> {
    /// Home directory of this git: its settings file is the only one outside of the repository.
    pub home: &'a Path,
    /// Directory in which it runs.
    pub dir: &'a Path,
    /// Whether it may use the network.
    pub reach: Reach,
    /// Whether its work tree is `dir`, whatever the repository's settings say.
    pub work_tree: bool,
    /// Names of settings that this call sets to an empty value.
    pub emptied: &'a [Vec<u8>],
    /// Subcommand and arguments.
    pub args: &'a [&'a str],
    /// Its standard input.
    pub input: Vec<u8>,
}

/// The result of a call.
pub struct Said {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub complaint: String,
}

impl Call<'_> {
    fn command(&self) -> Command {
        let mut git = match self.reach {
            Reach::Here => child::short("git"),
            Reach::Remote => child::command("git"),
        };
        FOREIGN.iter().for_each(|name| {
            git.env_remove(name);
        });
        let (rows, transports) = match self.reach {
            Reach::Here => (READING, "none"),
            Reach::Remote => (CLONING, TRANSPORTS),
        };
        git.envs([
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_ALLOW_PROTOCOL", transports),
            ("LC_ALL", "C"),
        ]);
        git.env("HOME", self.home);
        if self.work_tree {
            git.env("GIT_WORK_TREE", self.dir);
        }
        if let Some(parent) = self.dir.parent() {
            // git must not take a plain directory inside of another repository for that repository
            git.env("GIT_CEILING_DIRECTORIES", parent);
        }
        rows.iter().for_each(|r| {
            git.arg("-c").arg(r);
        });
        self.empty(&mut git);
        git.args(self.args).current_dir(self.dir).process_group(0).kill_on_drop(true);
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        git
    }

    /// Empties settings by the environment: git takes everything before the first `=` of a `-c` as the name, and a
    /// name may contain `=`.
    fn empty(&self, git: &mut Command) {
        if self.emptied.is_empty() {
            return;
        }
        git.env("GIT_CONFIG_COUNT", self.emptied.len().to_string());
        for (i, name) in self.emptied.iter().enumerate() {
            git.env(format!("GIT_CONFIG_KEY_{i}"), OsString::from_vec(name.clone()));
            git.env(format!("GIT_CONFIG_VALUE_{i}"), "");
        }
    }

    /// The subcommand; settings of this call come before it.
    pub(super) fn name(&self) -> String {
        let settings = self.args.chunks(2).take_while(|two| two[0] == "-c").count();
        self.args.get(settings * 2).copied().unwrap_or("").to_string()
    }

    /// How much of the time that is left the call may take, and the error when that has passed.
    pub(super) fn bound(&self, left: Duration, command: &str) -> (Duration, SourceError) {
        let command = command.to_string();
        match self.reach {
            Reach::Here if left > LOCAL => (LOCAL, SourceError::Hung { command, seconds: LOCAL.as_secs() }),
            Reach::Here | Reach::Remote => (left, SourceError::Expired { command }),
        }
    }

    /// Starts git, which ends with ccci.
    pub(super) fn start(&self, command: &str) -> Result<Child, SourceError> {
        self.command().spawn().map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => SourceError::NoGit,
            _ => SourceError::Io { what: format!("start `git {command}`"), source: e },
        })
    }

    /// Runs git to its end, the deadline or the stop.
    pub async fn run(self, clock: &dyn Clock, limit: &Limit) -> Result<Said, SourceError> {
        let command = self.name();
        // not the arguments: the address of a source may contain a login
        let span = tracing::debug_span!("git", command, reach = ?self.reach);
        self.bounded(command, clock, limit).instrument(span).await
    }

    async fn bounded(self, command: String, clock: &dyn Clock, limit: &Limit) -> Result<Said, SourceError> {
        let left = left(&command, clock, limit)?;
        let (bound, late) = self.bound(left, &command);
        let mut child = self.start(&command)?;
        let group = child.id().and_then(|id| Pid::from_raw(id as i32));
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let work = async {
            let fed = async {
                feed(stdin, self.input).await;
                Ok(())
            };
            tokio::try_join!(fed, collect(stdout, MOST_OUTPUT), collect(stderr, MOST_COMPLAINT), child.wait())
        };
        let kill = || group.map(|g| kill_process_group(g, Signal::KILL));
        let ((), out, complaint, status) = tokio::select! {
            done = work => done.map_err(|source| {
                kill();
                SourceError::Io { what: format!("exchange data with `git {command}`"), source }
            })?,
            () = tokio::time::sleep(bound) => {
                kill();
                return Err(late);
            }
            () = limit.stop.token().cancelled() => {
                kill();
                return Err(SourceError::Stopped { command });
            }
        };
        let complaint = String::from_utf8_lossy(&complaint).trim().to_string();
        match child::not_started(status.code(), &complaint) {
            Some(_) => Err(SourceError::NoGit),
            None => Ok(Said { code: status.code().unwrap_or(-1), out, complaint }),
        }
    }
}

/// The time that is left for a call, or why it may not begin.
pub(super) fn left(command: &str, clock: &dyn Clock, limit: &Limit) -> Result<Duration, SourceError> {
    let (command, left) = (command.to_string(), limit.deadline.since(clock.now()));
    match limit.stop.reason() {
        Some(_) => Err(SourceError::Stopped { command }),
        None if left.is_zero() => Err(SourceError::Expired { command }),
        None => Ok(left),
    }
}

/// Writes the input. If git closes its end early, its exit code shows it.
async fn feed(stdin: Option<ChildStdin>, input: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(&input).await;
        let _ = stdin.shutdown().await;
    }
}

async fn collect(from: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<Vec<u8>> {
    let mut all = vec![];
    if let Some(from) = from {
        from.take(most + 1).read_to_end(&mut all).await?;
    }
    if all.len() as u64 > most {
        return Err(io::Error::other(format!("its output is more than {} MiB", most >> 20)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reaches_out_may_take_all_the_time() {
        let call = |reach| {
            let (home, dir) = (Path::new("/"), Path::new("/"));
            Call { home, dir, reach, work_tree: false, emptied: &[], args: &[], input: vec![] }
        };
        let bound = |reach, seconds| {
            let (time, late) = call(reach).bound(Duration::from_secs(seconds), "status");
            (time.as_secs(), late.to_string())
        };
        let deadline = "run `git status` before the deadline".to_string();
        assert_eq!(bound(Reach::Remote, 600), (600, deadline.clone()));
        assert_eq!(bound(Reach::Here, 5), (5, deadline));
        let (time, late) = bound(Reach::Here, 600);
        assert!(time == 30 && late.contains("`git status` within 30 seconds"), "{late}");
    }
}
