//! The inner loop of integers on AArch64 without dot products: four pixels by
//! 16 output channels.

use std::arch::aarch64::int32x4_t;
use std::arch::asm;

/// The products of a lane of four pixels with the weights of 16 outputs.
macro_rules! products {
    ($weights:literal, $half:literal, $lane:literal) => {
        products!($weights, $half, $lane; 0 1 2 3)
    };
    ($weights:literal, $half:literal, $lane:literal; $($pixel:literal)*) => {
        concat!($(
            "smlal {a", $pixel, ":v}.4s, {u", $weights, ":v}.4h, {", $half, $pixel, ":v}.h[", $lane, "]\n",
            "smlal2 {b", $pixel, ":v}.4s, {u", $weights, ":v}.8h, {", $half, $pixel, ":v}.h[", $lane, "]\n",
            "smlal {c", $pixel, ":v}.4s, {v", $weights, ":v}.4h, {", $half, $pixel, ":v}.h[", $lane, "]\n",
            "smlal2 {d", $pixel, ":v}.4s, {v", $weights, ":v}.8h, {", $half, $pixel, ":v}.h[", $lane, "]\n",
        )*)
    };
}

/// [`super::words::Words::accumulate_blocks`] for four pixels: 16 registers of
/// sums, eight of pixels, eight of weights, each loaded a lane ahead of its
/// products. In assembly, because the compiler moves loads until registers no
/// longer suffice.
///
/// # Safety
/// As there, on a CPU with Advanced SIMD.
#[inline(always)]
pub(super) unsafe fn sum_blocks(
    sums: &mut [[int32x4_t; 4]; 4],
    pixels: *const i16,
    stride: usize,
    weights: *const i16,
    count: usize,
) {
    if count == 0 {
        return;
    }
    let [[a0, b0, c0, d0], [a1, b1, c1, d1], [a2, b2, c2, d2], [a3, b3, c3, d3]] = sums;
    // SAFETY: reads four pixels and 16 lanes of weights for each of the
    // blocks, by the caller's promise.
    unsafe {
        asm!(
            "2:",
            "ldp {x0:q}, {y0:q}, [{pixels}]",
            "ldp {u0:q}, {v0:q}, [{weights}]",
            "ldp {x1:q}, {y1:q}, [{pixels}, #32]",
            "ldp {x2:q}, {y2:q}, [{pixels}, #64]",
            "ldp {x3:q}, {y3:q}, [{pixels}, #96]",
            "ldp {u1:q}, {v1:q}, [{weights}, #32]",
            products!(0, "x", 0),
            "ldp {u2:q}, {v2:q}, [{weights}, #64]",
            products!(1, "x", 1),
            "ldp {u3:q}, {v3:q}, [{weights}, #96]",
            products!(2, "x", 2),
            "ldp {u0:q}, {v0:q}, [{weights}, #128]",
            products!(3, "x", 3),
            "ldp {u1:q}, {v1:q}, [{weights}, #160]",
            products!(0, "x", 4),
            "ldp {u2:q}, {v2:q}, [{weights}, #192]",
            products!(1, "x", 5),
            "ldp {u3:q}, {v3:q}, [{weights}, #224]",
            products!(2, "x", 6),
            "ldp {u0:q}, {v0:q}, [{weights}, #256]",
            products!(3, "x", 7),
            "ldp {u1:q}, {v1:q}, [{weights}, #288]",
            products!(0, "y", 0),
            "ldp {u2:q}, {v2:q}, [{weights}, #320]",
            products!(1, "y", 1),
            "ldp {u3:q}, {v3:q}, [{weights}, #352]",
            products!(2, "y", 2),
            "ldp {u0:q}, {v0:q}, [{weights}, #384]",
            products!(3, "y", 3),
            "ldp {u1:q}, {v1:q}, [{weights}, #416]",
            products!(0, "y", 4),
            "ldp {u2:q}, {v2:q}, [{weights}, #448]",
            products!(1, "y", 5),
            "ldp {u3:q}, {v3:q}, [{weights}, #480]",
            products!(2, "y", 6),
            products!(3, "y", 7),
            "add {pixels}, {pixels}, {stride}",
            "add {weights}, {weights}, #512",
            "subs {count}, {count}, #1",
            "b.ne 2b",
            pixels = inout(reg) pixels => _,
            weights = inout(reg) weights => _,
            count = inout(reg) count => _,
            stride = in(reg) stride * size_of::<i16>(),
            a0 = inout(vreg) *a0, b0 = inout(vreg) *b0, c0 = inout(vreg) *c0, d0 = inout(vreg) *d0,
            a1 = inout(vreg) *a1, b1 = inout(vreg) *b1, c1 = inout(vreg) *c1, d1 = inout(vreg) *d1,
            a2 = inout(vreg) *a2, b2 = inout(vreg) *b2, c2 = inout(vreg) *c2, d2 = inout(vreg) *d2,
            a3 = inout(vreg) *a3, b3 = inout(vreg) *b3, c3 = inout(vreg) *c3, d3 = inout(vreg) *d3,
            x0 = out(vreg_low16) _, y0 = out(vreg_low16) _,
            x1 = out(vreg_low16) _, y1 = out(vreg_low16) _,
            x2 = out(vreg_low16) _, y2 = out(vreg_low16) _,
            x3 = out(vreg_low16) _, y3 = out(vreg_low16) _,
            u0 = out(vreg) _, v0 = out(vreg) _,
            u1 = out(vreg) _, v1 = out(vreg) _,
            u2 = out(vreg) _, v2 = out(vreg) _,
            u3 = out(vreg) _, v3 = out(vreg) _,
            options(readonly, nostack),
        );
    }
}
