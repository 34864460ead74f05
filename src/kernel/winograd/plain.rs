//! The transforms of F(4×4, 3×3) in floats, for points 0, ±1, ±2 and ∞.

use super::super::simd::Simd;
use super::tile::Along;
use super::{SIDE, TILE};

/// Input pixels of a tile in each direction.
pub(super) const PATCH: usize = SIDE;
/// Rows of G: the filter of each point along one axis, over three taps.
pub(super) const FILTERS: [[f64; 3]; SIDE] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// What the two transforms of one tile and block cost, in products of the
/// panel: their operations, loads and stores, and a third more, because they
/// do not keep the multipliers busy.
pub(super) const INPUT_COST: usize = 300;
pub(super) const OUTPUT_COST: usize = 220;

/// The point whose product goes once into each output.
pub(super) const BIASED: [usize; 1] = [1];

/// Bᵀ·d for one column or row of six. Each sum is the last to use what it is
/// added to, so that a unit whose products add in place copies nothing.
#[derive(Clone, Copy)]
pub(super) struct Inputs;

impl<S: Simd> Along<S, PATCH, SIDE> for Inputs {
    #[inline(always)]
    fn along(self, s: S, d: [S::V; PATCH]) -> [S::V; SIDE] {
        let [d0, d1, d2, d3, d4, d5] = d;
        let (four, minus_four) = (s.splat(4.0), s.splat(-4.0));
        let high = s.sub(d4, d2);
        let low = s.sub(d3, d1);
        let last = s.mul_add(minus_four, low, s.sub(d5, d3));
        let even = s.mul_add(minus_four, d2, d4);
        let odd = s.mul_add(minus_four, d1, d3);
        let first = s.mul_add(four, d0, s.sub(even, d2));
        let low = s.add(low, low);
        [first, s.add(even, odd), s.sub(even, odd), s.add(high, low), s.sub(high, low), last]
    }
}

/// Aᵀ·m for one column or row of six.
#[derive(Clone, Copy)]
pub(super) struct Outputs;

impl<S: Simd> Along<S, SIDE, TILE> for Outputs {
    #[inline(always)]
    fn along(self, s: S, m: [S::V; SIDE]) -> [S::V; TILE] {
        let [m0, m1, m2, m3, m4, m5] = m;
        let (two, four, eight) = (s.splat(2.0), s.splat(4.0), s.splat(8.0));
        let (sum1, difference1) = (s.add(m1, m2), s.sub(m1, m2));
        let (sum2, difference2) = (s.add(m3, m4), s.sub(m3, m4));
        [
            s.add(s.add(m0, sum1), sum2),
            s.mul_add(two, difference2, difference1),
            s.mul_add(four, sum2, sum1),
            s.mul_add(eight, difference2, s.add(difference1, m5)),
        ]
    }
}
