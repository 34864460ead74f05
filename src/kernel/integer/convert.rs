use std::ops::Range;

use super::super::layout::{ByteGrid, Grid};
use super::super::step::{Step, StepContext, band_rows};
use super::filter::Quantisation;

/// Takes a map of integers to floats, for a layer that was left in them.
pub(in crate::kernel) struct ToFloats {
    from: ByteGrid,
    to: Grid,
    /// What each stored byte stands for.
    values: [f32; 256],
    band: usize,
}

impl ToFloats {
    pub(in crate::kernel) fn new(
        from: ByteGrid,
        to: Grid,
        quantisation: Quantisation,
        flip: u8,
        threads: usize,
    ) -> Self {
        let values = values(quantisation, flip);
        let band = band_rows(to.shape.height, to.shape.width, threads);
        Self { from, to, values, band }
    }
}

/// What the stored bytes stand for.
pub(super) fn values(quantisation: Quantisation, flip: u8) -> [f32; 256] {
    std::array::from_fn(|stored| quantisation.value((stored as u8 ^ flip) as i8))
}

impl Step for ToFloats {
    fn kernel(&self) -> &'static str {
        "to floats"
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.to.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (from, to) = (self.from.grid, self.to);
        let rows = band(task, self.band, to);
        let bytes = context.arena.cast::<u8>().cast_const();
        // SAFETY: both grids lie in the arena and have one shape; this task
        // alone writes these rows.
        unsafe {
            to.clear_border(context.arena, rows.clone());
            for (block, y) in (0..to.blocks()).flat_map(|b| rows.clone().map(move |y| (b, y))) {
                let row = context.arena.add(to.pixel(block, y as isize, 0));
                for lane in 0..to.lanes {
                    let channel = block * to.lanes + lane;
                    let (at, there) = (channel / from.lanes, channel % from.lanes);
                    for x in 0..to.shape.width {
                        let value = if channel < to.shape.channels {
                            let byte = bytes.add(from.pixel(at, y as isize, x as isize) + there);
                            self.values[usize::from(*byte)]
                        } else {
                            0.0
                        };
                        *row.add(x * to.lanes + lane) = value;
                    }
                }
            }
        }
    }
}

/// Takes a map of floats to integers.
pub(in crate::kernel) struct ToIntegers {
    from: Grid,
    to: ByteGrid,
    shift: f32,
    quantisation: Quantisation,
    flip: u8,
    band: usize,
}

impl ToIntegers {
    pub(in crate::kernel) fn new(
        from: Grid,
        to: ByteGrid,
        (shift, quantisation): (f32, Quantisation),
        flip: u8,
        threads: usize,
    ) -> Self {
        let band = band_rows(from.shape.height, from.shape.width, threads);
        Self { from, to, shift, quantisation, flip, band }
    }
}

impl Step for ToIntegers {
    fn kernel(&self) -> &'static str {
        "to integers"
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.from.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (from, to) = (self.from, self.to.grid);
        let rows = band(task, self.band, from);
        let bytes = context.arena.cast::<u8>();
        let zero = self.to.zero_point as u8 ^ self.flip;
        // SAFETY: both grids lie in the arena and have one shape; this task
        // alone writes these rows.
        unsafe {
            to.fill_border(bytes, zero, rows.clone());
            for (block, y) in (0..to.blocks()).flat_map(|b| rows.clone().map(move |y| (b, y))) {
                let row = bytes.add(to.pixel(block, y as isize, 0));
                for lane in 0..to.lanes {
                    let channel = block * to.lanes + lane;
                    let (at, there) = (channel / from.lanes, channel % from.lanes);
                    for x in 0..to.shape.width {
                        let byte = if channel < to.shape.channels {
                            let value = from.pixel(at, y as isize, x as isize) + there;
                            let value = *context.arena.add(value) - self.shift;
                            self.quantisation.integer(value) as u8 ^ self.flip
                        } else {
                            zero
                        };
                        *row.add(x * to.lanes + lane) = byte;
                    }
                }
            }
        }
    }
}

fn band(task: usize, band: usize, grid: Grid) -> Range<usize> {
    task * band..((task + 1) * band).min(grid.shape.height)
}
