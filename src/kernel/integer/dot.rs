//! What a vector unit must be able to do for convolutions in integers: products
//! to sums of 32 bits, and sums back to 8 bits.

use std::ops::Range;

use super::super::arena::Number;
use super::super::layout::INTEGER_LANES;
use super::super::step::Step;
use super::cell::{Cell, CellKind};
use super::filter::nearest;
use super::layer::IntegerLayer;

/// What a sum becomes: `clamp(round(sum · m) + zero point)`, the clamping done
/// before the rounding so that no product is too large to be rounded.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Requantise {
    /// [`INTEGER_LANES`] biases.
    pub bias: *const i32,
    /// [`INTEGER_LANES`] multipliers.
    pub multipliers: *const f32,
    /// −128 and 127 less the zero point.
    pub least: f32,
    pub most: f32,
    /// The zero point as it is stored.
    pub zero: i32,
}

impl Requantise {
    /// For a block of outputs whose maps have this zero point.
    pub(super) fn new<C: Cell>(bias: *const i32, multipliers: *const f32, zero_point: i8) -> Self {
        let zero = f32::from(zero_point);
        let (least, most) = (-128.0 - zero, 127.0 - zero);
        Self { bias, multipliers, least, most, zero: i32::from(zero_point) + C::OFFSET }
    }

    /// One sum, as every unit does it.
    #[inline(always)]
    pub(super) fn stored(&self, sum: i32, multiplier: f32) -> i32 {
        let value = (sum as f32 * multiplier).max(self.least).min(self.most);
        nearest(value) + self.zero
    }
}

/// A unit that multiplies integers. A value of the type is the proof that this
/// CPU has it.
///
/// Weights are packed in groups of [`Dot::DEPTH`] input channels: for each
/// group and each block of [`INTEGER_LANES`] outputs, those of the first output,
/// of the second, and so on.
pub(in crate::kernel) trait Dot: Copy + Send + Sync + 'static {
    /// What maps hold.
    type Cell: Cell;
    const CELLS: CellKind;
    /// What cells are multiplied by: bytes or words.
    type Weight: Number + TryFrom<i32> + Send + Sync;
    /// Input channels of a group.
    const DEPTH: usize = 64 / INTEGER_LANES / size_of::<Self::Weight>();
    /// Whether taps that fall on one pixel of a doubled map are added up: four
    /// weights need more than a byte.
    const MERGES: bool = size_of::<Self::Weight>() > 1;
    /// Output blocks of a tile, 1 or 2: two share a pixel that was loaded, and
    /// one leaves registers for more pixels, which share weights.
    const BLOCKS: usize;
    /// Output blocks times pixels of the widest tile.
    const TILE: usize;
    /// Sums of one pixel and block, in the order that suits the unit.
    type Sums: Copy;

    /// Calls the kernel from a function compiled for this unit.
    fn vectorise<K: DotKernel<Self>>(self, kernel: K);

    /// The layer by Winograd's scheme, where the unit has one and it pays.
    fn winograd(self, _layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        None
    }

    /// The layer with vectors along its input channels, where the unit can and
    /// it pays.
    fn head(self, _layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        None
    }

    fn zero(self) -> Self::Sums;

    /// The output blocks of each tile.
    fn groups(blocks: usize) -> impl Iterator<Item = Range<usize>> {
        (0..blocks)
            .step_by(Self::BLOCKS)
            .map(move |first| first..(first + Self::BLOCKS).min(blocks))
    }

    /// Adds the products of `groups` times [`Dot::DEPTH`] channels: `O` output
    /// blocks, `P` pixels that are [`INTEGER_LANES`] cells apart.
    ///
    /// # Safety
    /// `pixels` has `P` readable pixels of [`INTEGER_LANES`] cells, `groups`
    /// of which make no more than a pixel, `weights` has [`Dot::DEPTH`]·
    /// [`INTEGER_LANES`] readable weights for each group and output block.
    /// Pixels are aligned to their size, the first weights to 64 bytes.
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        sums: &mut [[Self::Sums; P]; O],
        pixels: *const Self::Cell,
        weights: *const Self::Weight,
        groups: usize,
    );

    /// Puts sums that a unit keeps together for several pixels in their places,
    /// once everything is added up.
    #[inline(always)]
    fn settle<const O: usize, const P: usize>(self, _sums: &mut [[Self::Sums; P]; O]) {}

    /// Writes the cells that the sums become.
    ///
    /// # Safety
    /// `to` has [`INTEGER_LANES`] writable cells, aligned to their size, and
    /// the pointers of `how` as many readable elements, aligned to 64 bytes.
    unsafe fn requantise(self, sums: Self::Sums, how: &Requantise, to: *mut Self::Cell);

    /// The largest of four pixels, channel by channel.
    ///
    /// # Safety
    /// [`INTEGER_LANES`] cells each, aligned to their size.
    #[inline(always)]
    unsafe fn largest(self, from: [*const Self::Cell; 4], to: *mut Self::Cell) {
        // SAFETY: the caller's promise.
        let pixels = from.map(|from| unsafe { from.cast::<[Self::Cell; INTEGER_LANES]>().read() });
        let largest: [Self::Cell; INTEGER_LANES] = std::array::from_fn(|lane| {
            let [a, b, c, d] = pixels.map(|pixel| pixel[lane]);
            a.max(b).max(c).max(d)
        });
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[Self::Cell; INTEGER_LANES]>().write(largest) };
    }
}

/// Work that [`Dot::vectorise`] compiles for a unit; see
/// [`super::super::simd::Kernel`].
pub(in crate::kernel) trait DotKernel<D: Dot> {
    fn run(self, dot: D);
}
