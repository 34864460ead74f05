//! Convolutions of a training forward, and backward to their inputs, as sums
//! over shifted images.

use std::ops::Range;

use super::super::arena::Floats;
use super::super::direct::phases;
use super::super::layout::Grid;
use super::super::panel::{Panel, Run, Start};
use super::super::simd::{Kernel, Simd};
use super::graph::ConvForm;
use super::tile::Tile;

/// Weights of an output block that stay in the innermost cache while the
/// pixels of a band pass by; two blocks take twice as much.
const CHUNK_FLOATS: usize = 2048;
/// Input of a band that stays in the second cache.
const BAND_FLOATS: usize = 64 << 10;
/// Pixels of a band that make up for the loading of the weights.
const BAND_PIXELS: usize = 256;

/// One of the shifted images that a convolution sums: from pixel (y, x) of the
/// input to pixel (scale·(y − dy) + row, scale·(x − dx) + column) of the
/// output, times the sum of some parts of the 3×3 filter.
pub(super) struct Shift {
    pub row: usize,
    pub column: usize,
    pub dy: isize,
    pub dx: isize,
    /// 3·ky + kx.
    pub parts: Vec<usize>,
}

pub(super) fn shifts(form: ConvForm) -> Vec<Shift> {
    let mut all = Vec::new();
    for (row, column, taps) in phases(form.lowered()) {
        for tap in taps {
            let parts = tap.parts.iter().map(|(ky, kx)| 3 * ky + kx).collect();
            all.push(Shift { row, column, dy: tap.dy, dx: tap.dx, parts });
        }
    }
    all
}

/// Floats between the weights of two channels: of those that are summed up,
/// and of those that come out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strides {
    pub input: usize,
    pub output: usize,
}

impl Strides {
    pub(super) fn new(form: ConvForm, inputs: usize, outputs: usize) -> Self {
        match form {
            ConvForm::Transposed => Self { input: 9 * outputs, output: 9 },
            _ => Self { input: 9, output: 9 * inputs },
        }
    }
}

/// A convolution forward, or backward to its input: sums over shifted images.
pub(super) struct Sum {
    groups: Vec<Group>,
    phases: Vec<Phase>,
    strides: Strides,
    /// Pixels of input and output for each step along a row.
    scales: [usize; 2],
    /// Of the smaller of the two maps.
    height: usize,
    width: usize,
    /// Floats between two input rows.
    pitch: usize,
    band: usize,
    weights: Floats,
    /// Padded to whole blocks; none backwards.
    bias: Option<Floats>,
}

/// One or two blocks of a map that are computed at once.
struct Group {
    grid: Grid,
    block: usize,
    blocks: usize,
    /// Number of the first channel among all that come out.
    first: usize,
    /// Of them, those that exist.
    channels: usize,
}

struct Phase {
    row: usize,
    column: usize,
    runs: Vec<Run>,
    /// First channel of a run, and the parts of the filter that it is
    /// multiplied by.
    origins: Vec<(usize, Vec<usize>)>,
    /// Ends of the chunks of `runs`.
    chunks: Vec<usize>,
    depth: usize,
}

impl Phase {
    fn new(row: usize, column: usize) -> Self {
        let (runs, origins, chunks) = Default::default();
        Self { row, column, runs, origins, chunks, depth: 0 }
    }

    fn push(&mut self, run: Run, first: usize, parts: &[usize], lanes: usize) {
        self.runs.push(run);
        self.origins.push((first, parts.to_vec()));
        self.depth += run.depth;
        let begun = self.chunks.last().copied().unwrap_or(0);
        let depth: usize = self.runs[begun..].iter().map(|run| run.depth).sum();
        if depth * lanes >= CHUNK_FLOATS {
            self.chunks.push(self.runs.len());
        }
    }

    fn finish(&mut self) {
        if self.chunks.last() != Some(&self.runs.len()) {
            self.chunks.push(self.runs.len());
        }
    }
}

