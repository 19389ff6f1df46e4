//! Who may read what the program writes: its user alone, whatever the caller's umask says, or its group as well where the
//! caller wants it. Temporary files are the user's alone in either case (`scratch.rs`), locks are seen by all (`locks.rs`).

use rustix::fs::Mode;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the group may read.
static GROUP: AtomicBool = AtomicBool::new(false);

/// Sets the mask of this process and of all that it starts.
pub fn set(group: bool) {
    GROUP.store(group, Ordering::Relaxed);
    rustix::process::umask(Mode::from_raw_mode(if group { 0o027 } else { 0o077 }));
}

/// What a file of a record has, for those that are made with a mode of their own.
pub(crate) fn of_files() -> Permissions {
    Permissions::from_mode(if GROUP.load(Ordering::Relaxed) { 0o640 } else { 0o600 })
}

/// Lets every user of the machine read a file that is ours, and nobody else write it.
pub(crate) fn readable_by_all(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o644))
}
