//! Who lives, as a port: one kernel lock a domain, held for a run's life. A free lock means a dead run (lesson 33).

use std::io;

/// A held lock; dropping it frees it.
pub trait Held: Send + Sync {}

/// The locks of this machine.
pub trait Locks: Send + Sync {
    /// Takes the lock of a domain without waiting; `None` when another process holds it.
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>>;
    /// Holds the lock of something that several runs use at once; `None` when somebody holds it alone.
    fn share(&self, what: &str) -> io::Result<Option<Box<dyn Held>>>;
}
