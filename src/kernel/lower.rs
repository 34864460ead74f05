//! Fuses a graph into tasks over buffers: activations, pooling, upsampling and
//! conversions become part of the convolution beside them, and a concatenation
//! is a list of buffers that nobody copies.

mod task;
mod values;

pub(super) use self::task::{
    Buffer, BufferId, Finish, Form, IntegerForm, Lowered, LoweredInput, Lowering, Storage, Task,
};
use self::values::{At, Kind, Located, Pass};
use super::error::{NodeError, NodeFault};
use super::graph::{Filter, Graph, Node, Op, Value};
use super::integer::{IntegerFilter, Quantisation};
use super::layout::Element;

/// Most channels of a [`Task::Head`].
const HEAD_CHANNELS: usize = 4;

/// Fuses a graph into tasks.
///
/// # Errors
/// The first node that stands where no kernel of ours takes it.
pub(super) fn lower(graph: Graph) -> Result<Lowered, NodeError> {
    let mut pass = Pass::new(&graph);
    let outputs: Vec<(Value, String)> =
        graph.outputs.iter().map(|&value| (value, graph.nodes[value].name.clone())).collect();
    for (value, node) in graph.nodes.into_iter().enumerate() {
        if pass.absorbed[value] {
            continue;
        }
        let Node { name, op, inputs, stage, .. } = node;
        pass.node(At { value, name: &name, stage }, op, &inputs)
            .map_err(|fault| NodeError { node: name, fault })?;
    }
    for (value, node) in outputs {
        let fault = NodeFault::UnwrittenOutput;
        let out = pass.exported[value].ok_or(NodeError { node, fault })?;
        pass.lowered.outputs.push(out);
    }
    Ok(pass.lowered)
}

/// How a value leaves the graph.
struct WayOut {
    /// Behind what happens to it on its way.
    last: Value,
    finish: Finish,
    /// The graph's output: `last`, or what it is added to.
    output: Value,
}

impl Pass {
    fn node(&mut self, at: At<'_>, op: Op, inputs: &[Value]) -> Result<(), NodeFault> {
        let made = match op {
            Op::Input => self.input(at),
            Op::PlanarInput => {
                self.planar_input(at);
                return Ok(());
            }
            Op::Quantise { shift, to } => self.quantise(at, inputs[0], shift, to)?,
            Op::Dequantise(from) => {
                let stored = self.locate(inputs[0])?;
                self.made(at.value, Located { dequantise: Some(from), ..stored })
            }
            Op::IntegerConv(filter) => self.integer_convolution(at, inputs[0], filter)?,
            Op::Conv(filter) => {
                let Located { buffers, upsampled, .. } = self.locate_floats(at, inputs[0])?;
                let form = if upsampled { Form::Upsampled } else { Form::Plain };
                self.convolution(at, buffers, form, filter)
            }
            Op::Transposed(filter) => {
                let sources = self.locate_floats(at, inputs[0])?.once()?;
                self.convolution(at, sources, Form::Transposed, filter)
            }
            Op::Upsample => {
                let buffers = self.locate_floats(at, inputs[0])?.once()?;
                self.made(at.value, Located { upsampled: true, ..Located::plain(buffers) })
            }
            Op::Concat => {
                let mut buffers = Vec::new();
                for &input in inputs {
                    buffers.extend(self.locate_floats(at, input)?.once()?);
                }
                self.made(at.value, Located::plain(buffers))
            }
            Op::Tanh => return self.export(at, inputs[0], at.value, Finish::Tanh),
            Op::UnitLength { floor } => {
                return self.export(at, inputs[0], at.value, Finish::UnitLength { floor });
            }
            Op::Add => return self.add(at, inputs),
            Op::Relu => return Err(NodeFault::ReluAlone),
            Op::MaxPool => return Err(NodeFault::PoolAlone),
            Op::DepthToSpace => return Err(NodeFault::SpreadAlone),
        };
        if self.outputs.contains(&made) && self.exported[made].is_none() {
            self.export(at, made, made, Finish::Nothing)?;
        }
        Ok(())
    }

    /// Says where the value lies that a node has made.
    fn made(&mut self, value: Value, located: Located) -> Value {
        self.located[value] = Some(located);
        value
    }

    /// An input that is read in integers alone is written as such.
    fn input(&mut self, at: At<'_>) -> Value {
        let quantise = self.absorb_sole(at.value, |kind| matches!(kind, Kind::Quantise { .. }));
        let value = quantise.unwrap_or(at.value);
        let quantise = match self.kinds[value] {
            Kind::Quantise { shift, to } => Some((shift, to)),
            _ => None,
        };
        let into = self.map_buffer(value);
        self.lowered.inputs.push(LoweredInput { into, quantise });
        self.step(at, Task::Input { into });
        self.made(value, Located::plain(vec![into]))
    }

    fn planar_input(&mut self, at: At<'_>) {
        let into = self.buffer(self.shapes[at.value], Storage::Planar);
        self.lowered.inputs.push(LoweredInput { into, quantise: None });
        self.step(at, Task::Input { into });
        self.planar[at.value] = Some(into);
    }

