//! A graph as its ONNX file has it, but typed and checked: what the kernels and
//! the toolchain's quantiser are made from, without the file format.

use thiserror::Error;

use crate::kernel::Quantisation;
use crate::model::Precision;

/// Encoder or decoder, node by node.
#[derive(Clone, Debug)]
pub struct OnnxGraph {
    pub name: String,
    /// Without those that only name a constant.
    pub inputs: Vec<Boundary>,
    pub outputs: Vec<Boundary>,
    /// In the order of the file; constants are where they are used.
    pub nodes: Vec<OnnxNode>,
    /// What the convolutions compute in: one in integers makes it int8.
    pub precision: Precision,
}

/// A tensor that enters or leaves a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    pub name: String,
    pub element: BoundaryElement,
    /// All sides; `None` where one of them is not fixed.
    pub shape: Option<Vec<usize>>,
}

/// What a boundary's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryElement {
    F32,
    F16,
    I8,
    Other,
}

/// An operator with one result.
#[derive(Clone, Debug)]
pub struct OnnxNode {
    /// The node's name, or that of its result where it has none.
    pub name: String,
    /// ONNX's name of the operator.
    pub op_type: String,
    pub operator: Operator,
    /// Without the constants that `operator` holds.
    pub inputs: Vec<Operand>,
    pub output: String,
    /// Its place among all nodes of the file.
    pub index: usize,
}

/// What a node computes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A result of another node, or an input of the graph.
    Tensor(String),
    /// A constant of one number.
    Scalar(f32),
    /// Any other constant, by its name.
    Constant(String),
}

/// The operators of the network family, with all that they are told. A node
/// that is told something else is an error, and no operator of these.
#[derive(Clone, Debug)]
pub enum Operator {
    /// Stride 1.
    Conv(Convolution),
    /// 3×3, stride 2, pads 1 and output padding 1: twice the size.
    ConvTranspose(Convolution),
    /// Stride 1.
    QLinearConv(IntegerConvolution),
    QuantizeLinear(Quantisation),
    DequantizeLinear(Quantisation),
    /// 2×2, stride 2, no pads.
    MaxPool,
    /// Resize to twice the size, nearest neighbour.
    Upsample,
    /// Block 2 in CRD mode: channel 4c + 2a + b becomes row a, column b of each
    /// 2×2 square of channel c.
    DepthToSpace,
    /// Along the channels.
    Concat,
    Relu,
    Tanh,
    Identity,
    /// To floats of 32 or 16 bits.
    CastToFloat,
    Sub,
    Add,
    /// The last channels, so many: a Slice of axis 1 from −count to the end.
    LastChannels {
        count: usize,
    },
    Div,
    Max,
    ReduceL2 {
        axes: Vec<i64>,
        keeps_dimensions: bool,
    },
    /// Of which nothing is known but [`OnnxNode::op_type`].
    Other,
}

/// A convolution in floats, without dilation and groups.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// The weights' name in the file.
    pub weight_name: String,
    /// Out, in, rows, columns; in, out, rows, columns of a transposed one.
    pub shape: [usize; 4],
    /// Row-major; halves are widened.
    pub weights: Vec<f32>,
    /// One for each output channel, 0 where the file has none.
    pub bias: Vec<f32>,
    /// Top, left, bottom, right.
    pub pads: [usize; 4],
}

/// A convolution from integers to integers, without dilation and groups. The
/// zero point of the weights is 0.
#[derive(Clone, Debug)]
pub struct IntegerConvolution {
    /// Out, in, rows, columns.
    pub shape: [usize; 4],
    /// Row-major.
    pub weights: Vec<i8>,
    /// Of the weights: one for each output channel, or one for all.
    pub scales: Vec<f32>,
    /// One for each output channel, 0 where the file has none.
    pub bias: Vec<i32>,
    /// Top, left, bottom, right.
    pub pads: [usize; 4],
    pub input: Quantisation,
    pub output: Quantisation,
}

/// A file that no [`OnnxGraph`] can be read from.
#[derive(Debug, Error)]
pub enum OnnxError {
    /// Not the protocol buffer of an ONNX model.
    #[error("{0}")]
    Undecodable(String),
    #[error("is a model without a graph")]
    NoGraph,
    #[error("node `{node}` ({op_type}) {fault}")]
    Node { node: String, op_type: String, fault: OnnxFault },
}

/// What is wrong with a node.
#[derive(Debug, Error)]
pub enum OnnxFault {
    #[error("is of the domain {0}")]
    Domain(String),
    #[error("has {0} outputs, not one")]
    Outputs(usize),
    #[error("has too few inputs")]
    TooFewInputs,
    #[error("takes `{0}`, which is not constant")]
    NotConstant(String),
    #[error("has {name} {found:?}, not {wanted:?}")]
    Attribute { name: &'static str, found: Vec<i64>, wanted: Vec<i64> },
    #[error("has pads {0:?}, which are not four")]
    Pads(Vec<i64>),
    #[error("is padded automatically")]
    AutomaticPads,
    #[error("has an output shape")]
    OutputShape,
    #[error("is not of the mode CRD")]
    NotCrd,
    #[error("joins the axis {0}, not the channels")]
    JoinedAxis(i64),
    #[error("is not a nearest doubling by scales, asymmetric, rounded down")]
    OtherResize,
    #[error("has weights of shape {0:?}")]
    WeightShape(Vec<i64>),
    #[error("has weights whose zero point is not 0")]
    WeightZero,
    #[error("has {biases} biases and {scales} scales for {outputs} outputs")]
    PerOutput { biases: usize, scales: usize, outputs: usize },
    #[error("has {biases} biases for {outputs} outputs")]
    Biases { biases: usize, outputs: usize },
    #[error("takes more than one value in `{0}`")]
    NotOneValue(String),
    #[error("`{tensor}` is stored outside the file")]
    External { tensor: String },
    #[error("`{tensor}` is not of type {wanted}")]
    TensorType { tensor: String, wanted: &'static str },
    #[error("`{tensor}` holds {values} values for {shape:?}")]
    TensorLength { tensor: String, values: usize, shape: Vec<i64> },
}
