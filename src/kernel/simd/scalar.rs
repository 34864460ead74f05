//! Floats in plain Rust, on any machine.

use super::{Kernel, Simd};

const LANES: usize = 4;

/// Plain Rust: the twin that every vector unit is tested against, and what
/// machines without one run.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Scalar(());

impl Scalar {
    pub(in crate::kernel) fn detect() -> Self {
        Self(())
    }
}

#[inline(always)]
fn zip(a: [f32; LANES], b: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

impl Simd for Scalar {
    const LANES: usize = LANES;
    const TILE: usize = 4;
    type V = [f32; LANES];

    #[inline]
    fn vectorise<K: Kernel<Self>>(self, kernel: K) {
        kernel.run(self);
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[cfg(feature = "training")]
    #[inline(always)]
    fn where_positive(self, a: Self::V, by: Self::V) -> Self::V {
        zip(a, by, |a, by| if by > 0.0 { a } else { 0.0 })
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    fn sum(self, a: Self::V) -> f32 {
        a.iter().sum()
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise; arrays of floats need no more alignment.
        unsafe { from.cast::<Self::V>().read() }
    }

    #[inline(always)]
    unsafe fn broadcast(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise.
        [unsafe { *from }; LANES]
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::V) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<Self::V>().write(value) }
    }
}
