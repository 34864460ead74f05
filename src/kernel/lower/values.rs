//! What the pass knows of values and buffers.

use super::task::{Buffer, BufferId, Finish, Lowered, Lowering, Storage, Task};
use crate::kernel::graph::{Element, Op, Value};
use crate::kernel::integer::Quantisation;
use crate::kernel::layout::Shape;

/// Where a value's channels lie, one buffer after the other.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub parts: Vec<BufferId>,
    pub upsampled: bool,
    /// What the parts are to be read as, where they are integers and the value
    /// is not.
    pub dequantise: Option<Quantisation>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Relu,
    Pool,
    Finish(Finish),
    Quantise { shift: f32, to: Quantisation },
    DepthToSpace,
    Other,
}

impl Kind {
    pub fn of(op: &Op) -> Self {
        match op {
            Op::Relu => Self::Relu,
            Op::MaxPool => Self::Pool,
            Op::Tanh => Self::Finish(Finish::Tanh),
            Op::UnitLength { floor } => Self::Finish(Finish::UnitLength { floor: *floor }),
            Op::Quantise { shift, to } => Self::Quantise { shift: *shift, to: *to },
            Op::DepthToSpace => Self::DepthToSpace,
            _ => Self::Other,
        }
    }
}

pub(super) struct Pass {
    pub kinds: Vec<Kind>,
    pub shapes: Vec<Shape>,
    pub elements: Vec<Element>,
    pub outputs: Vec<Value>,
    pub consumers: Vec<Vec<Value>>,
    pub held: Vec<Option<Held>>,
    pub exported: Vec<Option<BufferId>>,
    pub absorbed: Vec<bool>,
    pub lowered: Lowered,
}

impl Pass {
    /// The only consumer of a value that is of use nowhere else.
    pub fn absorb_sole(&mut self, value: Value, wanted: impl Fn(Kind) -> bool) -> Option<Value> {
        let &[consumer] = self.consumers[value].as_slice() else { return None };
        if !wanted(self.kinds[consumer]) || self.outputs.contains(&value) {
            return None;
        }
        self.absorbed[consumer] = true;
        Some(consumer)
    }

    /// What holds a value, taken to floats where it is read as such for the
    /// first time.
    pub fn floats(&mut self, value: Value, name: &str, stage: usize) -> Result<Held, String> {
        let held = self.held(value)?;
        let Some(quantisation) = held.dequantise else { return Ok(held) };
        let mut floats = Vec::new();
        for &source in &held.parts {
            let into = self.buffer(self.lowered.buffers[source].shape, Storage::Floats);
            self.step(name, stage, Task::ToFloats { source, quantisation, into });
            floats.push(into);
        }
        self.hold(value, floats, held.upsampled);
        self.held(value)
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

    pub fn step(&mut self, name: &str, stage: usize, task: Task) {
        self.lowered.steps.push(Lowering { name: name.into(), stage, task });
    }

    pub fn hold(&mut self, value: Value, parts: Vec<BufferId>, upsampled: bool) {
        self.held[value] = Some(Held { parts, upsampled, dequantise: None });
    }

    pub fn held(&self, value: Value) -> Result<Held, String> {
        self.held[value].clone().ok_or_else(|| "takes what is only an output".into())
    }

    pub fn plain(&self, value: Value) -> Result<Vec<BufferId>, String> {
        let held = self.held(value)?;
        if held.upsampled {
            return Err("takes an upsampled map, which only a convolution reads".into());
        }
        Ok(held.parts)
    }
}
