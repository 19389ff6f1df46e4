//! Temporary directories that the next one removes if their maker was killed.
//! The kernel locks each as long as its maker runs, so neither age nor name has to be guessed.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use tempfile::TempDir;

/// Start of their names, in whatever directory they are.
const PREFIX: &str = "ccci-tmp-";
/// How often another directory is made: a janitor may remove one in the moment before its maker has locked it.
const ATTEMPTS: u32 = 20;

/// A directory of our own that is removed when the value is dropped.
pub struct Scratch {
    dir: TempDir,
    _lock: File,
}

impl Scratch {
    /// A new one in the machine's temporary directory.
    pub fn new() -> io::Result<Scratch> {
        Scratch::new_in(&std::env::temp_dir())
    }

    /// A new one in this directory. First it removes what dead makers left there.
    pub fn new_in(parent: &Path) -> io::Result<Scratch> {
        collect(parent);
        for _ in 0..ATTEMPTS {
            let own = Permissions::from_mode(0o700);
            let dir = tempfile::Builder::new().prefix(PREFIX).permissions(own).tempdir_in(parent)?;
            match locked(dir.path()) {
                Ok(Some(lock)) => return Ok(Scratch { dir, _lock: lock }),
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                Ok(None) | Err(_) => {}
            }
        }
        Err(io::Error::other(format!("{}: another process removes new directories", parent.display())))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Whether a directory has a name that only we give.
pub(crate) fn has_our_name(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
}

/// Whether the maker of a directory has ended. It has also ended if the directory is gone.
pub(crate) fn is_of_dead_maker(dir: &Path) -> bool {
    match locked(dir) {
        Ok(held) => held.is_some(),
        Err(e) => e.kind() == io::ErrorKind::NotFound,
    }
}

/// Collects the leftovers of dead makers in a directory and returns their number.
pub fn collect(parent: &Path) -> usize {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let ours = entries.filter(|e| {
        e.file_name().to_string_lossy().starts_with(PREFIX) && e.file_type().is_ok_and(|t| t.is_dir())
    });
    ours.filter(|e| {
        locked(&e.path()).is_ok_and(|held| held.is_some() && fs::remove_dir_all(e.path()).is_ok())
    })
    .count()
}

/// The lock of a directory, if it is free and the directory is still the one at the path.
fn locked(dir: &Path) -> io::Result<Option<File>> {
    let file = File::open(dir)?;
    if file.try_lock().is_err() {
        return Ok(None);
    }
    let (open, there) = (file.metadata()?, fs::symlink_metadata(dir)?);
    Ok(((open.dev(), open.ino()) == (there.dev(), there.ino())).then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_maker_left_goes_and_what_lives_or_is_anothers_stays() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        fs::create_dir_all(at("ccci-tmp-dead/deep")).unwrap();
        fs::create_dir(at("ccci-else")).unwrap();
        fs::write(at("ccci-tmp-file"), "").unwrap();
        std::os::unix::fs::symlink(at("ccci-else"), at("ccci-tmp-link")).unwrap();
        let alive = Scratch::new_in(parent.path()).unwrap();
        assert!(!at("ccci-tmp-dead").exists());
        assert_eq!(collect(parent.path()), 0);
        assert!(alive.path().exists() && at("ccci-else").exists() && at("ccci-tmp-file").exists());
        let path = alive.path().to_path_buf();
        drop(alive);
        assert!(!path.exists());
    }
}