impl Sum {
    pub(super) fn forward(sources: &[Grid], into: Grid, form: ConvForm) -> Self {
        let scale = form.scale();
        let mut phases: Vec<Phase> = Vec::new();
        for Shift { row, column, .. } in shifts(form) {
            if !phases.iter().any(|phase| (phase.row, phase.column) == (row, column)) {
                phases.push(Phase::new(row, column));
            }
        }
        for phase in &mut phases {
            let mut first = 0;
            for grid in sources {
                for block in 0..grid.blocks() {
                    for shift in shifts(form) {
                        if (shift.row, shift.column) == (phase.row, phase.column) {
                            let offset = grid.pixel(block, shift.dy, shift.dx);
                            let run = Run { offset, depth: grid.depth(block) };
                            phase.push(run, first, &shift.parts, grid.lanes);
                        }
                    }
                    first += grid.depth(block);
                }
            }
            phase.finish();
        }
        let inputs = sources.iter().map(|grid| grid.shape.channels).sum();
        let strides = Strides::new(form, inputs, into.shape.channels);
        let bias = Some(Floats::zeroed(into.blocks() * into.lanes));
        Self::new(&[(into.shape.channels, Some(into))], phases, strides, [1, scale], sources, bias)
    }

    /// From the gradient by the output to those by the sources that have one.
    pub(super) fn backward(
        channels: &[usize],
        sources: &[Option<Grid>],
        from: Grid,
        form: ConvForm,
    ) -> Self {
        let scale = form.scale() as isize;
        let mut phase = Phase::new(0, 0);
        let mut first = 0;
        for block in 0..from.blocks() {
            for shift in shifts(form) {
                let row = shift.row as isize - scale * shift.dy;
                let column = shift.column as isize - scale * shift.dx;
                let offset = from.pixel(block, row, column);
                let run = Run { offset, depth: from.depth(block) };
                phase.push(run, first, &shift.parts, from.lanes);
            }
            first += from.depth(block);
        }
        phase.finish();
        let inputs = channels.iter().sum();
        let Strides { input, output } = Strides::new(form, inputs, from.shape.channels);
        let strides = Strides { input: output, output: input };
        let into: Vec<_> = channels.iter().copied().zip(sources.iter().copied()).collect();
        Self::new(&into, vec![phase], strides, [form.scale(), 1], &[from], None)
    }

    fn new(
        into: &[(usize, Option<Grid>)],
        phases: Vec<Phase>,
        strides: Strides,
        scales: [usize; 2],
        sources: &[Grid],
        bias: Option<Floats>,
    ) -> Self {
        let (mut groups, mut first) = (Vec::new(), 0);
        for (channels, grid) in into {
            let Some(grid) = grid else {
                first += channels;
                continue;
            };
            for range in Panel::groups(grid.blocks()) {
                let channels = range.clone().map(|block| grid.depth(block)).sum();
                let (block, blocks) = (range.start, range.len());
                groups.push(Group { grid: *grid, block, blocks, first, channels });
                first += channels;
            }
        }
        let (lanes, shape, pitch) = (sources[0].lanes, sources[0].shape, sources[0].pitch());
        let (height, width) = (shape.height / scales[0], shape.width / scales[0]);
        let row: usize = sources.iter().map(|grid| grid.blocks() * pitch * scales[0]).sum();
        let band = (BAND_FLOATS / row).max(BAND_PIXELS.div_ceil(width)).clamp(1, height);
        let blocks: usize = groups.iter().map(|group| group.blocks).sum();
        let depth: usize = phases.iter().map(|phase| phase.depth).sum();
        let weights = Floats::zeroed(blocks * depth * lanes);
        Self { groups, phases, strides, scales, height, width, pitch, band, weights, bias }
    }

    /// Tasks of a sample.
    pub(super) fn tasks(&self) -> usize {
        self.height.div_ceil(self.band)
    }

