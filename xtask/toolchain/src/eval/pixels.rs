//! Error maps against masks, pixel by pixel.

/// Bins of the histogram: all non-negative `f32` values by their upper bits,
/// which puts neighbours within 0.05 % of each other into one bin.
const BINS: usize = 1 << 19;
const DROPPED_BITS: u32 = 12;

/// How often each error occurs on normal and on abnormal pixels.
#[derive(Clone, Debug)]
pub struct PixelTally {
    normal: Vec<u64>,
    abnormal: Vec<u64>,
}

impl Default for PixelTally {
    fn default() -> Self {
        Self { normal: vec![0; BINS], abnormal: vec![0; BINS] }
    }
}

impl PixelTally {
    pub fn add(&mut self, error: f32, abnormal: bool) {
        let bin = (error.max(0.0).to_bits() >> DROPPED_BITS) as usize;
        let counts = if abnormal { &mut self.abnormal } else { &mut self.normal };
        counts[bin] += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        self.normal.iter_mut().zip(&other.normal).for_each(|(to, from)| *to += from);
        self.abnormal.iter_mut().zip(&other.abnormal).for_each(|(to, from)| *to += from);
    }

    /// Area under the ROC curve over all pixels; values of one bin are ties
    /// and count half. `None` when one class is absent.
    pub fn auroc(&self) -> Option<f64> {
        let (mut below, mut ordered) = (0.0, 0.0);
        for (&normal, &abnormal) in self.normal.iter().zip(&self.abnormal) {
            ordered += abnormal as f64 * (below + normal as f64 / 2.0);
            below += normal as f64;
        }
        let positives = self.abnormal.iter().sum::<u64>() as f64;
        (positives > 0.0 && below > 0.0).then(|| ordered / positives / below)
    }
}

/// Enlarges or shrinks maps to the size of a mask: between the four nearest
/// values, half-pixel centres, clamped edges.
#[derive(Clone, Debug)]
pub struct Stretch {
    columns: Vec<(usize, usize, f32)>,
    rows: Vec<(usize, usize, f32)>,
    map_width: usize,
}

impl Stretch {
    /// Sizes are width and height, at least 1.
    pub fn new(map: (usize, usize), mask: (usize, usize)) -> Self {
        Self { columns: taps(map.0, mask.0), rows: taps(map.1, mask.1), map_width: map.0 }
    }

    /// Number of values of the stretched map.
    pub fn len(&self) -> usize {
        self.columns.len() * self.rows.len()
    }

    /// Hands every value of the stretched map to `take`, row by row.
    pub fn each(&self, map: &[f32], mut take: impl FnMut(usize, f32)) {
        let mut index = 0;
        for &(above, below, part_y) in &self.rows {
            let row = |y: usize| &map[y * self.map_width..(y + 1) * self.map_width];
            let (above, below) = (row(above), row(below));
            for &(left, right, part_x) in &self.columns {
                let at = |row: &[f32]| row[left] + (row[right] - row[left]) * part_x;
                let (top, bottom) = (at(above), at(below));
                take(index, top + (bottom - top) * part_y);
                index += 1;
            }
        }
    }
}

fn taps(source: usize, target: usize) -> Vec<(usize, usize, f32)> {
    let scale = source as f64 / target as f64;
    let tap = |index: usize| {
        let position = ((index as f64 + 0.5) * scale - 0.5).clamp(0.0, (source - 1) as f64);
        let low = position as usize;
        (low, (low + 1).min(source - 1), (position - low as f64) as f32)
    };
    (0..target).map(tap).collect()
}

/// The mean of the `size`×`size` window around each value, cut at the edges.
pub fn box_mean(map: &[f32], width: usize, size: usize) -> Vec<f32> {
    let height = map.len() / width;
    let rows: Vec<f32> = map.chunks_exact(width).flat_map(|row| running_mean(row, size)).collect();
    let mut out = vec![0.0; map.len()];
    for x in 0..width {
        let column: Vec<f32> = (0..height).map(|y| rows[y * width + x]).collect();
        for (y, value) in running_mean(&column, size).into_iter().enumerate() {
            out[y * width + x] = value;
        }
    }
    out
}

fn running_mean(values: &[f32], size: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64];
    sums.extend(values.iter().scan(0.0, |sum, &v| {
        *sum += f64::from(v);
        Some(*sum)
    }));
    let (before, after) = (size / 2, size.div_ceil(2));
    let mean = |i: usize| {
        let (from, to) = (i.saturating_sub(before), (i + after).min(values.len()));
        ((sums[to] - sums[from]) / (to - from) as f64).max(0.0) as f32
    };
    (0..values.len()).map(mean).collect()
}

