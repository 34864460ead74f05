//! The manifest of a bundle: what it is, what its network expects, and the
//! checksum of each of its files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::precision::Precision;
use crate::preprocess::{Channels, InputSpec, Resize};

/// Version of the bundle's layout that this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The farthest back that a network may see, in frames.
pub const MAX_PAST_FRAMES: usize = 15;

/// `manifest.toml`: what a bundle is, and the checksum of each of its files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Must equal [`FORMAT_VERSION`].
    pub format_version: u32,
    pub name: String,
    /// The training preset, for instance `edge`.
    pub preset: String,
    /// What the graphs compute in; the graphs themselves must agree.
    pub precision: Precision,
    /// One sentence: the footage that it learnt from.
    pub training_data: String,
    /// One sentence: what may be done with it.
    pub licence_note: String,
    pub input: InputSection,
    pub memory: MemorySection,
    pub score: ScoreSection,
    /// File name → SHA-256 in hexadecimal, for every other file in the folder.
    pub files: BTreeMap<String, String>,
}

/// `[input]`: the frames that the network was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputSection {
    pub width_px: usize,
    pub height_px: usize,
    pub channels: Channels,
    /// t, the number of past frames that the encoder sees.
    pub frames: usize,
    /// g: frame i is predicted from frames i − t·g to i − g, every g-th.
    /// 1, consecutive frames, where it is left out. 0 where the network is
    /// given frame i itself and reconstructs it; t is 1 then.
    #[serde(default = "consecutive", skip_serializing_if = "is_consecutive")]
    pub frame_spacing: usize,
    /// Frames a second of the training footage.
    pub fps: f64,
    pub resize: Resize,
    /// Whether jumps of the light are taken out of the pictures, as they were in training.
    #[serde(default, skip_serializing_if = "is_false")]
    pub relight: bool,
}

fn consecutive() -> usize {
    1
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_consecutive(spacing: &usize) -> bool {
    *spacing == 1
}

impl InputSection {
    pub fn spec(&self) -> InputSpec {
        InputSpec {
            width_px: self.width_px,
            height_px: self.height_px,
            channels: self.channels,
            resize: self.resize,
            relight: self.relight,
        }
    }

    /// Whether the network is given the very frame that is judged.
    pub fn reconstructs(&self) -> bool {
        self.frame_spacing == 0
    }

    /// t·g: how many frames back the oldest one lies that the encoder sees.
    pub fn past_span(&self) -> usize {
        self.frames * self.frame_spacing
    }

    /// Time between two frames.
    pub fn period_ns(&self) -> u64 {
        (1e9 / self.fps).round() as u64
    }
}

/// A slower camera is no watch, and what is old would count as new for hours.
const MIN_FPS: f64 = 0.1;

/// c of the relative error unless the manifest has another: chosen on held-out
/// footage with pasted walkers, docs/results.md.
pub const DEFAULT_TEXTURE_FLOOR: f32 = 0.01;

/// With a longer time constant nobody stays for long enough to be seen.
pub const MAX_SMOOTHING_MS: u32 = 10_000;

/// Squared grey levels from 0 to 1 are divided by it and what is added to it: a
/// larger one lets nothing count. Infinite stands for none.
pub fn is_texture_floor(value: f32) -> bool {
    value > 0.0 && value <= 1.0 || value == f32::INFINITY
}

/// Time constant of the score's smoothing unless the manifest has another.
pub const DEFAULT_SMOOTHING_MS: u32 = 300;

/// `[memory]`: M items of C channels, and how they are read.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySection {
    pub items: usize,
    pub channels: usize,
    /// Divides the cosine similarities before the softmax; 1 in the paper.
    pub temperature: f32,
}

/// `[score]`: constants of the score that belong to the model.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreSection {
    /// λ of the paper's score, its weight of the PSNR against the distance.
    pub lambda: f64,
    /// γ, the largest weighted error at which the memory may be updated.
    pub gate_threshold: f64,
    /// Side of the box filter over the squared error map, in model pixels.
    pub block_px: usize,
    /// c of the blocks' relative error; see `score::BlockTerm`.
    #[serde(default = "default_texture_floor")]
    pub texture_floor: f32,
    /// k of the blocks' relative error; see `score::BlockTerm`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub motion_factor: f32,
    /// Time constant of the score's smoothing.
    #[serde(default = "default_smoothing_ms")]
    pub smoothing_ms: u32,
    /// Weight of the memory term beside the block term's 1, for a calibration
    /// that is not told otherwise.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub memory_weight: f32,
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

