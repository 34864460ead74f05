//! The transforms of F(4×4, 3×3) in integers, points 0, ±1, ±2 and ∞. Filters
//! are not divided as in Lavin and Gray's paper, so that they stay integers,
//! and the way back multiplies instead: it gives 24·24 times the outputs.

use super::super::words::Lanes;
use super::tile::Along;
use super::{SIDE, TILE};

/// What the way back multiplies an output by.
pub(super) const GAIN: i64 = 24 * 24;
/// 9·[`NINTH`] = 1 modulo 2³²: a multiple of [`GAIN`], shifted by 6 bits and
/// multiplied by it, is divided.
pub(super) const NINTH: i32 = 0x38e3_8e39;

/// Filters to points, at most 49 times as large.
pub(super) const FILTERS: [[i32; 3]; SIDE] =
    [[1, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 1]];

/// Six inputs of a line to its points, at most ten times as large.
#[derive(Clone, Copy)]
pub(super) struct Inputs;

impl<V: Copy> Along<V, SIDE, SIDE> for Inputs {
    #[inline(always)]
    fn along(self, lanes: impl Lanes<V>, [a, b, c, d, e, f]: [V; SIDE]) -> [V; SIDE] {
        let (ec, db) = (lanes.sub(e, c), lanes.sub(d, b));
        let even = lanes.sub(e, lanes.shl::<2>(c));
        let odd = lanes.sub(d, lanes.shl::<2>(b));
        let twice = lanes.shl::<1>(db);
        [
            lanes.add(lanes.shl::<2>(lanes.sub(a, c)), ec),
            lanes.add(even, odd),
            lanes.sub(even, odd),
            lanes.add(ec, twice),
            lanes.sub(ec, twice),
            lanes.sub(lanes.sub(f, d), lanes.shl::<2>(db)),
        ]
    }
}

/// Products at the six points of a line to 24 times its four outputs.
#[derive(Clone, Copy)]
pub(super) struct Outputs;

impl<V: Copy> Along<V, SIDE, TILE> for Outputs {
    #[inline(always)]
    fn along(self, lanes: impl Lanes<V>, [a, b, c, d, e, f]: [V; SIDE]) -> [V; TILE] {
        let ones = lanes.shl::<2>(lanes.add(b, c));
        let ones_apart = lanes.shl::<2>(lanes.sub(b, c));
        let (twos, twos_apart) = (lanes.add(d, e), lanes.sub(d, e));
        let six = lanes.add(lanes.shl::<2>(a), lanes.shl::<1>(a));
        let last = lanes.add(lanes.shl::<4>(f), lanes.shl::<3>(f));
        [
            lanes.sub(lanes.add(six, twos), ones),
            lanes.sub(lanes.shl::<1>(twos_apart), ones_apart),
            lanes.sub(lanes.shl::<2>(twos), ones),
            lanes.sub(lanes.add(lanes.shl::<3>(twos_apart), last), ones_apart),
        ]
    }
}
