//! A strip of Winograd tiles in floats: transforms, a matrix product at every
//! point, and the way back with bias, ReLU and pooling.

use std::ops::Range;

use super::super::layout::{Destination, Grid};
use super::super::panel::{Panel, Start};
use super::super::simd::{Kernel, Simd};
use super::super::step::StepContext;
use super::{POINTS, TILE, Winograd, corners, doubled, plain, tile, tile_grid};

/// Some consecutive tiles, from input to output.
pub(super) struct Strip<'a, S> {
    layer: &'a Winograd<S>,
    arena: *mut f32,
    /// Point × input block × tile.
    patches: *mut f32,
    /// Point × output block × tile.
    products: *mut f32,
    tiles: Range<usize>,
}

impl<'a, S: Simd> Strip<'a, S> {
    pub(super) fn new(layer: &'a Winograd<S>, context: StepContext, tiles: Range<usize>) -> Self {
        let patches = context.scratch;
        let products = patches.wrapping_add(layer.patches_len());
        Self { layer, arena: context.arena, patches, products, tiles }
    }

    /// The tiles' places among the patches, and their top left pixels.
    #[inline(always)]
    fn corners(&self) -> impl Iterator<Item = (usize, (usize, usize))> + use<S> {
        corners(self.tiles.clone(), tile_grid(self.layer.to.out).1)
    }

    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn transform_inputs(&self, simd: S) {
        let strip = self.layer.strip;
        for (index, &(grid, block)) in self.layer.sources.iter().enumerate() {
            for (at, corner) in self.corners() {
                // SAFETY: a vector of every matrix for each block and tile.
                unsafe {
                    let to = self.patches.add((index * strip + at) * S::LANES);
                    self.transform_patch(simd, grid, block, corner, to);
                }
            }
        }
    }

    /// The patch begins one pixel up and left, in the border at the earliest;
    /// one that reaches beyond the border is gathered first.
    ///
    /// # Safety
    /// As for [`super::Step::run`], and `to` is a tile's place among the
    /// patches.
    #[inline(always)]
    unsafe fn transform_patch(
        &self,
        simd: S,
        grid: Grid,
        block: usize,
        (y, x): (usize, usize),
        to: *mut f32,
    ) {
        const PLAIN: usize = plain::PATCH;
        const DOUBLED: usize = doubled::PATCH;
        let size = self.layer.to.out.shape;
        let whole = y + TILE <= size.height && x + TILE <= size.width;
        let stride = self.layer.point_stride(self.layer.sources.len());
        let (y, x) = if self.layer.doubled { (y / 2, x / 2) } else { (y, x) };
        let from = self.arena.wrapping_add(grid.pixel(block, y as isize - 1, x as isize - 1));
        let arena = self.arena.cast_const();
        let (plain, doubled) = (plain::Inputs, doubled::Inputs);
        // SAFETY: a patch of the grid, or a copy of what of it there is.
        unsafe {
            match (self.layer.doubled, whole) {
                (false, true) => tile::forth(simd, from, grid.pitch(), to, stride, plain),
                (true, true) => tile::forth(simd, from, grid.pitch(), to, stride, doubled),
                (false, false) => {
                    let patch = gather::<S, PLAIN>(simd, arena, grid, block, (y, x));
                    let from = patch.as_ptr().cast();
                    tile::forth(simd, from, PLAIN * S::LANES, to, stride, plain);
                }
                (true, false) => {
                    let patch = gather::<S, DOUBLED>(simd, arena, grid, block, (y, x));
                    let from = patch.as_ptr().cast();
                    tile::forth(simd, from, DOUBLED * S::LANES, to, stride, doubled);
                }
            }
        }
    }

    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn multiply(&self, simd: S) {
        let Winograd { doubled, sources, inputs, to, strip, weights, .. } = self.layer;
        let (count, blocks) = (self.tiles.len(), to.out.blocks());
        let block_stride = strip * S::LANES;
        let from_stride = self.layer.point_stride(sources.len());
        let to_stride = self.layer.point_stride(blocks);
        for point in 0..POINTS {
            let matrix = if *doubled { doubled::matrix_of(point) } else { point };
            // SAFETY: a matrix for every point.
            let weights = unsafe { weights.as_ptr().add(point * inputs * blocks * S::LANES) };
            for group in Panel::groups(blocks) {
                let panel = Panel {
                    runs: self.layer.runs(),
                    // SAFETY: the groups' weights lie one after the other.
                    weights: unsafe { weights.add(group.start * inputs * S::LANES) },
                    start: Start::Zero,
                    relu: false,
                    block_stride,
                    pixel_stride: S::LANES,
                };
                // SAFETY: patches and products are as large as the strip.
                unsafe {
                    let from = self.patches.add(matrix * from_stride);
                    let to = self.products.add(point * to_stride + group.start * block_stride);
                    if group.len() == 2 {
                        panel.row::<S, 2>(simd, from, to, count);
                    } else {
                        panel.row::<S, 1>(simd, from, to, count);
                    }
                }
            }
        }
    }

    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn transform_outputs(&self, simd: S) {
        let Winograd { doubled, to, bias, .. } = self.layer;
        let Destination { out, pooled, relu } = *to;
        let (strip, blocks) = (self.layer.strip, out.blocks());
        let stride = self.layer.point_stride(blocks);
        let zero = simd.splat(0.0);
        for block in 0..blocks {
            // SAFETY: a bias for every block.
            let bias = unsafe { simd.load(bias.as_ptr().add(block * S::LANES)) };
            for (at, corner) in self.corners() {
                // SAFETY: products of this strip.
                let mut values = unsafe {
                    let from = self.products.add((block * strip + at) * S::LANES);
                    if *doubled {
                        let axis = doubled::Outputs;
                        tile::back(simd, from, stride, bias, &doubled::BIASED, axis)
                    } else {
                        let axis = plain::Outputs;
                        tile::back(simd, from, stride, bias, &plain::BIASED, axis)
                    }
                };
                if relu {
                    for value in values.as_flattened_mut() {
                        *value = simd.max(*value, zero);
                    }
                }
                // SAFETY: this task alone writes these tiles.
                unsafe {
                    self.write(simd, out, block, corner, &values);
                    if let Some(pooled) = pooled {
                        let (y, x) = (corner.0 / 2, corner.1 / 2);
                        self.write(simd, pooled, block, (y, x), &halved(simd, &values));
                    }
                }
            }
        }
    }

