//! How each part of a picture moves, in a few numbers.

use crate::kernel::{Work, wide};
use crate::model::MOTION_FEATURES;

/// From one cell to the next, in model pixels.
pub const MOTION_STRIDE_PX: usize = 8;
/// Side of a cell.
pub const MOTION_CELL_PX: usize = 2 * MOTION_STRIDE_PX;
/// How many frames back those lie that a frame is compared with.
pub const MOTION_STEPS: [usize; 3] = [1, 2, 4];

/// Squared gradient that counts as none, on the 0..=1 scale of grey levels.
const LEAST_SQ_GRADIENT: f32 = 1e-4;
/// Change that counts as none.
const LEAST_CHANGE: f32 = 0.002;
/// Texture that counts as none.
const LEAST_TEXTURE: f32 = 1e-5;
/// What is faster cannot be told from what is elsewhere, in pixels a frame.
const FASTEST_PX: f32 = 4.0;

/// Sums over a tile: three changes, five products of gradients, texture.
const SUMS: usize = 9;
type Sums = [i32; SUMS];

/// Numbers of every cell of a picture, computed by sums over 8×8 pixels.
///
/// In their order: the logarithms of the mean changes since one, two and four frames before;
/// horizontal and vertical motion in pixels a frame, by Lucas and Kanade, and its length; the
/// logarithm of the texture; row and column from 0 to 1.
#[derive(Clone, Debug)]
pub struct MotionFeatures {
    width: usize,
    height: usize,
    /// Of frames with several planes.
    luma: Vec<Vec<u8>>,
    gradients: Vec<Vec<i32>>,
    tiles: Vec<Sums>,
}

impl MotionFeatures {
    /// For frames of such a size and so many planes. `None` where there is no room for
    /// two cells in each direction.
    pub fn new(width_px: usize, height_px: usize, planes: usize) -> Option<Self> {
        let tiles = (width_px / MOTION_STRIDE_PX, height_px / MOTION_STRIDE_PX);
        if tiles.0.min(tiles.1) < 3 {
            return None;
        }
        let luma = if planes == 1 { 0 } else { 4 };
        Some(Self {
            width: width_px,
            height: height_px,
            luma: vec![vec![0; width_px * height_px]; luma],
            gradients: vec![vec![0; width_px]; 5],
            tiles: vec![[0; SUMS]; tiles.0 * tiles.1],
        })
    }

    /// Cells in a row, and rows of cells.
    pub fn grid(&self) -> (usize, usize) {
        (self.width / MOTION_STRIDE_PX - 1, self.height / MOTION_STRIDE_PX - 1)
    }

    /// Takes a frame and those one, two and four before it, planar u8.
    ///
    /// # Panics
    /// When a frame has another length.
    pub fn measure(&mut self, frames: [&[u8]; 4]) {
        let Self { width, luma, gradients, tiles, .. } = self;
        for (luma, frame) in luma.iter_mut().zip(frames) {
            mean_of_planes(frame, luma);
        }
        let frames = match &luma[..] {
            [now, one, two, four] => [now, one, two, four].map(|luma| &luma[..]),
            _ => frames,
        };
        assert!(frames.iter().all(|frame| frame.len() == *width * self.height), "of one size");
        wide(Tiles { frames, width: *width, gradients, tiles });
    }

    /// Mean change of a cell since the frame before, on the 0..=1 scale of grey levels.
    pub fn change(&self, cell: usize) -> f32 {
        mean_level(self.sums(cell)[0])
    }

    /// The numbers of a cell, counted row by row.
    pub fn of(&self, cell: usize) -> [f32; MOTION_FEATURES] {
        let (columns, rows) = self.grid();
        let sums = self.sums(cell);
        let [one, two, four] = [sums[0], sums[1], sums[2]].map(|sum| log(mean_level(sum)));
        let [xx, yy, xy] = [sums[3], sums[4], sums[5]].map(|sum| mean_square(sum, 16.0));
        let [xt, yt] = [sums[6], sums[7]].map(|sum| mean_square(sum, 4.0));
        let (xx, yy) = (xx + LEAST_SQ_GRADIENT, yy + LEAST_SQ_GRADIENT);
        let determinant = xx * yy - xy * xy;
        let [u, v] = [xy * yt - yy * xt, xy * xt - xx * yt]
            .map(|px| (px / determinant).clamp(-FASTEST_PX, FASTEST_PX));
        let texture = 0.5 * (mean_square(sums[8], 4.0) + LEAST_TEXTURE).ln();
        let share = |at: usize, count: usize| at as f32 / (count - 1) as f32;
        let (row, column) = (share(cell / columns, rows), share(cell % columns, columns));
        [one, two, four, u, v, (u * u + v * v).sqrt(), texture, row, column]
    }

    fn sums(&self, cell: usize) -> Sums {
        let (columns, _) = self.grid();
        let across = columns + 1;
        let first = cell / columns * across + cell % columns;
        let tiles = [first, first + 1, first + across, first + across + 1];
        std::array::from_fn(|i| tiles.iter().map(|&tile| self.tiles[tile][i]).sum())
    }
}

const CELL_AREA: f32 = (MOTION_CELL_PX * MOTION_CELL_PX) as f32;

