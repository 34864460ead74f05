//! Where frames come from: folders of images, pipes, video files, cameras.
//!
//! A [`FrameSource`] lends one frame at a time out of a buffer that it reuses;
//! nothing here resizes or converts colours.

mod arrival;
mod error;
mod ffmpeg;
mod folder;
mod format;
mod group;
pub mod jpeg_header;
mod layout;
mod lifeline;
mod messages;
mod natural;
mod pipe;
mod pipe_options;
mod pipe_stream;
mod png_frame;
mod process;
mod proof;
mod reopening;
mod rtsp;
mod rtsp_times;
mod secrets;
mod sharing;
mod standard_input;
mod stream;
#[cfg(feature = "v4l2")]
pub mod v4l2;
mod v4l2_options;
mod video;
mod video_holes;
mod video_messages;
mod wake;
mod y4m;

pub use error::{SourceError, SourceErrorKind};
pub(crate) use ffmpeg::{FFMPEG, is_installed};
pub use folder::{FolderSource, list_clips};
pub use format::{PixelFormat, UnknownPixelFormat};
pub(crate) use lifeline::Lifeline;
pub use natural::compare_natural;
pub use pipe::PipeSource;
pub use pipe_options::{PipeCommand, PipeContent, PipeInput, PipeOptions, Timestamps};
pub use reopening::{Reopening, Starvation};
pub use rtsp::{RtspOptions, RtspSource};
pub use sharing::{SharedCamera, Sharing};
pub use v4l2_options::{ControlSetting, ControlValue, V4l2Options};
pub use video::{VideoOptions, VideoSource};
pub use wake::Wake;

pub(crate) use group::Group;
pub(crate) use messages::Messages;
pub(crate) use secrets::Secrets;

/// Pixels that a picture may claim to have; past it a header is damaged. It is
/// asked before anything is decoded, whatever the format.
/// In memory a JPEG of so many takes 150 MB.
pub const PIXEL_LIMIT: u64 = 24_000_000;

/// A frame lent by its source until the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub format: PixelFormat,
    /// Pixels per row. For [`PixelFormat::Mjpeg`] what the JPEG header or the
    /// driver says; the decoder goes by the JPEG itself.
    pub width_px: u32,
    pub height_px: u32,
    /// Bytes from one row to the next in the first plane; 0 for
    /// [`PixelFormat::Mjpeg`]. Later planes follow from it, see
    /// [`PixelFormat::padded_bytes`].
    pub stride_bytes: usize,
    /// The pixels, or the bytes of one JPEG with whatever the camera put
    /// behind it.
    pub data: &'a [u8],
    /// When the frame was taken, on a clock that never goes backwards. The
    /// zero differs from source to source.
    pub timestamp_ns: u64,
    /// Counts the frames of the source, the ones it lost included.
    pub sequence: u64,
}

/// Something that delivers frames, one after the other.
pub trait FrameSource {
    /// Waits for the next frame. `Ok(None)`: the footage has ended, and every
    /// later call says so too.
    ///
    /// # Errors
    /// See [`SourceErrorKind`] for what to do about each.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError>;

    /// One line for the log: what the source reads, and in which format.
    fn describe(&self) -> String;
}

impl<T: FrameSource + ?Sized> FrameSource for &mut T {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        T::next_frame(self)
    }

    fn describe(&self) -> String {
        T::describe(self)
    }
}

impl<T: FrameSource + ?Sized> FrameSource for Box<T> {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        T::next_frame(self)
    }

    fn describe(&self) -> String {
        T::describe(self)
    }
}

/// # Errors
/// [`Fatal`](SourceErrorKind::Fatal) for a rate that nothing can be played at.
fn check_rate(fps: f64) -> Result<(), SourceError> {
    if fps.is_finite() && fps > 0.0 {
        return Ok(());
    }
    let what = format!("cannot play {fps} frames per second: give a rate above 0");
    Err(SourceError::fatal(what))
}

/// When frame `index` of a recording was taken, in nanoseconds from its start.
fn timestamp_at_rate_ns(index: u64, fps: f64) -> u64 {
    (index as f64 / fps * 1e9).round() as u64
}
