use std::ops::Range;

use super::super::layout::{BYTE_LANES, ByteGrid, Grid};
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
        // SAFETY: both grids lie in the arena, apart, and have one shape; this
        // task alone writes these rows.
        unsafe {
            to.clear_border(context.arena, rows.clone());
            for (block, y) in (0..to.blocks()).flat_map(|b| rows.clone().map(move |y| (b, y))) {
                let (at, there) = byte_place(block, to.lanes);
                let (depth, width) = (to.depth(block), to.shape.width);
                let source = bytes.add(from.pixel(at, y as isize, 0));
                let source = std::slice::from_raw_parts(source, width * BYTE_LANES);
                let row = context.arena.add(to.pixel(block, y as isize, 0));
                let row = std::slice::from_raw_parts_mut(row, width * to.lanes);
                let pixels = row.chunks_exact_mut(to.lanes).zip(source.chunks_exact(BYTE_LANES));
                for (pixel, source) in pixels {
                    let (channels, spare) = pixel.split_at_mut(depth);
                    for (value, &byte) in channels.iter_mut().zip(&source[there..]) {
                        *value = self.values[usize::from(byte)];
                    }
                    spare.fill(0.0);
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
        // SAFETY: both grids lie in the arena, apart, and have one shape; this
        // task alone writes these rows.
        unsafe {
            to.fill_border(bytes, zero, rows.clone());
            for (block, y) in (0..from.blocks()).flat_map(|b| rows.clone().map(move |y| (b, y))) {
                let (at, there) = byte_place(block, from.lanes);
                let (depth, width) = (from.depth(block), from.shape.width);
                let source = context.arena.add(from.pixel(block, y as isize, 0));
                let source = std::slice::from_raw_parts(source, width * from.lanes);
                let row = bytes.add(to.pixel(at, y as isize, 0));
                let row = std::slice::from_raw_parts_mut(row, width * BYTE_LANES);
                let pixels = row.chunks_exact_mut(BYTE_LANES).zip(source.chunks_exact(from.lanes));
                for (pixel, source) in pixels {
                    for (byte, value) in pixel[there..].iter_mut().zip(&source[..depth]) {
                        *byte = self.quantisation.integer(value - self.shift) as u8 ^ self.flip;
                    }
                }
            }
        }
    }
}

/// The block of bytes and the lane in it where a block of floats begins: blocks
/// of floats are a whole part of those of bytes.
fn byte_place(block: usize, lanes: usize) -> (usize, usize) {
    (block * lanes / BYTE_LANES, block * lanes % BYTE_LANES)
}

fn band(task: usize, band: usize, grid: Grid) -> Range<usize> {
    task * band..((task + 1) * band).min(grid.shape.height)
}