    /// Writes what of a square lies in the map.
    ///
    /// # Safety
    /// This task alone writes there.
    #[inline(always)]
    unsafe fn write<const N: usize>(
        &self,
        simd: S,
        grid: Grid,
        block: usize,
        (y, x): (usize, usize),
        values: &[[S::V; N]; N],
    ) {
        let rows = grid.shape.height.saturating_sub(y).min(N);
        let columns = grid.shape.width.saturating_sub(x).min(N);
        // SAFETY: only pixels of the map.
        unsafe {
            let to = self.arena.add(grid.pixel(block, y as isize, x as isize));
            if rows == N && columns == N {
                for (dy, row) in values.iter().enumerate() {
                    for (dx, value) in row.iter().enumerate() {
                        simd.store(to.add(dy * grid.pitch() + dx * S::LANES), *value);
                    }
                }
                return;
            }
            for (dy, row) in values.iter().enumerate().take(rows) {
                for (dx, value) in row.iter().enumerate().take(columns) {
                    simd.store(to.add(dy * grid.pitch() + dx * S::LANES), *value);
                }
            }
        }
    }

    /// Clears the borders beside the rows whose first tile is in this strip.
    ///
    /// # Safety
    /// As for [`super::Step::run`].
    #[inline(always)]
    unsafe fn clear_borders(&self) {
        let (rows, columns) = tile_grid(self.layer.to.out);
        let first = self.tiles.start.div_ceil(columns);
        let end = self.tiles.end.div_ceil(columns);
        let clear = |grid: Grid, tile: usize| {
            let end = if end == rows { grid.shape.height } else { end * tile };
            // SAFETY: every tile row begins in exactly one strip.
            unsafe { grid.clear_border(self.arena, first * tile..end) };
        };
        if first < end {
            clear(self.layer.to.out, TILE);
            if let Some(pooled) = self.layer.to.pooled {
                clear(pooled, TILE / 2);
            }
        }
    }
}

impl<S: Simd> Kernel<S> for Strip<'_, S> {
    #[inline(always)]
    fn run(self, simd: S) {
        // SAFETY: the plan gave this step its grids and this task its scratch.
        unsafe {
            self.clear_borders();
            self.transform_inputs(simd);
            self.multiply(simd);
            self.transform_outputs(simd);
        }
    }
}

/// The maxima of 2×2 outputs.
#[inline(always)]
fn halved<S: Simd>(simd: S, values: &[[S::V; TILE]; TILE]) -> [[S::V; 2]; 2] {
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let (above, below) = (&values[2 * y], &values[2 * y + 1]);
            let left = simd.max(above[2 * x], below[2 * x]);
            simd.max(left, simd.max(above[2 * x + 1], below[2 * x + 1]))
        })
    })
}

/// A patch of N×N pixels that reaches beyond the border, with zeros there.
///
/// # Safety
/// The grid lies in the arena.
#[inline(always)]
unsafe fn gather<S: Simd, const N: usize>(
    simd: S,
    arena: *const f32,
    grid: Grid,
    block: usize,
    (y, x): (usize, usize),
) -> [[S::V; N]; N] {
    let mut patch = [[simd.splat(0.0); N]; N];
    for dy in 0..N.min(grid.shape.height + 2 - y) {
        for dx in 0..N.min(grid.shape.width + 2 - x) {
            let (row, column) = ((y + dy) as isize - 1, (x + dx) as isize - 1);
            // SAFETY: at most the border behind the last row and column.
            patch[dy][dx] = unsafe { simd.load(arena.add(grid.pixel(block, row, column))) };
        }
    }
    patch
}
