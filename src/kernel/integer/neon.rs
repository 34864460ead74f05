use std::arch::aarch64::*;

use super::super::layout::INTEGER_LANES;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};

/// Advanced SIMD without dot products: two products to 16 bits, which hold
/// 2·128·127, then pairs of them to 32.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct NeonDot(());

impl NeonDot {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

impl Dot for NeonDot {
    type Cell = i8;
    const CELLS: CellKind = CellKind::Signed;
    type Weight = i8;
    const BLOCKS: usize = 1;
    const TILE: usize = 2;
    /// Two outputs each, every output as two sums to be added.
    type Sums = [int32x4_t; 8];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "neon")]
        unsafe fn inner<K: DotKernel<NeonDot>>(kernel: K, dot: NeonDot) {
            kernel.run(dot);
        }
        // SAFETY: `self` proves the feature.
        unsafe { inner(kernel, self) }
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        // SAFETY: `self` proves the feature.
        [unsafe { vdupq_n_s32(0) }; 8]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i8,
        weights: *const i8,
        groups: usize,
    ) {
        // Two outputs at a time: halves of registers, which load in pairs.
        let mut group = 0;
        while group + 2 <= groups {
            // SAFETY: 64 bytes of weights for each group and block, four of
            // each pixel for each group; `self` proves the feature.
            unsafe {
                let mut x = [[vdup_n_s8(0); 2]; P];
                for (p, x) in x.iter_mut().enumerate() {
                    *x = [four(pixels, p, group), four(pixels, p, group + 1)];
                }
                for o in 0..O {
                    for two in 0..8 {
                        let at = group * O * 64 + o * 64 + two * 8;
                        let a = vld1_s8(weights.wrapping_add(at));
                        let b = vld1_s8(weights.wrapping_add(at + O * 64));
                        for p in 0..P {
                            let products = vmlal_s8(vmull_s8(a, x[p][0]), b, x[p][1]);
                            sums[o][p][two] = vpadalq_s16(sums[o][p][two], products);
                        }
                    }
                }
            }
            group += 2;
        }
        if group < groups {
            for o in 0..O {
                for two in 0..8 {
                    // SAFETY: as above.
                    unsafe {
                        let at = group * O * 64 + o * 64 + two * 8;
                        let a = vld1_s8(weights.wrapping_add(at));
                        for p in 0..P {
                            let products = vmull_s8(a, four(pixels, p, group));
                            sums[o][p][two] = vpadalq_s16(sums[o][p][two], products);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i8) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let join = |quarter: usize| vpaddq_s32(sums[2 * quarter], sums[2 * quarter + 1]);
            requantise([join(0), join(1), join(2), join(3)], how, to);
        }
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const i8; 4], to: *mut i8) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { largest(from, to) };
    }
}

/// Four channels of a pixel, twice.
///
/// # Safety
/// They are readable, on a CPU with Advanced SIMD.
#[inline(always)]
unsafe fn four(pixels: *const i8, p: usize, group: usize) -> int8x8_t {
    // SAFETY: the caller's promise.
    unsafe {
        let from = pixels.wrapping_add(p * INTEGER_LANES + group * 4);
        vreinterpret_s8_s32(vld1_dup_s32(from.cast()))
    }
}

/// # Safety
/// As for [`Dot::requantise`], on a CPU with Advanced SIMD.
#[inline(always)]
pub(super) unsafe fn requantise(sums: [int32x4_t; 4], how: &Requantise, to: *mut i8) {
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
        let low = vmovn_s16(vcombine_s16(words[0], words[1]));
        let high = vmovn_s16(vcombine_s16(words[2], words[3]));
        vst1q_s8(to, vcombine_s8(low, high));
    }
}

/// # Safety
/// As for [`Dot::largest`], on a CPU with Advanced SIMD.
#[inline(always)]
pub(super) unsafe fn largest(from: [*const i8; 4], to: *mut i8) {
    // SAFETY: the caller's promise.
    unsafe {
        let [a, b, c, d] = from.map(|from| vld1q_s8(from));
        vst1q_s8(to, vmaxq_s8(vmaxq_s8(a, b), vmaxq_s8(c, d)));
    }
}
