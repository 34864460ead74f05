mod task;
mod values;

pub(super) use self::task::{
    Buffer, BufferId, Finish, Form, IntegerForm, Lowered, LoweredInput, Lowering, Storage, Task,
};
use self::values::{Held, Kind, Pass};
use super::graph::{Element, Filter, Graph, Op, Value};
use super::integer::{IntegerFilter, Quantisation};

/// Most channels of a [`Task::Head`].
const HEAD_CHANNELS: usize = 4;

/// Fuses a graph into tasks.
///
/// # Errors
/// The first node that stands where no kernel of ours takes it.
pub(super) fn lower(graph: Graph) -> Result<Lowered, String> {
    let mut consumers = vec![Vec::new(); graph.nodes.len()];
    for (value, node) in graph.nodes.iter().enumerate() {
        for &input in &node.inputs {
            consumers[input].push(value);
        }
    }
    let count = graph.nodes.len();
    let mut pass = Pass {
        kinds: graph.nodes.iter().map(|node| Kind::of(&node.op)).collect(),
        shapes: graph.nodes.iter().map(|node| node.shape).collect(),
        elements: graph.nodes.iter().map(|node| node.element).collect(),
        outputs: graph.outputs,
        consumers,
        held: vec![None; count],
        exported: vec![None; count],
        absorbed: vec![false; count],
        lowered: Lowered::default(),
    };
    for (value, node) in graph.nodes.into_iter().enumerate() {
        if pass.absorbed[value] {
            continue;
        }
        pass.node(value, node.op, &node.inputs, &node.name, node.stage)
            .map_err(|e| format!("`{}` {e}", node.name))?;
    }
    for &value in &pass.outputs {
        let out = pass.exported[value].ok_or("has an output that is an input")?;
        pass.lowered.outputs.push(out);
    }
    Ok(pass.lowered)
}

impl Pass {
    fn node(
        &mut self,
        value: Value,
        op: Op,
        inputs: &[Value],
        name: &str,
        stage: usize,
    ) -> Result<(), String> {
        match op {
            Op::Input => self.input(value, name, stage),
            Op::Quantise { shift, to } => {
                self.quantise(value, inputs[0], (shift, to), name, stage)?
            }
            Op::Dequantise(from) => {
                let held = Held { dequantise: Some(from), ..self.held(inputs[0])? };
                self.held[value] = Some(held);
            }
            Op::IntegerConv(filter) => {
                let Held { parts, upsampled, .. } = self.held(inputs[0])?;
                self.integer_convolution(value, parts, upsampled, filter, name, stage)?;
            }
            Op::DepthToSpace => return Err("follows no convolution of integers alone".into()),
            Op::Conv(filter) => {
                let Held { parts, upsampled, .. } = self.floats(inputs[0], name, stage)?;
                let form = if upsampled { Form::Upsampled } else { Form::Plain };
                self.convolution(value, parts, form, filter, name, stage);
            }
            Op::Transposed(filter) => {
                self.floats(inputs[0], name, stage)?;
                let parts = self.plain(inputs[0])?;
                self.convolution(value, parts, Form::Transposed, filter, name, stage);
            }
            Op::Upsample => {
                self.floats(inputs[0], name, stage)?;
                let parts = self.plain(inputs[0])?;
                self.hold(value, parts, true);
            }
            Op::Concat => {
                let mut parts = Vec::new();
                for &input in inputs {
                    self.floats(input, name, stage)?;
                    parts.extend(self.plain(input)?);
                }
                self.hold(value, parts, false);
            }
            Op::Tanh | Op::UnitLength { .. } => {
                let Kind::Finish(finish) = self.kinds[value] else { unreachable!("by its op") };
                self.export(inputs[0], value, finish, name, stage)?;
            }
            Op::Relu => return Err("is a ReLU that follows no convolution".into()),
            Op::MaxPool => return Err("is a max-pool that follows no convolution".into()),
        }
        let plain_output = self.exported[value].is_none() && self.outputs.contains(&value);
        if plain_output && self.held[value].is_some() {
            self.export(value, value, Finish::Nothing, name, stage)?;
        }
        Ok(())
    }

