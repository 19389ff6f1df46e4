//! Locks of domains as kernel file locks: they end with the process, even after SIGKILL or a reboot.

use super::mask::readable_by_all;
use ccci_model::digest::sha256;
use ccci_swarm::ports::locks::{Held, Locks};
use std::collections::BTreeSet;
use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// One lock file for each domain in one directory, which all runs of this machine must share.
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
        // unlink while the lock is still held: a waiting process checks that its file is still the one at the path
        if self.alone {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

impl Locks for FileLocks {
    /// Made from the identity of the directory, which the kernel gives: the boot, the file system and the inode. It is the same
    /// in a container that has the directory mounted, and another one where the directory is private.
    fn place(&self) -> io::Result<String> {
        make_for_all(&self.dir)?;
        let directory = fs::metadata(&self.dir).map_err(|e| said(&self.dir, &e))?;
        let boot = fs::read_to_string(BOOT).map_err(|e| said(Path::new(BOOT), &e))?;
        let identity = format!("{} {} {}", boot.trim(), directory.dev(), directory.ino());
        Ok(sha256(identity.as_bytes())[..PLACE].to_string())
    }

    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.lock(domain, true)
    }

    fn share(&self, what: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.lock(what, false)
    }

    fn keep(&self, domain: &str, uses: &[&str]) -> io::Result<()> {
        make_for_all(&self.dir)?;
        let lines: String = uses.iter().map(|name| format!("{name}\n")).collect();
        // the whole file or none: a reader must not get one that is half written
        let (path, new) = (self.path(domain, KEPT), self.path(domain, "new"));
        let written = fs::write(&new, lines).and_then(|()| readable_by_all(&new));
        written.and_then(|()| fs::rename(&new, &path)).map_err(|e| said(&path, &e))
    }

    fn kept(&self) -> io::Result<BTreeSet<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            other => other.map_err(|e| said(&self.dir, &e))?,
        };
        let mut out = BTreeSet::new();
        for entry in entries.flatten().filter(|e| e.path().extension().is_some_and(|x| x == KEPT)) {
            let path = entry.path();
            let uses = match fs::read_to_string(&path) {
                // it was removed a moment ago
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(|e| said(&path, &e))?,
            };
            out.extend(path.file_stem().map(|domain| domain.to_string_lossy().into_owned()));
            out.extend(uses.lines().map(str::to_string));
        }
        Ok(out)
    }

    fn forget(&self, domain: &str) -> io::Result<()> {
        let path = self.path(domain, KEPT);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(said(&path, &e)),
            _ => Ok(()),
        }
    }
}

/// Where Linux names the present boot.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// Length of the name of a place in hex digits.
const PLACE: usize = 16;
/// The extension of the notes of `keep`; the lines of such a file are what the app uses.
const KEPT: &str = "kept";

fn said(path: &Path, e: &io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", path.display()))
}

impl FileLocks {
    /// Whether a process holds this lock, alone or with others. Makes no file; a lock that cannot be opened counts
    /// as free.
    pub fn is_held(&self, name: &str) -> bool {
        let file = File::open(self.path(name, "lock"));
        file.is_ok_and(|f| matches!(f.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Removes the files of locks that no process holds: a run that was killed leaves one. Returns their number.
    pub fn tidy(&self) -> usize {
        let Ok(entries) = fs::read_dir(&self.dir) else { return 0 };
        let names = entries
            .flatten()
            .filter_map(|e| e.file_name().to_str()?.strip_suffix(".lock").map(str::to_string));
        names.filter(|name| matches!(self.lock(name, true), Ok(Some(_)))).count()
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.dir.join(format!("{}.{ending}", name.replace('/', "_")))
    }

    fn lock(&self, name: &str, alone: bool) -> io::Result<Option<Box<dyn Held>>> {
        let path = self.path(name, "lock");
        let said = |e: io::Error| said(&path, &e);
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

/// Makes a directory like `/tmp`, because every user of the machine must see the locks of all. An existing
/// directory is not changed.
pub(crate) fn make_for_all(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        fs::create_dir_all(dir)?;
        // if another user made it a moment ago, only that user can change its mode
        let _ = fs::set_permissions(dir, Permissions::from_mode(0o1777));
    }
    Ok(())
}

/// Opens the lock file; makes it if there is none. Another user's file opens for reading only, which is enough to
/// see its lock.
fn open(path: &Path) -> io::Result<File> {
    match File::options().create_new(true).write(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.and_then(|file| readable_by_all(path).map(|()| file)),
    }
    match File::options().write(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => File::open(path).map_err(|_| e),
        other => other,
    }
}

/// Whether the open file is still the one at the path: the last holder may have unlinked it between open and lock.
fn still_there(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.ino() == there.ino() && open.dev() == there.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_testkit::memory::MemoryLocks;

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

    fn check_kept(locks: &dyn Locks) {
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(locks.kept().unwrap(), names(&[]));
        locks.keep("a.ccci.test", &["network-proxy"]).unwrap();
        locks.keep("b.ccci.test", &["network-proxy", "network-mail"]).unwrap();
        let all = ["a.ccci.test", "b.ccci.test", "network-mail", "network-proxy"];
        assert_eq!(locks.kept().unwrap(), names(&all));
        assert!(locks.take("a.ccci.test").unwrap().is_some(), "a mark is no lock");
        locks.forget("b.ccci.test").unwrap();
        locks.forget("c.ccci.test").unwrap();
        assert_eq!(locks.kept().unwrap(), names(&["a.ccci.test", "network-proxy"]));
        locks.forget("a.ccci.test").unwrap();
        assert_eq!(locks.kept().unwrap(), names(&[]));
    }

    #[test]
    fn an_app_that_is_kept_is_marked_with_what_it_uses_until_the_mark_is_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        for locks in [&FileLocks::new(dir.path().join("none yet")) as &dyn Locks, &MemoryLocks::default()] {
            check_kept(locks);
        }
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
    fn the_place_of_locks_is_the_directory_and_not_the_path_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| FileLocks::new(dir.path().join(name)).place().unwrap();
        let (here, there) = (place("here"), place("there"));
        std::os::unix::fs::symlink(dir.path().join("here"), dir.path().join("link")).unwrap();
        assert_ne!(here, there);
        assert_eq!((here.len(), place("link"), place("here")), (PLACE, here.clone(), here));
    }

    #[test]
    fn a_directory_of_locks_is_made_for_all_users_and_one_that_is_there_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let (new, there) = (dir.path().join("new"), dir.path().join("there"));
        make_for_all(&new).unwrap();
        fs::create_dir(&there).unwrap();
        let before = mode(&there);
        make_for_all(&there).unwrap();
        assert_eq!((mode(&new), mode(&there)), (0o1777, before));
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
    fn files_of_locks_that_nobody_holds_can_be_taken_away_and_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let locks = FileLocks::new(dir.path());
        assert_eq!(FileLocks::new(dir.path().join("none")).tidy(), 0);
        for name in ["dead.lock", "gone.lock", "kept.kept"] {
            File::create(dir.path().join(name)).unwrap();
        }
        let held = (locks.take("alive").unwrap(), locks.share("network-proxy").unwrap());
        assert_eq!(locks.tidy(), 2);
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["alive.lock", "kept.kept", "network-proxy.lock"]);
        assert!(locks.take("alive").unwrap().is_none() && locks.take("network-proxy").unwrap().is_none());
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
