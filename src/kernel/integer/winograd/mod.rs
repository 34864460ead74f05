//! Winograd's F(4×4, 3×3) and its like over doubled pixels, see
//! [`super::super::winograd`], in integers and exact. Points are words. Sums
//! wrap, and only what they add up to has to fit 32 bits: the sum of a direct
//! convolution over doubled pixels, and 576 times that of a plain one. Where the
//! weights of all input channels could make it larger, the channels are cut into
//! parts that go back to pixels on their own.

mod doubled;
mod plain;
mod strip;
mod tile;

use std::ops::Range;

use super::super::arena::{ALIGN_BYTES, Aligned};
use super::super::layout::{INTEGER_LANES, IntegerGrid};
use super::super::lower::IntegerForm;
use super::super::step::{Step, StepContext};
use super::super::winograd::doubled::MATRICES as DOUBLED_MATRICES;
use super::filter::IntegerFilter;
use super::layer::IntegerLayer;
use super::words::Words;
use strip::Strip;

/// Outputs of a tile in each direction.
const TILE: usize = 4;
/// Products of a tile in each direction.
const SIDE: usize = 6;
const POINTS: usize = SIDE * SIDE;

/// Bytes of points that a strip keeps in the second cache.
const STRIP_BYTES: usize = 128 * 1024;
/// Tiles that fill the widest tile of the inner loop.
const LEAST_TILES: usize = 6;
/// Fewer input channels are not worth the transforms.
const LEAST_INPUTS: usize = 8;

/// A 3×3 convolution of integers, plain or over doubled pixels, in strips of
/// tiles.
pub(in crate::kernel) struct IntegerWinograd<D> {
    dot: D,
    /// Whether every source pixel stands there four times.
    doubled: bool,
    /// Blocks of all sources: the map, and the block in it.
    sources: Vec<(IntegerGrid, usize)>,
    /// Groups of each.
    groups: Vec<usize>,
    /// Sources that go back to pixels together.
    parts: Vec<Range<usize>>,
    out: IntegerGrid,
    pooled: Option<IntegerGrid>,
    /// For each output block, point, source and group.
    weights: Aligned<i16>,
    /// Weights of a point of an output block.
    point_len: usize,
    bias: Aligned<i32>,
    multipliers: Aligned<f32>,
    /// Tiles of a strip.
    strip: usize,
    macs: u64,
}

impl<D: Words> IntegerWinograd<D> {
    /// The step of a layer that it pays for.
    pub(super) fn boxed(dot: D, layer: &IntegerLayer) -> Option<Box<dyn Step>> {
        let inputs = layer.inputs();
        let fits = layer.form != IntegerForm::Shuffled && layer.filter.side == 3;
        (fits && inputs >= LEAST_INPUTS).then(|| Box::new(Self::new(dot, layer)) as Box<dyn Step>)
    }

    fn new(dot: D, layer: &IntegerLayer) -> Self {
        let &IntegerLayer { sources, form, filter, out, pooled, threads } = layer;
        let doubled = form == IntegerForm::Upsampled;
        let (gain, filters) =
            if doubled { (1, doubled::FILTERS) } else { (plain::GAIN, plain::FILTERS) };
        let sources: Vec<_> = sources
            .iter()
            .flat_map(|&grid| (0..grid.grid.blocks()).map(move |block| (grid, block)))
            .collect();
        let of_block =
            |&(grid, block): &(IntegerGrid, usize)| grid.grid.depth(block).div_ceil(D::DEPTH);
        let groups: Vec<usize> = sources.iter().map(of_block).collect();
        let point_len = groups.iter().sum::<usize>() * D::DEPTH * INTEGER_LANES;
        let strip = strip_tiles(sources.len(), out, threads);
        let (bias, multipliers) = filter.constants(0..filter.outputs(), 0);
        let taps = if doubled { 4 } else { 9 };
        Self {
            dot,
            doubled,
            parts: parts(&sources, filter, gain),
            weights: packed_weights::<D>(&sources, &groups, filter, &filters, out.grid.blocks()),
            out,
            pooled,
            point_len,
            bias,
            multipliers,
            strip,
            macs: (out.grid.shape.len() * layer.inputs() * taps) as u64,
            sources,
            groups,
        }
    }

    /// Cells from one point's patches to the next. The points of a tile are
    /// written together, so they must not all lie in one set of the cache.
    fn patch_stride(&self) -> usize {
        self.sources.len() * self.strip * INTEGER_LANES + ALIGN_BYTES / size_of::<i16>()
    }

    /// Matrices of transformed inputs.
    fn matrices(&self) -> usize {
        if self.doubled { DOUBLED_MATRICES } else { POINTS }
    }

