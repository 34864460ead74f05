//! BatchNorm with ReLU forward and backward, on blocks of floats.

use super::super::arena::Floats;
use super::super::layout::Grid;
use super::super::simd::{Kernel, Simd};

/// ε of BatchNorm.
const EPSILON: f64 = 1e-5;
/// Share of a batch's statistics in the running ones.
const MOMENTUM: f64 = 0.1;

/// BatchNorm by the batch's own statistics, then ReLU, and both backwards.
pub(super) struct Norm {
    pub source: Grid,
    pub into: Grid,
    /// Holds the gradient by `into`, and then that by `source`.
    pub gradient: Grid,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub running_mean: Vec<f32>,
    pub running_variance: Vec<f32>,
    pub weight_gradient: Vec<f32>,
    pub bias_gradient: Vec<f32>,
    /// Of the last batch: mean, and 1/√(variance + ε).
    mean: Vec<f64>,
    inverse: Vec<f64>,
    /// What the kernels read, a row for each quantity.
    factors: Floats,
}

/// Sums over the pixels of one sample for each channel, of two quantities.
pub(super) type Sums = [Vec<f64>; 2];

impl Norm {
    pub(super) fn new(source: Grid, into: Grid, gradient: Grid) -> Self {
        let channels = source.shape.channels;
        let padded = source.blocks() * source.lanes;
        Self {
            source,
            into,
            gradient,
            weight: vec![1.0; channels],
            bias: vec![0.0; channels],
            running_mean: vec![0.0; channels],
            running_variance: vec![1.0; channels],
            weight_gradient: vec![0.0; channels],
            bias_gradient: vec![0.0; channels],
            mean: vec![0.0; channels],
            inverse: vec![0.0; channels],
            factors: Floats::zeroed(5 * padded),
        }
    }

    fn padded(&self) -> usize {
        self.source.blocks() * self.source.lanes
    }

    fn row(&mut self, row: usize) -> &mut [f32] {
        let padded = self.padded();
        &mut self.factors.as_mut_slice()[row * padded..(row + 1) * padded]
    }

    /// Takes the first pixel for the shift that keeps squares small.
    pub(super) fn begin(&mut self, arena: &[f32]) {
        let source = self.source;
        for channel in 0..source.shape.channels {
            let at = source.pixel(channel / source.lanes, 0, 0) + channel % source.lanes;
            self.row(0)[channel] = arena[at];
        }
    }

    /// Statistics of the batch from the samples' sums of x − shift and its
    /// square; moves the running ones.
    pub(super) fn settle(&mut self, samples: &[Sums]) {
        let pixels = self.source.shape.height * self.source.shape.width;
        let count = (samples.len() * pixels) as f64;
        for channel in 0..self.source.shape.channels {
            let total = |of: usize| samples.iter().map(|sums| sums[of][channel]).sum::<f64>();
            let shifted = total(0) / count;
            let variance = (total(1) / count - shifted * shifted).max(0.0);
            let mean = f64::from(self.row(0)[channel]) + shifted;
            self.mean[channel] = mean;
            self.inverse[channel] = 1.0 / (variance + EPSILON).sqrt();
            let unbiased = variance * count / (count - 1.0).max(1.0);
            for (running, new) in [
                (&mut self.running_mean[channel], mean),
                (&mut self.running_variance[channel], unbiased),
            ] {
                *running = (f64::from(*running) * (1.0 - MOMENTUM) + new * MOMENTUM) as f32;
            }
        }
        self.scale();
    }

    /// Takes the running statistics for those of the batch.
    pub(super) fn settle_by_running(&mut self) {
        for channel in 0..self.source.shape.channels {
            self.mean[channel] = f64::from(self.running_mean[channel]);
            let variance = f64::from(self.running_variance[channel]);
            self.inverse[channel] = 1.0 / (variance + EPSILON).sqrt();
        }
        self.scale();
    }

    /// Rows 1 and 2: y = max(0, x·scale + offset); row 0: the mean.
    fn scale(&mut self) {
        for channel in 0..self.source.shape.channels {
            let scale = f64::from(self.weight[channel]) * self.inverse[channel];
            let offset = f64::from(self.bias[channel]) - self.mean[channel] * scale;
            let mean = self.mean[channel] as f32;
            self.row(0)[channel] = mean;
            self.row(1)[channel] = scale as f32;
            self.row(2)[channel] = offset as f32;
        }
    }

    /// Gradients by weight and bias from the samples' sums of dz and
    /// dz·(x − mean), and rows 3 and 4 for the gradient by x.
    pub(super) fn settle_backward(&mut self, samples: &[Sums]) {
        let pixels = self.source.shape.height * self.source.shape.width;
        let count = (samples.len() * pixels) as f64;
        for channel in 0..self.source.shape.channels {
            let total = |of: usize| samples.iter().map(|sums| sums[of][channel]).sum::<f64>();
            let (plain, centred, inverse) = (total(0), total(1), self.inverse[channel]);
            self.bias_gradient[channel] = plain as f32;
            self.weight_gradient[channel] = (centred * inverse) as f32;
            let scale = f64::from(self.weight[channel]) * inverse;
            let slope = -scale * inverse * inverse * centred / count;
            let level = -scale * plain / count;
            self.row(3)[channel] = slope as f32;
            self.row(4)[channel] = level as f32;
        }
    }

