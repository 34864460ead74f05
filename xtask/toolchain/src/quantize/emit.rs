//! Writes a network as ONNX graphs in f32, f16 or int8.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use tract_onnx::pb::{ModelProto, TensorProto};

use super::network::{Conv, Graph, Key, Network, Node, Op, Side};
use super::plan::{Int8Plan, QuantisedConv};
use crate::onnx::{
    Attribute, ElementType, GraphBuilder, f16_tensor, f32_tensor, i8_tensor, i32_tensor,
};

/// What the convolutions of a written graph compute in.
#[derive(Clone, Copy, Debug)]
pub enum Style<'a> {
    F32,
    F16,
    /// The layers of the plan in integers, the others in f32.
    Int8(&'a Int8Plan),
}

/// Metadata of a graph: the factors that an equalised tensor's channels were
/// divided by, separated by spaces; the tensor's name follows.
pub const EQUALISED: &str = "normwatch.equalised.";

/// Writes encoder and decoder. Tensors keep the names that they had.
///
/// # Errors
/// A query or frame that would not come out as f32.
pub fn emit(network: &Network, style: Style<'_>) -> Result<(ModelProto, ModelProto)> {
    let first = [ElementType::F32];
    let (encoder, elements) = emit_graph(&network.encoder, Side::Encoder, style, &first)?;
    let taken = [&first[..], &elements[1..]].concat();
    let (decoder, _) = emit_graph(&network.decoder, Side::Decoder, style, &taken)?;
    Ok((encoder, decoder))
}

fn emit_graph(
    graph: &Graph,
    side: Side,
    style: Style<'_>,
    inputs: &[ElementType],
) -> Result<(ModelProto, Vec<ElementType>)> {
    let mut emitter = Emitter {
        side,
        style,
        builder: GraphBuilder::new(&graph.name),
        native: BTreeMap::new(),
        made: BTreeSet::new(),
    };
    for ((name, shape), &element) in graph.inputs.iter().zip(inputs) {
        emitter.builder.input(name, element, shape);
        emitter.native.insert(name.clone(), element);
    }
    for node in &graph.nodes {
        emitter.node(node)?;
    }
    let mut elements = Vec::new();
    for (index, (name, shape)) in graph.outputs.iter().enumerate() {
        let element = emitter.native[name];
        ensure!(
            index > 0 || element == ElementType::F32,
            "output `{name}` comes straight out of a convolution and would not be f32"
        );
        emitter.builder.output(name, element, shape);
        elements.push(element);
    }
    if let Style::Int8(plan) = style {
        for (key, factors) in plan.equalised.iter().filter(|(key, _)| key.0 == side) {
            let text: Vec<String> = factors.iter().map(f32::to_string).collect();
            emitter.builder.property(&format!("{EQUALISED}{}", key.1), text.join(" "));
        }
    }
    Ok((emitter.builder.finish(), elements))
}

struct Emitter<'a> {
    side: Side,
    style: Style<'a>,
    builder: GraphBuilder,
    /// The type under which each tensor is there by its own name.
    native: BTreeMap<String, ElementType>,
    /// Conversions that are there already.
    made: BTreeSet<String>,
}

