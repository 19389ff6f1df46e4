//! Where recipes come from, as a port: repositories, read and never changed.

use super::clock::Limit;
use ccci_model::name::Revision;
use ccci_recipe::source::{RevisionFacts, SourceFacts};
use std::io;
use std::path::{Path, PathBuf};

/// The repositories that can be reached.
pub trait Sources: Send + Sync {
    /// Opens a source. A relative path starts at `at`; a URL is cloned below `cache`, for as long as it is open.
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
    /// The source with its head: the revision asked for by any name that git knows, or else what is checked out with its
    /// uncommitted changes.
    fn facts(&self, rev: Option<&str>) -> Result<SourceFacts, SourceError>;
    /// A commit and its files. `found_as` is how people know it.
    fn revision(&self, commit: &Revision, found_as: &str) -> Result<RevisionFacts, SourceError>;
}

/// Why a source could not be read. Texts fit after "failed to" and never repeat their cause.
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
    /// The path is there and no repository starts there.
    #[error("read `{path}`: it is no git repository")]
    NotARepository {
        /// The path.
        path: String,
        /// The repository it lies in, if it lies in one.
        inside: Option<PathBuf>,
    },
    /// What lies there has the shape of a repository and git refuses it.
    #[error("read the repository `{path}`; git says: {said}")]
    Broken {
        /// The path.
        path: String,
        /// The last words of git.
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
        /// As asked for.
        rev: String,
        /// Names that it could have been.
        known: Vec<String>,
    },
    /// Git could not clone.
    #[error("clone `{url}`: {said}")]
    CannotClone {
        /// The URL.
        url: String,
        /// The last words of git.
        said: String,
    },
    /// The repository lacks a part of what it has to have.
    #[error("read `{path}` of the source: its object is missing in the repository{}", if *partial { ", which is a partial clone" } else { "" })]
    Missing {
        /// The file.
        path: String,
        /// Whether it is a partial clone.
        partial: bool,
    },
    /// The repository names its commits in another way.
    #[error("read the source: its commits have names of sha256; ccci reads repositories of sha1")]
    OtherNames,
    /// Git ended with an error.
    #[error("run `git {command}` (exit {code}): {said}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Its exit code; -1 for a signal.
        code: i32,
        /// The last words of git.
        said: String,
    },
    /// Git gave something that was not expected.
    #[error("understand `git {command}`: {what}")]
    Odd {
        /// The subcommand.
        command: String,
        /// What is there.
        what: String,
    },
    /// The deadline came first.
    #[error("run `git {command}` before the deadline")]
    Expired {
        /// The subcommand.
        command: String,
    },
    /// It did not come back, although it had nothing to fetch.
    #[error(
        "run `git {command}` within {seconds} seconds; perhaps a pipe lies in the repository where git wants a file"
    )]
    Hung {
        /// The subcommand.
        command: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The run was stopped.
    #[error("finish `git {command}`: the run was stopped")]
    Stopped {
        /// The subcommand.
        command: String,
    },
    /// The machine refused.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// The reason.
        source: io::Error,
    },
}
