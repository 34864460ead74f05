//! Why the kernels do not take two graphs, in the words that `bench` shows.

use thiserror::Error;

use crate::kernel::{Element, NodeError, PlanError};
use crate::model::graph::OnnxError;

/// Why graphs do not run on the kernels.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("node `{node}` ({op_type}) {fault}")]
    Node { node: String, op_type: String, fault: Fault },
    #[error("an encoder has one input")]
    EncoderInputs,
    #[error("the encoder has no output")]
    NoQuery,
    #[error("the decoder has no input")]
    DecoderInputs,
    #[error("a decoder has one output")]
    DecoderOutputs,
    #[error("the decoder does not take query and read")]
    NotQueryAndRead,
    #[error("the decoder does not take the encoder's skips")]
    Skips,
    #[error("the newest frame is not of the shape of the predicted one")]
    Newest,
    #[error("`{0}` is not of the shape that the encoder gives")]
    SkipShape(String),
    #[error("`{name}` is not a tensor of 1×C×H×W values of {element:?}")]
    Boundary { name: String, element: Element },
    #[error("output {0}")]
    Output(Fault),
}

/// What the kernels do not take of a node.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error("is an operator without a kernel")]
    NoKernel,
    #[error("has too few inputs")]
    TooFewInputs,
    #[error("takes `{0}`, which is not computed before")]
    Unknown(String),
    #[error("takes `{0}`, which is a length")]
    Length(String),
    #[error("takes `{0}`, which is a difference")]
    Difference(String),
    #[error("takes a constant")]
    Constant,
    #[error("subtracts something else than one number")]
    OtherDifference,
    #[error("reduces the axes {0:?}, not the channels alone")]
    OtherAxes(Vec<i64>),
    #[error("is not the lower bound of a length")]
    OtherMaximum,
    #[error("divides by something else than a length")]
    OtherDivisor,
    #[error("takes the last channels of something else than the frames, or others than before")]
    OtherSlice,
    #[error("divides by the length of another map")]
    LengthOfAnother,
    #[error("has weights of shape {0:?}")]
    WeightShape([usize; 4]),
    #[error("has pads {found:?}, not {wanted:?}")]
    Pads { found: [usize; 4], wanted: [usize; 4] },
    #[error(transparent)]
    Kernel(#[from] NodeError),
}
