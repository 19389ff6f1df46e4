//! Counts the bytes each thread holds, so that a script pays for its own memory and not for its neighbour's.
//!
//! A package of its own: it has the only unsafe code, which an allocator must be, and it is optimised in every build, as it
//! is called for every value. It hands everything on to the system's allocator and only counts. A value freed on another
//! thread than it was made on is counted there; a script's engine, values and result live and die on the script's own
//! thread, so its count is right.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Held now, and asked for since the thread began. Constant and without a destructor: reading it never allocates and
    /// works while the thread ends.
    static BYTES: (Cell<isize>, Cell<usize>) = const { (Cell::new(0), Cell::new(0)) };
}

/// Bytes this thread has asked for and not given back. May be negative where it frees what others made.
// inlined into a package that is not optimised it would be as slow as that one
#[inline(never)]
pub fn held() -> isize {
    BYTES.try_with(|b| b.0.get()).unwrap_or(0)
}

/// Bytes this thread has asked for since it began, given back or not: how much it has done with memory.
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

// SAFETY: all four hand their arguments to `System` unchanged and give back what it gives, so its promises are kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises about `layout` are those `System` asks for.
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
        // SAFETY: `at` came from `System` with this layout; the caller vouches for `size`.
        unsafe { System.realloc(at, layout, size) }
    }
}
