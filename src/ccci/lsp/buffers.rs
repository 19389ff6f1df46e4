//! What recipes are read from while somebody edits: the editor's buffers in front of the disk and of git. A repository
//! is read again only after something was saved, so that no process is started for each key.

use ccci_adapters::disk::Disk;
use ccci_model::diag::Text;
use ccci_model::name::Revision;
use ccci_recipe::files::{FileSystem, Kind, Named, tidied};
use ccci_recipe::source::{RevisionFacts, SourceFacts, SourceKind};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::sources::{Source, SourceError, Sources};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The texts of all open files, by path.
pub(super) type Buffers = Arc<BTreeMap<PathBuf, Arc<str>>>;

/// The disk behind the buffers.
pub(super) struct BufferedDisk(pub Buffers);

impl FileSystem for BufferedDisk {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        if self.0.contains_key(path) { Ok(path.to_path_buf()) } else { Disk.real(path) }
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        if self.0.contains_key(path) { Ok(Kind::File) } else { Disk.kind(path) }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Named>> {
        let mut all = Disk.list(directory)?;
        // a file that was never saved
        for path in self.0.keys().filter(|p| p.parent() == Some(directory)) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if all.iter().all(|n| n.name != name) {
                all.push(Named { name, directory: false });
            }
        }
        all.sort();
        Ok(all)
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self.0.get(path) {
            Some(text) if text.len() as u64 > most => {
                Err(ccci_recipe::files::too_large(text.len() as u64, most))
            }
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Disk.read(path, most),
        }
    }
}

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
    pub buffers: Buffers,
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
            root: tidied(&at.join(given)),
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
        for (path, content) in self.of.buffers.iter() {
            let Ok(inside) = path.strip_prefix(&self.root) else { continue };
            let inside = inside.to_string_lossy().into_owned();
            let shown = facts.head.files.text(&inside).map_or_else(|| inside.clone(), |t| t.path.clone());
            let text = Arc::new(Text { path: shown, content: content.to_string() });
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
