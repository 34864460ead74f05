//! Integers on Advanced SIMD of ARMv7: products of words, in assembly, because
//! stable Rust has no intrinsics of it.

use super::super::doubleword::{Doubleword, both, is_here, lanes, lanewise};
use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};
use super::head::{Across, IntegerHead};
use super::layer::IntegerLayer;
use super::neon32_tile::{PIXELS, sum_blocks, sum_groups};
use super::winograd::IntegerWinograd;
use super::words::{Lanes, Words};

/// ARMv7's Advanced SIMD: products of words, by lane, to sums of 32 bits.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct NeonWords(());

impl NeonWords {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        is_here().then_some(Self(()))
    }
}

/// 1.5·2²³: added to a float of less than 2²², the sum's last bits are the
/// nearest integer, the even one of two, which this unit has no instruction for.
const ROUNDER: f32 = 12_582_912.0;

impl Dot for NeonWords {
    type Cell = i16;
    const CELLS: CellKind = CellKind::Word;
    type Weight = i16;
    const DEPTH: usize = 1;
    const BLOCKS: usize = 1;
    const TILE: usize = PIXELS;
    type Sums = [Doubleword; 8];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        kernel.run(self);
    }

    fn head(self, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        IntegerHead::boxed(self, layer)
    }

    fn winograd(self, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        IntegerWinograd::boxed(self, layer)
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [both(0); 8]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i16,
        weights: *const i16,
        groups: usize,
    ) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            if O == 1 && P == PIXELS && groups == INTEGER_LANES {
                return sum_blocks(sums.as_mut_ptr().cast(), pixels, 0, weights, 1);
            }
            for (o, sums) in sums.iter_mut().enumerate() {
                for (p, sums) in sums.iter_mut().enumerate() {
                    let pixel = pixels.wrapping_add(p * INTEGER_LANES);
                    let weights = weights.wrapping_add(o * INTEGER_LANES);
                    sum_groups(sums, pixel, weights, O * INTEGER_LANES, groups);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i16) {
        let (least, most) = (both(how.least.to_bits()), both(how.most.to_bits()));
        let zero = both(how.zero.wrapping_sub(ROUNDER.to_bits() as i32) as u32);
        let rounder = both(ROUNDER.to_bits());
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let bias = how.bias.cast::<[Doubleword; 8]>().read();
            let multipliers = how.multipliers.cast::<[Doubleword; 8]>().read();
            let mut steps = sums;
            for ((step, bias), multiplier) in steps.iter_mut().zip(bias).zip(multipliers) {
                let sum = lanewise!("vcvt.f32.s32", lanewise!("vadd.i32", *step, bias));
                let value = lanewise!("vmul.f32", sum, multiplier);
                let value = lanewise!("vmin.f32", lanewise!("vmax.f32", value, least), most);
                *step = lanewise!("vadd.i32", lanewise!("vadd.f32", value, rounder), zero);
            }
            let [a, b, c, d, e, f, g, h] = steps;
            let words = [narrow(a, b), narrow(c, d), narrow(e, f), narrow(g, h)];
            to.cast::<[Doubleword; 4]>().write(words);
        }
    }

    #[inline(always)]
    unsafe fn largest(self, from: [*const i16; 4], to: *mut i16) {
        // SAFETY: the caller's promise, and `self` proves the feature.
        unsafe {
            let [a, b, c, d] = from.map(|from| self.load(from));
            let largest = std::array::from_fn(|i| {
                let (left, right) =
                    (lanewise!("vmax.s16", a[i], b[i]), lanewise!("vmax.s16", c[i], d[i]));
                lanewise!("vmax.s16", left, right)
            });
            self.store(largest, to);
        }
    }
}

impl Across for NeonWords {
    type Partial = [Doubleword; 2];

    #[inline(always)]
    fn nothing(self) -> Self::Partial {
        [both(0); 2]
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
                    add_products(sums, x, w);
                }
            }
        }
    }

    #[inline(always)]
    fn total(self, sums: Self::Partial) -> i32 {
        sums.into_iter().flat_map(lanes).fold(0, |sum, lane| sum.wrapping_add(lane as i32))
    }
}

impl Words for NeonWords {
    type Vector = [Doubleword; 4];

    #[inline(always)]
    unsafe fn load(self, from: *const i16) -> Self::Vector {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[_; 4]>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, words: Self::Vector, to: *mut i16) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[_; 4]>().write(words) }
    }

    #[inline(always)]
    unsafe fn load_sums(self, from: *const i32) -> Self::Sums {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[_; 8]>().read() }
    }

    #[inline(always)]
    unsafe fn store_sums(self, sums: Self::Sums, to: *mut i32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[_; 8]>().write(sums) }
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
        if P != PIXELS {
            return false;
        }
        if count > 0 {
            // SAFETY: the caller's promise, and `self` proves the feature.
            unsafe { sum_blocks(sums.as_mut_ptr().cast(), pixels, stride, weights, count) };
        }
        true
    }

    #[inline(always)]
    fn scale(self, sums: Self::Sums, factor: i32) -> Self::Sums {
        let factor = both(factor as u32);
        // SAFETY: `self` proves the feature.
        sums.map(|sum| unsafe { lanewise!("vmul.i32", lanewise!("vshr.s32", sum, [6]), factor) })
    }
}

/// The same operation for words and for sums, register by register.
macro_rules! lanes {
    ($count:literal, $add:literal, $sub:literal, $shl:literal) => {
        impl Lanes<[Doubleword; $count]> for NeonWords {
            #[inline(always)]
            fn add(self, a: [Doubleword; $count], b: [Doubleword; $count]) -> [Doubleword; $count] {
                // SAFETY: `self` proves the feature.
                std::array::from_fn(|i| unsafe { lanewise!($add, a[i], b[i]) })
            }

            #[inline(always)]
            fn sub(self, a: [Doubleword; $count], b: [Doubleword; $count]) -> [Doubleword; $count] {
                // SAFETY: `self` proves the feature.
                std::array::from_fn(|i| unsafe { lanewise!($sub, a[i], b[i]) })
            }

            #[inline(always)]
            fn shl<const N: i32>(self, a: [Doubleword; $count]) -> [Doubleword; $count] {
                // SAFETY: `self` proves the feature.
                a.map(|a| unsafe { lanewise!($shl, a, [N]) })
            }
        }
    };
}

lanes!(4, "vadd.i16", "vsub.i16", "vshl.i16");
lanes!(8, "vadd.i32", "vsub.i32", "vshl.i32");

/// The lower halves of four lanes.
///
/// # Safety
/// A CPU with Advanced SIMD.
#[inline(always)]
unsafe fn narrow(mut low: Doubleword, high: Doubleword) -> Doubleword {
    // SAFETY: the caller's promise.
    unsafe {
        std::arch::asm!(
            ".fpu neon",
            "vuzp.16 {low}, {high}",
            low = inout(dreg) low, high = inout(dreg) high => _,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    low
}

/// Adds the products of four words to four sums.
///
/// # Safety
/// A CPU with Advanced SIMD.
#[inline(always)]
unsafe fn add_products([low, high]: &mut [Doubleword; 2], x: Doubleword, w: Doubleword) {
    // SAFETY: the caller's promise.
    unsafe {
        std::arch::asm!(
            ".fpu neon",
            "vmull.s16 q15, {x}, {w}",
            "vadd.i32 {low}, {low}, d30",
            "vadd.i32 {high}, {high}, d31",
            low = inout(dreg) *low, high = inout(dreg) *high, x = in(dreg) x, w = in(dreg) w,
            out("d30") _, out("d31") _,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
}
