//! Floats on AVX-512, sixteen lanes.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// x86-64 with AVX-512F.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Avx512(());

impl Avx512 {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        std::is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    const TILE: usize = 24;
    type V = __m512;

    #[inline]
    fn vectorise<K: Kernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "avx512f")]
        unsafe fn inner<K: Kernel<Avx512>>(kernel: K, simd: Avx512) {
            kernel.run(simd);
        }
        // SAFETY: `self` proves the feature.
        unsafe { inner(kernel, self) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[cfg(feature = "training")]
    #[inline(always)]
    fn where_positive(self, a: Self::V, by: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(by, _mm512_setzero_ps());
            _mm512_maskz_mov_ps(mask, a)
        }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn sum(self, a: Self::V) -> f32 {
        // SAFETY: `self` proves the feature.
        unsafe { _mm512_reduce_add_ps(a) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { _mm512_load_ps(from) }
    }

    #[inline(always)]
    unsafe fn broadcast(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { _mm512_broadcastss_ps(_mm_load_ss(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::V) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { _mm512_store_ps(to, value) }
    }
}
