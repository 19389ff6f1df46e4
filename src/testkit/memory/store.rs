//! A run's directory in memory.

use ccci_swarm::ports::Store;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};

/// Files by name. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    room: Arc<Mutex<Option<usize>>>,
}

impl MemoryStore {
    /// A store on a small disk: after this many bytes in all, writing fails.
    pub fn with_room(bytes: usize) -> MemoryStore {
        MemoryStore { room: Arc::new(Mutex::new(Some(bytes))), ..MemoryStore::default() }
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<String> {
        self.files.lock().expect("no holder panics").keys().cloned().collect()
    }

    /// A file's bytes.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.files.lock().expect("no holder panics").get(name).cloned()
    }

    /// Sets the content of a file, as a disk that changes files would.
    pub fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.files.lock().expect("no holder panics").insert(name.to_string(), bytes.into());
    }
}

struct Writer {
    name: String,
    store: MemoryStore,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.store.room.lock().expect("no holder panics");
        if let Some(left) = room.as_mut() {
            *left = left.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        }
        let mut files = self.store.files.lock().expect("no holder panics");
        files.entry(self.name.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for MemoryStore {
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        self.put(name, []);
        Ok(Box::new(Writer { name: name.to_string(), store: self.clone() }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.bytes(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(bytes)))
    }
}
