//! The network on one of burn's devices: GPUs, and the slow CPU backend that
//! the program's own kernels are tested against.

mod adam;
mod layers;

use anyhow::{Context, Result};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use self::adam::Adam;
use self::layers::{DeviceModel, Skips, numbers};
use super::engine::{Engine, Mode};
use crate::net::{Graph, Network, Weights};

/// A network on a device. Batches go there, answers come back; losses and
/// memory stay on the host.
pub struct DeviceEngine {
    model: DeviceModel,
    adam: Adam,
    /// Of the last batch.
    query: Option<Tensor<4>>,
    skips: Skips,
    prediction: Option<Tensor<4>>,
    gradients: Option<Gradients>,
}

impl DeviceEngine {
    /// # Errors
    /// Weights that do not fit the network.
    pub fn new(network: Network, weights: &Weights, device: &Device, mode: Mode) -> Result<Self> {
        let device = match mode {
            Mode::Training => device.clone().autodiff(),
            Mode::Inference => device.clone(),
        };
        let model = DeviceModel::new(network, weights, &device)?;
        let adam = Adam::new(&model);
        Ok(Self::with(model, adam))
    }

    fn with(model: DeviceModel, adam: Adam) -> Self {
        let (query, skips, prediction, gradients) = Default::default();
        Self { model, adam, query, skips, prediction, gradients }
    }

    /// Numbers on the device, without gradients.
    fn constant<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        let device = self.model.device().clone();
        let constant = Tensor::from_data(TensorData::new(values, shape), &device.clone().inner());
        if device.is_autodiff() { Tensor::from_inner(constant) } else { constant }
    }

    /// Rows of channels as the grids of a batch.
    fn grids(&self, rows: Vec<f32>) -> Tensor<4> {
        let [channels, height, width] = self.model.network.query_shape();
        let count = rows.len() / (channels * height * width);
        self.constant(rows, [count, height, width, channels]).permute([0, 3, 1, 2])
    }
}

impl Engine for DeviceEngine {
    fn network(&self) -> &Network {
        &self.model.network
    }

    fn encode(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        let [planes, height, width] = self.model.network.input_shape(Graph::Encoder);
        let count = frames.len() / (planes * height * width);
        let frames = self.constant(frames.to_vec(), [count, planes, height, width]);
        self.skips.clear();
        let query = self.model.run(Graph::Encoder, frames, &mut self.skips)?;
        self.query = Some(query.clone());
        numbers(query.permute([0, 2, 3, 1]).into_data())
    }

    fn decode(&mut self, read: &[f32]) -> Result<Vec<f32>> {
        let query = self.query.clone().context("nothing was encoded")?;
        let query_read = Tensor::cat(vec![query, self.grids(read.to_vec())], 1);
        let prediction = self.model.run(Graph::Decoder, query_read, &mut self.skips)?;
        self.prediction = Some(prediction.clone());
        numbers(prediction.into_data())
    }

    /// The gradient of Σ prediction · `by_prediction` + Σ query · `by_query` is
    /// that of the loss.
    fn backward(&mut self, by_prediction: Vec<f32>, by_query: Vec<f32>) -> Result<()> {
        let prediction = self.prediction.take().context("nothing was predicted")?;
        let query = self.query.take().context("nothing was encoded")?;
        let by_prediction = self.constant(by_prediction, prediction.dims());
        let total = (prediction * by_prediction).sum() + (query * self.grids(by_query)).sum();
        self.gradients = Some(total.backward());
        Ok(())
    }

    fn descend(&mut self, learning_rate: f64) -> Result<()> {
        let mut gradients = self.gradients.take().context("there are no gradients")?;
        self.adam.step(&mut self.model, &mut gradients, learning_rate)
    }

    fn weights(&self) -> Result<Weights> {
        let mut weights = Weights::default();
        for (name, array) in &self.model.arrays {
            weights.insert(name.clone(), array.read()?);
        }
        Ok(weights)
    }

    fn moments(&self) -> Result<Weights> {
        self.adam.moments()
    }

    fn restore(&mut self, steps: u64, moments: Weights) -> Result<()> {
        self.adam.restore(steps, moments, self.model.device())
    }

    fn inference(&self) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Self::with(self.model.inference(), Adam::default())))
    }

    #[cfg(test)]
    fn gradient(&mut self, name: &str) -> Result<Vec<f32>> {
        use self::layers::Array;
        let gradients = self.gradients.as_ref().context("there are no gradients")?;
        let gradient = match &self.model.arrays[name] {
            Array::Kernels(tensor) => Array::Kernels(tensor.grad(gradients).unwrap()),
            Array::Channels(tensor) => Array::Channels(tensor.grad(gradients).unwrap()),
        };
        Ok(gradient.read()?.data)
    }
}
