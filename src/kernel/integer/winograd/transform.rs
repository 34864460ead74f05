//! The transforms of F(4×4, 3×3) in integers, points 0, ±1, ±2 and ∞. Filters
//! are not divided as in Lavin and Gray's paper, so that they stay integers,
//! and the way back multiplies instead: it gives 24·24 times the outputs.

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
        let mut columns = [[dot.load(from); SIDE]; SIDE];
        for (x, column) in columns.iter_mut().enumerate() {
            let from = from.add(x * super::INTEGER_LANES);
            let mut cells = [dot.load(from); SIDE];
            for (y, cell) in cells.iter_mut().enumerate() {
                *cell = dot.load(from.add(y * pitch));
            }
            *column = line(dot, cells);
        }
        for y in 0..SIDE {
            let row = line(dot, across(&columns, y));
            for (x, value) in row.iter().enumerate() {
                dot.store(*value, to.add((y * SIDE + x) * stride));
            }
        }
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
    let mut columns = [[dot.zero(); TILE]; SIDE];
    for (x, column) in columns.iter_mut().enumerate() {
        let mut points = [dot.zero(); SIDE];
        for (y, point) in points.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *point = unsafe { dot.load_sums(from.add((y * SIDE + x) * stride)) };
        }
        *column = line_back(dot, points);
    }
    let mut sums = [[dot.zero(); TILE]; TILE];
    for (y, row) in sums.iter_mut().enumerate() {
        *row = line_back(dot, across(&columns, y));
        for sum in row.iter_mut() {
            *sum = dot.scale(*sum, NINTH);
        }
    }
    sums
}
