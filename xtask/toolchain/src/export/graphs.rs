//! Writes encoder and decoder as ONNX graphs.

use anyhow::{Context, Result};
use tract_onnx::pb::ModelProto;

use super::fold::{Folded, fold};
use crate::net::{Graph, L2_EPSILON, Layer, NEWEST, Network, Op, Shape, Weights, skip_name};
use crate::onnx::{Attribute, ElementType, GraphBuilder, f32_tensor, i64_tensor};

/// Encoder and decoder as ONNX graphs, BatchNorm folded.
///
/// # Errors
/// An array that is missing.
pub fn emit(network: &Network, weights: &Weights) -> Result<(ModelProto, ModelProto)> {
    Ok((
        emit_graph(network, Graph::Encoder, weights)?,
        emit_graph(network, Graph::Decoder, weights)?,
    ))
}

fn emit_graph(network: &Network, graph: Graph, weights: &Weights) -> Result<ModelProto> {
    let (name, input, output) = match graph {
        Graph::Encoder => ("encoder", "frames", "query"),
        Graph::Decoder => ("decoder", "query_read", "frame"),
    };
    let mut builder = GraphBuilder::new(name);
    let image = |[c, h, w]: Shape| [1, c, h, w];
    let layers = network.layers(graph);
    let last = network.steps(graph).last().context("the graph has no layers")?.output;
    builder.input(input, ElementType::F32, &image(network.input_shape(graph)));
    let of_skips = |builder: &mut GraphBuilder| {
        let skips = network.skips().into_iter().map(|(level, shape)| (skip_name(level), shape));
        let newest = network.newest().map(|shape| (NEWEST.to_owned(), shape));
        for (name, shape) in skips.chain(newest) {
            match graph {
                Graph::Encoder => builder.output(&name, ElementType::F32, &image(shape)),
                Graph::Decoder => builder.input(&name, ElementType::F32, &image(shape)),
            }
        }
    };
    builder.output(output, ElementType::F32, &image(last));
    of_skips(&mut builder);
    let mut value = input.to_owned();
    let mut index = 0;
    while let Some(layer) = layers.get(index) {
        let norm = layers.get(index + 1).filter(|l| matches!(l.op, Op::BatchNorm { .. }));
        let convolves = matches!(layer.op, Op::Conv { .. } | Op::ConvTransposed { .. });
        let taken = if convolves && norm.is_some() { 2 } else { 1 };
        let next = layers.get(index + taken).map(|l| l.op);
        let name = match next {
            Some(Op::Skip { level }) => skip_name(level),
            None => output.to_owned(),
            _ => layer.name.clone(),
        };
        value = if convolves {
            convolution(&mut builder, layer, &fold(layer, norm, weights)?, &value, &name)
        } else {
            other(&mut builder, layer, &value, &name)?
        };
        index += taken;
    }
    Ok(builder.finish())
}

fn convolution(
    builder: &mut GraphBuilder,
    layer: &Layer,
    folded: &Folded,
    input: &str,
    output: &str,
) -> String {
    let weight = &folded.weight;
    let name = |part: &str| format!("{}.{part}", layer.name);
    let w = builder.constant(f32_tensor(&name("weight"), &weight.shape, &weight.data));
    let b = builder.constant(f32_tensor(&name("bias"), &[folded.bias.len()], &folded.bias));
    let transposed = matches!(layer.op, Op::ConvTransposed { .. });
    let strides = if transposed { [2, 2] } else { [1, 1] };
    let mut attributes = vec![
        ("kernel_shape", Attribute::Ints(&[3, 3])),
        ("pads", Attribute::Ints(&[1, 1, 1, 1])),
        ("strides", Attribute::Ints(&strides)),
    ];
    if transposed {
        attributes.push(("output_padding", Attribute::Ints(&[1, 1])));
    }
    let op = if transposed { "ConvTranspose" } else { "Conv" };
    builder.node(op, &[input, &w, &b], output, &attributes)
}

fn other(builder: &mut GraphBuilder, layer: &Layer, input: &str, output: &str) -> Result<String> {
    Ok(match layer.op {
        Op::Relu => builder.node("Relu", &[input], output, &[]),
        Op::Tanh => builder.node("Tanh", &[input], output, &[]),
        Op::Skip { .. } => input.to_owned(),
        Op::Newest { channels } => {
            let mut number = |part: &str, value: i64| {
                builder.constant(i64_tensor(&format!("{NEWEST}.{part}"), &[value]))
            };
            let from = number("from", -(channels as i64));
            let (to, axis) = (number("to", i64::MAX), number("axis", 1));
            builder.node("Slice", &[input, &from, &to, &axis], NEWEST, &[]);
            input.to_owned()
        }
        Op::AddNewest => builder.node("Add", &[input, NEWEST], output, &[]),
        Op::MaxPool => {
            let two = [2, 2];
            let attributes =
                [("kernel_shape", Attribute::Ints(&two)), ("strides", Attribute::Ints(&two))];
            builder.node("MaxPool", &[input], output, &attributes)
        }
        Op::Nearest => {
            let scales = builder.constant(f32_tensor("twice.scales", &[4], &[1.0, 1.0, 2.0, 2.0]));
            let attributes = [
                ("mode", Attribute::Text("nearest")),
                ("coordinate_transformation_mode", Attribute::Text("asymmetric")),
                ("nearest_mode", Attribute::Text("floor")),
            ];
            builder.node("Resize", &[input, "", &scales], output, &attributes)
        }
        Op::PixelShuffle => {
            let attributes = [("blocksize", Attribute::Int(2)), ("mode", Attribute::Text("CRD"))];
            builder.node("DepthToSpace", &[input], output, &attributes)
        }
        Op::Concat { level, .. } => {
            let skip = skip_name(level);
            builder.node("Concat", &[&skip, input], output, &[("axis", Attribute::Int(1))])
        }
        Op::L2Norm => {
            let name = |part: &str| format!("{}.{part}", layer.name);
            let axes = [("axes", Attribute::Ints(&[1])), ("keepdims", Attribute::Int(1))];
            let length = builder.node("ReduceL2", &[input], &name("length"), &axes);
            let floor = builder.constant(f32_tensor(&name("epsilon"), &[], &[L2_EPSILON]));
            let length = builder.node("Max", &[&length, &floor], &name("divisor"), &[]);
            builder.node("Div", &[input, &length], output, &[])
        }
        Op::Conv { .. } | Op::ConvTransposed { .. } | Op::BatchNorm { .. } => {
            anyhow::bail!("`{}` has no convolution before it", layer.name)
        }
    })
}
