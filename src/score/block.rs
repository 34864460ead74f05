use serde::{Deserialize, Serialize};

use crate::model::ScoreSection;
use crate::preprocess::Edges;

use super::mask::Mask;
use super::smooth::share_kept;

/// How an error map becomes the block term: `[block]` of a calibration, and
/// part of `[score]` in a manifest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRule {
    /// Side of the box filter, in model pixels.
    pub block_px: usize,
    /// c of the relative error, on the scale of squared grey levels from 0 to
    /// 1: texture well below it does not count. Infinite = not relative: the
    /// plain mean squared error.
    pub texture_floor: f32,
    /// Time constant of the smoothing in place; 0 = none.
    pub smoothing_ms: u32,
}

/// What a calibration starts from.
impl From<ScoreSection> for BlockRule {
    fn from(section: ScoreSection) -> Self {
        let ScoreSection { block_px, texture_floor, smoothing_ms, .. } = section;
        Self { block_px, texture_floor, smoothing_ms }
    }
}

impl BlockRule {
    /// The largest mean squared error of a block, neither relative nor
    /// smoothed.
    pub fn plain(block_px: usize) -> Self {
        Self { block_px, texture_floor: f32::INFINITY, smoothing_ms: 0 }
    }

    /// # Errors
    /// One sentence about the first value that makes no rule.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=4096).contains(&self.block_px) {
            return Err("`block_px` must be between 1 and 4096".into());
        }
        if self.texture_floor.is_nan() || self.texture_floor <= 0.0 {
            return Err("`texture_floor` must be above 0".into());
        }
        if self.smoothing_ms > 60_000 {
            return Err("`smoothing_ms` must be at most 60000".into());
        }
        Ok(())
    }
}

/// The first frame after a start or a gap is smoothed as if an empty one had
/// come so long before it: taken as it is, its noise would outrank everything
/// that is smoothed.
const BEFORE_FIRST_NS: u64 = 100_000_000;

/// A square of the error map, in model pixels, and the error inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Block {
    pub x_px: usize,
    pub y_px: usize,
    pub size_px: usize,
    /// Mean squared error of this frame on the 0..=1 scale; unwatched pixels
    /// count as zero.
    pub mean_sq: f32,
    /// What the block is judged by: the relative error, smoothed in place.
    pub ratio: f32,
}

/// The relative error of every block, smoothed where it is.
///
/// A predictor is never exact about where an edge lies. An error of s pixels in
/// its place costs s²·|∇I|², so the same small slip costs much where the
/// picture has much texture, and a walker in a striped shirt outranks a cart.
/// The error's variance within a block is therefore divided by the mean squared
/// gradient of the frame that came, plus c:
///
/// ratio = (mean(e²) − mean(e)²) ⁄ (mean(|∇I|²) + c)
///
/// which reads as the squared slip in pixels where texture dominates, and as
/// the plain variance over c where there is none. The mean is taken off because
/// what makes a whole block brighter or darker is light. What is odd stays near its place
/// from frame to frame and noise does not: each block's ratio is smoothed
/// exponentially by time before the largest is taken.
#[derive(Clone, Debug)]
pub struct BlockTerm {
    mask: Mask,
    /// Whether the mask hides any pixel.
    masked: bool,
    rule: BlockRule,
    gradient: Vec<f32>,
    errors: ColumnSums,
    offsets: ColumnSums,
    textures: ColumnSums,
    means: RowMeans,
    ratios: Vec<f32>,
    last_ns: Option<u64>,
}

impl BlockTerm {
    pub fn new(mask: Mask, mut rule: BlockRule) -> Self {
        let (width, height) = (mask.width_px(), mask.height_px());
        rule.block_px = rule.block_px.clamp(1, width.min(height));
        let places = (width + 1 - rule.block_px) * (height + 1 - rule.block_px);
        Self {
            gradient: vec![0.0; width * height],
            errors: ColumnSums::new(width),
            offsets: ColumnSums::new(width),
            textures: ColumnSums::new(width),
            means: RowMeans::new(width + 1 - rule.block_px),
            ratios: vec![0.0; places],
            last_ns: None,
            masked: mask.watched_share() < 1.0,
            mask,
            rule,
        }
    }

    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The smoothed ratio of every block by its upper left corner, row by row,
    /// and the length of a row.
    pub fn ratios(&self) -> (&[f32], usize) {
        (&self.ratios, self.mask.width_px() + 1 - self.rule.block_px)
    }

    /// Forgets the past, after a gap in the footage.
    pub fn forget(&mut self) {
        self.last_ns = None;
    }

    /// The share of the old ratios that counts; without a past, all are zero.
    fn past(&mut self, timestamp_ns: u64) -> f32 {
        let (before_ns, now_ns) = match self.last_ns.replace(timestamp_ns) {
            Some(before_ns) => (before_ns, timestamp_ns),
            None => {
                self.ratios.fill(0.0);
                (0, BEFORE_FIRST_NS)
            }
        };
        share_kept(before_ns, now_ns, self.rule.smoothing_ms)
    }