impl Emitter<'_> {
    fn float(&self) -> ElementType {
        if matches!(self.style, Style::F16) { ElementType::F16 } else { ElementType::F32 }
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        let element = match &node.op {
            Op::Conv(conv) => {
                let key: Key = (self.side, conv.name.clone());
                if let Style::Int8(plan) = self.style
                    && let Some(quantised) = plan.layers.get(&key)
                {
                    self.integer_conv(node, conv, quantised)?;
                    ElementType::I8
                } else {
                    self.float_conv(node, conv)?;
                    self.float()
                }
            }
            Op::Float { node: proto, constants } => {
                let mut proto = proto.clone();
                for input in node.inputs.iter().collect::<BTreeSet<_>>() {
                    let name = self.want(input, ElementType::F32)?;
                    proto
                        .input
                        .iter_mut()
                        .filter(|i| *i == input)
                        .for_each(|i| i.clone_from(&name));
                }
                for constant in constants {
                    self.builder.constant(constant.clone());
                }
                self.builder.raw_node(proto);
                ElementType::F32
            }
            _ => self.move_values(node)?,
        };
        self.native.insert(node.output.clone(), element);
        Ok(())
    }

    /// The name under which a tensor is there as `element`, converting it at
    /// its first use.
    fn want(&mut self, name: &str, element: ElementType) -> Result<String> {
        let native = self.native[name];
        if native == element {
            return Ok(name.into());
        }
        let suffix = match element {
            ElementType::F32 => "f32",
            ElementType::F16 => "f16",
            ElementType::I8 => "i8",
        };
        let output = format!("{name}.{suffix}");
        if !self.made.insert(output.clone()) {
            return Ok(output);
        }
        match (native, element) {
            (ElementType::I8, _) => {
                let (scale, zero_point) = self.quant_params(name)?;
                self.builder.node("DequantizeLinear", &[name, &scale, &zero_point], &output, &[]);
            }
            (_, ElementType::I8) => {
                let mut input = name.to_owned();
                let offset = self.offset(name)?;
                if offset != 0.0 {
                    let constant = f32_tensor(&format!("{name}.offset"), &[], &[offset]);
                    let constant = self.builder.constant(constant);
                    input = self.builder.node(
                        "Sub",
                        &[name, &constant],
                        &format!("{name}.shifted"),
                        &[],
                    );
                }
                let (scale, zero_point) = self.quant_params(name)?;
                self.builder.node("QuantizeLinear", &[&input, &scale, &zero_point], &output, &[]);
            }
            (_, to) => {
                // ONNX's numbers of the types: 1 is FLOAT, 10 is FLOAT16.
                let to = if to == ElementType::F16 { 10 } else { 1 };
                self.builder.node("Cast", &[name], &output, &[("to", Attribute::Int(to))]);
            }
        }
        Ok(output)
    }

    fn params(&self, name: &str) -> Result<super::plan::QuantParams> {
        let Style::Int8(plan) = self.style else { anyhow::bail!("`{name}` has no integer form") };
        let found = plan.params.get(&(self.side, name.to_owned()));
        found.copied().ok_or_else(|| anyhow::anyhow!("`{name}` was not calibrated"))
    }

    fn offset(&self, name: &str) -> Result<f32> {
        Ok(self.params(name)?.offset)
    }

    /// Names of the constants with a tensor's scale and zero point.
    fn quant_params(&mut self, name: &str) -> Result<(String, String)> {
        let params = self.params(name)?;
        let scale = f32_tensor(&format!("{name}.scale"), &[], &[params.scale]);
        let zero_point = i8_tensor(&format!("{name}.zero_point"), &[], &[params.zero_point]);
        Ok((self.builder.constant(scale), self.builder.constant(zero_point)))
    }

    fn integer_conv(&mut self, node: &Node, conv: &Conv, q: &QuantisedConv) -> Result<()> {
        let x = self.want(&node.inputs[0], ElementType::I8)?;
        let (x_scale, x_zero) = self.quant_params(&node.inputs[0])?;
        let (y_scale, y_zero) = self.quant_params(&node.output)?;
        let (o, i, h, w) = conv.weight.dim();
        let own = |part: &str| format!("{}.{part}", conv.name);
        let scales: &[usize] = if q.scales.len() == 1 { &[] } else { &[o] };
        let weight = self.builder.constant(i8_tensor(&own("weight"), &[o, i, h, w], &q.weight));
        let w_scale = self.builder.constant(f32_tensor(&own("weight.scale"), scales, &q.scales));
        let w_zero = self.builder.constant(i8_tensor(&own("weight.zero_point"), &[], &[0]));
        let bias = self.builder.constant(i32_tensor(&own("bias"), &[o], &q.bias));
        let inputs = [&x, &x_scale, &x_zero, &weight, &w_scale, &w_zero, &y_scale, &y_zero, &bias];
        let (kernel, strides) = ([h as i64, w as i64], [1, 1]);
        self.builder.node(
            "QLinearConv",
            &inputs.map(String::as_str),
            &node.output,
            &[
                ("kernel_shape", Attribute::Ints(&kernel)),
                ("pads", Attribute::Ints(&conv.pads)),
                ("strides", Attribute::Ints(&strides)),
            ],
        );
        Ok(())
    }

    fn float_conv(&mut self, node: &Node, conv: &Conv) -> Result<()> {
        let element = self.float();
        let x = self.want(&node.inputs[0], element)?;
        let (o, i, h, w) = conv.weight.dim();
        let constant: fn(&str, &[usize], &[f32]) -> TensorProto =
            if element == ElementType::F16 { f16_tensor } else { f32_tensor };
        let own = |part: &str| format!("{}.{part}", conv.name);
        let values = conv.weight.as_standard_layout();
        let values = values.as_slice().expect("standard layout");
        let weight = self.builder.constant(constant(&own("weight"), &[o, i, h, w], values));
        let bias = self.builder.constant(constant(&own("bias"), &[o], &conv.bias));
        let (kernel, strides) = ([h as i64, w as i64], [1, 1]);
        let attributes = [
            ("kernel_shape", Attribute::Ints(&kernel)),
            ("pads", Attribute::Ints(&conv.pads)),
            ("strides", Attribute::Ints(&strides)),
        ];
        let sums = if conv.relu { format!("{}.sums", node.output) } else { node.output.clone() };
        self.builder.node("Conv", &[&x, &weight, &bias], &sums, &attributes);
        if conv.relu {
            self.builder.node("Relu", &[&sums], &node.output, &[]);
        }
        Ok(())
    }

    /// Stays in integers where all inputs are.
    fn move_values(&mut self, node: &Node) -> Result<ElementType> {
        let integer = node.inputs.iter().all(|i| self.native[i] == ElementType::I8);
        let element = if integer { ElementType::I8 } else { self.float() };
        let inputs: Result<Vec<String>> =
            node.inputs.iter().map(|i| self.want(i, element)).collect();
        let inputs = inputs?;
        write_mover(&mut self.builder, &node.op, &inputs, &node.output);
        Ok(element)
    }
}

/// Writes an operator that only moves values.
pub fn write_mover(builder: &mut GraphBuilder, op: &Op, inputs: &[String], output: &str) {
    let mut inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let two = [2, 2];
    let (name, attributes) = match op {
        Op::MaxPool => (
            "MaxPool",
            vec![("kernel_shape", Attribute::Ints(&two)), ("strides", Attribute::Ints(&two))],
        ),
        Op::Upsample => {
            builder.constant(f32_tensor("twice.scales", &[4], &[1.0, 1.0, 2.0, 2.0]));
            inputs.extend(["", "twice.scales"]);
            let nearest = [
                ("mode", Attribute::Text("nearest")),
                ("coordinate_transformation_mode", Attribute::Text("asymmetric")),
                ("nearest_mode", Attribute::Text("floor")),
            ];
            ("Resize", nearest.to_vec())
        }
        Op::DepthToSpace => (
            "DepthToSpace",
            vec![("blocksize", Attribute::Int(2)), ("mode", Attribute::Text("CRD"))],
        ),
        Op::Concat => ("Concat", vec![("axis", Attribute::Int(1))]),
        Op::Conv(_) | Op::Float { .. } => unreachable!("computes values"),
    };
    builder.node(name, &inputs, output, &attributes);
}
