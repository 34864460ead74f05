use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array4;
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto};

use crate::onnx::{Attributes, graph_of, read_f32, read_i64, value_infos};

/// Operators without weights that stay in floating point: the query head, the
/// last activation, and what other exporters put there.
const FLOAT_OPS: [&str; 14] = [
    "Add", "Cast", "Clip", "Div", "Identity", "Max", "Min", "Mul", "ReduceL2", "Relu", "Sigmoid",
    "Sqrt", "Sub", "Tanh",
];
const LAYER_OPS: &str = "Concat, Conv, ConvTranspose, DepthToSpace, MaxPool, Resize";

/// Which of a bundle's two graphs a tensor is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Encoder,
    Decoder,
}

/// A tensor of the network: its graph and its name there.
pub type Key = (Side, String);

/// A bundle's network as layers, BatchNorm and ReLU folded into convolutions.
#[derive(Clone, Debug)]
pub struct Network {
    pub encoder: Graph,
    pub decoder: Graph,
}

#[derive(Clone, Debug)]
pub struct Graph {
    pub name: String,
    /// Name and shape; the decoder's from the second on are the skips.
    pub inputs: Vec<(String, Vec<usize>)>,
    /// Name and shape; the encoder's from the second on are the skips.
    pub outputs: Vec<(String, Vec<usize>)>,
    pub nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub op: Op,
    pub inputs: Vec<String>,
    pub output: String,
}

#[derive(Clone, Debug)]
pub enum Op {
    Conv(Conv),
    /// Both sides divided by two: kernel 2×2, stride 2.
    MaxPool,
    /// Nearest neighbour, both sides times two.
    Upsample,
    /// Block 2 in CRD mode: channel 4c + 2a + b becomes row a, column b of each
    /// 2×2 square of channel c.
    DepthToSpace,
    /// Along the channels.
    Concat,
    Float {
        node: NodeProto,
        constants: Vec<TensorProto>,
    },
}

/// A convolution with stride 1, and the ReLU behind it.
#[derive(Clone, Debug)]
pub struct Conv {
    /// The weight's name in the file without `.weight`, for instance `up4.1`.
    pub name: String,
    /// Out, in, rows, columns.
    pub weight: Array4<f32>,
    pub bias: Vec<f32>,
    /// Top, left, bottom, right.
    pub pads: [i64; 4],
    pub relu: bool,
}

impl Op {
    /// Whether the operator only moves or selects values, so that it is the
    /// same on integers and keeps scale and zero point.
    pub fn moves_values(&self) -> bool {
        matches!(self, Self::MaxPool | Self::Upsample | Self::DepthToSpace | Self::Concat)
    }
}

impl Network {
    /// # Errors
    /// The file's name, the node, and what is not known about it.
    pub fn parse(encoder: &ModelProto, decoder: &ModelProto) -> Result<Self> {
        let graph = |model, file| Graph::parse(model).context(file);
        let network = Self {
            encoder: graph(encoder, "encoder.onnx")?,
            decoder: graph(decoder, "decoder.onnx")?,
        };
        let (skips, taken) = (&network.encoder.outputs[1..], &network.decoder.inputs[1..]);
        let fits = skips.len() == taken.len() && skips.iter().zip(taken).all(|(a, b)| a.1 == b.1);
        ensure!(fits, "decoder.onnx does not take the skips that encoder.onnx gives");
        Ok(network)
    }

    pub fn graph(&self, side: Side) -> &Graph {
        match side {
            Side::Encoder => &self.encoder,
            Side::Decoder => &self.decoder,
        }
    }

    pub fn graph_mut(&mut self, side: Side) -> &mut Graph {
        match side {
            Side::Encoder => &mut self.encoder,
            Side::Decoder => &mut self.decoder,
        }
    }

