//! A driver's buffer in our address space.

use std::io;
use std::os::fd::OwnedFd;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// A buffer of the driver, mapped for reading.
pub(super) struct Mapping {
    start: *mut std::ffi::c_void,
    length: usize,
}

// SAFETY: a mapping belongs to the process, not to the thread that made it.
unsafe impl Send for Mapping {}

impl Mapping {
    pub fn new(fd: &OwnedFd, length: usize, offset: u64) -> io::Result<Self> {
        let (read, shared) = (ProtFlags::READ, MapFlags::SHARED);
        // SAFETY: the kernel picks a free range of addresses, so no memory of
        // the program is replaced; `length` and `offset` are the driver's own.
        let start = unsafe { mmap(std::ptr::null_mut(), length, read, shared, fd, offset) }?;
        Ok(Self { start, length })
    }
}

impl Mapping {
    /// The mapped bytes.
    ///
    /// # Safety
    /// Nobody writes to them while the slice lives: the driver does not own
    /// the buffer.
    pub unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the range is mapped, readable and initialised by the kernel
        // as long as this value lives, which the slice borrows; the caller
        // vouches for the rest.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `start` and `length` are those of a successful `mmap` that
        // only this value knows; slices of it borrow the `Node` that holds it
        // and have ended.
        if let Err(error) = unsafe { munmap(self.start, self.length) } {
            log::debug!("a camera buffer could not be unmapped: {error}");
        }
    }
}
