//! Frames out of a pipe: raw or YUV4MPEG2, from a command or standard input.

use std::time::{Duration, Instant};

use crate::clock::{Clock, SystemClock};

use super::arrival::Arrivals;
use super::layout::Layout;
use super::pipe_options::{PipeContent, PipeInput, PipeOptions, Timestamps};
use super::pipe_stream::{FrameStop, Stream, woken};
use super::process::{Aside, Supervised};
use super::proof::{Flaw, Proof, text_line};
use super::secrets::Secrets;
use super::standard_input;
use super::stream::ReadStop;
use super::wake::Wake;
use super::y4m;
use super::{Frame, FrameSource, SourceError, check_rate, timestamp_at_rate_ns};

/// Lends the frames that a command, or whoever feeds standard input, writes.
///
/// Lines of text before the first raw frame are passed over. Whether raw frames have
/// the layout that was stated is looked at in every picture: one that leans or is
/// torn is skipped, and three of them in a row are a failure.
#[derive(Debug)]
pub struct PipeSource {
    label: String,
    secrets: Secrets,
    child: Option<Supervised>,
    /// There but while the source is dropped.
    stream: Option<Stream>,
    content: PipeContent,
    stamps: Stamps,
    read_timeout: Duration,
    frame: Vec<u8>,
    line: Vec<u8>,
    proof: Proof,
    sequence: u64,
    state: State,
}

#[derive(Debug)]
enum Stamps {
    Arrival(Arrivals),
    Rate(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Ended,
    Broken,
}

/// Lines of text that may come before the first raw frame.
const TEXT_LINES: usize = 100;

impl PipeSource {
    /// Starts the command, and reads the header of a YUV4MPEG2 stream.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) for settings that cannot work:
    /// no such program, an impossible size, a foreign stream format.
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) if no header
    /// comes.
    pub fn open(input: &PipeInput, options: PipeOptions) -> Result<Self, SourceError> {
        Self::open_woken(input, options, &Wake::never())
    }

