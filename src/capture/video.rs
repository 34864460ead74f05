//! Video files, decoded by the `ffmpeg` program.

use std::path::Path;
use std::time::Duration;

use super::ffmpeg::{FFMPEG, Release, is_installed};
use super::process::Aside;
use super::video_holes::Holes;
use super::video_messages::{Announced, Announcements};
use super::{
    Frame, FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource, SourceError,
    SourceErrorKind, Timestamps, Wake, check_rate,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoOptions {
    /// Frames are numbered by their place at this rate, and those of a file without
    /// times are taken to be so far apart; `None` counts them.
    pub fps: Option<f64>,
    /// How long to wait for each frame.
    pub read_timeout_ms: u32,
}

/// Lends the frames of a video file as I420, each with the time that the file gives
/// it, from its start: nothing is repeated over a hole. Frames that the decoder says
/// are damaged, and those that were made from them, are skipped.
#[derive(Debug)]
pub struct VideoSource {
    path: String,
    pipe: PipeSource,
    announcements: Announcements,
    fps: Option<f64>,
    read_timeout: Duration,
    /// Time in the file of the first frame.
    start_s: Option<f64>,
    last_ns: Option<u64>,
    last_sequence: u64,
    holes: Holes,
    has_reported: bool,
}

/// The rate of a file that tells no times, where nobody states another.
const GUESSED_FPS: f64 = 25.0;

impl VideoSource {
    /// Starts `ffmpeg` on the file and reads the stream's header.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) if the file cannot be opened
    /// or is no video, or if `ffmpeg` is not installed.
    pub fn open(path: impl AsRef<Path>, options: VideoOptions) -> Result<Self, SourceError> {
        Self::open_woken(path, options, &Wake::never())
    }

    /// Like [`VideoSource::open`]; every wait for the decoder ends when `wake` is
    /// raised.
    ///
    /// # Errors
    /// As [`VideoSource::open`].
    pub fn open_woken(
        path: impl AsRef<Path>,
        options: VideoOptions,
        wake: &Wake,
    ) -> Result<Self, SourceError> {
        Self::open_with(FFMPEG, path.as_ref(), options, wake)
    }

    fn open_with(
        program: &str,
        path: &Path,
        options: VideoOptions,
        wake: &Wake,
    ) -> Result<Self, SourceError> {
        let name = path.display();
        std::fs::File::open(path)
            .map_err(|error| SourceError::fatal(format!("cannot open {name}: {error}")))?;
        let Some(path) = path.to_str() else {
            return Err(SourceError::fatal("rename it, the name is not UTF-8").of(name));
        };
        let pipe_options = PipeOptions {
            content: PipeContent::Y4m,
            timestamps: Timestamps::Rate(GUESSED_FPS),
            read_timeout_ms: options.read_timeout_ms,
        };
        options.fps.map_or(Ok(()), check_rate).map_err(|error| error.of(path))?;
        if !is_installed(program) {
            let what = format!(
                "{program} is not installed: apt install ffmpeg, or extract the frames into a folder"
            );
            return Err(SourceError::fatal(what).of(path));
        }
        let command =
            PipeCommand { argv: arguments(program, path, Release::of(program).keeping_times()) };
        // A file stays what it is: what a camera might recover from is final.
        let announcements = Announcements::default();
        let input = PipeInput::Command(command);
        let aside = Aside { tap: Some(announcements.tap()), ..Aside::default() };
        let pipe = PipeSource::open_aside(&input, pipe_options, wake, aside)
            .map_err(|error| SourceError::fatal(format!("cannot play {path}: {error}")))?;
        Ok(Self {
            path: path.to_string(),
            pipe,
            announcements,
            fps: options.fps,
            read_timeout: Duration::from_millis(options.read_timeout_ms.into()),
            start_s: None,
            last_ns: None,
            last_sequence: 0,
            holes: Holes::new(options.fps.unwrap_or(GUESSED_FPS)),
            has_reported: false,
        })
    }

    /// The frame that was lent last, once more.
    pub fn last_frame(&self) -> Option<Frame<'_>> {
        let (timestamp_ns, sequence) = (self.last_ns?, self.last_sequence);
        Some(Frame { timestamp_ns, sequence, ..self.pipe.lent() })
    }

    /// What the file says of the next frame, which has come.
    fn announced(&mut self) -> Result<Announced, SourceError> {
        let silent = || SourceError::fatal("the decoder does not say when its pictures are from");
        self.announcements.next(self.read_timeout).ok_or_else(|| silent().of(&self.path))
    }

    /// The time of the frame after the last one.
    fn time_ns(&mut self, announced: Announced, number: u64) -> u64 {
        let period_ns = 1e9 / self.fps.unwrap_or(GUESSED_FPS);
        let stated_s = announced.time_s.filter(|_| !self.announcements.is_bare());
        let Some(stated_s) = stated_s else {
            if number == 0 {
                let fps = 1e9 / period_ns;
                log::warn!(
                    "{}: it has no times of its own: its pictures are taken to be {fps} a second; \
                     `--fps` states another rate",
                    self.path
                );
            }
            return (number as f64 * period_ns) as u64;
        };
        let start_s = *self.start_s.get_or_insert(stated_s);
        let file_ns = ((stated_s - start_s) * 1e9).round() as i64;
        self.holes.time_ns(self.last_ns, file_ns, &self.path)
    }

    /// Sums up what the decoder complained of.
    fn report(&mut self) {
        if std::mem::replace(&mut self.has_reported, true) {
            return;
        }
        let (complaints, last) = self.announcements.complaints();
        if complaints > 0 {
            log::warn!("{}: the decoder complained {complaints} times, last: {last}", self.path);
        }
        self.holes.report(&self.path);
    }
}

