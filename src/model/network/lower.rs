//! Encoder and decoder to one graph of the kernels. Single operators become
//! those that the kernels have: a division by the length of a pixel, say, which
//! takes three nodes of a file.

use std::collections::HashMap;

use super::refusal::{Fault, Refusal};
use crate::kernel::{Element, Filter, Graph, IntegerFilter, Op, Shape, Value};
use crate::model::graph::{
    Boundary, BoundaryElement, Convolution, IntegerConvolution, OnnxGraph, OnnxNode, Operand,
    Operator,
};

/// A graph of two stages: its inputs are the frames and [query; read], its
/// outputs the query and the predicted frame. Where the decoder adds to the
/// newest frame, that frame is an input of its own between the two.
///
/// # Errors
/// What the kernels have no operator for, by the name of its node.
pub(super) fn lower(encoder: OnnxGraph, decoder: OnnxGraph) -> Result<Graph, Refusal> {
    let mut graph = Graph::new();
    let mut lowering = Lowering::new("encoder", &mut graph);
    let [frames] = &encoder.inputs[..] else { return Err(Refusal::EncoderInputs) };
    lowering.frames(frames)?;
    lowering.nodes(encoder.nodes)?;
    let outputs = lowering.outputs(&encoder.outputs)?;
    let newest = lowering.newest;
    let (&query, skips) = outputs.split_first().ok_or(Refusal::NoQuery)?;
    graph.output(query);
    graph.next_stage();
    let query = graph.shape(query);
    let mut lowering = Lowering::new("decoder", &mut graph);
    let (query_read, rest) = decoder.inputs.split_first().ok_or(Refusal::DecoderInputs)?;
    if lowering.input(query_read)? != (Shape { channels: 2 * query.channels, ..query }) {
        return Err(Refusal::NotQueryAndRead);
    }
    if rest.len() != skips.len() {
        return Err(Refusal::Skips);
    }
    for (input, &skip) in rest.iter().zip(skips) {
        lowering.skip(input, skip)?;
    }
    lowering.nodes(decoder.nodes)?;
    let [frame] = lowering.outputs(&decoder.outputs)?[..] else {
        return Err(Refusal::DecoderOutputs);
    };
    if newest.is_some_and(|newest| graph.shape(newest) != graph.shape(frame)) {
        return Err(Refusal::Newest);
    }
    graph.output(frame);
    Ok(graph)
}

/// What a name of the file stands for.
#[derive(Clone, Copy)]
enum Known {
    Map(Value),
    /// The length of each pixel of a map, with a lower bound.
    Length(Value, f32),
    /// A map less a constant, on its way to integers.
    Shifted(Value, f32),
}

/// One of the two files on its way into the common graph.
struct Lowering<'g> {
    part: &'static str,
    graph: &'g mut Graph,
    known: HashMap<String, Known>,
    /// The encoder's input, and its newest frame where that is taken by itself.
    frames: Option<Value>,
    newest: Option<Value>,
}

impl<'g> Lowering<'g> {
    fn new(part: &'static str, graph: &'g mut Graph) -> Self {
        Self { part, graph, known: HashMap::new(), frames: None, newest: None }
    }

    fn frames(&mut self, frames: &Boundary) -> Result<(), Refusal> {
        self.input(frames)?;
        self.frames = self.map_of(&frames.name).ok();
        Ok(())
    }

    fn input(&mut self, input: &Boundary) -> Result<Shape, Refusal> {
        let shape = shape(input, Element::F32)?;
        let value = self.graph.input(&input.name, shape);
        self.known.insert(input.name.clone(), Known::Map(value));
        Ok(shape)
    }

    fn skip(&mut self, input: &Boundary, skip: Value) -> Result<(), Refusal> {
        if shape(input, self.graph.element(skip))? != self.graph.shape(skip) {
            return Err(Refusal::SkipShape(input.name.clone()));
        }
        self.known.insert(input.name.clone(), Known::Map(skip));
        Ok(())
    }

    fn outputs(&self, outputs: &[Boundary]) -> Result<Vec<Value>, Refusal> {
        let map = |output: &Boundary| self.map_of(&output.name).map_err(Refusal::Output);
        outputs.iter().map(map).collect()
    }

