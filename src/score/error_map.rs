use super::mask::Mask;

/// A square of the error map, in model pixels, and the mean error inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Block {
    pub x_px: usize,
    pub y_px: usize,
    pub size_px: usize,
    /// Mean squared error on the 0..=1 scale; unwatched pixels count as zero.
    pub mean_sq: f32,
}

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

/// Squared prediction error by pixel, its box filter and the filter's maximum.
///
/// The buffers belong to one frame size and are reused from frame to frame.
#[derive(Clone, Debug)]
pub struct ErrorMap {
    mask: Mask,
    block_px: usize,
    map: Vec<f32>,
    column_sums: Vec<f64>,
}

impl ErrorMap {
    /// `block_px` is cut down to the smaller side of the frame.
    pub fn new(mask: Mask, block_px: usize) -> Self {
        let (width_px, height_px) = (mask.width_px(), mask.height_px());
        Self {
            block_px: block_px.clamp(1, width_px.min(height_px)),
            map: vec![0.0; width_px * height_px],
            column_sums: vec![0.0; width_px],
            mask,
        }
    }

    /// Squared error by pixel of the last frame, mean over channels, on the
    /// 0..=1 scale, row by row, not masked.
    pub fn map(&self) -> &[f32] {
        &self.map
    }

    pub fn width_px(&self) -> usize {
        self.mask.width_px()
    }

    pub fn height_px(&self) -> usize {
        self.mask.height_px()
    }

    /// Compares a prediction (planar, −1..=1) with the frame that came (planar
    /// u8). NaN anywhere in the prediction makes the result not finite.
    ///
    /// # Panics
    /// When a length is not planes × height × width of the mask.
    pub fn measure(&mut self, prediction: &[f32], target: &[u8]) -> FrameError {
        assert_eq!(prediction.len(), target.len(), "prediction and target differ in length");
        assert!(
            !target.is_empty() && target.len().is_multiple_of(self.map.len()),
            "frame does not fit the mask"
        );
        let planes = target.len() / self.map.len();
        let sum = self.squared_errors(prediction, target);
        let mse = sum / self.map.len() as f64 / planes as f64;
        if planes > 1 {
            self.map.iter_mut().for_each(|e| *e /= planes as f32);
        }
        FrameError { mse, worst_block: self.worst_block() }
    }

    fn squared_errors(&mut self, prediction: &[f32], target: &[u8]) -> f64 {
        self.map.fill(0.0);
        let mut sum = 0.0f64;
        let planes =
            prediction.chunks_exact(self.map.len()).zip(target.chunks_exact(self.map.len()));
        for (prediction, target) in planes {
            for ((error, &p), &t) in self.map.iter_mut().zip(prediction).zip(target) {
                let difference = (p + 1.0) * 0.5 - f32::from(t) * (1.0 / 255.0);
                let squared = difference * difference;
                *error += squared;
                sum += f64::from(squared);
            }
        }
        sum
    }

    fn worst_block(&mut self) -> Block {
        let (width, height, size) = (self.width_px(), self.height_px(), self.block_px);
        let mut worst = Block { size_px: size, mean_sq: 0.0, ..Block::default() };
        self.column_sums.fill(0.0);
        for y in 0..height {
            self.slide_columns(y);
            if y + 1 < size {
                continue;
            }
            let mut sum: f64 = self.column_sums[..size - 1].iter().sum();
            for x in 0..=width - size {
                sum += self.column_sums[x + size - 1];
                let mean_sq = (sum / (size * size) as f64) as f32;
                if mean_sq > worst.mean_sq {
                    worst = Block { x_px: x, y_px: y + 1 - size, mean_sq, ..worst };
                }
                sum -= self.column_sums[x];
            }
        }
        worst
    }

    fn slide_columns(&mut self, y: usize) {
        let (width, size) = (self.width_px(), self.block_px);
        let entering = &self.map[y * width..(y + 1) * width];
        for ((sum, &error), &watched) in
            self.column_sums.iter_mut().zip(entering).zip(self.mask.row(y))
        {
            *sum += if watched { f64::from(error) } else { 0.0 };
        }
        if let Some(old) = y.checked_sub(size) {
            let leaving = &self.map[old * width..(old + 1) * width];
            for ((sum, &error), &watched) in
                self.column_sums.iter_mut().zip(leaving).zip(self.mask.row(old))
            {
                *sum -= if watched { f64::from(error) } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{MaskMode, Polygon};
    use proptest::prelude::*;

    fn naive_worst(map: &[f32], width: usize, height: usize, size: usize) -> f32 {
        let mut worst = 0.0f32;
        for y in 0..=height - size {
            for x in 0..=width - size {
                let sum: f64 = (0..size * size)
                    .map(|i| f64::from(map[(y + i / size) * width + x + i % size]))
                    .sum();
                worst = worst.max((sum / (size * size) as f64) as f32);
            }
        }
        worst
    }

    proptest! {
        #[test]
        fn sliding_box_equals_the_plain_one(
            width in 3usize..20, height in 3usize..20, size in 1usize..6, seed in any::<u64>(),
        ) {
            let mut state = seed;
            let mut next = || { state = state.wrapping_mul(6364136223846793005).wrapping_add(1); (state >> 56) as u8 };
            let target: Vec<u8> = (0..width * height).map(|_| next()).collect();
            let prediction: Vec<f32> = (0..width * height).map(|_| f32::from(next()) / 127.5 - 1.0).collect();
            let mut map = ErrorMap::new(Mask::everything(width, height), size);
            let error = map.measure(&prediction, &target);
            let expected = naive_worst(map.map(), width, height, size.min(width).min(height));
            prop_assert!((error.worst_block.mean_sq - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn finds_the_block_and_respects_the_mask() {
        let mut prediction = vec![-1.0f32; 64];
        prediction[3 * 8 + 5] = 1.0;
        prediction[6 * 8 + 1] = 0.0;
        let target = vec![0u8; 64];
        let mut open = ErrorMap::new(Mask::everything(8, 8), 1);
        let worst = open.measure(&prediction, &target).worst_block;
        assert_eq!((worst.x_px, worst.y_px, worst.mean_sq), (5, 3, 1.0));
        let right = Polygon {
            mode: MaskMode::Ignore,
            points: vec![[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]],
        };
        let mask = Mask::from_polygons(8, 8, &[right]).unwrap();
        let worst = ErrorMap::new(mask, 1).measure(&prediction, &target).worst_block;
        assert_eq!((worst.x_px, worst.y_px, worst.mean_sq), (1, 6, 0.25));
    }

    #[test]
    fn nan_is_seen() {
        let mut map = ErrorMap::new(Mask::everything(2, 2), 1);
        assert!(!map.measure(&[0.0, f32::NAN, 0.0, 0.0], &[0; 4]).is_finite());
    }

    #[test]
    fn channels_are_averaged() {
        let mut map = ErrorMap::new(Mask::everything(1, 1), 1);
        let error = map.measure(&[1.0, -1.0, -1.0], &[0, 0, 0]);
        assert!((error.mse - 1.0 / 3.0).abs() < 1e-7);
        assert!((error.worst_block.mean_sq - 1.0 / 3.0).abs() < 1e-7);
    }
}