    pub(super) fn pass(&self, kind: NormPass, sample: *mut f32) -> Pass<'_> {
        Pass { norm: self, kind, sample, sums: Default::default() }
    }
}

/// What is done with every pixel of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NormPass {
    /// Sums of x − shift and its square.
    Statistics,
    /// Normalises.
    Forward,
    /// Sums of dz and dz·(x − mean), where dz is the gradient behind ReLU.
    Gradients,
    /// Replaces the gradient by that of x.
    Backward,
}

pub(super) struct Pass<'a> {
    norm: &'a Norm,
    kind: NormPass,
    sample: *mut f32,
    sums: std::cell::RefCell<Sums>,
}

impl Pass<'_> {
    /// # Safety
    /// The sample holds the grids, and nobody else writes them.
    pub(super) unsafe fn run<S: Simd>(self, simd: S) -> Sums {
        simd.vectorise(&self);
        self.sums.into_inner()
    }
}

impl<S: Simd> Kernel<S> for &Pass<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        // SAFETY: `Pass::run`'s caller promised it.
        unsafe {
            match self.kind {
                NormPass::Statistics => self.blocks::<S, 0>(simd),
                NormPass::Forward => self.blocks::<S, 1>(simd),
                NormPass::Gradients => self.blocks::<S, 2>(simd),
                NormPass::Backward => self.blocks::<S, 3>(simd),
            }
        }
    }
}

impl Pass<'_> {
    /// `KIND` is the number of a [`NormPass`].
    ///
    /// # Safety
    /// As for [`Pass::run`].
    #[inline(always)]
    unsafe fn blocks<S: Simd, const KIND: usize>(&self, simd: S) {
        let Norm { source, into, gradient, factors, .. } = self.norm;
        let padded = self.norm.padded();
        let mut sums = self.sums.borrow_mut();
        sums.iter_mut().for_each(|sums| sums.resize(padded, 0.0));
        for block in 0..source.blocks() {
            // SAFETY: five rows of `padded` floats each.
            let factor: [S::V; 5] = std::array::from_fn(|row| unsafe {
                simd.load(factors.as_ptr().add(row * padded + block * S::LANES))
            });
            for y in 0..source.shape.height as isize {
                let row = [source, into, gradient]
                    .map(|grid| self.sample.wrapping_add(grid.pixel(block, y, 0)));
                let (mut even, mut odd) = ([simd.splat(0.0); 2], [simd.splat(0.0); 2]);
                let (mut x, width) = (0, source.shape.width);
                // SAFETY: pixels of the grids.
                unsafe {
                    while x + 1 < width {
                        pixel::<S, KIND>(simd, row, x, &factor, &mut even);
                        pixel::<S, KIND>(simd, row, x + 1, &factor, &mut odd);
                        x += 2;
                    }
                    if x < width {
                        pixel::<S, KIND>(simd, row, x, &factor, &mut even);
                    }
                }
                if KIND % 2 == 1 {
                    continue;
                }
                for (of, sums) in sums.iter_mut().enumerate() {
                    let mut lanes = Lanes([0.0; 16]);
                    // SAFETY: aligned, and no vector has more lanes.
                    unsafe { simd.store(lanes.0.as_mut_ptr(), simd.add(even[of], odd[of])) };
                    let sums = &mut sums[block * S::LANES..(block + 1) * S::LANES];
                    for (sum, lane) in sums.iter_mut().zip(lanes.0) {
                        *sum += f64::from(lane);
                    }
                }
            }
        }
    }
}

/// `row` has the first pixels of source, result and gradient.
///
/// # Safety
/// The rows have a pixel `x`.
#[inline(always)]
unsafe fn pixel<S: Simd, const KIND: usize>(
    simd: S,
    row: [*mut f32; 3],
    x: usize,
    factor: &[S::V; 5],
    sums: &mut [S::V; 2],
) {
    let [source, into, gradient] = row.map(|row| row.wrapping_add(x * S::LANES));
    let [shift, scale, offset, slope, level] = *factor;
    // SAFETY: the caller's promise.
    unsafe {
        let value = simd.load(source);
        let centred = simd.sub(value, shift);
        match KIND {
            0 => {
                sums[0] = simd.add(sums[0], centred);
                sums[1] = simd.mul_add(centred, centred, sums[1]);
            }
            1 => {
                let out = simd.mul_add(value, scale, offset);
                simd.store(into, simd.max(out, simd.splat(0.0)));
            }
            _ => {
                let active = simd.mul_add(value, scale, offset);
                let dz = simd.where_positive(simd.load(gradient), active);
                if KIND == 2 {
                    sums[0] = simd.add(sums[0], dz);
                    sums[1] = simd.mul_add(dz, centred, sums[1]);
                } else {
                    let dx = simd.mul_add(centred, slope, level);
                    simd.store(gradient, simd.mul_add(dz, scale, dx));
                }
            }
        }
    }
}

#[repr(align(64))]
struct Lanes([f32; 16]);
