//! The way out for a map of integers: from blocks to floats in C×H×W, with tanh
//! or division by the length of each pixel.

use std::marker::PhantomData;

use super::super::finish::finish_values;
use super::super::layout::{INTEGER_LANES, IntegerGrid};
use super::super::lower::Finish;
use super::super::step::{Step, StepContext, band_rows};
use super::cell::Cell;
use super::convert::Values;
use super::filter::Quantisation;

/// Pixels that leave together, a cache line of the result.
const CHUNK: usize = 16;

/// Takes a map of integers out as floats, C×H×W, finished. All that needs no
/// more than the value itself is done to the 256 values beforehand.
pub(in crate::kernel) struct IntegerExport<C> {
    source: IntegerGrid,
    finish: Finish,
    values: Values,
    /// First float of the result in the arena.
    into: usize,
    band: usize,
    cells: PhantomData<C>,
}

impl<C: Cell> IntegerExport<C> {
    pub(in crate::kernel) fn new(
        source: IntegerGrid,
        (quantisation, finish): (Quantisation, Finish),
        into: usize,
        threads: usize,
    ) -> Self {
        let mut values = Values::new(quantisation);
        finish_values(finish, values.all_mut());
        let shape = source.grid.shape;
        let band = band_rows(shape.height, shape.width, threads);
        Self { source, finish, values, into, band, cells: PhantomData }
    }

    /// The length of each of `count` pixels over the channels, summed up one
    /// channel after the other as stock tract does, or `floor` if that is more.
    ///
    /// # Safety
    /// The pixels lie in the arena.
    unsafe fn lengths(
        &self,
        arena: *const C,
        pixel: usize,
        count: usize,
        floor: f32,
    ) -> [f32; CHUNK] {
        let mut sums = [0.0f32; CHUNK];
        let grid = self.source.grid;
        for channel in 0..grid.shape.channels {
            let at = pixel + channel / INTEGER_LANES * grid.plane() + channel % INTEGER_LANES;
            for (x, sum) in sums[..count].iter_mut().enumerate() {
                // SAFETY: the caller's promise.
                let value = self.values.of(unsafe { *arena.add(at + x * INTEGER_LANES) });
                *sum += value * value;
            }
        }
        sums.map(|sum| sum.sqrt().max(floor))
    }
}

impl<C: Cell> Step for IntegerExport<C> {
    fn kernel(&self) -> &'static str {
        match self.finish {
            Finish::UnitLength { .. } => "unit length of integers",
            Finish::Tanh => "tanh of integers",
            Finish::Nothing | Finish::Relu => "copy of integers",
        }
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.source.grid.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let grid = self.source.grid;
        let shape = grid.shape;
        let cells = context.arena.cast::<C>().cast_const();
        for y in task * self.band..((task + 1) * self.band).min(shape.height) {
            for first in (0..shape.width).step_by(CHUNK) {
                let count = CHUNK.min(shape.width - first);
                let pixel = grid.pixel(0, y as isize, first as isize);
                let lengths = match self.finish {
                    // SAFETY: pixels of the source.
                    Finish::UnitLength { floor } => unsafe {
                        Some(self.lengths(cells, pixel, count, floor))
                    },
                    _ => None,
                };
                for channel in 0..shape.channels {
                    let at =
                        pixel + channel / INTEGER_LANES * grid.plane() + channel % INTEGER_LANES;
                    let into = self.into + (channel * shape.height + y) * shape.width + first;
                    // SAFETY: pixels of the source, and as many of the result,
                    // which this task alone writes.
                    unsafe {
                        let to = std::slice::from_raw_parts_mut(context.arena.add(into), count);
                        for (x, to) in to.iter_mut().enumerate() {
                            *to = self.values.of(*cells.add(at + x * INTEGER_LANES));
                        }
                        for (to, length) in to.iter_mut().zip(lengths.iter().flatten()) {
                            *to /= length;
                        }
                    }
                }
            }
        }
    }
}
