//! The prediction error of a frame, pixel by pixel.

use crate::kernel::{Work, wide};
use crate::preprocess::Edges;

use super::block::{Block, BlockRule};
use super::block_term::BlockTerm;
use super::cells::ByCell;
use super::mask::Mask;
use super::motion::PredictedMotion;

/// What one pass over a prediction error yields.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameError {
    /// Mean squared error over every element, masked or not, on the 0..=1
    /// scale: the paper's.
    pub mse: f64,
    pub worst_block: Block,
}

impl FrameError {
    /// False when the network returned NaN or infinity somewhere.
    pub fn is_finite(&self) -> bool {
        self.mse.is_finite()
    }
}

/// Squared prediction error by pixel, and what its blocks amount to.
///
/// The buffers belong to one frame size and are reused from frame to frame.
#[derive(Clone, Debug)]
pub struct ErrorMap {
    map: Vec<f32>,
    /// Prediction less frame, mean over channels.
    signed: Vec<f32>,
    blocks: BlockTerm,
}

impl ErrorMap {
    /// `rule.block_px` is cut down to the smaller side of the frame.
    pub fn new(mask: Mask, rule: BlockRule) -> Self {
        let pixels = mask.width_px() * mask.height_px();
        Self {
            map: vec![0.0; pixels],
            signed: vec![0.0; pixels],
            blocks: BlockTerm::new(mask, rule),
        }
    }

    /// Squared error by pixel of the last frame, mean over channels, on the
    /// 0..=1 scale, row by row, not masked.
    pub fn map(&self) -> &[f32] {
        &self.map
    }

    /// The smoothed relative error of every block of the last frame; see
    /// [`BlockTerm::ratios`].
    pub fn ratios(&self) -> (&[f32], usize) {
        self.blocks.ratios()
    }

    /// See [`BlockTerm::by_cell`].
    pub fn by_cell(&mut self) -> ByCell {
        self.blocks.by_cell()
    }

    pub fn width_px(&self) -> usize {
        self.blocks.mask().width_px()
    }

    pub fn height_px(&self) -> usize {
        self.blocks.mask().height_px()
    }

    /// Compares a prediction (planar, −1..=1) with the frame that came (planar
    /// u8) at `timestamp_ns`. NaN anywhere in the prediction makes the result
    /// not finite, and leaves the smoothed blocks as they were.
    ///
    /// # Panics
    /// When a length is not planes × height × width of the mask.
    pub fn measure(&mut self, prediction: &[f32], target: &[u8], timestamp_ns: u64) -> FrameError {
        self.measure_within(prediction, target, None, (Edges::default(), timestamp_ns))
    }

    /// Like [`ErrorMap::measure`], with the newest frame before the target, whose
    /// predicted motion may count, and with edges that no block counts, as if they
    /// were masked.
    ///
    /// # Panics
    /// As [`ErrorMap::measure`], for the newest frame, too.
    pub fn measure_within(
        &mut self,
        prediction: &[f32],
        target: &[u8],
        newest: Option<&[u8]>,
        (edges, timestamp_ns): (Edges, u64),
    ) -> FrameError {
        assert_eq!(prediction.len(), target.len(), "prediction and target differ in length");
        assert!(
            !target.is_empty() && target.len().is_multiple_of(self.map.len()),
            "frame does not fit the mask"
        );
        let planes = target.len() / self.map.len();
        let sum = self.squared_errors(prediction, target);
        let mse = sum / self.map.len() as f64 / planes as f64;
        if planes > 1 {
            let both = self.map.iter_mut().chain(&mut self.signed);
            both.for_each(|e| *e /= planes as f32);
        }
        if !mse.is_finite() {
            return FrameError { mse, worst_block: Block::default() };
        }
        let width = self.width_px();
        edges.for_each_run(&mut self.map, width, |_, run| run.fill(0.0));
        edges.for_each_run(&mut self.signed, width, |_, run| run.fill(0.0));
        let motion = newest.map(|newest| {
            assert_eq!(newest.len(), target.len(), "the newest frame differs in length");
            PredictedMotion { prediction, newest }
        });
        let at = (edges, timestamp_ns);
        let worst_block = self.blocks.worst(&self.map, &self.signed, target, motion, at);
        FrameError { mse, worst_block }
    }

