//! Repositories while somebody edits: the editor's buffers in front of git. A repository
//! is read again only after something was saved, so that no process is started for each key.

use ccci_adapters::disk::Disk;
use ccci_model::diag::Text;
use ccci_model::name::Revision;
use ccci_recipe::files::{Buffers, FileSystem, tidied};
use ccci_recipe::source::{RevisionFacts, SourceFacts, SourceKind};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::sources::{Source, SourceError, Sources};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was read of repositories.
#[derive(Default)]
pub(super) struct Remembered {
    heads: HashMap<PathBuf, SourceFacts>,
    revisions: HashMap<(PathBuf, String), RevisionFacts>,
}

/// Repositories behind the buffers. Those of URLs are not read: an editor must not wait for a network.
pub(super) struct BufferedSources<'s> {
    /// How repositories are read.
    pub sources: &'s dyn Sources,
    /// The editor's texts.
    pub buffers: &'s Buffers,
    /// What was read before.
    pub remembered: &'s Mutex<Remembered>,
}

impl Remembered {
    /// Forgets the heads: a file was saved, or a commit was made.
    pub(super) fn renew(&mut self) {
        self.heads.clear();
    }
}

impl Sources for BufferedSources<'_> {
    fn open<'a>(
        &'a self,
        given: &str,
        at: &Path,
        cache: &Path,
        limit: &Limit,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        if SourceKind::of(given) == SourceKind::Url {
            let said = "an editor reads no repository over the network; `ccci check` does".into();
            return Err(SourceError::CannotClone { url: given.into(), said });
        }
        Ok(Box::new(BufferedSource {
            of: self,
            root: Disk.real(&at.join(given)).unwrap_or_else(|_| tidied(&at.join(given))),
            open: Opening { given: given.into(), at: at.into(), cache: cache.into(), limit: limit.clone() },
        }))
    }
}

/// How a repository is opened, once it has to be read.
struct Opening {
    given: String,
    at: PathBuf,
    cache: PathBuf,
    limit: Limit,
}

struct BufferedSource<'a> {
    of: &'a BufferedSources<'a>,
    root: PathBuf,
    open: Opening,
}

impl BufferedSource<'_> {
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.of.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn source(&self) -> Result<Box<dyn Source + '_>, SourceError> {
        let Opening { given, at, cache, limit } = &self.open;
        self.of.sources.open(given, at, cache, limit)
    }
}

impl Source for BufferedSource<'_> {
    fn facts(&self, rev: Option<&str>) -> Result<SourceFacts, SourceError> {
        if rev.is_some() {
            return self.source()?.facts(rev);
        }
        let known = self.remembered().heads.get(&self.root).cloned();
        let mut facts = match known {
            Some(facts) => facts,
            None => {
                let facts = self.source()?.facts(None)?;
                self.remembered().heads.insert(self.root.clone(), facts.clone());
                facts
            }
        };
        for (path, bytes) in self.of.buffers.all() {
            let content = String::from_utf8_lossy(bytes).into_owned();
            let Ok(inside) = path.strip_prefix(&self.root) else { continue };
            let inside = inside.to_string_lossy().into_owned();
            let shown = facts.head.files.text(&inside).map_or_else(|| inside.clone(), |t| t.path.clone());
            let text = Arc::new(Text { path: shown, content });
            facts.head.files.texts.insert(inside, text);
        }
        Ok(facts)
    }

    fn revision(&self, commit: &Revision, found_as: &str) -> Result<RevisionFacts, SourceError> {
        let key = (self.root.clone(), format!("{} {found_as}", commit.as_str()));
        if let Some(known) = self.remembered().revisions.get(&key) {
            return Ok(known.clone());
        }
        let facts = self.source()?.revision(commit, found_as)?;
        self.remembered().revisions.insert(key, facts.clone());
        Ok(facts)
    }
}
