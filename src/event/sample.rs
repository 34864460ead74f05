//! What a judged frame says about the situation.

use super::situation::{Cause, Heat, Place};
use super::traits::Oddness;

/// Cells of a heat grid in each direction.
pub const HEAT_SIDE: usize = 16;

/// A judged frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub time_ms: u64,
    pub frame: u64,
    /// In −log10 p.
    pub score: f32,
    /// Where the score comes from.
    pub place: Place,
    pub cause: Cause,
    /// See [`Peak`](super::Peak).
    pub speed: Option<f32>,
    /// Row by row, 255 the worst cell; made only while something is odd.
    pub heat: Option<[u8; HEAT_SIDE * HEAT_SIDE]>,
    /// Where and how it is odd; of odd frames alone.
    pub odd: Option<Oddness>,
}

impl Sample {
    pub(super) fn heat(&self) -> Option<Heat> {
        let cells = self.heat?.to_vec();
        Some(Heat { columns: HEAT_SIDE, rows: HEAT_SIDE, cells })
    }
}

/// Mean error of each cell of a map (row by row, `width_px` wide, none negative), 255
/// for the worst.
pub fn heat_grid(map: &[f32], width_px: usize) -> [u8; HEAT_SIDE * HEAT_SIDE] {
    let mut sums = [0.0_f32; HEAT_SIDE * HEAT_SIDE];
    let mut counts = [0_u32; HEAT_SIDE * HEAT_SIDE];
    let height_px = map.len() / width_px.max(1);
    for (y_px, row) in map.chunks_exact(width_px.max(1)).enumerate() {
        let first = y_px * HEAT_SIDE / height_px * HEAT_SIDE;
        for (x_px, error) in row.iter().enumerate() {
            let cell = first + x_px * HEAT_SIDE / width_px;
            sums[cell] += error;
            counts[cell] += 1;
        }
    }
    let means = sums.iter_mut().zip(counts);
    means.for_each(|(sum, count)| *sum /= count.max(1) as f32);
    let worst = sums.iter().fold(0.0_f32, |worst, &mean| worst.max(mean));
    sums.map(|mean| if worst > 0.0 { (mean / worst * 255.0).round() as u8 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_cell_is_the_brightest_and_maps_of_any_size_have_a_grid() {
        let mut map = vec![0.0; 40 * 24];
        map[10 * 40 + 20] = 4.0;
        map[0] = 1.0;
        let grid = heat_grid(&map, 40);
        let brightest = grid.iter().position(|&cell| cell == 255);
        assert_eq!(brightest, Some(10 * 16 / 24 * 16 + 20 * 16 / 40));
        assert!((30..=100).contains(&grid[0]), "{}", grid[0]);
        for (width, height) in [(1, 1), (5, 3), (128, 96)] {
            let dark = heat_grid(&vec![0.0; width * height], width);
            assert_eq!(dark, [0; HEAT_SIDE * HEAT_SIDE]);
        }
    }
}
