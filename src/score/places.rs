//! By place, how far a picture is from another of the same view, whatever the
//! light.

use super::background::Reduction;

/// Half the side of the window in which light is taken out.
const HALF: usize = 3;
const SIDE: usize = 2 * HALF + 1;
/// A place is judged by the best of the windows that lie so far around it: the
/// edge of a shadow has one on either side that light alone explains.
const ASIDE: usize = 2;
/// Half the side of the square over which a place's value is the mean.
const AROUND: usize = 2;
/// Weight of what windows with an edge of light in them say.
const EDGE_WEIGHT: f32 = 0.1;
/// Grey levels that are added before the logarithm, so that noise in the dark is
/// not large.
const DARK_LEVELS: f32 = 16.0;

/// Compares pictures with one that is usual, place by place.
///
/// Light multiplies: the logarithm of one picture over the other is constant where
/// only the light differs, and a slope where it fades. What is left in a window of
/// 7×7 pixels when a plane is taken off is what was put there, taken away or
/// turned; it is a squared relative difference.
#[derive(Clone, Debug)]
pub struct Places {
    reduction: Reduction,
    /// Logarithm of the sum of nine levels.
    logs: Vec<f32>,
    usual: Vec<f32>,
    ratio: Vec<f32>,
    /// Sums along rows: of the ratio, of it times the distance, of its square.
    rows: [Vec<f32>; 3],
    /// What a plane leaves of the variance, and the variance.
    left: Vec<f32>,
    variance: Vec<f32>,
    best: Vec<f32>,
    values: Vec<f32>,
}

impl Places {
    /// # Panics
    /// When `usual` is not a reduced picture.
    pub fn new(reduction: Reduction, usual: &[u8]) -> Self {
        assert_eq!(usual.len(), reduction.pixels(), "a reduced picture");
        let zeros = vec![0.0; reduction.pixels()];
        let (columns, rows) = reduction.places();
        let log = |sum: usize| (sum as f32 / 9.0 + DARK_LEVELS).ln();
        let mut places = Self {
            reduction,
            logs: (0..=9 * 255).map(log).collect(),
            usual: zeros.clone(),
            ratio: zeros.clone(),
            rows: [zeros.clone(), zeros.clone(), zeros.clone()],
            left: zeros.clone(),
            variance: zeros.clone(),
            best: zeros,
            values: vec![0.0; columns * rows],
        };
        places.smooth_logs(usual);
        std::mem::swap(&mut places.usual, &mut places.ratio);
        places
    }

    /// The difference of every place, row by row.
    pub fn compare(&mut self, picture: &[u8]) -> &[f32] {
        self.smooth_logs(picture);
        self.ratio.iter_mut().zip(&self.usual).for_each(|(ratio, usual)| *ratio -= usual);
        self.sum_rows();
        self.fit_planes();
        self.choose_best();
        self.gather();
        &self.values
    }

    /// Logarithm of the mean of 3×3 pixels into `ratio`.
    fn smooth_logs(&mut self, picture: &[u8]) {
        let (width, height) = (self.reduction.width_px(), self.reduction.height_px());
        for y in 0..height {
            let near = [y.saturating_sub(1), y, (y + 1).min(height - 1)];
            let [above, here, below] = near.map(|y| &picture[y * width..(y + 1) * width]);
            let column =
                |x: usize| usize::from(above[x]) + usize::from(here[x]) + usize::from(below[x]);
            for (x, out) in self.ratio[y * width..(y + 1) * width].iter_mut().enumerate() {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                *out = self.logs[column(left) + column(x) + column(right)];
            }
        }
    }

    fn sum_rows(&mut self) {
        let width = self.reduction.width_px();
        let [sums, slopes, squares] = &mut self.rows;
        let outs = sums
            .chunks_exact_mut(width)
            .zip(slopes.chunks_exact_mut(width))
            .zip(squares.chunks_exact_mut(width));
        for (row, ((sums, slopes), squares)) in self.ratio.chunks_exact(width).zip(outs) {
            for x in 0..width {
                let (mut sum, mut slope, mut square) = (0.0, 0.0, 0.0);
                for step in 0..SIDE {
                    let value = row[(x + step).saturating_sub(HALF).min(width - 1)];
                    sum += value;
                    slope += (step as f32 - HALF as f32) * value;
                    square += value * value;
                }
                (sums[x], slopes[x], squares[x]) = (sum, slope, square);
            }
        }
    }

