//! A directory that is made to be published: a list of its files lies in it, so that it is known as ours and only what
//! changed is written again. Every user of the machine may read it. Files appear whole or not at all, and the list is
//! written last: after an interruption the next call goes on.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Name of the list.
const LIST: &str = "ccci-site.json";
/// Start of the names of files that are being written.
const UNFINISHED: &str = ".ccci-";

/// From the relative path of each file to a key that changes with its content.
pub type Keys = BTreeMap<String, String>;

#[derive(Serialize, Deserialize)]
struct List {
    /// What the directory is, and the form of this list.
    ccci_site: u32,
    files: Keys,
}

/// Why a directory cannot be used. The message follows "failed to".
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is not a directory.
    #[error("publish in `{}`: it is not a directory", .0.display())]
    NoDirectory(PathBuf),
    /// It holds files that are not ours.
    #[error("publish in `{}`: it is not empty, and no site of ccci is in it", .0.display())]
    Foreign(PathBuf),
    /// Another process writes there.
    #[error("publish in `{}`: another process is writing there", .0.display())]
    Busy(PathBuf),
    /// The disk refused.
    #[error("write `{}`: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl PublishError {
    /// Whether the caller has to name another directory.
    pub fn is_wrong_place(&self) -> bool {
        matches!(self, PublishError::NoDirectory(_) | PublishError::Foreign(_))
    }
}

/// The directory, locked as long as this exists.
pub struct Published {
    dir: PathBuf,
    below: Vec<&'static str>,
    _lock: File,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> PublishError + '_ {
    |source| PublishError::Io { path: path.to_path_buf(), source }
}

impl Published {
    /// Opens or makes the directory and those `below` it, which belong to it alone. Returns the keys of its files; a file
    /// that is gone has none. Refuses a directory that holds anything else than an earlier site.
    pub fn open(dir: &Path, below: &[&'static str]) -> Result<(Published, Keys), PublishError> {
        match fs::metadata(dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => make(dir)?,
            Err(e) => return Err(failed(dir)(e)),
            Ok(facts) if !facts.is_dir() => return Err(PublishError::NoDirectory(dir.to_path_buf())),
            Ok(_) => {}
        }
        let lock = File::open(dir).map_err(failed(dir))?;
        if lock.try_lock().is_err() {
            return Err(PublishError::Busy(dir.to_path_buf()));
        }
        let published = Published { dir: dir.to_path_buf(), below: below.to_vec(), _lock: lock };
        let keys = match published.list()? {
            Some(keys) => published.still_there(keys)?,
            None => {
                // only what an interrupted call had begun may lie there
                if published.names("")?.iter().any(|name| !name.starts_with(UNFINISHED)) {
                    return Err(PublishError::Foreign(dir.to_path_buf()));
                }
                // from now on it is ours, even if this call does not reach its end
                published.finish(&Keys::new())?;
                Keys::new()
            }
        };
        for name in below {
            published.directory(name)?;
        }
        Ok((published, keys))
    }

    fn list(&self) -> Result<Option<Keys>, PublishError> {
        let path = self.dir.join(LIST);
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice::<List>(&bytes).ok().map(|list| list.files)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed(&path)(e)),
        }
    }

    fn directory(&self, name: &str) -> Result<(), PublishError> {
        let path = self.dir.join(name);
        match fs::symlink_metadata(&path) {
            Ok(facts) if facts.is_dir() => Ok(()),
            // a link would lead files, and their removal, to another place
            Ok(_) => Err(PublishError::NoDirectory(path)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => make(&path),
            Err(e) => Err(failed(&path)(e)),
        }
    }

    fn still_there(&self, keys: Keys) -> Result<Keys, PublishError> {
        let mut there = BTreeSet::new();
        for name in self.below.iter().copied().chain([""]) {
            there.extend(self.names(name)?);
        }
        Ok(keys.into_iter().filter(|(path, _)| there.contains(path)).collect())
    }

    /// The relative paths of the files in a directory of it.
    fn names(&self, below: &str) -> Result<Vec<String>, PublishError> {
        let path = self.dir.join(below);
        let entries = match fs::read_dir(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            entries => entries.map_err(failed(&path))?,
        };
        let mut out = vec![];
        for entry in entries {
            let name = entry.map_err(failed(&path))?.file_name().to_string_lossy().into_owned();
            out.push(if below.is_empty() { name } else { format!("{below}/{name}") });
        }
        Ok(out)
    }

    /// Writes a file; several threads may write different files.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let whole = self.dir.join(path);
        let write = || -> io::Result<()> {
            let dir = whole.parent().unwrap_or(&self.dir);
            let for_all = Permissions::from_mode(0o644);
            let mut temp =
                tempfile::Builder::new().prefix(UNFINISHED).permissions(for_all.clone()).tempfile_in(dir)?;
            // the mask of this process would keep others from reading it
            temp.as_file().set_permissions(for_all)?;
            temp.write_all(bytes)?;
            temp.persist(&whole).map(drop).map_err(|e| e.error)
        };
        write().map_err(failed(&whole))
    }

    /// Removes everything from the directories below that has no key, and returns how many files that were.
    pub fn tidy(&self, keys: &Keys) -> Result<usize, PublishError> {
        let unfinished = self.names("")?.into_iter().filter(|name| name.starts_with(UNFINISHED));
        let mut gone: Vec<String> = unfinished.collect();
        for below in &self.below {
            gone.extend(self.names(below)?.into_iter().filter(|path| !keys.contains_key(path)));
        }
        for path in &gone {
            let whole = self.dir.join(path);
            fs::remove_file(&whole).map_err(failed(&whole))?;
        }
        Ok(gone.len())
    }

    /// Writes the list: what it names is there.
    pub fn finish(&self, keys: &Keys) -> Result<(), PublishError> {
        let list = List { ccci_site: 1, files: keys.clone() };
        let mut text = serde_json::to_vec(&list).expect("keys are text");
        text.push(b'\n');
        self.write(LIST, &text)
    }
}

