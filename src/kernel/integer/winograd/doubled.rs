//! The transforms of [`super::super::super::winograd::doubled`] in integers:
//! sums and differences on all ways, so nothing is scaled.

use super::super::super::winograd::doubled::{INPUTS, PATCH};
use super::super::words::Lanes;
use super::tile::Along;
use super::{SIDE, TILE};

/// Filters to points, at most nine times as large.
pub(super) const FILTERS: [[i32; 3]; SIDE] =
    [[1, 0, 0], [1, 1, 1], [0, 1, 1], [1, 1, 0], [1, 1, 1], [0, 0, 1]];

/// Four inputs of a line to its five points, at most twice as large.
#[derive(Clone, Copy)]
pub(super) struct Inputs;

impl<V: Copy> Along<V, PATCH, INPUTS> for Inputs {
    #[inline(always)]
    fn along(self, lanes: impl Lanes<V>, [a, b, c, d]: [V; PATCH]) -> [V; INPUTS] {
        [lanes.sub(a, b), b, lanes.sub(b, c), c, lanes.sub(c, d)]
    }
}

/// Products at the six points of a line to its four outputs.
#[derive(Clone, Copy)]
pub(super) struct Outputs;

impl<V: Copy> Along<V, SIDE, TILE> for Outputs {
    #[inline(always)]
    fn along(self, lanes: impl Lanes<V>, [a, b, c, d, e, f]: [V; SIDE]) -> [V; TILE] {
        [lanes.add(a, b), lanes.add(d, e), lanes.sub(b, c), lanes.sub(e, f)]
    }
}
