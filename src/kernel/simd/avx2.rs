//! Floats on AVX2 with FMA, eight lanes.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// x86-64 with AVX2 and FMA.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Avx2(());

impl Avx2 {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        let both = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        both.then_some(Self(()))
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const TILE: usize = 12;
    type V = __m256;

    #[inline]
    fn vectorise<K: Kernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "avx2,fma")]
        unsafe fn inner<K: Kernel<Avx2>>(kernel: K, simd: Avx2) {
            kernel.run(simd);
        }
        // SAFETY: `self` proves the features.
        unsafe { inner(kernel, self) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_max_ps(a, b) }
    }

    #[cfg(feature = "training")]
    #[inline(always)]
    fn where_positive(self, a: Self::V, by: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { _mm256_and_ps(a, _mm256_cmp_ps::<_CMP_GT_OQ>(by, _mm256_setzero_ps())) }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn sum(self, a: Self::V) -> f32 {
        // SAFETY: `self` proves the features.
        unsafe {
            let half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
            _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)))
        }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe { _mm256_load_ps(from) }
    }

    #[inline(always)]
    unsafe fn broadcast(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe { _mm256_broadcastss_ps(_mm_load_ss(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::V) {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe { _mm256_store_ps(to, value) }
    }
}
