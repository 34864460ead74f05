//! Cameras through the kernel's V4L2 interface.
//!
//! The room is layered so that everything but the system calls is tested
//! without a camera: `transport` says what is asked of the kernel, `kernel`
//! asks it, and in tests a scripted device with the kernel's queue rules
//! answers instead. Above it lie the search for a camera by its name (`find`),
//! the choice of format and rate (`negotiate`), the pinned controls
//! (`controls`), the ring of mapped buffers (`ring`) and the source itself.
//!
//! `unsafe` is in `kernel` alone.

mod controls;
mod failure;
#[cfg(test)]
mod fake;
mod find;
mod formats;
#[allow(unsafe_code, reason = "ioctl and mmap; each block has its proof")]
mod kernel;
mod negotiate;
mod ring;
mod source;
mod survey;
#[cfg(test)]
mod tests;
mod transport;

pub use source::{V4l2Camera, V4l2Source};
pub use survey::{CameraReport, ControlReport, FormatReport, SizeReport, survey};
