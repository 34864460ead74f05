//! A strip of Winograd tiles in integers: transforms, products at every point,
//! and the way back to pixels.

use std::ops::Range;

use super::super::super::layout::{Grid, INTEGER_LANES, IntegerGrid};
use super::super::super::step::StepContext;
use super::super::super::winograd::corners;
use super::super::super::winograd::doubled::matrix_of;
use super::super::cell::Cell;
use super::super::dot::{DotKernel, Requantise};
use super::super::words::Words;
use super::tile::{self, Along};
use super::{IntegerWinograd, POINTS, SIDE, TILE, doubled, plain, tile_grid};

/// Some consecutive tiles, from input to output.
pub(super) struct Strip<'a, D> {
    layer: &'a IntegerWinograd<D>,
    arena: *mut i16,
    /// Point × source × tile.
    patches: *mut i16,
    /// Part × point × tile, of one output block.
    products: *mut i32,
    tiles: Range<usize>,
}

/// A pixel that is not in a map.
#[repr(C, align(32))]
#[derive(Clone, Copy)]
struct Pixel([i16; INTEGER_LANES]);

impl<'a, D: Words> Strip<'a, D> {
    pub(super) fn new(
        layer: &'a IntegerWinograd<D>,
        context: StepContext,
        tiles: Range<usize>,
    ) -> Self {
        let patches: *mut i16 = context.scratch.cast();
        let products = patches.wrapping_add(layer.matrices() * layer.patch_stride()).cast();
        Self { layer, arena: context.arena.cast(), patches, products, tiles }
    }

    /// The tiles' places among the patches, and their top left pixels.
    #[inline(always)]
    fn corners(&self) -> impl Iterator<Item = (usize, (usize, usize))> + use<D> {
        corners(self.tiles.clone(), tile_grid(self.layer.out).1)
    }

    /// A patch begins one pixel up and left, in the border at the earliest;
    /// one that reaches beyond the border is gathered first.
    ///
    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn transform_inputs<const P: usize, const I: usize>(
        &self,
        dot: D,
        axis: impl Along<D::Vector, P, I>,
    ) {
        let size = self.layer.out.grid.shape;
        let scale = if self.layer.doubled { 2 } else { 1 };
        let stride = self.layer.patch_stride();
        for (index, &(IntegerGrid { grid, .. }, block)) in self.layer.sources.iter().enumerate() {
            for (at, (y, x)) in self.corners() {
                let whole = y + TILE <= size.height && x + TILE <= size.width;
                let (y, x) = (y / scale, x / scale);
                // SAFETY: a patch of the grid, or a copy of what of it there
                // is; a pixel for each matrix, source and tile.
                unsafe {
                    let to = self.patches.add((index * self.layer.strip + at) * INTEGER_LANES);
                    if whole {
                        let from = grid.pixel(block, y as isize - 1, x as isize - 1);
                        let from = self.arena.add(from);
                        tile::forth(dot, from, grid.pitch(), to, stride, axis);
                    } else {
                        let patch = self.gather::<P>(grid, block, (y, x));
                        let from = patch.as_ptr().cast();
                        tile::forth(dot, from, P * INTEGER_LANES, to, stride, axis);
                    }
                }
            }
        }
    }

    /// What there is of a patch of a tile at the border.
    ///
    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn gather<const N: usize>(
        &self,
        grid: Grid,
        block: usize,
        (y, x): (usize, usize),
    ) -> [[Pixel; N]; N] {
        let mut patch = [[Pixel([0; INTEGER_LANES]); N]; N];
        for (dy, row) in patch.iter_mut().enumerate().take(grid.shape.height + 2 - y) {
            for (dx, pixel) in row.iter_mut().enumerate().take(grid.shape.width + 2 - x) {
                let at = grid.pixel(block, (y + dy) as isize - 1, (x + dx) as isize - 1);
                // SAFETY: a pixel of the grid or of its border.
                *pixel = Pixel(unsafe { self.arena.add(at).cast::<[i16; _]>().read() });
            }
        }
        patch
    }