    fn nodes(&mut self, nodes: Vec<OnnxNode>) -> Result<(), Refusal> {
        for node in nodes {
            let OnnxNode { name, op_type, operator, inputs, output, .. } = node;
            let layer = format!("{} {}", self.part, layer_name(&name, &op_type, &output));
            let known = self.node(&layer, operator, &inputs).map_err(|fault| Refusal::Node {
                node: name,
                op_type,
                fault,
            })?;
            self.known.insert(output, known);
        }
        Ok(())
    }

    fn node(
        &mut self,
        layer: &str,
        operator: Operator,
        inputs: &[Operand],
    ) -> Result<Known, Fault> {
        let op = match operator {
            Operator::Conv(conv) => Op::Conv(filter(conv)?),
            Operator::ConvTranspose(conv) => Op::Transposed(transposed(conv)),
            Operator::QLinearConv(conv) => Op::IntegerConv(integer_filter(conv)?),
            Operator::QuantizeLinear(to) => {
                let (map, shift) = match self.known(inputs, 0)? {
                    Known::Shifted(map, shift) => (map, shift),
                    _ => (self.map(inputs, 0)?, 0.0),
                };
                let value = self.graph.add(layer, Op::Quantise { shift, to }, &[map])?;
                return Ok(Known::Map(value));
            }
            Operator::DequantizeLinear(from) => Op::Dequantise(from),
            Operator::MaxPool => Op::MaxPool,
            Operator::Upsample => Op::Upsample,
            Operator::DepthToSpace => Op::DepthToSpace,
            Operator::Concat => Op::Concat,
            Operator::Add => Op::Add,
            Operator::LastChannels { count } => {
                let frames = self.map(inputs, 0)?;
                let shape = self.graph.shape(frames);
                if self.frames != Some(frames) || count > shape.channels {
                    return Err(Fault::OtherSlice);
                }
                let shape = Shape { channels: count, ..shape };
                let graph = &mut *self.graph;
                let newest = *self.newest.get_or_insert_with(|| graph.planar_input(layer, shape));
                if graph.shape(newest) != shape {
                    return Err(Fault::OtherSlice);
                }
                return Ok(Known::Map(newest));
            }
            Operator::Relu => Op::Relu,
            Operator::Tanh => Op::Tanh,
            // Halves are widened when they are read, so every float has 32 bits.
            Operator::Identity | Operator::CastToFloat => return self.known(inputs, 0),
            Operator::Sub => {
                let map = self.map(inputs, 0)?;
                let Some(&Operand::Scalar(shift)) = inputs.get(1) else {
                    return Err(Fault::OtherDifference);
                };
                return Ok(Known::Shifted(map, shift));
            }
            Operator::ReduceL2 { axes, keeps_dimensions } => {
                if !keeps_dimensions || !matches!(axes[..], [1 | -3]) {
                    return Err(Fault::OtherAxes(axes));
                }
                return Ok(Known::Length(self.map(inputs, 0)?, 0.0));
            }
            Operator::Max => return self.floor(inputs),
            Operator::Div => {
                let map = self.map(inputs, 0)?;
                let Known::Length(of, floor) = self.known(inputs, 1)? else {
                    return Err(Fault::OtherDivisor);
                };
                if of != map {
                    return Err(Fault::LengthOfAnother);
                }
                Op::UnitLength { floor }
            }
            Operator::Other => return Err(Fault::NoKernel),
        };
        let count = match op {
            Op::Concat => inputs.len(),
            Op::Add => 2,
            _ => 1,
        };
        let maps: Vec<Value> =
            (0..count).map(|index| self.map(inputs, index)).collect::<Result<_, _>>()?;
        Ok(Known::Map(self.graph.add(layer, op, &maps)?))
    }

    fn floor(&self, inputs: &[Operand]) -> Result<Known, Fault> {
        let (name, bound) = match inputs {
            [Operand::Tensor(name), Operand::Scalar(bound)]
            | [Operand::Scalar(bound), Operand::Tensor(name)] => (name, *bound),
            _ => return Err(Fault::OtherMaximum),
        };
        match self.known.get(name) {
            Some(&Known::Length(map, floor)) => Ok(Known::Length(map, floor.max(bound))),
            _ => Err(Fault::OtherMaximum),
        }
    }

