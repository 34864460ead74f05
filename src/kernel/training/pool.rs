//! 2×2 max-pooling forward and backward, on blocks of floats.

use super::super::layout::Grid;
use super::super::simd::{Kernel, Simd};

/// 2×2 maxima of a sample, or the way back: the gradient goes to the first of
/// equal maxima.
pub(super) struct Pool {
    pub source: Grid,
    pub into: Grid,
    pub source_gradient: Grid,
    pub gradient: Grid,
    /// Whether the source has a gradient already that this one is added to.
    pub adds: bool,
}

pub(super) struct PoolPass<'a> {
    pub pool: &'a Pool,
    pub sample: *mut f32,
    pub backward: bool,
}

impl<S: Simd> Kernel<S> for PoolPass<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        let Pool { source, into, source_gradient, gradient, adds } = *self.pool;
        for block in 0..into.blocks() {
            for y in 0..into.shape.height as isize {
                for x in 0..into.shape.width as isize {
                    let square = |grid: Grid, i: isize| {
                        self.sample.wrapping_add(grid.pixel(block, 2 * y + i / 2, 2 * x + i % 2))
                    };
                    let place = |grid: Grid| self.sample.wrapping_add(grid.pixel(block, y, x));
                    // SAFETY: pixels of the sample's grids; the caller lets
                    // nobody else write them.
                    unsafe {
                        let mut values = [simd.splat(0.0); 4];
                        for i in 0..4 {
                            values[i] = simd.load(square(source, i as isize));
                        }
                        if !self.backward {
                            let upper = simd.max(values[0], values[1]);
                            let lower = simd.max(values[2], values[3]);
                            simd.store(place(into), simd.max(upper, lower));
                            continue;
                        }
                        let largest = simd.load(place(into));
                        let mut rest = simd.load(place(gradient));
                        for i in 0..4 {
                            let left = simd.where_positive(rest, simd.sub(largest, values[i]));
                            let mut share = simd.sub(rest, left);
                            rest = left;
                            let to = square(source_gradient, i as isize);
                            if adds {
                                share = simd.add(share, simd.load(to));
                            }
                            simd.store(to, share);
                        }
                    }
                }
            }
        }
    }
}
