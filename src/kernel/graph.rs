use super::layout::Shape;

/// A node's result, by the node's number.
pub type Value = usize;

/// Weights and bias of a 3×3 convolution.
#[derive(Clone, Debug)]
pub struct Filter {
    /// out × in × 3 × 3, row-major, for transposed convolutions too.
    pub weights: Vec<f32>,
    /// One for each output channel.
    pub bias: Vec<f32>,
}

impl Filter {
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }
}

/// What the network family is made of.
#[derive(Clone, Debug)]
pub enum Op {
    Input,
    /// 3×3, stride 1, one pixel of zero padding.
    Conv(Filter),
    /// 3×3, stride 2, padding 1, output padding 1: twice the size.
    Transposed(Filter),
    Relu,
    /// 2×2, stride 2.
    MaxPool,
    /// Every pixel four times.
    Upsample,
    /// Of channels.
    Concat,
    /// Divides every pixel by its length over the channels, or by the floor
    /// where that is more.
    UnitLength {
        floor: f32,
    },
    Tanh,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub name: String,
    pub op: Op,
    pub inputs: Vec<Value>,
    pub shape: Shape,
    pub stage: usize,
}

/// A network in one or more stages. Between two stages the caller may read
/// the outputs so far and write the inputs that follow; everything else stays
/// where the stages left it.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) outputs: Vec<Value>,
    pub(super) stage: usize,
}

impl Graph {
    pub fn new() -> Self {
        Self::default()
    }

    /// What is added from here on belongs to the next stage.
    pub fn next_stage(&mut self) {
        self.stage += 1;
    }

    pub fn input(&mut self, name: &str, shape: Shape) -> Value {
        self.push(name, Op::Input, &[], shape)
    }

    /// Adds a node behind others.
    ///
    /// # Errors
    /// The operator does not take such inputs.
    pub fn add(&mut self, name: &str, op: Op, inputs: &[Value]) -> Result<Value, String> {
        let shapes: Vec<Shape> = inputs.iter().map(|&value| self.shape(value)).collect();
        let shape = output_shape(&op, &shapes).map_err(|e| format!("`{name}` {e}"))?;
        Ok(self.push(name, op, inputs, shape))
    }

    /// Makes a value readable from outside; outputs are numbered in the order
    /// of these calls.
    pub fn output(&mut self, value: Value) {
        self.outputs.push(value);
    }

    pub fn shape(&self, value: Value) -> Shape {
        self.nodes[value].shape
    }

    fn push(&mut self, name: &str, op: Op, inputs: &[Value], shape: Shape) -> Value {
        let (name, inputs) = (name.into(), inputs.to_vec());
        self.nodes.push(Node { name, op, inputs, shape, stage: self.stage });
        self.nodes.len() - 1
    }
}

fn output_shape(op: &Op, inputs: &[Shape]) -> Result<Shape, String> {
    if let Op::Concat = op {
        let (first, rest) = inputs.split_first().ok_or("joins nothing")?;
        let same = |s: &Shape| (s.height, s.width) == (first.height, first.width);
        if !rest.iter().all(same) {
            return Err("joins maps of different sizes".into());
        }
        let channels = inputs.iter().map(|shape| shape.channels).sum();
        return Ok(Shape { channels, ..*first });
    }
    let &[shape] = inputs else {
        return Err(format!("has {} inputs, not one", inputs.len()));
    };
    let Shape { height, width, .. } = shape;
    match op {
        Op::Conv(filter) | Op::Transposed(filter) => {
            let channels = filter.outputs();
            if channels == 0 || filter.weights.len() != channels * shape.channels * 9 {
                return Err(format!(
                    "has {} weights for {} channels to {channels}",
                    filter.weights.len(),
                    shape.channels
                ));
            }
            match op {
                Op::Conv(_) => Ok(Shape { channels, ..shape }),
                _ => Ok(Shape::new(channels, height * 2, width * 2)),
            }
        }
        Op::MaxPool if height < 2 || width < 2 => Err("pools less than two pixels".into()),
        Op::MaxPool => Ok(Shape { height: height / 2, width: width / 2, ..shape }),
        Op::Upsample => Ok(Shape { height: height * 2, width: width * 2, ..shape }),
        Op::Relu | Op::UnitLength { .. } | Op::Tanh => Ok(shape),
        Op::Input | Op::Concat => Err("has inputs".into()),
    }
}
