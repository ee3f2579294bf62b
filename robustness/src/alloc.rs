//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which refuses to have more than `CAP` bytes in use: the process then ends, as it would on a machine
/// with no more memory.
pub struct Capped<const CAP: usize>;

/// The most bytes that were in use since this was asked last.
pub fn peak() -> usize {
    PEAK.swap(IN_USE.load(Relaxed), Relaxed)
}

// SAFETY: every call is passed on to the system's allocator with the same arguments; beyond the cap, null is returned, which
// means that there is no memory.
unsafe impl<const CAP: usize> GlobalAlloc for Capped<CAP> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Relaxed).saturating_add(layout.size());
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's obligations are the same.
        let place = if now > CAP { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } };
        if place.is_null() {
            IN_USE.fetch_sub(layout.size(), Relaxed);
        }
        place
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Relaxed).saturating_add(layout.size());
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's obligations are the same.
        let place = if now > CAP { std::ptr::null_mut() } else { unsafe { System.alloc_zeroed(layout) } };
        if place.is_null() {
            IN_USE.fetch_sub(layout.size(), Relaxed);
        }
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's obligations are the same.
        unsafe { System.dealloc(place, layout) }
    }
}