    fn known(&self, inputs: &[Operand], index: usize) -> Result<Known, Fault> {
        match inputs.get(index) {
            Some(Operand::Tensor(name)) => {
                self.known.get(name).copied().ok_or_else(|| Fault::Unknown(name.clone()))
            }
            Some(Operand::Scalar(_) | Operand::Constant(_)) => Err(Fault::Constant),
            None => Err(Fault::TooFewInputs),
        }
    }

    fn map(&self, inputs: &[Operand], index: usize) -> Result<Value, Fault> {
        match inputs.get(index) {
            Some(Operand::Tensor(name)) => self.map_of(name),
            Some(Operand::Scalar(_) | Operand::Constant(_)) => Err(Fault::Constant),
            None => Err(Fault::TooFewInputs),
        }
    }

    fn map_of(&self, name: &str) -> Result<Value, Fault> {
        match self.known.get(name) {
            Some(Known::Map(value)) => Ok(*value),
            Some(Known::Length(..)) => Err(Fault::Length(name.into())),
            Some(Known::Shifted(..)) => Err(Fault::Difference(name.into())),
            None => Err(Fault::Unknown(name.into())),
        }
    }
}

/// The node's name without the operator that the exporter put behind it.
fn layer_name<'n>(name: &'n str, op_type: &str, output: &'n str) -> &'n str {
    let layer = name.strip_suffix(op_type).and_then(|name| name.strip_suffix('/')).unwrap_or(name);
    if layer.is_empty() { output } else { layer }
}

fn shape(boundary: &Boundary, element: Element) -> Result<Shape, Refusal> {
    let fits = match element {
        Element::F32 => {
            matches!(boundary.element, BoundaryElement::F32 | BoundaryElement::F16)
        }
        Element::I8 { .. } => boundary.element == BoundaryElement::I8,
    };
    match boundary.shape.as_deref() {
        Some(&[1, channels, height, width]) if fits && channels * height * width > 0 => {
            Ok(Shape { channels, height, width })
        }
        _ => Err(Refusal::Boundary { name: boundary.name.clone(), element }),
    }
}

fn filter(conv: Convolution) -> Result<Filter, Fault> {
    let [.., 3, 3] = conv.shape else { return Err(Fault::WeightShape(conv.shape)) };
    check_pads(conv.pads, [1; 4])?;
    Ok(Filter { weights: conv.weights, bias: conv.bias })
}

/// Out × in instead of in × out.
fn transposed(conv: Convolution) -> Filter {
    let [inputs, outputs, ..] = conv.shape;
    let tap = |o: usize, i: usize| &conv.weights[(i * outputs + o) * 9..][..9];
    let weights = (0..outputs).flat_map(|o| (0..inputs).flat_map(move |i| tap(o, i)));
    Filter { weights: weights.copied().collect(), bias: conv.bias }
}

fn integer_filter(conv: IntegerConvolution) -> Result<IntegerFilter, Fault> {
    let (side, pads) = match conv.shape {
        [.., 3, 3] => (3, [1; 4]),
        [.., 2, 2] => (2, [0, 0, 1, 1]),
        shape => return Err(Fault::WeightShape(shape)),
    };
    check_pads(conv.pads, pads)?;
    let scale = |o: usize| conv.scales[if conv.scales.len() == 1 { 0 } else { o }];
    let multiplier = |o: usize| conv.input.scale * scale(o) / conv.output.scale;
    Ok(IntegerFilter {
        side,
        multipliers: (0..conv.shape[0]).map(multiplier).collect(),
        weights: conv.weights,
        bias: conv.bias,
        input_zero: conv.input.zero_point,
        output_zero: conv.output.zero_point,
    })
}

fn check_pads(found: [usize; 4], wanted: [usize; 4]) -> Result<(), Fault> {
    if found == wanted { Ok(()) } else { Err(Fault::Pads { found, wanted }) }
}
