//! Footage of every kind as clips of model frames, read through the runtime.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use normwatch::capture::{FrameSource, SourceErrorKind};
use normwatch::model::InputSection;
use normwatch::preprocess::{PreprocessError, Preprocessor};
use normwatch::replay::{Clip, list_footage};
use normwatch_progress::ProgressBar;
use sha2::{Digest, Sha256};

/// All frames of some normal footage, as the device would hand them to the
/// network: its own sources, its own preprocessing.
#[derive(Debug)]
pub struct Footage {
    pub clips: Vec<ClipFrames>,
    /// Why each unreadable frame was left out.
    pub skipped: Vec<String>,
    /// How many frames had a jump of the light that was taken out.
    pub light_jumps: u64,
    frame_len: usize,
}

/// One clip; it falls into segments where a frame could not be read, because
/// a window has no gaps.
#[derive(Clone, Debug)]
pub struct ClipFrames {
    pub name: String,
    /// Consecutive frames, planar u8, one after the other.
    pub segments: Vec<Vec<u8>>,
}

/// Share of the frames with a jump of the light beyond which jumps are not taken out.
const FLICKER_SHARE: f64 = 0.02;

/// The name of the file that `normwatch record` puts beside its clips.
const RECORDING: &str = "recording.toml";

/// The rate that a recording was made at, where `path` is one.
///
/// # Errors
/// A `recording.toml` that says no rate.
pub fn recorded_fps(path: &Path) -> Result<Option<f64>> {
    let file = path.join(RECORDING);
    if !file.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let table: toml::Table = text.parse().with_context(|| file.display().to_string())?;
    let fps = table.get("fps").and_then(|v| v.as_float().or(v.as_integer().map(|v| v as f64)));
    match fps {
        Some(fps) => Ok(Some(fps)),
        None => bail!("{} has no `fps`: give --fps", file.display()),
    }
}

impl Footage {
    /// Reads folders of images, folders of such folders, recordings and video
    /// files. Images are taken to be 1/`input.fps` s apart, video files are
    /// played at that rate.
    ///
    /// # Errors
    /// Nothing there, frames of different sizes, or a still picture.
    pub fn read(paths: &[PathBuf], input: &InputSection, bar: &ProgressBar) -> Result<Self> {
        let mut reader = Reader {
            preprocessor: Preprocessor::new(input.spec()).steadied(true),
            footage: Self {
                clips: Vec::new(),
                skipped: Vec::new(),
                light_jumps: 0,
                frame_len: input.spec().frame_len(),
            },
            bar,
        };
        for path in paths {
            let clips = list_footage(path)?;
            bar.inc_length(clips.iter().filter_map(Clip::len).sum::<usize>() as u64);
            for clip in &clips {
                reader.clip(clip, input.fps)?;
            }
        }
        let light_jumps = reader.preprocessor.light_jumps();
        let footage = Self { light_jumps, ..reader.footage };
        footage.check()?;
        Ok(footage)
    }

    fn check(&self) -> Result<()> {
        let frames = self.frame_count();
        ensure!(frames > 0, "no frame could be read{}", self.first_skipped());
        let mut all = self.clips.iter().flat_map(|clip| &clip.segments);
        let first = all.next().map_or(&[][..], |segment| &segment[..self.frame_len]);
        let still = |segment: &Vec<u8>| segment.chunks_exact(self.frame_len).all(|f| f == first);
        ensure!(
            !self.clips.iter().flat_map(|clip| &clip.segments).all(still),
            "all {frames} frames are equal: the camera shows a still picture, and there is \
             nothing to learn from it"
        );
        Ok(())
    }

    pub fn frame_count(&self) -> usize {
        self.clips.iter().map(|clip| clip.frame_count(self.frame_len)).sum()
    }

    /// Whether the light jumps so often that it is how the scene looks: a fire, a screen.
    pub fn flickers(&self) -> bool {
        self.light_jumps as f64 > FLICKER_SHARE * self.frame_count() as f64
    }

    /// "; N frames were skipped, the first: …", or nothing.
    pub fn first_skipped(&self) -> String {
        match self.skipped.first() {
            Some(first) => {
                format!("; {} frames were skipped, the first: {first}", self.skipped.len())
            }
            None => String::new(),
        }
    }

