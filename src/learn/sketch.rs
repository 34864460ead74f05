//! What a short clip is like, in so few numbers that thousands can be compared.

use serde::{Deserialize, Serialize};

use crate::preprocess::InputSpec;

/// Cells along each side of a sketch.
const CELLS: usize = 8;
const CELL_COUNT: usize = CELLS * CELLS;

/// Side of the blocks whose means are compared from picture to picture, in pixels: the
/// noise of single pixels cancels out in them.
const BLOCK_PX: usize = 4;

/// A block has moved when its mean has changed by so many grey levels.
const MOVED_LEVELS: f32 = 4.0;

/// Motion of one grey level weighs as much as two of the look.
const MOTION_WEIGHT: u32 = 2;

/// An hour between two clips weighs as much as half a grey level over the whole picture.
const HOUR_WEIGHT: u32 = CELL_COUNT as u32 / 2;

/// Two clips that differ by less show the same: one grey level over the whole picture.
pub(super) const ALIKE: u32 = CELL_COUNT as u32;

/// What a clip is like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sketch {
    /// Of the day, 0 to 23, by the calendar; of no great weight, since a clock may be
    /// wrong.
    pub hour: u8,
    /// Mean grey level.
    pub light: u8,
    /// Share of the blocks that moved from one picture to the next, in thousandths.
    pub motion_permille: u16,
    /// Mean grey level of each cell, row by row.
    look: Vec<u8>,
    /// The largest change of a block in each cell from one picture to the next.
    motion: Vec<u8>,
}

impl Sketch {
    /// Whether anything moved.
    pub fn is_moving(&self) -> bool {
        self.motion_permille > 0
    }

    /// How different two clips are; below [`ALIKE`] they show the same.
    pub fn distance(&self, other: &Self) -> u32 {
        let sum = |a: &[u8], b: &[u8]| -> u32 {
            a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
        };
        let apart = u32::from(self.hour.abs_diff(other.hour));
        let hours = apart.min(24 - apart.min(24));
        sum(&self.look, &other.look)
            + MOTION_WEIGHT * sum(&self.motion, &other.motion)
            + HOUR_WEIGHT * hours
    }

    /// Whether every number is one that [`Sketcher`] makes.
    pub fn is_sound(&self) -> bool {
        self.hour < 24 && self.look.len() == CELL_COUNT && self.motion.len() == CELL_COUNT
    }
}

/// Sketches clips of one size of pictures.
#[derive(Debug)]
pub(super) struct Sketcher {
    width_px: usize,
    /// Blocks in a row, and rows of them.
    blocks: (usize, usize),
    means: Vec<f32>,
    before: Vec<f32>,
}

impl Sketcher {
    /// The first plane is looked at. Pictures of less than 32×32 have fewer blocks than
    /// cells, and some cells stay empty.
    pub fn new(spec: InputSpec) -> Self {
        let blocks = (spec.width_px / BLOCK_PX, spec.height_px / BLOCK_PX);
        let count = blocks.0 * blocks.1;
        let (means, before) = (vec![0.0; count], vec![0.0; count]);
        Self { width_px: spec.width_px, blocks, means, before }
    }

