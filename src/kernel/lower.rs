use super::graph::{Filter, Graph, Op, Value};
use super::layout::Shape;

/// How a convolution reads its input and places its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// Over an input that is read as if every pixel stood there four times.
    Upsampled,
    Transposed,
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
    /// Plain C×H×W for the outside instead of blocks with a border.
    pub planar: bool,
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
    Export {
        source: BufferId,
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
    pub inputs: Vec<BufferId>,
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
    Other,
}

impl Kind {
    fn of(op: &Op) -> Self {
        match op {
            Op::Relu => Self::Relu,
            Op::MaxPool => Self::Pool,
            Op::Tanh => Self::Finish(Finish::Tanh),
            Op::UnitLength { floor } => Self::Finish(Finish::UnitLength { floor: *floor }),
            _ => Self::Other,
        }
    }
}

struct Pass {
    kinds: Vec<Kind>,
    shapes: Vec<Shape>,
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
            Op::Input => {
                let into = self.buffer(self.shapes[value], false);
                self.lowered.inputs.push(into);
                self.hold(value, vec![into], false);
                self.step(name, stage, Task::Input { into });
            }
            Op::Conv(filter) => {
                let Held { parts, upsampled } = self.held(inputs[0])?;
                let form = if upsampled { Form::Upsampled } else { Form::Plain };
                self.convolution(value, parts, form, filter, name, stage);
            }
            Op::Transposed(filter) => {
                let parts = self.plain(inputs[0])?;
                self.convolution(value, parts, Form::Transposed, filter, name, stage);
            }
            Op::Upsample => {
                let parts = self.plain(inputs[0])?;
                self.hold(value, parts, true);
            }
            Op::Concat => {
                let mut parts = Vec::new();
                for &input in inputs {
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
                let into = self.buffer(self.shapes[last], true);
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
        let into = self.buffer(self.shapes[value], false);
        self.hold(value, vec![into], false);
        let pools: Vec<Value> = self.consumers[value]
            .iter()
            .copied()
            .filter(|&v| self.kinds[v] == Kind::Pool)
            .collect();
        let pooled = pools.first().map(|&pool| self.buffer(self.shapes[pool], false));
        for pool in pools {
            self.absorbed[pool] = true;
            self.hold(pool, pooled.into_iter().collect(), false);
        }
        self.step(name, stage, Task::Conv { sources, form, filter, relu, into, pooled });
        if value != conv && self.outputs.contains(&value) {
            self.export(value, value, Finish::Nothing, name, stage)
                .expect("a convolution's result is a plain map");
        }
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
        if !self.outputs.contains(&value) || !self.consumers[value].is_empty() && input != value {
            return Err("stands in the middle of the graph".into());
        }
        let into = self.buffer(self.shapes[value], true);
        self.exported[value] = Some(into);
        self.step(name, stage, Task::Export { source, finish, into });
        Ok(())
    }

    fn buffer(&mut self, shape: Shape, planar: bool) -> BufferId {
        self.lowered.buffers.push(Buffer { shape, planar });
        self.lowered.buffers.len() - 1
    }

    fn step(&mut self, name: &str, stage: usize, task: Task) {
        self.lowered.steps.push(Lowering { name: name.into(), stage, task });
    }

    fn hold(&mut self, value: Value, parts: Vec<BufferId>, upsampled: bool) {
        self.held[value] = Some(Held { parts, upsampled });
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
