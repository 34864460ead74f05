use std::ops::Range;
use std::sync::OnceLock;

use super::super::arena::{ALIGN_FLOATS, Floats};
use super::super::layout::{Grid, Shape};
use super::super::simd::Simd;
use super::super::team::Team;
use super::conv::Sum;
use super::graph::{MapId, NodeId, Op, TrainingGraph};
use super::network::{Part, PlacedMap, Statistics, TrainingNetwork};
use super::norm::{Norm, NormPass, Sums};
use super::pool::{Pool, PoolPass};
use super::products::WeightGradient;
use super::shuffle::Shuffle;

/// The arena's first samples.
pub(super) struct Samples<'a> {
    pub arena: &'a mut Floats,
    pub len: usize,
    pub count: usize,
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

/// What a [`TrainingNetwork`] computes with, for any vector unit.
pub(super) trait Machine: Send {
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

/// The network for a vector unit.
pub(super) fn make<S: Simd>(
    simd: S,
    graph: &TrainingGraph,
    batch: usize,
    threads: usize,
) -> TrainingNetwork {
    let mut end = 0;
    let mut place = |shape: Shape| {
        let grid = Grid { at: end, shape, lanes: S::LANES };
        end += grid.len().next_multiple_of(ALIGN_FLOATS);
        grid
    };
    // A gradient behind BatchNorm takes the place of the one before it.
    let shared = |map: MapId| {
        graph.nodes.iter().find(|node| matches!(node.op, Op::NormRelu { source } if source == map))
    };
    let mut maps: Vec<PlacedMap> = Vec::new();
    for (id, map) in graph.maps.iter().enumerate() {
        let grid = place(map.shape);
        let own = map.gradient && shared(id).is_none();
        maps.push(PlacedMap { grid, gradient: own.then(|| place(map.shape)) });
    }
    for id in 0..maps.len() {
        if let Some(norm) = shared(id) {
            assert_eq!(graph.readers(id).count(), 1, "only BatchNorm reads its source");
            maps[id].gradient = maps[norm.into].gradient;
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
        match part {
            Part::Weight | Part::Bias => self.with_gradient(node, part).0,
            Part::RunningMean | Part::RunningVariance => {
                let Step::Norm(norm) = &mut self.steps[node] else {
                    panic!("node {node} has no {part:?}")
                };
                if part == Part::RunningMean {
                    &mut norm.running_mean
                } else {
                    &mut norm.running_variance
                }
            }
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
                Step::Pool(pool) => reduce(simd, team, pool, false, place, count),
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
                Step::Pool(pool) => reduce(simd, team, pool, true, place, count),
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

fn reduce<S: Simd>(
    simd: S,
    team: &mut Team,
    pool: &Pool,
    backward: bool,
    place: Place,
    count: usize,
) {
    team.run(count, &|_, sample| {
        simd.vectorise(PoolPass { pool, sample: place.sample(sample), backward });
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