    /// Forgets the smoothed blocks, after a gap in the footage.
    pub fn forget(&mut self) {
        self.blocks.forget();
    }

    fn squared_errors(&mut self, prediction: &[f32], target: &[u8]) -> f64 {
        self.map.fill(0.0);
        self.signed.fill(0.0);
        let width = self.width_px();
        wide(Squares { map: &mut self.map, signed: &mut self.signed, width, prediction, target })
    }
}

/// Adds up squared and signed errors of all planes; gives the sum of the squares.
struct Squares<'a> {
    map: &'a mut [f32],
    signed: &'a mut [f32],
    width: usize,
    prediction: &'a [f32],
    target: &'a [u8],
}

impl Work for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Self { map, signed, width, prediction, target } = self;
        let (mut sum, pixels) = (0.0f64, map.len());
        let planes = prediction.chunks_exact(pixels).zip(target.chunks_exact(pixels));
        for (prediction, target) in planes {
            let rows = prediction.chunks_exact(width).zip(target.chunks_exact(width));
            let maps = map.chunks_exact_mut(width).zip(signed.chunks_exact_mut(width));
            for ((map, signed), (prediction, target)) in maps.zip(rows) {
                let mut row_sum = 0.0f32;
                let errors = map.iter_mut().zip(signed);
                for ((error, &p), &t) in errors.zip(prediction).zip(target) {
                    let difference = (p + 1.0) * 0.5 - f32::from(t) * (1.0 / 255.0);
                    let squared = difference * difference;
                    *error.0 += squared;
                    *error.1 += difference;
                    row_sum += squared;
                }
                sum += f64::from(row_sum);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::polygon::{MaskMode, Polygon};
    use super::*;

    fn plain(mask: Mask, block_px: usize) -> ErrorMap {
        ErrorMap::new(mask, BlockRule::plain(block_px))
    }

    #[test]
    fn nan_is_seen_and_forgotten() {
        let mut map = plain(Mask::everything(2, 2), 1);
        map.measure(&[0.0; 4], &[0; 4], 0);
        assert!(!map.measure(&[0.0, f32::NAN, 0.0, 0.0], &[0; 4], 1).is_finite());
        let after = map.measure(&[0.0; 4], &[0; 4], 2);
        assert!(after.is_finite() && after.worst_block.ratio.is_finite());
    }

    #[test]
    fn edges_count_as_if_they_were_masked() {
        let (width, height) = (12, 10);
        let edges = Edges { left_px: 3, bottom_px: 2, ..Edges::default() };
        let inside = |x: usize, y: usize| x >= 3 && y + 2 < height;
        let corners = [(3, 0), (12, 0), (12, 8), (3, 8)];
        let points = corners.map(|(x, y)| [x as f32 / 12.0, y as f32 / 10.0]).to_vec();
        let watched = Polygon { mode: MaskMode::Include, points };
        let mask = Mask::from_polygons(width, height, &[watched]).unwrap();
        let watched = |index: usize| mask.row(index / width)[index % width];
        assert!((0..120).all(|i| watched(i) == inside(i % width, i / width)));
        let target: Vec<u8> = (0..120).map(|i: u32| (i * i % 251) as u8).collect();
        let prediction: Vec<f32> = (0..120).map(|i| (i as f32 * 0.7).sin()).collect();
        let rule = BlockRule { texture_floor: 0.01, ..BlockRule::plain(4) };
        let mut open = ErrorMap::new(Mask::everything(width, height), rule);
        let within = open.measure_within(&prediction, &target, None, (edges, 0));
        let masked = ErrorMap::new(mask.clone(), rule).measure(&prediction, &target, 0);
        assert_eq!(within, masked);
        assert_ne!(within, open.measure(&prediction, &target, 0));
    }

    #[test]
    fn channels_are_averaged() {
        let mut map = plain(Mask::everything(1, 1), 1);
        let error = map.measure(&[1.0, -1.0, -1.0], &[0, 0, 0], 0);
        assert!((error.mse - 1.0 / 3.0).abs() < 1e-7);
        assert!((error.worst_block.mean_sq - 1.0 / 3.0).abs() < 1e-7);
    }
}