    /// Like [`PipeSource::open`]; every wait for the command ends when `wake` is
    /// raised, here and later.
    ///
    /// # Errors
    /// As [`PipeSource::open`], and
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) once it is raised.
    pub fn open_woken(
        input: &PipeInput,
        options: PipeOptions,
        wake: &Wake,
    ) -> Result<Self, SourceError> {
        Self::open_aside(input, options, wake, Aside::default())
    }

    /// Like [`PipeSource::open_woken`]; a command gets what is `aside`.
    pub(super) fn open_aside(
        input: &PipeInput,
        options: PipeOptions,
        wake: &Wake,
        mut aside: Aside,
    ) -> Result<Self, SourceError> {
        let label = match input {
            PipeInput::Command(command) => command.to_string(),
            PipeInput::StandardInput => "standard input".to_string(),
        };
        let layout = stated_layout(options.content).map_err(|error| error.of(&label))?;
        if let Timestamps::Rate(fps) = options.timestamps {
            check_rate(fps).map_err(|error| error.of(&label))?;
        }
        let told = std::mem::take(&mut aside.secrets);
        let secrets = match input {
            PipeInput::Command(command) => Secrets::of(&command.argv).and(told),
            PipeInput::StandardInput => Secrets::default(),
        };
        let mut child = None;
        let stream = match input {
            PipeInput::Command(command) => {
                let header_ms = aside.header_timeout_ms.unwrap_or(options.read_timeout_ms);
                let first = PipeOptions { read_timeout_ms: header_ms, ..options };
                let (started, pipe) = Supervised::start(command, &secrets, aside)?;
                Stream::begin(pipe, layout, first, wake, Some(child.insert(started)))
            }
            PipeInput::StandardInput => match standard_input::take_up(options.content, wake) {
                Some(stream) => Ok(stream),
                None => standard_input::open()
                    .and_then(|pipe| Stream::begin(pipe, layout, options, wake, None)),
            },
        };
        let stream = stream.map_err(|error| error.retold(|what| secrets.hide(what)).of(&label))?;
        let source = Self::new((label.clone(), secrets), child, stream, options);
        source.map_err(|error| error.of(label))
    }

    fn new(
        (label, secrets): (String, Secrets),
        child: Option<Supervised>,
        stream: Stream,
        options: PipeOptions,
    ) -> Result<Self, SourceError> {
        let stamps =
            match options.timestamps {
                Timestamps::Arrival => Stamps::Arrival(Arrivals::new(stream.header_fps)),
                Timestamps::Rate(fps) => Stamps::Rate(fps),
                Timestamps::HeaderRate => Stamps::Rate(stream.header_fps.ok_or_else(|| {
                    SourceError::fatal("the stream states no frame rate: set one")
                })?),
            };
        Ok(Self {
            label,
            secrets,
            child,
            content: options.content,
            stamps,
            read_timeout: Duration::from_millis(options.read_timeout_ms.into()),
            frame: vec![0; stream.layout.frame_bytes()],
            stream: Some(stream),
            line: Vec::with_capacity(y4m::LINE_LIMIT_BYTES),
            proof: Proof::default(),
            sequence: 0,
            state: State::Running,
        })
    }

    /// Frames per second as the YUV4MPEG2 header states them.
    pub fn fps(&self) -> Option<f64> {
        self.stream().header_fps
    }

    fn stream(&self) -> &Stream {
        self.stream.as_ref().expect("it is taken when the source is dropped")
    }

    /// The frame that was lent last, once more; there must have been one.
    pub(super) fn lent(&self) -> Frame<'_> {
        let Layout { format, width_px, height_px, stride_bytes } = self.stream().layout;
        let (data, sequence) = (&self.frame[..], self.sequence.saturating_sub(1));
        Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns: 0, sequence }
    }

    fn is_y4m(&self) -> bool {
        self.content == PipeContent::Y4m
    }

    fn read_frame(&mut self) -> Result<(), FrameStop> {
        let deadline = Instant::now() + self.read_timeout;
        let is_y4m = self.is_y4m();
        let stream = self.stream.as_mut().expect("it is taken when the source is dropped");
        stream.reader.discard(&mut stream.owed, deadline)?;
        if is_y4m {
            match stream.reader.read_line(&mut self.line, y4m::LINE_LIMIT_BYTES, deadline) {
                Ok(()) if y4m::is_frame_line(&self.line) => {}
                Ok(()) | Err(ReadStop::LineTooLong) => return Err(FrameStop::OutOfStep),
                Err(ReadStop::Ended { after_bytes: 1.. }) => return Err(FrameStop::Partial(0)),
                Err(stop) => return Err(stop.into()),
            }
        }
        stream.fill(&mut self.frame, 0, is_y4m, deadline)?;
        if self.sequence > 0 || is_y4m {
            return Ok(());
        }
        for _ in 0..TEXT_LINES {
            let Some(length) = text_line(&self.frame) else { break };
            let text = String::from_utf8_lossy(&self.frame[..length]);
            log::warn!(
                "{}: text instead of a picture on standard output, passed over: {}",
                self.label,
                self.secrets.hide(text.trim())
            );
            self.frame.copy_within(length.., 0);
            let kept = self.frame.len() - length;
            stream.fill(&mut self.frame, kept, false, deadline)?;
        }
        Ok(())
    }

    /// Refuses a picture that cannot have the stated layout.
    fn prove(&mut self) -> Result<(), SourceError> {
        if self.is_y4m() {
            return Ok(());
        }
        let layout = self.stream().layout;
        let Some((flaw, is_certain)) = self.proof.flaw(&layout, &self.frame) else {
            return Ok(());
        };
        if !is_certain {
            return Err(SourceError::frame_skipped(flaw.to_string()));
        }
        self.state = State::Broken;
        Err(match flaw {
            Flaw::Stride(_) => SourceError::fatal(flaw.to_string()),
            Flaw::OutOfStep => SourceError::disconnected(flaw.to_string()),
        })
    }

    /// Decides between the end of the footage and a failure.
    fn stop(&mut self, stop: FrameStop) -> Result<(), SourceError> {
        self.state = State::Broken;
        let what = match stop {
            FrameStop::TimedOut => {
                let waited_ms = self.read_timeout.as_millis();
                return Err(SourceError::disconnected(format!("no frame for {waited_ms} ms")));
            }
            FrameStop::Woken => return Err(woken()),
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
        if let (None, FrameStop::Ended | FrameStop::Partial(_)) = (&self.child, &stop) {
            // Nobody can open it again.
            what.iter().for_each(|what| log::warn!("{}: {what}", self.label));
            self.state = State::Ended;
            return Ok(());
        }
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
        let layout = &self.stream().layout;
        let expected = layout.frame_bytes();
        let start = format!(
            "the stream ended inside a frame, after {bytes} of the {expected} bytes of {layout}"
        );
        if self.is_y4m() {
            return start;
        }
        let total = self.stream().reader.total_bytes();
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

impl Drop for PipeSource {
    fn drop(&mut self) {
        if let (None, Some(stream)) = (&self.child, self.stream.take())
            && self.state != State::Ended
        {
            standard_input::park(self.content, stream);
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
        let timestamp_ns = match &mut self.stamps {
            Stamps::Rate(fps) => timestamp_at_rate_ns(sequence, *fps),
            Stamps::Arrival(arrivals) => arrivals.stamp(SystemClock.monotonic_ns()),
        };
        self.prove().map_err(|error| error.of(&self.label))?;
        let Layout { format, width_px, height_px, stride_bytes } = self.stream().layout;
        let data = &self.frame[..];
        Ok(Some(Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns, sequence }))
    }

    fn describe(&self) -> String {
        format!("{}: {}", self.label, self.stream().layout)
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
