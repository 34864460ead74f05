//! The inner loop of all float convolutions: a row of pixels times the weights
//! of one or two blocks of output channels.

use std::ops::Range;

use super::simd::Simd;

/// Channels that follow each other in memory at one place of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Floats from the row's begin to the first pixel's first channel.
    pub offset: usize,
    pub depth: usize,
}

/// The input channels that a panel sums over.
#[derive(Clone, Copy)]
pub(super) enum Runs<'a> {
    /// In any places, and of any depth.
    Of(&'a [Run]),
    /// `count` whole blocks, `stride` floats apart: what needs no look at a
    /// table for every vector.
    Whole { count: usize, stride: usize },
}

/// What a sum begins with.
#[derive(Clone, Copy)]
pub(super) enum Start {
    Zero,
    /// A vector for each output block.
    Bias(*const f32),
    /// What lies in the output.
    Sum,
}

/// The matrix product that all convolutions are made of: pixels in a row, one
/// vector of output channels for each of one or two blocks, a sum over runs.
pub(super) struct Panel<'a> {
    pub runs: Runs<'a>,
    /// For each run, channel and output block a vector.
    pub weights: *const f32,
    pub start: Start,
    pub relu: bool,
    /// Floats between the output's blocks and pixels. Input pixels are
    /// `LANES` apart.
    pub block_stride: usize,
    pub pixel_stride: usize,
}

impl Panel<'_> {
    /// Output blocks in pairs, and the odd one at the end.
    pub(super) fn groups(blocks: usize) -> impl Iterator<Item = Range<usize>> {
        (0..blocks).step_by(2).map(move |first| first..(first + 2).min(blocks))
    }

    /// Computes `count` pixels.
    ///
    /// # Safety
    /// `from` with every run's offset, and `to`, begin `count` pixels of
    /// memory that may be read and written; weights and bias are complete.
    #[inline(always)]
    pub(super) unsafe fn row<S: Simd, const O: usize>(
        &self,
        simd: S,
        from: *const f32,
        to: *mut f32,
        count: usize,
    ) {
        let mut done = 0;
        macro_rules! tiles {
            ($($pixels:literal)*) => {$(
                if $pixels * O <= S::TILE || $pixels == 1 {
                    while count - done >= $pixels {
                        // SAFETY: as many pixels are left.
                        unsafe {
                            let from = from.add(done * S::LANES);
                            let to = to.add(done * self.pixel_stride);
                            self.tile::<S, O, $pixels>(simd, from, to);
                        }
                        done += $pixels;
                    }
                }
            )*};
        }
        tiles!(16 12 8 6 4 2 1);
    }

    /// # Safety
    /// As for [`Panel::row`], with `P` pixels.
    #[inline(always)]
    unsafe fn tile<S: Simd, const O: usize, const P: usize>(
        &self,
        simd: S,
        from: *const f32,
        to: *mut f32,
    ) {
        let mut acc = [[simd.splat(0.0); P]; O];
        let place = |o: usize, p: usize| o * self.block_stride + p * self.pixel_stride;
        // SAFETY: the caller's promise for every pointer.
        unsafe {
            match self.start {
                Start::Zero => {}
                Start::Bias(bias) => {
                    for (o, acc) in acc.iter_mut().enumerate() {
                        *acc = [simd.load(bias.wrapping_add(o * S::LANES)); P];
                    }
                }
                Start::Sum => {
                    for o in 0..O {
                        for p in 0..P {
                            acc[o][p] = simd.load(to.wrapping_add(place(o, p)));
                        }
                    }
                }
            }
            let mut weights = self.weights;
            match self.runs {
                Runs::Of(runs) => {
                    for run in runs {
                        let from = from.wrapping_add(run.offset);
                        simd.accumulate::<O, P>(&mut acc, from, weights, run.depth);
                        weights = weights.wrapping_add(run.depth * O * S::LANES);
                    }
                }
                Runs::Whole { count, stride } => {
                    simd.accumulate_blocks::<O, P>(&mut acc, from, stride, weights, count);
                }
            }
            for o in 0..O {
                for p in 0..P {
                    let value = acc[o][p];
                    let value = if self.relu { simd.max(value, simd.splat(0.0)) } else { value };
                    simd.store(to.wrapping_add(place(o, p)), value);
                }
            }
        }
    }
}
