//! Winograd's transforms of one tile in integers, along both axes, and those of
//! the filters.

use super::super::super::layout::INTEGER_LANES;
use super::super::words::{Lanes, Words};
use super::{SIDE, TILE};

/// A transform along one axis, of cells or of sums.
pub(super) trait Along<V: Copy, const N: usize, const M: usize>: Copy {
    fn along(self, lanes: impl Lanes<V>, values: [V; N]) -> [V; M];
}

/// A patch of `P`×`P` cells along both axes into `I`×`I` points, `stride` cells
/// apart.
///
/// # Safety
/// `from` begins `P` rows of `P` pixels, `pitch` cells apart; `to` has a pixel
/// for each point.
#[inline(always)]
pub(super) unsafe fn forth<D: Words, const P: usize, const I: usize>(
    dot: D,
    from: *const i16,
    pitch: usize,
    to: *mut i16,
    stride: usize,
    axis: impl Along<D::Vector, P, I>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let first = dot.load(from);
        let mut columns = [[first; I]; P];
        for x in 0..P {
            let mut column = [first; P];
            for (y, value) in column.iter_mut().enumerate() {
                *value = dot.load(from.wrapping_add(y * pitch + x * INTEGER_LANES));
            }
            columns[x] = axis.along(dot, column);
        }
        for y in 0..I {
            let row = axis.along(dot, std::array::from_fn(|x| columns[x][y]));
            for (x, value) in row.into_iter().enumerate() {
                dot.store(value, to.wrapping_add((y * I + x) * stride));
            }
        }
    }
}

/// Products at all points, `stride` apart, to sums of 4×4 pixels, and what
/// [`Words::scale`] makes of them.
///
/// # Safety
/// `from` begins the sums of a pixel for each point.
#[inline(always)]
pub(super) unsafe fn back<D: Words>(
    dot: D,
    from: *const i32,
    stride: usize,
    axis: impl Along<D::Sums, SIDE, TILE>,
    scale: Option<i32>,
) -> [[D::Sums; TILE]; TILE] {
    let pitch = SIDE * stride;
    let column = |x: usize| from.wrapping_add(x * stride);
    // SAFETY: the caller's promise.
    let columns = unsafe {
        [
            axis.along(dot, products(dot, column(0), pitch)),
            axis.along(dot, products(dot, column(1), pitch)),
            axis.along(dot, products(dot, column(2), pitch)),
            axis.along(dot, products(dot, column(3), pitch)),
            axis.along(dot, products(dot, column(4), pitch)),
            axis.along(dot, products(dot, column(5), pitch)),
        ]
    };
    [
        scaled(dot, axis.along(dot, across(&columns, 0)), scale),
        scaled(dot, axis.along(dot, across(&columns, 1)), scale),
        scaled(dot, axis.along(dot, across(&columns, 2)), scale),
        scaled(dot, axis.along(dot, across(&columns, 3)), scale),
    ]
}

/// A row of what was transformed by columns.
#[inline(always)]
fn across<V: Copy>(columns: &[[V; TILE]; SIDE], y: usize) -> [V; SIDE] {
    let [a, b, c, d, e, f] = columns;
    [a[y], b[y], c[y], d[y], e[y], f[y]]
}

#[inline(always)]
fn scaled<D: Words>(dot: D, sums: [D::Sums; TILE], scale: Option<i32>) -> [D::Sums; TILE] {
    let Some(by) = scale else { return sums };
    let [a, b, c, d] = sums;
    [dot.scale(a, by), dot.scale(b, by), dot.scale(c, by), dot.scale(d, by)]
}

/// The products of a column of points.
///
/// # Safety
/// Sums of six points, `stride` apart.
#[inline(always)]
unsafe fn products<D: Words>(dot: D, from: *const i32, stride: usize) -> [D::Sums; SIDE] {
    // SAFETY: the caller's promise.
    unsafe {
        [
            dot.load_sums(from),
            dot.load_sums(from.add(stride)),
            dot.load_sums(from.add(2 * stride)),
            dot.load_sums(from.add(3 * stride)),
            dot.load_sums(from.add(4 * stride)),
            dot.load_sums(from.add(5 * stride)),
        ]
    }
}

/// A 3×3 filter at every point.
///
/// # Panics
/// When a point is no word.
pub(super) fn transformed_filter(filters: &[[i32; 3]; SIDE], taps: &[i8]) -> [i16; super::POINTS] {
    std::array::from_fn(|point| {
        let (row, column) = (filters[point / SIDE], filters[point % SIDE]);
        let all = (0..3).flat_map(|y| (0..3).map(move |x| (y, x)));
        let sum: i32 = all.map(|(y, x)| row[y] * column[x] * i32::from(taps[3 * y + x])).sum();
        i16::try_from(sum).expect("weights are bytes")
    })
}
