//! Locks in memory. All runs of a test share them, as processes share those of a machine.

use ccci_swarm::ports::locks::{Held, Locks};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The locks of a machine in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryLocks {
    /// The number of runs that share a lock; `None` if one holds it alone.
    held: Arc<Mutex<BTreeMap<String, Option<usize>>>>,
    /// The shared things that a kept app uses, by the app's domain.
    kept: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
}

struct Lock {
    domain: String,
    of: MemoryLocks,
}

impl Held for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get_mut(&self.domain) {
            Some(Some(n)) if *n > 1 => *n -= 1,
            _ => {
                held.remove(&self.domain);
            }
        }
    }
}

impl Locks for MemoryLocks {
    fn place(&self) -> io::Result<String> {
        Ok("memory".to_string())
    }

    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(domain) {
            return Ok(None);
        }
        held.insert(domain.to_string(), None);
        Ok(Some(Box::new(Lock { domain: domain.to_string(), of: self.clone() })))
    }

    fn share(&self, what: &str) -> io::Result<Option<Box<dyn Held>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.entry(what.to_string()).or_insert(Some(0)) {
            None => return Ok(None),
            Some(n) => *n += 1,
        }
        Ok(Some(Box::new(Lock { domain: what.to_string(), of: self.clone() })))
    }

    fn keep(&self, domain: &str, uses: &[&str]) -> io::Result<()> {
        let uses = uses.iter().map(ToString::to_string).collect();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(domain.to_string(), uses);
        Ok(())
    }

    fn kept(&self) -> io::Result<BTreeSet<String>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.iter().flat_map(|(domain, uses)| std::iter::once(domain).chain(uses)).cloned().collect())
    }

    fn forget(&self, domain: &str) -> io::Result<()> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(domain);
        Ok(())
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
