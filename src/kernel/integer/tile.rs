//! A row of output pixels in integers, tile by tile: the sums that stay in
//! registers, and their way back to 8 bits.

use super::super::layout::INTEGER_LANES;
use super::dot::{Dot, Requantise};

/// Input channels that follow each other at one place of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Cells from the row's begin to the first pixel's block.
    pub offset: usize,
    /// Groups of input channels.
    pub groups: usize,
}

/// A row of output pixels, one or two blocks of channels: a sum over runs,
/// requantised.
pub(super) struct Row<'a, D: Dot> {
    pub runs: &'a [Run],
    /// For each run, group and output block.
    pub weights: *const D::Weight,
    /// For each output block.
    pub requantise: [Requantise; 2],
    /// Cells between the output's blocks and pixels.
    pub block_stride: usize,
    pub pixel_stride: usize,
}

impl<D: Dot> Row<'_, D> {
    /// # Safety
    /// `from` with every run's offset begins `count` readable pixels, `to`
    /// with the strides as many writable ones; weights are complete.
    #[inline(always)]
    pub(super) unsafe fn run<const O: usize>(
        &self,
        dot: D,
        from: *const D::Cell,
        to: *mut D::Cell,
        count: usize,
    ) {
        let mut done = 0;
        macro_rules! tiles {
            ($($pixels:literal)*) => {$(
                if $pixels * O <= D::TILE || $pixels == 1 {
                    while count - done >= $pixels {
                        // SAFETY: as many pixels are left.
                        unsafe {
                            let from = from.add(done * INTEGER_LANES);
                            let to = to.add(done * self.pixel_stride);
                            self.tile::<O, $pixels>(dot, from, to);
                        }
                        done += $pixels;
                    }
                }
            )*};
        }
        tiles!(16 12 8 6 4 2 1);
    }

    /// # Safety
    /// As for [`Row::run`], with `P` pixels.
    #[inline(always)]
    unsafe fn tile<const O: usize, const P: usize>(
        &self,
        dot: D,
        from: *const D::Cell,
        to: *mut D::Cell,
    ) {
        let mut sums = [[dot.zero(); P]; O];
        let mut weights = self.weights;
        for run in self.runs {
            let pixels = from.wrapping_add(run.offset);
            // SAFETY: the caller's promise.
            unsafe { dot.accumulate::<O, P>(&mut sums, pixels, weights, run.groups) };
            weights = weights.wrapping_add(run.groups.wrapping_mul(O * INTEGER_LANES * D::DEPTH));
        }
        dot.settle(&mut sums);
        for o in 0..O {
            for p in 0..P {
                let at = o.wrapping_mul(self.block_stride) + p.wrapping_mul(self.pixel_stride);
                // SAFETY: the caller's promise.
                unsafe { dot.requantise(sums[o][p], &self.requantise[o], to.wrapping_add(at)) };
            }
        }
    }
}
