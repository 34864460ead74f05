//! From a source to a folder, until something ends it.

use std::path::PathBuf;

use super::clip::Clip;
use super::error::RecordError;
use super::library::{Header, Library};
use crate::capture::{Frame, FrameSource, Reopening, SourceError, SourceErrorKind};
use crate::clock::Clock;
use crate::output::ImageFormat;
use crate::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use crate::runtime::{MAX_STEP_PERIODS, OpenSource, RateControl, Shutdown};

/// A camera that was open for so long has recovered: its next loss begins with the
/// shortest pause.
const RECOVERED_MS: u64 = 30_000;

/// What to record, where to, and how much.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    pub folder: PathBuf,
    /// Frames a second; a faster source is thinned.
    pub fps: f64,
    /// Width and height; `None` for the source's own.
    pub size_px: Option<(usize, usize)>,
    pub channels: Channels,
    pub resize: Resize,
    pub image: ImageFormat,
    /// Size that the folder may reach.
    pub size_limit_bytes: u64,
    pub time_limit_ms: Option<u64>,
    /// Whether the end of the footage is a lost camera.
    pub end_is_loss: bool,
}

/// What a recording has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordStats {
    /// Pictures in the folder that this run has made.
    pub frames: u64,
    /// Finished clips of this run.
    pub clips: u64,
    /// Frames in clips that were too short to be of use.
    pub discarded: u64,
    /// Frames that could not be used.
    pub skipped: u64,
    pub reopened: u64,
    /// Of the folder, former runs included.
    pub used_bytes: u64,
}

/// Why a recording has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordEnd {
    /// A signal asked for it.
    Stopped,
    Footage,
    SizeLimit,
    TimeLimit,
}

/// Records until the footage ends, a limit is reached or shutdown is
/// requested; a lost camera is opened again, and its return begins a new clip.
/// `progress` is told after every frame.
///
/// # Errors
/// A source that cannot be opened at first, or for good; a folder that cannot
/// be written, as when the disk is full: what was recorded before is whole.
pub fn record(
    options: &RecordOptions,
    open: &mut OpenSource<'_>,
    clock: &dyn Clock,
    shutdown: &Shutdown,
    progress: &mut dyn FnMut(&RecordStats),
) -> Result<(RecordStats, RecordEnd), RecordError> {
    let limit_ms = options.time_limit_ms.map(|ms| clock.monotonic_ms().saturating_add(ms));
    let mut session = Session {
        options,
        clock,
        shutdown,
        limit_ms,
        recorder: None,
        stats: RecordStats::default(),
    };
    let outcome = session.run(open, progress);
    let closed = session.close_clip();
    let end = outcome.map_err(|error| session.explain(error))?;
    closed.map_err(|error| session.explain(error))?;
    Ok((session.stats, end))
}

struct Session<'a> {
    options: &'a RecordOptions,
    clock: &'a dyn Clock,
    shutdown: &'a Shutdown,
    limit_ms: Option<u64>,
    /// There once the first frame has come.
    recorder: Option<Recorder>,
    stats: RecordStats,
}

struct Recorder {
    spec: InputSpec,
    preprocessor: Preprocessor,
    library: Library,
    clip: Option<Clip>,
    planes: Vec<u8>,
    bytes: Vec<u8>,
}

