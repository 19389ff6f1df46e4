//! Works on a runtime until the work is done, the deadline passes or the run is stopped.

use ccci_swarm::ports::clock::{Clock, Limit};
use tokio::runtime::Handle;

/// Why work was ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The run was stopped.
    Stopped,
    /// The deadline passed.
    Late,
}

/// Blocks until the work is done or its limit ends; `error` makes the error for that. A stop counts before a result.
/// Must not be called from async code.
pub(crate) fn bound<T, E>(
    handle: &Handle,
    clock: &dyn Clock,
    limit: &Limit,
    work: impl Future<Output = Result<T, E>>,
    error: impl Fn(Ended) -> E,
) -> Result<T, E> {
    let left = limit.deadline.since(clock.now());
    handle.block_on(async {
        tokio::select! {
            biased;
            () = limit.stop.token().cancelled() => Err(error(Ended::Stopped)),
            done = tokio::time::timeout(left, work) => done.unwrap_or_else(|_| Err(error(Ended::Late))),
        }
    })
}
