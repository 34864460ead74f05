//! Writes the quantised network in the form that other runtimes read.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use clap::ValueEnum;
use tract_onnx::pb::ModelProto;

use super::emit::write_mover;
use super::network::{Conv, Graph, Network, Node, Op, Side};
use super::plan::{Int8Plan, QuantParams, QuantisedConv};
use crate::onnx::{
    Attribute, ElementType, GraphBuilder, f32_tensor, i8_tensor, i32_tensor, u8_tensor,
};

/// How other runtimes like activations stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QdqActivations {
    /// What ONNX Runtime is fast with on x86-64.
    U8,
    /// What it is fast with on ARM.
    I8,
}

/// Writes encoder and decoder in the form that other runtimes fuse themselves:
/// f32 operators between QuantizeLinear and DequantizeLinear pairs, f32 at
/// every boundary. Scales, weights and biases are the plan's.
///
/// # Errors
/// A tensor without scale.
pub fn emit_qdq(
    network: &Network,
    plan: &Int8Plan,
    activations: QdqActivations,
) -> Result<(ModelProto, ModelProto)> {
    let graph = |graph: &Graph, side| Writer::new(graph, side, plan, activations).write(graph);
    Ok((graph(&network.encoder, Side::Encoder)?, graph(&network.decoder, Side::Decoder)?))
}

struct Writer<'a> {
    side: Side,
    plan: &'a Int8Plan,
    activations: QdqActivations,
    builder: GraphBuilder,
    /// Tensors that hold only values of their 256 steps.
    stepped: BTreeSet<String>,
}

impl<'a> Writer<'a> {
    fn new(graph: &Graph, side: Side, plan: &'a Int8Plan, activations: QdqActivations) -> Self {
        let builder = GraphBuilder::new(&graph.name);
        Self { side, plan, activations, builder, stepped: BTreeSet::new() }
    }

    fn write(mut self, graph: &Graph) -> Result<ModelProto> {
        for (name, shape) in &graph.inputs {
            self.builder.input(name, ElementType::F32, shape);
        }
        for node in &graph.nodes {
            self.node(node)?;
        }
        for (name, shape) in &graph.outputs {
            self.builder.output(name, ElementType::F32, shape);
        }
        Ok(self.builder.finish())
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        match &node.op {
            Op::Conv(conv) => {
                let layers = &self.plan.layers;
                match layers.get(&(self.side, conv.name.clone())).cloned() {
                    Some(quantised) => self.integer_conv(node, conv, &quantised)?,
                    None => self.float_conv(node, conv),
                }
            }
            Op::Float { node: proto, constants } => {
                for constant in constants {
                    self.builder.constant(constant.clone());
                }
                self.builder.raw_node(proto.clone());
            }
            op => {
                let stepped = node.inputs.iter().all(|i| self.stepped.contains(i));
                let raw =
                    if stepped { format!("{}.exact", node.output) } else { node.output.clone() };
                write_mover(&mut self.builder, op, &node.inputs, &raw);
                if stepped {
                    self.pair(&raw, &node.output, &node.output)?;
                }
            }
        }
        Ok(())
    }

    /// QuantizeLinear and DequantizeLinear with the parameters of `tensor`.
    fn pair(&mut self, from: &str, to: &str, tensor: &str) -> Result<()> {
        let found = self.plan.params.get(&(self.side, tensor.to_owned()));
        let Some(&QuantParams { scale, zero_point, .. }) = found else {
            anyhow::bail!("`{tensor}` was not calibrated")
        };
        let scale = self.builder.constant(f32_tensor(&format!("{tensor}.scale"), &[], &[scale]));
        let name = format!("{tensor}.zero_point");
        let zero_point = self.builder.constant(match self.activations {
            QdqActivations::I8 => i8_tensor(&name, &[], &[zero_point]),
            QdqActivations::U8 => u8_tensor(&name, &[], &[zero_point.wrapping_sub(-128) as u8]),
        });
        let steps = format!("{to}.steps");
        self.builder.node("QuantizeLinear", &[from, &scale, &zero_point], &steps, &[]);
        self.builder.node("DequantizeLinear", &[&steps, &scale, &zero_point], to, &[]);
        self.stepped.insert(to.into());
        Ok(())
    }

