//! Winograd's F(4×4, 3×3): sixteen outputs of a 3×3 convolution from 36
//! products instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional
//! Neural Networks", 2015, section 4.1, points 0, ±1, ±2).

mod strip;
mod transform;

use super::arena::{ALIGN_FLOATS, Floats};
use super::graph::Filter;
use super::layout::{Destination, Grid};
use super::panel::Run;
use super::simd::Simd;
use super::step::{Step, StepContext};
use strip::Strip;
use transform::transformed_filter;

/// Outputs of a tile in each direction.
const TILE: usize = 4;
/// Inputs of a tile in each direction.
const PATCH: usize = 6;
const POINTS: usize = PATCH * PATCH;

/// Floats of transformed inputs and products that a strip keeps in the second
/// cache.
const STRIP_FLOATS: usize = 128 * 1024;
/// Tiles that fill the widest panel.
const LEAST_TILES: usize = 12;

/// A plain 3×3 convolution in strips of tiles: transform, 36 matrix products,
/// transform back with bias, ReLU and pooling.
pub(super) struct Winograd<S> {
    simd: S,
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
}

impl<S: Simd> Winograd<S> {
    /// `sources` lie one after the other in the filter's input channels and
    /// have one size.
    pub(super) fn new(
        simd: S,
        sources: &[Grid],
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
        let runs = blocks.iter().enumerate().map(run).collect();
        let weights = packed_weights::<S>(filter, inputs, to.out.blocks());
        Self { simd, sources: blocks, to, weights, bias, inputs, strip, runs }
    }
}

impl<S: Simd> Winograd<S> {
    /// Floats from one point's matrix to the next. The points of a tile are
    /// written together, so they must not all lie in one set of the cache.
    fn point_stride(&self, blocks: usize) -> usize {
        blocks * self.strip * S::LANES + ALIGN_FLOATS
    }
}

/// Tiles of a map in each direction.
fn tile_grid(out: Grid) -> (usize, usize) {
    (out.shape.height.div_ceil(TILE), out.shape.width.div_ceil(TILE))
}

fn strip_tiles<S: Simd>(input_blocks: usize, out: Grid, threads: usize) -> usize {
    let of_one = POINTS * S::LANES * (input_blocks + out.blocks());
    let (rows, columns) = tile_grid(out);
    let share = (rows * columns).div_ceil(threads);
    let fit = (STRIP_FLOATS / of_one).max(LEAST_TILES).min(share);
    if fit > columns { fit / columns * columns } else { fit }
}

fn packed_weights<S: Simd>(filter: &Filter, inputs: usize, blocks: usize) -> Floats {
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
            for (point, value) in transformed_filter(taps).into_iter().enumerate() {
                packed[point * of_point + at] = value;
            }
        }
    }
    packed.into_iter().collect()
}

impl<S: Simd> Step for Winograd<S> {
    fn kernel(&self) -> &'static str {
        "winograd 4×4"
    }

    fn macs(&self) -> u64 {
        (self.to.out.shape.len() * self.inputs * 9) as u64
    }

    fn tasks(&self) -> usize {
        let (rows, columns) = tile_grid(self.to.out);
        (rows * columns).div_ceil(self.strip)
    }

    fn scratch_len(&self) -> usize {
        POINTS * (self.point_stride(self.sources.len()) + self.point_stride(self.to.out.blocks()))
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (rows, columns) = tile_grid(self.to.out);
        let end = ((task + 1) * self.strip).min(rows * columns);
        self.simd.vectorise(Strip::new(self, context, task * self.strip..end));
    }
}

/// Whether the transforms cost less than they save; both counted in products
/// of a panel.
pub(super) fn pays(inputs: usize, lanes: usize, out: Grid) -> bool {
    let (input_blocks, blocks) = (inputs.div_ceil(lanes), out.blocks());
    let (rows, columns) = tile_grid(out);
    let tiles = rows * columns;
    let direct = out.shape.height * out.shape.width * 9 * inputs * blocks;
    let transforms = transform::INPUT_COST * input_blocks + transform::OUTPUT_COST * blocks;
    let winograd = tiles * (POINTS * inputs * blocks + transforms);
    winograd < direct
}
