//! Makes the list of layers from the description of a network.

use anyhow::Result;
use normwatch::model::InputSection;

use super::layer::{Graph, Layer, Op, Parameter, ParameterKind, Shape};
use super::spec::{NetworkSpec, Predicts, Upsampling};

/// The layers of one network, in the order in which they run.
///
/// The encoder takes `frames` [t·c, H, W], oldest frame first, and gives
/// `query` [C, H/8, W/8] and a skip for every [`Op::Skip`]. The decoder takes
/// `[query; read]` [2C, H/8, W/8] and those skips, and gives `frame` [c, H, W]
/// of about −1..=1. Between them a [`Op::Newest`] goes as the skips do.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub spec: NetworkSpec,
    pub input: InputSection,
    pub encoder: Vec<Layer>,
    pub decoder: Vec<Layer>,
}

impl Network {
    /// # Errors
    /// [`NetworkSpec::check`]'s.
    pub fn build(spec: NetworkSpec, input: InputSection) -> Result<Self> {
        spec.check(&input)?;
        let (encoder, decoder) = (encoder(&spec, &input), decoder(&spec, &input));
        Ok(Self { spec, input, encoder, decoder })
    }

    pub fn layers(&self, graph: Graph) -> &[Layer] {
        match graph {
            Graph::Encoder => &self.encoder,
            Graph::Decoder => &self.decoder,
        }
    }

    /// What the graph's first layer takes: frames, or `[query; read]`.
    pub fn input_shape(&self, graph: Graph) -> Shape {
        let InputSection { width_px, height_px, frames, channels, .. } = self.input;
        match graph {
            Graph::Encoder => [frames * channels.planes(), height_px, width_px],
            Graph::Decoder => {
                let [channels, height, width] = self.query_shape();
                [2 * channels, height, width]
            }
        }
    }

    /// C, and the grid of the queries.
    pub fn query_shape(&self) -> Shape {
        [self.spec.query_channels(), self.input.height_px / 8, self.input.width_px / 8]
    }

    /// All arrays of both graphs, encoder first, in the layers' order.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.encoder.iter().chain(&self.decoder).flat_map(Layer::parameters).collect()
    }

    /// Trained numbers, without running statistics and memory items.
    pub fn parameter_count(&self) -> usize {
        let trained = |p: &Parameter| p.kind == ParameterKind::Trained;
        let sizes = self.parameters();
        sizes.iter().filter(|p| trained(p)).map(|p| p.shape.iter().product::<usize>()).sum()
    }
}

/// Appends the layers of one block, numbering its convolutions.
struct Block<'a> {
    layers: &'a mut Vec<Layer>,
    name: &'static str,
    convolutions: usize,
}

impl<'a> Block<'a> {
    fn new(layers: &'a mut Vec<Layer>, name: &'static str) -> Self {
        Self { layers, name, convolutions: 0 }
    }

    fn push(&mut self, step: &str, op: Op) -> &mut Self {
        self.layers.push(Layer { name: format!("{}.{step}", self.name), op });
        self
    }

    fn conv(&mut self, inputs: usize, outputs: usize) -> &mut Self {
        self.convolutions += 1;
        let step = format!("conv{}", self.convolutions);
        self.push(&step, Op::Conv { inputs, outputs, bias: true })
    }

    fn norm_relu(&mut self, channels: usize) -> &mut Self {
        let number = self.convolutions.max(1);
        self.push(&format!("norm{number}"), Op::BatchNorm { channels });
        self.push(&format!("relu{number}"), Op::Relu)
    }

    fn conv_norm_relu(&mut self, inputs: usize, outputs: usize) -> &mut Self {
        self.conv(inputs, outputs).norm_relu(outputs)
    }

    fn grow(&mut self, inputs: usize, outputs: usize, kind: Upsampling) {
        match kind {
            Upsampling::Transposed => {
                let op = Op::ConvTransposed { inputs, outputs, bias: true };
                self.push("conv1", op).norm_relu(outputs);
            }
            Upsampling::Nearest => {
                self.push("grow", Op::Nearest).conv_norm_relu(inputs, outputs);
            }
            Upsampling::PixelShuffle => {
                self.conv_norm_relu(inputs, 4 * outputs).push("grow", Op::PixelShuffle);
            }
        }
    }
}

fn encoder(spec: &NetworkSpec, input: &InputSection) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut channels = input.frames * input.channels.planes();
    if spec.predicts == Predicts::Change {
        let newest = Op::Newest { channels: input.channels.planes() };
        Block::new(&mut layers, "frames").push("newest", newest);
    }
    for (level, name) in [(1, "enc1"), (2, "enc2"), (3, "enc3")] {
        let width = spec.base_width << (level - 1);
        let mut block = Block::new(&mut layers, name);
        block.conv_norm_relu(channels, width).conv_norm_relu(width, width);
        if spec.skips {
            block.push("skip", Op::Skip { level });
        }
        block.push("pool", Op::MaxPool);
        channels = width;
    }
    let width = spec.query_channels();
    let mut block = Block::new(&mut layers, "enc4");
    block.conv_norm_relu(channels, width).conv(width, width).push("unit", Op::L2Norm);
    layers
}

fn decoder(spec: &NetworkSpec, input: &InputSection) -> Vec<Layer> {
    let mut layers = Vec::new();
    let top = spec.query_channels();
    let mut block = Block::new(&mut layers, "dec4");
    block.conv_norm_relu(2 * top, top).conv_norm_relu(top, top);
    let mut channels = top;
    for (level, up, name) in [(3, "up4", "dec3"), (2, "up3", "dec2"), (1, "up2", "gen")] {
        let width = spec.base_width << (level - 1);
        // Without skips the released code keeps the channels while it grows.
        let grown = if spec.skips { width } else { channels };
        Block::new(&mut layers, up).grow(channels, grown, spec.upsampling);
        let mut block = Block::new(&mut layers, name);
        if spec.skips {
            block.push("join", Op::Concat { level, channels: width });
        }
        let joined = if spec.skips { 2 * width } else { grown };
        block.conv_norm_relu(joined, width).conv_norm_relu(width, width);
        if level == 1 {
            block.conv(width, input.channels.planes());
            match spec.predicts {
                Predicts::Frame => block.push("tanh", Op::Tanh),
                Predicts::Change => block.push("sum", Op::AddNewest),
            };
        }
        channels = width;
    }
    layers
}
