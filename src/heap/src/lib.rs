//! Counts the bytes that each thread holds, so that the limit of a script's memory applies to that script only.
//!
//! It is a package of its own for two reasons. An allocator needs unsafe code, which all other packages forbid. And it is
//! optimised in every build, because it is called for every value. It passes all calls to the system's allocator and only
//! counts. A value is counted on the thread that allocates it and on the thread that frees it. A script's engine, values
//! and result are made and freed on the script's own thread, so the count of that thread is right.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Bytes held now, and bytes allocated since the thread began. Constant and without a destructor, so that reading it
    /// never allocates and works while the thread ends.
    static BYTES: (Cell<isize>, Cell<usize>) = const { (Cell::new(0), Cell::new(0)) };
}

/// Bytes that this thread has allocated and not freed. Negative if it has freed more than it allocated.
// not inlined: in a package without optimisation the inlined code would be slow
#[inline(never)]
pub fn held() -> isize {
    BYTES.try_with(|b| b.0.get()).unwrap_or(0)
}

/// Bytes that this thread has allocated since it began, freed ones included.
#[inline(never)]
pub fn asked() -> usize {
    BYTES.try_with(|b| b.1.get()).unwrap_or(0)
}

fn count(bytes: isize) {
    let _ = BYTES.try_with(|b| {
        b.0.set(b.0.get().wrapping_add(bytes));
        b.1.set(b.1.get().wrapping_add(bytes.max(0).unsigned_abs()));
    });
}

// SAFETY: all four functions pass their arguments to `System` unchanged and return its result, so its guarantees hold.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller guarantees for `layout` what `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: `at` came from `System` with this layout, as all memory of this allocator does.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: `at` came from `System` with this layout; the caller guarantees a valid `size`.
        unsafe { System.realloc(at, layout, size) }
    }
}
