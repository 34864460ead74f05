//! Winograd's F(4×4, 3×3): sixteen outputs of a 3×3 convolution from 36
//! products instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional
//! Neural Networks", 2015, section 4.1, points 0, ±1, ±2). The same scheme with
//! other transforms over an image of doubled pixels: see [`doubled`].

pub(super) mod doubled;
mod plain;
mod strip;
mod tile;

use std::ops::Range;

use super::arena::{ALIGN_FLOATS, Floats};
use super::graph::Filter;
use super::layout::{Destination, Grid};
use super::lower::Form;
use super::panel::{Run, Runs};
use super::simd::Simd;
use super::step::{Step, StepContext};
use strip::Strip;

/// Outputs of a tile in each direction.
const TILE: usize = 4;
/// Products of a tile in each direction.
const SIDE: usize = 6;
const POINTS: usize = SIDE * SIDE;

/// Floats of transformed inputs and products that a strip keeps in the second
/// cache.
const STRIP_FLOATS: usize = 128 * 1024;
/// Tiles that fill the widest panel.
const LEAST_TILES: usize = 12;

/// A 3×3 convolution, plain or over doubled pixels, in strips of tiles: transform, 36 matrix products,
/// transform back with bias, ReLU and pooling.
pub(super) struct Winograd<S> {
    simd: S,
    /// Whether every source pixel stands there four times.
    doubled: bool,
    /// Blocks of all sources: where each begins, and its channels.
    sources: Vec<(Grid, usize)>,
    to: Destination,
    /// For each point, group, input channel and output block a vector.
    weights: Floats,
    bias: Floats,
    inputs: usize,
    /// Tiles of a strip.
    strip: usize,
    /// The sum of a product over the input blocks of a strip.
    runs: Vec<Run>,
    /// Whether no block of a source has idle lanes.
    whole: bool,
}

impl<S: Simd> Winograd<S> {
    /// `sources` lie one after the other in the filter's input channels and
    /// have one size; the form is not a transposed one.
    pub(super) fn new(
        simd: S,
        sources: &[Grid],
        form: Form,
        filter: &Filter,
        to: Destination,
        threads: usize,
    ) -> Self {
        let blocks: Vec<(Grid, usize)> = sources
            .iter()
            .flat_map(|grid| (0..grid.blocks()).map(|block| (*grid, block)))
            .collect();
        let inputs = sources.iter().map(|grid| grid.shape.channels).sum();
        let padded = to.out.blocks() * S::LANES;
        let bias = (0..padded).map(|o| filter.bias.get(o).copied().unwrap_or(0.0)).collect();
        let strip = strip_tiles::<S>(blocks.len(), to.out, threads);
        let run = |(index, (grid, block)): (usize, &(Grid, usize))| Run {
            offset: index * strip * S::LANES,
            depth: grid.depth(*block),
        };
        let runs: Vec<Run> = blocks.iter().enumerate().map(run).collect();
        let whole = runs.iter().all(|run| run.depth == S::LANES);
        let doubled = form == Form::Upsampled;
        let filters = if doubled { doubled::FILTERS } else { plain::FILTERS };
        let weights = packed_weights::<S>(filter, &filters, inputs, to.out.blocks());
        Self { simd, doubled, sources: blocks, to, weights, bias, inputs, strip, runs, whole }
    }
}

impl<S: Simd> Winograd<S> {
    /// Floats from one point's matrix to the next. The points of a tile are
    /// written together, so they must not all lie in one set of the cache.
    fn point_stride(&self, blocks: usize) -> usize {
        blocks * self.strip * S::LANES + ALIGN_FLOATS
    }

    /// What each of the matrix products sums over.
    fn runs(&self) -> Runs<'_> {
        if self.whole {
            Runs::Whole { count: self.runs.len(), stride: self.strip * S::LANES }
        } else {
            Runs::Of(&self.runs)
        }
    }

    /// Floats of a strip's transformed inputs.
    fn patches_len(&self) -> usize {
        let matrices = if self.doubled { doubled::MATRICES } else { POINTS };
        matrices * self.point_stride(self.sources.len())
    }
}

/// Tiles of a map in each direction.
fn tile_grid(out: Grid) -> (usize, usize) {
    (out.shape.height.div_ceil(TILE), out.shape.width.div_ceil(TILE))
}

