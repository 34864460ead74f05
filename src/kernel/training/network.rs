//! A network in training: what goes into its maps and parameters and what comes
//! out, in the order of the outside, whatever vector unit computes it.

use std::ops::Range;

use super::super::arena::{ALIGN_FLOATS, Floats};
use super::super::integer::Dot;
use super::super::isa::{Isa, MissingIsa, UnitWork};
use super::super::layout::{Grid, Shape};
use super::super::simd::Simd;
use super::graph::{MapId, NodeId, Op, TrainingGraph};
use super::machine::{Machine, Samples, machine};
use super::parts::{Part, PlacedMap, Statistics};

/// A network with its parameters, and room for the maps and gradients of a
/// batch.
pub struct TrainingNetwork {
    machine: Box<dyn Machine>,
    maps: Vec<PlacedMap>,
    sample_len: usize,
    batch: usize,
    arena: Floats,
}

impl TrainingNetwork {
    /// Weights are 0, BatchNorm's are neutral.
    ///
    /// # Errors
    /// This machine lacks the instruction set.
    ///
    /// # Panics
    /// When a map is read in a way that is not provided for: by a convolution
    /// and later by another node that is not one, or by two convolutions.
    pub fn new(
        graph: &TrainingGraph,
        isa: Isa,
        batch: usize,
        threads: usize,
    ) -> Result<Self, MissingIsa> {
        isa.with_units(Builder { graph, batch, threads })
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

struct Builder<'a> {
    graph: &'a TrainingGraph,
    batch: usize,
    threads: usize,
}

impl UnitWork for Builder<'_> {
    type Output = TrainingNetwork;

    fn run<S: Simd, D: Dot>(self, simd: S, _dot: D) -> TrainingNetwork {
        let Self { graph, batch, threads } = self;
        let (maps, sample_len) = place(graph, S::LANES);
        TrainingNetwork {
            machine: machine(simd, graph, &maps, batch, threads),
            maps,
            sample_len,
            batch,
            arena: Floats::zeroed(batch * sample_len),
        }
    }
}

/// Places maps and gradients one after the other; returns the floats of a
/// sample, too.
fn place(graph: &TrainingGraph, lanes: usize) -> (Vec<PlacedMap>, usize) {
    let mut end = 0;
    let mut grid = |shape: Shape| {
        let grid = Grid { at: end, shape, lanes };
        end += grid.len().next_multiple_of(ALIGN_FLOATS);
        grid
    };
    // A gradient behind BatchNorm takes the place of the one before it.
    let shared = |map: MapId| {
        graph.nodes.iter().find(|node| matches!(node.op, Op::NormRelu { source } if source == map))
    };
    let mut maps: Vec<PlacedMap> = Vec::new();
    for (id, map) in graph.maps.iter().enumerate() {
        let own = map.gradient && shared(id).is_none();
        let place = grid(map.shape);
        maps.push(PlacedMap { grid: place, gradient: own.then(|| grid(map.shape)) });
    }
    for id in 0..maps.len() {
        if let Some(norm) = shared(id) {
            assert_eq!(graph.readers(id).count(), 1, "only BatchNorm reads its source");
            maps[id].gradient = maps[norm.into].gradient;
        }
    }
    (maps, end)
}
