//! The one call that everything goes through.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;

/// Enumerations stop here, whatever a driver says.
const MAX_ITEMS: u32 = 256;

/// Structures that the kernel reads and writes.
///
/// # Safety
/// All bytes zero is a value of the type, and so is whatever the kernel writes
/// into it: integers, arrays and unions of integers. The kernel follows no
/// pointer in it for single-planar capture with mapped buffers.
pub(super) unsafe trait Argument: Copy {}

// SAFETY: `#[repr(C)]` structures of integers, and unions of such. Those with
// a pointer in a union, `v4l2_format` and `v4l2_buffer`, are only sent with
// the type `CAPTURE` and the memory `MMAP`, for which the kernel does not look
// at it; a pointer of any bits is a value while nobody follows it.
unsafe impl Argument for sys::v4l2_capability {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_fmtdesc {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_frmsizeenum {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_frmivalenum {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_format {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_pix_format {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_streamparm {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_query_ext_ctrl {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_querymenu {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_control {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_requestbuffers {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_buffer {}
// SAFETY: an integer.
unsafe impl Argument for std::ffi::c_int {}

pub(super) fn zeroed<T: Argument>() -> T {
    // SAFETY: by the contract of `Argument`.
    unsafe { mem::zeroed() }
}

/// An open video node.
pub(super) struct Calls(pub OwnedFd);

impl Calls {
    /// One call, repeated while signals interrupt it.
    ///
    /// # Panics
    /// If the request was made for a structure of another size.
    pub fn call<T: Argument>(
        &self,
        request: vidioc::_IOC_TYPE,
        argument: &mut T,
    ) -> io::Result<()> {
        let size = (request >> 16) & 0x3fff;
        assert_eq!(size as usize, size_of::<T>(), "request {request:#x} takes another structure");
        loop {
            let pointer = std::ptr::from_mut(argument).cast();
            // SAFETY: the kernel reads and writes as many bytes as the request
            // says, which were just compared with those of `argument`; by the
            // contract of `Argument` it follows no pointer in them and leaves
            // a valid value. The descriptor is open while `self` lives.
            match unsafe { v4l::v4l2::ioctl(self.0.as_raw_fd(), request, pointer) } {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Asks for items 0, 1, … until the kernel says that there are no more. A
    /// driver without this enumeration has none.
    pub fn enumerate<T: Argument, R>(
        &self,
        request: vidioc::_IOC_TYPE,
        mut ask: impl FnMut(u32) -> T,
        mut read: impl FnMut(&T) -> Option<R>,
    ) -> io::Result<Vec<R>> {
        let mut items = Vec::new();
        for index in 0..MAX_ITEMS {
            let mut argument = ask(index);
            match self.call(request, &mut argument) {
                Ok(()) => items.extend(read(&argument)),
                Err(error) if is_end(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(items)
    }
}

/// How drivers say that an enumeration has ended or does not exist.
pub(super) fn is_end(error: &io::Error) -> bool {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    is(Errno::INVAL) || is(Errno::NOTTY) || is(Errno::NODATA)
}

/// The text before the first NUL.
pub(super) fn text(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn names_end_at_the_first_nul() {
        assert_eq!(text(b"HD Webcam \0old bytes"), "HD Webcam");
        assert_eq!(text(&[b'x'; 32]), "x".repeat(32));
        assert_eq!(text(b"\xff\0"), "\u{fffd}");
    }
}