    /// Of a clip that was taken in this hour of the day.
    pub fn sketch<'f>(&mut self, frames: impl Iterator<Item = &'f [u8]>, hour: u8) -> Sketch {
        let (mut look, mut motion) = ([0.0f32; CELL_COUNT], [0.0f32; CELL_COUNT]);
        let cells: Vec<usize> = (0..self.means.len()).map(|block| self.cell(block)).collect();
        let mut in_cell = [0.0f32; CELL_COUNT];
        cells.iter().for_each(|&cell| in_cell[cell] += 1.0);
        let (mut count, mut moved) = (0u32, 0u64);
        for frame in frames {
            std::mem::swap(&mut self.means, &mut self.before);
            self.reduce(frame);
            for (block, &cell) in cells.iter().enumerate() {
                look[cell] += self.means[block];
                if count > 0 {
                    let change = (self.means[block] - self.before[block]).abs();
                    moved += u64::from(change > MOVED_LEVELS);
                    motion[cell] = motion[cell].max(change);
                }
            }
            count += 1;
        }
        let compared = u64::from(count.saturating_sub(1)) * cells.len() as u64;
        let level = |sum: f32, cell: usize| {
            (sum / (in_cell[cell] * count as f32).max(1.0)).round().clamp(0.0, 255.0) as u8
        };
        let look: Vec<u8> = look.iter().enumerate().map(|(c, sum)| level(*sum, c)).collect();
        let light = look.iter().map(|&l| u32::from(l)).sum::<u32>() / CELL_COUNT as u32;
        // What is below the limit is noise, and makes no difference between two clips.
        let strong =
            |change: &f32| if *change > MOVED_LEVELS { change.min(255.0) as u8 } else { 0 };
        Sketch {
            hour,
            light: light as u8,
            motion_permille: (1000 * moved).div_ceil(compared.max(1)) as u16,
            look,
            motion: motion.iter().map(strong).collect(),
        }
    }

    fn cell(&self, block: usize) -> usize {
        let (across, down) = self.blocks;
        let (x, y) = (block % across, block / across);
        y * CELLS / down * CELLS + x * CELLS / across
    }

    fn reduce(&mut self, frame: &[u8]) {
        let across = self.blocks.0;
        for (block, mean) in self.means.iter_mut().enumerate() {
            let (x, y) = (block % across * BLOCK_PX, block / across * BLOCK_PX);
            let row = |dy: usize| {
                let start = (y + dy) * self.width_px + x;
                frame[start..start + BLOCK_PX].iter().map(|&p| u32::from(p)).sum::<u32>()
            };
            let sum: u32 = (0..BLOCK_PX).map(row).sum();
            *mean = sum as f32 / (BLOCK_PX * BLOCK_PX) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::{Channels, Resize};

    const SIDE: usize = 32;

    fn sketch(hour: u8, pixel: impl Fn(usize, usize, usize) -> u8) -> Sketch {
        let spec = InputSpec {
            width_px: SIDE,
            height_px: SIDE,
            channels: Channels::Luma,
            resize: Resize::Bilinear,
            relight: false,
        };
        let frame = |n: usize| (0..SIDE * SIDE).map(|i| pixel(n, i % SIDE, i / SIDE)).collect();
        let frames: Vec<Vec<u8>> = (0..6).map(frame).collect();
        Sketcher::new(spec).sketch(frames.iter().map(Vec::as_slice), hour)
    }

    fn noise(n: usize, x: usize, y: usize) -> u8 {
        ((n * 7919 + x * 104_729 + y * 1_299_709) % 9) as u8
    }

    #[test]
    fn noise_is_not_motion_and_a_walker_is() {
        let calm = sketch(3, |n, x, y| 100 + noise(n, x, y));
        assert!(calm.is_sound() && !calm.is_moving(), "{calm:?}");
        let other = sketch(3, |n, x, y| 100 + noise(n + 9, y, x));
        assert!(calm.distance(&other) < ALIKE, "{}", calm.distance(&other));
        let walker =
            sketch(
                3,
                |n, x, y| {
                    if x.abs_diff(4 * n) < 3 && y > 20 { 220 } else { 100 + noise(n, x, y) }
                },
            );
        assert!(walker.is_moving());
        assert!(walker.distance(&calm) > 5 * ALIKE, "{}", walker.distance(&calm));
    }

    #[test]
    fn another_light_and_another_hour_count() {
        let [night, evening, dark] = [(23, 60), (1, 60), (23, 30)]
            .map(|(hour, level)| sketch(hour, |_, x, _| level + x as u8));
        assert_eq!(night.distance(&evening), 2 * HOUR_WEIGHT, "the day is a circle");
        assert_eq!(night.distance(&dark), 30 * CELL_COUNT as u32);
        assert_eq!(night.distance(&night), 0);
    }
}
