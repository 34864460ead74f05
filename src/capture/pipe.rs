//! Frames out of a pipe: raw or YUV4MPEG2, from a command or standard input.

use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::clock::{Clock, SystemClock};

use super::layout::Layout;
use super::pipe_options::{PipeContent, PipeInput, PipeOptions, Timestamps};
use super::process::Supervised;
use super::stream::{ReadStop, TimedReader};
use super::y4m::{self, Y4mHeader};
use super::{Frame, FrameSource, SourceError, check_rate, timestamp_at_rate_ns};

/// Lends the frames that a command, or whoever feeds standard input, writes.
#[derive(Debug)]
pub struct PipeSource {
    label: String,
    child: Option<Supervised>,
    reader: TimedReader,
    layout: Layout,
    /// The stream has a text line before each frame.
    is_y4m: bool,
    header_fps: Option<f64>,
    /// `None` stamps frames on arrival.
    timestamp_fps: Option<f64>,
    read_timeout: Duration,
    frame: Vec<u8>,
    line: Vec<u8>,
    sequence: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Ended,
    Broken,
}

impl PipeSource {
    /// Starts the command, and reads the header of a YUV4MPEG2 stream.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) for settings that cannot work:
    /// no such program, an impossible size, a foreign stream format.
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) if no header
    /// comes.
    pub fn open(input: &PipeInput, options: PipeOptions) -> Result<Self, SourceError> {
        let label = match input {
            PipeInput::Command(command) => command.to_string(),
            PipeInput::StandardInput => "standard input".to_string(),
        };
        let layout = stated_layout(options.content).map_err(|error| error.of(&label))?;
        if let Timestamps::Rate(fps) = options.timestamps {
            check_rate(fps).map_err(|error| error.of(&label))?;
        }
        let (child, pipe) = match input {
            PipeInput::Command(command) => {
                let (child, pipe) = Supervised::start(command)?;
                (Some(child), pipe)
            }
            PipeInput::StandardInput => (None, standard_input()?),
        };
        let begun = Self::begin(label.clone(), child, TimedReader::new(pipe), layout, options);
        begun.map_err(|error| error.of(label))
    }

    /// `layout` is that of raw frames; a YUV4MPEG2 stream states its own.
    fn begin(
        label: String,
        mut child: Option<Supervised>,
        mut reader: TimedReader,
        layout: Option<Layout>,
        options: PipeOptions,
    ) -> Result<Self, SourceError> {
        let read_timeout = Duration::from_millis(options.read_timeout_ms.into());
        let mut line = Vec::with_capacity(y4m::LINE_LIMIT_BYTES);
        let is_y4m = layout.is_none();
        let (layout, header_fps) = match layout {
            Some(layout) => (layout, None),
            None => {
                reader
                    .read_line(&mut line, y4m::LINE_LIMIT_BYTES, Instant::now() + read_timeout)
                    .map_err(|stop| no_header(&stop, child.as_mut(), read_timeout))?;
                let Y4mHeader { format, width_px, height_px, fps } = Y4mHeader::parse(&line)?;
                (Layout::check(format, width_px, height_px, None)?, fps)
            }
        };
        let timestamp_fps =
            match options.timestamps {
                Timestamps::Arrival => None,
                Timestamps::Rate(fps) => Some(fps),
                Timestamps::HeaderRate => Some(header_fps.ok_or_else(|| {
                    SourceError::fatal("the stream states no frame rate: set one")
                })?),
            };
        Ok(Self {
            label,
            child,
            reader,
            layout,
            is_y4m,
            header_fps,
            timestamp_fps,
            read_timeout,
            frame: vec![0; layout.frame_bytes()],
            line,
            sequence: 0,
            state: State::Running,
        })
    }

    /// Frames per second as the YUV4MPEG2 header states them.
    pub fn fps(&self) -> Option<f64> {
        self.header_fps
    }

    fn read_frame(&mut self) -> Result<(), FrameStop> {
        let deadline = Instant::now() + self.read_timeout;
        if self.is_y4m {
            match self.reader.read_line(&mut self.line, y4m::LINE_LIMIT_BYTES, deadline) {
                Ok(()) if y4m::is_frame_line(&self.line) => {}
                Ok(()) | Err(ReadStop::LineTooLong) => return Err(FrameStop::OutOfStep),
                Err(ReadStop::Ended { after_bytes: 1.. }) => return Err(FrameStop::Partial(0)),
                Err(stop) => return Err(stop.into()),
            }
        }
        match self.reader.read_exact(&mut self.frame, deadline) {
            Err(ReadStop::Ended { after_bytes }) if after_bytes > 0 || self.is_y4m => {
                Err(FrameStop::Partial(after_bytes))
            }
            other => Ok(other?),
        }
    }

    /// Decides between the end of the footage and a failure.
    fn stop(&mut self, stop: FrameStop) -> Result<(), SourceError> {
        self.state = State::Broken;
        let what = match stop {
            FrameStop::TimedOut => {
                let waited_ms = self.read_timeout.as_millis();
                return Err(SourceError::disconnected(format!("no frame for {waited_ms} ms")));
            }
            FrameStop::OutOfStep => {
                let frames = self.sequence;
                return Err(SourceError::disconnected(format!(
                    "no FRAME line where one is due, after {frames} frames"
                )));
            }
            FrameStop::Failed(ref error) => Some(error.to_string()),
            FrameStop::Partial(bytes) => Some(self.describe_partial(bytes)),
            FrameStop::Ended => None,
        };
        let ending = self.child.as_mut().map(Supervised::finish);
        let failure = ending.filter(|ending| !ending.succeeded).map(|ending| ending.report);
        let clauses: Vec<String> = what.into_iter().chain(failure).collect();
        if clauses.is_empty() {
            self.state = State::Ended;
            return Ok(());
        }
        Err(SourceError::disconnected(clauses.join("; ")))
    }

    fn describe_partial(&self, bytes: usize) -> String {
        let layout = &self.layout;
        let expected = layout.frame_bytes();
        let start = format!(
            "the stream ended inside a frame, after {bytes} of the {expected} bytes of {layout}"
        );
        if self.is_y4m {
            return start;
        }
        let total = self.reader.total_bytes();
        match layout.stride_that_fits(total) {
            Some(stride) => format!(
                "{start}; rows padded? the {total} bytes received are whole frames with rows of {stride} bytes: set the row stride to {stride}"
            ),
            None => format!(
                "{start}; the stream held {total} bytes, {} frames and a rest: rows padded? choose a width that is a multiple of 128, or set the row stride",
                self.sequence
            ),
        }
    }
}

