//! The bytes of a pipe as frames, from its header on.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::SourceError;
use super::layout::Layout;
use super::pipe_options::PipeOptions;
use super::process::Supervised;
use super::stream::{ReadStop, TimedReader};
use super::wake::Wake;
use super::y4m::{self, Y4mHeader};

/// What goes on where it was when standard input is opened again.
#[derive(Debug)]
pub(super) struct Stream {
    pub reader: TimedReader,
    pub layout: Layout,
    /// The rate in a YUV4MPEG2 header.
    pub header_fps: Option<f64>,
    /// Bytes of a frame that came too late; nobody wants the rest of it.
    pub owed: usize,
}

impl Stream {
    /// `layout` is that of raw frames; a YUV4MPEG2 stream states its own.
    pub fn begin(
        pipe: OwnedFd,
        layout: Option<Layout>,
        options: PipeOptions,
        wake: &Wake,
        child: Option<&mut Supervised>,
    ) -> Result<Self, SourceError> {
        let mut reader = TimedReader::new(pipe, wake.clone());
        let (layout, header_fps) = match layout {
            Some(layout) => (layout, None),
            None => {
                let mut line = Vec::with_capacity(y4m::LINE_LIMIT_BYTES);
                let read_timeout = Duration::from_millis(options.read_timeout_ms.into());
                reader
                    .read_line(&mut line, y4m::LINE_LIMIT_BYTES, Instant::now() + read_timeout)
                    .map_err(|stop| no_header(&stop, child, read_timeout))?;
                let Y4mHeader { format, width_px, height_px, fps } = Y4mHeader::parse(&line)?;
                (Layout::check(format, width_px, height_px, None)?, fps)
            }
        };
        Ok(Self { reader, layout, header_fps, owed: 0 })
    }

    /// Fills a frame of which the first `kept` bytes are there.
    pub fn fill(
        &mut self,
        frame: &mut [u8],
        kept: usize,
        is_y4m: bool,
        deadline: Instant,
    ) -> Result<(), FrameStop> {
        let length = frame.len();
        match self.reader.read_exact(&mut frame[kept..], deadline) {
            Err(ReadStop::Ended { after_bytes }) if kept + after_bytes > 0 || is_y4m => {
                Err(FrameStop::Partial(kept + after_bytes))
            }
            Err(ReadStop::TimedOut { after_bytes }) => {
                let has_begun = kept + after_bytes > 0 || is_y4m;
                self.owed = if has_begun { length - kept - after_bytes } else { 0 };
                Err(FrameStop::TimedOut)
            }
            other => Ok(other?),
        }
    }
}

/// Why no further frame came.
#[derive(Debug)]
pub(super) enum FrameStop {
    /// Between two frames.
    Ended,
    /// Inside a frame, after so many of its bytes.
    Partial(usize),
    TimedOut,
    Woken,
    OutOfStep,
    Failed(std::io::Error),
}

impl From<ReadStop> for FrameStop {
    fn from(stop: ReadStop) -> Self {
        match stop {
            ReadStop::Ended { .. } => Self::Ended,
            ReadStop::TimedOut { .. } => Self::TimedOut,
            ReadStop::Woken => Self::Woken,
            ReadStop::LineTooLong => Self::OutOfStep,
            ReadStop::Failed(error) => Self::Failed(error),
        }
    }
}

pub(super) fn woken() -> SourceError {
    SourceError::disconnected("the wait for a frame was ended")
}

fn no_header(stop: &ReadStop, child: Option<&mut Supervised>, waited: Duration) -> SourceError {
    match stop {
        ReadStop::LineTooLong => {
            SourceError::fatal("not a YUV4MPEG2 stream: for raw frames state format and size")
        }
        ReadStop::Woken => woken(),
        ReadStop::TimedOut { .. } => {
            SourceError::disconnected(format!("no stream header for {} ms", waited.as_millis()))
        }
        ReadStop::Failed(error) => SourceError::disconnected(error.to_string()),
        ReadStop::Ended { .. } => match child {
            Some(child) => {
                let report = child.finish().report;
                SourceError::disconnected(format!("the stream ended before its header; {report}"))
            }
            None => SourceError::fatal(
                "it has ended before a stream's header: pipe the frames of a camera command into it",
            ),
        },
    }
}