    /// The products of an output block at all points, part by part.
    ///
    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn multiply(&self, dot: D, block: usize) {
        let layer = self.layer;
        let block_stride = layer.strip * INTEGER_LANES;
        for point in 0..POINTS {
            let mut weights =
                layer.weights.as_ptr().wrapping_add((block * POINTS + point) * layer.point_len);
            let matrix = if layer.doubled { matrix_of(point) } else { point };
            let from = self.patches.wrapping_add(matrix * layer.patch_stride());
            for (part, sources) in layer.parts.iter().enumerate() {
                let groups = &layer.groups[sources.clone()];
                let first = from.wrapping_add(sources.start * block_stride);
                let to = (part * POINTS + point) * layer.product_stride();
                let whole = groups.iter().all(|&groups| groups == INTEGER_LANES / D::DEPTH);
                let part = Part { dot, groups, whole, block_stride, weights };
                // SAFETY: patches and products are as large as the strip, and
                // the weights of a point lie one after the other.
                unsafe { part.row(first, self.products.add(to), self.tiles.len()) };
                let len = groups.iter().sum::<usize>() * D::DEPTH * INTEGER_LANES;
                weights = weights.wrapping_add(len);
            }
        }
    }

    /// Back to pixels, and on to the map and its maxima.
    ///
    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn transform_outputs(
        &self,
        dot: D,
        block: usize,
        axis: impl Along<D::Sums, SIDE, TILE>,
        scale: Option<i32>,
    ) {
        let IntegerWinograd { out, pooled, bias, multipliers, parts, .. } = self.layer;
        let stride = self.layer.product_stride();
        let at = block * INTEGER_LANES;
        let (bias, multipliers) =
            (bias.as_ptr().wrapping_add(at), multipliers.as_ptr().wrapping_add(at));
        let how = Requantise::new::<D::Cell>(bias, multipliers, out.zero_point);
        for (at, corner) in self.corners() {
            let from = self.products.wrapping_add(at * INTEGER_LANES);
            // SAFETY: the products of this tile, and constants of this block;
            // this task alone writes these tiles.
            unsafe {
                let mut sums = tile::back(dot, from, stride, axis, scale);
                for part in 1..parts.len() {
                    let from = from.wrapping_add(part * POINTS * stride);
                    let more = tile::back(dot, from, stride, axis, scale);
                    let more = more.as_flattened();
                    for (sum, more) in sums.as_flattened_mut().iter_mut().zip(more) {
                        *sum = dot.add(*sum, *more);
                    }
                }
                self.write(dot, block, corner, &sums, &how);
                if let Some(pooled) = pooled {
                    self.pool(dot, pooled.grid, block, corner);
                }
            }
        }
    }

    /// Writes what of a tile lies in the map.
    ///
    /// # Safety
    /// This task alone writes there; `how` is of this block.
    #[inline(always)]
    unsafe fn write(
        &self,
        dot: D,
        block: usize,
        (y, x): (usize, usize),
        sums: &[[D::Sums; TILE]; TILE],
        how: &Requantise,
    ) {
        let grid = self.layer.out.grid;
        let rows = (grid.shape.height - y).min(TILE);
        let columns = (grid.shape.width - x).min(TILE);
        let mut to = self.arena.wrapping_add(grid.pixel(block, y as isize, x as isize));
        for row in &sums[..rows] {
            for (dx, sums) in row[..columns].iter().enumerate() {
                // SAFETY: a pixel of the map.
                unsafe { dot.requantise(*sums, how, to.add(dx * INTEGER_LANES)) };
            }
            to = to.wrapping_add(grid.pitch());
        }
    }

    /// The maxima of a tile that was just written.
    ///
    /// # Safety
    /// As for [`Strip::write`].
    #[inline(always)]
    unsafe fn pool(&self, dot: D, pooled: Grid, block: usize, (y, x): (usize, usize)) {
        const HALF: usize = TILE / 2;
        let full = self.layer.out.grid;
        let rows = pooled.shape.height.saturating_sub(y / 2).min(HALF);
        let columns = pooled.shape.width.saturating_sub(x / 2).min(HALF);
        let mut from = self.arena.wrapping_add(full.pixel(block, y as isize, x as isize));
        let mut to = pooled.pixel(block, (y / 2) as isize, (x / 2) as isize);
        for _ in 0..rows {
            for dx in 0..columns {
                let above = from.wrapping_add(2 * dx * INTEGER_LANES).cast_const();
                let below = above.wrapping_add(full.pitch());
                let right = above.wrapping_add(INTEGER_LANES);
                let last = below.wrapping_add(INTEGER_LANES);
                // SAFETY: rows 2y and 2y + 1 and columns 2x and 2x + 1 exist.
                unsafe {
                    let to = self.arena.add(to + dx * INTEGER_LANES);
                    dot.largest([above, right, below, last], to);
                }
            }
            from = from.wrapping_add(2 * full.pitch());
            to += pooled.pitch();
        }
    }

