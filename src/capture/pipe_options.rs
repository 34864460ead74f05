//! What a pipe delivers, and how it is read; there with the feature `config`, so that
//! a site file can be read without a pipe.

use std::fmt;

use super::PixelFormat;

/// A program and its arguments, started without a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeCommand {
    pub argv: Vec<String>,
}

/// The program's name alone: arguments may hold a password.
impl fmt::Display for PipeCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.argv.first().map_or("", String::as_str);
        write!(f, "`{}`", program.rsplit('/').next().unwrap_or(program))
    }
}

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
