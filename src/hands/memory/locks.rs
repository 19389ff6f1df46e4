//! Locks in memory: shared by all runs of one test, as the machine's are by its processes.

use crate::world::locks::{Held, Locks};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The locks of a machine in memory. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct MemoryLocks {
    held: Arc<Mutex<BTreeSet<String>>>,
}

struct Lock {
    domain: String,
    of: MemoryLocks,
}

impl Held for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        self.of.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.domain);
    }
}

impl Locks for MemoryLocks {
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let free = held.insert(domain.to_string());
        Ok(free.then(|| Box::new(Lock { domain: domain.to_string(), of: self.clone() }) as Box<dyn Held>))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_free_when_dropped() {
        let locks = MemoryLocks::default();
        let held = locks.take("a").unwrap();
        assert!(held.is_some() && locks.take("a").unwrap().is_none() && locks.take("b").unwrap().is_some());
        drop(held);
        assert!(locks.take("a").unwrap().is_some());
    }
}
