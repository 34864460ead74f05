//! A graph as fused tasks over buffers, before either has a place in memory.

use crate::kernel::graph::Filter;
use crate::kernel::integer::{IntegerFilter, Quantisation};
use crate::kernel::layout::Shape;

/// How a convolution reads its input and places its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernel) enum Form {
    Plain,
    /// Over an input that is read as if every pixel stood there four times.
    Upsampled,
    Transposed,
}

/// The same of a convolution of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernel) enum IntegerForm {
    Plain,
    Upsampled,
    /// Output channel 4c + 2a + b goes to row a and column b of map c.
    Shuffled,
}

/// What happens to a value on its way out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::kernel) enum Finish {
    Nothing,
    Relu,
    Tanh,
    UnitLength { floor: f32 },
}

/// Index into [`Lowered::buffers`].
pub(in crate::kernel) type BufferId = usize;

#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Buffer {
    pub shape: Shape,
    pub storage: Storage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernel) enum Storage {
    /// Floats in C×H×W, for the outside.
    Planar,
    /// Floats in blocks with a border.
    Floats,
    /// Integers in blocks with a border.
    Integers { zero_point: i8 },
}

/// Where an input is written, and how it becomes integers: less the shift.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct LoweredInput {
    pub into: BufferId,
    pub quantise: Option<(f32, Quantisation)>,
}

#[derive(Debug)]
pub(in crate::kernel) enum Task {
    /// The place of an input, written from outside before its stage runs.
    Input {
        into: BufferId,
    },
    Conv {
        sources: Vec<BufferId>,
        form: Form,
        filter: Filter,
        relu: bool,
        into: BufferId,
        pooled: Option<BufferId>,
    },
    /// A convolution to a few channels that goes out at once.
    Head {
        sources: Vec<BufferId>,
        filter: Filter,
        finish: Finish,
        into: BufferId,
    },
    IntegerConv {
        sources: Vec<BufferId>,
        form: IntegerForm,
        filter: IntegerFilter,
        into: BufferId,
        pooled: Option<BufferId>,
    },
    /// Adds an input to what has gone out already.
    Add {
        addend: BufferId,
        into: BufferId,
    },
    ToFloats {
        source: BufferId,
        quantisation: Quantisation,
        into: BufferId,
    },
    ToIntegers {
        source: BufferId,
        shift: f32,
        quantisation: Quantisation,
        into: BufferId,
    },
    Export {
        source: BufferId,
        /// Where the source holds integers.
        dequantise: Option<Quantisation>,
        finish: Finish,
        into: BufferId,
    },
}

impl Task {
    /// Every buffer that the task reads or writes.
    pub(in crate::kernel) fn buffers(&self) -> impl Iterator<Item = BufferId> {
        let (sources, into, pooled) = match self {
            Self::Input { into } => (&[][..], *into, None),
            Self::Conv { sources, into, pooled, .. }
            | Self::IntegerConv { sources, into, pooled, .. } => {
                (sources.as_slice(), *into, *pooled)
            }
            Self::Head { sources, into, .. } => (sources.as_slice(), *into, None),
            Self::Add { addend, into } => (std::slice::from_ref(addend), *into, None),
            Self::ToFloats { source, into, .. }
            | Self::ToIntegers { source, into, .. }
            | Self::Export { source, into, .. } => (std::slice::from_ref(source), *into, None),
        };
        sources.iter().copied().chain([into]).chain(pooled)
    }
}

#[derive(Debug)]
pub(in crate::kernel) struct Lowering {
    pub name: String,
    pub stage: usize,
    pub task: Task,
}

/// A graph as a list of fused tasks over buffers.
#[derive(Debug, Default)]
pub(in crate::kernel) struct Lowered {
    pub buffers: Vec<Buffer>,
    pub steps: Vec<Lowering>,
    pub inputs: Vec<LoweredInput>,
    /// In the order of the graph's outputs.
    pub outputs: Vec<BufferId>,
}
