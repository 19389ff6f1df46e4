//! The processor's time that a thread has used: no clock of the world's, it stands still while the thread waits.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Used by this thread since it began.
pub(super) fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs() as u32)
}
