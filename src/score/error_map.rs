use super::block::{Block, BlockRule, BlockTerm};
use super::mask::Mask;

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
        let worst_block = self.blocks.worst(&self.map, &self.signed, target, timestamp_ns);
        FrameError { mse, worst_block }
    }

    /// Forgets the smoothed blocks, after a gap in the footage.
    pub fn forget(&mut self) {
        self.blocks.forget();
    }

    fn squared_errors(&mut self, prediction: &[f32], target: &[u8]) -> f64 {
        self.map.fill(0.0);
        self.signed.fill(0.0);
        let mut sum = 0.0f64;
        let pixels = self.map.len();
        let width = self.width_px();
        let planes = prediction.chunks_exact(pixels).zip(target.chunks_exact(pixels));
        for (prediction, target) in planes {
            let rows = prediction.chunks_exact(width).zip(target.chunks_exact(width));
            let maps = self.map.chunks_exact_mut(width).zip(self.signed.chunks_exact_mut(width));
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
    fn channels_are_averaged() {
        let mut map = plain(Mask::everything(1, 1), 1);
        let error = map.measure(&[1.0, -1.0, -1.0], &[0, 0, 0], 0);
        assert!((error.mse - 1.0 / 3.0).abs() < 1e-7);
        assert!((error.worst_block.mean_sq - 1.0 / 3.0).abs() < 1e-7);
    }
}
