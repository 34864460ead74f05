use std::ops::Range;

use super::super::layout::BYTE_LANES;
use super::filter::nearest;

/// What a sum becomes: `clamp(round(sum · m) + zero point)`, the clamping done
/// before the rounding so that no product is too large to be rounded.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Requantise {
    /// [`BYTE_LANES`] biases.
    pub bias: *const i32,
    /// [`BYTE_LANES`] multipliers.
    pub multipliers: *const f32,
    /// −128 and 127 less the zero point.
    pub least: f32,
    pub most: f32,
    /// The zero point as it is stored: less −128 where bytes are unsigned.
    pub zero: i32,
}

impl Requantise {
    /// One sum, as every unit does it.
    #[inline(always)]
    pub(super) fn byte(&self, sum: i32, multiplier: f32) -> u8 {
        let value = (sum as f32 * multiplier).max(self.least).min(self.most);
        (nearest(value) + self.zero) as u8
    }
}

/// A unit that multiplies bytes. A value of the type is the proof that this
/// CPU has it.
///
/// Weights are packed alike for all: for each group of four input channels
/// and each block of [`BYTE_LANES`] outputs, the four weights of the first
/// output, of the second, and so on: 64 bytes.
pub(in crate::kernel) trait Dot: Copy + Send + Sync + 'static {
    /// 0x80 where the unit wants one side unsigned: then maps hold q + 128.
    const FLIP: u8;
    /// Output blocks of a tile, 1 or 2: two share a pixel that was loaded, and
    /// one leaves registers for more pixels, which share weights.
    const BLOCKS: usize;
    /// Output blocks times pixels of the widest tile.
    const TILE: usize;
    /// Sums of one pixel and block, in the order that suits the unit.
    type Sums: Copy;

    /// Calls the kernel from a function compiled for this unit.
    fn vectorise<K: DotKernel<Self>>(self, kernel: K);

    fn zero(self) -> Self::Sums;

    /// The output blocks of each tile.
    fn groups(blocks: usize) -> impl Iterator<Item = Range<usize>> {
        (0..blocks)
            .step_by(Self::BLOCKS)
            .map(move |first| first..(first + Self::BLOCKS).min(blocks))
    }

    /// Adds the products of `groups` times four channels: `O` output blocks,
    /// `P` pixels that are [`BYTE_LANES`] bytes apart.
    ///
    /// # Safety
    /// `pixels` has `P` readable pixels of [`BYTE_LANES`] bytes, `groups` ≤ 4,
    /// `weights` has 64·`groups`·`O` readable bytes. Pixels are aligned to
    /// [`BYTE_LANES`], weights to 64 bytes.
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const u8,
        weights: *const i8,
        groups: usize,
    );

    /// Writes the bytes that the sums become.
    ///
    /// # Safety
    /// `to` has [`BYTE_LANES`] writable bytes, aligned to their size, and the
    /// pointers of `how` as many readable elements, aligned to 64 bytes.
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut u8);

    /// The largest of four pixels, channel by channel, in the order of the
    /// stored bytes.
    ///
    /// # Safety
    /// [`BYTE_LANES`] bytes each, aligned to their size.
    #[inline(always)]
    unsafe fn largest(self, from: [*const u8; 4], to: *mut u8) {
        // SAFETY: the caller's promise.
        let pixels = from.map(|from| unsafe { from.cast::<[u8; BYTE_LANES]>().read() });
        let order = |byte: u8| if Self::FLIP == 0 { byte ^ 0x80 } else { byte };
        let largest: [u8; BYTE_LANES] = std::array::from_fn(|lane| {
            let bytes = pixels.map(|pixel| order(pixel[lane]));
            order(bytes[0].max(bytes[1]).max(bytes[2]).max(bytes[3]))
        });
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[u8; BYTE_LANES]>().write(largest) };
    }
}

/// Work that [`Dot::vectorise`] compiles for a unit; see
/// [`super::super::simd::Kernel`].
pub(in crate::kernel) trait DotKernel<D: Dot> {
    fn run(self, dot: D);
}
