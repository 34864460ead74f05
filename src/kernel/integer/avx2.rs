//! Integers on AVX2 with AVX-VNNI: products of unsigned and signed bytes, 8
//! sums to a register.

use std::arch::x86_64::*;

use super::super::layout::INTEGER_LANES;
use super::cell::{CellKind, Unsigned};
use super::dot::{Dot, DotKernel, Requantise};

/// AVX2 with AVX-VNNI, as [`super::Avx512Vnni`] with half the width.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct AvxVnni(());

impl AvxVnni {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        let both =
            std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("avxvnni");
        both.then_some(Self(()))
    }
}

impl Dot for AvxVnni {
    type Cell = Unsigned;
    const CELLS: CellKind = CellKind::Unsigned;
    type Weight = i8;
    const BLOCKS: usize = 1;
    const TILE: usize = 6;
    type Sums = [__m256i; 2];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "avx2,avxvnni")]
        unsafe fn inner<K: DotKernel<AvxVnni>>(kernel: K, dot: AvxVnni) {
            kernel.run(dot);
        }
        // SAFETY: `self` proves the features.
        unsafe { inner(kernel, self) }
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        // SAFETY: `self` proves the features.
        [unsafe { _mm256_setzero_si256() }; 2]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        mut pixels: *const Unsigned,
        mut weights: *const i8,
        groups: usize,
    ) {
        for _ in 0..groups {
            for o in 0..O {
                // SAFETY: 64 bytes for each group and block, four of each
                // pixel for each group; `self` proves the features.
                unsafe {
                    let from = weights.wrapping_add(o * 64);
                    let low = _mm256_load_si256(from.cast());
                    let high = _mm256_load_si256(from.wrapping_add(32).cast());
                    for p in 0..P {
                        let four = _mm_load_ss(pixels.wrapping_add(p * INTEGER_LANES).cast());
                        let x = _mm256_castps_si256(_mm256_broadcastss_ps(four));
                        let [a, b] = sums[o][p];
                        sums[o][p] = [
                            _mm256_dpbusd_avx_epi32(a, x, low),
                            _mm256_dpbusd_avx_epi32(b, x, high),
                        ];
                    }
                }
            }
            pixels = pixels.wrapping_add(4);
            weights = weights.wrapping_add(O * 64);
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut Unsigned) {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe { requantise(sums, how, to) };
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const Unsigned; 4], to: *mut Unsigned) {
        // SAFETY: the caller's promise.
        unsafe { largest(from, to) };
    }
}

/// # Safety
/// As for [`Dot::requantise`], on a CPU with AVX2.
#[inline(always)]
unsafe fn requantise(sums: [__m256i; 2], how: &Requantise, to: *mut Unsigned) {
    // SAFETY: the caller's promise.
    unsafe {
        let words = words(sums, how);
        let (low, high) = (_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
        _mm_store_si128(to.cast(), _mm_packus_epi16(low, high));
    }
}

/// What the sums become, in 16 bits.
///
/// # Safety
/// The pointers of `how` are those that [`Dot::requantise`] takes, on a CPU
/// with AVX2.
#[inline(always)]
pub(super) unsafe fn words(mut sums: [__m256i; 2], how: &Requantise) -> __m256i {
    // SAFETY: the caller's promise. Conversions round to nearest, ties to
    // even, which Rust leaves in force.
    unsafe {
        for (half, sums) in sums.iter_mut().enumerate() {
            let bias = _mm256_load_si256(how.bias.add(half * 8).cast());
            let m = _mm256_load_ps(how.multipliers.add(half * 8));
            let value = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(*sums, bias)), m);
            let value = _mm256_max_ps(value, _mm256_set1_ps(how.least));
            let value = _mm256_min_ps(value, _mm256_set1_ps(how.most));
            *sums = _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(how.zero));
        }
        // Packing goes by halves of the registers: 0–3, 8–11, 4–7, 12–15.
        let packed = _mm256_packs_epi32(sums[0], sums[1]);
        _mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
    }
}

/// # Safety
/// As for [`Dot::largest`].
#[inline(always)]
pub(super) unsafe fn largest(from: [*const Unsigned; 4], to: *mut Unsigned) {
    // SAFETY: the caller's promise, and SSE2 is part of x86-64.
    unsafe {
        let [a, b, c, d] = from.map(|from| _mm_load_si128(from.cast()));
        let largest = _mm_max_epu8(_mm_max_epu8(a, b), _mm_max_epu8(c, d));
        _mm_store_si128(to.cast(), largest);
    }
}