    /// Sums from one point's products to the next.
    fn product_stride(&self) -> usize {
        self.strip * INTEGER_LANES + ALIGN_BYTES / size_of::<i32>()
    }
}

/// Tiles of a map in each direction.
fn tile_grid(out: IntegerGrid) -> (usize, usize) {
    (out.grid.shape.height.div_ceil(TILE), out.grid.shape.width.div_ceil(TILE))
}

fn strip_tiles(input_blocks: usize, out: IntegerGrid, threads: usize) -> usize {
    let of_one = POINTS * INTEGER_LANES * (input_blocks * size_of::<i16>() + size_of::<i32>());
    let (rows, columns) = tile_grid(out);
    let share = (rows * columns).div_ceil(threads);
    let fit = (STRIP_BYTES / of_one).max(LEAST_TILES).min(share);
    if fit > columns { fit / columns * columns } else { fit }
}

/// As few ranges of the sources as there can be, each of which could at most
/// make a sum of 31 bits and the sign.
fn parts(sources: &[(IntegerGrid, usize)], filter: &IntegerFilter, gain: i64) -> Vec<Range<usize>> {
    let each = filter.weights.len() / filter.outputs();
    // 128 is the largest cell.
    let most = (i64::from(i32::MAX) / gain / 128) as i32;
    let (mut parts, mut start, mut channel) = (Vec::new(), 0, 0);
    let mut reach = vec![0i32; filter.outputs()];
    for (index, (grid, block)) in sources.iter().enumerate() {
        let taps = channel * filter.taps()..(channel + grid.grid.depth(*block)) * filter.taps();
        let of_block = |weights: &[i8]| -> i32 {
            weights[taps.clone()].iter().map(|&w| i32::from(w).abs()).sum()
        };
        let more: Vec<i32> = filter.weights.chunks_exact(each).map(of_block).collect();
        let too_much = reach.iter().zip(&more).any(|(reach, more)| reach + more > most);
        if too_much {
            parts.push(start..index);
            start = index;
            reach.fill(0);
        }
        reach.iter_mut().zip(more).for_each(|(reach, more)| *reach += more);
        channel += grid.grid.depth(*block);
    }
    parts.push(start..sources.len());
    parts
}

fn packed_weights<D: Words>(
    sources: &[(IntegerGrid, usize)],
    groups: &[usize],
    filter: &IntegerFilter,
    filters: &[[i32; 3]; SIDE],
    blocks: usize,
) -> Aligned<i16> {
    let inputs = filter.weights.len() / filter.outputs() / filter.taps();
    let point_len = groups.iter().sum::<usize>() * D::DEPTH * INTEGER_LANES;
    let mut packed = Aligned::zeroed(blocks * POINTS * point_len);
    for o in 0..filter.outputs() {
        let (block, lane) = (o / INTEGER_LANES, o % INTEGER_LANES);
        let (mut first, mut start) = (0, block * POINTS * point_len);
        for (&(grid, source), groups) in sources.iter().zip(groups) {
            for channel in 0..grid.grid.depth(source) {
                let taps = &filter.weights[(o * inputs + first + channel) * 9..][..9];
                let values = tile::transformed_filter(filters, taps);
                let (group, place) = (channel / D::DEPTH, channel % D::DEPTH);
                let at = start + (group * INTEGER_LANES + lane) * D::DEPTH + place;
                for (point, value) in values.into_iter().enumerate() {
                    packed.as_mut_slice()[at + point * point_len] = value;
                }
            }
            first += grid.grid.depth(source);
            start += groups * D::DEPTH * INTEGER_LANES;
        }
    }
    packed
}

impl<D: Words> Step for IntegerWinograd<D> {
    fn kernel(&self) -> &'static str {
        if self.doubled { "int8, winograd, doubled" } else { "int8, winograd 4×4" }
    }

    fn macs(&self) -> u64 {
        self.macs
    }

    fn tasks(&self) -> usize {
        let (rows, columns) = tile_grid(self.out);
        (rows * columns).div_ceil(self.strip)
    }

    fn scratch_len(&self) -> usize {
        let patches = self.matrices() * self.patch_stride() * size_of::<i16>();
        let products = self.parts.len() * POINTS * self.product_stride() * size_of::<i32>();
        (patches + products).next_multiple_of(ALIGN_BYTES) / size_of::<f32>()
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (rows, columns) = tile_grid(self.out);
        let end = ((task + 1) * self.strip).min(rows * columns);
        self.dot.vectorise(Strip::new(self, context, task * self.strip..end));
    }
}
