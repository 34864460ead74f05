use super::super::simd::Simd;
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

/// Bᵀ·d for one column or row of six.
#[inline(always)]
fn inputs<S: Simd>(s: S, d: [S::V; PATCH]) -> [S::V; PATCH] {
    let [d0, d1, d2, d3, d4, d5] = d;
    let (two, four) = (s.splat(2.0), s.splat(4.0));
    let (minus_four, minus_five) = (s.splat(-4.0), s.splat(-5.0));
    let even = s.mul_add(minus_four, d2, d4);
    let odd = s.mul_add(minus_four, d1, d3);
    let high = s.sub(d4, d2);
    let low = s.mul(two, s.sub(d3, d1));
    [
        s.mul_add(four, d0, s.mul_add(minus_five, d2, d4)),
        s.add(even, odd),
        s.sub(even, odd),
        s.add(high, low),
        s.sub(high, low),
        s.mul_add(four, d1, s.mul_add(minus_five, d3, d5)),
    ]
}

/// Aᵀ·m for one column or row of six.
#[inline(always)]
fn outputs<S: Simd>(s: S, m: [S::V; PATCH]) -> [S::V; TILE] {
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

/// Transforms the 6×6 pixels at `from`, rows `pitch` floats apart, into 36
/// vectors that are `stride` floats apart.
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
    let mut columns = [[s.splat(0.0); PATCH]; PATCH];
    for x in 0..PATCH {
        let mut column = [s.splat(0.0); PATCH];
        for (y, value) in column.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *value = unsafe { s.load(from.wrapping_add(y * pitch + x * S::LANES)) };
        }
        columns[x] = inputs(s, column);
    }
    for y in 0..PATCH {
        let row = inputs(s, std::array::from_fn(|x| columns[x][y]));
        for (x, value) in row.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { s.store(to.wrapping_add((y * PATCH + x) * stride), value) };
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
    let mut columns = [[s.splat(0.0); TILE]; PATCH];
    for x in 0..PATCH {
        let mut column = [s.splat(0.0); PATCH];
        for (y, value) in column.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *value = unsafe { s.load(from.wrapping_add((y * PATCH + x) * stride)) };
        }
        columns[x] = outputs(s, column);
    }
    let mut tile = [[s.splat(0.0); TILE]; TILE];
    for (y, row) in tile.iter_mut().enumerate() {
        *row = outputs(s, std::array::from_fn(|x| columns[x][y]));
    }
    tile
}