impl FrameSource for VideoSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let number = match self.pipe.next_frame() {
            Ok(Some(frame)) => frame.sequence,
            Ok(None) => {
                self.report();
                return Ok(None);
            }
            Err(error) => {
                let error = error.of(&self.path);
                return Err(match error.kind() {
                    SourceErrorKind::Disconnected => error.with_kind(SourceErrorKind::Fatal),
                    _ => error,
                });
            }
        };
        let announced = self.announced()?;
        if announced.is_damaged {
            let what = "the decoder says that it is damaged, or made from one that is";
            return Err(SourceError::frame_skipped(what).of(&self.path));
        }
        let timestamp_ns = self.time_ns(announced, number);
        match self.last_ns {
            Some(last_ns) if timestamp_ns <= last_ns => {
                let what = "it is no later than the one before";
                return Err(SourceError::frame_skipped(what).of(&self.path));
            }
            _ => {}
        }
        self.last_ns = Some(timestamp_ns);
        let place = |fps: f64| (timestamp_ns as f64 * fps / 1e9).round() as u64;
        self.last_sequence = self.fps.map_or(number, place);
        Ok(self.last_frame())
    }

    fn describe(&self) -> String {
        format!("{}, through {}", self.path, self.pipe.describe())
    }
}

/// The `file:` prefix keeps a name with a colon from being taken for a URL.
///
/// The times of the pictures go to standard error: the stream has room for none.
/// Pictures are handed over as they come: `ffmpeg` would repeat some over a hole to keep
/// to a rate, and drop some where the stream changes its size.
fn arguments(program: &str, path: &str, keeping_times: &str) -> Vec<String> {
    let file = format!("file:{path}");
    let before = ["-hide_banner", "-nostats", "-loglevel", "level+info", "-nostdin", "-i", &file];
    let after = [
        "-map",
        "0:v:0",
        "-vf",
        "showinfo=checksum=0",
        keeping_times,
        "passthrough",
        "-enc_time_base",
        "1:90000",
        "-pix_fmt",
        "yuv420p",
        "-f",
        "yuv4mpegpipe",
        "-",
    ];
    [&[program][..], &before, &after].concat().into_iter().map(String::from).collect()
}

#[cfg(test)]
mod tests;
