use std::arch::x86_64::*;

use super::super::layout::INTEGER_LANES;
use super::avx2;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};

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
            let [a, b, c, d] = from.map(|from| _mm256_load_si256(from.cast()));
            let largest = _mm256_max_epi16(_mm256_max_epi16(a, b), _mm256_max_epi16(c, d));
            _mm256_store_si256(to.cast(), largest);
        }
    }
}
