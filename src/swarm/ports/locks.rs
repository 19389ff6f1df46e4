//! Who lives, as a port: one kernel lock a domain, held for a run. A free lock means a dead run (lesson 33),
//! unless a mark says that its app was left running on purpose.

use std::collections::BTreeSet;
use std::io;

/// A held lock; dropping it frees it.
pub trait Held: Send + Sync {}

/// The locks of this machine.
pub trait Locks: Send + Sync {
    /// Takes the lock of a domain without waiting; `None` when another process holds it.
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>>;
    /// Holds the lock of something that several runs use at once; `None` when somebody holds it alone.
    fn share(&self, what: &str) -> io::Result<Option<Box<dyn Held>>>;
    /// Marks that the app of a domain stays when its run has ended, with the shared things that it goes on using.
    fn keep(&self, domain: &str, uses: &[&str]) -> io::Result<()>;
    /// Every domain that is marked, and what they use.
    fn kept(&self) -> io::Result<BTreeSet<String>>;
    /// Takes the mark away, if there is one.
    fn forget(&self, domain: &str) -> io::Result<()>;
}
