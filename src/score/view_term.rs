//! The view term: how far a frame is from what the camera usually shows.

use crate::model::{DEFAULT_TEXTURE_FLOOR, UsualView, VIEW_BLOCK_PX};
use crate::preprocess::Edges;

use super::block::{Block, BlockRule};
use super::cells::{self, ByCell};
use super::error_map::ErrorMap;
use super::mask::Mask;
use super::weighting::PlaceWeights;

/// A block that never differs counts as if it did so much.
const LEAST_USUAL: f32 = 0.05;
/// The view follows the picture so fast, in grey levels a second: what stays is
/// usual after minutes, and somebody who stands still is not.
const FOLLOWS_LEVELS_PER_S: f32 = 0.25;
/// After a gap it does not catch up.
const LONGEST_STEP_NS: u64 = 1_000_000_000;

/// The error of the usual view, taken as a prediction, relative to what is usual by
/// place.
///
/// A network that sees a few frames predicts well what stands still, however odd it
/// is. The view does not: a block's relative error against it, as a
/// [`BlockTerm`](super::BlockTerm) has it, is divided by what is usual there, plus 0.05.
/// Trees and water differ from their median at all times, and count less.
#[derive(Clone, Debug)]
pub struct ViewTerm {
    map: ErrorMap,
    /// −1..=1, planar.
    view: Vec<f32>,
    learnt: Vec<f32>,
    /// By block, 1 over what is usual.
    weights: Vec<f32>,
    /// Of the blocks, where zones weigh.
    zones: Option<PlaceWeights>,
    last_ns: Option<u64>,
}

impl ViewTerm {
    /// `mask` must have the view's size.
    pub fn new(view: &UsualView, mask: Mask, smoothing_ms: u32) -> Self {
        let rule = BlockRule { smoothing_ms, ..Self::RULE };
        let learnt: Vec<f32> =
            view.picture().iter().map(|&level| f32::from(level) / 127.5 - 1.0).collect();
        let (width, height) = (mask.width_px(), mask.height_px());
        let (columns, blocks) = (width + 1 - VIEW_BLOCK_PX, view.usual().len());
        let middle = |at: usize, of: usize| (at as f32 + VIEW_BLOCK_PX as f32 / 2.0) / of as f32;
        let middles =
            (0..blocks).map(|at| (middle(at % columns, width), middle(at / columns, height)));
        Self {
            zones: PlaceWeights::new(mask.weighting(), middles),
            map: ErrorMap::new(mask, rule),
            view: learnt.clone(),
            learnt,
            weights: view.usual().iter().map(|usual| 1.0 / (LEAST_USUAL + usual)).collect(),
            last_ns: None,
        }
    }

    /// How blocks are compared, but for the smoothing.
    pub const RULE: BlockRule = BlockRule {
        block_px: VIEW_BLOCK_PX,
        texture_floor: DEFAULT_TEXTURE_FLOOR,
        motion_factor: 0.0,
        smoothing_ms: 0,
    };

    /// The block of a frame (planar u8) that is farthest from the usual view for its
    /// place; nothing within `edges` counts.
    ///
    /// # Panics
    /// When the frame has another length than the view.
    pub fn worst(&mut self, frame: &[u8], edges: Edges, timestamp_ns: u64) -> Block {
        self.map.measure_within(&self.view, frame, None, (edges, timestamp_ns));
        let (ratios, columns) = self.map.ratios();
        let (mut worst, mut at) = (0.0, 0);
        let zones = self.zones.as_mut().map(PlaceWeights::now);
        for (index, (ratio, weight)) in ratios.iter().zip(&self.weights).enumerate() {
            let relative = ratio * weight * zones.map_or(1.0, |zones| zones[index]);
            if relative > worst {
                (worst, at) = (relative, index);
            }
        }
        let block = Block {
            x_px: at % columns,
            y_px: at / columns,
            size_px: VIEW_BLOCK_PX,
            ratio: worst,
            mean_sq: self.mean_sq((at % columns, at / columns)),
        };
        self.follow(frame, timestamp_ns);
        block
    }

    /// How far the last frame is from the usual view by cell of the picture, as
    /// [`ViewTerm::worst`] judges.
    pub fn by_cell(&mut self) -> ByCell {
        let zones = self.zones.as_mut().map(PlaceWeights::now);
        let size = (self.map.width_px(), self.map.height_px());
        let (ratios, columns) = self.map.ratios();
        let relative = ratios.iter().zip(&self.weights).enumerate();
        let relative = relative.map(|(at, (ratio, weight))| {
            let zone = zones.map_or(1.0, |zones| zones[at]);
            ratio * weight * zone
        });
        cells::largest(relative, columns, VIEW_BLOCK_PX, size)
    }

    fn mean_sq(&self, (x_px, y_px): (usize, usize)) -> f32 {
        let rows = self.map.map().chunks_exact(self.map.width_px());
        let rows = rows.skip(y_px).take(VIEW_BLOCK_PX);
        let sum: f32 = rows.map(|row| row[x_px..x_px + VIEW_BLOCK_PX].iter().sum::<f32>()).sum();
        sum / (VIEW_BLOCK_PX * VIEW_BLOCK_PX) as f32
    }

    fn follow(&mut self, frame: &[u8], timestamp_ns: u64) {
        let Some(before_ns) = self.last_ns.replace(timestamp_ns) else { return };
        let past_ns = timestamp_ns.saturating_sub(before_ns).min(LONGEST_STEP_NS);
        let step = FOLLOWS_LEVELS_PER_S / 127.5 * (past_ns as f32 / 1e9);
        for (view, &level) in self.view.iter_mut().zip(frame) {
            let off = f32::from(level) / 127.5 - 1.0 - *view;
            *view += off.clamp(-step, step);
        }
    }

    /// Forgets the smoothed blocks, after a gap in the footage.
    pub fn forget(&mut self) {
        self.map.forget();
    }

    /// Begins again, with other footage: with the view that was learnt.
    pub fn restart(&mut self) {
        self.forget();
        self.view.copy_from_slice(&self.learnt);
        self.last_ns = None;
    }
}

#[cfg(test)]
mod tests;
