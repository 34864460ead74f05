//! Runs the steps of a network in training forward and backward on a vector
//! unit, their tasks shared out over a team of threads.

use std::ops::Range;
use std::sync::OnceLock;

use super::super::arena::Floats;
use super::super::layout::Grid;
use super::super::simd::Simd;
use super::super::team::Team;
use super::conv::Sum;
use super::graph::{NodeId, TrainingGraph};
use super::norm::{Norm, NormPass, Sums};
use super::parts::{Part, PlacedMap, Statistics};
use super::pool::{Pool, PoolPass};
use super::step::{Conv, Step};

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

/// What a network in training is computed with, for any vector unit.
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

/// The network's steps for a vector unit.
pub(super) fn machine<S: Simd>(
    simd: S,
    graph: &TrainingGraph,
    maps: &[PlacedMap],
    batch: usize,
    threads: usize,
) -> Box<dyn Machine> {
    let steps = (0..graph.nodes.len()).map(|node| Step::new(graph, maps, node, batch)).collect();
    Box::new(Typed { simd, steps, team: Team::new(threads) })
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
