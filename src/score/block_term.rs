//! The block term: the largest relative error of any block, smoothed in place.

use crate::kernel::wide;
use crate::preprocess::Edges;

use super::block::{Block, BlockRule};
use super::cells::{self, ByCell};
use super::mask::Mask;
use super::motion::{AddedMotion, PredictedMotion};
use super::rows::{ColumnSums, RowMeans, Rows, SquaredGradient, Sums};
use super::smooth::share_kept;
use super::weighting::PlaceWeights;

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
    /// Of the blocks, where zones weigh.
    weights: Option<PlaceWeights>,
    last_ns: Option<u64>,
}

impl BlockTerm {
    pub fn new(mask: Mask, mut rule: BlockRule) -> Self {
        let (width, height) = (mask.width_px(), mask.height_px());
        rule.block_px = rule.block_px.clamp(1, width.min(height));
        let columns = width + 1 - rule.block_px;
        let places = columns * (height + 1 - rule.block_px);
        let middle = |at: usize, of: usize| (at as f32 + rule.block_px as f32 / 2.0) / of as f32;
        let middles =
            (0..places).map(|at| (middle(at % columns, width), middle(at / columns, height)));
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
            weights: PlaceWeights::new(mask.weighting(), middles),
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

    /// The largest ratio by cell of the picture, of the blocks whose middle is there;
    /// weighted where zones weigh.
    pub fn by_cell(&mut self) -> ByCell {
        let (width, size) = (self.mask.width_px(), self.rule.block_px);
        let (columns, whole) = (width + 1 - size, (width, self.mask.height_px()));
        match &mut self.weights {
            None => cells::largest(self.ratios.iter().copied(), columns, size, whole),
            Some(weights) => {
                let weighted = self.ratios.iter().zip(weights.now()).map(|(r, weight)| r * weight);
                cells::largest(weighted, columns, size, whole)
            }
        }
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
    /// (planar u8) and gives the block with the largest ratio; where zones weigh, the
    /// largest weighted one, which its ratio then is. The predicted motion
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
        let Self { gradient, errors, offsets, textures, counts, means, ratios, weights, .. } = self;
        let sums = Sums { errors, offsets, textures, counts, means };
        let worst = wide(Rows {
            sums,
            ratios,
            maps: [squared, signed, gradient],
            mask,
            watched,
            width,
            size,
            keep,
            floor,
        });
        let Some(weights) = weights else { return worst };
        let weighted = self.ratios.iter().zip(weights.now()).map(|(ratio, weight)| ratio * weight);
        let by_ratio = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1);
        let (at, ratio) = weighted.enumerate().max_by(by_ratio).unwrap_or_default();
        let (x_px, y_px) = (at % (width + 1 - size), at / (width + 1 - size));
        Block { x_px, y_px, mean_sq: self.mean_sq(squared, (x_px, y_px)), ratio, ..worst }
    }

    /// The mean squared error of a block; unwatched pixels count as zero.
    fn mean_sq(&self, squared: &[f32], (x_px, y_px): (usize, usize)) -> f32 {
        let (width, size) = (self.mask.width_px(), self.rule.block_px);
        let row = |y: usize| {
            let errors = &squared[y * width + x_px..][..size];
            let watched = errors.iter().zip(&self.mask.row(y)[x_px..]);
            watched.filter(|(_, watched)| **watched).map(|(error, _)| error).sum::<f32>()
        };
        (y_px..y_px + size).map(row).sum::<f32>() / (size * size) as f32
    }
}

#[cfg(test)]
mod tests;