    /// Brings weights and bias into the order in which they are read.
    pub(super) fn pack(&mut self, weights: &[f32], bias: &[f32]) {
        if let Some(packed) = &mut self.bias {
            packed.as_mut_slice()[..bias.len()].copy_from_slice(bias);
        }
        let Strides { input, output } = self.strides;
        let mut packed = self.weights.as_mut_slice();
        for group in &self.groups {
            let lanes = group.grid.lanes * group.blocks;
            for phase in &self.phases {
                for (run, (first, parts)) in phase.runs.iter().zip(&phase.origins) {
                    for k in 0..run.depth {
                        let (row, rest) = packed.split_at_mut(lanes);
                        packed = rest;
                        let from = &weights[(first + k) * input + group.first * output..];
                        // Only the last block of a map has fewer channels than lanes.
                        let row = &mut row[..group.channels];
                        let [part, others @ ..] = &parts[..] else { continue };
                        for (to, from) in row.iter_mut().zip(from[*part..].iter().step_by(output)) {
                            *to = *from;
                        }
                        for part in others {
                            let from = from[*part..].iter().step_by(output);
                            row.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                        }
                    }
                }
            }
        }
    }

    pub(super) fn band(&self, sample: *mut f32, task: usize) -> Band<'_> {
        let rows = task * self.band..((task + 1) * self.band).min(self.height);
        Band { sum: self, sample, rows }
    }
}

/// Some rows of a sample, as a kernel. Whoever runs it promises that the
/// sample holds the grids, and that nobody else uses these rows of the output
/// or writes the input.
pub(super) struct Band<'a> {
    sum: &'a Sum,
    sample: *mut f32,
    rows: Range<usize>,
}

impl<S: Simd> Kernel<S> for Band<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        let mut weights = self.sum.weights.as_ptr();
        for group in &self.sum.groups {
            for phase in &self.sum.phases {
                // SAFETY: the promise of whoever runs the band.
                unsafe {
                    match (group.blocks, self.sum.scales[0]) {
                        (1, 1) => self.phase::<S, 1, 1>(simd, group, phase, weights),
                        (1, _) => self.phase::<S, 1, 2>(simd, group, phase, weights),
                        (_, 1) => self.phase::<S, 2, 1>(simd, group, phase, weights),
                        (_, _) => self.phase::<S, 2, 2>(simd, group, phase, weights),
                    }
                }
                weights = weights.wrapping_add(phase.depth * group.blocks * S::LANES);
            }
        }
    }
}

impl Band<'_> {
    /// # Safety
    /// The promise of whoever runs the band; `weights` are the phase's.
    #[inline(always)]
    unsafe fn phase<S: Simd, const O: usize, const K: usize>(
        &self,
        simd: S,
        group: &Group,
        phase: &Phase,
        mut weights: *const f32,
    ) {
        let Sum { scales: [_, scale], width, pitch, bias, .. } = self.sum;
        let bias = bias.as_ref().map(|bias| bias.as_ptr().wrapping_add(group.block * S::LANES));
        let mut first = 0;
        for &end in &phase.chunks {
            let runs = &phase.runs[first..end];
            let start = match bias {
                _ if first > 0 => Start::Sum,
                Some(bias) => Start::Bias(bias),
                None => Start::Zero,
            };
            let block_stride = group.grid.plane();
            let pixel_stride = scale * S::LANES;
            let tile = Tile { runs, weights, start, block_stride, pixel_stride };
            for y in self.rows.clone() {
                let row = (scale * y + phase.row) as isize;
                let to = group.grid.pixel(group.block, row, phase.column as isize);
                // SAFETY: the runs' offsets are those of row 0; `K` rows of the
                // input belong to each step.
                unsafe {
                    let from = self.sample.add(y * K * pitch);
                    tile.row::<S, O, K>(simd, from, self.sample.add(to), *width);
                }
            }
            let used: usize = runs.iter().map(|run| run.depth).sum();
            weights = weights.wrapping_add(used * O * S::LANES);
            first = end;
        }
    }
}
