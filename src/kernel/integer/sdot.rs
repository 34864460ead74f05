//! Integers on Advanced SIMD with dot products: four products of signed bytes
//! to each of 4 sums to a register.

use std::arch::aarch64::*;
use std::arch::asm;

use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};
use super::head::{Across, IntegerHead};
use super::layer::IntegerLayer;
use super::neon;

/// Advanced SIMD with dot products (ARMv8.2, optional; Cortex-A55, A75, A76
/// and later). The instruction comes from assembly, because its intrinsic is
/// not stable.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Sdot(());

impl Sdot {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("dotprod").then_some(Self(()))
    }
}

/// Adds to every sum the products of its four weights and the pixel's four
/// bytes in the lane that is given as text.
macro_rules! dot_by_lane {
    ($sum:expr, $weights:expr, $pixel:expr, $lane:literal) => {
        asm!(
            concat!("sdot {sum:v}.4s, {weights:v}.16b, {pixel:v}.4b[", $lane, "]"),
            sum = inout(vreg) $sum,
            weights = in(vreg) $weights,
            pixel = in(vreg) $pixel,
            options(pure, nomem, nostack, preserves_flags),
        )
    };
}

impl Dot for Sdot {
    type Cell = i8;
    const CELLS: CellKind = CellKind::Signed;
    type Weight = i8;
    const BLOCKS: usize = 1;
    const TILE: usize = 6;
    type Sums = [int32x4_t; 4];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "neon,dotprod")]
        unsafe fn inner<K: DotKernel<Sdot>>(kernel: K, dot: Sdot) {
            kernel.run(dot);
        }
        // SAFETY: `self` proves the features.
        unsafe { inner(kernel, self) }
    }

    fn head(self, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        IntegerHead::boxed(self, layer)
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        // SAFETY: `self` proves the features.
        [unsafe { vdupq_n_s32(0) }; 4]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i8,
        weights: *const i8,
        groups: usize,
    ) {
        // SAFETY: whole pixels, and 64 bytes of weights for each group and
        // block; `self` proves the features.
        unsafe {
            let mut x = [vdupq_n_s8(0); P];
            for (p, x) in x.iter_mut().enumerate() {
                *x = vld1q_s8(pixels.wrapping_add(p * INTEGER_LANES));
            }
            macro_rules! group {
                ($group:literal, $lane:literal) => {
                    for o in 0..O {
                        for quarter in 0..4 {
                            let at = ($group * O + o) * 64 + quarter * 16;
                            let w = vld1q_s8(weights.wrapping_add(at));
                            for p in 0..P {
                                dot_by_lane!(sums[o][p][quarter], w, x[p], $lane);
                            }
                        }
                    }
                };
            }
            // Whole pixels, as most are, without a question in between.
            if groups == 4 {
                group!(0, "0");
                group!(1, "1");
                group!(2, "2");
                group!(3, "3");
                return;
            }
            group!(0, "0");
            if groups > 1 {
                group!(1, "1");
            }
            if groups > 2 {
                group!(2, "2");
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i8) {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe {
            let [a, b, c, d] = neon::words(sums, how);
            let (low, high) = (vmovn_s16(vcombine_s16(a, b)), vmovn_s16(vcombine_s16(c, d)));
            vst1q_s8(to, vcombine_s8(low, high));
        }
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const i8; 4], to: *mut i8) {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe {
            let [a, b, c, d] = from;
            let above = vmaxq_s8(vld1q_s8(a), vld1q_s8(b));
            vst1q_s8(to, vmaxq_s8(above, vmaxq_s8(vld1q_s8(c), vld1q_s8(d))));
        }
    }
}

impl Across for Sdot {
    type Partial = int32x4_t;

    #[inline(always)]
    fn nothing(self) -> int32x4_t {
        // SAFETY: `self` proves the features.
        unsafe { vdupq_n_s32(0) }
    }

    #[inline(always)]
    unsafe fn accumulate_across<const P: usize>(
        self,
        sums: &mut [int32x4_t; P],
        pixels: *const i8,
        weights: *const i8,
    ) {
        // SAFETY: the caller's promise, and `self` proves the features.
        unsafe {
            let w = vld1q_s8(weights);
            for (p, sum) in sums.iter_mut().enumerate() {
                let x = vld1q_s8(pixels.wrapping_add(p * INTEGER_LANES));
                asm!(
                    "sdot {sum:v}.4s, {w:v}.16b, {x:v}.16b",
                    sum = inout(vreg) *sum,
                    w = in(vreg) w,
                    x = in(vreg) x,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
        }
    }

    #[inline(always)]
    fn total(self, sums: int32x4_t) -> i32 {
        // SAFETY: `self` proves the features.
        unsafe { vaddvq_s32(sums) }
    }
}
