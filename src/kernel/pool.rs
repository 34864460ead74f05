//! 2×2 maxima of rows that a convolution has just written, in blocks of
//! floats.

use std::ops::Range;

use super::layout::Grid;
use super::simd::Simd;

/// Rows of the pooled map whose two rows are both among `rows`. Bands begin at
/// even rows, so every pooled row belongs to exactly one; the last one also
/// has the border below.
pub(super) fn halved(rows: &Range<usize>, full: Grid, pooled: Grid) -> Range<usize> {
    let end = if rows.end == full.shape.height { pooled.shape.height } else { rows.end / 2 };
    rows.start / 2..end
}

/// Pools the given blocks and rows of a map that was just written.
///
/// # Safety
/// Both grids lie in the arena, nobody else writes these rows of either.
#[inline(always)]
pub(super) unsafe fn rows<S: Simd>(
    simd: S,
    arena: *mut f32,
    full: Grid,
    pooled: Grid,
    blocks: Range<usize>,
    rows: &Range<usize>,
) {
    for block in blocks {
        for y in halved(rows, full, pooled) {
            // SAFETY: rows 2y and 2y + 1 and columns 2x and 2x + 1 exist.
            unsafe {
                let mut above = arena.add(full.pixel(block, 2 * y as isize, 0)).cast_const();
                let mut to = arena.add(pooled.pixel(block, y as isize, 0));
                for _ in 0..pooled.shape.width {
                    let below = above.add(full.pitch());
                    let left = simd.max(simd.load(above), simd.load(below));
                    let right =
                        simd.max(simd.load(above.add(S::LANES)), simd.load(below.add(S::LANES)));
                    simd.store(to, simd.max(left, right));
                    above = above.add(2 * S::LANES);
                    to = to.add(S::LANES);
                }
            }
        }
    }
}
