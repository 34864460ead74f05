//! Convolutions in integers as sums over shifted images, for every form and
//! every vector unit; what no better way is known for.

use std::ops::Range;

use super::super::arena::Aligned;
use super::super::layout::{INTEGER_LANES, IntegerGrid};
use super::super::lower::IntegerForm;
use super::super::pool::halved;
use super::super::step::{Step, StepContext, band_rows};
use super::cell::Cell;
use super::dot::{Dot, DotKernel, Requantise};
use super::filter::IntegerFilter;
use super::layer::IntegerLayer;
use super::tile::{Row, Run};

/// A convolution in integers, as a sum over shifted images; four phases where
/// the output has twice the size of the input.
pub(in crate::kernel) struct IntegerConv<D: Dot> {
    dot: D,
    out: IntegerGrid,
    /// Where the 2×2 maxima go, too.
    pooled: Option<IntegerGrid>,
    form: IntegerForm,
    /// Output pixels for each input pixel and direction.
    scale: usize,
    /// Output rows of a task.
    band: usize,
    phases: Vec<Phase<D>>,
    macs: u64,
}

/// The output pixels at one place of each square of `scale`×`scale`.
struct Phase<D: Dot> {
    row: usize,
    column: usize,
    runs: Vec<Run>,
    /// Weights of one output block.
    block_len: usize,
    weights: Aligned<D::Weight>,
    bias: Aligned<i32>,
    multipliers: Aligned<f32>,
}

/// A tap of a phase: its places in the filter, more than one where they were
/// added up, and the input pixel that it reads beside the own one.
struct Tap {
    at: Vec<usize>,
    dy: isize,
    dx: isize,
}

impl<D: Dot> IntegerConv<D> {
    pub(in crate::kernel) fn new(dot: D, layer: &IntegerLayer) -> Self {
        let &IntegerLayer { sources, form, filter, out, pooled, threads } = layer;
        let scale = if form == IntegerForm::Plain { 1 } else { 2 };
        let places = (0..scale * scale).map(|place| (place / scale, place % scale));
        let phases: Vec<_> =
            places.map(|(row, column)| Phase::new((row, column), sources, form, filter)).collect();
        let shape = out.grid.shape;
        let band = band_rows(shape.height, shape.width, threads);
        let inputs = layer.inputs();
        let taps = if form == IntegerForm::Shuffled { 9 } else { 4 * filter.taps() };
        let macs = (shape.len() * inputs * taps / 4) as u64;
        Self { dot, out, pooled, form, scale, band, phases, macs }
    }
}

impl<D: Dot> Phase<D> {
    fn new(
        (row, column): (usize, usize),
        sources: &[IntegerGrid],
        form: IntegerForm,
        filter: &IntegerFilter,
    ) -> Self {
        let inputs: usize = sources.iter().map(|source| source.grid.shape.channels).sum();
        let each = inputs * filter.taps();
        // The filter's channels that this phase computes.
        let channels: Vec<usize> = match form {
            IntegerForm::Shuffled => (2 * row + column..filter.outputs()).step_by(4).collect(),
            _ => (0..filter.outputs()).collect(),
        };
        let weight = |o: usize, i: usize, tap: &Tap| -> i32 {
            let Some(&o) = channels.get(o).filter(|_| i < inputs) else { return 0 };
            let at = o * each + i * filter.taps();
            tap.at.iter().map(|&tap| i32::from(filter.weights[at + tap])).sum()
        };
        let is_used = |tap: &Tap| {
            let mut all = (0..channels.len()).flat_map(|o| (0..inputs).map(move |i| (o, i)));
            all.any(|(o, i)| weight(o, i, tap) != 0)
        };
        let mut taps = taps(form, filter.side, (row, column), D::MERGES);
        taps.retain(is_used);

        let (mut runs, mut origin, mut first) = (Vec::new(), Vec::new(), 0);
        for IntegerGrid { grid, .. } in sources {
            for block in 0..grid.blocks() {
                let depth = grid.depth(block);
                for tap in &taps {
                    let offset = grid.pixel(block, tap.dy, tap.dx);
                    runs.push(Run { offset, groups: depth.div_ceil(D::DEPTH) });
                    origin.push((first..first + depth, tap));
                }
                first += depth;
            }
        }
        let blocks = channels.len().div_ceil(INTEGER_LANES);
        let mut weights = Vec::new();
        for group in D::groups(blocks) {
            for (run, (inputs, tap)) in runs.iter().zip(&origin) {
                for first in (0..run.groups).map(|group| inputs.start + group * D::DEPTH) {
                    for o in group.start * INTEGER_LANES..group.end * INTEGER_LANES {
                        weights.extend((first..first + D::DEPTH).map(|i| {
                            let weight = if i < inputs.end { weight(o, i, tap) } else { 0 };
                            D::Weight::try_from(weight).ok().expect("at most four bytes added")
                        }));
                    }
                }
            }
        }
        let (bias, multipliers) = filter.constants(channels.iter().copied(), D::Cell::OFFSET);
        Self {
            row,
            column,
            block_len: runs.iter().map(|run| run.groups * INTEGER_LANES * D::DEPTH).sum(),
            weights: weights.into_iter().collect(),
            bias,
            multipliers,
            runs,
        }
    }
}

