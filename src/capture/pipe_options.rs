//! What a pipe delivers, and how it is read.

use super::{PipeCommand, PixelFormat, SourceError};

/// Who writes the pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PipeInput {
    Command(PipeCommand),
    StandardInput,
}

/// What comes through the pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeContent {
    /// Frames back to back without headers.
    Raw {
        /// Anything but [`PixelFormat::Mjpeg`].
        format: PixelFormat,
        width_px: u32,
        height_px: u32,
        /// Bytes from row to row; `None` for rows without padding.
        stride_bytes: Option<usize>,
    },
    /// A YUV4MPEG2 stream, which states its own format and size.
    Y4m,
}

/// Where the timestamps of the frames come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timestamps {
    /// `CLOCK_BOOTTIME` when the last byte of the frame has arrived.
    Arrival,
    /// The frame's number divided by this many frames per second.
    Rate(f64),
    /// The same with the rate in the YUV4MPEG2 header.
    HeaderRate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PipeOptions {
    pub content: PipeContent,
    pub timestamps: Timestamps,
    /// How long to wait for a whole frame, and at the start for the header.
    pub read_timeout_ms: u32,
}

impl Timestamps {
    pub(super) fn check(self, label: &str) -> Result<(), SourceError> {
        match self {
            Self::Rate(fps) if !(fps.is_finite() && fps > 0.0) => Err(SourceError::fatal(format!(
                "{label}: cannot play {fps} frames per second: give a rate above 0"
            ))),
            _ => Ok(()),
        }
    }
}