    /// The same tensor on both sides: (encoder output, decoder input).
    pub fn skips(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = |list: &'_ [(String, Vec<usize>)]| -> Vec<String> {
            list[1..].iter().map(|(name, _)| name.clone()).collect()
        };
        debug_assert_eq!(names(&self.encoder.outputs).len(), names(&self.decoder.inputs).len());
        let (outputs, inputs) = (&self.encoder.outputs[1..], &self.decoder.inputs[1..]);
        outputs.iter().zip(inputs).map(|(a, b)| (a.0.as_str(), b.0.as_str()))
    }

    /// Every node with its graph.
    pub fn nodes(&self) -> impl Iterator<Item = (Side, &Node)> {
        let encoder = self.encoder.nodes.iter().map(|n| (Side::Encoder, n));
        encoder.chain(self.decoder.nodes.iter().map(|n| (Side::Decoder, n)))
    }

    /// Channels, rows and columns of every tensor.
    pub fn shapes(&self) -> BTreeMap<Key, [usize; 3]> {
        let mut shapes = BTreeMap::new();
        for side in [Side::Encoder, Side::Decoder] {
            let graph = self.graph(side);
            for (name, shape) in &graph.inputs {
                let image =
                    shape[..].try_into().map_or([0; 3], |[_, c, h, w]: [usize; 4]| [c, h, w]);
                shapes.insert((side, name.clone()), image);
            }
            for node in &graph.nodes {
                let of = |index: usize| -> [usize; 3] {
                    node.inputs.get(index).map_or([0; 3], |i| shapes[&(side, i.clone())])
                };
                let [c, h, w] = of(0);
                let shape = match &node.op {
                    Op::Conv(conv) => {
                        let (o, _, rows, columns) = conv.weight.dim();
                        let [top, left, bottom, right] = conv.pads.map(|p| p as usize);
                        [o, h + top + bottom + 1 - rows, w + left + right + 1 - columns]
                    }
                    Op::MaxPool => [c, h / 2, w / 2],
                    Op::Upsample => [c, 2 * h, 2 * w],
                    Op::DepthToSpace => [c / 4, 2 * h, 2 * w],
                    Op::Concat => [(0..node.inputs.len()).map(|i| of(i)[0]).sum(), h, w],
                    Op::Float { .. } => [c, h, w],
                };
                shapes.insert((side, node.output.clone()), shape);
            }
        }
        shapes
    }

    /// Multiply-accumulates of every convolution, by graph and layer name.
    pub fn macs(&self) -> BTreeMap<Key, u64> {
        let shapes = self.shapes();
        let macs = |(side, node, conv): (Side, &Node, &Conv)| {
            let [_, h, w] = shapes[&(side, node.output.clone())];
            ((side, conv.name.clone()), (conv.weight.len() * h * w) as u64)
        };
        self.convs().map(macs).collect()
    }

    /// Every convolution with its graph and node.
    pub fn convs(&self) -> impl Iterator<Item = (Side, &Node, &Conv)> {
        self.nodes().filter_map(|(side, node)| match &node.op {
            Op::Conv(conv) => Some((side, node, conv)),
            _ => None,
        })
    }
}

impl Graph {
    fn parse(model: &ModelProto) -> Result<Self> {
        let proto = graph_of(model)?;
        let constants: BTreeMap<&str, &TensorProto> =
            proto.initializer.iter().map(|t| (t.name.as_str(), t)).collect();
        let variable: Vec<_> = proto
            .input
            .iter()
            .filter(|i| !constants.contains_key(i.name.as_str()))
            .cloned()
            .collect();
        let (inputs, outputs) = (value_infos(&variable)?, value_infos(&proto.output)?);
        ensure!(!inputs.is_empty() && !outputs.is_empty(), "the graph has no input or no output");
        let mut nodes = Vec::new();
        for node in &proto.node {
            let parsed = Node::parse(node, &constants);
            nodes.extend(parsed.with_context(|| format!("node `{}`", label(node)))?);
        }
        let mut graph = Self { name: proto.name.clone(), inputs, outputs, nodes };
        graph.fold_relu();
        graph.move_relu_before_depth_to_space();
        Ok(graph)
    }

    /// How many nodes and graph outputs read a tensor.
    pub fn uses(&self, name: &str) -> usize {
        let nodes = self.nodes.iter().flat_map(|n| &n.inputs).filter(|i| *i == name).count();
        nodes + self.outputs.iter().filter(|(output, _)| output == name).count()
    }