    fn fit_planes(&mut self) {
        const COUNT: f32 = (SIDE * SIDE) as f32;
        /// Of −HALF..=HALF.
        const SLOPE_VARIANCE: f32 = (SIDE * SIDE - 1) as f32 / 12.0;
        let (width, height) = (self.reduction.width_px(), self.reduction.height_px());
        let [sums, slopes, squares] = &self.rows;
        for y in 0..height {
            for x in 0..width {
                let (mut sum, mut across, mut down, mut square) = (0.0, 0.0, 0.0, 0.0);
                for step in 0..SIDE {
                    let at = (y + step).saturating_sub(HALF).min(height - 1) * width + x;
                    sum += sums[at];
                    across += slopes[at];
                    down += (step as f32 - HALF as f32) * sums[at];
                    square += squares[at];
                }
                let mean = sum / COUNT;
                let variance = (square / COUNT - mean * mean).max(0.0);
                let (across, down) = (across / COUNT, down / COUNT);
                let plane = (across * across + down * down) / SLOPE_VARIANCE;
                self.variance[y * width + x] = variance;
                self.left[y * width + x] = (variance - plane).max(0.0);
            }
        }
    }

    /// The least of nine windows around each pixel, plus what its own says.
    fn choose_best(&mut self) {
        let (width, height) = (self.reduction.width_px(), self.reduction.height_px());
        let rows = self.left.chunks_exact(width).zip(self.best.chunks_exact_mut(width));
        for (row, out) in rows {
            for (x, out) in out.iter_mut().enumerate() {
                let (left, right) = (x.saturating_sub(ASIDE), (x + ASIDE).min(width - 1));
                *out = row[x].min(row[left]).min(row[right]);
            }
        }
        for y in 0..height {
            let (above, below) = (y.saturating_sub(ASIDE), (y + ASIDE).min(height - 1));
            for x in 0..width {
                let [above, here, below] = [above, y, below].map(|y| self.best[y * width + x]);
                let at = y * width + x;
                self.left[at] = here.min(above).min(below) + EDGE_WEIGHT * self.variance[at];
            }
        }
    }

    fn gather(&mut self) {
        const COUNT: f32 = ((2 * AROUND + 1) * (2 * AROUND + 1)) as f32;
        let (width, height) = (self.reduction.width_px(), self.reduction.height_px());
        let columns = self.reduction.places().0;
        for (index, value) in self.values.iter_mut().enumerate() {
            let (x, y) = self.reduction.centre((index % columns, index / columns));
            let mut sum = 0.0;
            for y in y - AROUND..=y + AROUND {
                let row = &self.left[y.min(height - 1) * width..][..width];
                sum += (x - AROUND..=x + AROUND).map(|x| row[x.min(width - 1)]).sum::<f32>();
            }
            *value = sum / COUNT;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(x: usize, y: usize) -> f32 {
        120.0 + 40.0 * (x as f32 * 0.5).sin() + 30.0 * (y as f32 * 0.37 + x as f32 * 0.1).cos()
    }

    fn largest(change: impl Fn(usize, usize, f32) -> f32) -> f32 {
        let reduction = Reduction::new(64, 64).unwrap();
        let picture = |change: &dyn Fn(usize, usize, f32) -> f32| -> Vec<u8> {
            let level = |i: usize| change(i % 64, i / 64, view(i % 64, i / 64)) as u8;
            (0..64 * 64).map(level).collect()
        };
        let mut places = Places::new(reduction, &picture(&|_, _, level| level));
        let values = places.compare(&picture(&change));
        values.iter().fold(0.0, |largest, &value| largest.max(value))
    }

    #[test]
    fn light_shade_and_the_edge_of_a_shadow_differ_little_and_a_thing_much() {
        let inside = |x: usize, y: usize| (24..36).contains(&x) && (24..36).contains(&y);
        let darker = largest(|_, _, level| 0.6 * level);
        let slope = largest(|x, _, level| level * (0.5 + x as f32 / 128.0));
        let shadow = largest(|x, _, level| if x > 30 { 0.7 * level } else { level });
        let thing =
            largest(
                |x, y, level| {
                    if inside(x, y) { 60.0 + 90.0 * ((x + y) % 5) as f32 / 5.0 } else { level }
                },
            );
        assert!(darker < 0.002 && slope < 0.002, "{darker} {slope}");
        assert!(shadow < 0.01, "{shadow}");
        assert!(thing > 0.008 && thing > 3.0 * shadow, "{thing} {shadow}");
    }
}
