//! `motion.npz`: what moves as it does here, and what moves as it would if it hurried.

use std::io::Cursor;

use ndarray::{Array1, Array2};
use ndarray_npy::NpzWriter;

use super::arrays::Arrays;

/// Numbers that say how a cell moves, see `score::MotionFeatures`.
pub const MOTION_FEATURES: usize = 9;
/// Units of the head's first layer.
pub const MOTION_HIDDEN: usize = 32;
/// Units of its second, in which the items lie.
pub const MOTION_WIDTH: usize = 16;
/// Items of each side.
pub const MOTION_ITEMS: usize = 10;

/// A normalised feature beyond it is as far as can be.
const FARTHEST: f32 = 5.0;
/// No weight comes near it.
const LARGEST: f32 = 1e6;

/// A layer's weights, by input and unit, and its biases.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionLayer<const INPUTS: usize, const UNITS: usize> {
    pub weights: [[f32; UNITS]; INPUTS],
    pub biases: [f32; UNITS],
}

impl<const INPUTS: usize, const UNITS: usize> MotionLayer<INPUTS, UNITS> {
    /// max(0, x·W + b).
    #[inline]
    fn rectified(&self, inputs: &[f32; INPUTS]) -> [f32; UNITS] {
        let mut units = self.biases;
        for (input, weights) in inputs.iter().zip(&self.weights) {
            for (unit, weight) in units.iter_mut().zip(weights) {
                *unit += input * weight;
            }
        }
        units.map(|unit| unit.max(0.0))
    }
}

impl<const INPUTS: usize, const UNITS: usize> Default for MotionLayer<INPUTS, UNITS> {
    fn default() -> Self {
        Self { weights: [[0.0; UNITS]; INPUTS], biases: [0.0; UNITS] }
    }
}

/// Items of one side, in the space of the head's second layer.
pub type MotionItems = [[f32; MOTION_WIDTH]; MOTION_ITEMS];

/// How a cell moves, in the eyes of a [`MotionMemory`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MotionRead {
    /// The share of its attention that falls upon hurried items, 0..=1.
    pub hurried: f32,
    /// The nearest hurried item.
    pub item: usize,
}

/// A head of two layers, and items of both sides in its space: of footage as it is, and
/// of the same footage played at other speeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MotionMemory {
    /// Cells whose mean change, on the 0..=1 scale of grey levels, is at most this do not move.
    pub limit: f32,
    /// Mean and spread of the features of what moves.
    pub mean: [f32; MOTION_FEATURES],
    pub spread: [f32; MOTION_FEATURES],
    pub first: MotionLayer<MOTION_FEATURES, MOTION_HIDDEN>,
    pub second: MotionLayer<MOTION_HIDDEN, MOTION_WIDTH>,
    pub usual: MotionItems,
    pub hurried: MotionItems,
    /// How many times as fast as usual the footage was played that each hurried item is of.
    pub speeds: [f32; MOTION_ITEMS],
}

impl MotionMemory {
    /// Features as the first layer takes them.
    pub fn normalised(&self, features: &[f32; MOTION_FEATURES]) -> [f32; MOTION_FEATURES] {
        std::array::from_fn(|i| {
            ((features[i] - self.mean[i]) / self.spread[i]).clamp(-FARTHEST, FARTHEST)
        })
    }

    /// The place in the head's space of a cell with such features.
    pub fn embedding(&self, features: &[f32; MOTION_FEATURES]) -> [f32; MOTION_WIDTH] {
        self.second.rectified(&self.first.rectified(&self.normalised(features)))
    }

    /// How a cell with such features moves.
    ///
    /// The cell's place e in the head's space attends to all items c by exp(−|e − c|²).
    pub fn read(&self, features: &[f32; MOTION_FEATURES]) -> MotionRead {
        let place = self.embedding(features);
        let distances = |items: &MotionItems| items.map(|item| squared_distance(&place, &item));
        let (usual, hurried) = (distances(&self.usual), distances(&self.hurried));
        let least = |d: &[f32]| d.iter().fold(f32::INFINITY, |least, &d| least.min(d));
        let (least_usual, least_hurried) = (least(&usual), least(&hurried));
        let nearest = least_usual.min(least_hurried);
        let attention = |d: &[f32]| d.iter().map(|d| (nearest - d).exp()).sum::<f32>();
        let (to_usual, to_hurried) = (attention(&usual), attention(&hurried));
        let item = hurried.iter().position(|&d| d == least_hurried).unwrap_or_default();
        MotionRead { hurried: to_hurried / (to_usual + to_hurried), item }
    }

    /// # Errors
    /// One sentence about the first array with a number that cannot be.
    pub fn check(&self) -> Result<(), String> {
        let arrays: [(&str, &[f32]); 9] = [
            ("mean", &self.mean),
            ("spread", &self.spread),
            ("first_weights", self.first.weights.as_flattened()),
            ("first_biases", &self.first.biases),
            ("second_weights", self.second.weights.as_flattened()),
            ("second_biases", &self.second.biases),
            ("usual", self.usual.as_flattened()),
            ("hurried", self.hurried.as_flattened()),
            ("speeds", &self.speeds),
        ];
        for (name, values) in arrays {
            if !values.iter().all(|value| value.abs() <= LARGEST) {
                return Err(format!("`{name}` has a number beyond {LARGEST}, or one that is none"));
            }
        }
        if !self.spread.iter().chain(&self.speeds).all(|value| *value > 0.0) {
            return Err("`spread` or `speeds` has a number that is not above 0".into());
        }
        if !(0.0..=1.0).contains(&self.limit) {
            return Err("`limit` must be between 0 and 1".into());
        }
        Ok(())
    }