fn mean_level(sum: i32) -> f32 {
    sum as f32 / (CELL_AREA * 255.0)
}

/// Of products of differences of which each is so many times too large, together.
fn mean_square(sum: i32, times: f32) -> f32 {
    sum as f32 / (CELL_AREA * 255.0 * 255.0 * times)
}

fn log(change: f32) -> f32 {
    (change + LEAST_CHANGE).ln()
}

fn mean_of_planes(frame: &[u8], luma: &mut [u8]) {
    let pixels = luma.len();
    let planes = frame.len() / pixels;
    for (at, luma) in luma.iter_mut().enumerate() {
        let sum: usize = (0..planes).map(|plane| usize::from(frame[plane * pixels + at])).sum();
        *luma = (sum / planes) as u8;
    }
}

/// Sums up tiles, row by row. Whole numbers: a cell of 256 products of at most 1020² fits.
struct Tiles<'a> {
    frames: [&'a [u8]; 4],
    width: usize,
    gradients: &'a mut [Vec<i32>],
    tiles: &'a mut [Sums],
}

impl Work for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { frames: [now, one, two, four], width, gradients, tiles } = self;
        let [gx, gy, gt, nx, ny] = gradients else { return };
        let row = |y: usize| y * width..(y + 1) * width;
        let height = now.len() / width;
        let across = width / MOTION_STRIDE_PX;
        tiles.fill([0; SUMS]);
        for y in 0..tiles.len() / across * MOTION_STRIDE_PX {
            let at = row(y);
            let [now_row, one_row] = [&now[at.clone()], &one[at.clone()]];
            horizontal(now_row, gx, nx);
            add_horizontal(one_row, gx);
            if y > 0 && y + 1 < height {
                let (above, below) = (row(y - 1), row(y + 1));
                vertical([&now[above.clone()], &now[below.clone()]], gy, ny);
                add_vertical([&one[above], &one[below]], gy);
            } else {
                gy.fill(0);
                ny.fill(0);
            }
            let differences = gt.iter_mut().zip(now_row).zip(one_row);
            differences.for_each(|((gt, &a), &b)| *gt = i32::from(a) - i32::from(b));
            let rows = [now_row, &two[at.clone()], &four[at]];
            let gradients = [&*gx, &*gy, &*gt, &*nx, &*ny].map(|gradient| &gradient[..]);
            let tiles = &mut tiles[y / MOTION_STRIDE_PX * across..][..across];
            add_row(rows, gradients, tiles);
        }
    }
}

/// Differences of the neighbours on either side; none across the border.
#[inline(always)]
fn horizontal(row: &[u8], both: &mut [i32], own: &mut [i32]) {
    let last = row.len() - 1;
    for gradient in [&mut *both, &mut *own] {
        (gradient[0], gradient[last]) = (0, 0);
    }
    let outs = both[1..last].iter_mut().zip(&mut own[1..last]);
    for ((both, own), (&left, &right)) in outs.zip(row.iter().zip(&row[2..])) {
        *own = i32::from(right) - i32::from(left);
        *both = *own;
    }
}

#[inline(always)]
fn add_horizontal(row: &[u8], both: &mut [i32]) {
    let last = row.len() - 1;
    for (both, (&left, &right)) in both[1..last].iter_mut().zip(row.iter().zip(&row[2..])) {
        *both += i32::from(right) - i32::from(left);
    }
}

#[inline(always)]
fn vertical([above, below]: [&[u8]; 2], both: &mut [i32], own: &mut [i32]) {
    let outs = both.iter_mut().zip(own);
    for ((both, own), (&above, &below)) in outs.zip(above.iter().zip(below)) {
        *own = i32::from(below) - i32::from(above);
        *both = *own;
    }
}

#[inline(always)]
fn add_vertical([above, below]: [&[u8]; 2], both: &mut [i32]) {
    for (both, (&above, &below)) in both.iter_mut().zip(above.iter().zip(below)) {
        *both += i32::from(below) - i32::from(above);
    }
}

#[allow(clippy::needless_range_loop, reason = "nine sums of eight rows at once")]
#[inline(always)]
fn add_row(rows: [&[u8]; 3], gradients: [&[i32]; 5], tiles: &mut [Sums]) {
    const SIDE: usize = MOTION_STRIDE_PX;
    for (index, sums) in tiles.iter_mut().enumerate() {
        let at = index * SIDE..(index + 1) * SIDE;
        let [now, two, four] = rows.map(|row| &row[at.clone()]);
        let [gx, gy, gt, nx, ny] = gradients.map(|gradient| &gradient[at.clone()]);
        for i in 0..SIDE {
            let level = i32::from(now[i]);
            sums[0] += gt[i].abs();
            sums[1] += (level - i32::from(two[i])).abs();
            sums[2] += (level - i32::from(four[i])).abs();
            sums[3] += gx[i] * gx[i];
            sums[4] += gy[i] * gy[i];
            sums[5] += gx[i] * gy[i];
            sums[6] += gx[i] * gt[i];
            sums[7] += gy[i] * gt[i];
            sums[8] += nx[i] * nx[i] + ny[i] * ny[i];
        }
    }
}

#[cfg(test)]
mod tests;
