//! What the lowering knows of values and buffers while it walks the graph.

use super::task::{Buffer, BufferId, Lowered, Lowering, Storage, Task};
use crate::kernel::error::NodeFault;
use crate::kernel::graph::{Graph, Op, Value};
use crate::kernel::integer::Quantisation;
use crate::kernel::layout::{Element, Shape};

/// The node that is being lowered. The steps that it becomes bear its name.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub value: Value,
    pub name: &'a str,
    pub stage: usize,
}

/// Where a value's channels lie, and how they are to be read.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// One after the other in the value's channels.
    pub buffers: Vec<BufferId>,
    /// Whether every pixel is read four times.
    pub upsampled: bool,
    /// What the buffers are to be read as, where they are integers and the
    /// value is not.
    pub dequantise: Option<Quantisation>,
}

impl Located {
    pub fn plain(buffers: Vec<BufferId>) -> Self {
        Self { buffers, upsampled: false, dequantise: None }
    }

    /// The buffers, for a reader that takes every pixel once.
    pub fn once(self) -> Result<Vec<BufferId>, NodeFault> {
        if self.upsampled { Err(NodeFault::ReadsUpsampled) } else { Ok(self.buffers) }
    }
}

/// What a node must know of the node behind it to take it in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Relu,
    Tanh,
    Pool,
    Quantise { shift: f32, to: Quantisation },
    DepthToSpace,
    Add,
    Other,
}

impl Kind {
    fn of(op: &Op) -> Self {
        match op {
            Op::Relu => Self::Relu,
            Op::Tanh => Self::Tanh,
            Op::MaxPool => Self::Pool,
            Op::Quantise { shift, to } => Self::Quantise { shift: *shift, to: *to },
            Op::DepthToSpace => Self::DepthToSpace,
            Op::Add => Self::Add,
            _ => Self::Other,
        }
    }
}

/// The state of a lowering; the lists of values are as long as the graph.
pub(super) struct Pass {
    pub kinds: Vec<Kind>,
    pub shapes: Vec<Shape>,
    pub elements: Vec<Element>,
    pub outputs: Vec<Value>,
    pub consumers: Vec<Vec<Value>>,
    /// Values that a later node can read.
    pub located: Vec<Option<Located>>,
    /// Where planar inputs lie.
    pub planar: Vec<Option<BufferId>>,
    /// Where outputs of the graph are written.
    pub exported: Vec<Option<BufferId>>,
    /// Nodes that an earlier one has taken in.
    pub absorbed: Vec<bool>,
    pub lowered: Lowered,
}

impl Pass {
    pub fn new(graph: &Graph) -> Self {
        let count = graph.nodes.len();
        let mut consumers = vec![Vec::new(); count];
        for (value, node) in graph.nodes.iter().enumerate() {
            for &input in &node.inputs {
                consumers[input].push(value);
            }
        }
        Self {
            kinds: graph.nodes.iter().map(|node| Kind::of(&node.op)).collect(),
            shapes: graph.nodes.iter().map(|node| node.shape).collect(),
            elements: graph.nodes.iter().map(|node| node.element).collect(),
            outputs: graph.outputs.clone(),
            consumers,
            located: vec![None; count],
            planar: vec![None; count],
            exported: vec![None; count],
            absorbed: vec![false; count],
            lowered: Lowered::default(),
        }
    }

    /// The only consumer of a value that is of use nowhere else.
    pub fn sole_consumer(&self, value: Value, wanted: impl Fn(Kind) -> bool) -> Option<Value> {
        let &[consumer] = self.consumers[value].as_slice() else { return None };
        let sole = wanted(self.kinds[consumer]) && !self.outputs.contains(&value);
        sole.then_some(consumer)
    }

    /// [`Pass::sole_consumer`], taken in by the node at hand.
    pub fn absorb_sole(&mut self, value: Value, wanted: impl Fn(Kind) -> bool) -> Option<Value> {
        let consumer = self.sole_consumer(value, wanted)?;
        self.absorbed[consumer] = true;
        Some(consumer)
    }

    /// Where a value lies, in whatever it is stored as.
    pub fn locate(&self, value: Value) -> Result<Located, NodeFault> {
        let fault = match self.planar[value] {
            Some(_) => NodeFault::ReadsPlanar,
            None => NodeFault::ReadsOutput,
        };
        self.located[value].clone().ok_or(fault)
    }

    /// Where a value lies in floats; integers are converted where it is read
    /// as floats for the first time.
    pub fn locate_floats(&mut self, at: At<'_>, value: Value) -> Result<Located, NodeFault> {
        let stored = self.locate(value)?;
        let Some(quantisation) = stored.dequantise else { return Ok(stored) };
        let mut buffers = Vec::new();
        for &source in &stored.buffers {
            let into = self.buffer(self.lowered.buffers[source].shape, Storage::Floats);
            self.step(at, Task::ToFloats { source, quantisation, into });
            buffers.push(into);
        }
        let floats = Located { buffers, upsampled: stored.upsampled, dequantise: None };
        self.located[value] = Some(floats.clone());
        Ok(floats)
    }

    /// A buffer for a value between layers.
    pub fn map_buffer(&mut self, value: Value) -> BufferId {
        let storage = match self.elements[value] {
            Element::F32 => Storage::Floats,
            Element::I8 { zero_point } => Storage::Integers { zero_point },
        };
        self.buffer(self.shapes[value], storage)
    }

    pub fn buffer(&mut self, shape: Shape, storage: Storage) -> BufferId {
        self.lowered.buffers.push(Buffer { shape, storage });
        self.lowered.buffers.len() - 1
    }

    pub fn step(&mut self, at: At<'_>, task: Task) {
        self.lowered.steps.push(Lowering { name: at.name.into(), stage: at.stage, task });
    }
}
