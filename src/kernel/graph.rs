//! A network as a list of operators in the order in which they run, each
//! checked against the shapes and elements of its inputs when it is added.

use super::error::{NodeError, NodeFault};
use super::integer::{IntegerFilter, Quantisation};
use super::layout::{Element, Shape};

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
    /// An input that stays as it comes, and can only be added on the way out.
    PlanarInput,
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
    /// Of a map and a planar input, as the graph's output.
    Add,
    /// Divides every pixel by its length over the channels, or by the floor
    /// where that is more.
    UnitLength {
        floor: f32,
    },
    Tanh,
    /// A convolution from integers to integers.
    IntegerConv(IntegerFilter),
    /// To integers, of the value less the shift.
    Quantise {
        shift: f32,
        to: Quantisation,
    },
    Dequantise(Quantisation),
    /// Channel 4c + 2a + b to row a and column b of the doubled map c.
    DepthToSpace,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub name: String,
    pub op: Op,
    pub inputs: Vec<Value>,
    pub shape: Shape,
    pub element: Element,
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
        self.push(name, Op::Input, &[], (shape, Element::F32))
    }

    /// An input that [`Op::Add`] alone takes.
    pub fn planar_input(&mut self, name: &str, shape: Shape) -> Value {
        self.push(name, Op::PlanarInput, &[], (shape, Element::F32))
    }

    /// Adds a node behind others.
    ///
    /// # Errors
    /// The operator does not take such inputs.
    pub fn add(&mut self, name: &str, op: Op, inputs: &[Value]) -> Result<Value, NodeError> {
        let shapes: Vec<Shape> = inputs.iter().map(|&value| self.shape(value)).collect();
        let elements: Vec<Element> = inputs.iter().map(|&value| self.element(value)).collect();
        let made = output_shape(&op, &shapes)
            .and_then(|shape| Ok((shape, output_element(&op, &elements)?)))
            .map_err(|fault| NodeError { node: name.into(), fault })?;
        Ok(self.push(name, op, inputs, made))
    }

    /// Makes a value readable from outside; outputs are numbered in the order
    /// of these calls.
    pub fn output(&mut self, value: Value) {
        self.outputs.push(value);
    }

    pub fn shape(&self, value: Value) -> Shape {
        self.nodes[value].shape
    }

    pub fn element(&self, value: Value) -> Element {
        self.nodes[value].element
    }

    fn push(
        &mut self,
        name: &str,
        op: Op,
        inputs: &[Value],
        (shape, element): (Shape, Element),
    ) -> Value {
        let (name, inputs) = (name.into(), inputs.to_vec());
        self.nodes.push(Node { name, op, inputs, shape, element, stage: self.stage });
        self.nodes.len() - 1
    }
}

fn output_shape(op: &Op, inputs: &[Shape]) -> Result<Shape, NodeFault> {
    if let Op::Concat = op {
        let (first, rest) = inputs.split_first().ok_or(NodeFault::JoinsNothing)?;
        let same = |s: &Shape| (s.height, s.width) == (first.height, first.width);
        if !rest.iter().all(same) {
            return Err(NodeFault::JoinsSizes);
        }
        let channels = inputs.iter().map(|shape| shape.channels).sum();
        return Ok(Shape { channels, ..*first });
    }
    if let (Op::Add, [map, more]) = (op, inputs) {
        return if map == more { Ok(*map) } else { Err(NodeFault::AddsSizes) };
    }
    let &[shape] = inputs else {
        return Err(NodeFault::InputCount(inputs.len()));
    };
    let Shape { height, width, .. } = shape;
    match op {
        Op::Conv(filter) | Op::Transposed(filter) => {
            let (channels, inputs) = (filter.outputs(), shape.channels);
            let weights = filter.weights.len();
            if channels == 0 || weights != channels * inputs * 9 {
                return Err(NodeFault::Weights { weights, inputs, outputs: channels });
            }
            match op {
                Op::Conv(_) => Ok(Shape { channels, ..shape }),
                _ => Ok(Shape::new(channels, height * 2, width * 2)),
            }
        }
        Op::IntegerConv(filter) => {
            filter.check(shape.channels)?;
            Ok(Shape { channels: filter.outputs(), ..shape })
        }
        Op::DepthToSpace if !shape.channels.is_multiple_of(4) => {
            Err(NodeFault::Spread(shape.channels))
        }
        Op::DepthToSpace => Ok(Shape::new(shape.channels / 4, height * 2, width * 2)),
        Op::MaxPool if height < 2 || width < 2 => Err(NodeFault::PoolsTooLittle),
        Op::MaxPool => Ok(Shape { height: height / 2, width: width / 2, ..shape }),
        Op::Upsample => Ok(Shape { height: height * 2, width: width * 2, ..shape }),
        Op::Quantise { to, .. } | Op::Dequantise(to) => to.check().map(|()| shape),
        Op::Relu | Op::UnitLength { .. } | Op::Tanh => Ok(shape),
        Op::Input | Op::PlanarInput | Op::Concat | Op::Add => Err(NodeFault::InputHasInputs),
    }
}

fn output_element(op: &Op, inputs: &[Element]) -> Result<Element, NodeFault> {
    let first = inputs.first().copied().unwrap_or(Element::F32);
    let integers = |zero_point: i8| match first {
        Element::I8 { zero_point: found } if found == zero_point => Ok(()),
        found => Err(NodeFault::NotIntegers { found, zero_point }),
    };
    match op {
        Op::MaxPool | Op::Upsample | Op::DepthToSpace => Ok(first),
        Op::Concat if inputs.iter().all(|input| *input == first) => Ok(first),
        Op::Concat => Err(NodeFault::JoinsElements(inputs.to_vec())),
        Op::Add if inputs.iter().any(|input| *input != Element::F32) => {
            Err(NodeFault::NoIntegerKernel)
        }
        Op::IntegerConv(filter) => {
            integers(filter.input_zero)?;
            Ok(Element::I8 { zero_point: filter.output_zero })
        }
        Op::Dequantise(from) => integers(from.zero_point).map(|()| Element::F32),
        Op::Quantise { to, .. } if first == Element::F32 => {
            Ok(Element::I8 { zero_point: to.zero_point })
        }
        _ if first == Element::F32 => Ok(Element::F32),
        _ => Err(NodeFault::NoIntegerKernel),
    }
}
