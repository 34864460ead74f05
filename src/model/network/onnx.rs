mod attributes;
mod filters;
mod integer;
mod tensors;

use std::collections::HashMap;
use std::io::Cursor;

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

use self::attributes::{
    attribute, casts_to_float, expect, expect_one, layer_name, padded_by_hand, shape,
};
use self::tensors::{floats, integers};
use super::NetworkError;
pub(super) use super::tract::precision;
use crate::kernel::{Element, Graph, Op, Shape, Value};

pub(super) type Model = ModelProto;

/// # Errors
/// Not the protocol buffer of an ONNX model.
pub(super) fn parse(bytes: &[u8]) -> Result<Model, NetworkError> {
    tract_onnx::onnx()
        .proto_model_for_read(&mut Cursor::new(bytes))
        .map_err(|e| NetworkError::Unusable(format!("{e:#}")))
}

/// Encoder and decoder as one graph of two stages: its inputs are the frames
/// and [query; read], its outputs the query and the predicted frame.
///
/// # Errors
/// What the kernels have no operator for, by the name of its node.
pub(super) fn graph(encoder: &Model, decoder: &Model) -> Result<Graph, String> {
    let (encoder, decoder) = (main_graph(encoder)?, main_graph(decoder)?);
    let mut graph = Graph::new();
    let mut reader = Reader::new("encoder", encoder, &mut graph);
    let [frames] = reader.inputs()[..] else { return Err("an encoder has one input".into()) };
    reader.input(frames)?;
    reader.nodes()?;
    let outputs = reader.outputs()?;
    let (&query, skips) = outputs.split_first().ok_or("the encoder has no output")?;
    graph.output(query);
    graph.next_stage();
    let mut reader = Reader::new("decoder", decoder, &mut graph);
    let inputs = reader.inputs();
    let (query_read, rest) = inputs.split_first().ok_or("the decoder has no input")?;
    let query = reader.graph.shape(query);
    reader.input(query_read)?;
    if shape(query_read, Element::F32)? != (Shape { channels: 2 * query.channels, ..query }) {
        return Err("the decoder does not take query and read".into());
    }
    if rest.len() != skips.len() {
        return Err("the decoder does not take the encoder's skips".into());
    }
    for (input, &skip) in rest.iter().zip(skips) {
        if shape(input, reader.graph.element(skip))? != reader.graph.shape(skip) {
            return Err(format!("`{}` is not of the shape that the encoder gives", input.name));
        }
        reader.known.insert(&input.name, Known::Map(skip));
    }
    reader.nodes()?;
    let [frame] = reader.outputs()?[..] else { return Err("a decoder has one output".into()) };
    graph.output(frame);
    Ok(graph)
}

