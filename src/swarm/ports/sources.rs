//! Where recipes come from, as a port: repositories, which are read and never changed.

use super::clock::Limit;
use ccci_model::name::Revision;
use ccci_recipe::source::{RevisionFacts, SourceFacts};
use std::io;
use std::path::{Path, PathBuf};

/// The repositories that can be reached.
pub trait Sources: Send + Sync {
    /// Opens a source. A relative path starts at `at`; a URL is cloned below `cache`, for as long as the source is
    /// open.
    fn open<'a>(
        &'a self,
        given: &str,
        at: &Path,
        cache: &Path,
        limit: &Limit,
    ) -> Result<Box<dyn Source + 'a>, SourceError>;
}

/// A repository that can be read.
pub trait Source {
    /// The source with its head: the revision asked for, by any name that git knows, or else the checked-out files
    /// with their uncommitted changes.
    fn facts(&self, rev: Option<&str>) -> Result<SourceFacts, SourceError>;
    /// A commit and its files. `found_as` is its name for people.
    fn revision(&self, commit: &Revision, found_as: &str) -> Result<RevisionFacts, SourceError>;
}

/// Why a source could not be read. A message follows "failed to" and never repeats its cause.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no git on this machine.
    #[error("start git: it is not installed")]
    NoGit,
    /// The path does not exist.
    #[error("read `{path}`: there is no such directory")]
    NoSuchPath {
        /// The path.
        path: String,
    },
    /// The path exists, but it is not the top of a repository.
    #[error("read `{path}`: it is no git repository")]
    NotARepository {
        /// The path.
        path: String,
        /// The repository that contains it, if there is one.
        inside: Option<PathBuf>,
    },
    /// The directory looks like a repository, but git refuses it.
    #[error("read the repository `{path}`; git says: {said}")]
    Broken {
        /// The path.
        path: String,
        /// The end of git's output.
        said: String,
    },
    /// The repository is empty.
    #[error("read `{path}`: it has no commit yet")]
    NoCommit {
        /// The path or URL.
        path: String,
    },
    /// The revision does not exist.
    #[error("find the revision `{rev}`")]
    NoSuchRef {
        /// The name that was asked for.
        rev: String,
        /// Names that may have been meant.
        known: Vec<String>,
    },
    /// There is no repository at the URL.
    #[error("clone `{url}`: {said}")]
    NoRepository {
        /// The URL.
        url: String,
        /// The end of git's output.
        said: String,
    },
    /// Git could not clone.
    #[error("clone `{url}`: {said}")]
    CannotClone {
        /// The URL.
        url: String,
        /// The end of git's output.
        said: String,
    },
    /// The repository lacks an object that it should have.
    #[error("read `{path}` of the source: its object is missing in the repository{}", if *partial { ", which is a partial clone" } else { "" })]
    Missing {
        /// The file.
        path: String,
        /// Whether it is a partial clone.
        partial: bool,
    },
    /// A partial clone lacks what git needed for a call.
    #[error("run `git {command}` in a partial clone: {said}")]
    Partial {
        /// The subcommand.
        command: String,
        /// The end of git's output.
        said: String,
    },
    /// The names of the repository's commits are of another kind.
    #[error("read the source: its commits have sha256 names; ccci reads only sha1 repositories")]
    OtherNames,
    /// Git ended with an error.
    #[error("run `git {command}` (exit {code}): {said}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Its exit code; -1 for a signal.
        code: i32,
        /// The end of git's output.
        said: String,
    },
    /// Git's output is not what was expected.
    #[error("understand `git {command}`: {what}")]
    Odd {
        /// The subcommand.
        command: String,
        /// What was found.
        what: String,
    },
    /// The deadline passed first.
    #[error("run `git {command}` before the deadline")]
    Expired {
        /// The subcommand.
        command: String,
    },
    /// Git did not return, although it had nothing to fetch.
    #[error(
        "run `git {command}` within {seconds} seconds; perhaps the repository has a pipe where git expects a file"
    )]
    Hung {
        /// The subcommand.
        command: String,
        /// How long ccci waited, s.
        seconds: u64,
    },
    /// The run was stopped.
    #[error("finish `git {command}`: the run was stopped")]
    Stopped {
        /// The subcommand.
        command: String,
    },
    /// An error of the machine.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// The reason.
        source: io::Error,
    },
}