    /// The file's content; the same memory gives the same bytes.
    ///
    /// # Panics
    /// Never: memory takes everything.
    pub fn to_npz(&self) -> Vec<u8> {
        let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
        let mut lines = |name: &str, values: &[f32]| {
            npz.add_array(name, &Array1::from(values.to_vec())).expect("memory takes everything");
        };
        lines("limit", &[self.limit]);
        lines("mean", &self.mean);
        lines("spread", &self.spread);
        lines("first_biases", &self.first.biases);
        lines("second_biases", &self.second.biases);
        lines("speeds", &self.speeds);
        let mut tables = |name: &str, columns: usize, values: &[f32]| {
            let rows = values.len() / columns;
            let table = Array2::from_shape_vec((rows, columns), values.to_vec());
            npz.add_array(name, &table.expect("its size")).expect("memory takes everything");
        };
        tables("first_weights", MOTION_HIDDEN, self.first.weights.as_flattened());
        tables("second_weights", MOTION_WIDTH, self.second.weights.as_flattened());
        tables("usual", MOTION_WIDTH, self.usual.as_flattened());
        tables("hurried", MOTION_WIDTH, self.hurried.as_flattened());
        npz.finish().expect("memory takes everything").into_inner()
    }

    /// Reads what [`MotionMemory::to_npz`] wrote.
    ///
    /// # Errors
    /// One sentence: what is missing or does not fit.
    pub fn from_npz(bytes: &[u8]) -> Result<Self, String> {
        let mut arrays = Arrays::new(bytes)?;
        let [limit] = line(&mut arrays, "limit")?;
        let memory = Self {
            limit,
            mean: line(&mut arrays, "mean")?,
            spread: line(&mut arrays, "spread")?,
            first: MotionLayer {
                weights: table(&mut arrays, "first_weights")?,
                biases: line(&mut arrays, "first_biases")?,
            },
            second: MotionLayer {
                weights: table(&mut arrays, "second_weights")?,
                biases: line(&mut arrays, "second_biases")?,
            },
            usual: table(&mut arrays, "usual")?,
            hurried: table(&mut arrays, "hurried")?,
            speeds: line(&mut arrays, "speeds")?,
        };
        memory.check().map(|()| memory)
    }
}

/// Between two places in the head's space.
pub fn squared_distance(a: &[f32; MOTION_WIDTH], b: &[f32; MOTION_WIDTH]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn line<const N: usize>(arrays: &mut Arrays<'_>, name: &str) -> Result<[f32; N], String> {
    let values: Array1<f32> = arrays.array(name)?;
    let found = values.len();
    values.to_vec().try_into().map_err(|_| format!("`{name}` has {found} values, not {N}"))
}

fn table<const C: usize, const R: usize>(
    arrays: &mut Arrays<'_>,
    name: &str,
) -> Result<[[f32; C]; R], String> {
    let values: Array2<f32> = arrays.array(name)?;
    if values.dim() != (R, C) {
        return Err(format!("`{name}` is {:?}, not {:?}", values.dim(), (R, C)));
    }
    Ok(std::array::from_fn(|row| std::array::from_fn(|column| values[[row, column]])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of which no two are alike.
    fn memory() -> MotionMemory {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0 - 0.5
        };
        let mut memory = MotionMemory { limit: 0.02, ..MotionMemory::default() };
        memory.mean.fill_with(&mut next);
        memory.spread.fill_with(|| 1.0 + next());
        memory.speeds.fill_with(|| 2.5 + next());
        memory.first.weights.as_flattened_mut().fill_with(&mut next);
        memory.second.weights.as_flattened_mut().fill_with(&mut next);
        memory.usual.as_flattened_mut().fill_with(&mut next);
        memory.hurried.as_flattened_mut().fill_with(|| 1.0 + next());
        memory
    }

    #[test]
    fn a_memory_reads_back_and_one_that_cannot_be_does_not() {
        let whole = memory();
        let npz = whole.to_npz();
        assert_eq!(npz, whole.to_npz(), "the same bytes every time");
        assert_eq!(MotionMemory::from_npz(&npz), Ok(whole.clone()));
        assert!(MotionMemory::from_npz(&npz[..npz.len() - 40]).is_err());
        type Change = fn(&mut MotionMemory);
        let changes: [(Change, &str); 5] = [
            (|m| m.first.weights[3][4] = f32::NAN, "first_weights"),
            (|m| m.hurried[9][15] = f32::INFINITY, "hurried"),
            (|m| m.spread[0] = 0.0, "spread"),
            (|m| m.speeds[1] = -2.0, "speeds"),
            (|m| m.limit = 1.5, "limit"),
        ];
        for (change, name) in changes {
            let mut wrong = whole.clone();
            change(&mut wrong);
            let error = MotionMemory::from_npz(&wrong.to_npz()).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn attention_falls_upon_what_is_near_and_far_things_stay_numbers() {
        let memory = memory();
        let place = |features| memory.second.rectified(&memory.first.rectified(&features));
        let features = memory.mean;
        let mut near = memory.clone();
        near.hurried[7] = place(memory.normalised(&features));
        near.usual = [[3.0; MOTION_WIDTH]; MOTION_ITEMS];
        let read = near.read(&features);
        assert!(read.hurried > 0.99 && read.item == 7, "{read:?}");
        (near.usual, near.hurried) = (near.hurried, near.usual);
        assert!(near.read(&features).hurried < 0.01);
        near.hurried = [[1e5; MOTION_WIDTH]; MOTION_ITEMS];
        near.usual = [[1e5 + 1.0; MOTION_WIDTH]; MOTION_ITEMS];
        let far = near.read(&[1e9; MOTION_FEATURES]).hurried;
        assert!((0.0..=1.0).contains(&far), "{far}");
    }
}