/// Makes a directory that every user may read.
fn make(path: &Path) -> Result<(), PublishError> {
    DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(failed(path))?;
    fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(failed(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(of: &[&str]) -> Keys {
        of.iter().map(|path| ((*path).to_string(), "k".to_string())).collect()
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused_and_nothing_in_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter.txt"), "mine").unwrap();
        let refused = Published::open(dir.path(), &["run"]).err().unwrap();
        assert!(refused.is_wrong_place() && refused.to_string().contains("is not empty"), "{refused}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let file = dir.path().join("letter.txt");
        assert!(Published::open(&file, &[]).err().unwrap().is_wrong_place());
    }

    #[test]
    fn it_is_known_again_and_a_file_that_is_gone_has_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let (site, none) = Published::open(dir.path(), &["run"]).unwrap();
        assert!(none.is_empty());
        for path in ["index.html", "run/a.html", "run/b.html"] {
            site.write(path, b"x").unwrap();
        }
        site.finish(&keys(&["index.html", "run/a.html", "run/b.html"])).unwrap();
        assert!(matches!(Published::open(dir.path(), &["run"]), Err(PublishError::Busy(_))));
        drop(site);
        fs::remove_file(dir.path().join("run/b.html")).unwrap();
        let (site, known) = Published::open(dir.path(), &["run"]).unwrap();
        assert_eq!(known, keys(&["index.html", "run/a.html"]));
        assert_eq!(fs::metadata(dir.path().join("run/a.html")).unwrap().permissions().mode() & 0o777, 0o644);
        drop(site);
    }

    #[test]
    fn what_an_interrupted_call_left_goes_and_files_of_the_owner_beside_it_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (site, _) = Published::open(dir.path(), &["run"]).unwrap();
        for path in ["run/old.html", "run/.ccci-x", ".ccci-y", "CNAME"] {
            site.write(path, b"x").unwrap();
        }
        drop(site);
        let (site, known) = Published::open(dir.path(), &["run"]).unwrap();
        assert!(known.is_empty(), "{known:?}");
        assert_eq!(site.tidy(&keys(&["index.html"])).unwrap(), 3);
        drop(site);
        // a call that was interrupted before it had made the list
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join(".ccci-x"), "x").unwrap();
        assert!(Published::open(other.path(), &["run"]).is_ok());
        assert!(dir.path().join("CNAME").exists() && !dir.path().join("run/old.html").exists());
    }

    #[test]
    fn a_link_in_the_place_of_a_directory_leads_nowhere() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("letter.txt"), "mine").unwrap();
        drop(Published::open(dir.path(), &[]).unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("run")).unwrap();
        assert!(Published::open(dir.path(), &["run"]).err().unwrap().is_wrong_place());
        assert!(elsewhere.path().join("letter.txt").exists());
    }
}