    fn quantise(
        &mut self,
        at: At<'_>,
        input: Value,
        shift: f32,
        quantisation: Quantisation,
    ) -> Result<Value, NodeFault> {
        let Located { buffers, upsampled, .. } = self.locate_floats(at, input)?;
        let storage = Storage::Integers { zero_point: quantisation.zero_point };
        let mut integers = Vec::new();
        for source in buffers {
            let into = self.buffer(self.lowered.buffers[source].shape, storage);
            self.step(at, Task::ToIntegers { source, shift, quantisation, into });
            integers.push(into);
        }
        Ok(self.made(at.value, Located { upsampled, ..Located::plain(integers) }))
    }

    /// The value of a convolution with the ReLU behind it, and where it is the
    /// last one of few channels, with the tanh.
    fn convolution(
        &mut self,
        at: At<'_>,
        sources: Vec<BufferId>,
        form: Form,
        filter: Filter,
    ) -> Value {
        let relu = self.absorb_sole(at.value, |kind| kind == Kind::Relu);
        let value = relu.unwrap_or(at.value);
        let relu = relu.is_some();
        if form == Form::Plain
            && filter.outputs() <= HEAD_CHANNELS
            && let Some(WayOut { last, finish, output }) = self.way_out(value, relu)
        {
            let into = self.buffer(self.shapes[last], Storage::Planar);
            self.absorbed[last] = true;
            self.exported[output] = Some(into);
            self.step(at, Task::Head { sources, filter, finish, into });
            return last;
        }
        let (into, pooled) = self.destination(value);
        self.step(at, Task::Conv { sources, form, filter, relu, into, pooled });
        value
    }

    /// How a convolution's value leaves the graph without being read in it.
    fn way_out(&self, value: Value, relu: bool) -> Option<WayOut> {
        let tanh = self.sole_consumer(value, |kind| kind == Kind::Tanh && !relu);
        let last = tanh.unwrap_or(value);
        let finish = match (relu, tanh) {
            (true, _) => Finish::Relu,
            (false, Some(_)) => Finish::Tanh,
            (false, None) => Finish::Nothing,
        };
        let output = self.sole_consumer(last, |kind| kind == Kind::Add).unwrap_or(last);
        let leaves = self.outputs.contains(&output) && self.consumers[output].is_empty();
        leaves.then_some(WayOut { last, finish, output })
    }

    /// The map goes out, where the convolution before has not brought it out
    /// already, and the input is added there.
    fn add(&mut self, at: At<'_>, inputs: &[Value]) -> Result<(), NodeFault> {
        let &[first, second] = inputs else { return Err(NodeFault::InputCount(inputs.len())) };
        let (map, addend) = match (self.planar[first], self.planar[second]) {
            (None, Some(addend)) => (first, addend),
            (Some(addend), None) => (second, addend),
            _ => return Err(NodeFault::AddsMaps),
        };
        if self.exported[at.value].is_none() {
            self.export(at, map, at.value, Finish::Nothing)?;
        }
        let into = self.exported[at.value].ok_or(NodeFault::AddsMaps)?;
        self.step(at, Task::Add { addend, into });
        Ok(())
    }

    fn integer_convolution(
        &mut self,
        at: At<'_>,
        input: Value,
        filter: IntegerFilter,
    ) -> Result<Value, NodeFault> {
        let Located { buffers: sources, upsampled, .. } = self.locate(input)?;
        let shuffle = self.absorb_sole(at.value, |kind| kind == Kind::DepthToSpace);
        let form = match (upsampled, shuffle) {
            (true, Some(_)) => return Err(NodeFault::DoublesTwice),
            (true, None) => IntegerForm::Upsampled,
            (false, Some(_)) => IntegerForm::Shuffled,
            (false, None) => IntegerForm::Plain,
        };
        let value = shuffle.unwrap_or(at.value);
        let (into, pooled) = self.destination(value);
        self.step(at, Task::IntegerConv { sources, form, filter, into, pooled });
        Ok(value)
    }

    /// Buffers for a convolution's result and for its maxima, if they are
    /// asked for.
    fn destination(&mut self, value: Value) -> (BufferId, Option<BufferId>) {
        let into = self.map_buffer(value);
        self.located[value] = Some(Located::plain(vec![into]));
        let pools: Vec<Value> = self.consumers[value]
            .iter()
            .copied()
            .filter(|&consumer| self.kinds[consumer] == Kind::Pool)
            .collect();
        let pooled = pools.first().map(|&pool| self.map_buffer(pool));
        for pool in pools {
            self.absorbed[pool] = true;
            self.located[pool] = Some(Located::plain(pooled.into_iter().collect()));
        }
        (into, pooled)
    }

    /// Writes the value of `input` out as the output `value`, which is the same
    /// where nothing happens to it.
    fn export(
        &mut self,
        at: At<'_>,
        input: Value,
        value: Value,
        finish: Finish,
    ) -> Result<(), NodeFault> {
        let stored = self.locate(input)?;
        let dequantise = stored.dequantise;
        let &[source] = stored.once()?.as_slice() else { return Err(NodeFault::JoinedOutput) };
        if self.elements[value] != Element::F32 {
            return Err(NodeFault::IntegerOutput);
        }
        if !self.outputs.contains(&value) || !self.consumers[value].is_empty() && input != value {
            return Err(NodeFault::InTheMiddle);
        }
        let into = self.buffer(self.shapes[value], Storage::Planar);
        self.exported[value] = Some(into);
        self.step(at, Task::Export { source, dequantise, finish, into });
        Ok(())
    }
}
