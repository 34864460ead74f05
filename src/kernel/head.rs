//! 3×3 convolutions in floats to at most four channels, with vectors along the
//! input channels instead of the output channels.

use std::ops::Range;

use super::arena::Floats;
use super::finish::finish_values;
use super::graph::Filter;
use super::layout::Grid;
use super::lower::Finish;
use super::simd::{Kernel, Simd};
use super::step::{Step, StepContext, band_rows};

/// Pixels whose sums are kept in registers at a time.
const PIXELS: usize = 8;

/// A 3×3 convolution to so few channels that a vector of them would be mostly
/// empty: its vectors lie along the input channels, and each sum ends with one
/// over the lanes. Written out as C×H×W.
pub(super) struct Head<S> {
    simd: S,
    /// Offsets of the nine taps of pixel (0, 0) in each block of the sources.
    taps: Vec<usize>,
    /// For each output channel and tap a vector.
    weights: Floats,
    bias: Vec<f32>,
    finish: Finish,
    inputs: usize,
    width: usize,
    height: usize,
    /// First float of the result in the arena.
    into: usize,
    band: usize,
}

impl<S: Simd> Head<S> {
    /// `sources` lie one after the other in the filter's input channels and
    /// have one size.
    pub(super) fn new(
        simd: S,
        sources: &[Grid],
        filter: &Filter,
        finish: Finish,
        into: usize,
        threads: usize,
    ) -> Self {
        let inputs = sources.iter().map(|grid| grid.shape.channels).sum();
        let (height, width) = (sources[0].shape.height, sources[0].shape.width);
        let (mut taps, mut weights) = (Vec::new(), Vec::new());
        for output in 0..filter.outputs() {
            let mut first = 0;
            for grid in sources {
                for block in 0..grid.blocks() {
                    for tap in 0..9 {
                        if output == 0 {
                            let (dy, dx) = (tap / 3, tap % 3);
                            taps.push(grid.pixel(block, dy as isize - 1, dx as isize - 1));
                        }
                        weights.extend((0..S::LANES).map(|lane| {
                            let input = first + lane;
                            let at = (output * inputs + input) * 9 + tap;
                            if lane < grid.depth(block) { filter.weights[at] } else { 0.0 }
                        }));
                    }
                    first += grid.depth(block);
                }
            }
        }
        let band = band_rows(height, width, threads);
        let (weights, bias) = (weights.into_iter().collect(), filter.bias.clone());
        Self { simd, taps, weights, bias, finish, inputs, width, height, into, band }
    }
}

impl<S: Simd> Step for Head<S> {
    fn kernel(&self) -> &'static str {
        "few channels"
    }

    fn macs(&self) -> u64 {
        (self.height * self.width * self.inputs * 9 * self.bias.len()) as u64
    }

    fn tasks(&self) -> usize {
        self.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let rows = task * self.band..((task + 1) * self.band).min(self.height);
        self.simd.vectorise(Band { head: self, arena: context.arena, rows });
    }
}

struct Band<'a, S> {
    head: &'a Head<S>,
    arena: *mut f32,
    rows: Range<usize>,
}

impl<S: Simd> Kernel<S> for Band<'_, S> {
    #[inline(always)]
    fn run(self, simd: S) {
        let Head { height, width, into, .. } = *self.head;
        let pitch = (width + 2) * S::LANES;
        for output in 0..self.head.bias.len() {
            for y in self.rows.clone() {
                // SAFETY: a row of the sources, and one of the result, which
                // this task alone writes.
                unsafe {
                    let from = self.arena.add(y * pitch);
                    let to = self.arena.add(into + (output * height + y) * width);
                    let row = std::slice::from_raw_parts_mut(to, width);
                    let (tiles, rest) = row.as_chunks_mut::<PIXELS>();
                    let mut from = from.cast_const();
                    for tile in tiles {
                        self.head.pixels(simd, from, output, tile);
                        from = from.add(PIXELS * S::LANES);
                    }
                    for pixel in rest {
                        self.head.pixels(simd, from, output, std::array::from_mut(pixel));
                        from = from.add(S::LANES);
                    }
                    finish_values(self.head.finish, row);
                }
            }
        }
    }
}

impl<S: Simd> Head<S> {
    /// # Safety
    /// `from` with every tap's offset begins `P` pixels that may be read.
    #[inline(always)]
    unsafe fn pixels<const P: usize>(
        &self,
        simd: S,
        from: *const f32,
        output: usize,
        to: &mut [f32; P],
    ) {
        let mut sums = [simd.splat(0.0); P];
        // SAFETY: the caller's promise, and a vector for every tap.
        unsafe {
            let mut weights = self.weights.as_ptr().add(output * self.taps.len() * S::LANES);
            for &tap in &self.taps {
                let weight = simd.load(weights);
                for (p, sum) in sums.iter_mut().enumerate() {
                    let value = simd.load(from.add(tap + p * S::LANES));
                    *sum = simd.mul_add(value, weight, *sum);
                }
                weights = weights.add(S::LANES);
            }
        }
        for (to, sum) in to.iter_mut().zip(sums) {
            *to = simd.sum(sum) + self.bias[output];
        }
    }
}
