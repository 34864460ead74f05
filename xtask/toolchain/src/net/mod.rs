//! The network, described once. [`NetworkSpec`] says which member of the family
//! is meant, [`Network`] is its list of layers; the trainer's module and the
//! ONNX graphs are both made from that list. Nothing here knows a framework.

mod build;
mod init;
mod layer;
mod preset;
mod spec;
mod steps;
mod weights;

pub use build::Network;
pub use init::{initial_items, initial_weights};
pub use layer::{
    BATCH_NORM_EPSILON, Graph, L2_EPSILON, Layer, NEWEST, Op, Parameter, ParameterKind, Shape,
    skip_name,
};
pub use preset::{Preset, PresetValues};
pub use spec::{NetworkSpec, Predicts, Task, Upsampling};
pub use steps::Step;
pub use weights::{Tensor, Weights};
