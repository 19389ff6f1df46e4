//! Where the records of runs are kept, as a port: to find, read, and list them with the help of an index.

use serde::{Deserialize, Serialize};
use std::io;

/// Tells whether a file is the same as before, without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written, ns since 1970.
    pub written_ns: u64,
    /// Its inode number: a file that replaces it has another.
    pub inode: u64,
}

/// The records in one directory. Their names are those of the runs' directories.
pub trait Records: Send + Sync {
    /// Every record and the stamp of its events, the oldest run first: run ids sort by their start.
    fn list(&self) -> io::Result<Vec<(String, Stamp)>>;
    /// The events of a record as they are written. Fails with `FileTooLarge` above the limit for any record, and
    /// opens only regular files.
    fn events(&self, name: &str) -> io::Result<Vec<u8>>;
    /// The index, which makes listing faster; empty if there is none. Other processes may write it at any time.
    fn index(&self) -> io::Result<Vec<u8>>;
    /// Adds to the index in one write, so that additions of other processes stay whole.
    fn extend_index(&self, lines: &[u8]) -> io::Result<()>;
    /// Replaces the index as a whole or not at all. Additions of other processes in the meantime may be lost.
    fn replace_index(&self, lines: &[u8]) -> io::Result<()>;
}
