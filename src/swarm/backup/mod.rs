//! Backup and restore by the label contract of backup-bot-two (version 2), done by ccci itself through the ports.
//! `labels.rs` (pure) decides what to do, this module does it. It reads and writes only volumes that the run made
//! and whose files are on the engine; everything else under a mount is left alone and named.

mod archiving;
mod labels;
mod links;
mod restoring;

use crate::ports::clock::Limit;
use crate::ports::cluster::{ClusterError, ExecRequest};
use crate::ports::volume::Entry;
use crate::ports::{Cluster, World};
use archiving::{archive, file_of};
use ccci_model::failure::detail::{CommandOf, Detail};
use ccci_model::failure::{Failure, causes};
use ccci_model::name::StackName;
pub use labels::{Hooks, Job, Selected, jobs, left_out};
pub use restoring::restore;
use std::io;

/// One archive in the store: the content of one selected path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The path that was archived.
    pub of: Selected,
    /// Name of its file in the store.
    pub file: String,
    /// SHA-256 of the tar.
    pub sha256: String,
    /// Bytes of the tar.
    pub bytes: u64,
    /// The entries in it.
    pub entries: Vec<Entry>,
}

/// One backup of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its archives.
    pub archives: Vec<Archive>,
    /// The jobs that made it; a restore runs their restore hooks.
    pub jobs: Vec<Job>,
    /// Notes for the reader, for instance about an old label that is ignored.
    pub notes: Vec<String>,
    /// Data of the app that it does not contain; each text follows "not proved:".
    pub left_out: Vec<String>,
}

impl Snapshot {
    /// Bytes of the files' content, not of the archives: even an empty tar has 1.5 kB (lesson 50).
    pub fn bytes(&self) -> u64 {
        self.archives.iter().flat_map(|a| &a.entries).map(|e| e.content).sum()
    }

    /// A summary of one line.
    pub fn summary(&self) -> String {
        let entries: usize = self.archives.iter().map(|a| a.entries.len()).sum();
        let notes: String = self.notes.iter().map(|n| format!("; {n}")).collect();
        format!(
            "archives: {}, entries: {entries}, bytes of content: {}{notes}",
            self.archives.len(),
            self.bytes()
        )
    }

    /// Fails if an archive has no content. Only the content of its entries counts (lessons 11, 50).
    pub fn assert_not_empty(&self) -> Result<(), Box<Failure>> {
        let empty = self.archives.iter().find(|a| a.entries.iter().all(|e| e.content == 0));
        let Some(a) = empty else { return Ok(()) };
        let observed = format!(
            "{} of service `{}` holds {} entries and no content",
            a.of.named(),
            a.of.service,
            a.entries.len()
        );
        let names: Vec<&str> = a.entries.iter().map(|e| e.name.as_str()).take(10).collect();
        let failure = Failure::new(causes::EMPTY_BACKUP, "a backup with content", observed);
        Err(Box::new(failure.evidence("entries", names.join("\n"))))
    }
}

/// Backs a stack up: pre-hooks, archives, post-hooks. The archives are in the store under the snapshot's name.
pub fn back_up(
    world: &World,
    stack: &StackName,
    name: &str,
    limit: &Limit,
) -> Result<Snapshot, Box<Failure>> {
    let observed = world.cluster.look(stack, limit).map_err(|e| engine(e, "look at the stack"))?;
    let (jobs, notes) = jobs(&observed);
    if jobs.iter().all(|j| j.paths.is_empty()) {
        return Err(Box::new(nothing(&jobs, &notes)));
    }
    let mut left_out = vec![];
    for job in &jobs {
        let open = hook(world, stack, job, CommandOf::BackupPreHook, job.backup.pre.as_deref(), limit)?;
        left_out.extend(open);
    }
    let mut snapshot = Snapshot { name: name.to_string(), archives: vec![], jobs, notes, left_out };
    let mut taken = Ok(());
    for selected in snapshot.jobs.iter().flat_map(|j| &j.paths) {
        let file = file_of(name, selected, &snapshot.archives);
        match archive(world, stack, &file, selected, limit) {
            Ok(archive) => snapshot.archives.push(archive),
            Err(f) => taken = taken.and(Err(f)),
        }
    }
    let closed = world.cluster.close_volumes(stack, limit).map_err(|e| engine(e, "close the volumes"));
    taken = taken.and(closed);
    // post-hooks clean up after pre-hooks, so they run even if something before them failed
    for job in &snapshot.jobs {
        let done = hook(world, stack, job, CommandOf::BackupPostHook, job.backup.post.as_deref(), limit);
        match done {
            Ok(open) => snapshot.left_out.extend(open),
            Err(f) => taken = taken.and(Err(f)),
        }
    }
    snapshot.left_out.extend(snapshot.archives.iter().filter_map(links::left_out));
    taken.map(|()| snapshot)
}

