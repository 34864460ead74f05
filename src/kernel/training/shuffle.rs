//! DepthToSpace by two forward and backward, pixel by pixel.

use super::super::layout::Grid;

/// Four channels to the pixels of 2×2 squares, or the way back.
pub(super) struct Shuffle {
    pub source: Grid,
    pub into: Grid,
    pub source_gradient: Grid,
    pub gradient: Grid,
}

impl Shuffle {
    pub(super) fn forward(&self, sample: &mut [f32]) {
        each(self.source, self.into, |from, to| sample[to] = sample[from]);
    }

    pub(super) fn backward(&self, sample: &mut [f32]) {
        each(self.source_gradient, self.gradient, |from, to| sample[from] = sample[to]);
    }
}

fn each(packed: Grid, spread: Grid, mut pair: impl FnMut(usize, usize)) {
    for channel in 0..packed.shape.channels {
        let (to, row, column) = (channel / 4, channel % 4 / 2, channel % 2);
        for y in 0..packed.shape.height {
            for x in 0..packed.shape.width {
                let (from_y, from_x) = (y as isize, x as isize);
                let (to_y, to_x) = ((2 * y + row) as isize, (2 * x + column) as isize);
                let lanes = packed.lanes;
                let from = packed.pixel(channel / lanes, from_y, from_x) + channel % lanes;
                pair(from, spread.pixel(to / lanes, to_y, to_x) + to % lanes);
            }
        }
    }
}
