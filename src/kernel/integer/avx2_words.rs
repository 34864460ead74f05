//! Integers on AVX2 alone: products of words, 8 sums to a register.

use std::arch::x86_64::*;

use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::avx2;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};
use super::head::{Across, IntegerHead};
use super::layer::IntegerLayer;
use super::winograd::IntegerWinograd;
use super::words::{Lanes, Words};

/// AVX2, whose product of bytes saturates and whose product of words does not:
/// two products of words to each of 8 sums. Maps and weights are words, so that
/// nothing is widened in the inner loop.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Avx2Words(());

impl Avx2Words {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        std::is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Dot for Avx2Words {
    type Cell = i16;
    const CELLS: CellKind = CellKind::Word;
    type Weight = i16;
    const BLOCKS: usize = 1;
    const TILE: usize = 6;
    type Sums = [__m256i; 2];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "avx2")]
        unsafe fn inner<K: DotKernel<Avx2Words>>(kernel: K, dot: Avx2Words) {
            kernel.run(dot);
        }
        // SAFETY: `self` proves the feature.
        unsafe { inner(kernel, self) }
    }

    fn head(self, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        IntegerHead::boxed(self, layer)
    }

    fn winograd(self, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        IntegerWinograd::boxed(self, layer)
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        // SAFETY: `self` proves the feature.
        [unsafe { _mm256_setzero_si256() }; 2]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        mut pixels: *const i16,
        mut weights: *const i16,
        groups: usize,
    ) {
        for _ in 0..groups {
            for o in 0..O {
                // SAFETY: 64 bytes for each group and block, two words of each
                // pixel for each group; `self` proves the feature.
                unsafe {
                    let from = weights.wrapping_add(o * 32);
                    let low = _mm256_load_si256(from.cast());
                    let high = _mm256_load_si256(from.wrapping_add(16).cast());
                    for p in 0..P {
                        let two = _mm_load_ss(pixels.wrapping_add(p * INTEGER_LANES).cast());
                        let x = _mm256_castps_si256(_mm256_broadcastss_ps(two));
                        let [a, b] = sums[o][p];
                        sums[o][p] = [
                            _mm256_add_epi32(a, _mm256_madd_epi16(x, low)),
                            _mm256_add_epi32(b, _mm256_madd_epi16(x, high)),
                        ];
                    }
                }
            }
            pixels = pixels.wrapping_add(2);
            weights = weights.wrapping_add(O * 32);
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { _mm256_store_si256(to.cast(), avx2::words(sums, how)) };
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const i16; 4], to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let load = |at: usize| _mm256_load_si256(from[at].cast());
            let above = _mm256_max_epi16(load(0), load(1));
            let largest = _mm256_max_epi16(above, _mm256_max_epi16(load(2), load(3)));
            _mm256_store_si256(to.cast(), largest);
        }
    }
}

impl Across for Avx2Words {
    type Partial = __m256i;

    #[inline(always)]
    fn nothing(self) -> __m256i {
        // SAFETY: `self` proves the feature.
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    unsafe fn accumulate_across<const P: usize>(
        self,
        sums: &mut [__m256i; P],
        pixels: *const i16,
        weights: *const i16,
    ) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let w = _mm256_load_si256(weights.cast());
            for (p, sum) in sums.iter_mut().enumerate() {
                let x = _mm256_load_si256(pixels.wrapping_add(p * INTEGER_LANES).cast());
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, w));
            }
        }
    }

    #[inline(always)]
    fn total(self, sums: __m256i) -> i32 {
        // SAFETY: `self` proves the feature.
        unsafe {
            let four = _mm256_extracti128_si256::<1>(sums);
            let four = _mm_add_epi32(_mm256_castsi256_si128(sums), four);
            let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b00_00_11_10>(four));
            let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b00_00_00_01>(two));
            _mm_cvtsi128_si32(one)
        }
    }
}

impl Words for Avx2Words {
    type Vector = __m256i;

    #[inline(always)]
    unsafe fn load(self, from: *const i16) -> __m256i {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { _mm256_load_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, words: __m256i, to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { _mm256_store_si256(to.cast(), words) }
    }

    #[inline(always)]
    unsafe fn load_sums(self, from: *const i32) -> Self::Sums {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { [_mm256_load_si256(from.cast()), _mm256_load_si256(from.wrapping_add(8).cast())] }
    }

    #[inline(always)]
    unsafe fn store_sums(self, [low, high]: Self::Sums, to: *mut i32) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            _mm256_store_si256(to.cast(), low);
            _mm256_store_si256(to.wrapping_add(8).cast(), high);
        }
    }

    #[inline(always)]
    fn scale(self, [low, high]: Self::Sums, factor: i32) -> Self::Sums {
        // SAFETY: `self` proves the feature.
        unsafe {
            let factor = _mm256_set1_epi32(factor);
            let (low, high) = (_mm256_srai_epi32::<6>(low), _mm256_srai_epi32::<6>(high));
            [_mm256_mullo_epi32(low, factor), _mm256_mullo_epi32(high, factor)]
        }
    }
}

impl Lanes<__m256i> for Avx2Words {
    #[inline(always)]
    fn add(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: `self` proves the feature.
        unsafe { _mm256_add_epi16(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: `self` proves the feature.
        unsafe { _mm256_sub_epi16(a, b) }
    }

    #[inline(always)]
    fn shl<const N: i32>(self, a: __m256i) -> __m256i {
        // SAFETY: `self` proves the feature.
        unsafe { _mm256_slli_epi16::<N>(a) }
    }
}

impl Lanes<[__m256i; 2]> for Avx2Words {
    #[inline(always)]
    fn add(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: `self` proves the feature.
        unsafe { [_mm256_add_epi32(a[0], b[0]), _mm256_add_epi32(a[1], b[1])] }
    }

    #[inline(always)]
    fn sub(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: `self` proves the feature.
        unsafe { [_mm256_sub_epi32(a[0], b[0]), _mm256_sub_epi32(a[1], b[1])] }
    }

    #[inline(always)]
    fn shl<const N: i32>(self, a: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: `self` proves the feature.
        unsafe { [_mm256_slli_epi32::<N>(a[0]), _mm256_slli_epi32::<N>(a[1])] }
    }
}