    fn integer_conv(&mut self, node: &Node, conv: &Conv, q: &QuantisedConv) -> Result<()> {
        let input = &node.inputs[0];
        let params = self.plan.params.get(&(self.side, input.clone())).copied();
        let Some(params) = params else { anyhow::bail!("`{input}` was not calibrated") };
        let x = if self.stepped.contains(input) {
            input.clone()
        } else {
            let mut from = input.clone();
            if params.offset != 0.0 {
                let offset = f32_tensor(&format!("{input}.offset"), &[], &[params.offset]);
                let offset = self.builder.constant(offset);
                from =
                    self.builder.node("Sub", &[input, &offset], &format!("{input}.shifted"), &[]);
            }
            let x = format!("{input}.stepped");
            if !self.stepped.contains(&x) {
                self.pair(&from, &x, input)?;
            }
            x
        };
        let (o, i, h, w) = conv.weight.dim();
        let own = |part: &str| format!("{}.{part}", conv.name);
        let shape: &[usize] = if q.scales.len() == 1 { &[] } else { &[o] };
        let axis = if q.scales.len() == 1 { vec![] } else { vec![("axis", Attribute::Int(0))] };
        let weight =
            self.builder.constant(i8_tensor(&own("weight.steps"), &[o, i, h, w], &q.weight));
        let w_scale = self.builder.constant(f32_tensor(&own("weight.scale"), shape, &q.scales));
        let zeros = vec![0; q.scales.len()];
        let w_zero = self.builder.constant(i8_tensor(&own("weight.zero_point"), shape, &zeros));
        self.builder.node("DequantizeLinear", &[&weight, &w_scale, &w_zero], &own("weight"), &axis);
        let scales: Vec<f32> = q.scales.iter().map(|s| s * params.scale).collect();
        let bias = self.builder.constant(i32_tensor(&own("bias.steps"), &[o], &q.bias));
        let b_scale = self.builder.constant(f32_tensor(&own("bias.scale"), shape, &scales));
        let zeros = vec![0; q.scales.len()];
        let b_zero = self.builder.constant(i32_tensor(&own("bias.zero_point"), shape, &zeros));
        self.builder.node("DequantizeLinear", &[&bias, &b_scale, &b_zero], &own("bias"), &axis);
        let sums = self.conv_relu(node, conv, &x, true);
        ensure!(sums != node.output, "the pair needs a name of its own");
        self.pair(&sums, &node.output, &node.output)
    }

    fn float_conv(&mut self, node: &Node, conv: &Conv) {
        let (o, i, h, w) = conv.weight.dim();
        let values = conv.weight.as_standard_layout();
        let values = values.as_slice().expect("standard layout");
        let own = |part: &str| format!("{}.{part}", conv.name);
        self.builder.constant(f32_tensor(&own("weight"), &[o, i, h, w], values));
        self.builder.constant(f32_tensor(&own("bias"), &[o], &conv.bias));
        self.conv_relu(node, conv, &node.inputs[0], false);
    }

    fn conv_relu(&mut self, node: &Node, conv: &Conv, x: &str, inner: bool) -> String {
        let (_, _, h, w) = conv.weight.dim();
        let (kernel, strides) = ([h as i64, w as i64], [1, 1]);
        let attributes = [
            ("kernel_shape", Attribute::Ints(&kernel)),
            ("pads", Attribute::Ints(&conv.pads)),
            ("strides", Attribute::Ints(&strides)),
        ];
        let last = if inner { format!("{}.exact", node.output) } else { node.output.clone() };
        let sums = if conv.relu { format!("{}.sums", node.output) } else { last.clone() };
        let (weight, bias) = (format!("{}.weight", conv.name), format!("{}.bias", conv.name));
        self.builder.node("Conv", &[x, &weight, &bias], &sums, &attributes);
        if conv.relu {
            self.builder.node("Relu", &[&sums], &last, &[]);
        }
        last
    }
}
