//! The network on the runtime's own kernels. Losses and memory stay with burn;
//! it sees query and prediction as two leaves, whose gradients come back here.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use burn::tensor::{Tensor, TensorData};
use normwatch::kernel::training::{
    ConvForm, MapId, NodeId, Part, Statistics, TrainingGraph, TrainingNetwork,
};
use normwatch::kernel::{Isa, Shape};

use super::backend::Place;
use super::model::numbers;
use crate::net::{self, Graph, L2_EPSILON, Network, Op, Weights};

/// Limits the threads, as for burn.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// The network's layers with their arrays in the kernels' network.
pub struct CpuModel {
    pub network: Network,
    pub training: bool,
    layout: Layout,
    machine: TrainingNetwork,
    /// Of the last batch: samples, unit queries and their lengths before,
    /// predictions; planar.
    count: usize,
    query: Vec<f32>,
    lengths: Vec<f32>,
    prediction: Vec<f32>,
}

/// Where the network's values and arrays are in the kernels' network.
struct Layout {
    graph: TrainingGraph,
    arrays: BTreeMap<String, (NodeId, Part, Vec<usize>)>,
    encoder: Range<NodeId>,
    decoder: Range<NodeId>,
    frames: MapId,
    /// Before it is brought to unit length.
    raw_query: MapId,
    query: MapId,
    read: MapId,
    /// Before tanh.
    raw_frame: MapId,
}

impl CpuModel {
    /// # Errors
    /// Weights that do not fit, or an instruction set that is not here.
    pub fn new(network: Network, weights: &Weights, training: bool) -> Result<Self> {
        weights.check(&network)?;
        let layout = Layout::new(&network)?;
        let machine = machine(&layout.graph, 1)?;
        let (count, query, lengths, prediction) = Default::default();
        let mut model =
            Self { network, training, layout, machine, count, query, lengths, prediction };
        model.load(weights)?;
        Ok(model)
    }

    fn load(&mut self, weights: &Weights) -> Result<()> {
        for (name, (node, part, _)) in &self.layout.arrays {
            self.machine.parameter_mut(*node, *part).copy_from_slice(&weights.get(name)?.data);
        }
        Ok(())
    }

    /// A copy of all arrays.
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        for (name, (node, part, shape)) in &self.layout.arrays {
            let data = self.machine.parameter(*node, *part).to_vec();
            weights.insert(name.clone(), net::Tensor::new(shape, data));
        }
        weights
    }

    /// A trained array and its gradient.
    ///
    /// # Errors
    /// No array of that name.
    pub fn with_gradient(&mut self, name: &str) -> Result<(&mut [f32], &[f32])> {
        let (node, part, _) =
            self.layout.arrays.get(name).with_context(|| format!("there is no array `{name}`"))?;
        Ok(self.machine.with_gradient(*node, *part))
    }

    fn statistics(&self) -> Statistics {
        if self.training { Statistics::Batch } else { Statistics::Running }
    }

    /// # Errors
    /// The machine's.
    pub fn encode(&mut self, frames: Tensor<4>) -> Result<Tensor<4>> {
        let [count, ..] = frames.dims();
        if count > self.machine.batch() {
            let weights = self.weights();
            self.machine = machine(&self.layout.graph, count)?;
            self.load(&weights)?;
        }
        self.count = count;
        self.machine.write(self.layout.frames, &numbers(frames.into_data())?);
        self.machine.forward(self.layout.encoder.clone(), count, self.statistics());
        self.query = self.machine.read(self.layout.raw_query, count);
        let [channels, height, width] = self.network.query_shape();
        self.lengths = to_unit_length(&mut self.query, channels, height * width);
        Ok(self.tensor(self.query.clone(), [count, channels, height, width]))
    }

    /// For the batch that was encoded last.
    ///
    /// # Errors
    /// The machine's.
    pub fn decode(&mut self, query_read: Tensor<4>) -> Result<Tensor<4>> {
        let [count, channels, height, width] = query_read.dims();
        let values = numbers(query_read.into_data())?;
        let half = channels / 2 * height * width;
        for (map, from) in [(self.layout.query, 0), (self.layout.read, half)] {
            let samples = values.chunks_exact(2 * half);
            let part: Vec<f32> = samples.flat_map(|s| &s[from..from + half]).copied().collect();
            self.machine.write(map, &part);
        }
        self.machine.forward(self.layout.decoder.clone(), count, self.statistics());
        self.prediction = self.machine.read(self.layout.raw_frame, count);
        self.prediction.iter_mut().for_each(|v| *v = v.tanh());
        let planes = self.network.input.channels.planes();
        let net::Network { input, .. } = &self.network;
        let shape = [count, planes, input.height_px, input.width_px];
        Ok(self.tensor(self.prediction.clone(), shape))
    }

    fn tensor(&self, values: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
        let device = Place::Cpu { training: self.training }.device();
        let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
        if self.training { tensor.require_grad() } else { tensor }
    }

    /// From the loss's gradients by the prediction and, past the decoder, by
    /// the query of the last batch to those by the arrays.
    ///
    /// # Errors
    /// Gradients that are no numbers.
    pub fn backward(&mut self, prediction: Tensor<4>, query: Tensor<4>) -> Result<()> {
        let mut gradient = numbers(prediction.into_data())?;
        gradient.iter_mut().zip(&self.prediction).for_each(|(g, y)| *g *= 1.0 - y * y);
        self.machine.write_gradient(self.layout.raw_frame, &gradient);
        self.machine.backward(self.layout.decoder.clone(), self.count);
        let mut gradient = numbers(query.into_data())?;
        let by_decoder = self.machine.read_gradient(self.layout.query, self.count);
        gradient.iter_mut().zip(by_decoder).for_each(|(g, more)| *g += more);
        let [channels, height, width] = self.network.query_shape();
        before_unit_length(&mut gradient, &self.query, &self.lengths, [channels, height * width]);
        self.machine.write_gradient(self.layout.raw_query, &gradient);
        self.machine.backward(self.layout.encoder.clone(), self.count);
        Ok(())
    }
}

