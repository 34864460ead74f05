use std::ops::Range;

use super::layout::Grid;
use super::lower::Finish;
use super::simd::{Kernel, Simd};
use super::step::{Step, StepContext, band_rows};

/// Arguments beyond which tanh is ±1 in single precision.
const TANH_LIMIT: f32 = 7.905_311;

/// Odd numerator and even denominator of a rational approximation to tanh
/// within ±[`TANH_LIMIT`], off by a few units in the last place.
const TANH_ODD: [f32; 7] = [
    -2.760_768_4e-16,
    2.000_188e-13,
    -8.604_672e-11,
    5.122_297_3e-8,
    1.485_722_4e-5,
    6.372_619_4e-4,
    4.893_524_7e-3,
];
const TANH_EVEN: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];

#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let x = x.clamp(-TANH_LIMIT, TANH_LIMIT);
    let square = x * x;
    let horner = |coefficients: &[f32]| {
        coefficients.iter().fold(0.0, |sum, &coefficient| sum * square + coefficient)
    };
    x * horner(&TANH_ODD) / horner(&TANH_EVEN)
}

/// Applies what needs no more than the value itself.
#[inline(always)]
pub(super) fn finish_values(finish: Finish, values: &mut [f32]) {
    match finish {
        Finish::Nothing | Finish::UnitLength { .. } => {}
        Finish::Relu => values.iter_mut().for_each(|value| *value = value.max(0.0)),
        Finish::Tanh => values.iter_mut().for_each(|value| *value = tanh(*value)),
    }
}

/// Takes a map out of the blocks: C×H×W, finished.
pub(super) struct Export<S> {
    pub simd: S,
    pub source: Grid,
    pub finish: Finish,
    /// First float of the result in the arena.
    pub into: usize,
    pub threads: usize,
}

impl<S: Simd> Export<S> {
    fn band(&self) -> usize {
        band_rows(self.source.shape.height, self.source.shape.width, self.threads)
    }
}

impl<S: Simd> Step for Export<S> {
    fn kernel(&self) -> &'static str {
        match self.finish {
            Finish::UnitLength { .. } => "unit length",
            Finish::Tanh => "tanh",
            Finish::Nothing | Finish::Relu => "copy",
        }
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.source.shape.height.div_ceil(self.band())
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let band = self.band();
        let rows = task * band..((task + 1) * band).min(self.source.shape.height);
        self.simd.vectorise(Band { export: self, arena: context.arena, rows });
    }
}

struct Band<'a, S> {
    export: &'a Export<S>,
    arena: *mut f32,
    rows: Range<usize>,
}

impl<S: Simd> Kernel<S> for Band<'_, S> {
    #[inline(always)]
    fn run(self, simd: S) {
        let Export { source, finish, into, .. } = self.export;
        let shape = source.shape;
        for y in self.rows {
            for block in 0..source.blocks() {
                for lane in 0..source.depth(block) {
                    let channel = block * S::LANES + lane;
                    let to = into + (channel * shape.height + y) * shape.width;
                    // SAFETY: one row of the source's block and of the result,
                    // which this task alone writes.
                    unsafe {
                        let from = self.arena.add(source.pixel(block, y as isize, 0) + lane);
                        let row = std::slice::from_raw_parts_mut(self.arena.add(to), shape.width);
                        for (x, to) in row.iter_mut().enumerate() {
                            *to = *from.add(x * S::LANES);
                        }
                        finish_values(*finish, row);
                    }
                }
            }
            if let Finish::UnitLength { floor } = *finish {
                for x in 0..shape.width {
                    // SAFETY: pixel (y, x) of the source, and its column of
                    // the result.
                    unsafe {
                        let length = length(simd, self.arena, *source, (y, x)).max(floor);
                        let mut to = self.arena.add(into + y * shape.width + x);
                        for _ in 0..shape.channels {
                            *to /= length;
                            to = to.wrapping_add(shape.height * shape.width);
                        }
                    }
                }
            }
        }
    }
}

/// The length of a pixel over its channels.
///
/// # Safety
/// The grid lies in the arena.
#[inline(always)]
unsafe fn length<S: Simd>(simd: S, arena: *const f32, grid: Grid, (y, x): (usize, usize)) -> f32 {
    let mut sum = simd.splat(0.0);
    for block in 0..grid.blocks() {
        // SAFETY: a pixel of the grid; lanes beyond the last channel are 0.
        let value = unsafe { simd.load(arena.add(grid.pixel(block, y as isize, x as isize))) };
        sum = simd.mul_add(value, value, sum);
    }
    simd.sum(sum).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_off_by_a_few_units_in_the_last_place() {
        for step in -40_000..=40_000 {
            let x = step as f32 / 2000.0;
            let expected = f64::from(x).tanh();
            let error = (f64::from(tanh(x)) - expected).abs();
            assert!(error <= 4e-7 * expected.abs().max(1e-3), "{x}: {error:e}");
        }
        assert_eq!(tanh(f32::INFINITY), tanh(TANH_LIMIT));
        assert!(tanh(f32::NAN).is_nan());
    }
}
