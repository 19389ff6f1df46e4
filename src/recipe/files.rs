//! Read-only files, wherever they are: on a disk, in a revision of a repository, or in an editor's buffers
//! over one of these.

use crate::source::{Files, tidy};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What a path is. A link counts as its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file with content.
    File,
    /// A pipe, a device or a socket. Opening one may block for ever.
    Other,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Whether it is itself a directory. A link to a directory is not, so that a walk never runs in a cycle.
    pub directory: bool,
}

/// A read-only file system. Relative paths start at the working directory. Errors are those of the system;
/// `NotFound` for a missing file.
pub trait FileSystem: Send + Sync {
    /// The path without links, `.` and `..`. Fails if the file is missing, and for a cycle of links.
    fn real(&self, path: &Path) -> io::Result<PathBuf>;
    /// What this path is.
    fn kind(&self, path: &Path) -> io::Result<Kind>;
    /// The content of a directory, sorted by name.
    fn list(&self, directory: &Path) -> io::Result<Vec<Named>>;
    /// The bytes of a file. Fails with `FileTooLarge` if there are more than `most` bytes, without reading
    /// the rest.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;

    /// Whether this is a directory.
    fn is_directory(&self, path: &Path) -> bool {
        self.kind(path).is_ok_and(|kind| kind == Kind::Directory)
    }

    /// Whether this is a file with content.
    fn is_file(&self, path: &Path) -> bool {
        self.kind(path).is_ok_and(|kind| kind == Kind::File)
    }
}

/// The error for a file that has more than `most` bytes.
pub fn too_large(bytes: u64, most: u64) -> io::Error {
    let message = format!("it has {} MiB; files up to {} MiB are read", bytes >> 20, most >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

/// A path without `.` and `..`, as far as this can be done without following links.
pub fn tidied(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// Files in memory by their full path, without links. The directories are the parts of the paths before a
/// slash.
#[derive(Debug, Clone, Default)]
pub struct Buffers {
    files: BTreeMap<PathBuf, Arc<[u8]>>,
}

impl Buffers {
    /// Sets the content of a file.
    pub fn set(&mut self, path: impl Into<PathBuf>, content: impl AsRef<[u8]>) {
        self.files.insert(tidied(&path.into()), Arc::from(content.as_ref()));
    }

    /// All files with their bytes.
    pub fn all(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_path(), &**bytes))
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &Path) {
        self.files.remove(&tidied(path));
    }
}

impl FileSystem for Buffers {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let path = tidied(path);
        self.kind(&path).map(|_| path)
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let path = tidied(path);
        match self.files.contains_key(&path) {
            true => Ok(Kind::File),
            false if self.files.keys().any(|file| file.starts_with(&path)) => Ok(Kind::Directory),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Named>> {
        let directory = tidied(directory);
        if self.kind(&directory)? != Kind::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let below = self.files.keys().filter_map(|file| file.strip_prefix(&directory).ok());
        let named = below.filter_map(|file| {
            let name = file.iter().next()?.to_string_lossy().into_owned();
            Some(Named { name, directory: file.iter().nth(1).is_some() })
        });
        Ok(named.collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(&tidied(path)).ok_or(io::ErrorKind::NotFound)?;
        match bytes.len() as u64 > most {
            true => Err(too_large(bytes.len() as u64, most)),
            false => Ok(bytes.to_vec()),
        }
    }
}

/// Buffers over another file system: the open text of an editor is used instead of the saved file. Buffers
/// have paths without links.
pub struct Overlay<'a> {
    /// The saved files.
    pub under: &'a dyn FileSystem,
    /// The open texts.
    pub buffers: Buffers,
}

impl Overlay<'_> {
    /// The target of a path: the links of the saved file are followed, if it exists.
    fn place(&self, path: &Path) -> PathBuf {
        self.under.real(path).unwrap_or_else(|_| tidied(path))
    }
}

impl FileSystem for Overlay<'_> {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        self.under.real(path).or_else(|e| self.buffers.real(path).map_err(|_| e))
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.buffers.kind(&self.place(path)).or_else(|_| self.under.kind(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Named>> {
        let open = self.buffers.list(&self.place(directory));
        match (open, self.under.list(directory)) {
            (Err(_), under) => under,
            (Ok(open), Err(_)) => Ok(open),
            (Ok(open), Ok(under)) => {
                let hidden = |saved: &Named| open.iter().any(|named| named.name == saved.name);
                let mut all: Vec<Named> = under.into_iter().filter(|saved| !hidden(saved)).collect();
                all.extend(open);
                all.sort();
                Ok(all)
            }
        }
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self.buffers.read(&self.place(path), most) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => self.under.read(path, most),
            read => read,
        }
    }
}

/// A revision of a repository, from its root. Links were followed when the revision was read from git
/// objects.
impl FileSystem for Files {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let path = inside(path)?;
        self.kind(Path::new(&path)).map(|_| path.into())
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let path = inside(path)?;
        let below =
            |file: &&String| path.is_empty() || file.strip_prefix(&path).is_some_and(|r| r.starts_with('/'));
        match () {
            () if self.bytes(&path).is_some() || self.unread.contains_key(&path) => Ok(Kind::File),
            () if self.paths().any(|file| below(&file)) => Ok(Kind::Directory),
            () => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Named>> {
        let directory = inside(directory)?;
        let below = |file: &'_ String| -> Option<Named> {
            let rest = match directory.is_empty() {
                true => file,
                false => file.strip_prefix(&directory)?.strip_prefix('/')?,
            };
            let (name, more) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            Some(Named { name: name.to_string(), directory: more })
        };
        let all: BTreeSet<Named> = self.paths().filter_map(below).collect();
        match all.is_empty() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(all.into_iter().collect()),
        }
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let path = inside(path)?;
        if let Some(why) = self.unread.get(&path) {
            return Err(io::Error::other(why.clone()));
        }
        let bytes = self.bytes(&path).ok_or(io::ErrorKind::NotFound)?;
        match bytes.len() as u64 > most {
            true => Err(too_large(bytes.len() as u64, most)),
            false => Ok(bytes.to_vec()),
        }
    }
}

