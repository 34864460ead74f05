//! Recorded footage: where its clips are, and how each is opened.

use std::path::{Path, PathBuf};

use crate::capture::{
    FolderSource, Frame, FrameSource, SourceError, SourceErrorKind, VideoOptions, VideoSource,
    list_clips,
};
use crate::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use crate::runtime::{MAX_STEP_PERIODS, RateControl};

/// A decoder that is silent for this long has hung.
const VIDEO_TIMEOUT_MS: u32 = 30_000;

/// One clip of recorded footage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    pub name: String,
    pub path: PathBuf,
}

/// Finds the clips of a folder of images, a folder of such folders, a data set
/// with a `frames` folder, or a video file.
///
/// # Errors
/// Nothing there that could be played.
pub fn list_footage(path: &Path) -> Result<Vec<Clip>, SourceError> {
    if path.is_file() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(vec![Clip { name, path: path.to_path_buf() }]);
    }
    let clips = list_clips(path)?;
    Ok(clips.into_iter().map(|(name, path)| Clip { name, path }).collect())
}

impl Clip {
    /// Opens the clip. Images are taken to be `fps` apart; a video file brings
    /// its own time, and is thinned to `fps`. Where it has no pictures for longer
    /// than a window bears, a skipped frame says so.
    ///
    /// # Errors
    /// The source's.
    pub fn open(&self, fps: f64) -> Result<Box<dyn FrameSource + Send>, SourceError> {
        if self.path.is_file() {
            let options = VideoOptions { fps: Some(fps), read_timeout_ms: VIDEO_TIMEOUT_MS };
            let video = VideoSource::open(&self.path, options)?;
            return Ok(Box::new(Thinned::new(video, fps)));
        }
        let folder = FolderSource::open(&self.path, fps)?;
        if folder.hidden_files() > 0 {
            log::warn!("{}", folder.describe());
        }
        Ok(Box::new(folder))
    }

    /// Number of frames, where it is known before playing.
    pub fn len(&self) -> Option<usize> {
        FolderSource::open(&self.path, 1.0).ok().map(|source| source.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Hands one frame to `with`, in its own size and format.
    ///
    /// # Errors
    /// The source's; also when there is no such frame.
    pub fn with_frame<T>(
        &self,
        sequence: u64,
        fps: f64,
        with: impl FnOnce(&Frame<'_>) -> T,
    ) -> Result<T, SourceError> {
        if self.path.is_dir() {
            let mut source = FolderSource::open(&self.path, fps)?;
            source.seek(sequence);
            if let Some(frame) = source.next_frame()? {
                return Ok(with(&frame));
            }
        } else {
            let mut source = self.open(fps)?;
            loop {
                match source.next_frame() {
                    Ok(Some(frame)) if frame.sequence == sequence => return Ok(with(&frame)),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) if error.kind() == SourceErrorKind::FrameSkipped => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Err(SourceError::frame_skipped(format!("{}: no frame {sequence}", self.path.display())))
    }

    /// The luma of one frame in its own size: pixels row by row, width and
    /// height.
    ///
    /// # Errors
    /// As [`Clip::with_frame`]; also a frame that cannot be decoded.
    pub fn luma(&self, sequence: u64, fps: f64) -> Result<(Vec<u8>, usize, usize), SourceError> {
        let decoded = self.with_frame(sequence, fps, |frame| {
            let (width_px, height_px) = (frame.width_px as usize, frame.height_px as usize);
            let resize = Resize::Bilinear;
            let spec =
                InputSpec { width_px, height_px, channels: Channels::Luma, resize, relight: false };
            let mut grey = vec![0; spec.frame_len()];
            Preprocessor::new(spec).process(frame, &mut grey).map(|()| (grey, width_px, height_px))
        })?;
        decoded.map_err(|error| {
            let message = format!("{}: frame {sequence}: {error}", self.path.display());
            SourceError::frame_skipped(message)
        })
    }
}

/// A video at no more than a rate.
struct Thinned {
    video: VideoSource,
    rate: RateControl,
    max_step_ns: u64,
    last_ns: Option<u64>,
    /// The video's last frame came behind a hole, which was told of.
    is_held: bool,
}

impl Thinned {
    fn new(video: VideoSource, fps: f64) -> Self {
        let period_ns = 1e9 / fps;
        let max_step_ns = (period_ns * MAX_STEP_PERIODS) as u64;
        let rate = RateControl::new(period_ns.round() as u64);
        Self { video, rate, max_step_ns, last_ns: None, is_held: false }
    }
}

impl FrameSource for Thinned {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        while !std::mem::take(&mut self.is_held) {
            let Some(frame) = self.video.next_frame()? else { return Ok(None) };
            let now_ns = frame.timestamp_ns;
            if !self.rate.accepts(now_ns) {
                continue;
            }
            let step_ns = now_ns - self.last_ns.replace(now_ns).unwrap_or(now_ns);
            if step_ns <= self.max_step_ns {
                break;
            }
            self.is_held = true;
            let what = format!("no pictures for {:.1} s", step_ns as f64 / 1e9);
            return Err(SourceError::frame_skipped(what));
        }
        Ok(self.video.last_frame())
    }

    fn describe(&self) -> String {
        self.video.describe()
    }
}
