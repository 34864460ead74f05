//! Convolutions in integers to a few channels, with vectors along the input
//! channels instead of the output channels.

use std::ops::Range;

use super::super::arena::Aligned;
use super::super::layout::{INTEGER_LANES, IntegerGrid};
use super::super::lower::IntegerForm;
use super::super::step::{Step, StepContext, band_rows};
use super::cell::Cell;
use super::dot::{Dot, DotKernel, Requantise};
use super::layer::IntegerLayer;

/// Pixels whose sums are kept in registers at a time.
const PIXELS: usize = 4;
/// With more outputs a vector of them is no longer mostly empty.
const MOST_OUTPUTS: usize = 4;

/// A unit that multiplies a pixel of a block by as many weights, channel by
/// channel.
pub(in crate::kernel) trait Across: Dot {
    /// Sums over some of the channels each.
    type Partial: Copy;

    fn nothing(self) -> Self::Partial;

    /// Adds the products of `P` pixels, [`INTEGER_LANES`] cells apart.
    ///
    /// # Safety
    /// So many readable pixels, and a weight for each channel of one; pixels
    /// are aligned to their size, as are the weights.
    unsafe fn accumulate_across<const P: usize>(
        self,
        sums: &mut [Self::Partial; P],
        pixels: *const Self::Cell,
        weights: *const Self::Weight,
    );

    fn total(self, sums: Self::Partial) -> i32;
}

/// A plain 3×3 convolution to so few channels that a vector of them would be
/// mostly empty: its vectors lie along the input channels, and each sum ends
/// with one over the lanes.
pub(in crate::kernel) struct IntegerHead<D: Dot> {
    dot: D,
    /// Offsets of the nine taps of pixel (0, 0) in each block of the sources.
    taps: Vec<usize>,
    /// For each output channel and tap those of a block.
    weights: Aligned<D::Weight>,
    bias: Aligned<i32>,
    multipliers: Aligned<f32>,
    out: IntegerGrid,
    outputs: usize,
    band: usize,
    macs: u64,
}

impl<D: Across> IntegerHead<D> {
    /// The step of a layer that it suits.
    pub(super) fn boxed(dot: D, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        let fits = layer.form == IntegerForm::Plain && layer.filter.side == 3;
        let few = layer.filter.outputs() <= MOST_OUTPUTS && layer.pooled.is_none();
        (fits && few).then(|| Box::new(Self::new(dot, layer)) as Box<dyn Step>)
    }

    fn new(dot: D, layer: &IntegerLayer) -> Self {
        let &IntegerLayer { sources, filter, out, threads, .. } = layer;
        let (inputs, outputs) = (layer.inputs(), filter.outputs());
        let (mut taps, mut weights) = (Vec::new(), Vec::new());
        for output in 0..outputs {
            let mut first = 0;
            for IntegerGrid { grid, .. } in sources {
                for block in 0..grid.blocks() {
                    let depth = grid.depth(block);
                    for tap in 0..9 {
                        if output == 0 {
                            let (dy, dx) = (tap / 3, tap % 3);
                            taps.push(grid.pixel(block, dy as isize - 1, dx as isize - 1));
                        }
                        weights.extend((0..INTEGER_LANES).map(|lane| {
                            let at = (output * inputs + first + lane) * 9 + tap;
                            let weight = if lane < depth { filter.weights[at].into() } else { 0 };
                            D::Weight::try_from(weight).ok().expect("weights are bytes")
                        }));
                    }
                    first += depth;
                }
            }
        }
        let (bias, multipliers) = filter.constants(0..outputs, D::Cell::OFFSET);
        let shape = out.grid.shape;
        let band = band_rows(shape.height, shape.width, threads);
        let macs = (shape.len() * inputs * 9) as u64;
        let weights = weights.into_iter().collect();
        Self { dot, taps, weights, bias, multipliers, out, outputs, band, macs }
    }
}

impl<D: Across> Step for IntegerHead<D> {
    fn kernel(&self) -> &'static str {
        "int8, few channels"
    }

    fn macs(&self) -> u64 {
        self.macs
    }

    fn tasks(&self) -> usize {
        self.out.grid.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let end = ((task + 1) * self.band).min(self.out.grid.shape.height);
        let rows = task * self.band..end;
        self.dot.vectorise(Band { head: self, arena: context.arena.cast(), rows });
    }
}

struct Band<'a, D: Dot> {
    head: &'a IntegerHead<D>,
    arena: *mut D::Cell,
    rows: Range<usize>,
}

impl<D: Across> DotKernel<D> for Band<'_, D> {
    #[inline(always)]
    fn run(self, dot: D) {
        let IntegerGrid { grid, zero_point } = self.head.out;
        let border = D::Cell::of(zero_point);
        // SAFETY: the plan gave this step its grids in the arena, and this
        // task the rows.
        unsafe {
            grid.fill_border(self.arena, border, self.rows.clone());
            for y in self.rows.clone() {
                let mut from = self.arena.add(y * grid.pitch()).cast_const();
                let mut to = self.arena.add(grid.pixel(0, y as isize, 0));
                for _ in 0..grid.shape.width / PIXELS {
                    self.pixels::<PIXELS>(dot, from, to);
                    from = from.add(PIXELS * INTEGER_LANES);
                    to = to.add(PIXELS * INTEGER_LANES);
                }
                for _ in 0..grid.shape.width % PIXELS {
                    self.pixels::<1>(dot, from, to);
                    from = from.add(INTEGER_LANES);
                    to = to.add(INTEGER_LANES);
                }
            }
        }
    }
}

impl<D: Across> Band<'_, D> {
    /// # Safety
    /// `from` with every tap's offset begins `P` pixels of a source, `to` as
    /// many of the output, which this task alone writes.
    #[inline(always)]
    unsafe fn pixels<const P: usize>(&self, dot: D, from: *const D::Cell, to: *mut D::Cell) {
        let IntegerHead { taps, weights, bias, multipliers, out, outputs, .. } = self.head;
        let how = Requantise::new::<D::Cell>(bias.as_ptr(), multipliers.as_ptr(), out.zero_point);
        let mut weights = weights.as_ptr();
        for output in 0..*outputs {
            let mut sums = [dot.nothing(); P];
            // SAFETY: a block of weights for each tap, the caller's promise
            // for the pixels, and a constant for each output.
            unsafe {
                for &tap in taps {
                    dot.accumulate_across(&mut sums, from.add(tap), weights);
                    weights = weights.add(INTEGER_LANES);
                }
                for (p, sums) in sums.into_iter().enumerate() {
                    let sum = dot.total(sums).wrapping_add(*how.bias.add(output));
                    let stored = how.stored(sum, *how.multipliers.add(output));
                    *to.add(p * INTEGER_LANES + output) = D::Cell::stored(stored);
                }
            }
        }
    }
}