    /// SHA-256 over all frames in order.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        for segment in self.clips.iter().flat_map(|clip| &clip.segments) {
            hasher.update((segment.len() as u64).to_le_bytes());
            hasher.update(segment);
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Splits off what only validation sees: the last `share` of the clips
    /// where there are at least four, else the last `share` of each, but no
    /// less than a window of `span` frames.
    pub fn split(self, share: f64, span: usize) -> (Vec<ClipFrames>, Vec<ClipFrames>) {
        let mut training = self.clips;
        if training.len() >= 4 {
            let held = ((training.len() as f64 * share).round() as usize).max(1);
            let validation = training.split_off(training.len() - held.min(training.len() - 1));
            return (training, validation);
        }
        let validation = training.iter_mut().map(|clip| clip.cut_tail(share, span, self.frame_len));
        let validation = validation.collect();
        (training, validation)
    }
}

impl ClipFrames {
    pub fn frame_count(&self, frame_len: usize) -> usize {
        self.segments.iter().map(|segment| segment.len() / frame_len).sum()
    }

    fn cut_tail(&mut self, share: f64, span: usize, frame_len: usize) -> Self {
        let count = self.frame_count(frame_len);
        let mut left = ((count as f64 * share).round() as usize).max(span).min(count);
        let mut tail = Vec::new();
        while let Some(mut segment) = self.segments.pop() {
            let frames = segment.len() / frame_len;
            if frames > left {
                let cut = segment.split_off((frames - left) * frame_len);
                self.segments.push(segment);
                segment = cut;
            }
            left -= frames.min(left);
            tail.insert(0, segment);
            if left == 0 {
                break;
            }
        }
        let frames = tail.iter().map(|segment| segment.len() / frame_len).sum::<usize>();
        Self { name: format!("{}, last {frames} frames", self.name), segments: tail }
    }
}

struct Reader<'a> {
    preprocessor: Preprocessor,
    footage: Footage,
    bar: &'a ProgressBar,
}

impl Reader<'_> {
    fn clip(&mut self, clip: &Clip, fps: f64) -> Result<()> {
        self.bar.set_message(format!("reading {}", clip.name));
        let mut frames = ClipFrames { name: clip.name.clone(), segments: Vec::new() };
        let mut segment = Vec::new();
        let mut source = clip.open(fps)?;
        self.preprocessor.forget_view();
        loop {
            match self.frame(source.as_mut(), &mut segment) {
                Ok(true) => self.bar.inc(1),
                Ok(false) => break,
                Err(Unread::Skipped(why)) => {
                    self.bar.inc(1);
                    self.footage.skipped.push(format!("{}: {why}", clip.path.display()));
                    frames.push(&mut segment);
                }
                Err(Unread::Fatal(error)) => {
                    return Err(error.context(clip.path.display().to_string()));
                }
            }
        }
        frames.push(&mut segment);
        self.footage.clips.push(frames);
        Ok(())
    }

    /// Appends the next frame; false at the end.
    fn frame(&mut self, source: &mut dyn FrameSource, to: &mut Vec<u8>) -> Result<bool, Unread> {
        let frame = match source.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(false),
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => {
                return Err(Unread::Skipped(error.to_string()));
            }
            Err(error) => return Err(Unread::Fatal(error.into())),
        };
        let (start, sequence) = (to.len(), frame.sequence);
        to.resize(start + self.footage.frame_len, 0);
        match self.preprocessor.process(&frame, &mut to[start..]) {
            Ok(()) => Ok(true),
            Err(error @ PreprocessError::SizeChanged { .. }) => {
                Err(Unread::Fatal(anyhow::anyhow!(
                    "frame {sequence}: {error}: all footage must be of one size; leave the others out"
                )))
            }
            Err(error) => {
                to.truncate(start);
                Err(Unread::Skipped(format!("frame {sequence}: {error}")))
            }
        }
    }
}

enum Unread {
    Skipped(String),
    Fatal(anyhow::Error),
}

impl ClipFrames {
    fn push(&mut self, segment: &mut Vec<u8>) {
        if !segment.is_empty() {
            self.segments.push(std::mem::take(segment));
        }
    }
}
