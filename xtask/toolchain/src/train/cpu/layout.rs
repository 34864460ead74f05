//! Where a network's values and arrays are in the kernels' network.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use normwatch::kernel::Shape;
use normwatch::kernel::training::{ConvForm, MapId, NodeId, Part, TrainingGraph};

use crate::net::{self, Graph, Network, Op};

/// Encoder and decoder as one graph of the kernels.
pub struct Layout {
    pub graph: TrainingGraph,
    pub arrays: BTreeMap<String, ArrayPlace>,
    pub encoder: Range<NodeId>,
    pub decoder: Range<NodeId>,
    pub frames: MapId,
    /// Before it is brought to unit length.
    pub raw_query: MapId,
    pub query: MapId,
    pub read: MapId,
    /// Before tanh, or before the newest frame is added.
    pub raw_frame: MapId,
}

/// An array's place in the graph.
pub struct ArrayPlace {
    pub node: NodeId,
    pub part: Part,
    pub shape: Vec<usize>,
}

impl Layout {
    pub fn new(network: &Network) -> Result<Self> {
        let shape = |[channels, height, width]: net::Shape| Shape::new(channels, height, width);
        let mut builder = Builder::default();
        let frames = builder.graph.input(shape(network.input_shape(Graph::Encoder)), false);
        let raw_query = builder.run(network, Graph::Encoder, vec![frames])?;
        let encoder = 0..builder.graph.next_node();
        let query = builder.graph.input(shape(network.query_shape()), true);
        let read = builder.graph.input(shape(network.query_shape()), false);
        let raw_frame = builder.run(network, Graph::Decoder, vec![query, read])?;
        let decoder = encoder.end..builder.graph.next_node();
        let Builder { graph, arrays, .. } = builder;
        Ok(Self { graph, arrays, encoder, decoder, frames, raw_query, query, read, raw_frame })
    }
}

#[derive(Default)]
struct Builder {
    graph: TrainingGraph,
    arrays: BTreeMap<String, ArrayPlace>,
    skips: BTreeMap<usize, MapId>,
}

impl Builder {
    /// Gives the map before L2Norm, Tanh or the sum with the newest frame, which end the two graphs.
    fn run(&mut self, network: &Network, graph: Graph, mut value: Vec<MapId>) -> Result<MapId> {
        let mut form = ConvForm::Plain;
        let mut layers = network.layers(graph).iter().peekable();
        while let Some(layer) = layers.next() {
            let node = self.graph.next_node();
            let one = value[0];
            match layer.op {
                Op::Conv { outputs, .. } => {
                    value = vec![self.graph.conv(&value, form, outputs).1];
                    form = ConvForm::Plain;
                }
                Op::ConvTransposed { outputs, .. } => {
                    value = vec![self.graph.conv(&value, ConvForm::Transposed, outputs).1];
                }
                Op::Nearest => form = ConvForm::Upsampled,
                Op::BatchNorm { .. } => {
                    if !layers.next().is_some_and(|next| next.op == Op::Relu) {
                        bail!("{}: no ReLU follows", layer.name);
                    }
                    value = vec![self.graph.norm_relu(one).1];
                }
                Op::MaxPool => value = vec![self.graph.max_pool(one)],
                Op::PixelShuffle => value = vec![self.graph.pixel_shuffle(one)],
                Op::Skip { level } => {
                    self.skips.insert(level, one);
                }
                Op::Concat { level, .. } => {
                    let skip = self.skips.get(&level).context("a skip of the encoder")?;
                    value.insert(0, *skip);
                }
                Op::Newest { .. } => {}
                Op::L2Norm | Op::Tanh | Op::AddNewest if layers.peek().is_none() => {
                    return Ok(one);
                }
                Op::Relu | Op::L2Norm | Op::Tanh | Op::AddNewest => {
                    bail!("{}: not expected here", layer.name)
                }
            }
            for parameter in layer.parameters() {
                let part = match parameter.name.rsplit('.').next() {
                    Some("weight") => Part::Weight,
                    Some("bias") => Part::Bias,
                    Some("running_mean") => Part::RunningMean,
                    _ => Part::RunningVariance,
                };
                let place = ArrayPlace { node, part, shape: parameter.shape };
                self.arrays.insert(parameter.name, place);
            }
        }
        bail!("the graph ends in none of L2Norm, Tanh and a sum")
    }
}
