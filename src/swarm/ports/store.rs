//! Where a run keeps what it makes, as a port: archives, resolved files, logs. Names are relative, with `/`.

use std::io::{self, Read, Write};

/// The run's directory, or memory.
pub trait Store: Send + Sync {
    /// Starts a file; an existing one is replaced.
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>>;
    /// Opens a file.
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>>;
}

/// Whether an error means that there is no room: on the disk, in a quota, or within the size limit of a file.
pub fn is_full(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