/// A path from the root of a repository.
fn inside(path: &Path) -> io::Result<String> {
    let written = path.to_str().and_then(tidy);
    written.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it leads out of the repository"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::Text;

    fn buffers(files: &[(&str, &str)]) -> Buffers {
        let mut buffers = Buffers::default();
        files.iter().for_each(|(path, content)| buffers.set(*path, content));
        buffers
    }

    fn revision(files: &[(&str, &str)]) -> Files {
        let text = |(path, content): &(&str, &str)| {
            let text = Text { path: format!("1.0.0+1:{path}"), content: content.to_string() };
            (path.to_string(), Arc::new(text))
        };
        Files { texts: files.iter().map(text).collect(), ..Files::default() }
    }

    fn names(files: &dyn FileSystem, directory: &str) -> Vec<(String, bool)> {
        let listed = files.list(Path::new(directory)).unwrap();
        listed.into_iter().map(|n| (n.name, n.directory)).collect()
    }

    /// Results that every file system must have for the same three files.
    fn holds_three(files: &dyn FileSystem, root: &str) {
        let at = |path: &str| Path::new(root).join(path);
        let list: Vec<(String, bool)> = names(files, root);
        assert_eq!(list, [("a".to_string(), false), ("d".to_string(), true)]);
        assert_eq!(
            names(files, &at("d").to_string_lossy()),
            [("b".to_string(), false), ("c".to_string(), false)]
        );
        assert_eq!(files.read(&at("d/../d/./b"), 9).unwrap(), b"bee");
        assert_eq!(files.kind(&at("d")).unwrap(), Kind::Directory);
        assert!(files.is_file(&at("a")) && !files.is_file(&at("d")) && !files.is_directory(&at("e")));
        assert_eq!(files.read(&at("e"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(files.read(&at("a"), 2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(files.list(&at("e")).is_err() && files.real(&at("e")).is_err());
        assert_eq!(files.real(&at("d/../a")).unwrap(), at("a"));
    }

    const THREE: &[(&str, &str)] = &[("a", "aye"), ("d/b", "bee"), ("d/c", "sea")];

    #[test]
    fn buffers_and_revisions_are_file_systems() {
        holds_three(&revision(THREE), "");
        let rooted: Vec<(String, &str)> = THREE.iter().map(|(p, c)| (format!("/r/{p}"), *c)).collect();
        let rooted: Vec<(&str, &str)> = rooted.iter().map(|(p, c)| (p.as_str(), *c)).collect();
        holds_three(&buffers(&rooted), "/r");
    }

    #[test]
    fn buffers_lie_over_what_was_saved_and_bring_files_of_their_own() {
        let saved = revision(&[("a", "old"), ("d/c", "sea")]);
        let overlay = Overlay { under: &saved, buffers: buffers(&[("a", "aye"), ("d/b", "bee")]) };
        holds_three(&overlay, "");
    }

    #[test]
    fn a_path_that_leads_out_of_a_revision_is_not_there_and_what_was_not_read_says_why() {
        let mut files = revision(THREE);
        files.unread.insert("big".into(), "it is too big".into());
        for path in ["../a", "/a"] {
            assert_eq!(files.read(Path::new(path), 9).unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
        }
        assert_eq!(files.read(Path::new("big"), 9).unwrap_err().to_string(), "it is too big");
        assert!(files.is_file(Path::new("big")));
    }
}
