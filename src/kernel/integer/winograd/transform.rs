//! The transforms of F(4×4, 3×3) in integers, points 0, ±1, ±2 and ∞. Filters
//! are not divided as in Lavin and Gray's paper, so that they stay integers,
//! and the way back multiplies instead: it gives 24·24 times the outputs.

use super::super::super::layout::INTEGER_LANES;
use super::super::words::{Lanes, Words};
use super::{POINTS, SIDE, TILE};

/// What the way back multiplies an output by.
pub(super) const GAIN: i64 = 24 * 24;
/// 9·[`NINTH`] = 1 modulo 2³²: a multiple of [`GAIN`], shifted by 6 bits and
/// multiplied by it, is divided.
pub(super) const NINTH: i32 = 0x38e3_8e39;

/// Filters to points.
const FILTERS: [[i32; 3]; SIDE] =
    [[1, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 1]];

/// A 3×3 filter at every point, at most 49·127.
pub(super) fn transformed_filter(taps: impl Fn(usize) -> i32) -> [i16; POINTS] {
    std::array::from_fn(|point| {
        let (row, column) = (FILTERS[point / SIDE], FILTERS[point % SIDE]);
        let all = (0..3).flat_map(|y| (0..3).map(move |x| (y, x)));
        let sum: i32 = all.map(|(y, x)| row[y] * column[x] * taps(3 * y + x)).sum();
        i16::try_from(sum).expect("weights are bytes")
    })
}

/// Six inputs of a line to its points, at most ten times as large.
#[inline(always)]
fn line<V: Copy>(lanes: impl Lanes<V>, [a, b, c, d, e, f]: [V; SIDE]) -> [V; SIDE] {
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

/// Products at the six points of a line to 24 times its four outputs.
#[inline(always)]
fn line_back<V: Copy>(lanes: impl Lanes<V>, [a, b, c, d, e, f]: [V; SIDE]) -> [V; TILE] {
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

/// A row of what was transformed by columns.
#[inline(always)]
fn across<V: Copy, const N: usize>(columns: &[[V; N]; SIDE], y: usize) -> [V; SIDE] {
    let [a, b, c, d, e, f] = columns;
    [a[y], b[y], c[y], d[y], e[y], f[y]]
}

/// A patch of 6×6 cells to its points, `stride` cells apart.
///
/// # Safety
/// `from` begins six rows of six pixels, `pitch` cells apart; `to` has a pixel
/// for each point.
#[inline(always)]
pub(super) unsafe fn patch<D: Words>(
    dot: D,
    from: *const i16,
    pitch: usize,
    to: *mut i16,
    stride: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let column = |x: usize| from.wrapping_add(x * INTEGER_LANES);
        let columns = [
            line(dot, cells(dot, column(0), pitch)),
            line(dot, cells(dot, column(1), pitch)),
            line(dot, cells(dot, column(2), pitch)),
            line(dot, cells(dot, column(3), pitch)),
            line(dot, cells(dot, column(4), pitch)),
            line(dot, cells(dot, column(5), pitch)),
        ];
        for y in 0..SIDE {
            let row = line(dot, across(&columns, y));
            for (x, value) in row.iter().enumerate() {
                dot.store(*value, to.add((y * SIDE + x) * stride));
            }
        }
    }
}

/// A column of a patch.
///
/// # Safety
/// Six pixels, `pitch` cells apart.
#[inline(always)]
unsafe fn cells<D: Words>(dot: D, from: *const i16, pitch: usize) -> [D::Vector; SIDE] {
    // SAFETY: the caller's promise.
    unsafe {
        [
            dot.load(from),
            dot.load(from.add(pitch)),
            dot.load(from.add(2 * pitch)),
            dot.load(from.add(3 * pitch)),
            dot.load(from.add(4 * pitch)),
            dot.load(from.add(5 * pitch)),
        ]
    }
}

/// Products at all points, `stride` apart, to sums of 4×4 pixels.
///
/// # Safety
/// `from` begins the sums of a pixel for each point.
#[inline(always)]
pub(super) unsafe fn back<D: Words>(
    dot: D,
    from: *const i32,
    stride: usize,
) -> [[D::Sums; TILE]; TILE] {
    // SAFETY: the caller's promise.
    let columns = unsafe {
        let column = |x: usize| from.wrapping_add(x * stride);
        [
            line_back(dot, products(dot, column(0), stride)),
            line_back(dot, products(dot, column(1), stride)),
            line_back(dot, products(dot, column(2), stride)),
            line_back(dot, products(dot, column(3), stride)),
            line_back(dot, products(dot, column(4), stride)),
            line_back(dot, products(dot, column(5), stride)),
        ]
    };
    let row = |y: usize| across(&columns, y);
    [
        scaled(dot, line_back(dot, row(0))),
        scaled(dot, line_back(dot, row(1))),
        scaled(dot, line_back(dot, row(2))),
        scaled(dot, line_back(dot, row(3))),
    ]
}

/// The products of a column of points.
///
/// # Safety
/// Sums of six rows of points.
#[inline(always)]
unsafe fn products<D: Words>(dot: D, from: *const i32, stride: usize) -> [D::Sums; SIDE] {
    let pitch = SIDE * stride;
    // SAFETY: the caller's promise.
    unsafe {
        [
            dot.load_sums(from),
            dot.load_sums(from.add(pitch)),
            dot.load_sums(from.add(2 * pitch)),
            dot.load_sums(from.add(3 * pitch)),
            dot.load_sums(from.add(4 * pitch)),
            dot.load_sums(from.add(5 * pitch)),
        ]
    }
}

/// Divides by [`GAIN`].
#[inline(always)]
fn scaled<D: Words>(dot: D, [a, b, c, d]: [D::Sums; TILE]) -> [D::Sums; TILE] {
    [dot.scale(a, NINTH), dot.scale(b, NINTH), dot.scale(c, NINTH), dot.scale(d, NINTH)]
}
