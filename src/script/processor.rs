//! Processor time that a thread has used. It does not advance while the thread waits.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Processor time used by this thread since it began.
pub(super) fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs() as u32)
}
