//! Integers in plain Rust, on any machine.

use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};
use super::head::{Across, IntegerHead};
use super::layer::IntegerLayer;
use super::winograd::IntegerWinograd;
use super::words::{Lanes, Words};

/// Plain Rust: the twin of all others.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct ScalarWords;

impl Dot for ScalarWords {
    type Cell = i16;
    const CELLS: CellKind = CellKind::Word;
    type Weight = i16;
    const DEPTH: usize = 1;
    const BLOCKS: usize = 1;
    const TILE: usize = 4;
    type Sums = [i32; INTEGER_LANES];

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
        [0; INTEGER_LANES]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i16,
        weights: *const i16,
        groups: usize,
    ) {
        for group in 0..groups {
            for (o, sums) in sums.iter_mut().enumerate() {
                // SAFETY: a weight for each group, block and output.
                let weights: [i16; INTEGER_LANES] =
                    unsafe { weights.add((group * O + o) * INTEGER_LANES).cast::<[_; _]>().read() };
                for (p, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: p < P, and a pixel has as many groups.
                    let x = i32::from(unsafe { *pixels.add(p * INTEGER_LANES + group) });
                    for (sum, &weight) in sums.iter_mut().zip(&weights) {
                        *sum = sum.wrapping_add(x * i32::from(weight));
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i16) {
        for (lane, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let sum = sum.wrapping_add(*how.bias.add(lane));
                *to.add(lane) = how.stored(sum, *how.multipliers.add(lane)) as i16;
            }
        }
    }
}

impl Across for ScalarWords {
    type Partial = i32;

    #[inline(always)]
    fn nothing(self) -> i32 {
        0
    }

    #[inline(always)]
    unsafe fn accumulate_across<const P: usize>(
        self,
        sums: &mut [i32; P],
        pixels: *const i16,
        weights: *const i16,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let w = self.load(weights);
            for (p, sum) in sums.iter_mut().enumerate() {
                for (x, w) in self.load(pixels.add(p * INTEGER_LANES)).into_iter().zip(w) {
                    *sum = sum.wrapping_add(i32::from(x) * i32::from(w));
                }
            }
        }
    }

    #[inline(always)]
    fn total(self, sum: i32) -> i32 {
        sum
    }
}

impl Words for ScalarWords {
    type Vector = [i16; INTEGER_LANES];

    #[inline(always)]
    unsafe fn load(self, from: *const i16) -> Self::Vector {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[_; _]>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, words: Self::Vector, to: *mut i16) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[_; _]>().write(words) }
    }

    #[inline(always)]
    unsafe fn load_sums(self, from: *const i32) -> Self::Sums {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[_; _]>().read() }
    }

    #[inline(always)]
    unsafe fn store_sums(self, sums: Self::Sums, to: *mut i32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[_; _]>().write(sums) }
    }

    #[inline(always)]
    fn scale(self, sums: Self::Sums, factor: i32) -> Self::Sums {
        sums.map(|sum| (sum >> 6).wrapping_mul(factor))
    }
}

macro_rules! lanes {
    ($($number:ty),*) => {$(
        impl Lanes<[$number; INTEGER_LANES]> for ScalarWords {
            #[inline(always)]
            fn add(
                self,
                a: [$number; INTEGER_LANES],
                b: [$number; INTEGER_LANES],
            ) -> [$number; INTEGER_LANES] {
                std::array::from_fn(|lane| a[lane].wrapping_add(b[lane]))
            }

            #[inline(always)]
            fn sub(
                self,
                a: [$number; INTEGER_LANES],
                b: [$number; INTEGER_LANES],
            ) -> [$number; INTEGER_LANES] {
                std::array::from_fn(|lane| a[lane].wrapping_sub(b[lane]))
            }

            #[inline(always)]
            fn shl<const N: i32>(
                self,
                a: [$number; INTEGER_LANES],
            ) -> [$number; INTEGER_LANES] {
                a.map(|a| a << N)
            }
        }
    )*};
}

lanes!(i16, i32);
