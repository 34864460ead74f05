//! What a network in training and the machine that computes it share: names of
//! parameters, kinds of statistics, and the places of maps.

use super::super::layout::Grid;

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

/// Where a map and its gradient lie in each sample's part of the arena.
#[derive(Clone, Copy)]
pub(super) struct PlacedMap {
    pub grid: Grid,
    pub gradient: Option<Grid>,
}
