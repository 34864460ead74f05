//! Floats on Advanced SIMD of AArch64, four lanes.

use std::arch::aarch64::*;
use std::arch::asm;

use super::{Kernel, Simd, block_by_block};

/// AArch64 with Advanced SIMD.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Neon(());

impl Neon {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

/// Pixels whose values are in registers at a time. Four keep eight products
/// in flight with two output blocks, as many as the latency of an in-order
/// core needs.
const HELD: usize = 4;

impl Simd for Neon {
    const LANES: usize = 4;
    const TILE: usize = 16;
    type V = float32x4_t;

    #[inline]
    fn vectorise<K: Kernel<Self>>(self, kernel: K) {
        #[target_feature(enable = "neon")]
        unsafe fn inner<K: Kernel<Neon>>(kernel: K, simd: Neon) {
            kernel.run(simd);
        }
        // SAFETY: `self` proves the feature.
        unsafe { inner(kernel, self) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vmaxq_f32(a, b) }
    }

    #[cfg(feature = "training")]
    #[inline(always)]
    fn where_positive(self, a: Self::V, by: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vbslq_f32(vcgtzq_f32(by), a, vdupq_n_f32(0.0)) }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn sum(self, a: Self::V) -> f32 {
        // SAFETY: `self` proves the feature.
        unsafe { vaddvq_f32(a) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn broadcast(self, from: *const f32) -> Self::V {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { vld1q_dup_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::V) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe { vst1q_f32(to, value) }
    }

    #[inline(always)]
    unsafe fn accumulate_blocks<const O: usize, const P: usize>(
        self,
        acc: &mut [[Self::V; P]; O],
        pixels: *const f32,
        stride: usize,
        weights: *const f32,
        count: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match widest(acc) {
                Some(acc) => sum_blocks(acc, pixels, stride, weights, count),
                None => block_by_block(self, acc, pixels, stride, weights, count),
            }
        }
    }

    /// Multiplies by lane: a load that broadcasts costs a multiplier's slot on
    /// these cores, a plain load of four channels does not.
    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        acc: &mut [[Self::V; P]; O],
        pixels: *const f32,
        weights: *const f32,
        depth: usize,
    ) {
        if depth < Self::LANES {
            // SAFETY: the caller's promise.
            return unsafe { ragged(self, acc, pixels, weights, depth) };
        }
        let mut w = [[self.splat(0.0); O]; 4];
        for (k, w) in w.iter_mut().enumerate() {
            for (o, w) in w.iter_mut().enumerate() {
                // SAFETY: k < depth = 4 and o < O.
                *w = unsafe { self.load(weights.wrapping_add((k * O + o) * Self::LANES)) };
            }
        }
        let mut first = 0;
        while first < P {
            let held = if P - first < HELD { P - first } else { HELD };
            let mut x = [self.splat(0.0); HELD];
            for (p, x) in x.iter_mut().enumerate().take(held) {
                // SAFETY: first + p < P.
                *x = unsafe { self.load(pixels.wrapping_add((first + p) * Self::LANES)) };
            }
            for p in 0..held {
                for o in 0..O {
                    let sum = &mut acc[o][first + p];
                    // SAFETY: `self` proves the feature.
                    *sum = unsafe { vfmaq_laneq_f32::<0>(*sum, w[0][o], x[p]) };
                }
            }
            for p in 0..held {
                for o in 0..O {
                    let sum = &mut acc[o][first + p];
                    // SAFETY: `self` proves the feature.
                    *sum = unsafe { vfmaq_laneq_f32::<1>(*sum, w[1][o], x[p]) };
                }
            }
            for p in 0..held {
                for o in 0..O {
                    let sum = &mut acc[o][first + p];
                    // SAFETY: `self` proves the feature.
                    *sum = unsafe { vfmaq_laneq_f32::<2>(*sum, w[2][o], x[p]) };
                }
            }
            for p in 0..held {
                for o in 0..O {
                    let sum = &mut acc[o][first + p];
                    // SAFETY: `self` proves the feature.
                    *sum = unsafe { vfmaq_laneq_f32::<3>(*sum, w[3][o], x[p]) };
                }
            }
            first += held;
        }
    }
}

/// Fewer than four channels, one at a time.
///
/// # Safety
/// As for [`Simd::accumulate`].
#[inline(always)]
unsafe fn ragged<const O: usize, const P: usize>(
    simd: Neon,
    acc: &mut [[float32x4_t; P]; O],
    pixels: *const f32,
    weights: *const f32,
    depth: usize,
) {
    for k in 0..depth {
        for p in 0..P {
            // SAFETY: p < P and k < LANES.
            let value = unsafe { simd.broadcast(pixels.wrapping_add(p * Neon::LANES + k)) };
            for o in 0..O {
                // SAFETY: k < depth and o < O.
                let w = unsafe { simd.load(weights.wrapping_add((k * O + o) * Neon::LANES)) };
                acc[o][p] = simd.mul_add(value, w, acc[o][p]);
            }
        }
    }
}

/// The tile of two output blocks and eight pixels that fills the registers.
#[inline(always)]
fn widest<const O: usize, const P: usize>(
    acc: &mut [[float32x4_t; P]; O],
) -> Option<&mut [[float32x4_t; 8]; 2]> {
    if O != 2 || P != 8 {
        return None;
    }
    let acc = std::ptr::from_mut(acc).cast();
    // SAFETY: the same array, as its lengths say.
    Some(unsafe { &mut *acc })
}

/// The products of a lane of some pixels with two vectors of weights.
macro_rules! products {
    ($lane:literal; $($pixel:literal),*) => {
        concat!($(
            "fmla {a", $pixel, ":v}.4s, {u", $lane, ":v}.4s, {x", $pixel, ":v}.s[", $lane, "]\n",
            "fmla {b", $pixel, ":v}.4s, {v", $lane, ":v}.4s, {x", $pixel, ":v}.s[", $lane, "]\n",
        )*)
    };
}

/// [`Simd::accumulate_blocks`] of the widest tile, which takes all registers:
/// 16 sums, eight pixels, eight vectors of weights. In assembly, because the
/// compiler keeps an index beside each of its pointers.
///
/// # Safety
/// As there.
#[inline(always)]
#[rustfmt::skip]
unsafe fn sum_blocks(
    acc: &mut [[float32x4_t; 8]; 2],
    pixels: *const f32,
    stride: usize,
    weights: *const f32,
    count: usize,
) {
    if count == 0 {
        return;
    }
    let [[a0, a1, a2, a3, a4, a5, a6, a7], [b0, b1, b2, b3, b4, b5, b6, b7]] = acc;
    // SAFETY: reads eight vectors of pixels and of weights for each of the
    // blocks, by the caller's promise.
    unsafe {
        asm!(
            "2:",
            "ldp {u0:q}, {v0:q}, [{weights}, #-96]",
            "ldp {x0:q}, {x1:q}, [{pixels}]",
            "ldp {x2:q}, {x3:q}, [{pixels}, #32]",
            products!(0; 0),
            "ldp {x4:q}, {x5:q}, [{pixels}, #64]",
            products!(0; 1, 2),
            "ldp {x6:q}, {x7:q}, [{pixels}, #96]",
            products!(0; 3, 4),
            "ldp {u1:q}, {v1:q}, [{weights}, #-64]",
            products!(0; 5, 6, 7),
            products!(1; 0, 1, 2),
            "ldp {u2:q}, {v2:q}, [{weights}, #-32]",
            products!(1; 3, 4, 5, 6, 7),
            products!(2; 0, 1, 2),
            "ldp {u3:q}, {v3:q}, [{weights}], #128",
            products!(2; 3, 4),
            "add {pixels}, {pixels}, {stride}",
            products!(2; 5, 6, 7),
            products!(3; 0, 1, 2),
            "subs {count}, {count}, #1",
            products!(3; 3, 4, 5, 6, 7),
            "b.ne 2b",
            pixels = inout(reg) pixels => _,
            weights = inout(reg) weights.wrapping_add(6 * Neon::LANES) => _,
            count = inout(reg) count => _,
            stride = in(reg) stride * size_of::<f32>(),
            a0 = inout(vreg) *a0, b0 = inout(vreg) *b0, x0 = out(vreg) _,
            a1 = inout(vreg) *a1, b1 = inout(vreg) *b1, x1 = out(vreg) _,
            a2 = inout(vreg) *a2, b2 = inout(vreg) *b2, x2 = out(vreg) _,
            a3 = inout(vreg) *a3, b3 = inout(vreg) *b3, x3 = out(vreg) _,
            a4 = inout(vreg) *a4, b4 = inout(vreg) *b4, x4 = out(vreg) _,
            a5 = inout(vreg) *a5, b5 = inout(vreg) *b5, x5 = out(vreg) _,
            a6 = inout(vreg) *a6, b6 = inout(vreg) *b6, x6 = out(vreg) _,
            a7 = inout(vreg) *a7, b7 = inout(vreg) *b7, x7 = out(vreg) _,
            u0 = out(vreg) _, v0 = out(vreg) _,
            u1 = out(vreg) _, v1 = out(vreg) _,
            u2 = out(vreg) _, v2 = out(vreg) _,
            u3 = out(vreg) _, v3 = out(vreg) _,
            options(readonly, nostack),
        );
    }
}