    /// Takes the squared and the signed errors (finite, row by row) of a frame
    /// (planar u8) and gives the block with the largest ratio. In `edges`, where
    /// the errors are zero, texture does not count either.
    pub fn worst(
        &mut self,
        squared: &[f32],
        signed: &[f32],
        frame: &[u8],
        edges: Edges,
        timestamp_ns: u64,
    ) -> Block {
        let relative = self.rule.texture_floor.is_finite();
        if relative {
            let width = self.mask.width_px();
            squared_gradient(frame, width, &mut self.gradient);
            edges.for_each_run(&mut self.gradient, width, |_, run| run.fill(0.0));
        }
        let keep = self.past(timestamp_ns);
        let (width, height, size) =
            (self.mask.width_px(), self.mask.height_px(), self.rule.block_px);
        let mut worst = Block { size_px: size, ratio: -1.0, ..Block::default() };
        self.errors.clear();
        self.offsets.clear();
        self.textures.clear();
        let mask = self.masked.then_some(&self.mask);
        let floor = relative.then_some(self.rule.texture_floor);
        let mut ratios = self.ratios.chunks_exact_mut(width + 1 - size);
        for y in 0..height {
            self.errors.slide(squared, mask, y, size);
            if relative {
                self.offsets.slide(signed, mask, y, size);
                self.textures.slide(&self.gradient, mask, y, size);
            }
            if y + 1 < size {
                continue;
            }
            let row = ratios.next().expect("a row of blocks for each position of the filter");
            self.errors.means(size, &mut self.means.errors);
            if relative {
                self.offsets.means(size, &mut self.means.offsets);
                self.textures.means(size, &mut self.means.textures);
            }
            self.means.blend_into(row, keep, floor);
            let largest = row.iter().fold(worst.ratio, |largest, &ratio| largest.max(ratio));
            if largest > worst.ratio {
                let x_px = row.iter().position(|&r| r == largest).expect("one of the row's");
                let (y_px, mean_sq) = (y + 1 - size, self.means.errors[x_px]);
                worst = Block { x_px, y_px, mean_sq, ratio: largest, ..worst };
            }
        }
        worst
    }
}

/// One row of blocks: means over each.
#[derive(Clone, Debug)]
struct RowMeans {
    errors: Vec<f32>,
    offsets: Vec<f32>,
    textures: Vec<f32>,
}

impl RowMeans {
    fn new(blocks: usize) -> Self {
        let zeros = vec![0.0; blocks];
        Self { errors: zeros.clone(), offsets: zeros.clone(), textures: zeros }
    }

    /// Blends the ratios of this row into the smoothed ones, of which `keep` is
    /// kept.
    fn blend_into(&self, smoothed: &mut [f32], keep: f32, floor: Option<f32>) {
        let means = self.errors.iter().zip(&self.offsets).zip(&self.textures);
        for (smoothed, ((&error, &offset), &texture)) in smoothed.iter_mut().zip(means) {
            let ratio = match floor {
                Some(floor) => (error - offset * offset).max(0.0) / (texture + floor),
                None => error,
            };
            *smoothed = if keep > 0.0 { keep * *smoothed + (1.0 - keep) * ratio } else { ratio };
        }
    }
}

/// Sums over the rows of a sliding filter, column by column.
#[derive(Clone, Debug)]
struct ColumnSums(Vec<f64>);

impl ColumnSums {
    fn new(width: usize) -> Self {
        Self(vec![0.0; width])
    }

    fn clear(&mut self) {
        self.0.fill(0.0);
    }

    /// The mean of every block of `size` columns and the rows taken in.
    fn means(&self, size: usize, out: &mut [f32]) {
        let area = 1.0 / (size * size) as f32;
        let mut sum: f64 = self.0[..size].iter().sum();
        let [first, rest @ ..] = out else { return };
        *first = sum as f32 * area;
        for ((mean, old), new) in rest.iter_mut().zip(&self.0).zip(&self.0[size..]) {
            sum += new - old;
            *mean = sum as f32 * area;
        }
    }

    /// Takes row `y` in and lets the one `size` rows above go. Without a mask
    /// every pixel is watched.
    fn slide(&mut self, map: &[f32], mask: Option<&Mask>, y: usize, size: usize) {
        let width = self.0.len();
        let row = |y: usize| &map[y * width..][..width];
        let old = y.checked_sub(size);
        match (mask, old) {
            (None, None) => {
                for (sum, &new) in self.0.iter_mut().zip(row(y)) {
                    *sum += f64::from(new);
                }
            }
            (None, Some(old)) => {
                for ((sum, &new), &old) in self.0.iter_mut().zip(row(y)).zip(row(old)) {
                    *sum += f64::from(new) - f64::from(old);
                }
            }
            (Some(mask), old) => {
                self.add(row(y), mask.row(y), 1.0);
                if let Some(old) = old {
                    self.add(row(old), mask.row(old), -1.0);
                }
            }
        }
    }

    fn add(&mut self, row: &[f32], watched: &[bool], sign: f64) {
        for ((sum, &value), &watched) in self.0.iter_mut().zip(row).zip(watched) {
            *sum += if watched { sign * f64::from(value) } else { 0.0 };
        }
    }
}

/// |∇I|² by central differences, mean over planes, on the 0..=1 scale of grey
/// levels; a difference across the picture's border counts as zero.
fn squared_gradient(frame: &[u8], width: usize, out: &mut [f32]) {
    out.fill(0.0);
    let planes = frame.len() / out.len();
    let scale = 1.0 / (2.0 * 255.0 * 2.0 * 255.0) / planes as f32;
    let square = |a: u8, b: u8| {
        let difference = f32::from(i16::from(a) - i16::from(b));
        difference * difference * scale
    };
    for plane in frame.chunks_exact(out.len()) {
        for (out, row) in out.chunks_exact_mut(width).zip(plane.chunks_exact(width)) {
            for (out, three) in out[1.min(width)..].iter_mut().zip(row.windows(3)) {
                *out += square(three[2], three[0]);
            }
        }
        let below = plane.iter().skip(2 * width);
        for ((out, &above), &below) in out.iter_mut().skip(width).zip(plane).zip(below) {
            *out += square(below, above);
        }
    }
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