/// Divides each pixel of samples×channels×pixels by its length, and gives the
/// lengths.
fn to_unit_length(values: &mut [f32], channels: usize, pixels: usize) -> Vec<f32> {
    let mut all = Vec::with_capacity(values.len() / channels);
    for sample in values.chunks_exact_mut(channels * pixels) {
        let mut lengths = vec![0.0; pixels];
        for plane in sample.chunks_exact(pixels) {
            lengths.iter_mut().zip(plane).for_each(|(sum, v)| *sum += v * v);
        }
        lengths.iter_mut().for_each(|sum: &mut f32| *sum = sum.sqrt().max(L2_EPSILON));
        for plane in sample.chunks_exact_mut(pixels) {
            plane.iter_mut().zip(&lengths).for_each(|(v, length)| *v /= length);
        }
        all.extend(lengths);
    }
    all
}

/// Turns the gradient by unit vectors into that by the vectors before, of which
/// the unit vectors and lengths are given: g ← (g − u·⟨g, u⟩) ⁄ length.
fn before_unit_length(
    gradient: &mut [f32],
    units: &[f32],
    lengths: &[f32],
    [channels, pixels]: [usize; 2],
) {
    let samples = gradient.chunks_exact_mut(channels * pixels);
    let units = units.chunks_exact(channels * pixels);
    for ((gradient, units), lengths) in samples.zip(units).zip(lengths.chunks_exact(pixels)) {
        let mut along = vec![0.0; pixels];
        for (g, u) in gradient.chunks_exact(pixels).zip(units.chunks_exact(pixels)) {
            along.iter_mut().zip(g.iter().zip(u)).for_each(|(sum, (g, u))| *sum += g * u);
        }
        for (g, u) in gradient.chunks_exact_mut(pixels).zip(units.chunks_exact(pixels)) {
            for (pixel, (g, u)) in g.iter_mut().zip(u).enumerate() {
                *g = (*g - u * along[pixel]) / lengths[pixel];
            }
        }
    }
}

fn machine(graph: &TrainingGraph, batch: usize) -> Result<TrainingNetwork> {
    let isa = Isa::choose()?;
    let here = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = match std::env::var(THREADS_VARIABLE) {
        Ok(text) => text.parse().ok().filter(|&threads| threads > 0).with_context(|| {
            format!("{THREADS_VARIABLE} is `{text}`, not a number of threads from 1")
        })?,
        Err(_) => here,
    };
    Ok(TrainingNetwork::new(graph, isa, batch, threads)?)
}

impl Layout {
    fn new(network: &Network) -> Result<Self> {
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
    arrays: BTreeMap<String, (NodeId, Part, Vec<usize>)>,
    skips: BTreeMap<usize, MapId>,
}

impl Builder {
    /// Gives the map before L2Norm or Tanh, which end the two graphs.
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
                Op::L2Norm | Op::Tanh if layers.peek().is_none() => return Ok(one),
                Op::Relu | Op::L2Norm | Op::Tanh => bail!("{}: not expected here", layer.name),
            }
            for parameter in layer.parameters() {
                let part = match parameter.name.rsplit('.').next() {
                    Some("weight") => Part::Weight,
                    Some("bias") => Part::Bias,
                    Some("running_mean") => Part::RunningMean,
                    _ => Part::RunningVariance,
                };
                self.arrays.insert(parameter.name, (node, part, parameter.shape));
            }
        }
        bail!("the graph ends in neither L2Norm nor Tanh")
    }
}