impl Session<'_> {
    fn run(
        &mut self,
        open: &mut OpenSource<'_>,
        progress: &mut dyn FnMut(&RecordStats),
    ) -> Result<RecordEnd, RecordError> {
        let mut reopening = Reopening::default();
        loop {
            if let Some(end) = self.limit() {
                return Ok(end);
            }
            let begun_ms = self.clock.monotonic_ms();
            let loss = match self.one_opening(open, progress) {
                Ok(end) => return Ok(end),
                Err(RecordError::Source(error)) => error,
                Err(error) => return Err(error),
            };
            if self.shutdown.is_requested() {
                return Ok(RecordEnd::Stopped);
            }
            // A camera that has worked was configured well; a recording stays what it is.
            let for_good = loss.kind() == SourceErrorKind::Fatal && !self.options.end_is_loss;
            if self.recorder.is_none() || for_good {
                return Err(loss.into());
            }
            if self.clock.monotonic_ms().saturating_sub(begun_ms) >= RECOVERED_MS {
                reopening.reset();
            }
            log::warn!("camera lost: {loss}");
            self.close_clip()?;
            if let Some(recorder) = &mut self.recorder {
                recorder.preprocessor.forget_source();
            }
            if self.shutdown.sleep_ms(reopening.next_pause_ms(self.clock)) {
                return Ok(RecordEnd::Stopped);
            }
            self.stats.reopened += 1;
        }
    }

    /// Reads a source to its end.
    fn one_opening(
        &mut self,
        open: &mut OpenSource<'_>,
        progress: &mut dyn FnMut(&RecordStats),
    ) -> Result<RecordEnd, RecordError> {
        let mut source = open()?;
        let camera = source.describe();
        log::info!("recording from {camera}");
        let mut rate = RateControl::new(self.period_ns());
        loop {
            if let Some(end) = self.limit() {
                return Ok(end);
            }
            let frame = match source.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) if self.options.end_is_loss => {
                    return Err(SourceError::disconnected("the source ended").into());
                }
                Ok(None) => return Ok(RecordEnd::Footage),
                Err(error) if error.kind() == SourceErrorKind::FrameSkipped => {
                    self.skip(&error);
                    continue;
                }
                Err(error) if error.kind() == SourceErrorKind::Settling => continue,
                Err(error) => return Err(error.into()),
            };
            if !rate.accepts(frame.timestamp_ns) {
                continue;
            }
            if let Some(end) = self.take(&frame, &camera)? {
                return Ok(end);
            }
            progress(&self.stats);
        }
    }

    fn period_ns(&self) -> u64 {
        (1e9 / self.options.fps).round() as u64
    }

    fn limit(&self) -> Option<RecordEnd> {
        let now_ms = self.clock.monotonic_ms();
        match self.limit_ms {
            _ if self.shutdown.is_requested() => Some(RecordEnd::Stopped),
            Some(limit_ms) if now_ms >= limit_ms => Some(RecordEnd::TimeLimit),
            _ => None,
        }
    }

    fn skip(&mut self, reason: &dyn std::fmt::Display) {
        self.stats.skipped += 1;
        log::warn!("a frame was skipped: {reason}");
    }

    fn take(&mut self, frame: &Frame<'_>, camera: &str) -> Result<Option<RecordEnd>, RecordError> {
        let start_unix_s = self.clock.wall_ns() / 1_000_000_000;
        let recorder = match &mut self.recorder {
            Some(recorder) => recorder,
            None => {
                let begun = Recorder::begin(self.options, frame, camera, start_unix_s)?;
                self.recorder.insert(begun)
            }
        };
        if let Err(error) = recorder.preprocessor.process(frame, &mut recorder.planes) {
            self.skip(&error);
            return Ok(None);
        }
        let image = self.options.image;
        image
            .encode(recorder.spec, &recorder.planes, &mut recorder.bytes)
            .map_err(RecordError::Encoding)?;
        let cost_bytes = Library::cost_bytes(recorder.bytes.len());
        if recorder.library.used_bytes() + cost_bytes > self.options.size_limit_bytes {
            return Ok(Some(RecordEnd::SizeLimit));
        }
        let max_step_ns = (1e9 / self.options.fps * MAX_STEP_PERIODS) as u64;
        let goes_on = |clip: &Clip| clip.goes_on_at(frame.timestamp_ns, max_step_ns);
        if !recorder.clip.as_ref().is_some_and(goes_on) {
            self.close_clip()?;
        }
        let Some(recorder) = &mut self.recorder else { return Ok(None) };
        let clip = match &mut recorder.clip {
            Some(clip) => clip,
            None => recorder.clip.insert(Clip::begin(&mut recorder.library, start_unix_s)?),
        };
        let extension = image.extension();
        clip.add(&mut recorder.library, extension, &recorder.bytes, frame.timestamp_ns)?;
        self.stats.frames += 1;
        self.stats.used_bytes = recorder.library.used_bytes();
        Ok(None)
    }

    fn close_clip(&mut self) -> Result<(), RecordError> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        let Some(clip) = recorder.clip.take() else { return Ok(()) };
        let frames = clip.frames();
        let kept = clip.finish(&mut recorder.library)?;
        self.stats.used_bytes = recorder.library.used_bytes();
        self.stats.frames -= frames - kept;
        self.stats.discarded += frames - kept;
        self.stats.clips += u64::from(kept > 0);
        Ok(())
    }

    /// Adds to a failed write what is left of the recording.
    fn explain(&self, error: RecordError) -> RecordError {
        let RecordError::File { file, error } = error else { return error };
        let frames = self.stats.frames;
        if frames == 0 {
            return RecordError::File { file, error };
        }
        let why = if is_full(&error) { "the disk is full" } else { "it cannot be written" };
        let text = format!("{why} ({error}); the {frames} frames recorded before are whole");
        RecordError::File { file, error: std::io::Error::new(error.kind(), text) }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl Recorder {
    fn begin(
        options: &RecordOptions,
        frame: &Frame<'_>,
        camera: &str,
        start_unix_s: u64,
    ) -> Result<Self, RecordError> {
        let own = (frame.width_px as usize, frame.height_px as usize);
        let (width_px, height_px) = options.size_px.unwrap_or(own);
        let RecordOptions { fps, channels, resize, image, .. } = *options;
        let spec = InputSpec { width_px, height_px, channels, resize, relight: false };
        let header = Header { fps, width_px, height_px, channels, image };
        Ok(Self {
            spec,
            preprocessor: Preprocessor::new(spec),
            library: Library::open(&options.folder, header, camera, start_unix_s)?,
            clip: None,
            planes: vec![0; spec.frame_len()],
            bytes: Vec::new(),
        })
    }
}
