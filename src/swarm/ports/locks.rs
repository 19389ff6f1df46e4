//! Which runs are active, as a port: one kernel lock for each domain, held during a run.
//! A free lock means a dead run (lesson 33), unless a note says that its app was left running on purpose.

use std::collections::BTreeSet;
use std::io;

/// A held lock; dropping it frees it.
pub trait Held: Send + Sync {}

/// The locks of this machine.
pub trait Locks: Send + Sync {
    /// Names the place of these locks. Two processes that see the same name see the same locks, and two that see different
    /// names cannot know what the other one holds.
    fn place(&self) -> io::Result<String>;
    /// Takes the lock of a domain without waiting; `None` if another process holds it.
    fn take(&self, domain: &str) -> io::Result<Option<Box<dyn Held>>>;
    /// Takes a shared lock on something that several runs use at once; `None` if a process holds it alone.
    fn share(&self, what: &str) -> io::Result<Option<Box<dyn Held>>>;
    /// Notes that the app of a domain stays after its run, and which shared things it still uses.
    fn keep(&self, domain: &str, uses: &[&str]) -> io::Result<()>;
    /// Every domain with such a note, and what they use.
    fn kept(&self) -> io::Result<BTreeSet<String>>;
    /// Removes the note, if there is one.
    fn forget(&self, domain: &str) -> io::Result<()>;
}
