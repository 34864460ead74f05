use super::super::layout::INTEGER_LANES;
use super::cell::CellKind;
use super::dot::{Dot, DotKernel, Requantise};

/// Plain Rust: the twin of all others.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct ScalarDot;

impl Dot for ScalarDot {
    type Cell = i8;
    const CELLS: CellKind = CellKind::Signed;
    type Weight = i8;
    const BLOCKS: usize = 1;
    const TILE: usize = 4;
    type Sums = [i32; INTEGER_LANES];

    #[inline]
    fn vectorise<K: DotKernel<Self>>(self, kernel: K) {
        kernel.run(self);
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; INTEGER_LANES]
    }

    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const i8,
        weights: *const i8,
        groups: usize,
    ) {
        for group in 0..groups {
            for (o, sums) in sums.iter_mut().enumerate() {
                // SAFETY: 64 bytes for each group and block.
                let weights: [[i8; 4]; INTEGER_LANES] =
                    unsafe { weights.add((group * O + o) * 64).cast::<[_; _]>().read() };
                for (p, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: p < P, and group < 4.
                    let pixel: [i8; 4] = unsafe {
                        pixels.add(p * INTEGER_LANES + group * 4).cast::<[_; _]>().read()
                    };
                    for (sum, weights) in sums.iter_mut().zip(&weights) {
                        for (&x, &w) in pixel.iter().zip(weights) {
                            *sum += i32::from(x) * i32::from(w);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut i8) {
        for (lane, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let sum = sum + *how.bias.add(lane);
                *to.add(lane) = how.stored(sum, *how.multipliers.add(lane)) as i8;
            }
        }
    }
}
