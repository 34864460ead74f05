use std::ops::Range;
use std::sync::OnceLock;

use super::super::arena::{ALIGN_FLOATS, Floats};
use super::super::isa::Isa;
use super::super::layout::{Grid, Shape};
use super::super::simd::{self, Simd};
use super::super::team::Team;
use super::conv::Sum;
use super::graph::{MapId, NodeId, Op, TrainingGraph};
use super::norm::{Norm, NormPass, Sums};
use super::pool::{Pool, PoolPass};
use super::products::WeightGradient;
use super::shuffle::Shuffle;

/// A parameter of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Weight,
    Bias,
    /// Statistics of BatchNorm, of inference; no gradient.
    RunningMean,
    RunningVariance,
}

/// What BatchNorm goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// The batch's own; the running ones move. Needed for going backward.
    Batch,
    Running,
}

/// A network with its parameters, and room for the maps and gradients of a
/// batch.
pub struct TrainingNetwork {
    machine: Box<dyn Machine>,
    maps: Vec<PlacedMap>,
    sample_len: usize,
    batch: usize,
    arena: Floats,
}

#[derive(Clone, Copy)]
struct PlacedMap {
    grid: Grid,
    gradient: Option<Grid>,
}

impl TrainingNetwork {
    /// Weights are 0, BatchNorm's are neutral.
    ///
    /// # Panics
    /// When the machine lacks `isa`, or a map is read in a way that is not
    /// provided for: by a convolution and later by another node that is not
    /// one, or by two convolutions.
    pub fn new(graph: &TrainingGraph, isa: Isa, batch: usize, threads: usize) -> Self {
        let made = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Avx512 => {
                simd::Avx512::detect().map(|simd| make(simd, graph, batch, threads))
            }
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni | Isa::Avx2 => {
                simd::Avx2::detect().map(|simd| make(simd, graph, batch, threads))
            }
            #[cfg(target_arch = "aarch64")]
            Isa::NeonDot | Isa::Neon => {
                simd::Neon::detect().map(|simd| make(simd, graph, batch, threads))
            }
            Isa::Scalar => Some(make(simd::Scalar::detect(), graph, batch, threads)),
            #[allow(unreachable_patterns)]
            _ => None,
        };
        made.unwrap_or_else(|| panic!("this machine has no {isa}"))
    }

    /// The most samples that a batch may have.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// # Panics
    /// When the node has no such parameter.
    pub fn parameter(&self, node: NodeId, part: Part) -> &[f32] {
        self.machine.parameter(node, part)
    }

    /// # Panics
    /// When the node has no such parameter.
    pub fn parameter_mut(&mut self, node: NodeId, part: Part) -> &mut [f32] {
        self.machine.parameter_mut(node, part)
    }

    /// The parameter, and the gradient of the last way back. The gradient by
    /// the bias of a convolution before BatchNorm is 0, as it is but for
    /// rounding.
    ///
    /// # Panics
    /// When the node has no such parameter, or it has no gradient.
    pub fn with_gradient(&mut self, node: NodeId, part: Part) -> (&mut [f32], &[f32]) {
        self.machine.with_gradient(node, part)
    }

    /// Fills a map from `values`, samples×C×H×W.
    ///
    /// # Panics
    /// When the samples do not fit.
    pub fn write(&mut self, map: MapId, values: &[f32]) {
        self.copy_in(self.maps[map].grid, values);
    }

    /// Sets the gradient of the loss by a map.
    ///
    /// # Panics
    /// When the samples do not fit, or no gradient was wanted.
    pub fn write_gradient(&mut self, map: MapId, values: &[f32]) {
        self.copy_in(self.maps[map].gradient.expect("a map with a gradient"), values);
    }

    /// The first `count` samples of a map, samples×C×H×W.
    pub fn read(&self, map: MapId, count: usize) -> Vec<f32> {
        self.copy_out(self.maps[map].grid, count)
    }

    /// The gradient by a map, as the last way back left it.
    ///
    /// # Panics
    /// When no gradient was wanted.
    pub fn read_gradient(&self, map: MapId, count: usize) -> Vec<f32> {
        self.copy_out(self.maps[map].gradient.expect("a map with a gradient"), count)
    }

    /// Runs nodes over the first `count` samples.
    pub fn forward(&mut self, nodes: Range<NodeId>, count: usize, statistics: Statistics) {
        assert!(count <= self.batch, "{count} samples in a batch of {}", self.batch);
        let samples = Samples { arena: &mut self.arena, len: self.sample_len, count };
        self.machine.forward(samples, nodes, statistics);
    }

    /// Runs nodes backward, after [`TrainingNetwork::forward`] by the batch's
    /// statistics, from the gradients that were written.
    pub fn backward(&mut self, nodes: Range<NodeId>, count: usize) {
        let samples = Samples { arena: &mut self.arena, len: self.sample_len, count };
        self.machine.backward(samples, nodes);
    }

    fn copy_in(&mut self, grid: Grid, values: &[f32]) {
        let (shape, lanes) = (grid.shape, grid.lanes);
        assert!(values.len().is_multiple_of(shape.len()), "whole samples");
        assert!(values.len() <= self.batch * shape.len(), "no more samples than a batch has");
        let samples = self.arena.as_mut_slice().chunks_exact_mut(self.sample_len);
        for (sample, values) in samples.zip(values.chunks_exact(shape.len())) {
            for (index, row) in values.chunks_exact(shape.width).enumerate() {
                let (channel, y) = (index / shape.height, index % shape.height);
                let at = grid.pixel(channel / lanes, y as isize, 0) + channel % lanes;
                let to = sample[at..].iter_mut().step_by(lanes);
                to.zip(row).for_each(|(to, value)| *to = *value);
            }
        }
    }

    fn copy_out(&self, grid: Grid, count: usize) -> Vec<f32> {
        let (shape, lanes) = (grid.shape, grid.lanes);
        let mut values = Vec::with_capacity(count * shape.len());
        for sample in self.arena.as_slice().chunks_exact(self.sample_len).take(count) {
            for index in 0..shape.channels * shape.height {
                let (channel, y) = (index / shape.height, index % shape.height);
                let at = grid.pixel(channel / lanes, y as isize, 0) + channel % lanes;
                values.extend(sample[at..].iter().step_by(lanes).take(shape.width));
            }
        }
        values
    }
}

