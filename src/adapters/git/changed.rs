//! Which files of a repository differ from a revision.

use super::GitAdapter;
use super::call::Reach;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::sources::SourceError;
use std::fs;
use std::path::{Path, PathBuf};

impl GitAdapter {
    /// The files of the repository around a directory that differ from a revision, committed or not, and those that git
    /// does not know yet. Whole paths.
    pub fn changed_since(&self, at: &Path, rev: &str, limit: &Limit) -> Result<Vec<PathBuf>, SourceError> {
        let shown = || at.display().to_string();
        let here = fs::canonicalize(at).map_err(|_| SourceError::NoSuchPath { path: shown() })?;
        let root = if here.join(".git").exists() { Some(here.clone()) } else { self.around(&here, limit) };
        let root = root.ok_or_else(|| SourceError::NotARepository { path: shown(), inside: None })?;
        let found = self.say(
            Reach::Here,
            &root,
            &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{rev}^{{commit}}")],
            limit,
        )?;
        if found.code != 0 {
            return Err(SourceError::NoSuchRef { rev: rev.into(), known: vec![] });
        }
        let commit = String::from_utf8_lossy(&found.out).trim().to_string();
        let differ =
            self.good(&root, &["diff", "--name-only", "-z", "--no-renames", &commit, "--"], vec![], limit)?;
        let unknown =
            self.good(&root, &["ls-files", "-z", "--others", "--exclude-standard"], vec![], limit)?;
        let names = differ.split(|b| *b == 0).chain(unknown.split(|b| *b == 0)).filter(|n| !n.is_empty());
        Ok(names.map(|n| root.join(String::from_utf8_lossy(n).as_ref())).collect())
    }
}