    /// The node that makes a tensor; `None` for the graph's inputs.
    pub fn maker(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|n| n.output == name)
    }

    fn fold_relu(&mut self) {
        for relu in (0..self.nodes.len()).rev() {
            if !self.is_relu(relu) {
                continue;
            }
            let input = self.nodes[relu].inputs[0].clone();
            let Some(maker) = self.maker(&input) else { continue };
            if self.uses(&input) == 1
                && let Op::Conv(conv) = &mut self.nodes[maker].op
            {
                conv.relu = true;
                self.nodes[maker].output = self.nodes.remove(relu).output;
            }
        }
    }

    /// ReLU and rearrangement commute; behind the convolution it can be folded.
    fn move_relu_before_depth_to_space(&mut self) {
        for relu in (0..self.nodes.len()).rev() {
            if !self.is_relu(relu) {
                continue;
            }
            let input = self.nodes[relu].inputs[0].clone();
            let Some(spread) = self.maker(&input) else { continue };
            let is_spread = matches!(self.nodes[spread].op, Op::DepthToSpace);
            let phases = self.nodes[spread].inputs[0].clone();
            if is_spread
                && self.uses(&input) == 1
                && let Some(maker) = self.maker(&phases)
                && let Op::Conv(conv) = &mut self.nodes[maker].op
            {
                conv.relu = true;
                self.nodes[spread].output = self.nodes.remove(relu).output;
            }
        }
    }

    fn is_relu(&self, index: usize) -> bool {
        matches!(&self.nodes[index].op, Op::Float { node, .. } if node.op_type == "Relu")
    }
}

