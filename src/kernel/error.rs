//! Which node of a graph does not run on these kernels, and what is wrong with it
//! or with the place where it stands.

use std::error::Error;
use std::fmt;

use super::layout::Element;

/// A node that does not fit its inputs or its place in the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeError {
    pub node: String,
    pub fault: NodeFault,
}

/// What is wrong with a node.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NodeFault {
    /// How many inputs an operator of one input has.
    InputCount(usize),
    /// An input of the graph has inputs itself.
    InputHasInputs,
    JoinsNothing,
    JoinsSizes,
    JoinsElements(Vec<Element>),
    AddsSizes,
    AddsMaps,
    ReadsPlanar,
    Weights {
        weights: usize,
        inputs: usize,
        outputs: usize,
    },
    /// Rows and columns of an integer filter, neither 2 nor 3.
    FilterSide(usize),
    Multipliers {
        multipliers: usize,
        outputs: usize,
    },
    Multiplier(f32),
    /// A weight is −128.
    LowestWeight,
    /// Sums may leave 32 bits.
    WideSums,
    Scale(f32),
    /// Channels that DepthToSpace cannot divide by four.
    Spread(usize),
    PoolsTooLittle,
    NotIntegers {
        found: Element,
        zero_point: i8,
    },
    NoIntegerKernel,
    ReluAlone,
    PoolAlone,
    SpreadAlone,
    DoublesTwice,
    ReadsUpsampled,
    ReadsOutput,
    JoinedOutput,
    IntegerOutput,
    InTheMiddle,
    UnwrittenOutput,
}

impl fmt::Display for NodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self {
            Self::InputCount(count) => return write!(f, "has {count} inputs, not one"),
            Self::JoinsElements(found) => return write!(f, "joins maps that differ: {found:?}"),
            Self::Weights { weights, inputs, outputs } => {
                return write!(f, "has {weights} weights for {inputs} channels to {outputs}");
            }
            Self::FilterSide(side) => return write!(f, "has filters of {side}×{side} taps"),
            Self::Multipliers { multipliers, outputs } => {
                return write!(f, "has {multipliers} scales for {outputs} outputs");
            }
            Self::Multiplier(multiplier) => {
                return write!(f, "multiplies its sums by {multiplier}");
            }
            Self::Scale(scale) => return write!(f, "has the scale {scale}, which no values have"),
            Self::Spread(channels) => {
                return write!(f, "spreads {channels} channels, not a multiple of four");
            }
            Self::NotIntegers { found, zero_point } => {
                return write!(f, "takes {found:?}, not integers with zero point {zero_point}");
            }
            Self::InputHasInputs => "is an input of the graph and has inputs",
            Self::JoinsNothing => "joins nothing",
            Self::JoinsSizes => "joins maps of different sizes",
            Self::AddsSizes => "adds maps of different sizes",
            Self::AddsMaps => "adds something else than a map and a planar input",
            Self::LowestWeight => "has a weight of −128, which the kernels do not take",
            Self::WideSums => "has sums that need more than 32 bits",
            Self::PoolsTooLittle => "pools less than two pixels",
            Self::NoIntegerKernel => "takes integers, which it has no kernel for",
            Self::ReluAlone => "is a ReLU that follows no convolution",
            Self::PoolAlone => "is a max-pool that follows no convolution",
            Self::SpreadAlone => "follows no convolution of integers alone",
            Self::DoublesTwice => "doubles its input and its output",
            Self::ReadsUpsampled => "takes an upsampled map, which only a convolution reads",
            Self::ReadsPlanar => "takes an input that can only be added",
            Self::ReadsOutput => "takes what is only an output",
            Self::JoinedOutput => "takes a concatenation out",
            Self::IntegerOutput => "is an output in integers",
            Self::InTheMiddle => "stands in the middle of the graph",
            Self::UnwrittenOutput => "is an output that no kernel writes",
        };
        f.write_str(plain)
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.node, self.fault)
    }
}

impl Error for NodeError {}
