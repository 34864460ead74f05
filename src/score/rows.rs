//! The box filter of the block term, row by row, in plain Rust that is compiled
//! for wide vectors.

use super::block::Block;
use super::mask::Mask;
use crate::kernel::Work;

/// What the rows of a filter are summed up in.
pub(super) struct Sums<'a> {
    pub errors: &'a mut ColumnSums,
    pub offsets: &'a mut ColumnSums,
    pub textures: &'a mut ColumnSums,
    pub counts: &'a mut ColumnSums,
    pub means: &'a mut RowMeans,
}

/// Slides the filter down a frame and blends the ratios of all blocks in.
pub(super) struct Rows<'a> {
    pub sums: Sums<'a>,
    pub ratios: &'a mut [f32],
    /// Squared and signed errors, and squared gradient.
    pub maps: [&'a [f32]; 3],
    pub mask: Option<&'a Mask>,
    /// 1 where a pixel is watched and 0 where not, with a mask.
    pub watched: Option<&'a [f32]>,
    pub width: usize,
    pub size: usize,
    pub keep: f32,
    pub floor: Option<f32>,
}

impl Work for Rows<'_> {
    type Output = Block;

    #[inline(always)]
    fn run(self) -> Block {
        let Self { sums, ratios, maps, mask, watched, width, size, keep, floor } = self;
        let Sums { errors, offsets, textures, counts, means } = sums;
        let [squared, signed, gradient] = maps;
        let mut worst = Block { size_px: size, ratio: -1.0, ..Block::default() };
        errors.clear();
        offsets.clear();
        textures.clear();
        counts.clear();
        let mut ratios = ratios.chunks_exact_mut(width + 1 - size);
        for y in 0..squared.len() / width {
            errors.slide(squared, mask, y, size);
            if floor.is_some() {
                offsets.slide(signed, mask, y, size);
                textures.slide(gradient, mask, y, size);
            }
            if let Some(watched) = watched {
                counts.slide(watched, None, y, size);
            }
            if y + 1 < size {
                continue;
            }
            let row = ratios.next().expect("a row of blocks for each position of the filter");
            match floor {
                Some(_) => means.slide([errors, offsets, textures], size),
                None => errors.means(size, &mut means.errors),
            }
            if watched.is_some() && floor.is_some() {
                counts.means(size, &mut means.shares);
                means.spread_over_the_watched();
            }
            means.blend_into(row, keep, floor);
            let largest = row.iter().fold(worst.ratio, |largest, &ratio| largest.max(ratio));
            if largest > worst.ratio {
                let x_px = row.iter().position(|&r| r == largest).expect("one of the row's");
                let (y_px, mean_sq) = (y + 1 - size, means.errors[x_px]);
                worst = Block { x_px, y_px, mean_sq, ratio: largest, ..worst };
            }
        }
        worst
    }
}

/// One row of blocks: means over each.
#[derive(Clone, Debug)]
pub(super) struct RowMeans {
    errors: Vec<f32>,
    offsets: Vec<f32>,
    textures: Vec<f32>,
    /// Of each block's pixels, those that are watched.
    shares: Vec<f32>,
}

impl RowMeans {
    pub fn new(blocks: usize) -> Self {
        let zeros = vec![0.0; blocks];
        Self {
            errors: zeros.clone(),
            offsets: zeros.clone(),
            textures: zeros.clone(),
            shares: zeros,
        }
    }

    /// The means of every block of `size` columns and the rows taken in: as
    /// [`ColumnSums::means`], whose next sum waits for the last, for all three
    /// at once.
    #[inline(always)]
    fn slide(&mut self, sums: [&ColumnSums; 3], size: usize) {
        let area = 1.0 / (size * size) as f32;
        let [a, b, c] = sums.map(|sums| &sums.0[..]);
        let [mut sum_a, mut sum_b, mut sum_c] = [a, b, c].map(|s| s[..size].iter().sum::<f64>());
        let means = self.errors.iter_mut().zip(&mut self.offsets).zip(&mut self.textures);
        let mut means = means.map(|((error, offset), texture)| [error, offset, texture]);
        let Some([error, offset, texture]) = means.next() else { return };
        (*error, *offset) = (sum_a as f32 * area, sum_b as f32 * area);
        *texture = sum_c as f32 * area;
        let old = a.iter().zip(b).zip(c);
        let new = a[size..].iter().zip(&b[size..]).zip(&c[size..]);
        for ([error, offset, texture], (old, new)) in means.zip(old.zip(new)) {
            let (((old_a, old_b), old_c), ((new_a, new_b), new_c)) = (old, new);
            sum_a += new_a - old_a;
            sum_b += new_b - old_b;
            sum_c += new_c - old_c;
            *error = sum_a as f32 * area;
            *offset = sum_b as f32 * area;
            *texture = sum_c as f32 * area;
        }
    }

    /// Makes of the means over whole blocks, to which unwatched pixels give zero,
    /// what leaves the watched pixels' own variance, times their share s, over
    /// their own texture: E − O²/s and T/s. Otherwise a change of light would be
    /// variance wherever the mask ends.
    fn spread_over_the_watched(&mut self) {
        let means = self.offsets.iter_mut().zip(&mut self.textures);
        for ((offset, texture), &share) in means.zip(&self.shares) {
            if share > 0.0 && share < 1.0 {
                *offset /= share.sqrt();
                *texture /= share;
            }
        }
    }

    /// Blends the ratios of this row into the smoothed ones, of which `keep` is
    /// kept.
    #[inline(always)]
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
pub(super) struct ColumnSums(Vec<f64>);

impl ColumnSums {
    pub fn new(width: usize) -> Self {
        Self(vec![0.0; width])
    }

    fn clear(&mut self) {
        self.0.fill(0.0);
    }

    /// The mean of every block of `size` columns and the rows taken in.
    #[inline(always)]
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
    #[inline(always)]
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
pub(super) struct SquaredGradient<'a> {
    pub frame: &'a [u8],
    pub width: usize,
    pub out: &'a mut [f32],
}

impl Work for SquaredGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { frame, width, out } = self;
        out.fill(0.0);
        let planes = frame.len() / out.len();
        let scale = 1.0 / (2.0 * 255.0 * 2.0 * 255.0) / planes as f32;
        let square = |a: u8, b: u8| {
            let difference = f32::from(i16::from(a) - i16::from(b));
            difference * difference * scale
        };
        for plane in frame.chunks_exact(out.len()) {
            for (out, row) in out.chunks_exact_mut(width).zip(plane.chunks_exact(width)) {
                let (Some(out), Some(right)) = (out.get_mut(1..), row.get(2..)) else { continue };
                for ((out, &left), &right) in out.iter_mut().zip(row).zip(right) {
                    *out += square(right, left);
                }
            }
            let (Some(out), Some(below)) = (out.get_mut(width..), plane.get(2 * width..)) else {
                continue;
            };
            for ((out, &above), &below) in out.iter_mut().zip(plane).zip(below) {
                *out += square(below, above);
            }
        }
    }
}
