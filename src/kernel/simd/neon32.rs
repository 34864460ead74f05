//! Floats on Advanced SIMD of ARMv7, four lanes in assembly, because stable
//! Rust has no intrinsics of it.

use super::super::doubleword::{Doubleword, both, is_here, lanes, lanewise, whole_unit};
use super::{Kernel, Simd, block_by_block};

/// ARMv7 with Advanced SIMD. Its arithmetic takes numbers below 2⁻¹²⁶ as 0.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Neon(());

impl Neon {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        is_here().then_some(Self(()))
    }
}

/// Four floats.
#[derive(Clone, Copy)]
#[repr(C)]
pub(in crate::kernel) struct Floats(Doubleword, Doubleword);

impl Simd for Neon {
    const LANES: usize = 4;
    const TILE: usize = 8;
    type V = Floats;

    #[inline]
    fn vectorise<K: Kernel<Self>>(self, kernel: K) {
        kernel.run(self);
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Floats {
        Floats(both(value.to_bits()), both(value.to_bits()))
    }

    #[inline(always)]
    fn add(self, a: Floats, b: Floats) -> Floats {
        // SAFETY: `self` proves the feature.
        unsafe { Floats(lanewise!("vadd.f32", a.0, b.0), lanewise!("vadd.f32", a.1, b.1)) }
    }

    #[inline(always)]
    fn sub(self, a: Floats, b: Floats) -> Floats {
        // SAFETY: `self` proves the feature.
        unsafe { Floats(lanewise!("vsub.f32", a.0, b.0), lanewise!("vsub.f32", a.1, b.1)) }
    }

    #[inline(always)]
    fn max(self, a: Floats, b: Floats) -> Floats {
        // SAFETY: `self` proves the feature.
        unsafe { Floats(lanewise!("vmax.f32", a.0, b.0), lanewise!("vmax.f32", a.1, b.1)) }
    }

    #[cfg(feature = "training")]
    #[inline(always)]
    fn where_positive(self, a: Floats, by: Floats) -> Floats {
        let zero = both(0);
        // SAFETY: `self` proves the feature.
        unsafe {
            Floats(
                lanewise!("vand", a.0, lanewise!("vcgt.f32", by.0, zero)),
                lanewise!("vand", a.1, lanewise!("vcgt.f32", by.1, zero)),
            )
        }
    }

    /// Not fused: the units of the first ARMv7 cores cannot.
    #[inline(always)]
    fn mul_add(self, a: Floats, b: Floats, c: Floats) -> Floats {
        // SAFETY: `self` proves the feature.
        unsafe { Floats(sum_of(a.0, b.0, c.0), sum_of(a.1, b.1, c.1)) }
    }

    #[inline(always)]
    fn sum(self, a: Floats) -> f32 {
        lanes(a.0).into_iter().chain(lanes(a.1)).map(f32::from_bits).sum()
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Floats {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<Floats>().read() }
    }

    #[inline(always)]
    unsafe fn broadcast(self, from: *const f32) -> Floats {
        let value: Doubleword;
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            std::arch::asm!(
                ".fpu neon",
                "vld1.32 {{{value}[]}}, [{from}]",
                value = lateout(dreg) value, from = in(reg) from,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        Floats(value, value)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Floats) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<Floats>().write(value) }
    }

    #[inline(always)]
    unsafe fn accumulate_blocks<const O: usize, const P: usize>(
        self,
        acc: &mut [[Floats; P]; O],
        pixels: *const f32,
        stride: usize,
        weights: *const f32,
        count: usize,
    ) {
        // SAFETY: the caller's promise; a tile of two blocks and four pixels
        // has as many sums as the assembly takes.
        unsafe {
            if O == 2 && P == 4 && count > 0 {
                sum_blocks(acc.as_mut_ptr().cast(), pixels, stride, weights, count);
            } else {
                block_by_block(self, acc, pixels, stride, weights, count);
            }
        }
    }
}

/// a·b + c.
///
/// # Safety
/// A CPU with Advanced SIMD.
#[inline(always)]
unsafe fn sum_of(a: Doubleword, b: Doubleword, mut c: Doubleword) -> Doubleword {
    // SAFETY: the caller's promise.
    unsafe {
        std::arch::asm!(
            ".fpu neon",
            "vmla.f32 {c}, {a}, {b}",
            c = inout(dreg) c, a = in(dreg) a, b = in(dreg) b,
            options(pure, nomem, nostack),
        );
    }
    c
}

/// The products of a lane of four pixels with two vectors of weights.
macro_rules! products {
    ($u:literal, $v:literal; $a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "vmla.f32 q8, ",
            $u,
            ", ",
            $a,
            "\n",
            "vmla.f32 q12, ",
            $v,
            ", ",
            $a,
            "\n",
            "vmla.f32 q9, ",
            $u,
            ", ",
            $b,
            "\n",
            "vmla.f32 q13, ",
            $v,
            ", ",
            $b,
            "\n",
            "vmla.f32 q10, ",
            $u,
            ", ",
            $c,
            "\n",
            "vmla.f32 q14, ",
            $v,
            ", ",
            $c,
            "\n",
            "vmla.f32 q11, ",
            $u,
            ", ",
            $d,
            "\n",
            "vmla.f32 q15, ",
            $v,
            ", ",
            $d,
            "\n",
        )
    };
}

/// [`Simd::accumulate_blocks`] of two output blocks and four pixels: eight sums
/// of the sixteen registers, four pixels, and four vectors of weights, which
/// are loaded a channel ahead of their products.
///
/// # Safety
/// As there, with two times four sums at `acc`.
#[inline(always)]
unsafe fn sum_blocks(
    acc: *mut Floats,
    pixels: *const f32,
    stride: usize,
    weights: *const f32,
    count: usize,
) {
    // SAFETY: reads four vectors of pixels and eight of weights for each of
    // the blocks, and the sums, by the caller's promise.
    unsafe {
        whole_unit!(
            "vldmia {acc}, {{d16-d31}}",
            "2:",
            "vld1.32 {{d8-d11}}, [{weights}:128]!",
            "vld1.32 {{d0-d3}}, [{pixels}:128]!",
            "vld1.32 {{d4-d7}}, [{pixels}:128], {step}",
            "vld1.32 {{d12-d15}}, [{weights}:128]!",
            products!("q4", "q5"; "d0[0]", "d2[0]", "d4[0]", "d6[0]"),
            "vld1.32 {{d8-d11}}, [{weights}:128]!",
            products!("q6", "q7"; "d0[1]", "d2[1]", "d4[1]", "d6[1]"),
            "vld1.32 {{d12-d15}}, [{weights}:128]!",
            products!("q4", "q5"; "d1[0]", "d3[0]", "d5[0]", "d7[0]"),
            "subs {count}, {count}, #1",
            products!("q6", "q7"; "d1[1]", "d3[1]", "d5[1]", "d7[1]"),
            "bne 2b",
            "vstmia {acc}, {{d16-d31}}",
            acc = in(reg) acc,
            pixels = inout(reg) pixels => _,
            weights = inout(reg) weights => _,
            count = inout(reg) count => _,
            step = in(reg) (stride * size_of::<f32>()).wrapping_sub(32),
        );
    }
}