impl FrameSource for PipeSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        match self.state {
            State::Ended => return Ok(None),
            State::Broken => {
                return Err(SourceError::disconnected("failed before: reopen it").of(&self.label));
            }
            State::Running => {}
        }
        if let Err(stop) = self.read_frame() {
            return self.stop(stop).map(|()| None).map_err(|error| error.of(&self.label));
        }
        let sequence = self.sequence;
        self.sequence += 1;
        let timestamp_ns = match self.timestamp_fps {
            Some(fps) => timestamp_at_rate_ns(sequence, fps),
            None => SystemClock.monotonic_ns(),
        };
        let Layout { format, width_px, height_px, stride_bytes } = self.layout;
        let data = &self.frame[..];
        Ok(Some(Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns, sequence }))
    }

    fn describe(&self) -> String {
        format!("{}: {}", self.label, self.layout)
    }
}

/// Why no further frame came.
enum FrameStop {
    /// Between two frames.
    Ended,
    /// Inside a frame, after so many of its bytes.
    Partial(usize),
    TimedOut,
    OutOfStep,
    Failed(std::io::Error),
}

impl From<ReadStop> for FrameStop {
    fn from(stop: ReadStop) -> Self {
        match stop {
            ReadStop::Ended { .. } => Self::Ended,
            ReadStop::TimedOut => Self::TimedOut,
            ReadStop::LineTooLong => Self::OutOfStep,
            ReadStop::Failed(error) => Self::Failed(error),
        }
    }
}

/// # Errors
/// [`Fatal`](super::SourceErrorKind::Fatal) for raw frames that cannot be.
fn stated_layout(content: PipeContent) -> Result<Option<Layout>, SourceError> {
    match content {
        PipeContent::Y4m => Ok(None),
        PipeContent::Raw { format, width_px, height_px, stride_bytes } => {
            Layout::check(format, width_px, height_px, stride_bytes).map(Some)
        }
    }
}

/// A second handle on standard input, past the buffer of [`std::io::stdin`].
fn standard_input() -> Result<OwnedFd, SourceError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(SourceError::fatal(
            "standard input is a terminal: pipe the frames of a camera command into it",
        ));
    }
    let handle = stdin.as_fd().try_clone_to_owned();
    handle.map_err(|error| SourceError::fatal(format!("standard input is closed: {error}")))
}

fn no_header(stop: &ReadStop, child: Option<&mut Supervised>, waited: Duration) -> SourceError {
    match stop {
        ReadStop::LineTooLong => {
            SourceError::fatal("not a YUV4MPEG2 stream: for raw frames state format and size")
        }
        ReadStop::TimedOut => {
            SourceError::disconnected(format!("no stream header for {} ms", waited.as_millis()))
        }
        ReadStop::Failed(error) => SourceError::disconnected(error.to_string()),
        ReadStop::Ended { .. } => {
            let report = child.map(|child| format!("; {}", child.finish().report));
            let report = report.unwrap_or_default();
            SourceError::disconnected(format!("the stream ended before its header{report}"))
        }
    }
}