/// Some tiles of a map so many tiles wide, counted from the first, with their
/// top left pixels.
#[inline(always)]
pub(super) fn corners(
    tiles: Range<usize>,
    columns: usize,
) -> impl Iterator<Item = (usize, (usize, usize))> {
    let (mut row, mut column) = (tiles.start / columns, tiles.start % columns);
    (0..tiles.len()).map(move |at| {
        let corner = (row * TILE, column * TILE);
        column += 1;
        if column == columns {
            (row, column) = (row + 1, 0);
        }
        (at, corner)
    })
}

fn strip_tiles<S: Simd>(input_blocks: usize, out: Grid, threads: usize) -> usize {
    let of_one = POINTS * S::LANES * (input_blocks + out.blocks());
    let (rows, columns) = tile_grid(out);
    let share = (rows * columns).div_ceil(threads);
    let fit = (STRIP_FLOATS / of_one).max(LEAST_TILES).min(share);
    let fit = if fit > columns { fit / columns * columns } else { fit };
    even_strips(rows * columns, fit, S::TILE / 2)
}

/// As few strips as `fit` tiles each make, but the same size for all, in whole
/// panels: a strip's last tiles take longest, and so would a short last strip.
fn even_strips(tiles: usize, fit: usize, panel: usize) -> usize {
    let even = tiles.div_ceil(tiles.div_ceil(fit)).next_multiple_of(panel);
    if even <= fit { even } else { fit }
}

fn packed_weights<S: Simd>(
    filter: &Filter,
    filters: &[[f64; 3]; SIDE],
    inputs: usize,
    blocks: usize,
) -> Floats {
    let outputs = filter.outputs();
    let mut packed = vec![0.0f32; POINTS * inputs * blocks * S::LANES];
    let of_point = inputs * blocks * S::LANES;
    for o in 0..outputs {
        let (block, lane) = (o / S::LANES, o % S::LANES);
        let first = block / 2 * 2;
        let width = (first + 2).min(blocks) - first;
        for i in 0..inputs {
            let taps = &filter.weights[(o * inputs + i) * 9..][..9];
            let at = (first * inputs + i * width + (block - first)) * S::LANES + lane;
            for (point, value) in transformed_filter(filters, taps).into_iter().enumerate() {
                packed[point * of_point + at] = value;
            }
        }
    }
    packed.into_iter().collect()
}

/// G·g·Gᵀ of a 3×3 filter, in double precision.
fn transformed_filter(filters: &[[f64; 3]; SIDE], taps: &[f32]) -> [f32; POINTS] {
    let mut out = [0.0; POINTS];
    for (y, row) in filters.iter().enumerate() {
        for (x, column) in filters.iter().enumerate() {
            let mut sum = 0.0;
            for (ky, gy) in row.iter().enumerate() {
                for (kx, gx) in column.iter().enumerate() {
                    sum += gy * gx * f64::from(taps[ky * 3 + kx]);
                }
            }
            out[y * SIDE + x] = sum as f32;
        }
    }
    out
}

impl<S: Simd> Step for Winograd<S> {
    fn kernel(&self) -> &'static str {
        if self.doubled { "winograd, doubled" } else { "winograd 4×4" }
    }

    fn macs(&self) -> u64 {
        let taps = if self.doubled { 4 } else { 9 };
        (self.to.out.shape.len() * self.inputs * taps) as u64
    }

    fn tasks(&self) -> usize {
        let (rows, columns) = tile_grid(self.to.out);
        (rows * columns).div_ceil(self.strip)
    }

    fn scratch_len(&self) -> usize {
        self.patches_len() + POINTS * self.point_stride(self.to.out.blocks())
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (rows, columns) = tile_grid(self.to.out);
        let end = ((task + 1) * self.strip).min(rows * columns);
        self.simd.vectorise(Strip::new(self, context, task * self.strip..end));
    }
}

/// Whether the transforms cost less than they save; both counted in products
/// of a panel.
pub(super) fn pays(form: Form, inputs: usize, lanes: usize, out: Grid) -> bool {
    let (taps, input_cost, output_cost) = match form {
        Form::Plain => (9, plain::INPUT_COST, plain::OUTPUT_COST),
        Form::Upsampled => (4, doubled::INPUT_COST, doubled::OUTPUT_COST),
        Form::Transposed => return false,
    };
    let (input_blocks, blocks) = (inputs.div_ceil(lanes), out.blocks());
    let (rows, columns) = tile_grid(out);
    let direct = out.shape.height * out.shape.width * taps * inputs * blocks;
    let transforms = input_cost * input_blocks + output_cost * blocks;
    rows * columns * (POINTS * inputs * blocks + transforms) < direct
}
