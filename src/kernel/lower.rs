use super::graph::{Element, Filter, Graph, Op, Value};
use super::integer::{IntegerFilter, Quantisation};
use super::layout::Shape;

/// How a convolution reads its input and places its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// Over an input that is read as if every pixel stood there four times.
    Upsampled,
    Transposed,
}

/// The same of a convolution of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntegerForm {
    Plain,
    Upsampled,
    /// Output channel 4c + 2a + b goes to row a and column b of map c.
    Shuffled,
}

/// What happens to a value on its way out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish {
    Nothing,
    Relu,
    Tanh,
    UnitLength { floor: f32 },
}

/// Index into [`Lowered::buffers`].
pub(super) type BufferId = usize;

#[derive(Clone, Copy, Debug)]
pub(super) struct Buffer {
    pub shape: Shape,
    pub storage: Storage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Floats in C×H×W, for the outside.
    Planar,
    /// Floats in blocks with a border.
    Floats,
    /// Integers in blocks with a border.
    Integers { zero_point: i8 },
}

/// Where an input is written, and how it becomes integers: less the shift.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoweredInput {
    pub into: BufferId,
    pub quantise: Option<(f32, Quantisation)>,
}

#[derive(Debug)]
pub(super) enum Task {
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

#[derive(Debug)]
pub(super) struct Lowering {
    pub name: String,
    pub stage: usize,
    pub task: Task,
}

/// A graph as a list of fused tasks over buffers.
#[derive(Debug, Default)]
pub(super) struct Lowered {
    pub buffers: Vec<Buffer>,
    pub steps: Vec<Lowering>,
    pub inputs: Vec<LoweredInput>,
    /// In the order of the graph's outputs.
    pub outputs: Vec<BufferId>,
}

/// Most channels of a [`Task::Head`].
const HEAD_CHANNELS: usize = 4;

/// Where a value's channels lie, one buffer after the other.
#[derive(Clone, Debug)]
struct Held {
    parts: Vec<BufferId>,
    upsampled: bool,
    /// What the parts are to be read as, where they are integers and the value
    /// is not.
    dequantise: Option<Quantisation>,
}

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

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Relu,
    Pool,
    Finish(Finish),
    Quantise { shift: f32, to: Quantisation },
    DepthToSpace,
    Other,
}

impl Kind {
    fn of(op: &Op) -> Self {
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

struct Pass {
    kinds: Vec<Kind>,
    shapes: Vec<Shape>,
    elements: Vec<Element>,
    outputs: Vec<Value>,
    consumers: Vec<Vec<Value>>,
    held: Vec<Option<Held>>,
    exported: Vec<Option<BufferId>>,
    absorbed: Vec<bool>,
    lowered: Lowered,
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

    /// What holds a value, taken to floats where it is read as such for the
    /// first time.
    fn floats(&mut self, value: Value, name: &str, stage: usize) -> Result<Held, String> {
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

    /// The only consumer of a value that is of use nowhere else.
    fn absorb_sole(&mut self, value: Value, wanted: impl Fn(Kind) -> bool) -> Option<Value> {
        let &[consumer] = self.consumers[value].as_slice() else { return None };
        if !wanted(self.kinds[consumer]) || self.outputs.contains(&value) {
            return None;
        }
        self.absorbed[consumer] = true;
        Some(consumer)
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

    /// A buffer for a value between layers.
    fn map_buffer(&mut self, value: Value) -> BufferId {
        let storage = match self.elements[value] {
            Element::F32 => Storage::Floats,
            Element::I8 { zero_point } => Storage::Integers { zero_point },
        };
        self.buffer(self.shapes[value], storage)
    }

    fn buffer(&mut self, shape: Shape, storage: Storage) -> BufferId {
        self.lowered.buffers.push(Buffer { shape, storage });
        self.lowered.buffers.len() - 1
    }

    fn step(&mut self, name: &str, stage: usize, task: Task) {
        self.lowered.steps.push(Lowering { name: name.into(), stage, task });
    }

    fn hold(&mut self, value: Value, parts: Vec<BufferId>, upsampled: bool) {
        self.held[value] = Some(Held { parts, upsampled, dequantise: None });
    }

    fn held(&self, value: Value) -> Result<Held, String> {
        self.held[value].clone().ok_or_else(|| "takes what is only an output".into())
    }

    fn plain(&self, value: Value) -> Result<Vec<BufferId>, String> {
        let held = self.held(value)?;
        if held.upsampled {
            return Err("takes an upsampled map, which only a convolution reads".into());
        }
        Ok(held.parts)
    }
}
