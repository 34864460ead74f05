//! The block term: the largest relative error of any block, smoothed in place.

use crate::kernel::wide;
use crate::preprocess::Edges;

use super::block::{Block, BlockRule};
use super::mask::Mask;
use super::motion::{AddedMotion, PredictedMotion};
use super::rows::{ColumnSums, RowMeans, Rows, SquaredGradient, Sums};
use super::smooth::share_kept;

/// The first frame after a start or a gap is smoothed as if an empty one had
/// come so long before it: taken as it is, its noise would outrank everything
/// that is smoothed.
const BEFORE_FIRST_NS: u64 = 100_000_000;

/// The relative error of every block, smoothed where it is.
///
/// A predictor is never exact about where an edge lies. An error of s pixels in
/// its place costs s²·|∇I|², so the same small slip costs much where the
/// picture has much texture, and a walker in a striped shirt outranks a cart.
/// The error's variance within a block is therefore divided by the mean squared
/// gradient of the frame that came, plus c, plus k times the mean square of the
/// motion that was predicted, Î − I₋₁:
///
/// ratio = (mean(e²) − mean(e)²) ⁄ (mean(|∇I|²) + k·mean((Î − I₋₁)²) + c)
///
/// A predictor errs where it foresees much motion. What it does not foresee is
/// not in the divisor, and is not excused. Without motion the ratio reads as the squared slip in pixels where texture dominates, and as
/// the plain variance over c where there is none. The mean is taken off because
/// what makes a whole block brighter or darker is light. What is odd stays near its place
/// from frame to frame and noise does not: each block's ratio is smoothed
/// exponentially by time before the largest is taken.
#[derive(Clone, Debug)]
pub struct BlockTerm {
    mask: Mask,
    /// Whether the mask hides any pixel.
    masked: bool,
    rule: BlockRule,
    gradient: Vec<f32>,
    errors: ColumnSums,
    offsets: ColumnSums,
    textures: ColumnSums,
    counts: ColumnSums,
    /// The mask as numbers, where there is one.
    watched: Vec<f32>,
    means: RowMeans,
    ratios: Vec<f32>,
    last_ns: Option<u64>,
}

impl BlockTerm {
    pub fn new(mask: Mask, mut rule: BlockRule) -> Self {
        let (width, height) = (mask.width_px(), mask.height_px());
        rule.block_px = rule.block_px.clamp(1, width.min(height));
        let places = (width + 1 - rule.block_px) * (height + 1 - rule.block_px);
        Self {
            gradient: vec![0.0; width * height],
            errors: ColumnSums::new(width),
            offsets: ColumnSums::new(width),
            textures: ColumnSums::new(width),
            counts: ColumnSums::new(width),
            watched: (0..height)
                .flat_map(|y| mask.row(y).iter().map(|&watched| f32::from(u8::from(watched))))
                .collect(),
            means: RowMeans::new(width + 1 - rule.block_px),
            ratios: vec![0.0; places],
            last_ns: None,
            masked: mask.watched_share() < 1.0,
            mask,
            rule,
        }
    }

    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The smoothed ratio of every block by its upper left corner, row by row,
    /// and the length of a row.
    pub fn ratios(&self) -> (&[f32], usize) {
        (&self.ratios, self.mask.width_px() + 1 - self.rule.block_px)
    }

    /// Forgets the past, after a gap in the footage.
    pub fn forget(&mut self) {
        self.last_ns = None;
    }

    /// The share of the old ratios that counts; without a past, all are zero.
    fn past(&mut self, timestamp_ns: u64) -> f32 {
        let (before_ns, now_ns) = match self.last_ns.replace(timestamp_ns) {
            Some(before_ns) => (before_ns, timestamp_ns),
            None => {
                self.ratios.fill(0.0);
                (0, BEFORE_FIRST_NS)
            }
        };
        share_kept(before_ns, now_ns, self.rule.smoothing_ms)
    }

    /// Takes the squared and the signed errors (finite, row by row) of a frame
    /// (planar u8) and gives the block with the largest ratio. The predicted motion
    /// counts where it is given and the rule has a factor for it. In `edges`, where
    /// the errors are zero, texture does not count either.
    pub fn worst(
        &mut self,
        squared: &[f32],
        signed: &[f32],
        frame: &[u8],
        motion: Option<PredictedMotion<'_>>,
        (edges, timestamp_ns): (Edges, u64),
    ) -> Block {
        let relative = self.rule.texture_floor.is_finite();
        if relative {
            let width = self.mask.width_px();
            wide(SquaredGradient { frame, width, out: &mut self.gradient });
            if let Some(motion) = motion.filter(|_| self.rule.motion_factor > 0.0) {
                let factor = self.rule.motion_factor;
                wide(AddedMotion { motion, factor, out: &mut self.gradient });
            }
            edges.for_each_run(&mut self.gradient, width, |_, run| run.fill(0.0));
        }
        let keep = self.past(timestamp_ns);
        let (width, size) = (self.mask.width_px(), self.rule.block_px);
        let mask = self.masked.then_some(&self.mask);
        let floor = relative.then_some(self.rule.texture_floor);
        let watched = self.masked.then_some(&self.watched[..]);
        let Self { gradient, errors, offsets, textures, counts, means, ratios, .. } = self;
        let sums = Sums { errors, offsets, textures, counts, means };
        wide(Rows {
            sums,
            ratios,
            maps: [squared, signed, gradient],
            mask,
            watched,
            width,
            size,
            keep,
            floor,
        })
    }
}

#[cfg(test)]
mod tests;
