//! A 3×3 convolution over doubled pixels. Along one axis, the two phases of
//! the output are two-tap filters over the source, (w₀, w₁+w₂) and (w₀+w₁, w₂).
//! Two outputs of each are F(2, 2), three products, and the phases share a
//! transformed input: x₀−x₁, x₁, x₁−x₂, x₂, x₂−x₃ for six products. In two
//! dimensions 4×4 outputs take 36 products, as F(4×4, 3×3) does, but from 4×4
//! source pixels and with sums and differences alone.

use super::super::simd::Simd;
use super::{POINTS, SIDE, TILE};

/// Source pixels of a tile in each direction.
pub(super) const PATCH: usize = 4;
/// Transformed inputs in each direction.
const INPUTS: usize = 5;
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
pub(super) const MATRICES: usize = INPUTS * INPUTS;

/// As [`super::plain::INPUT_COST`].
pub(super) const INPUT_COST: usize = 90;
pub(super) const OUTPUT_COST: usize = 170;

/// The matrix of transformed inputs that a point multiplies.
pub(super) fn matrix_of(point: usize) -> usize {
    INPUT_OF[point / SIDE] * INPUTS + INPUT_OF[point % SIDE]
}

#[inline(always)]
fn inputs<S: Simd>(s: S, x: [S::V; PATCH]) -> [S::V; INPUTS] {
    [s.sub(x[0], x[1]), x[1], s.sub(x[1], x[2]), x[2], s.sub(x[2], x[3])]
}

#[inline(always)]
fn outputs<S: Simd>(s: S, p: [S::V; SIDE]) -> [S::V; TILE] {
    [s.add(p[0], p[1]), s.add(p[3], p[4]), s.sub(p[1], p[2]), s.sub(p[4], p[5])]
}

/// Transforms the 4×4 pixels at `from`, rows `pitch` floats apart, into
/// [`MATRICES`] vectors that are `stride` floats apart.
///
/// # Safety
/// All of them may be read and written.
#[inline(always)]
pub(super) unsafe fn transform_patch<S: Simd>(
    s: S,
    from: *const f32,
    pitch: usize,
    to: *mut f32,
    stride: usize,
) {
    let mut columns = [[s.splat(0.0); INPUTS]; PATCH];
    for x in 0..PATCH {
        let mut column = [s.splat(0.0); PATCH];
        for (y, value) in column.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *value = unsafe { s.load(from.wrapping_add(y * pitch + x * S::LANES)) };
        }
        columns[x] = inputs(s, column);
    }
    for y in 0..INPUTS {
        let row = inputs(s, std::array::from_fn(|x| columns[x][y]));
        for (x, value) in row.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { s.store(to.wrapping_add((y * INPUTS + x) * stride), value) };
        }
    }
}

/// Transforms 36 products, `stride` floats apart, back to 4×4 outputs.
///
/// # Safety
/// All of them may be read.
#[inline(always)]
pub(super) unsafe fn transform_back<S: Simd>(
    s: S,
    from: *const f32,
    stride: usize,
) -> [[S::V; TILE]; TILE] {
    let mut columns = [[s.splat(0.0); TILE]; SIDE];
    for x in 0..SIDE {
        let mut column = [s.splat(0.0); SIDE];
        for (y, value) in column.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *value = unsafe { s.load(from.wrapping_add((y * SIDE + x) * stride)) };
        }
        columns[x] = outputs(s, column);
    }
    let mut tile = [[s.splat(0.0); TILE]; TILE];
    for (y, row) in tile.iter_mut().enumerate() {
        *row = outputs(s, std::array::from_fn(|x| columns[x][y]));
    }
    tile
}

const _: () = assert!(POINTS == SIDE * SIDE && MATRICES <= POINTS);
