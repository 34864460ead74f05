//! Advanced SIMD of ARMv7, of which stable Rust has no intrinsics: a register
//! of 64 bits goes to and from assembly as an `f64`. Nobody computes with it in
//! Rust, so its bits may be anything.

/// The lanes of a register, of whatever type.
pub(super) type Doubleword = f64;

const AT_HWCAP: usize = 16;
const HWCAP_NEON: usize = 1 << 12;

unsafe extern "C" {
    fn getauxval(kind: usize) -> usize;
}

/// Whether this machine has Advanced SIMD, as the kernel says.
pub(super) fn is_here() -> bool {
    // SAFETY: every C library of Linux has it, and any kind may be asked for.
    unsafe { getauxval(AT_HWCAP) & HWCAP_NEON != 0 }
}

/// The same 32 bits in both lanes.
#[inline(always)]
pub(super) fn both(bits: u32) -> Doubleword {
    f64::from_bits(u64::from(bits) << 32 | u64::from(bits))
}

/// The lanes as words of 32 bits, the lower first.
#[inline(always)]
pub(super) fn lanes(value: Doubleword) -> [u32; 2] {
    let bits = value.to_bits();
    [bits as u32, (bits >> 32) as u32]
}

/// One instruction on registers: `lanewise!("vadd.f32", a, b)` gives a + b.
/// With a last argument in brackets that is an immediate.
macro_rules! lanewise {
    ($name:literal, $a:expr, [$by:expr]) => {{
        let out: f64;
        std::arch::asm!(
            ".fpu neon",
            concat!($name, " {out}, {a}, #{by}"),
            out = lateout(dreg) out, a = in(dreg) $a, by = const $by,
            options(pure, nomem, nostack),
        );
        out
    }};
    ($name:literal, $a:expr, $b:expr) => {{
        let out: f64;
        std::arch::asm!(
            ".fpu neon",
            concat!($name, " {out}, {a}, {b}"),
            out = lateout(dreg) out, a = in(dreg) $a, b = in(dreg) $b,
            options(pure, nomem, nostack),
        );
        out
    }};
    ($name:literal, $a:expr) => {{
        let out: f64;
        std::arch::asm!(
            ".fpu neon",
            concat!($name, " {out}, {a}"),
            out = lateout(dreg) out, a = in(dreg) $a,
            options(pure, nomem, nostack),
        );
        out
    }};
}

/// Assembly that uses all registers of the unit: those that it takes are its
/// own, and what it computes goes through memory.
macro_rules! whole_unit {
    ($($argument:tt)*) => {
        std::arch::asm!(
            ".fpu neon",
            $($argument)*
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            out("d16") _, out("d17") _, out("d18") _, out("d19") _,
            out("d20") _, out("d21") _, out("d22") _, out("d23") _,
            out("d24") _, out("d25") _, out("d26") _, out("d27") _,
            out("d28") _, out("d29") _, out("d30") _, out("d31") _,
            options(nostack),
        )
    };
}

pub(super) use {lanewise, whole_unit};