/// A mask on the model's grid: a cell is set when any pixel under it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoarseMask {
    /// Number of set cells above and to the left, one row and column longer
    /// than the grid.
    sums: Vec<u32>,
    width: usize,
    height: usize,
}

impl CoarseMask {
    /// `size` is the mask's width and height, `grid` the model's.
    pub fn new(mask: &[bool], size: (usize, usize), grid: (usize, usize)) -> Self {
        let (width, height) = grid;
        let span = |cell: usize, from: usize, to: usize| {
            let first = cell * from / to;
            first..((cell + 1) * from).div_ceil(to).min(from).max(first + 1)
        };
        let mut sums = vec![0; (width + 1) * (height + 1)];
        for y in 0..height {
            for x in 0..width {
                let set = span(y, size.1, height)
                    .any(|my| span(x, size.0, width).any(|mx| mask[my * size.0 + mx]));
                let (above, here) = (y * (width + 1) + x, (y + 1) * (width + 1) + x);
                sums[here + 1] = sums[above + 1] + sums[here] - sums[above] + u32::from(set);
            }
        }
        Self { sums, width, height }
    }

    /// Whether a block of `size` cells at (x, y) touches the mask.
    pub fn touches(&self, x: usize, y: usize, size: usize) -> bool {
        let (right, bottom) = ((x + size).min(self.width), (y + size).min(self.height));
        let at = |x: usize, y: usize| self.sums[y * (self.width + 1) + x];
        at(right, bottom) + at(x, y) > at(right, y) + at(x, bottom)
    }

    /// Share of all places of such a block that touch the mask: what a block
    /// put down at random would reach.
    pub fn chance(&self, size: usize) -> f64 {
        let (columns, rows) = (self.width + 1 - size, self.height + 1 - size);
        let hits =
            (0..rows * columns).filter(|i| self.touches(i % columns, i / columns, size)).count();
        hits as f64 / (rows * columns) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use normwatch::score::auc;

    #[test]
    fn the_tally_agrees_with_the_sorted_auc() {
        let errors: Vec<f32> = (0..500u32).map(|i| (i * 7919 % 311) as f32 * 1e-4).collect();
        let labels: Vec<bool> = (0..500u32).map(|i| i * 7919 % 311 > 150 + i % 97).collect();
        let mut halves = [PixelTally::default(), PixelTally::default()];
        for (i, (&error, &label)) in errors.iter().zip(&labels).enumerate() {
            halves[i % 2].add(error, label);
        }
        let [mut tally, other] = halves;
        tally.merge(&other);
        let scores: Vec<f64> = errors.iter().map(|&e| f64::from(e)).collect();
        let expected = auc(&scores, &labels).unwrap();
        assert!((tally.auroc().unwrap() - expected).abs() < 1e-4);
        assert_eq!(PixelTally::default().auroc(), None);
    }

    #[test]
    fn stretching_keeps_equal_sizes_and_interpolates_others() {
        let stretched = |map: &[f32], from, to| {
            let mut out = Vec::new();
            Stretch::new(from, to).each(map, |_, value| out.push(value));
            out
        };
        assert_eq!(stretched(&[1.0, 2.0, 3.0, 4.0], (2, 2), (2, 2)), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(stretched(&[0.0, 4.0], (2, 1), (4, 1)), [0.0, 1.0, 3.0, 4.0]);
    }

    #[test]
    fn box_mean_by_hand() {
        assert_eq!(box_mean(&[3.0, 0.0, 0.0, 6.0], 4, 3), [1.5, 1.0, 2.0, 3.0]);
        assert_eq!(box_mean(&[1.0, 3.0, 5.0, 7.0], 2, 9), [4.0; 4]);
    }

    #[test]
    fn blocks_touch_the_mask_where_they_overlap_it() {
        let mut mask = [false; 64];
        mask[3 * 8 + 4] = true;
        let coarse = CoarseMask::new(&mask, (8, 8), (4, 4));
        assert!(coarse.touches(2, 1, 1) && coarse.touches(1, 0, 2) && coarse.touches(1, 1, 2));
        assert!(!coarse.touches(0, 0, 2) && !coarse.touches(3, 1, 1));
        assert_eq!(coarse.chance(1), 1.0 / 16.0);
        assert_eq!(coarse.chance(4), 1.0);
        let fine = CoarseMask::new(&mask, (8, 8), (16, 16));
        assert!(fine.touches(9, 7, 1) && !fine.touches(10, 7, 1));
    }
}
