//! Forward and backward passes of the network family on a CPU, for training.
//!
//! A [`TrainingGraph`] says what the network is; a [`TrainingNetwork`] holds
//! its parameters, and the maps and gradients of a batch. Convolutions forward
//! and by data are the sums over shifted images that inference uses too, the
//! gradients by the weights are products over pixels; BatchNorm and ReLU are
//! one step. Every result is the same for any number of threads: what is
//! summed, and in what order, depends on the shapes alone.

mod conv;
mod graph;
mod machine;
mod network;
mod norm;
mod parts;
mod pool;
mod products;
mod shuffle;
mod step;
#[cfg(test)]
mod tests;
mod tile;

pub use graph::{ConvForm, MapId, NodeId, TrainingGraph};
pub use network::TrainingNetwork;
pub use parts::{Part, Statistics};
