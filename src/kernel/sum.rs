//! Adds an input to a map of floats that has gone out, C×H×W both.

use std::ops::Range;

use super::layout::Shape;
use super::simd::{Kernel, Simd};
use super::step::{Step, StepContext, band_rows};

/// The sum of two planar maps, in the place of the second one.
pub(super) struct Sum<S> {
    pub simd: S,
    pub shape: Shape,
    /// First float of each in the arena.
    pub addend: usize,
    pub into: usize,
    pub threads: usize,
}

impl<S: Simd> Sum<S> {
    /// Rows of all channels that a task takes.
    fn band(&self) -> usize {
        band_rows(self.rows(), self.shape.width, self.threads)
    }

    fn rows(&self) -> usize {
        self.shape.channels * self.shape.height
    }
}

impl<S: Simd> Step for Sum<S> {
    fn kernel(&self) -> &'static str {
        "sum"
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.rows().div_ceil(self.band())
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let rows = task * self.band()..((task + 1) * self.band()).min(self.rows());
        self.simd.vectorise(Band { sum: self, arena: context.arena, rows });
    }
}

struct Band<'a, S> {
    sum: &'a Sum<S>,
    arena: *mut f32,
    rows: Range<usize>,
}

impl<S: Simd> Kernel<S> for Band<'_, S> {
    #[inline(always)]
    fn run(self, _: S) {
        let Sum { shape, addend, into, .. } = *self.sum;
        let (from, count) = (self.rows.start * shape.width, self.rows.len() * shape.width);
        // SAFETY: rows of both maps, which are two buffers; the first is only
        // read in this step, and this task alone writes these of the second.
        unsafe {
            let more = std::slice::from_raw_parts(self.arena.add(addend + from), count);
            let values = std::slice::from_raw_parts_mut(self.arena.add(into + from), count);
            values.iter_mut().zip(more).for_each(|(value, more)| *value += more);
        }
    }
}
