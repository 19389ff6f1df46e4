//! Kept records in memory. Counts how often they are read.

use ccci_swarm::ports::records::{Records, Stamp};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct State {
    /// By name: the number of the write that made it, and its events.
    records: BTreeMap<String, (u64, Vec<u8>)>,
    index: Vec<u8>,
    writes: u64,
    reads: usize,
    refuses: bool,
}

/// Records in memory.
#[derive(Default)]
pub struct MemoryRecords {
    state: Mutex<State>,
}

impl MemoryRecords {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the events of a record.
    pub fn put(&self, name: &str, events: impl Into<Vec<u8>>) {
        let mut state = self.state();
        state.writes += 1;
        let written = state.writes;
        state.records.insert(name.to_string(), (written, events.into()));
    }

    /// Removes a record.
    pub fn remove(&self, name: &str) {
        self.state().records.remove(name);
    }

    /// How often events of a record were read.
    pub fn reads(&self) -> usize {
        self.state().reads
    }

    /// From now on, writing the index fails.
    pub fn refuse_writing(&self) {
        self.state().refuses = true;
    }

    fn writable(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.refuses { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(state) }
    }
}

impl Records for MemoryRecords {
    fn list(&self) -> io::Result<Vec<(String, Stamp)>> {
        let stamp = |(written, events): &(u64, Vec<u8>)| Stamp {
            bytes: events.len() as u64,
            written_ns: *written,
            inode: 1,
        };
        Ok(self.state().records.iter().map(|(name, record)| (name.clone(), stamp(record))).collect())
    }

    fn events(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        state.reads += 1;
        state
            .records
            .get(name)
            .map(|(_, events)| events.clone())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn index(&self) -> io::Result<Vec<u8>> {
        Ok(self.state().index.clone())
    }

    fn extend_index(&self, lines: &[u8]) -> io::Result<()> {
        self.writable().map(|mut state| state.index.extend_from_slice(lines))
    }

    fn replace_index(&self, lines: &[u8]) -> io::Result<()> {
        self.writable().map(|mut state| state.index = lines.to_vec())
    }
}
