//! The inner loops of training: a row of pixels times weights, and products
//! summed over pixels.

use super::super::panel::{Run, Start};
use super::super::simd::Simd;

/// [`super::super::panel::Panel`] for inputs whose pixels are `K` blocks
/// apart: every pixel, or every second one.
pub(super) struct Tile<'a> {
    pub runs: &'a [Run],
    /// For each run, channel and output block a vector.
    pub weights: *const f32,
    pub start: Start,
    /// Floats between the output's blocks and pixels.
    pub block_stride: usize,
    pub pixel_stride: usize,
}

impl Tile<'_> {
    /// Computes `count` pixels of `O` blocks.
    ///
    /// # Safety
    /// `from` with every run's offset, and `to`, begin `count` pixels of
    /// memory that may be read and written; weights and bias are complete.
    #[inline(always)]
    pub(super) unsafe fn row<S: Simd, const O: usize, const K: usize>(
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
                    // Eight and eight are better than twelve and four.
                    while count - done >= $pixels && !($pixels == 12 && count - done == 16) {
                        // SAFETY: as many pixels are left.
                        unsafe {
                            let from = from.add(done * K * S::LANES);
                            let to = to.add(done * self.pixel_stride);
                            self.tile::<S, O, K, $pixels>(simd, from, to);
                        }
                        done += $pixels;
                    }
                }
            )*};
        }
        tiles!(16 12 8 6 4 2 1);
    }

    /// # Safety
    /// As for [`Tile::row`], with `P` pixels.
    #[inline(always)]
    unsafe fn tile<S: Simd, const O: usize, const K: usize, const P: usize>(
        &self,
        simd: S,
        from: *const f32,
        to: *mut f32,
    ) {
        let mut acc = [[simd.splat(0.0); P]; O];
        let place = |o: usize, p: usize| o * self.block_stride + p * self.pixel_stride;
        // SAFETY: the caller's promise for every pointer.
        unsafe {
            for o in 0..O {
                for p in 0..P {
                    match self.start {
                        Start::Zero => {}
                        Start::Bias(bias) => {
                            acc[o][p] = simd.load(bias.wrapping_add(o * S::LANES));
                        }
                        Start::Sum => acc[o][p] = simd.load(to.wrapping_add(place(o, p))),
                    }
                }
            }
            let mut weights = self.weights;
            for run in self.runs {
                let pixels = from.wrapping_add(run.offset);
                for k in 0..run.depth {
                    let mut w = [simd.splat(0.0); O];
                    for (o, w) in w.iter_mut().enumerate() {
                        *w = simd.load(weights.wrapping_add(o * S::LANES));
                    }
                    weights = weights.wrapping_add(O * S::LANES);
                    for p in 0..P {
                        let value = simd.broadcast(pixels.wrapping_add(p * K * S::LANES + k));
                        for o in 0..O {
                            acc[o][p] = simd.mul_add(value, w[o], acc[o][p]);
                        }
                    }
                }
            }
            for o in 0..O {
                for p in 0..P {
                    simd.store(to.wrapping_add(place(o, p)), acc[o][p]);
                }
            }
        }
    }
}

/// A sum over pixels of the product of channels: `I` channels of one map
/// (broadcast) and `O` blocks of another, whose pixels are `K` blocks apart.
#[derive(Clone, Copy)]
pub(super) struct Products {
    /// Floats from one row to the next, of the broadcast map and the other.
    pub pitches: [usize; 2],
    pub rows: usize,
    pub columns: usize,
    /// Floats between the blocks of the other map.
    pub block_stride: usize,
    /// Floats between the sums of two channels.
    pub sum_stride: usize,
}

impl Products {
    /// Adds to the sums of `depth` channels.
    ///
    /// # Safety
    /// Both maps have rows and columns as said; `sums` has `depth` rows of `O`
    /// vectors, aligned.
    #[inline(always)]
    pub(super) unsafe fn add<S: Simd, const O: usize, const K: usize>(
        &self,
        simd: S,
        scalars: *const f32,
        vectors: *const f32,
        sums: *mut f32,
        depth: usize,
    ) {
        let mut done = 0;
        macro_rules! tiles {
            ($($channels:literal)*) => {$(
                if $channels * O <= S::TILE || $channels == 1 {
                    while depth - done >= $channels {
                        // SAFETY: as many channels are left.
                        unsafe {
                            let sums = sums.add(done * self.sum_stride);
                            self.tile::<S, O, K, $channels>(simd, scalars.add(done), vectors, sums);
                        }
                        done += $channels;
                    }
                }
            )*};
        }
        tiles!(16 8 4 2 1);
    }

    /// # Safety
    /// As for [`Products::add`], with `I` channels.
    #[inline(always)]
    unsafe fn tile<S: Simd, const O: usize, const K: usize, const I: usize>(
        &self,
        simd: S,
        scalars: *const f32,
        vectors: *const f32,
        sums: *mut f32,
    ) {
        let mut acc = [[simd.splat(0.0); I]; O];
        let place = |o: usize, i: usize| i * self.sum_stride + o * S::LANES;
        // SAFETY: the caller's promise for every pointer.
        unsafe {
            for o in 0..O {
                for i in 0..I {
                    acc[o][i] = simd.load(sums.wrapping_add(place(o, i)));
                }
            }
            for row in 0..self.rows {
                let mut scalar = scalars.wrapping_add(row * self.pitches[0]);
                let mut vector = vectors.wrapping_add(row * self.pitches[1]);
                for _ in 0..self.columns {
                    let mut v = [simd.splat(0.0); O];
                    for (o, v) in v.iter_mut().enumerate() {
                        *v = simd.load(vector.wrapping_add(o * self.block_stride));
                    }
                    for i in 0..I {
                        let value = simd.broadcast(scalar.wrapping_add(i));
                        for o in 0..O {
                            acc[o][i] = simd.mul_add(value, v[o], acc[o][i]);
                        }
                    }
                    scalar = scalar.wrapping_add(S::LANES);
                    vector = vector.wrapping_add(K * S::LANES);
                }
            }
            for o in 0..O {
                for i in 0..I {
                    simd.store(sums.wrapping_add(place(o, i)), acc[o][i]);
                }
            }
        }
    }
}