impl Node {
    fn parse(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<Vec<Self>> {
        ensure!(
            node.domain.is_empty() || node.domain == "ai.onnx",
            "is of domain `{}`",
            node.domain
        );
        ensure!(node.output.len() == 1, "has {} outputs, not one", node.output.len());
        let output = node.output[0].clone();
        let attributes = Attributes(node);
        let one = |op: Op, inputs: &[String]| {
            vec![Self { op, inputs: inputs.into(), output: output.clone() }]
        };
        Ok(match node.op_type.as_str() {
            "Conv" => {
                let conv = Conv::parse(node, constants)?;
                one(Op::Conv(conv), &node.input[..1])
            }
            "ConvTranspose" => {
                let phases = format!("{output}.phases");
                let conv = Conv::from_transposed(node, constants)?;
                vec![
                    Self {
                        op: Op::Conv(conv),
                        inputs: node.input[..1].into(),
                        output: phases.clone(),
                    },
                    Self { op: Op::DepthToSpace, inputs: vec![phases], output },
                ]
            }
            "MaxPool" => {
                let two = Some(&[2, 2][..]);
                let plain = attributes.ints("pads").is_none_or(|p| p.iter().all(|&p| p == 0));
                let halves =
                    attributes.ints("kernel_shape") == two && attributes.ints("strides") == two;
                ensure!(halves && plain, "pools otherwise than 2×2 with stride 2");
                one(Op::MaxPool, &node.input[..1])
            }
            "Resize" => {
                check_resize(node, constants)?;
                one(Op::Upsample, &node.input[..1])
            }
            "DepthToSpace" => {
                let plain = attributes.int("blocksize") == Some(2)
                    && attributes.text("mode") == Some("CRD");
                ensure!(plain, "rearranges otherwise than in blocks of 2 in CRD mode");
                one(Op::DepthToSpace, &node.input[..1])
            }
            "Concat" => {
                ensure!(
                    matches!(attributes.int("axis"), Some(1 | -3)),
                    "joins another axis than the channels"
                );
                one(Op::Concat, &node.input)
            }
            op if FLOAT_OPS.contains(&op) => {
                let used = node.input.iter().filter_map(|i| constants.get(i.as_str()));
                let own = used.map(|&t| t.clone()).collect();
                let variable: Vec<String> = node
                    .input
                    .iter()
                    .filter(|i| !i.is_empty() && !constants.contains_key(i.as_str()))
                    .cloned()
                    .collect();
                one(Op::Float { node: node.clone(), constants: own }, &variable)
            }
            "QLinearConv" | "QuantizeLinear" | "DequantizeLinear" => {
                bail!("is quantised already: give the f32 bundle")
            }
            other => bail!(
                "operator `{other}` is not known here; known are {LAYER_OPS}, {}",
                FLOAT_OPS.join(", ")
            ),
        })
    }
}

impl Conv {
    fn parse(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<Self> {
        let attributes = Attributes(node);
        check_common(attributes, &[1, 1])?;
        let (name, shape, values) = weight(node, constants)?;
        let weight = Array4::from_shape_vec(shape, values)?;
        let bias = bias(node, constants, weight.dim().0)?;
        let pads = match attributes.ints("pads") {
            None => [0; 4],
            Some(pads) => pads.try_into().context("pads are not four")?,
        };
        Ok(Self { name, weight, bias, pads, relu: false })
    }

    /// A 3×3 transposed convolution that doubles both sides, as the exact 2×2
    /// convolution that gives its four phases as channels. Output row 2i + a
    /// takes row i with kernel row 1 + a, and for a = 1 row i + 1 with kernel
    /// row 0; columns alike.
    fn from_transposed(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<Self> {
        let attributes = Attributes(node);
        check_common(attributes, &[2, 2])?;
        let (name, shape, values) = weight(node, constants)?;
        let kernel = Array4::from_shape_vec(shape, values)?;
        let ones = attributes.ints("pads") == Some(&[1; 4])
            && attributes.ints("output_padding") == Some(&[1, 1]);
        let (inputs, outputs, rows, columns) = kernel.dim();
        ensure!(
            ones && (rows, columns) == (3, 3),
            "a transposed convolution can be rewritten where it is 3×3 with stride 2, pads 1 and \
             output_padding 1; train with nearest-neighbour upsampling instead"
        );
        let tap = |phase: usize, offset: usize| match (phase, offset) {
            (0, 0) => Some(1),
            (0, _) => None,
            (_, 0) => Some(2),
            _ => Some(0),
        };
        let weight = Array4::from_shape_fn((4 * outputs, inputs, 2, 2), |(o, i, dy, dx)| {
            let (channel, phase) = (o / 4, o % 4);
            match (tap(phase / 2, dy), tap(phase % 2, dx)) {
                (Some(ky), Some(kx)) => kernel[[i, channel, ky, kx]],
                _ => 0.0,
            }
        });
        let bias = bias(node, constants, outputs)?;
        let bias = bias.into_iter().flat_map(|b| [b; 4]).collect();
        Ok(Self { name, weight, bias, pads: [0, 0, 1, 1], relu: false })
    }
}

fn check_common(attributes: Attributes<'_>, strides: &[i64]) -> Result<()> {
    let ones = |name: &str| attributes.ints(name).is_none_or(|v| v.iter().all(|&v| v == 1));
    ensure!(ones("dilations"), "is dilated");
    ensure!(attributes.int("group").is_none_or(|g| g == 1), "has groups");
    ensure!(attributes.text("auto_pad").is_none_or(|p| p == "NOTSET"), "has automatic pads");
    let found = attributes.ints("strides").unwrap_or(&[1, 1]);
    ensure!(found == strides, "has strides {found:?}, not {strides:?}");
    Ok(())
}

type Weight = (String, (usize, usize, usize, usize), Vec<f32>);

fn weight(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<Weight> {
    let name = node.input.get(1).context("has no weight")?;
    let tensor = constants.get(name.as_str()).context("its weight is not a constant")?;
    let (dims, values) = read_f32(tensor)?;
    let [a, b, c, d] = dims[..] else { bail!("its weight is not of rank 4") };
    Ok((name.strip_suffix(".weight").unwrap_or(name).into(), (a, b, c, d), values))
}

fn bias(
    node: &NodeProto,
    constants: &BTreeMap<&str, &TensorProto>,
    channels: usize,
) -> Result<Vec<f32>> {
    let Some(name) = node.input.get(2).filter(|n| !n.is_empty()) else {
        return Ok(vec![0.0; channels]);
    };
    let tensor = constants.get(name.as_str()).context("its bias is not a constant")?;
    let (_, values) = read_f32(tensor)?;
    ensure!(values.len() == channels, "its bias has {} values, not {channels}", values.len());
    Ok(values)
}

fn check_resize(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<()> {
    let attributes = Attributes(node);
    let given = |index: usize| {
        node.input.get(index).filter(|n| !n.is_empty()).and_then(|n| constants.get(n.as_str()))
    };
    let doubles = match (given(2), given(3)) {
        (Some(scales), None) => read_f32(scales)?.1 == [1.0, 1.0, 2.0, 2.0],
        (_, Some(sizes)) => bail!("resizes to {:?}: give scales instead", read_i64(sizes)?),
        _ => false,
    };
    let nearest = attributes.text("mode").is_none_or(|m| m == "nearest")
        && attributes.text("coordinate_transformation_mode") == Some("asymmetric")
        && attributes.text("nearest_mode") == Some("floor");
    ensure!(doubles && nearest, "resizes otherwise than by two with the nearest neighbour");
    Ok(())
}

fn label(node: &NodeProto) -> &str {
    if node.name.is_empty() { node.output.first().map_or("?", String::as_str) } else { &node.name }
}
