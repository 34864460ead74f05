//! Integers on AVX-512 with VNNI: products of unsigned and signed bytes, 16
//! sums to a register.

use std::arch::x86_64::*;

use super::super::layout::INTEGER_LANES;
use super::cell::{CellKind, Unsigned};
use super::dot::{Dot, DotKernel, Requantise};

/// AVX-512 with VNNI: four products of an unsigned and a signed byte to each
/// of 16 sums, without saturation.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Avx512Vnni(());

impl Avx512Vnni {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        let all = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vnni");
        all.then_some(Self(()))
    }
}

impl Dot for Avx512Vnni {
    type Cell = Unsigned;
    const CELLS: CellKind = CellKind::Unsigned;
    type Weight = i8;
    const BLOCKS: usize = 2;
    const TILE: usize = 24;
    type Sums = __m512i;

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512vnni")]
        unsafe fn inner<K: DotKernel<Avx512Vnni>>(kernel: K, dot: Avx512Vnni) {
            kernel.run(dot);
        }
        // SAFETY: `self` proves the features.
        unsafe { inner(kernel, self) }
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        // SAFETY: `self` proves the features.
        unsafe { _mm512_setzero_si512() }
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
            // SAFETY: 64 bytes for each group and block, four of each pixel
            // for each group; `self` proves the features.
            unsafe {
                let mut w = [_mm512_setzero_si512(); O];
                for (o, w) in w.iter_mut().enumerate() {
                    *w = _mm512_load_si512(weights.wrapping_add(o * 64).cast());
                }
                for p in 0..P {
                    let four = _mm_load_ss(pixels.wrapping_add(p * INTEGER_LANES).cast());
                    let x = _mm512_castps_si512(_mm512_broadcastss_ps(four));
                    for o in 0..O {
                        sums[o][p] = _mm512_dpbusd_epi32(sums[o][p], x, w[o]);
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
        unsafe {
            let sums = _mm512_add_epi32(sums, _mm512_load_si512(how.bias.cast()));
            let m = _mm512_load_ps(how.multipliers);
            let value = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), m);
            let value = _mm512_max_ps(value, _mm512_set1_ps(how.least));
            let value = _mm512_min_ps(value, _mm512_set1_ps(how.most));
            let steps = _mm512_cvt_roundps_epi32::<NEAREST>(value);
            let bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(steps, _mm512_set1_epi32(how.zero)));
            _mm_store_si128(to.cast(), bytes);
        }
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const Unsigned; 4], to: *mut Unsigned) {
        // SAFETY: the caller's promise, and SSE2 is part of x86-64.
        unsafe { super::avx2::largest(from, to) };
    }
}

const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
