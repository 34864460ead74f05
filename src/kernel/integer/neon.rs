//! Integers on Advanced SIMD of AArch64 without dot products: products of
//! words, 4 sums to a register.

use std::arch::aarch64::*;

use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};
use super::head::{Across, IntegerHead};
use super::layer::IntegerLayer;
use super::neon_tile;
use super::winograd::IntegerWinograd;
use super::words::{Lanes, Words};

/// Advanced SIMD without dot products: products of words, by lane, to sums of
/// 32 bits.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct NeonWords(());

impl NeonWords {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

impl Dot for NeonWords {
    type Cell = i16;
    const CELLS: CellKind = CellKind::Word;
    type Weight = i16;
    /// One lane of the pixel with the weights of all outputs.
    const DEPTH: usize = 1;
    const BLOCKS: usize = 1;
    const TILE: usize = 4;
    type Sums = [int32x4_t; 4];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "neon")]
        unsafe fn inner<K: DotKernel<NeonWords>>(kernel: K, dot: NeonWords) {
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
        [unsafe { vdupq_n_s32(0) }; 4]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i16,
        weights: *const i16,
        groups: usize,
    ) {
        // SAFETY: whole pixels, and 32 bytes of weights for each group and
        // block; `self` proves the feature.
        unsafe {
            let mut x = [vdupq_n_s16(0); P];
            macro_rules! group {
                ($group:literal, $lane:literal) => {
                    for o in 0..O {
                        let from = weights.wrapping_add(($group * O + o) * INTEGER_LANES);
                        let (low, high) = (vld1q_s16(from), vld1q_s16(from.wrapping_add(8)));
                        for p in 0..P {
                            let [a, b, c, d] = sums[o][p];
                            sums[o][p] = [
                                vmlal_laneq_s16::<$lane>(a, vget_low_s16(low), x[p]),
                                vmlal_high_laneq_s16::<$lane>(b, low, x[p]),
                                vmlal_laneq_s16::<$lane>(c, vget_low_s16(high), x[p]),
                                vmlal_high_laneq_s16::<$lane>(d, high, x[p]),
                            ];
                        }
                    }
                };
            }
            // Whole pixels, as most are, without a question in between.
            macro_rules! half {
                ($first:literal: $($group:literal $lane:literal),*) => {
                    if groups > $first {
                        for (p, x) in x.iter_mut().enumerate() {
                            *x = vld1q_s16(pixels.wrapping_add(p * INTEGER_LANES + $first));
                        }
                        if groups >= $first + 8 {
                            $(group!($group, $lane);)*
                        } else {
                            $(if groups > $group { group!($group, $lane); })*
                        }
                    }
                };
            }
            half!(0: 0 0, 1 1, 2 2, 3 3, 4 4, 5 5, 6 6, 7 7);
            half!(8: 8 0, 9 1, 10 2, 11 3, 12 4, 13 5, 14 6, 15 7);
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let [a, b, c, d] = words(sums, how);
            vst1q_s16(to, vcombine_s16(a, b));
            vst1q_s16(to.wrapping_add(8), vcombine_s16(c, d));
        }
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const i16; 4], to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            for half in [0, 8] {
                let [a, b, c, d] = from;
                let (a, b) = (vld1q_s16(a.wrapping_add(half)), vld1q_s16(b.wrapping_add(half)));
                let (c, d) = (vld1q_s16(c.wrapping_add(half)), vld1q_s16(d.wrapping_add(half)));
                let largest = vmaxq_s16(vmaxq_s16(a, b), vmaxq_s16(c, d));
                vst1q_s16(to.wrapping_add(half), largest);
            }
        }
    }
}

impl Across for NeonWords {
    type Partial = [int32x4_t; 2];

    #[inline(always)]
    fn nothing(self) -> Self::Partial {
        // SAFETY: `self` proves the feature.
        [unsafe { vdupq_n_s32(0) }; 2]
    }

    #[inline(always)]
    unsafe fn accumulate_across<const P: usize>(
        self,
        sums: &mut [Self::Partial; P],
        pixels: *const i16,
        weights: *const i16,
    ) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let w = self.load(weights);
            for (p, sums) in sums.iter_mut().enumerate() {
                let x = self.load(pixels.wrapping_add(p * INTEGER_LANES));
                for (x, w) in x.into_iter().zip(w) {
                    sums[0] = vmlal_s16(sums[0], vget_low_s16(x), vget_low_s16(w));
                    sums[1] = vmlal_high_s16(sums[1], x, w);
                }
            }
        }
    }

    #[inline(always)]
    fn total(self, [a, b]: Self::Partial) -> i32 {
        // SAFETY: `self` proves the feature.
        unsafe { vaddvq_s32(vaddq_s32(a, b)) }
    }
}

