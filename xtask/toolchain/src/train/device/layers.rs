//! The network's layers on one of burn's devices.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use burn::tensor::activation::{relu, tanh};
use burn::tensor::module::{
    batch_norm, batch_norm_train, conv_transpose2d, conv2d, interpolate, max_pool2d,
};
use burn::tensor::ops::{
    ConvOptions, ConvTransposeOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::net::{self, Graph, L2_EPSILON, Layer, Network, Op, Parameter, ParameterKind, Weights};

const BATCH_NORM_EPSILON: f64 = net::BATCH_NORM_EPSILON as f64;
/// Share of a batch's statistics in the running ones.
const BATCH_NORM_MOMENTUM: f64 = 0.1;

/// An array of a layer: a convolution's kernels, or one number for each channel.
#[derive(Clone, Debug)]
pub enum Array {
    Kernels(Tensor<4>),
    Channels(Tensor<1>),
}

/// Values that the encoder keeps for the decoder, by level.
pub type Skips = BTreeMap<usize, Tensor<4>>;

/// Where the newest frame is among the skips, whose levels begin at 1.
const NEWEST: usize = 0;

/// The network's layers with their arrays.
#[derive(Clone, Debug)]
pub struct DeviceModel {
    pub network: Network,
    pub arrays: BTreeMap<String, Array>,
    device: Device,
}

impl DeviceModel {
    /// Puts the weights on `device`. On one with autodiff the trained arrays
    /// collect gradients, and BatchNorm goes by its batch; on one without,
    /// BatchNorm goes by its running statistics.
    ///
    /// # Errors
    /// Weights that do not fit the network.
    pub fn new(network: Network, weights: &Weights, device: &Device) -> Result<Self> {
        weights.check(&network)?;
        let mut arrays = BTreeMap::new();
        for Parameter { name, kind, .. } in network.parameters() {
            let array = Array::new(weights.get(&name)?, device)?;
            let trained = kind == ParameterKind::Trained && device.is_autodiff();
            arrays.insert(name, if trained { array.require_grad() } else { array });
        }
        Ok(Self { network, arrays, device: device.clone() })
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The same weights for inference: no gradients, running statistics.
    pub fn inference(&self) -> Self {
        let inner = |(name, array): (&String, &Array)| (name.clone(), array.clone().inner());
        Self {
            network: self.network.clone(),
            arrays: self.arrays.iter().map(inner).collect(),
            device: self.device.clone().inner(),
        }
    }

    /// Takes `value` through one of the two graphs. The encoder fills `skips`,
    /// the decoder uses them up.
    ///
    /// # Errors
    /// Arrays that do not belong to the network.
    pub fn run(
        &mut self,
        graph: Graph,
        mut value: Tensor<4>,
        skips: &mut Skips,
    ) -> Result<Tensor<4>> {
        let layers = self.network.layers(graph).to_vec();
        for layer in &layers {
            value = match layer.op {
                Op::Skip { level } => {
                    skips.insert(level, value.clone());
                    value
                }
                Op::Concat { level, .. } => match skips.remove(&level) {
                    Some(skip) => Tensor::cat(vec![skip, value], 1),
                    None => bail!("{}: the encoder gave no skip {level}", layer.name),
                },
                Op::Newest { channels } => {
                    let planes = value.dims()[1];
                    skips.insert(NEWEST, value.clone().narrow(1, planes - channels, channels));
                    value
                }
                Op::AddNewest => match skips.remove(&NEWEST) {
                    Some(newest) => value + newest,
                    None => bail!("{}: the encoder gave no newest frame", layer.name),
                },
                _ => self.apply(layer, value)?,
            };
        }
        Ok(value)
    }

    fn apply(&mut self, layer: &Layer, x: Tensor<4>) -> Result<Tensor<4>> {
        Ok(match layer.op {
            Op::Conv { bias, .. } => {
                let (weight, bias) = self.convolution(layer, bias)?;
                conv2d(x, weight, bias, ConvOptions::new([1, 1], [1, 1], [1, 1], 1))
            }
            Op::ConvTransposed { bias, .. } => {
                let (weight, bias) = self.convolution(layer, bias)?;
                let options = ConvTransposeOptions::new([2, 2], [1, 1], [1, 1], [1, 1], 1);
                conv_transpose2d(x, weight, bias, options)
            }
            Op::BatchNorm { .. } => self.batch_norm(layer, x)?,
            Op::Relu => relu(x),
            Op::MaxPool => max_pool2d(x, MaxPoolOptions::new([2, 2])),
            Op::Nearest => {
                let options = InterpolateOptions::new(InterpolateMode::Nearest);
                interpolate(x, options.with_scale_factor([2.0, 2.0]))
            }
            Op::PixelShuffle => pixel_shuffle(x),
            Op::L2Norm => unit_length(x),
            Op::Tanh => tanh(x),
            Op::Skip { .. } | Op::Concat { .. } | Op::Newest { .. } | Op::AddNewest => {
                bail!("{}: not a layer of one value", layer.name)
            }
        })
    }

    fn convolution(&self, layer: &Layer, bias: bool) -> Result<(Tensor<4>, Option<Tensor<1>>)> {
        let bias = if bias { Some(self.channels(layer, "bias")?) } else { None };
        match self.arrays.get(&format!("{}.weight", layer.name)) {
            Some(Array::Kernels(weight)) => Ok((weight.clone(), bias)),
            _ => bail!("{} has no kernels", layer.name),
        }
    }

    fn channels(&self, layer: &Layer, part: &str) -> Result<Tensor<1>> {
        match self.arrays.get(&format!("{}.{part}", layer.name)) {
            Some(Array::Channels(values)) => Ok(values.clone()),
            _ => bail!("{} has no {part}", layer.name),
        }
    }

    fn batch_norm(&mut self, layer: &Layer, x: Tensor<4>) -> Result<Tensor<4>> {
        let (weight, bias) = (self.channels(layer, "weight")?, self.channels(layer, "bias")?);
        let mean = self.channels(layer, "running_mean")?;
        let variance = self.channels(layer, "running_var")?;
        if !self.device.is_autodiff() {
            return Ok(batch_norm(x, weight, bias, mean, variance, BATCH_NORM_EPSILON));
        }
        let [batch, _, height, width] = x.dims();
        let result = batch_norm_train(x, weight, bias, BATCH_NORM_EPSILON);
        // PyTorch normalises by the biased variance and remembers the unbiased.
        let count = (batch * height * width) as f64;
        let unbiased = result.variance.mul_scalar(count / (count - 1.0).max(1.0));
        for (part, old, new) in
            [("running_mean", mean, result.mean), ("running_var", variance, unbiased)]
        {
            let moved = old.mul_scalar(1.0 - BATCH_NORM_MOMENTUM)
                + new.detach().mul_scalar(BATCH_NORM_MOMENTUM);
            self.arrays.insert(format!("{}.{part}", layer.name), Array::Channels(moved.detach()));
        }
        Ok(result.output)
    }
}

impl Array {
    fn new(tensor: &net::Tensor, device: &Device) -> Result<Self> {
        let data = TensorData::new(tensor.data.clone(), tensor.shape.clone());
        match tensor.shape.len() {
            4 => Ok(Self::Kernels(Tensor::from_data(data, device))),
            1 => Ok(Self::Channels(Tensor::from_data(data, device))),
            axes => bail!("an array of {axes} axes"),
        }
    }

    fn require_grad(self) -> Self {
        match self {
            Self::Kernels(tensor) => Self::Kernels(tensor.require_grad()),
            Self::Channels(tensor) => Self::Channels(tensor.require_grad()),
        }
    }

    fn inner(self) -> Self {
        match self {
            Self::Kernels(tensor) => Self::Kernels(tensor.inner()),
            Self::Channels(tensor) => Self::Channels(tensor.inner()),
        }
    }

    /// # Errors
    /// The device's.
    pub fn read(&self) -> Result<net::Tensor> {
        let (shape, data) = match self {
            Self::Kernels(tensor) => (tensor.dims().to_vec(), tensor.to_data()),
            Self::Channels(tensor) => (tensor.dims().to_vec(), tensor.to_data()),
        };
        Ok(net::Tensor::new(&shape, numbers(data)?))
    }
}

/// # Errors
/// Numbers other than f32.
pub fn numbers(data: TensorData) -> Result<Vec<f32>> {
    data.try_into_vec::<f32>().map_err(|error| anyhow!("the device gave no f32: {error:?}"))
}

fn unit_length(x: Tensor<4>) -> Tensor<4> {
    let length = x.clone().square().sum_dim(1).sqrt().clamp_min(L2_EPSILON);
    x / length
}

fn pixel_shuffle(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let channels = channels / 4;
    x.reshape([batch, channels, 2, 2, height, width]).permute([0, 1, 4, 2, 5, 3]).reshape([
        batch,
        channels,
        2 * height,
        2 * width,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixel_shuffle_is_depth_to_space_by_channel_row_column() {
        let values: Vec<f32> = (0..8u8).map(f32::from).collect();
        let data = TensorData::new(values.clone(), [1, 8, 1, 1]);
        let shuffled = pixel_shuffle(Tensor::from_data(data, &Device::flex()));
        assert_eq!(shuffled.dims(), [1, 2, 2, 2]);
        assert_eq!(numbers(shuffled.into_data()).unwrap(), values);
    }
}
