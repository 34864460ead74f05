//! Winograd's transforms of one tile in floats, along both axes.

use super::super::simd::Simd;
use super::{SIDE, TILE};

/// A transform along one axis. A trait and no closure: what an instruction set
/// is compiled into has to be inlined by force.
pub(super) trait Along<S: Simd, const N: usize, const M: usize>: Copy {
    fn along(self, s: S, values: [S::V; N]) -> [S::V; M];
}

/// Transforms the `P`×`P` pixels at `from`, rows `pitch` floats apart, along
/// both axes into `I`×`I` vectors that are `stride` floats apart.
///
/// # Safety
/// All of them may be read and written.
#[inline(always)]
pub(super) unsafe fn forth<S: Simd, const P: usize, const I: usize>(
    s: S,
    from: *const f32,
    pitch: usize,
    to: *mut f32,
    stride: usize,
    axis: impl Along<S, P, I>,
) {
    let mut columns = [[s.splat(0.0); I]; P];
    for x in 0..P {
        let mut column = [s.splat(0.0); P];
        for (y, value) in column.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *value = unsafe { s.load(from.wrapping_add(y * pitch + x * S::LANES)) };
        }
        columns[x] = axis.along(s, column);
    }
    let steps: [usize; I] = std::array::from_fn(|x| x * stride);
    let mut to = to;
    for y in 0..I {
        let row = axis.along(s, std::array::from_fn(|x| columns[x][y]));
        for (value, step) in row.into_iter().zip(steps) {
            // SAFETY: the caller's promise.
            unsafe { s.store(to.wrapping_add(step), value) };
        }
        to = to.wrapping_add(I * stride);
    }
}

/// Transforms 36 products, `stride` floats apart, back to 4×4 outputs. The
/// bias is added to the products of the points `biased` in both directions,
/// which together go once into every output.
///
/// # Safety
/// All of them may be read.
#[inline(always)]
pub(super) unsafe fn back<S: Simd>(
    s: S,
    from: *const f32,
    stride: usize,
    bias: S::V,
    biased: &[usize],
    axis: impl Along<S, SIDE, TILE>,
) -> [[S::V; TILE]; TILE] {
    let mut rows = [[s.splat(0.0); TILE]; SIDE];
    let steps: [usize; SIDE] = std::array::from_fn(|x| x * stride);
    let mut from = from;
    for (y, row) in rows.iter_mut().enumerate() {
        let mut products = [s.splat(0.0); SIDE];
        for (x, value) in products.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *value = unsafe { s.load(from.wrapping_add(steps[x])) };
            if biased.contains(&y) && biased.contains(&x) {
                *value = s.add(*value, bias);
            }
        }
        from = from.wrapping_add(SIDE * stride);
        *row = axis.along(s, products);
    }
    let mut tile = [[s.splat(0.0); TILE]; TILE];
    for x in 0..TILE {
        let column = axis.along(s, std::array::from_fn(|y| rows[y][x]));
        for (y, value) in column.into_iter().enumerate() {
            tile[y][x] = value;
        }
    }
    tile
}