/// The taps of a phase; those that read one pixel are one where they are added
/// up.
fn taps(form: IntegerForm, side: usize, (row, column): (usize, usize), adds: bool) -> Vec<Tap> {
    let before = if side == 3 { 1 } else { 0 };
    let place = |phase: usize, k: usize| {
        let place = k as isize - before;
        match form {
            IntegerForm::Upsampled => (phase as isize + place).div_euclid(2),
            IntegerForm::Plain | IntegerForm::Shuffled => place,
        }
    };
    let mut taps: Vec<Tap> = Vec::new();
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let (dy, dx) = (place(row, y), place(column, x));
        let at = y * side + x;
        match taps.iter_mut().find(|tap| adds && (tap.dy, tap.dx) == (dy, dx)) {
            Some(tap) => tap.at.push(at),
            None => taps.push(Tap { at: vec![at], dy, dx }),
        }
    }
    taps
}

impl<D: Dot> Step for IntegerConv<D> {
    fn kernel(&self) -> &'static str {
        match self.form {
            IntegerForm::Plain => "int8",
            IntegerForm::Upsampled => "int8, doubled",
            IntegerForm::Shuffled => "int8, four phases",
        }
    }

    fn macs(&self) -> u64 {
        self.macs
    }

    fn tasks(&self) -> usize {
        self.out.grid.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let end = ((task + 1) * self.band).min(self.out.grid.shape.height);
        let rows = task * self.band..end;
        self.dot.vectorise(Band { conv: self, arena: context.arena.cast(), rows });
    }
}

struct Band<'a, D: Dot> {
    conv: &'a IntegerConv<D>,
    arena: *mut D::Cell,
    rows: Range<usize>,
}

impl<D: Dot> DotKernel<D> for Band<'_, D> {
    #[inline(always)]
    fn run(self, dot: D) {
        let IntegerConv { out, pooled, .. } = self.conv;
        // SAFETY: the plan gave this step its grids in the arena, and this
        // task the rows.
        unsafe {
            let border = D::Cell::of(out.zero_point);
            out.grid.fill_border(self.arena, border, self.rows.clone());
            for group in D::groups(out.grid.blocks()) {
                if D::BLOCKS == 2 && group.len() == 2 {
                    self.group::<2>(dot, group.start);
                } else {
                    self.group::<1>(dot, group.start);
                }
                if let Some(pooled) = pooled {
                    self.pool(dot, *pooled, group);
                }
            }
            if let Some(pooled) = pooled {
                let rows = halved(&self.rows, out.grid, pooled.grid);
                pooled.grid.fill_border(self.arena, border, rows);
            }
        }
    }
}

impl<D: Dot> Band<'_, D> {
    /// # Safety
    /// As for [`Step::run`].
    #[inline(always)]
    unsafe fn group<const O: usize>(&self, dot: D, block: usize) {
        let IntegerConv { out, scale, phases, .. } = self.conv;
        let (grid, scale) = (out.grid, *scale);
        let source_width = grid.shape.width / scale;
        let pitch = (source_width + 2) * INTEGER_LANES;
        for phase in phases {
            // The last of an odd number of blocks has one set of constants.
            let requantise = [0, O - 1].map(|o| {
                let at = (block + o) * INTEGER_LANES;
                let bias = phase.bias.as_ptr().wrapping_add(at);
                let multipliers = phase.multipliers.as_ptr().wrapping_add(at);
                Requantise::new::<D::Cell>(bias, multipliers, out.zero_point)
            });
            let row = Row::<D> {
                runs: &phase.runs,
                weights: phase.weights.as_ptr().wrapping_add(block * phase.block_len),
                requantise,
                block_stride: grid.plane(),
                pixel_stride: scale * INTEGER_LANES,
            };
            for y in self.rows.clone().filter(|y| y % scale == phase.row) {
                let at = grid.pixel(block, y as isize, phase.column as isize);
                // SAFETY: the runs' offsets are those of pixel (0, 0); a row
                // further is a pitch of the source further.
                unsafe {
                    let from = self.arena.add(y / scale * pitch);
                    row.run::<O>(dot, from, self.arena.add(at), source_width);
                }
            }
        }
    }

    /// Pools the given blocks of the rows that were just written.
    ///
    /// # Safety
    /// As for [`Step::run`].
    #[inline(always)]
    unsafe fn pool(&self, dot: D, pooled: IntegerGrid, blocks: Range<usize>) {
        let (full, pooled) = (self.conv.out.grid, pooled.grid);
        for block in blocks {
            for y in halved(&self.rows, full, pooled) {
                // SAFETY: rows 2y and 2y + 1 and columns 2x and 2x + 1 exist.
                unsafe {
                    let mut above =
                        self.arena.add(full.pixel(block, 2 * y as isize, 0)).cast_const();
                    let mut to = self.arena.add(pooled.pixel(block, y as isize, 0));
                    for _ in 0..pooled.shape.width {
                        let below = above.add(full.pitch());
                        let right = (above.add(INTEGER_LANES), below.add(INTEGER_LANES));
                        dot.largest([above, below, right.0, right.1], to);
                        above = above.add(2 * INTEGER_LANES);
                        to = to.add(INTEGER_LANES);
                    }
                }
            }
        }
    }
}