    fn convolution(
        &mut self,
        conv: Value,
        sources: Vec<BufferId>,
        form: Form,
        filter: Filter,
        name: &str,
        stage: usize,
    ) {
        let relu = self.absorb_sole(conv, |kind| kind == Kind::Relu);
        let value = relu.unwrap_or(conv);
        let relu = relu.is_some();
        if form == Form::Plain && filter.outputs() <= HEAD_CHANNELS {
            let tanh = |kind| kind == Kind::Finish(Finish::Tanh);
            let tanh = if relu { None } else { self.absorb_sole(value, tanh) };
            let last = tanh.unwrap_or(value);
            if self.outputs.contains(&last) && self.consumers[last].is_empty() {
                let into = self.buffer(self.shapes[last], Storage::Planar);
                self.exported[last] = Some(into);
                let finish = match (relu, tanh) {
                    (true, _) => Finish::Relu,
                    (false, Some(_)) => Finish::Tanh,
                    (false, None) => Finish::Nothing,
                };
                return self.step(name, stage, Task::Head { sources, filter, finish, into });
            }
            if let Some(tanh) = tanh {
                self.absorbed[tanh] = false;
            }
        }
        let (into, pooled) = self.destination(value);
        self.step(name, stage, Task::Conv { sources, form, filter, relu, into, pooled });
        if value != conv && self.outputs.contains(&value) {
            self.export(value, value, Finish::Nothing, name, stage)
                .expect("a convolution's result is a plain map");
        }
    }

    /// Buffers for a convolution's result and for its maxima, if they are
    /// asked for.
    fn destination(&mut self, value: Value) -> (BufferId, Option<BufferId>) {
        let into = self.map_buffer(value);
        self.hold(value, vec![into], false);
        let pools: Vec<Value> = self.consumers[value]
            .iter()
            .copied()
            .filter(|&v| self.kinds[v] == Kind::Pool)
            .collect();
        let pooled = pools.first().map(|&pool| self.map_buffer(pool));
        for pool in pools {
            self.absorbed[pool] = true;
            self.hold(pool, pooled.into_iter().collect(), false);
        }
        (into, pooled)
    }

    /// An input that is read in integers alone is written as such.
    fn input(&mut self, input: Value, name: &str, stage: usize) {
        let quantise = self.absorb_sole(input, |kind| matches!(kind, Kind::Quantise { .. }));
        let value = quantise.unwrap_or(input);
        let quantise = match self.kinds[value] {
            Kind::Quantise { shift, to } => Some((shift, to)),
            _ => None,
        };
        let into = self.map_buffer(value);
        self.lowered.inputs.push(LoweredInput { into, quantise });
        self.hold(value, vec![into], false);
        self.step(name, stage, Task::Input { into });
    }

    fn quantise(
        &mut self,
        value: Value,
        input: Value,
        (shift, quantisation): (f32, Quantisation),
        name: &str,
        stage: usize,
    ) -> Result<(), String> {
        let Held { parts, upsampled, .. } = self.floats(input, name, stage)?;
        let Element::I8 { zero_point } = self.elements[value] else { unreachable!("by its op") };
        let mut integers = Vec::new();
        for source in parts {
            let shape = self.lowered.buffers[source].shape;
            let into = self.buffer(shape, Storage::Integers { zero_point });
            self.step(name, stage, Task::ToIntegers { source, shift, quantisation, into });
            integers.push(into);
        }
        self.hold(value, integers, upsampled);
        Ok(())
    }

    fn integer_convolution(
        &mut self,
        conv: Value,
        sources: Vec<BufferId>,
        upsampled: bool,
        filter: IntegerFilter,
        name: &str,
        stage: usize,
    ) -> Result<(), String> {
        let shuffle = self.absorb_sole(conv, |kind| kind == Kind::DepthToSpace);
        let form = match (upsampled, shuffle) {
            (true, Some(_)) => return Err("doubles its input and its output".into()),
            (true, None) => IntegerForm::Upsampled,
            (false, Some(_)) => IntegerForm::Shuffled,
            (false, None) => IntegerForm::Plain,
        };
        let (into, pooled) = self.destination(shuffle.unwrap_or(conv));
        self.step(name, stage, Task::IntegerConv { sources, form, filter, into, pooled });
        Ok(())
    }

    fn export(
        &mut self,
        input: Value,
        value: Value,
        finish: Finish,
        name: &str,
        stage: usize,
    ) -> Result<(), String> {
        let &[source] = self.plain(input)?.as_slice() else {
            return Err("takes a concatenation out".into());
        };
        if self.elements[value] != Element::F32 {
            return Err("is an output in integers".into());
        }
        let dequantise = self.held(input)?.dequantise;
        if !self.outputs.contains(&value) || !self.consumers[value].is_empty() && input != value {
            return Err("stands in the middle of the graph".into());
        }
        let into = self.buffer(self.shapes[value], Storage::Planar);
        self.exported[value] = Some(into);
        self.step(name, stage, Task::Export { source, dequantise, finish, into });
        Ok(())
    }
}
