//! The gradients of a convolution's weights, as products over all pixels of a
//! batch.

use std::ops::Range;

use super::super::arena::Floats;
use super::super::layout::Grid;
use super::super::panel::Panel;
use super::super::simd::{Kernel, Simd};
use super::conv::{Shift, Strides, shifts};
use super::graph::ConvForm;
use super::tile::Products;

/// Input and gradient of a band that stay in the first cache.
const BAND_FLOATS: usize = 9000;
/// Fewer tasks than this are split by samples.
const LEAST_TASKS: usize = 8;
const SPLITS: usize = 4;

/// The gradient of a convolution by its weights: for each shift, the products
/// of input and gradient channels, summed over all pixels of all samples.
pub(super) struct WeightGradient {
    shifts: Vec<Shift>,
    inputs: Vec<Input>,
    outputs: Vec<Range<usize>>,
    gradient: Grid,
    scale: usize,
    strides: Strides,
    /// Parts of the batch that are summed apart.
    splits: usize,
    /// For each part, input block, shift and channel a row over all outputs.
    sums: Floats,
}

struct Input {
    grid: Grid,
    block: usize,
    /// Number of the first channel among those of all sources.
    first: usize,
}

impl WeightGradient {
    pub(super) fn new(sources: &[Grid], gradient: Grid, form: ConvForm, batch: usize) -> Self {
        let (mut inputs, mut first) = (Vec::new(), 0);
        for grid in sources {
            for block in 0..grid.blocks() {
                inputs.push(Input { grid: *grid, block, first });
                first += grid.depth(block);
            }
        }
        let outputs: Vec<Range<usize>> = Panel::groups(gradient.blocks()).collect();
        let enough = inputs.len() * outputs.len() >= LEAST_TASKS;
        let splits = if enough { 1 } else { SPLITS.min(batch) };
        let shifts = shifts(form);
        let padded = gradient.blocks() * gradient.lanes;
        let sums = inputs.len() * shifts.len() * gradient.lanes * padded;
        Self {
            strides: Strides::new(form, first, gradient.shape.channels),
            scale: form.scale(),
            sums: Floats::zeroed(splits * sums),
            splits,
            shifts,
            inputs,
            outputs,
            gradient,
        }
    }

    pub(super) fn tasks(&self) -> usize {
        self.splits * self.inputs.len() * self.outputs.len()
    }

    fn padded(&self) -> usize {
        self.gradient.blocks() * self.gradient.lanes
    }

    /// Floats of an input block's sums.
    fn input_len(&self) -> usize {
        self.shifts.len() * self.gradient.lanes * self.padded()
    }

    /// `samples` begin `sample_len` apart.
    pub(super) fn task(
        &self,
        samples: *mut f32,
        sample_len: usize,
        count: usize,
        task: usize,
    ) -> Task<'_> {
        let (rest, output) = (task / self.outputs.len(), task % self.outputs.len());
        let (split, input) = (rest / self.inputs.len(), rest % self.inputs.len());
        let range = split * count / self.splits..(split + 1) * count / self.splits;
        let at = (split * self.inputs.len() + input) * self.input_len();
        let sums = self.sums.as_ptr().wrapping_add(at).cast_mut();
        let (input, output) = (&self.inputs[input], self.outputs[output].clone());
        Task { of: self, samples, sample_len, range, input, output, sums }
    }

    /// Inputs whose weights [`WeightGradient::unpack`] writes at once.
    pub(super) fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Writes the gradients of an input block's weights.
    ///
    /// # Safety
    /// `to` is the gradient of all weights, and nobody else writes those of
    /// this block.
    pub(super) unsafe fn unpack(&self, input: usize, to: *mut f32) {
        let Strides { input: input_stride, output: output_stride } = self.strides;
        let Input { grid, block, first } = self.inputs[input];
        let (padded, outputs) = (self.padded(), self.gradient.shape.channels);
        let mut totals = vec![[0.0; 9]; outputs];
        for k in 0..grid.depth(block) {
            totals.iter_mut().for_each(|parts| *parts = [0.0; 9]);
            for split in 0..self.splits {
                let sums =
                    &self.sums.as_slice()[(split * self.inputs.len() + input) * self.input_len()..];
                for (index, shift) in self.shifts.iter().enumerate() {
                    let row = &sums[(index * self.gradient.lanes + k) * padded..][..outputs];
                    for &part in &shift.parts {
                        totals.iter_mut().zip(row).for_each(|(to, sum)| to[part] += sum);
                    }
                }
            }
            for (output, parts) in totals.iter().enumerate() {
                let at = (first + k) * input_stride + output * output_stride;
                // SAFETY: nine weights of this block, as the caller promises.
                unsafe { to.add(at).cast::<[f32; 9]>().write(*parts) };
            }
        }
    }
}

/// One input block and one or two output blocks over some of the samples, as a
/// kernel. Whoever runs it promises that the samples hold the grids, that
/// nobody writes them, and that no other task of the same number runs.
pub(super) struct Task<'a> {
    of: &'a WeightGradient,
    samples: *mut f32,
    sample_len: usize,
    range: Range<usize>,
    input: &'a Input,
    output: Range<usize>,
    sums: *mut f32,
}

impl<S: Simd> Kernel<S> for Task<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        // SAFETY: the promise of whoever runs the task.
        unsafe {
            match (self.output.len(), self.of.scale) {
                (1, 1) => self.add::<S, 1, 1>(simd),
                (1, _) => self.add::<S, 1, 2>(simd),
                (_, 1) => self.add::<S, 2, 1>(simd),
                (_, _) => self.add::<S, 2, 2>(simd),
            }
        }
    }
}

impl Task<'_> {
    /// # Safety
    /// The promise of whoever runs the task.
    #[inline(always)]
    unsafe fn add<S: Simd, const O: usize, const K: usize>(&self, simd: S) {
        let WeightGradient { shifts, gradient, .. } = self.of;
        let Input { grid, block, .. } = *self.input;
        let padded = self.of.padded();
        let depth = grid.depth(block);
        let sums = self.sums.wrapping_add(self.output.start * S::LANES);
        for row in 0..shifts.len() * S::LANES {
            // SAFETY: a row of this task's sums.
            unsafe { sums.add(row * padded).write_bytes(0, O * S::LANES) };
        }
        let (height, width) = (grid.shape.height, grid.shape.width);
        let row = grid.pitch() + O * K * gradient.pitch();
        let band = (BAND_FLOATS / row).max(64usize.div_ceil(width)).clamp(1, height);
        for sample in self.range.clone() {
            let sample = self.samples.wrapping_add(sample * self.sample_len);
            for first in (0..height).step_by(band) {
                let products = Products {
                    pitches: [grid.pitch(), K * gradient.pitch()],
                    rows: band.min(height - first),
                    columns: width,
                    block_stride: gradient.plane(),
                    sum_stride: padded,
                };
                for (index, shift) in shifts.iter().enumerate() {
                    let (y, x) = (first as isize + shift.dy, shift.dx);
                    let scalars = sample.wrapping_add(grid.pixel(block, y, x));
                    let (y, x) = ((K * first + shift.row) as isize, shift.column as isize);
                    let vectors = gradient.pixel(self.output.start, y, x);
                    let vectors = sample.wrapping_add(vectors);
                    let sums = sums.wrapping_add(index * S::LANES * padded);
                    // SAFETY: a shift reaches no further than the border.
                    unsafe { products.add::<S, O, K>(simd, scalars, vectors, sums, depth) };
                }
            }
        }
    }
}