fn main_graph(model: &Model) -> Result<&GraphProto, String> {
    model.graph.as_ref().ok_or_else(|| "is a model without a graph".into())
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

struct Reader<'a, 'g> {
    part: &'static str,
    file: &'a GraphProto,
    graph: &'g mut Graph,
    constants: HashMap<&'a str, &'a TensorProto>,
    known: HashMap<&'a str, Known>,
}

impl<'a, 'g> Reader<'a, 'g> {
    fn new(part: &'static str, file: &'a GraphProto, graph: &'g mut Graph) -> Self {
        let mut constants: HashMap<&str, &TensorProto> =
            file.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        for node in file.node.iter().filter(|node| node.op_type == "Constant") {
            let value = attribute(node, "value").and_then(|a| a.t.as_ref());
            if let (Some(value), [name]) = (value, &node.output[..]) {
                constants.insert(name, value);
            }
        }
        Self { part, file, graph, constants, known: HashMap::new() }
    }

    /// The graph's inputs but those that only name a constant.
    fn inputs(&self) -> Vec<&'a ValueInfoProto> {
        let named = |input: &&ValueInfoProto| !self.constants.contains_key(input.name.as_str());
        self.file.input.iter().filter(named).collect()
    }

    fn input(&mut self, input: &'a ValueInfoProto) -> Result<(), String> {
        let value = self.graph.input(&input.name, shape(input, Element::F32)?);
        self.known.insert(&input.name, Known::Map(value));
        Ok(())
    }

    fn outputs(&self) -> Result<Vec<Value>, String> {
        self.file.output.iter().map(|output| self.map(&output.name)).collect()
    }

    fn nodes(&mut self) -> Result<(), String> {
        for node in self.file.node.iter().filter(|node| node.op_type != "Constant") {
            let known = self
                .node(node)
                .map_err(|e| format!("node `{}` ({}) {e}", node.name, node.op_type))?;
            let [output] = &node.output[..] else {
                return Err(format!("node `{}` has more than one output", node.name));
            };
            self.known.insert(output, known);
        }
        Ok(())
    }

    fn node(&mut self, node: &'a NodeProto) -> Result<Known, String> {
        if !node.domain.is_empty() && node.domain != "ai.onnx" {
            return Err(format!("is of the domain {}", node.domain));
        }
        let op = match node.op_type.as_str() {
            "Conv" => Op::Conv(self.conv(node)?),
            "ConvTranspose" => Op::Transposed(self.transposed(node)?),
            "QLinearConv" => Op::IntegerConv(self.integer_conv(node)?),
            "Sub" => {
                let map = self.map(self.name(node, 0)?)?;
                return Ok(Known::Shifted(map, self.scalar(node, 1)?));
            }
            "QuantizeLinear" => return self.quantise(node),
            "DequantizeLinear" => Op::Dequantise(self.quantisation(node, 1)?),
            "DepthToSpace" => {
                expect_one(node, "blocksize", 2, 0)?;
                if attribute(node, "mode").is_none_or(|mode| mode.s != b"CRD") {
                    return Err("is not of the mode CRD".into());
                }
                Op::DepthToSpace
            }
            "Relu" => Op::Relu,
            "Tanh" => Op::Tanh,
            "MaxPool" => {
                expect(node, "kernel_shape", &[2, 2], None)?;
                expect(node, "strides", &[2, 2], None)?;
                expect(node, "pads", &[0, 0, 0, 0], Some(&[0, 0, 0, 0]))?;
                expect(node, "dilations", &[1, 1], Some(&[1, 1]))?;
                expect_one(node, "ceil_mode", 0, 0)?;
                padded_by_hand(node)?;
                Op::MaxPool
            }
            "Resize" => {
                self.doubles(node)?;
                Op::Upsample
            }
            "Concat" => {
                expect_one(node, "axis", 1, 0)?;
                Op::Concat
            }
            // Halves are widened when they are read, so every float has 32 bits.
            "Cast" if !casts_to_float(node) => return Err("casts to integers".into()),
            "Identity" | "Cast" => {
                let name = self.name(node, 0)?;
                let known = self.known.get(name).copied();
                return known
                    .ok_or_else(|| format!("takes `{name}`, which is not computed before"));
            }
            "ReduceL2" => {
                self.over_channels(node)?;
                return Ok(Known::Length(self.map(self.name(node, 0)?)?, 0.0));
            }
            "Max" => return self.floor(node),
            "Div" => {
                let map = self.map(self.name(node, 0)?)?;
                let by = self.known.get(self.name(node, 1)?);
                let Some(&Known::Length(of, floor)) = by else {
                    return Err("divides by something else than a length".into());
                };
                if of != map {
                    return Err("divides by the length of another map".into());
                }
                Op::UnitLength { floor }
            }
            _ => return Err("is an operator without a kernel".into()),
        };
        let count = if let Op::Concat = op { node.input.len() } else { 1 };
        let inputs = (0..count)
            .map(|index| self.map(self.name(node, index)?))
            .collect::<Result<Vec<_>, _>>()?;
        self.graph
            .add(&format!("{} {}", self.part, layer_name(node)), op, &inputs)
            .map(Known::Map)
            .map_err(|e| e.to_string())
    }

    fn name(&self, node: &'a NodeProto, index: usize) -> Result<&'a str, String> {
        node.input.get(index).map(String::as_str).ok_or_else(|| "has too few inputs".into())
    }

    fn map(&self, name: &str) -> Result<Value, String> {
        match self.known.get(name) {
            Some(Known::Map(value)) => Ok(*value),
            Some(Known::Length(..)) => Err(format!("takes `{name}`, which is a length")),
            Some(Known::Shifted(..)) => Err(format!("takes `{name}`, which is a difference")),
            None => Err(format!("takes `{name}`, which is not computed before")),
        }
    }

    fn constant(&self, node: &NodeProto, index: usize) -> Result<&'a TensorProto, String> {
        let name = node.input.get(index).ok_or("has too few inputs")?;
        let tensor = self.constants.get(name.as_str());
        tensor.copied().ok_or_else(|| format!("takes `{name}`, which is not constant"))
    }

    fn scalar(&self, node: &NodeProto, index: usize) -> Result<f32, String> {
        match floats(self.constant(node, index)?)?[..] {
            [value] => Ok(value),
            _ => Err(format!("takes more than one value in `{}`", node.input[index])),
        }
    }

    fn doubles(&self, node: &NodeProto) -> Result<(), String> {
        let text = |name: &str| attribute(node, name).map(|a| String::from_utf8_lossy(&a.s));
        let is = |name: &str, wanted: &str, default: &str| {
            text(name).as_deref().unwrap_or(default) == wanted
        };
        let nearest = is("mode", "nearest", "nearest")
            && is("coordinate_transformation_mode", "asymmetric", "half_pixel")
            && is("nearest_mode", "floor", "round_prefer_floor");
        let scales = node.input.get(2).and_then(|name| self.constants.get(name.as_str()));
        let scales = scales.map(|tensor| floats(tensor)).transpose()?;
        if nearest && node.input.len() == 3 && scales.as_deref() == Some(&[1.0, 1.0, 2.0, 2.0]) {
            return Ok(());
        }
        Err("is not a nearest doubling by scales, asymmetric, rounded down".into())
    }

    fn over_channels(&self, node: &NodeProto) -> Result<(), String> {
        expect_one(node, "keepdims", 1, 1)?;
        let axes = match node.input.get(1).map(|name| self.constants.get(name.as_str())) {
            Some(tensor) => integers(tensor.ok_or("has axes that are not constant")?)?,
            None => attribute(node, "axes").map(|a| a.ints.clone()).unwrap_or_default(),
        };
        if axes == [1] { Ok(()) } else { Err(format!("reduces the axes {axes:?}")) }
    }

    fn floor(&self, node: &'a NodeProto) -> Result<Known, String> {
        let [a, b] = &node.input[..] else { return Err("compares more than two".into()) };
        for (length, bound) in [(a, b), (b, a)] {
            let constant = self.constants.get(bound.as_str());
            if let (Some(&Known::Length(map, floor)), Some(tensor)) =
                (self.known.get(length.as_str()), constant)
                && let [bound] = floats(tensor)?[..]
            {
                return Ok(Known::Length(map, floor.max(bound)));
            }
        }
        Err("is not the lower bound of a length".into())
    }
}
