//! What is checked out: asked together with what has changed, where settings cannot lead elsewhere. Starting git takes longer
//! than its answer.

use super::call::{Call, Reach};
use super::decode::Ref;
use super::index::Tracked;
use super::objects::Objects;
use super::refs::Found;
use super::{GitAdapter, MOST_SETTINGS, REFS, decode, refs, revision};
use ccci_model::name::Revision;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::sources::SourceError;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Asks whether a repository is bare, whether it is shallow, and what its HEAD is. Outside of a repository git prints
/// nothing; without a commit it prints only the first two answers.
pub(super) const HEAD: &[&str] = &[
    "rev-parse",
    "--is-bare-repository",
    "--is-shallow-repository",
    "HEAD^{commit}",
    "--symbolic-full-name",
    "HEAD",
];

/// Asks what is checked out and which files have changed.
pub(super) const STATUS: &[&str] = &[
    "status",
    "--porcelain=v2",
    "--branch",
    "--no-ahead-behind",
    "-z",
    "--no-renames",
    "--untracked-files=all",
    "--ignored=no",
    "--ignore-submodules=all",
];

/// What is checked out, or the default of a repository without a work tree.
pub(super) struct Head {
    /// Whether its files are in the directory itself.
    pub work_tree: bool,
    /// Whether it has only a part of its history.
    pub shallow: bool,
    pub commit: Revision,
    /// None if HEAD names a commit.
    pub branch: Option<String>,
    /// Paths with changes that are not committed, if git was asked for them already.
    pub changed: Option<Vec<String>>,
    /// The files of the index, if the work tree has exactly these.
    pub index: Option<BTreeMap<String, Tracked>>,
}

impl Head {
    /// Decodes the answer to [`HEAD`]; nothing if there is no commit.
    pub(super) fn read(out: &[u8], dir: &Path) -> Result<Head, SourceError> {
        let text = String::from_utf8_lossy(out).into_owned();
        let mut lines = text.lines();
        // settings may name a work tree elsewhere; only one in this directory is read
        let work_tree = lines.next() == Some("false") && dir.join(".git").exists();
        let shallow = lines.next() == Some("true");
        let commit = revision("rev-parse", lines.next().unwrap_or(""))?;
        let branch = lines.next().and_then(|l| l.strip_prefix("refs/heads/")).map(str::to_string);
        Ok(Head { work_tree, shallow, commit, branch, changed: None, index: None })
    }
}

impl GitAdapter {
    /// The head and the refs of a plain work tree: read from git's files if these are of the usual form, else by
    /// processes that run at the same time; the one that reads objects is started with them. Nothing if git has to be asked
    /// step by step, because the directory is something else, or something is wrong with it.
    pub(super) fn head_and_refs(
        &self,
        dir: &Path,
        objects: &Objects<'_>,
        limit: &Limit,
    ) -> Result<Option<(Head, Vec<Ref>)>, SourceError> {
        let Some(settings) = settings(dir).filter(|settings| is_plain(dir, settings)) else {
            return Ok(None);
        };
        match refs::found(&settings, objects)? {
            Some(Found { commit, branch, refs, index }) => {
                let shallow = is_shallow(dir);
                let head =
                    Head { work_tree: true, shallow, commit, branch, changed: None, index: Some(index) };
                Ok(Some((head, refs)))
            }
            None => self.head_and_refs_by_git(dir, objects, limit),
        }
    }

    fn head_and_refs_by_git(
        &self,
        dir: &Path,
        objects: &Objects<'_>,
        limit: &Limit,
    ) -> Result<Option<(Head, Vec<Ref>)>, SourceError> {
        let home = self.home.path();
        let call = |work_tree, args| Call {
            home,
            dir,
            reach: Reach::Here,
            work_tree,
            emptied: &[],
            args,
            input: vec![],
        };
        let (status, refs) = self.runtime.block_on(async {
            let all = (
                call(true, STATUS).run(&*self.clock, limit),
                call(false, REFS).run(&*self.clock, limit),
                async { objects.begin() },
            );
            let (status, refs, begun) = tokio::join!(all.0, all.1, all.2);
            begun?;
            Ok::<_, SourceError>((status?, refs?))
        })?;
        if (status.code, refs.code) != (0, 0) {
            return Ok(None);
        }
        let head = decode::status(&status.out).and_then(|status| {
            let decode::Status { commit, branch, changed } = status;
            let (commit, shallow) = (Revision::parse(&commit).ok()?, is_shallow(dir));
            Some(Head { work_tree: true, shallow, commit, branch, changed: Some(changed), index: None })
        });
        Ok(head.map(|head| (head, decode::refs(&refs.out))))
    }
}

/// Whether a plain work tree has only a part of its history.
fn is_shallow(dir: &Path) -> bool {
    dir.join(".git/shallow").exists()
}

/// Whether a directory is a work tree whose `.git` is all of its repository, with settings that name no program, no
/// other file and no other work tree. Only then `status` shows what is checked out here.
fn is_plain(work_tree: &Path, settings: &str) -> bool {
    let is_directory = fs::symlink_metadata(work_tree.join(".git")).is_ok_and(|is| is.is_dir());
    let leads_elsewhere = |line: &str| {
        names_more(line) || line.contains("worktree") || (line.contains("bare") && !line.ends_with("false"))
    };
    is_directory && !settings.lines().any(|line| leads_elsewhere(line.trim()))
}

/// Whether git's settings for a work tree may name a filter, or another file that does.
pub(super) fn may_filter(work_tree: &Path) -> bool {
    settings(work_tree).is_none_or(|all| all.lines().any(names_more))
}

/// Whether a line of settings names a program, or leads to other settings.
fn names_more(line: &str) -> bool {
    // `[extensions] worktreeConfig` adds a second file
    ["filter", "include", "extensions"].iter().any(|word| line.contains(word))
}

/// The settings of a work tree in lower case, if they are one small file that can be read.
fn settings(work_tree: &Path) -> Option<String> {
    let git = work_tree.join(".git");
    let small = fs::metadata(git.join("config")).is_ok_and(|f| f.is_file() && f.len() < MOST_SETTINGS);
    if !small || git.join("commondir").exists() {
        return None;
    }
    let settings = fs::read(git.join("config")).ok()?;
    Some(String::from_utf8_lossy(&settings).to_ascii_lowercase())
}
