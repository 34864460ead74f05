//! Integers on Advanced SIMD with products of matrices: two pixels by two
//! outputs, eight channels deep.

use std::arch::aarch64::*;
use std::arch::asm;

use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};
use super::head::{Across, IntegerHead};
use super::layer::IntegerLayer;
use super::sdot::Sdot;

/// Advanced SIMD with products of matrices (ARMv8.6; Cortex-A510, A715,
/// Neoverse V1 and later): two pixels by two outputs, eight channels deep. The
/// instruction comes from assembly, because its intrinsic is not stable.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Smmla(Sdot);

impl Smmla {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        let sdot = Sdot::detect()?;
        std::arch::is_aarch64_feature_detected!("i8mm").then_some(Self(sdot))
    }
}

/// Adds the products of two pixels with the weights of two outputs: those of
/// the first pixel are the lower half of the sums.
///
/// # Safety
/// A CPU with products of matrices.
#[inline(always)]
unsafe fn multiply(mut sums: int32x4_t, pixels: int8x16_t, weights: int8x16_t) -> int32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            ".arch_extension i8mm",
            "smmla {sums:v}.4s, {pixels:v}.16b, {weights:v}.16b",
            sums = inout(vreg) sums,
            pixels = in(vreg) pixels,
            weights = in(vreg) weights,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// The lower and the upper halves of two registers.
///
/// # Safety
/// A CPU with Advanced SIMD.
#[inline(always)]
unsafe fn halves(a: int32x4_t, b: int32x4_t) -> [int32x4_t; 2] {
    // SAFETY: the caller's promise.
    unsafe {
        let (a, b) = (vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b));
        [vreinterpretq_s32_s64(vzip1q_s64(a, b)), vreinterpretq_s32_s64(vzip2q_s64(a, b))]
    }
}

/// Eight channels of two pixels.
///
/// # Safety
/// Two readable pixels, `group` is 0 or 1, and a CPU with Advanced SIMD.
#[inline(always)]
unsafe fn both(pixels: *const i8, group: usize) -> int8x16_t {
    // SAFETY: the caller's promise.
    unsafe {
        let first = vreinterpretq_s32_s8(vld1q_s8(pixels));
        let second = vreinterpretq_s32_s8(vld1q_s8(pixels.wrapping_add(INTEGER_LANES)));
        vreinterpretq_s8_s32(halves(first, second)[group])
    }
}

/// Bytes of the weights of two outputs.
const TWO: usize = 16;

/// Adds a group of channels of a pixel that has no other beside it.
///
/// # Safety
/// A readable pixel, `group` is 0 or 1, weights of [`INTEGER_LANES`] outputs,
/// and a CPU with products of matrices.
#[inline(always)]
unsafe fn add_alone(sums: &mut [int32x4_t; 4], pixel: *const i8, group: usize, weights: *const i8) {
    // SAFETY: the caller's promise.
    unsafe {
        let x = vld1_s8(pixel.wrapping_add(group * Smmla::DEPTH));
        let x = vcombine_s8(x, x);
        for quarter in 0..4 {
            let first = vld1q_s8(weights.wrapping_add(2 * quarter * TWO));
            let second = vld1q_s8(weights.wrapping_add((2 * quarter + 1) * TWO));
            let (first, second) =
                (multiply(vdupq_n_s32(0), x, first), multiply(vdupq_n_s32(0), x, second));
            sums[quarter] = vaddq_s32(sums[quarter], halves(first, second)[0]);
        }
    }
}

impl Dot for Smmla {
    type Cell = i8;
    const CELLS: CellKind = CellKind::Signed;
    type Weight = i8;
    const DEPTH: usize = 8;
    const BLOCKS: usize = 1;
    const TILE: usize = 4;
    type Sums = [int32x4_t; 4];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "neon,dotprod,i8mm")]
        unsafe fn inner<K: DotKernel<Smmla>>(kernel: K, dot: Smmla) {
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
        self.0.zero()
    }

    /// Of an even number of pixels, or of one. Until [`Dot::settle`] the sums
    /// of two pixels are those of their first eight outputs and of their last,
    /// by twos.
    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i8,
        weights: *const i8,
        groups: usize,
    ) {
        const { assert!(P == 1 || P % 2 == 0, "pixels by twos") };
        for group in 0..groups {
            for o in 0..O {
                let weights = weights.wrapping_add((group * O + o) * INTEGER_LANES * Self::DEPTH);
                // SAFETY: whole pixels, and weights of 16 outputs for each
                // group and block; `self` proves the features.
                unsafe {
                    if P == 1 {
                        add_alone(&mut sums[o][0], pixels, group, weights);
                        continue;
                    }
                    let mut x = [vdupq_n_s8(0); P];
                    for pair in 0..P / 2 {
                        x[pair] = both(pixels.wrapping_add(2 * pair * INTEGER_LANES), group);
                    }
                    for two in 0..INTEGER_LANES / 2 {
                        let w = vld1q_s8(weights.wrapping_add(two * TWO));
                        for pair in 0..P / 2 {
                            let sum = &mut sums[o][2 * pair + two / 4][two % 4];
                            *sum = multiply(*sum, x[pair], w);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn settle<const O: usize, const P: usize>(self, sums: &mut [[Self::Sums; P]; O]) {
        for o in 0..O {
            for pair in 0..P / 2 {
                let ([a, b, c, d], [e, f, g, h]) = (sums[o][2 * pair], sums[o][2 * pair + 1]);
                // SAFETY: `self` proves the features.
                let quarters = unsafe { [halves(a, b), halves(c, d), halves(e, f), halves(g, h)] };
                sums[o][2 * pair] = quarters.map(|both| both[0]);
                sums[o][2 * pair + 1] = quarters.map(|both| both[1]);
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i8) {
        // SAFETY: the caller's promise.
        unsafe { self.0.requantise(sums, how, to) }
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const i8; 4], to: *mut i8) {
        // SAFETY: the caller's promise.
        unsafe { self.0.largest(from, to) }
    }
}

impl Across for Smmla {
    type Partial = <Sdot as Across>::Partial;

    #[inline(always)]
    fn nothing(self) -> Self::Partial {
        self.0.nothing()
    }

    #[inline(always)]
    unsafe fn accumulate_across<const P: usize>(
        self,
        sums: &mut [Self::Partial; P],
        pixels: *const i8,
        weights: *const i8,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self.0.accumulate_across(sums, pixels, weights) }
    }

    #[inline(always)]
    fn total(self, sums: Self::Partial) -> i32 {
        self.0.total(sums)
    }
}
