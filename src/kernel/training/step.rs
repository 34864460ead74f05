//! The nodes of a network in training as steps, each with its parameters, their
//! gradients and the places of the maps that it reads and writes.

use super::super::layout::Grid;
use super::conv::Sum;
use super::graph::{MapId, NodeId, Op, TrainingGraph};
use super::norm::Norm;
use super::parts::PlacedMap;
use super::pool::Pool;
use super::products::WeightGradient;
use super::shuffle::Shuffle;

/// A node with its parameters and places.
pub(super) enum Step {
    Conv(Box<Conv>),
    Norm(Box<Norm>),
    Pool(Pool),
    Shuffle(Shuffle),
}

pub(super) struct Conv {
    pub gradient: Grid,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub weight_gradient: Vec<f32>,
    pub bias_gradient: Vec<f32>,
    /// Whether BatchNorm follows, before which a bias has no effect.
    pub before_norm: bool,
    pub forward: Sum,
    /// Whether the packed weights are older than the weights.
    pub stale: [bool; 2],
    pub backward: Option<Sum>,
    pub products: WeightGradient,
}

impl Step {
    pub(super) fn new(
        graph: &TrainingGraph,
        maps: &[PlacedMap],
        node: NodeId,
        batch: usize,
    ) -> Self {
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
                Self::Conv(Box::new(Conv {
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
                Self::Norm(Box::new(Norm::new(maps[*source].grid, into.grid, gradient)))
            }
            Op::MaxPool { source } => Self::Pool(Pool {
                source: maps[*source].grid,
                into: into.grid,
                source_gradient: maps[*source].gradient.expect("pooled maps have a gradient"),
                gradient,
                adds: later(*source),
            }),
            Op::PixelShuffle { source } => Self::Shuffle(Shuffle {
                source: maps[*source].grid,
                into: into.grid,
                source_gradient: maps[*source].gradient.expect("shuffled maps have a gradient"),
                gradient,
            }),
        }
    }
}
