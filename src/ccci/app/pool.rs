//! Does the same work for each item of a list, for several at the same time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

/// Stack size of a thread that loads or runs recipes, in bytes: that of a main thread, as scripts may nest deeply.
pub(crate) const STACK: usize = 8 << 20;

/// The results for the items 0 to `items`, in their order. The next one begins when one has ended.
pub(super) fn each<T: Send>(items: usize, at_a_time: usize, one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::default();
    let work = || {
        while let n = next.fetch_add(1, Ordering::SeqCst)
            && n < items
        {
            let result = one(n);
            done.lock().expect("nothing panics while holding the results").push((n, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..at_a_time.min(items) {
            // a script may nest as deeply in a worker as in the thread of the call; without the thread, the others do
            // its work
            let _ = Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        }
        work();
    });
    let mut done = done.into_inner().expect("nothing panics while holding the results");
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}
