//! A bundle's network as layers, which quantisation changes one by one. The
//! runtime's reader reads the graphs; what it only knows by name stays as it is
//! in the file.

mod conv;
mod graph;
mod node;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use ndarray::Array4;
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto};

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

/// The shape that the file gives an output of the graph.
fn given(node: &Node, graph: &Graph) -> Option<[usize; 3]> {
    let (_, shape) = graph.outputs.iter().find(|(name, _)| *name == node.output)?;
    shape[..].try_into().ok().map(|[_, c, h, w]: [usize; 4]| [c, h, w])
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
                    Op::Float { .. } => given(node, graph).unwrap_or([c, h, w]),
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