/// Why there is nothing to back up.
fn nothing(jobs: &[Job], notes: &[String]) -> Failure {
    if let Some(volume) = jobs.iter().flat_map(|j| &j.elsewhere).next() {
        let expected = "a volume to back up whose files are on the engine";
        let observed = format!("`{volume}`, whose driver or options keep its files elsewhere");
        return Failure::new(causes::VOLUME_ELSEWHERE, expected, observed);
    }
    let observed = if jobs.is_empty() {
        "no service has `backupbot.backup=true`"
    } else {
        "every volume is excluded, or there is none"
    };
    let failure = Failure::new(causes::NOTHING_TO_BACK_UP, "the backup labels to select a volume", observed);
    failure.evidence("notes", notes.join("\n"))
}

/// Exit code of a shell whose pipe broke (SIGPIPE): a program in it ended before it had read everything, as `head` does.
const PIPE_CLOSED: i64 = 141;

/// What is not proved of a command whose pipe broke.
fn pipe_closed(role: CommandOf, job: &Job) -> String {
    format!(
        "that the {} of service `{}` did all its work: it ended with exit code {PIPE_CLOSED}, because a program in its pipe \
         stopped reading early, as `head` does; backup-bot-two reports that as an error and goes on",
        role.name(),
        job.service
    )
}

/// Runs one command of the contract in the service's container; returns what it leaves unproved. `sh -c 'false | gzip'` exits with 0, so a container
/// that has bash runs the command with `pipefail`, which reports a dump that failed in a pipe.
pub(super) fn hook(
    world: &World,
    stack: &StackName,
    job: &Job,
    role: CommandOf,
    command: Option<&str>,
    limit: &Limit,
) -> Result<Option<String>, Box<Failure>> {
    let Some(command) = command.filter(|c| !c.trim().is_empty()) else { return Ok(None) };
    let doing = format!("run the {} of service `{}`", role.name(), job.service);
    let strict = run(&*world.cluster, stack, job, &["bash", "-o", "pipefail", "-c", command], limit);
    let out = match strict {
        Ok(out) if matches!(out.code, 126 | 127) && no_bash(&out) => {
            run(&*world.cluster, stack, job, &["sh", "-c", command], limit).map_err(|e| engine(e, &doing))?
        }
        Ok(out) => out,
        Err(ClusterError::Refused { text, .. }) if NO_BASH.iter().any(|w| text.contains(w)) => {
            run(&*world.cluster, stack, job, &["sh", "-c", command], limit).map_err(|e| engine(e, &doing))?
        }
        Err(e @ ClusterError::Ended(_)) => {
            let failure =
                Failure::new(causes::BACKUP_HOOK_FAILED, format!("to {doing}"), format!("failed to {e}"));
            return Err(Box::new(failure.evidence("command", command)));
        }
        Err(e) => return Err(engine(e, &doing)),
    };
    match out.code {
        0 => return Ok(None),
        PIPE_CLOSED => return Ok(Some(pipe_closed(role, job))),
        _ => {}
    }
    let (service, code) = (job.service.to_string(), out.code);
    let (stdout, stderr) = (tail(&out.stdout), tail(&out.stderr));
    let argv = ["sh", "-c", command].map(str::to_string).to_vec();
    let detail = Detail::Exec { role, service, argv, code, stdout, stderr };
    Err(Box::new(Failure::of(causes::BACKUP_HOOK_FAILED, detail)))
}

/// Whether the engine's runtime could not start bash. If bash runs and misses a program, it writes `bash: line 1:
/// x: command not found`; then the hook itself has failed.
fn no_bash(out: &crate::ports::cluster::ExecOutput) -> bool {
    let said = format!("{}{}", out.stdout, out.stderr);
    NO_BASH.iter().any(|w| said.contains(w))
}

/// Messages of engines about a container without bash. After any other error the command may already have started,
/// and it must not run twice.
const NO_BASH: &[&str] = &["OCI runtime exec failed", "exec: \"bash\"", "bash: executable file not found"];

fn run(
    cluster: &dyn Cluster,
    stack: &StackName,
    job: &Job,
    words: &[&str],
    limit: &Limit,
) -> Result<crate::ports::cluster::ExecOutput, ClusterError> {
    let argv = words.iter().map(|w| (*w).to_string()).collect();
    cluster.exec(stack, &job.service, &ExecRequest { argv, ..ExecRequest::default() }, limit)
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

pub(super) fn engine(e: ClusterError, doing: &str) -> Box<Failure> {
    Box::new(e.failure(doing, causes::ARCHIVE_FAILED))
}

pub(super) fn disk(file: &str, e: &io::Error) -> Box<Failure> {
    let expected = format!("`{file}` in the run's directory");
    Box::new(Failure::new(causes::RECORD_FAILED, expected, e.to_string()))
}

#[cfg(test)]
mod tests;
