//! 3×3 convolutions in floats as sums over shifted images, on blocks of
//! channels: plain, over doubled pixels, and transposed.

use std::ops::Range;

use super::arena::Floats;
use super::graph::Filter;
use super::layout::{Destination, Grid};
use super::lower::Form;
use super::panel::{Panel, Run, Runs, Start};
use super::simd::{Kernel, Simd};
use super::step::{Step, StepContext, band_rows};

/// Weights of an output block that stay in the innermost cache while the
/// pixels of a band pass by; two blocks take twice as much.
const CHUNK_FLOATS: usize = 2048;

/// A convolution as a sum over shifted images, in one pass for each phase of
/// the output: one for a plain 3×3 convolution, four where the output has
/// twice the size of the input.
pub(super) struct Direct<S> {
    simd: S,
    to: Destination,
    /// Output pixels for each input pixel and direction.
    scale: usize,
    /// Output rows of a task.
    band: usize,
    phases: Vec<Phase>,
    bias: Floats,
}

struct Phase {
    row: usize,
    column: usize,
    /// Runs of one output pixel's sum, the same for every group.
    runs: Vec<Run>,
    /// Ends of the chunks of `runs`.
    chunks: Vec<usize>,
    weights: Floats,
}

/// A tap of a phase: which input pixel beside the own one, and by what part
/// of the 3×3 filter it is multiplied (several where one input pixel stands
/// under several taps).
pub(super) struct Tap {
    pub dy: isize,
    pub dx: isize,
    pub parts: Vec<(usize, usize)>,
}

impl<S: Simd> Direct<S> {
    /// `sources` lie one after the other in the filter's input channels and
    /// have one size.
    pub(super) fn new(
        simd: S,
        sources: &[Grid],
        form: Form,
        filter: &Filter,
        to: Destination,
        threads: usize,
    ) -> Self {
        let phases = phases(form)
            .into_iter()
            .map(|(row, column, taps)| Phase::new::<S>(row, column, &taps, sources, filter))
            .collect();
        let padded = filter.outputs().next_multiple_of(S::LANES);
        let bias = (0..padded).map(|o| filter.bias.get(o).copied().unwrap_or(0.0)).collect();
        let scale = if form == Form::Plain { 1 } else { 2 };
        let band = band_rows(to.out.shape.height, to.out.shape.width, threads);
        Self { simd, to, scale, band, phases, bias }
    }
}

impl Phase {
    fn new<S: Simd>(
        row: usize,
        column: usize,
        taps: &[Tap],
        sources: &[Grid],
        filter: &Filter,
    ) -> Self {
        let inputs: usize = sources.iter().map(|grid| grid.shape.channels).sum();
        let outputs = filter.outputs();
        let (mut runs, mut chunks, mut origin) = (Vec::new(), Vec::new(), Vec::new());
        let (mut first, mut in_chunk) = (0, 0);
        for grid in sources {
            for block in 0..grid.blocks() {
                let depth = grid.depth(block);
                for tap in taps {
                    let offset = grid.pixel(block, tap.dy, tap.dx);
                    runs.push(Run { offset, depth });
                    origin.push((first, tap));
                    in_chunk += depth * S::LANES;
                }
                first += depth;
                if in_chunk >= CHUNK_FLOATS {
                    chunks.push(runs.len());
                    in_chunk = 0;
                }
            }
        }
        if chunks.last() != Some(&runs.len()) {
            chunks.push(runs.len());
        }
        let weight = |o: usize, i: usize, tap: &Tap| -> f32 {
            let of = |&(ky, kx): &(usize, usize)| {
                f64::from(filter.weights[((o * inputs + i) * 3 + ky) * 3 + kx])
            };
            if o < outputs { tap.parts.iter().map(of).sum::<f64>() as f32 } else { 0.0 }
        };
        let mut weights = Vec::new();
        for group in Panel::groups(outputs.div_ceil(S::LANES)) {
            for (run, (first, tap)) in runs.iter().zip(&origin) {
                for k in 0..run.depth {
                    for block in group.clone() {
                        for lane in 0..S::LANES {
                            weights.push(weight(block * S::LANES + lane, first + k, tap));
                        }
                    }
                }
            }
        }
        Self { row, column, runs, chunks, weights: weights.into_iter().collect() }
    }
}

