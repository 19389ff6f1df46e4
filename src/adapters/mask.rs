//! Who may read what the program writes: only its user, whatever the caller's umask is, or also the group if the
//! caller asks for it.
//! Temporary files always belong to the user alone (`scratch.rs`); locks can be seen by all (`locks.rs`).

use rustix::fs::Mode;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the group may read.
static GROUP: AtomicBool = AtomicBool::new(false);

/// Sets the umask of this process and of every process that it starts.
pub fn set(group: bool) {
    GROUP.store(group, Ordering::Relaxed);
    rustix::process::umask(Mode::from_raw_mode(if group { 0o027 } else { 0o077 }));
}

/// The permissions of a record's file, for files that are made with an explicit mode.
pub(crate) fn of_files() -> Permissions {
    Permissions::from_mode(if GROUP.load(Ordering::Relaxed) { 0o640 } else { 0o600 })
}

/// Lets every user of the machine read a file of ours; only we may write it.
pub(crate) fn readable_by_all(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o644))
}
