//! A 3×3 convolution over doubled pixels. Along one axis, the two phases of
//! the output are two-tap filters over the source, (w₀, w₁+w₂) and (w₀+w₁, w₂).
//! Two outputs of each are F(2, 2), three products, and the phases share a
//! transformed input: x₀−x₁, x₁, x₁−x₂, x₂, x₂−x₃ for six products. In two
//! dimensions 4×4 outputs take 36 products, as F(4×4, 3×3) does, but from 4×4
//! source pixels and with sums and differences alone.

use super::super::simd::Simd;
use super::tile::Along;
use super::{POINTS, SIDE, TILE};

/// Source pixels of a tile in each direction.
pub(in crate::kernel) const PATCH: usize = 4;
/// Transformed inputs in each direction.
pub(in crate::kernel) const INPUTS: usize = 5;
/// The transformed input of each of six products.
const INPUT_OF: [usize; SIDE] = [0, 1, 2, 2, 3, 4];
/// The filter of each of them, over w₀, w₁, w₂.
pub(super) const FILTERS: [[f64; 3]; SIDE] = [
    [1.0, 0.0, 0.0],
    [1.0, 1.0, 1.0],
    [0.0, 1.0, 1.0],
    [1.0, 1.0, 0.0],
    [1.0, 1.0, 1.0],
    [0.0, 0.0, 1.0],
];
/// Matrices of transformed inputs.
pub(in crate::kernel) const MATRICES: usize = INPUTS * INPUTS;

/// The points whose products go, between them, once into each output.
pub(super) const BIASED: [usize; 2] = [1, 4];

/// As [`super::plain::INPUT_COST`].
pub(super) const INPUT_COST: usize = 90;
pub(super) const OUTPUT_COST: usize = 170;

/// The matrix of transformed inputs that a point multiplies.
pub(in crate::kernel) fn matrix_of(point: usize) -> usize {
    INPUT_OF[point / SIDE] * INPUTS + INPUT_OF[point % SIDE]
}

#[derive(Clone, Copy)]
pub(super) struct Inputs;

impl<S: Simd> Along<S, PATCH, INPUTS> for Inputs {
    #[inline(always)]
    fn along(self, s: S, x: [S::V; PATCH]) -> [S::V; INPUTS] {
        [s.sub(x[0], x[1]), x[1], s.sub(x[1], x[2]), x[2], s.sub(x[2], x[3])]
    }
}

#[derive(Clone, Copy)]
pub(super) struct Outputs;

impl<S: Simd> Along<S, SIDE, TILE> for Outputs {
    #[inline(always)]
    fn along(self, s: S, p: [S::V; SIDE]) -> [S::V; TILE] {
        [s.add(p[0], p[1]), s.add(p[3], p[4]), s.sub(p[1], p[2]), s.sub(p[4], p[5])]
    }
}

const _: () = assert!(POINTS == SIDE * SIDE && MATRICES <= POINTS);