impl Words for NeonWords {
    type Vector = [int16x8_t; 2];

    #[inline(always)]
    unsafe fn load(self, from: *const i16) -> Self::Vector {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { [vld1q_s16(from), vld1q_s16(from.wrapping_add(8))] }
    }

    #[inline(always)]
    unsafe fn store(self, [low, high]: Self::Vector, to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            vst1q_s16(to, low);
            vst1q_s16(to.wrapping_add(8), high);
        }
    }

    #[inline(always)]
    unsafe fn load_sums(self, from: *const i32) -> Self::Sums {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let quarter = |at: usize| vld1q_s32(from.wrapping_add(4 * at));
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        }
    }

    #[inline(always)]
    unsafe fn store_sums(self, sums: Self::Sums, to: *mut i32) {
        for (quarter, sums) in sums.iter().enumerate() {
            // SAFETY: the caller's promise, and `self` proves the feature.
            unsafe { vst1q_s32(to.wrapping_add(4 * quarter), *sums) };
        }
    }

    #[inline(always)]
    unsafe fn accumulate_blocks<const P: usize>(
        self,
        sums: &mut [Self::Sums; P],
        pixels: *const i16,
        stride: usize,
        weights: *const i16,
        count: usize,
    ) -> bool {
        let Ok(sums) = sums.as_mut_slice().try_into() else { return false };
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { neon_tile::sum_blocks(sums, pixels, stride, weights, count) };
        true
    }

    #[inline(always)]
    fn scale(self, mut sums: Self::Sums, factor: i32) -> Self::Sums {
        for sum in &mut sums {
            // SAFETY: `self` proves the feature.
            *sum = unsafe { vmulq_n_s32(vshrq_n_s32::<6>(*sum), factor) };
        }
        sums
    }
}

/// The same operation for words and for sums, register by register.
macro_rules! lanes {
    ($vector:ty, $add:ident, $sub:ident, $shl:ident) => {
        impl Lanes<$vector> for NeonWords {
            #[inline(always)]
            fn add(self, mut a: $vector, b: $vector) -> $vector {
                for (a, b) in a.iter_mut().zip(&b) {
                    // SAFETY: `self` proves the feature.
                    *a = unsafe { $add(*a, *b) };
                }
                a
            }

            #[inline(always)]
            fn sub(self, mut a: $vector, b: $vector) -> $vector {
                for (a, b) in a.iter_mut().zip(&b) {
                    // SAFETY: `self` proves the feature.
                    *a = unsafe { $sub(*a, *b) };
                }
                a
            }

            #[inline(always)]
            fn shl<const N: i32>(self, mut a: $vector) -> $vector {
                for a in &mut a {
                    // SAFETY: `self` proves the feature.
                    *a = unsafe { $shl::<N>(*a) };
                }
                a
            }
        }
    };
}

lanes!([int16x8_t; 2], vaddq_s16, vsubq_s16, vshlq_n_s16);
lanes!([int32x4_t; 4], vaddq_s32, vsubq_s32, vshlq_n_s32);

/// What the sums become, in 16 bits.
///
/// # Safety
/// The pointers of `how` are those that [`Dot::requantise`] takes, on a CPU
/// with Advanced SIMD.
#[inline(always)]
pub(super) unsafe fn words(sums: [int32x4_t; 4], how: &Requantise) -> [int16x4_t; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut words = [vdup_n_s16(0); 4];
        for (quarter, words) in words.iter_mut().enumerate() {
            let sum = vaddq_s32(sums[quarter], vld1q_s32(how.bias.add(quarter * 4)));
            let m = vld1q_f32(how.multipliers.add(quarter * 4));
            let value = vmulq_f32(vcvtq_f32_s32(sum), m);
            let value = vmaxq_f32(value, vdupq_n_f32(how.least));
            let value = vminq_f32(value, vdupq_n_f32(how.most));
            let steps = vaddq_s32(vcvtnq_s32_f32(value), vdupq_n_s32(how.zero));
            *words = vmovn_s32(steps);
        }
        words
    }
}
