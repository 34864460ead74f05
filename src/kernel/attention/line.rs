//! One value of each of sixteen queries side by side, a cache line, and its
//! vectors.

use crate::kernel::simd::Simd;

/// Queries that are read together: a cache line of every channel.
pub(super) const CHUNK: usize = 16;

/// One value of each of the queries that are read together.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Line(pub [f32; CHUNK]);

impl Line {
    #[inline(always)]
    pub fn load<S: Simd>(&self, simd: S, vector: usize) -> S::V {
        let lanes = &self.0[vector * S::LANES..][..S::LANES];
        // SAFETY: `LANES` floats; a line lies at a multiple of 64 bytes, which
        // the vectors divide.
        unsafe { simd.load(lanes.as_ptr()) }
    }

    #[inline(always)]
    pub fn store<S: Simd>(&mut self, simd: S, vector: usize, value: S::V) {
        let lanes = &mut self.0[vector * S::LANES..][..S::LANES];
        // SAFETY: as above, and borrowed exclusively.
        unsafe { simd.store(lanes.as_mut_ptr(), value) }
    }
}
