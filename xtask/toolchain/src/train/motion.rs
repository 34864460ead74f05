//! What moves in a picture, by the cells of the memory's queries.

use super::window::WindowShape;

/// Model pixels of a query's side.
pub const CELL_PX: usize = 8;
/// What moves changes its cell by this many times what the median cell changes
/// from frame to frame, and by at least one grey level.
const ABOVE_NOISE: f64 = 3.0;
/// Pairs of frames that the median cell is found in.
const NOISE_PAIRS: usize = 64;

/// The grey levels by which a cell of moving things changes from one frame to
/// the next, told from noise by the footage itself.
pub fn motion_floor(segments: &[Vec<u8>], shape: &WindowShape) -> f64 {
    let len = shape.frame_len();
    let pairs = segments.iter().flat_map(|segment| {
        let count = (segment.len() / len).saturating_sub(1);
        (0..count).map(move |first| &segment[first * len..(first + 2) * len])
    });
    let step = pairs.clone().count().div_ceil(NOISE_PAIRS).max(1);
    let mut changes: Vec<f64> = pairs.step_by(step).flat_map(|two| motion(two, shape)).collect();
    let middle = changes.len() / 2;
    if changes.is_empty() {
        return 1.0;
    }
    let (_, median, _) = changes.select_nth_unstable_by(middle, f64::total_cmp);
    (ABOVE_NOISE * *median).max(1.0)
}

/// Mean absolute difference between neighbouring frames, by cell, row by row.
pub fn motion(frames: &[u8], shape: &WindowShape) -> Vec<f64> {
    let (width, height) = (shape.input.width_px, shape.input.height_px);
    let (columns, len) = (width / CELL_PX, shape.frame_len());
    let mut sums = vec![0.0; columns * (height / CELL_PX)];
    for (old, new) in frames.chunks_exact(len).zip(frames.chunks_exact(len).skip(1)) {
        for (index, (&old, &new)) in old.iter().zip(new).enumerate() {
            let (x, y) = (index % width, index / width % height);
            sums[y / CELL_PX * columns + x / CELL_PX] += f64::from(old.abs_diff(new));
        }
    }
    let pairs = (frames.len() / len).saturating_sub(1).max(1);
    let count = pairs * CELL_PX * CELL_PX * shape.input.channels.planes();
    sums.iter().map(|sum| sum / count as f64).collect()
}
