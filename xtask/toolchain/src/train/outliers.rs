//! Windows that are abnormal by construction: normal footage played too fast.

use std::ops::{Range, RangeInclusive};

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::motion::{CELL_PX, motion};
use super::random::{Purpose, stream};
use super::samples::Samples;
use super::window::WindowShape;

/// How many times as fast a clip is played.
const SPEEDS: RangeInclusive<usize> = 2..=4;
/// Sides of the region that alone is played too fast, as shares of the
/// picture's.
const REGION: RangeInclusive<f64> = 0.3..=0.6;

/// Which queries of a batch belong to the memory, and which must not: the
/// second half of a loss that the published ones do not have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outliers {
    /// Windows at the end of the batch that are abnormal somewhere.
    pub windows: usize,
    /// By row of queries, in the batch's order.
    pub cells: Vec<Cell>,
}

/// What a query's own pixels show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cell {
    /// Nothing that moves, or what nobody can name: it is in neither half.
    Aside,
    /// Something that moves as it should.
    Moving,
    /// Something that moves too fast.
    Abnormal,
}

/// Decides which windows of a batch become outliers.
pub struct OutlierChoice {
    share: f64,
    rng: ChaCha8Rng,
    /// Of each window so far: whether it is one, and its queries.
    windows: Vec<(bool, Vec<Cell>)>,
}

impl OutlierChoice {
    /// None if there are to be none. The first window of a batch is never
    /// hurried, so that there is always one to learn the prediction from.
    pub fn new(skip_frames: Option<f64>, batch: usize, (seed, step): (u64, u64)) -> Option<Self> {
        let others = batch.saturating_sub(1).max(1);
        let share = (skip_frames? * batch as f64 / others as f64).min(1.0);
        let rng = stream(seed, Purpose::Outliers, step);
        Some(Self { share, rng, windows: Vec::new() })
    }

    /// Takes the next window's input frames, and may hurry them. `change` is
    /// what was done to the window's frames before.
    pub fn consider(
        &mut self,
        samples: &Samples,
        index: usize,
        inputs: &mut [u8],
        change: impl FnOnce(&mut [u8]),
    ) {
        let chosen = !self.windows.is_empty() && self.rng.random_bool(self.share);
        let speed = self.rng.random_range(SPEEDS);
        let fast = if chosen { samples.played(index, speed) } else { None };
        let window = match fast {
            Some(mut fast) => {
                change(&mut fast);
                (true, self.hurry(samples, inputs, &fast))
            }
            None => (false, usual_cells(samples, inputs)),
        };
        self.windows.push(window);
    }

    /// All over the picture or, as often, in one region, the rest at its own
    /// speed. Both end at the same frame, so that nothing there shows a seam.
    fn hurry(&mut self, samples: &Samples, inputs: &mut [u8], fast: &[u8]) -> Vec<Cell> {
        let (shape, rng) = (samples.shape(), &mut self.rng);
        let all = rng.random_bool(0.5);
        let region = if all { Region::all(&shape) } else { Region::any(&shape, rng) };
        let width = shape.input.width_px;
        let rows = inputs.chunks_exact_mut(width).zip(fast.chunks_exact(width));
        for (at, (row, fast)) in rows.enumerate() {
            let y = at % shape.input.height_px;
            if let Some(range) = region.columns_px(y) {
                row[range.clone()].copy_from_slice(&fast[range]);
            }
        }
        let columns = width / CELL_PX;
        let changes = motion(inputs, &shape).into_iter().enumerate();
        let cell = |(cell, change)| match region.side_of(cell % columns, cell / columns) {
            _ if change <= samples.motion_floor() => Cell::Aside,
            Side::Inside => Cell::Abnormal,
            Side::Outside => Cell::Moving,
            Side::Across => Cell::Aside,
        };
        changes.map(cell).collect()
    }

    /// Moves the outliers behind the other windows, in frames as in cells.
    pub fn finish(self, inputs: &mut Vec<u8>, targets: &mut Vec<u8>) -> Outliers {
        let mut order: Vec<usize> = (0..self.windows.len()).collect();
        order.sort_by_key(|&window| self.windows[window].0);
        *inputs = in_order(inputs, &order);
        *targets = in_order(targets, &order);
        Outliers {
            windows: self.windows.iter().filter(|(hurried, _)| *hurried).count(),
            cells: order.iter().flat_map(|&window| &self.windows[window].1).copied().collect(),
        }
    }
}

fn in_order(values: &[u8], order: &[usize]) -> Vec<u8> {
    let len = values.len() / order.len().max(1);
    order.iter().flat_map(|&at| &values[at * len..(at + 1) * len]).copied().collect()
}

/// The cells of a window as it is.
fn usual_cells(samples: &Samples, inputs: &[u8]) -> Vec<Cell> {
    let moves = |change: f64| change > samples.motion_floor();
    let cell = |change| if moves(change) { Cell::Moving } else { Cell::Aside };
    motion(inputs, &samples.shape()).into_iter().map(cell).collect()
}

/// A rectangle of whole cells.
#[derive(Clone, Copy, Debug)]
struct Region {
    x: [usize; 2],
    y: [usize; 2],
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Inside,
    Across,
    Outside,
}

impl Region {
    fn all(shape: &WindowShape) -> Self {
        let input = &shape.input;
        Self { x: [0, input.width_px / CELL_PX], y: [0, input.height_px / CELL_PX] }
    }

    fn any(shape: &WindowShape, rng: &mut impl Rng) -> Self {
        let mut side = |pixels: usize| {
            let cells = pixels / CELL_PX;
            let length = (cells as f64 * rng.random_range(REGION)).round().max(1.0) as usize;
            let first = rng.random_range(0..=cells - length.min(cells));
            [first, first + length]
        };
        Self { x: side(shape.input.width_px), y: side(shape.input.height_px) }
    }

    /// The pixels of row `y_px` that are inside.
    fn columns_px(&self, y_px: usize) -> Option<Range<usize>> {
        let [first, end] = self.x.map(|column| column * CELL_PX);
        (self.y[0]..self.y[1]).contains(&(y_px / CELL_PX)).then_some(first..end)
    }

    /// Whose side a cell is on; those next to the region are on neither, for
    /// what enters it jumps.
    fn side_of(&self, column: usize, row: usize) -> Side {
        let within = |[first, end]: [usize; 2], at| (first..end).contains(&at);
        let near = |[first, end]: [usize; 2], at| (first..end + 2).contains(&(at + 1));
        if within(self.x, column) && within(self.y, row) {
            Side::Inside
        } else if near(self.x, column) && near(self.y, row) {
            Side::Across
        } else {
            Side::Outside
        }
    }
}

#[cfg(test)]
mod tests;
