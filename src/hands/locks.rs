//! Locks of domains as kernel file locks: they vanish with the process, even after SIGKILL or a reboot.

use crate::world::locks::{Held, Locks};
use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// One lock file a domain in one directory, which all runs of this machine must share.
#[derive(Debug, Clone)]
pub struct FileLocks {
    dir: PathBuf,
}

impl FileLocks {
    /// Locks below this directory; it is made when first needed.
    pub fn new(dir: impl Into<PathBuf>) -> FileLocks {
        FileLocks { dir: dir.into() }
    }
}

struct HeldFile {
    file: File,
    path: PathBuf,
    alone: bool,
}

impl Held for HeldFile {}

impl Drop for HeldFile {
    fn drop(&mut self) {
        // unlink while the lock is still held: a waiter re-checks that its file is the one at the path
        if self.alone {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

impl Locks for FileLocks {
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.lock(domain, true)
    }

    fn share(&self, what: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.lock(what, false)
    }
}

impl FileLocks {
    fn lock(&self, name: &str, alone: bool) -> io::Result<Option<Box<dyn Held>>> {
        let path = self.dir.join(format!("{}.lock", name.replace('/', "_")));
        let said = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        make_for_all(&self.dir).map_err(said)?;
        loop {
            let file = open(&path).map_err(said)?;
            match if alone { file.try_lock() } else { file.try_lock_shared() } {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(said(e)),
            }
            if still_there(&file, &path) {
                return Ok(Some(Box::new(HeldFile { file, path, alone })));
            }
        }
    }
}

/// Every user of the machine must see the locks of all: a directory that we make is like `/tmp`.
fn make_for_all(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        fs::create_dir_all(dir)?;
        // where it was made a moment ago by somebody else, it is theirs to open
        let _ = fs::set_permissions(dir, Permissions::from_mode(0o1777));
    }
    Ok(())
}

/// The lock file, made if there is none. One of another user can be read only, which is enough to see its lock.
fn open(path: &Path) -> io::Result<File> {
    match File::options().create(true).truncate(false).write(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => File::open(path).map_err(|_| e),
        other => other,
    }
}

/// Whether the open file is the one at the path: the last holder may have unlinked it between open and lock.
fn still_there(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.ino() == there.ino() && open.dev() == there.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hands::memory::MemoryLocks;

    fn check(locks: &dyn Locks) {
        let held = locks.take("a.ccci.test").unwrap();
        assert!(held.is_some());
        assert!(locks.take("a.ccci.test").unwrap().is_none(), "taken twice");
        assert!(locks.share("a.ccci.test").unwrap().is_none(), "shared though held alone");
        assert!(locks.take("b.ccci.test").unwrap().is_some(), "domains share a lock");
        drop(held);
        assert!(locks.take("a.ccci.test").unwrap().is_some(), "not free after the run");
    }

    fn check_shared(locks: &dyn Locks) {
        let first = locks.share("network-proxy").unwrap();
        let second = locks.share("network-proxy").unwrap();
        assert!(first.is_some() && second.is_some());
        drop(first);
        assert!(locks.take("network-proxy").unwrap().is_none(), "taken though another one uses it");
        assert!(locks.share("network-proxy").unwrap().is_some(), "the first to go took it away");
        drop(second);
        assert!(locks.take("network-proxy").unwrap().is_some(), "not free after the last one");
    }

    #[test]
    fn lesson_33_a_lock_is_held_once_and_free_after_its_holder_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        for locks in [&FileLocks::new(dir.path()) as &dyn Locks, &MemoryLocks::default()] {
            check(locks);
            check_shared(locks);
        }
    }

    #[test]
    fn lesson_33_a_lock_file_that_was_replaced_is_not_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let open = File::create(&path).unwrap();
        fs::remove_file(&path).unwrap();
        File::create(&path).unwrap();
        assert!(!still_there(&open, &path));
    }

    #[test]
    fn lesson_33_a_waiter_whose_file_was_unlinked_gets_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let locks = FileLocks::new(dir.path());
        let path = dir.path().join("x.lock");
        let old = File::create(&path).unwrap();
        old.lock().unwrap();
        fs::remove_file(&path).unwrap();
        let held = locks.take("x").unwrap();
        assert!(held.is_some(), "a lock on a file that is gone holds nothing");
        drop(old);
        assert!(locks.take("x").unwrap().is_none(), "the end of the old one freed the new one");
    }

    #[test]
    fn lesson_33_the_age_of_a_lock_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let locks = FileLocks::new(dir.path());
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let age = |name: &str| {
            File::options().write(true).open(dir.path().join(name)).unwrap().set_modified(long_ago).unwrap()
        };
        let held = locks.take("slow").unwrap();
        age("slow.lock");
        assert!(locks.take("slow").unwrap().is_none(), "an old lock that is held");
        File::create(dir.path().join("dead.lock")).unwrap();
        assert!(locks.take("dead").unwrap().is_some(), "a new file that nobody holds, as after a reboot");
        drop(held);
    }

    #[test]
    fn a_place_for_locks_that_cannot_be_made_is_an_error_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let e = FileLocks::new(dir.path().join("file/locks")).take("x").err().unwrap();
        assert!(e.to_string().contains("file/locks/x.lock"), "{e}");
    }
}