    /// The border of the map's rows that end in this strip.
    ///
    /// # Safety
    /// As for [`super::Step::run`].
    unsafe fn fill_border(&self, map: IntegerGrid, tile: usize) {
        let columns = tile_grid(self.layer.out).1;
        let ended = self.tiles.start.div_ceil(columns)..self.tiles.end.div_ceil(columns);
        let height = map.grid.shape.height;
        let rows = (ended.start * tile).min(height)..(ended.end * tile).min(height);
        if rows.is_empty() {
            return;
        }
        // SAFETY: each row of tiles begins in one strip, which alone fills the
        // border beside it.
        unsafe { map.grid.fill_border(self.arena, i16::of(map.zero_point), rows) };
    }
}

/// The inner loop over the tiles of a strip: a point of one output block, of
/// the sources of one part.
struct Part<'a, D> {
    dot: D,
    /// Groups of each source.
    groups: &'a [usize],
    /// Whether they are whole pixels.
    whole: bool,
    /// Cells from one source's patches to the next.
    block_stride: usize,
    weights: *const i16,
}

impl<D: Words> Part<'_, D> {
    /// # Safety
    /// `from` begins `count` pixels of the first source, `to` as many pixels
    /// of sums; weights are complete.
    #[inline(always)]
    unsafe fn row(&self, from: *const i16, to: *mut i32, count: usize) {
        let mut done = 0;
        macro_rules! tiles {
            ($($pixels:literal)*) => {$(
                if $pixels <= D::TILE || $pixels == 1 {
                    while count - done >= $pixels {
                        // SAFETY: as many pixels are left.
                        unsafe {
                            let at = done * INTEGER_LANES;
                            self.tile::<$pixels>(from.add(at), to.add(at));
                        }
                        done += $pixels;
                    }
                }
            )*};
        }
        tiles!(6 4 3 2 1);
    }

    /// # Safety
    /// As for [`Part::row`], with `P` pixels.
    #[inline(always)]
    unsafe fn tile<const P: usize>(&self, from: *const i16, to: *mut i32) {
        let mut sums = [[self.dot.zero(); P]; 1];
        let count = self.groups.len();
        // SAFETY: the caller's promise.
        let done = self.whole
            && unsafe {
                let sums = &mut sums[0];
                self.dot.accumulate_blocks(sums, from, self.block_stride, self.weights, count)
            };
        let (mut pixels, mut weights) = (from, self.weights);
        for &groups in if done { &[] } else { self.groups } {
            // SAFETY: the caller's promise.
            unsafe { self.dot.accumulate(&mut sums, pixels, weights, groups) };
            pixels = pixels.wrapping_add(self.block_stride);
            weights = weights.wrapping_add(groups * D::DEPTH * INTEGER_LANES);
        }
        for (p, sums) in sums[0].iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { self.dot.store_sums(*sums, to.add(p * INTEGER_LANES)) };
        }
    }
}

impl<D: Words> DotKernel<D> for Strip<'_, D> {
    #[inline(always)]
    fn run(self, dot: D) {
        let IntegerWinograd { out, pooled, .. } = self.layer;
        // SAFETY: the plan gave this step its grids in the arena, and this
        // task the tiles and the scratch.
        unsafe {
            if self.layer.doubled {
                self.transform_inputs(dot, doubled::Inputs);
            } else {
                self.transform_inputs(dot, plain::Inputs);
            }
            for block in 0..out.grid.blocks() {
                self.multiply(dot, block);
                if self.layer.doubled {
                    self.transform_outputs(dot, block, doubled::Outputs, None);
                } else {
                    self.transform_outputs(dot, block, plain::Outputs, Some(plain::NINTH));
                }
            }
            self.fill_border(*out, TILE);
            if let Some(pooled) = pooled {
                self.fill_border(*pooled, TILE / 2);
            }
        }
    }
}
