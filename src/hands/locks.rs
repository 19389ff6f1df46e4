//! Locks of domains as kernel file locks: they vanish with the process, even after SIGKILL or a reboot.

use crate::world::locks::{Held, Locks};
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

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
}

impl Held for HeldFile {}

impl Drop for HeldFile {
    fn drop(&mut self) {
        // unlink while the lock is still held: a waiter re-checks that its file is the one at the path
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

impl Locks for FileLocks {
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>> {
        fs::create_dir_all(&self.dir)?;
        let path = self.dir.join(format!("{}.lock", domain.replace('/', "_")));
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(e),
            }
            if still_there(&file, &path) {
                return Ok(Some(Box::new(HeldFile { file, path })));
            }
        }
    }
}

/// Whether the open file is the one at the path: the last holder may have unlinked it between open and lock.
fn still_there(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.ino() == there.ino() && open.dev() == there.dev(),
        _ => false,
    }
}

/// Locks in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLocks {
    held: Arc<Mutex<BTreeSet<String>>>,
}

struct HeldName(String, Arc<Mutex<BTreeSet<String>>>);

impl Held for HeldName {}

impl Drop for HeldName {
    fn drop(&mut self) {
        if let Ok(mut held) = self.1.lock() {
            held.remove(&self.0);
        }
    }
}

impl Locks for MemoryLocks {
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>> {
        let fresh = self.held.lock().map_err(|_| io::Error::other("poisoned"))?.insert(domain.to_string());
        Ok(fresh.then(|| Box::new(HeldName(domain.to_string(), self.held.clone())) as Box<dyn Held>))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(locks: &dyn Locks) {
        let held = locks.take("a.ccci.test").unwrap();
        assert!(held.is_some());
        assert!(locks.take("a.ccci.test").unwrap().is_none(), "taken twice");
        assert!(locks.take("b.ccci.test").unwrap().is_some(), "domains share a lock");
        drop(held);
        assert!(locks.take("a.ccci.test").unwrap().is_some(), "not free after the run");
    }

    #[test]
    fn lesson_33_a_lock_is_held_once_and_free_after_its_holder_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        check(&FileLocks::new(dir.path()));
        check(&MemoryLocks::default());
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
}
