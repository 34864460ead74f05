//! The inner loop of integers on ARMv7: two pixels by 16 output channels.

use super::super::doubleword::{Doubleword, whole_unit};

/// Pixels of a tile: eight registers of sums, four of pixels, four of weights.
pub(super) const PIXELS: usize = 2;

/// The products of a lane of two pixels with the weights of 16 outputs.
macro_rules! products {
    ($a:literal, $b:literal, $c:literal, $d:literal; $x:literal, $y:literal) => {
        concat!(
            "vmlal.s16 q8, ", $a, ", ", $x, "\n", "vmlal.s16 q9, ", $b, ", ", $x, "\n",
            "vmlal.s16 q10, ", $c, ", ", $x, "\n", "vmlal.s16 q11, ", $d, ", ", $x, "\n",
            "vmlal.s16 q12, ", $a, ", ", $y, "\n", "vmlal.s16 q13, ", $b, ", ", $y, "\n",
            "vmlal.s16 q14, ", $c, ", ", $y, "\n", "vmlal.s16 q15, ", $d, ", ", $y, "\n",
        )
    };
    ($x:literal, $y:literal; even) => {
        products!("d8", "d9", "d10", "d11"; $x, $y)
    };
    ($x:literal, $y:literal; odd) => {
        products!("d12", "d13", "d14", "d15"; $x, $y)
    };
}

/// [`super::words::Words::accumulate_blocks`] for two pixels; weights are loaded a lane ahead
/// of their products.
///
/// # Safety
/// As there, with two times eight registers of sums at `sums`, on a CPU with
/// Advanced SIMD.
#[inline(always)]
pub(super) unsafe fn sum_blocks(
    sums: *mut Doubleword,
    pixels: *const i16,
    stride: usize,
    weights: *const i16,
    count: usize,
) {
    // SAFETY: reads two pixels and 16 lanes of weights for each of the blocks,
    // and the sums, by the caller's promise.
    unsafe {
        whole_unit!(
            "vldmia {sums}, {{d16-d31}}",
            "2:",
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            "vld1.16 {{d0-d3}}, [{pixels}:128]!",
            "vld1.16 {{d4-d7}}, [{pixels}:128], {step}",
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d0[0]", "d4[0]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d0[1]", "d4[1]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d0[2]", "d4[2]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d0[3]", "d4[3]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d1[0]", "d5[0]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d1[1]", "d5[1]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d1[2]", "d5[2]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d1[3]", "d5[3]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d2[0]", "d6[0]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d2[1]", "d6[1]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d2[2]", "d6[2]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d2[3]", "d6[3]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d3[0]", "d7[0]"; even),
            "vld1.16 {{d8-d11}}, [{weights}:128]!",
            products!("d3[1]", "d7[1]"; odd),
            "vld1.16 {{d12-d15}}, [{weights}:128]!",
            products!("d3[2]", "d7[2]"; even),
            "subs {count}, {count}, #1",
            products!("d3[3]", "d7[3]"; odd),
            "bne 2b",
            "vstmia {sums}, {{d16-d31}}",
            sums = in(reg) sums,
            pixels = inout(reg) pixels => _,
            weights = inout(reg) weights => _,
            count = inout(reg) count => _,
            step = in(reg) (stride * size_of::<i16>()).wrapping_sub(32),
        );
    }
}

/// [`super::dot::Dot::accumulate`] for one pixel and one block, the weights of its groups
/// `stride` apart.
///
/// # Safety
/// As there, on a CPU with Advanced SIMD.
#[inline(always)]
pub(super) unsafe fn sum_groups(
    sums: &mut [Doubleword; 8],
    pixel: *const i16,
    weights: *const i16,
    stride: usize,
    groups: usize,
) {
    if groups == 0 {
        return;
    }
    // SAFETY: reads a word of the pixel and 16 weights for each of the groups,
    // by the caller's promise.
    unsafe {
        whole_unit!(
            "vldmia {sums}, {{d16-d23}}",
            "2:",
            "vld1.16 {{d0[]}}, [{pixel}]!",
            "vld1.16 {{d8-d11}}, [{weights}], {stride}",
            "subs {groups}, {groups}, #1",
            "vmlal.s16 q8, d8, d0",
            "vmlal.s16 q9, d9, d0",
            "vmlal.s16 q10, d10, d0",
            "vmlal.s16 q11, d11, d0",
            "bne 2b",
            "vstmia {sums}, {{d16-d23}}",
            sums = in(reg) sums.as_mut_ptr(),
            pixel = inout(reg) pixel => _,
            weights = inout(reg) weights => _,
            groups = inout(reg) groups => _,
            stride = in(reg) stride * size_of::<i16>(),
        );
    }
}