fn default_texture_floor() -> f32 {
    DEFAULT_TEXTURE_FLOOR
}

fn default_smoothing_ms() -> u32 {
    DEFAULT_SMOOTHING_MS
}

impl Manifest {
    /// Parses a manifest and checks that its values make sense together.
    ///
    /// # Errors
    /// One sentence without the file's name, which the caller knows.
    pub fn parse(text: &str) -> Result<Self, String> {
        let version = text.parse::<toml::Table>().map_err(|e| e.to_string())?;
        match version.get("format_version").and_then(toml::Value::as_integer) {
            Some(v) if v == i64::from(FORMAT_VERSION) => {}
            Some(v) => {
                return Err(format!(
                    "format version {v}, but this program reads version {FORMAT_VERSION}: \
                     export the bundle again with the toolchain of this release"
                ));
            }
            None => return Err("no `format_version`".into()),
        }
        let manifest: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        manifest.check()?;
        Ok(manifest)
    }

    /// What the network's input, memory and score are, in a form that is the same
    /// however the file is written.
    pub(super) fn conditions(&self) -> String {
        #[derive(Serialize)]
        struct Conditions<'a> {
            input: &'a InputSection,
            memory: &'a MemorySection,
            score: &'a ScoreSection,
        }
        let Self { input, memory, score, .. } = self;
        toml::to_string(&Conditions { input, memory, score }).expect("plain data")
    }

    fn check(&self) -> Result<(), String> {
        let input = &self.input;
        let positive = [
            ("input.width_px", input.width_px),
            ("input.height_px", input.height_px),
            ("input.frames", input.frames),
            ("memory.items", self.memory.items),
            ("memory.channels", self.memory.channels),
            ("score.block_px", self.score.block_px),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, value)| !(1..=4096).contains(value)) {
            return Err(format!("`{key}` must be between 1 and 4096"));
        }
        let span = input.frames.checked_mul(input.frame_spacing);
        if span.is_none_or(|span| span > MAX_PAST_FRAMES) {
            return Err(format!(
                "`input.frames` times `input.frame_spacing` must be at most {MAX_PAST_FRAMES}"
            ));
        }
        if input.reconstructs() && input.frames != 1 {
            return Err(
                "`input.frame_spacing` of 0, a network that reconstructs the frame itself, \
                 goes with `input.frames` of 1 alone"
                    .into(),
            );
        }
        if self.memory.items < 2 {
            return Err(
                "`memory.items` must be at least 2: the score needs a second-nearest".into()
            );
        }
        if !(MIN_FPS..=1000.0).contains(&input.fps) {
            return Err(format!("`input.fps` must be between {MIN_FPS} and 1000"));
        }
        if !(self.memory.temperature > 0.0 && self.memory.temperature.is_finite()) {
            return Err("`memory.temperature` must be above 0".into());
        }
        if !(0.0..=1.0).contains(&self.score.lambda) {
            return Err("`score.lambda` must be between 0 and 1".into());
        }
        if !(0.0..=1000.0).contains(&self.score.gate_threshold) {
            return Err("`score.gate_threshold` must be between 0 and 1000".into());
        }
        self.check_block_rule().map_err(|what| format!("`score.{what}"))?;
        if !(0.0..=1000.0).contains(&self.score.memory_weight) {
            return Err("`score.memory_weight` must be between 0 and 1000".into());
        }
        Ok(())
    }

    /// The ranges of `score::BlockRule`, which comes of it.
    fn check_block_rule(&self) -> Result<(), &'static str> {
        let ScoreSection { texture_floor, motion_factor, smoothing_ms, .. } = self.score;
        if !is_texture_floor(texture_floor) {
            return Err("texture_floor` must be above 0 and at most 1, or infinite");
        }
        if !(0.0..=1000.0).contains(&motion_factor) {
            return Err("motion_factor` must be between 0 and 1000");
        }
        if smoothing_ms > MAX_SMOOTHING_MS {
            return Err("smoothing_ms` must be at most 10000");
        }
        Ok(())
    }
}
