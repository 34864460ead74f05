//! A block of the error map, and the rule by which blocks are compared.

use serde::{Deserialize, Serialize};

use crate::model::{MAX_SMOOTHING_MS, ScoreSection, is_texture_floor};

/// A square of the error map, in model pixels, and the error inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Block {
    pub x_px: usize,
    pub y_px: usize,
    pub size_px: usize,
    /// Mean squared error of this frame on the 0..=1 scale; unwatched pixels
    /// count as zero.
    pub mean_sq: f32,
    /// What the block is judged by: the relative error, smoothed in place.
    pub ratio: f32,
}

/// How an error map becomes the block term: `[block]` of a calibration, and
/// part of `[score]` in a manifest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRule {
    /// Side of the box filter, in model pixels.
    pub block_px: usize,
    /// c of the relative error, on the scale of squared grey levels from 0 to
    /// 1: texture well below it does not count. Infinite = not relative: the
    /// plain mean squared error.
    pub texture_floor: f32,
    /// k, how often the predicted motion counts beside the texture: its mean
    /// square, prediction less the newest frame before. 0 = not at all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub motion_factor: f32,
    /// Time constant of the smoothing in place; 0 = none.
    pub smoothing_ms: u32,
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// What a calibration starts from.
impl From<ScoreSection> for BlockRule {
    fn from(section: ScoreSection) -> Self {
        let ScoreSection { block_px, texture_floor, motion_factor, smoothing_ms, .. } = section;
        Self { block_px, texture_floor, motion_factor, smoothing_ms }
    }
}

impl BlockRule {
    /// The largest mean squared error of a block, neither relative nor
    /// smoothed.
    pub fn plain(block_px: usize) -> Self {
        Self { block_px, texture_floor: f32::INFINITY, motion_factor: 0.0, smoothing_ms: 0 }
    }

    /// # Errors
    /// One sentence about the first value that is out of range.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=4096).contains(&self.block_px) {
            return Err("`block_px` must be between 1 and 4096".into());
        }
        if !is_texture_floor(self.texture_floor) {
            return Err("`texture_floor` must be above 0 and at most 1, or infinite".into());
        }
        if !(0.0..=1000.0).contains(&self.motion_factor) {
            return Err("`motion_factor` must be between 0 and 1000".into());
        }
        if self.smoothing_ms > MAX_SMOOTHING_MS {
            return Err(format!("`smoothing_ms` must be at most {MAX_SMOOTHING_MS}"));
        }
        Ok(())
    }
}
