//! The way out for a map of floats: from blocks to C×H×W, with tanh or division
//! by the length of each pixel.

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
            for first in (0..shape.width).step_by(CHUNK) {
                let count = CHUNK.min(shape.width - first);
                let mut divisors = [1.0; CHUNK];
                if let Finish::UnitLength { floor } = *finish {
                    for (x, divisor) in divisors[..count].iter_mut().enumerate() {
                        // SAFETY: a pixel of the source.
                        let length = unsafe { length(simd, self.arena, *source, (y, first + x)) };
                        *divisor = length.max(floor);
                    }
                }
                for channel in 0..shape.channels {
                    let (block, lane) = (channel / S::LANES, channel % S::LANES);
                    let at = into + (channel * shape.height + y) * shape.width + first;
                    // SAFETY: `count` pixels of the source, and as many of the
                    // result, which this task alone writes.
                    unsafe {
                        let from = source.pixel(block, y as isize, first as isize) + lane;
                        let mut from = self.arena.wrapping_add(from);
                        let to = std::slice::from_raw_parts_mut(self.arena.add(at), count);
                        for (to, divisor) in to.iter_mut().zip(divisors) {
                            *to = *from / divisor;
                            from = from.wrapping_add(S::LANES);
                        }
                        finish_values(*finish, to);
                    }
                }
            }
        }
    }
}

/// Pixels that leave together, a cache line of the result.
const CHUNK: usize = 16;

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
