//! What Winograd's transforms in integers ask of a vector unit whose cells are
//! words.

use super::dot::Dot;

/// A unit whose maps and weights are words, with the arithmetic of
/// [`super::winograd::IntegerWinograd`] on [`super::super::layout::INTEGER_LANES`] words
/// and on as many sums. All of it wraps.
pub(in crate::kernel) trait Words:
    Dot<Cell = i16, Weight = i16> + Lanes<Self::Vector> + Lanes<Self::Sums>
{
    type Vector: Copy;

    /// # Safety
    /// Readable cells, aligned to their size.
    unsafe fn load(self, from: *const i16) -> Self::Vector;

    /// # Safety
    /// Writable cells, aligned to their size.
    unsafe fn store(self, words: Self::Vector, to: *mut i16);

    /// # Safety
    /// Readable sums, aligned to 64 bytes.
    unsafe fn load_sums(self, from: *const i32) -> Self::Sums;

    /// # Safety
    /// Writable sums, aligned to 64 bytes.
    unsafe fn store_sums(self, sums: Self::Sums, to: *mut i32);

    /// [`Dot::accumulate`] of one output block over `count` whole pixels of
    /// input channels, `stride` cells apart, their weights one after the other.
    /// False, and nothing done, where the unit has no better way than that.
    ///
    /// # Safety
    /// As there, for each of them.
    #[inline(always)]
    unsafe fn accumulate_blocks<const P: usize>(
        self,
        _sums: &mut [Self::Sums; P],
        _pixels: *const i16,
        _stride: usize,
        _weights: *const i16,
        _count: usize,
    ) -> bool {
        false
    }

    /// `(sums >> 6)·factor`, the shift with its sign.
    fn scale(self, sums: Self::Sums, factor: i32) -> Self::Sums;
}

/// Addition, subtraction and multiplication by 2ⁿ in every lane.
pub(in crate::kernel) trait Lanes<V: Copy>: Copy {
    fn add(self, a: V, b: V) -> V;

    fn sub(self, a: V, b: V) -> V;

    fn shl<const N: i32>(self, a: V) -> V;
}
