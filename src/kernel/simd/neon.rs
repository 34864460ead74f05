use std::arch::aarch64::*;

use super::{Kernel, Simd};

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
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves the feature.
        unsafe { vmulq_f32(a, b) }
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