/// The arena's first samples.
struct Samples<'a> {
    arena: &'a mut Floats,
    len: usize,
    count: usize,
}

/// Pointers into the arena for the threads of a team.
#[derive(Clone, Copy)]
struct Place {
    arena: *mut f32,
    len: usize,
}

// SAFETY: every task that gets one keeps to its own part of the arena.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

impl Place {
    fn sample(&self, sample: usize) -> *mut f32 {
        self.arena.wrapping_add(sample * self.len)
    }

    fn len(&self) -> usize {
        self.len
    }
}

trait Machine: Send {
    fn parameter(&self, node: NodeId, part: Part) -> &[f32];
    fn parameter_mut(&mut self, node: NodeId, part: Part) -> &mut [f32];
    fn with_gradient(&mut self, node: NodeId, part: Part) -> (&mut [f32], &[f32]);
    fn forward(&mut self, samples: Samples<'_>, nodes: Range<NodeId>, statistics: Statistics);
    fn backward(&mut self, samples: Samples<'_>, nodes: Range<NodeId>);
}

struct Typed<S> {
    simd: S,
    steps: Vec<Step>,
    team: Team,
}

enum Step {
    Conv(Box<Conv>),
    Norm(Box<Norm>),
    Pool(Pool),
    Shuffle(Shuffle),
}

struct Conv {
    gradient: Grid,
    weight: Vec<f32>,
    bias: Vec<f32>,
    weight_gradient: Vec<f32>,
    bias_gradient: Vec<f32>,
    /// Whether BatchNorm follows, before which a bias has no effect.
    before_norm: bool,
    forward: Sum,
    /// Whether the packed weights are older than the weights.
    stale: [bool; 2],
    backward: Option<Sum>,
    products: WeightGradient,
}

fn make<S: Simd>(simd: S, graph: &TrainingGraph, batch: usize, threads: usize) -> TrainingNetwork {
    let mut end = 0;
    let mut place = |shape: Shape| {
        let grid = Grid { at: end, shape, lanes: S::LANES };
        end += grid.len().next_multiple_of(ALIGN_FLOATS);
        grid
    };
    let mut maps: Vec<PlacedMap> = Vec::new();
    for map in &graph.maps {
        let grid = place(map.shape);
        maps.push(PlacedMap { grid, gradient: map.gradient.then(|| place(map.shape)) });
    }
    for node in &graph.nodes {
        if let Op::NormRelu { source } = node.op {
            assert_eq!(graph.readers(source).count(), 1, "only BatchNorm reads its source");
            // The one replaces the other; what was placed stays unused.
            maps[source].gradient = maps[node.into].gradient;
        }
    }
    let steps = graph.nodes.iter().enumerate().map(|(node, _)| step(graph, &maps, node, batch));
    let steps = steps.collect();
    let machine = Box::new(Typed { simd, steps, team: Team::new(threads) });
    TrainingNetwork { machine, maps, sample_len: end, batch, arena: Floats::zeroed(batch * end) }
}

fn step(graph: &TrainingGraph, maps: &[PlacedMap], node: NodeId, batch: usize) -> Step {
    let into = maps[graph.nodes[node].into];
    let gradient = into.gradient.expect("every node's map has a gradient");
    let later = |map: MapId| graph.readers(map).any(|reader| reader > node);
    match &graph.nodes[node].op {
        Op::Conv { sources, form } => {
            assert!(!sources.iter().any(|&map| later(map)), "a convolution reads a map last");
            let grids: Vec<Grid> = sources.iter().map(|&map| maps[map].grid).collect();
            let gradients: Vec<Option<Grid>> =
                sources.iter().map(|&map| maps[map].gradient).collect();
            let wanted = gradients.iter().any(Option::is_some);
            let channels: Vec<usize> = grids.iter().map(|grid| grid.shape.channels).collect();
            let inputs: usize = channels.iter().sum();
            let outputs = into.grid.shape.channels;
            let before_norm = graph
                .readers(graph.nodes[node].into)
                .any(|reader| matches!(graph.nodes[reader].op, Op::NormRelu { .. }));
            Step::Conv(Box::new(Conv {
                gradient,
                weight: vec![0.0; 9 * inputs * outputs],
                bias: vec![0.0; outputs],
                weight_gradient: vec![0.0; 9 * inputs * outputs],
                bias_gradient: vec![0.0; outputs],
                before_norm,
                forward: Sum::forward(&grids, into.grid, *form),
                stale: [true; 2],
                backward: wanted.then(|| Sum::backward(&channels, &gradients, gradient, *form)),
                products: WeightGradient::new(&grids, gradient, *form, batch),
            }))
        }
        Op::NormRelu { source } => {
            Step::Norm(Box::new(Norm::new(maps[*source].grid, into.grid, gradient)))
        }
        Op::MaxPool { source } => Step::Pool(Pool {
            source: maps[*source].grid,
            into: into.grid,
            source_gradient: maps[*source].gradient.expect("pooled maps have a gradient"),
            gradient,
            adds: later(*source),
        }),
        Op::PixelShuffle { source } => Step::Shuffle(Shuffle {
            source: maps[*source].grid,
            into: into.grid,
            source_gradient: maps[*source].gradient.expect("shuffled maps have a gradient"),
            gradient,
        }),
    }
}

impl<S: Simd> Machine for Typed<S> {
    fn parameter(&self, node: NodeId, part: Part) -> &[f32] {
        match (&self.steps[node], part) {
            (Step::Conv(conv), Part::Weight) => &conv.weight,
            (Step::Conv(conv), Part::Bias) => &conv.bias,
            (Step::Norm(norm), Part::Weight) => &norm.weight,
            (Step::Norm(norm), Part::Bias) => &norm.bias,
            (Step::Norm(norm), Part::RunningMean) => &norm.running_mean,
            (Step::Norm(norm), Part::RunningVariance) => &norm.running_variance,
            _ => panic!("node {node} has no {part:?}"),
        }
    }

    fn parameter_mut(&mut self, node: NodeId, part: Part) -> &mut [f32] {
        match (part, &self.steps[node]) {
            (Part::RunningMean | Part::RunningVariance, Step::Norm(_)) => {}
            _ => return self.with_gradient(node, part).0,
        }
        match (part, &mut self.steps[node]) {
            (Part::RunningMean, Step::Norm(norm)) => &mut norm.running_mean,
            (_, Step::Norm(norm)) => &mut norm.running_variance,
            _ => unreachable!("a norm, as was seen above"),
        }
    }

    fn with_gradient(&mut self, node: NodeId, part: Part) -> (&mut [f32], &[f32]) {
        match (&mut self.steps[node], part) {
            (Step::Conv(conv), Part::Weight | Part::Bias) => {
                conv.stale = [true; 2];
                if part == Part::Weight {
                    (&mut conv.weight, &conv.weight_gradient)
                } else {
                    (&mut conv.bias, &conv.bias_gradient)
                }
            }
            (Step::Norm(norm), Part::Weight) => (&mut norm.weight, &norm.weight_gradient),
            (Step::Norm(norm), Part::Bias) => (&mut norm.bias, &norm.bias_gradient),
            _ => panic!("node {node} has no {part:?} with a gradient"),
        }
    }

    fn forward(&mut self, samples: Samples<'_>, nodes: Range<NodeId>, statistics: Statistics) {
        let Self { simd, steps, team } = self;
        let simd = *simd;
        let Samples { arena, len, count } = samples;
        for step in &mut steps[nodes] {
            let place = Place { arena: arena.as_mut_ptr(), len };
            match step {
                Step::Conv(conv) => {
                    if std::mem::take(&mut conv.stale[0]) {
                        conv.forward.pack(&conv.weight, &conv.bias);
                    }
                    sum(simd, team, &conv.forward, place, count);
                }
                Step::Norm(norm) => {
                    if statistics == Statistics::Batch {
                        norm.begin(&arena.as_slice()[..len]);
                        let sums = normalise(simd, team, norm, NormPass::Statistics, place, count);
                        norm.settle(&sums);
                    } else {
                        norm.settle_by_running();
                    }
                    normalise(simd, team, norm, NormPass::Forward, place, count);
                }
                Step::Pool(pool) => {
                    let pool = &*pool;
                    team.run(count, &|_, sample| {
                        simd.vectorise(PoolPass {
                            pool,
                            sample: place.sample(sample),
                            backward: false,
                        });
                    });
                }
                Step::Shuffle(shuffle) => {
                    let samples = arena.as_mut_slice().chunks_exact_mut(len).take(count);
                    samples.for_each(|sample| shuffle.forward(sample));
                }
            }
        }
    }

    fn backward(&mut self, samples: Samples<'_>, nodes: Range<NodeId>) {
        let Self { simd, steps, team } = self;
        let simd = *simd;
        let Samples { arena, len, count } = samples;
        for step in steps[nodes].iter_mut().rev() {
            let place = Place { arena: arena.as_mut_ptr(), len };
            match step {
                Step::Conv(conv) => {
                    if !conv.before_norm {
                        let arena = arena.as_slice();
                        let samples = arena.chunks_exact(len).take(count);
                        add_up(samples, conv.gradient, &mut conv.bias_gradient);
                    }
                    multiply(simd, team, conv, place, count);
                    if let Some(backward) = &mut conv.backward {
                        if std::mem::take(&mut conv.stale[1]) {
                            backward.pack(&conv.weight, &[]);
                        }
                        sum(simd, team, backward, place, count);
                    }
                }
                Step::Norm(norm) => {
                    let sums = normalise(simd, team, norm, NormPass::Gradients, place, count);
                    norm.settle_backward(&sums);
                    normalise(simd, team, norm, NormPass::Backward, place, count);
                }
                Step::Pool(pool) => {
                    let pool = &*pool;
                    team.run(count, &|_, sample| {
                        simd.vectorise(PoolPass {
                            pool,
                            sample: place.sample(sample),
                            backward: true,
                        });
                    });
                }
                Step::Shuffle(shuffle) => {
                    let samples = arena.as_mut_slice().chunks_exact_mut(len).take(count);
                    samples.for_each(|sample| shuffle.backward(sample));
                }
            }
        }
    }
}

fn sum<S: Simd>(simd: S, team: &mut Team, sum: &Sum, place: Place, count: usize) {
    let bands = sum.tasks();
    // Tasks have rows of the output to themselves and read another map.
    team.run(count * bands, &|_, task| {
        simd.vectorise(sum.band(place.sample(task / bands), task % bands));
    });
}

fn normalise<S: Simd>(
    simd: S,
    team: &mut Team,
    norm: &Norm,
    kind: NormPass,
    place: Place,
    count: usize,
) -> Vec<Sums> {
    let sums: Vec<OnceLock<Sums>> = (0..count).map(|_| OnceLock::new()).collect();
    team.run(count, &|_, sample| {
        // SAFETY: a task for each sample.
        let found = unsafe { norm.pass(kind, place.sample(sample)).run(simd) };
        let _ = sums[sample].set(found);
    });
    sums.into_iter().map(|sums| sums.into_inner().unwrap_or_default()).collect()
}

fn multiply<S: Simd>(simd: S, team: &mut Team, conv: &mut Conv, place: Place, count: usize) {
    let products = &conv.products;
    // Tasks have sums of their own and only read the maps.
    team.run(products.tasks(), &|_, task| {
        simd.vectorise(products.task(place.sample(0), place.len(), count, task));
    });
    let to = Place { arena: conv.weight_gradient.as_mut_ptr(), len: 0 };
    team.run(products.input_count(), &|_, input| {
        // SAFETY: a task for each input block.
        unsafe { products.unpack(input, to.sample(0)) };
    });
}

fn add_up<'a>(samples: impl Iterator<Item = &'a [f32]>, gradient: Grid, sums: &mut [f32]) {
    let mut totals = vec![0.0; sums.len()];
    for sample in samples {
        for (channel, total) in totals.iter_mut().enumerate() {
            let (block, lane) = (channel / gradient.lanes, channel % gradient.lanes);
            for y in 0..gradient.shape.height as isize {
                let row = sample[gradient.pixel(block, y, 0) + lane..].iter();
                let row = row.step_by(gradient.lanes).take(gradient.shape.width);
                *total += f64::from(row.sum::<f32>());
            }
        }
    }
    sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum = total as f32);
}
