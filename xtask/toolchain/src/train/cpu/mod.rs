//! The network on the runtime's own kernels, and Adam beside it.

mod adam;
mod layout;
mod rows;

use anyhow::{Context, Result};
use normwatch::kernel::Isa;
use normwatch::kernel::training::{Statistics, TrainingGraph, TrainingNetwork};

use self::adam::Adam;
use self::layout::{ArrayPlace, Layout};
use self::rows::{before_unit_length, to_unit_length, transposed};
use super::engine::{Engine, Mode, newest_frames};
use crate::net::{Graph, Network, Predicts, Tensor, Weights};

/// Limits the threads. The name is that of a library's variable, which users
/// know and RUNs were made with.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// A network on all of the machine's cores. Every result is the same for any
/// number of threads.
pub struct CpuEngine {
    network: Network,
    mode: Mode,
    layout: Layout,
    machine: TrainingNetwork,
    adam: Adam,
    /// Of the last batch: windows, unit queries by row with their lengths
    /// before, planar predictions.
    count: usize,
    query: Vec<f32>,
    lengths: Vec<f32>,
    prediction: Vec<f32>,
    /// Newest frames of the last batch, where changes are predicted.
    newest: Vec<f32>,
}

impl CpuEngine {
    /// # Errors
    /// Weights that do not fit, or an instruction set that is not here.
    pub fn new(network: Network, weights: &Weights, mode: Mode) -> Result<Self> {
        weights.check(&network)?;
        let layout = Layout::new(&network)?;
        let mut machine = machine(&layout.graph, 1)?;
        load(&mut machine, &layout, weights)?;
        let adam = match mode {
            Mode::Training => Adam::new(&network),
            Mode::Inference => Adam::default(),
        };
        let (count, query, lengths, prediction, newest) = Default::default();
        Ok(Self { network, mode, layout, machine, adam, count, query, lengths, prediction, newest })
    }

    fn copied_weights(&self) -> Weights {
        let mut weights = Weights::default();
        for (name, ArrayPlace { node, part, shape }) in &self.layout.arrays {
            let data = self.machine.parameter(*node, *part).to_vec();
            weights.insert(name.clone(), Tensor::new(shape, data));
        }
        weights
    }

    fn make_room(&mut self, windows: usize) -> Result<()> {
        if windows > self.machine.batch() {
            let weights = self.copied_weights();
            self.machine = machine(&self.layout.graph, windows)?;
            load(&mut self.machine, &self.layout, &weights)?;
        }
        Ok(())
    }

    fn statistics(&self) -> Statistics {
        match self.mode {
            Mode::Training => Statistics::Batch,
            Mode::Inference => Statistics::Running,
        }
    }

    /// Channels and pixels of a query grid.
    fn grid(&self) -> [usize; 2] {
        let [channels, height, width] = self.network.query_shape();
        [channels, height * width]
    }
}

impl Engine for CpuEngine {
    fn network(&self) -> &Network {
        &self.network
    }

    fn encode(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        let window: usize = self.network.input_shape(Graph::Encoder).iter().product();
        self.count = frames.len() / window;
        self.make_room(self.count)?;
        if self.network.spec.predicts == Predicts::Change {
            self.newest = newest_frames(&self.network, frames);
        }
        self.machine.write(self.layout.frames, frames);
        self.machine.forward(self.layout.encoder.clone(), self.count, self.statistics());
        let [channels, pixels] = self.grid();
        let raw = self.machine.read(self.layout.raw_query, self.count);
        self.query = transposed(&raw, channels, pixels);
        self.lengths = to_unit_length(&mut self.query, channels);
        Ok(self.query.clone())
    }

    fn decode(&mut self, read: &[f32]) -> Result<Vec<f32>> {
        let [channels, pixels] = self.grid();
        for (map, rows) in [(self.layout.query, &self.query[..]), (self.layout.read, read)] {
            self.machine.write(map, &transposed(rows, pixels, channels));
        }
        self.machine.forward(self.layout.decoder.clone(), self.count, self.statistics());
        self.prediction = self.machine.read(self.layout.raw_frame, self.count);
        match self.network.spec.predicts {
            Predicts::Frame => self.prediction.iter_mut().for_each(|v| *v = v.tanh()),
            Predicts::Change => {
                self.prediction.iter_mut().zip(&self.newest).for_each(|(v, more)| *v += more);
            }
        }
        Ok(self.prediction.clone())
    }

    fn backward(&mut self, mut by_prediction: Vec<f32>, mut by_query: Vec<f32>) -> Result<()> {
        if self.network.spec.predicts == Predicts::Frame {
            by_prediction.iter_mut().zip(&self.prediction).for_each(|(g, y)| *g *= 1.0 - y * y);
        }
        self.machine.write_gradient(self.layout.raw_frame, &by_prediction);
        self.machine.backward(self.layout.decoder.clone(), self.count);
        let [channels, pixels] = self.grid();
        let by_decoder = self.machine.read_gradient(self.layout.query, self.count);
        let by_decoder = transposed(&by_decoder, channels, pixels);
        by_query.iter_mut().zip(by_decoder).for_each(|(g, more)| *g += more);
        before_unit_length(&mut by_query, &self.query, &self.lengths);
        let by_raw_query = transposed(&by_query, pixels, channels);
        self.machine.write_gradient(self.layout.raw_query, &by_raw_query);
        self.machine.backward(self.layout.encoder.clone(), self.count);
        Ok(())
    }

    fn descend(&mut self, learning_rate: f64) -> Result<()> {
        self.adam.step(learning_rate, &mut self.machine, &self.layout)
    }

    fn weights(&self) -> Result<Weights> {
        Ok(self.copied_weights())
    }

    fn moments(&self) -> Result<Weights> {
        Ok(self.adam.moments())
    }

    fn restore(&mut self, steps: u64, moments: Weights) -> Result<()> {
        self.adam.restore(steps, moments)
    }

    fn inference(&self) -> Result<Box<dyn Engine>> {
        let (network, weights) = (self.network.clone(), self.copied_weights());
        Ok(Box::new(Self::new(network, &weights, Mode::Inference)?))
    }

    #[cfg(test)]
    fn gradient(&mut self, name: &str) -> Result<Vec<f32>> {
        let ArrayPlace { node, part, .. } = &self.layout.arrays[name];
        Ok(self.machine.with_gradient(*node, *part).1.to_vec())
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

fn load(machine: &mut TrainingNetwork, layout: &Layout, weights: &Weights) -> Result<()> {
    for (name, ArrayPlace { node, part, .. }) in &layout.arrays {
        machine.parameter_mut(*node, *part).copy_from_slice(&weights.get(name)?.data);
    }
    Ok(())
}