/// Output phases (row, column) and their taps.
pub(super) fn phases(form: Form) -> Vec<(usize, usize, Vec<Tap>)> {
    if form == Form::Plain {
        let all = (0..9).map(|k| (k / 3, k % 3));
        let taps = all.map(|(ky, kx)| Tap {
            dy: ky as isize - 1,
            dx: kx as isize - 1,
            parts: vec![(ky, kx)],
        });
        return vec![(0, 0, taps.collect())];
    }
    let axis = |phase: usize| -> Vec<(isize, Vec<usize>)> {
        match (form, phase) {
            (Form::Upsampled, 0) => vec![(-1, vec![0]), (0, vec![1, 2])],
            (Form::Upsampled, _) => vec![(0, vec![0, 1]), (1, vec![2])],
            (_, 0) => vec![(0, vec![1])],
            (_, _) => vec![(0, vec![2]), (1, vec![0])],
        }
    };
    let mut all = Vec::new();
    for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut taps = Vec::new();
        for (dy, rows) in axis(row) {
            for (dx, columns) in axis(column) {
                let parts = rows.iter().flat_map(|&ky| columns.iter().map(move |&kx| (ky, kx)));
                taps.push(Tap { dy, dx, parts: parts.collect() });
            }
        }
        all.push((row, column, taps));
    }
    all
}

impl<S: Simd> Step for Direct<S> {
    fn kernel(&self) -> &'static str {
        match self.phases.len() {
            1 => "direct",
            _ => "direct, four phases",
        }
    }

    fn macs(&self) -> u64 {
        let pixels =
            (self.to.out.shape.height / self.scale) * (self.to.out.shape.width / self.scale);
        let depth: usize =
            self.phases.iter().flat_map(|phase| &phase.runs).map(|run| run.depth).sum();
        (pixels * depth * self.to.out.shape.channels) as u64
    }

    fn tasks(&self) -> usize {
        self.to.out.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let end = ((task + 1) * self.band).min(self.to.out.shape.height);
        let rows = task * self.band..end;
        self.simd.vectorise(Band { direct: self, arena: context.arena, rows });
    }
}

struct Band<'a, S> {
    direct: &'a Direct<S>,
    arena: *mut f32,
    rows: Range<usize>,
}

impl<S: Simd> Kernel<S> for Band<'_, S> {
    #[inline(always)]
    fn run(self, simd: S) {
        let direct = self.direct;
        // SAFETY: the plan gave this step its grids in the arena, and this
        // task the rows.
        unsafe {
            direct.to.out.clear_border(self.arena, self.rows.clone());
            for (index, group) in Panel::groups(direct.to.out.blocks()).enumerate() {
                if group.len() == 2 {
                    self.group::<2>(simd, index, group.start);
                } else {
                    self.group::<1>(simd, index, group.start);
                }
                if let Some(pooled) = direct.to.pooled {
                    super::pool::rows(simd, self.arena, direct.to.out, pooled, group, &self.rows);
                }
            }
            if let Some(pooled) = direct.to.pooled {
                let rows = super::pool::halved(&self.rows, direct.to.out, pooled);
                pooled.clear_border(self.arena, rows);
            }
        }
    }
}

impl<S: Simd> Band<'_, S> {
    /// # Safety
    /// As for [`Step::run`].
    #[inline(always)]
    unsafe fn group<const O: usize>(&self, simd: S, index: usize, block: usize) {
        let Direct { to, scale, phases, bias, .. } = self.direct;
        let Destination { out, relu, .. } = *to;
        let source_width = out.shape.width / scale;
        let pitch = (source_width + 2) * S::LANES;
        // SAFETY: a bias for every output channel, padded to whole blocks.
        let bias = unsafe { bias.as_ptr().add(block * S::LANES) };
        for phase in phases {
            let depth: usize = phase.runs.iter().map(|run| run.depth).sum();
            // Every group before this one had two blocks.
            // SAFETY: the weights of all groups lie one after the other.
            let mut weights = unsafe { phase.weights.as_ptr().add(index * 2 * depth * S::LANES) };
            let mut first = 0;
            for &end in &phase.chunks {
                let runs = &phase.runs[first..end];
                let panel = Panel {
                    runs: Runs::Of(runs),
                    weights,
                    start: if first == 0 { Start::Bias(bias) } else { Start::Sum },
                    relu: relu && end == phase.runs.len(),
                    block_stride: out.plane(),
                    pixel_stride: scale * S::LANES,
                };
                for y in self.rows.clone().filter(|y| y % scale == phase.row) {
                    let at = out.pixel(block, y as isize, phase.column as isize);
                    // SAFETY: the runs' offsets are those of pixel (0, 0); a
                    // row further is a pitch of the source further.
                    unsafe {
                        let from = self.arena.add(y / scale * pitch);
                        panel.row::<S, O>(simd, from, self.arena.add(at), source_width);
                    }
                }
                let used: usize = runs.iter().map(|run| run.depth).sum();
                // SAFETY: one after the other, as above.
                weights = unsafe { weights.add(used * O * S::LANES) };
                first = end;
            }
        }
    }
}
