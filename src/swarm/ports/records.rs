//! Where records of runs are kept, as a port: found, read, and listed with the help of an index.

use serde::{Deserialize, Serialize};
use std::io;

/// By what a file is known to be the same as before, without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written, ns since 1970.
    pub written_ns: u64,
    /// Its number on its file system: a file that replaces it has another.
    pub inode: u64,
}

/// The kept records of one directory. Names are those of the runs' directories.
pub trait Records: Send + Sync {
    /// Every record and the stamp of its events, the oldest run first: run ids sort by their start.
    fn list(&self) -> io::Result<Vec<(String, Stamp)>>;
    /// The events of a record as they are written. Fails with `FileTooLarge` above the bound of any record, and does not
    /// open what is no plain file.
    fn events(&self, name: &str) -> io::Result<Vec<u8>>;
    /// What was kept for listing faster; empty if there is nothing. Others may write it at any time.
    fn index(&self) -> io::Result<Vec<u8>>;
    /// Adds to the index in one write, so that what others add at the same time stays whole.
    fn extend_index(&self, lines: &[u8]) -> io::Result<()>;
    /// Puts another index in its place, whole or not at all. What others add meanwhile may be lost.
    fn replace_index(&self, lines: &[u8]) -> io::Result<()>;
}
