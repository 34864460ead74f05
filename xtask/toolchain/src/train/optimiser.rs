use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::model::{Array, DeviceModel};
use super::network::Model;
use crate::net::{self, ParameterKind, Weights};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Adam (Kingma, Ba 2015) with PyTorch's defaults, no weight decay.
pub struct Adam {
    /// Steps done.
    pub step: u64,
    moments: BTreeMap<String, Moments>,
}

enum Moments {
    Kernels(Pair<4>),
    Channels(Pair<1>),
    /// Of a network on the CPU.
    Host(HostPair),
}

struct HostPair {
    shape: Vec<usize>,
    first: Vec<f32>,
    second: Vec<f32>,
}

struct Pair<const D: usize> {
    first: Tensor<D>,
    second: Tensor<D>,
}

/// Names of an array's moments in a checkpoint.
fn names(name: &str) -> [String; 2] {
    [format!("adam.first.{name}"), format!("adam.second.{name}")]
}

impl Adam {
    /// All moments at 0.
    pub fn new(model: &Model) -> Self {
        let Model::Device(model) = model else {
            let parameters = model.network().parameters().into_iter();
            let trained = parameters.filter(|p| p.kind == ParameterKind::Trained);
            let moments = trained.map(|p| (p.name, Moments::Host(HostPair::zeros(p.shape))));
            return Self { step: 0, moments: moments.collect() };
        };
        let device = model.device().clone().inner();
        let moments = trained(model).map(|(name, array)| {
            let moments = match array {
                Array::Kernels(tensor) => Moments::Kernels(Pair::zeros(tensor.dims(), &device)),
                Array::Channels(tensor) => Moments::Channels(Pair::zeros(tensor.dims(), &device)),
            };
            (name, moments)
        });
        Self { step: 0, moments: moments.collect() }
    }

    /// One step down the gradients of the loss that `gradients` came from.
    ///
    /// # Errors
    /// A trained array that the loss does not depend on.
    pub fn apply(
        &mut self,
        model: &mut Model,
        gradients: &mut Gradients,
        learning_rate: f64,
    ) -> Result<()> {
        self.step += 1;
        let rates = Rates::new(self.step, learning_rate);
        let model = match model {
            Model::Device(model) => model,
            Model::Cpu(model) => {
                for (name, moments) in &mut self.moments {
                    let Moments::Host(pair) = moments else { bail!("moments of another device") };
                    let (values, gradients) = model.with_gradient(name)?;
                    pair.apply(values, gradients, rates);
                }
                return Ok(());
            }
        };
        for (name, moments) in &mut self.moments {
            let array = model.arrays.get_mut(name).with_context(|| format!("no array {name}"))?;
            match (moments, array) {
                (Moments::Kernels(pair), Array::Kernels(tensor)) => {
                    pair.apply(tensor, gradients, rates)
                }
                (Moments::Channels(pair), Array::Channels(tensor)) => {
                    pair.apply(tensor, gradients, rates)
                }
                _ => bail!("the moments are of another shape"),
            }
            .with_context(|| format!("array {name}"))?;
        }
        Ok(())
    }

    /// Adds the moments to a checkpoint's arrays.
    ///
    /// # Errors
    /// The device's.
    pub fn store(&self, arrays: &mut Weights) -> Result<()> {
        for (name, moments) in &self.moments {
            let [first_name, second_name] = names(name);
            let [first, second] = match moments {
                Moments::Host(HostPair { shape, first, second }) => {
                    arrays.insert(first_name, net::Tensor::new(shape, first.clone()));
                    arrays.insert(second_name, net::Tensor::new(shape, second.clone()));
                    continue;
                }
                Moments::Kernels(Pair { first, second }) => {
                    [Array::Kernels(first.clone()), Array::Kernels(second.clone())]
                }
                Moments::Channels(Pair { first, second }) => {
                    [Array::Channels(first.clone()), Array::Channels(second.clone())]
                }
            };
            arrays.insert(first_name, first.read()?);
            arrays.insert(second_name, second.read()?);
        }
        Ok(())
    }

    /// Takes the moments out of a checkpoint's arrays.
    ///
    /// # Errors
    /// Moments that are missing or misshapen.
    pub fn restore(model: &Model, step: u64, arrays: &mut Weights) -> Result<Self> {
        let device = match model {
            Model::Device(model) => model.device().clone().inner(),
            Model::Cpu(_) => Device::flex(),
        };
        let mut adam = Self::new(model);
        adam.step = step;
        for (name, moments) in &mut adam.moments {
            let [first, second] = names(name).map(|name| {
                arrays.0.remove(&name).with_context(|| format!("there is no array `{name}`"))
            });
            match moments {
                Moments::Kernels(pair) => pair.restore(&first?, &second?, &device),
                Moments::Channels(pair) => pair.restore(&first?, &second?, &device),
                Moments::Host(pair) => pair.restore(first?, second?),
            }
            .with_context(|| format!("moments of `{name}`"))?;
        }
        Ok(adam)
    }
}

fn trained(model: &DeviceModel) -> impl Iterator<Item = (String, &Array)> {
    let parameters = model.network.parameters().into_iter();
    let trained = parameters.filter(|p| p.kind == ParameterKind::Trained);
    trained.filter_map(|p| model.arrays.get(&p.name).map(|array| (p.name, array)))
}

/// The factors of one step.
#[derive(Clone, Copy)]
struct Rates {
    step_size: f64,
    root_correction: f64,
}

impl Rates {
    fn new(step: u64, learning_rate: f64) -> Self {
        let power = |beta: f64| 1.0 - beta.powf(step as f64);
        Self { step_size: learning_rate / power(BETA_1), root_correction: power(BETA_2).sqrt() }
    }
}

impl HostPair {
    fn zeros(shape: Vec<usize>) -> Self {
        let count = shape.iter().product();
        Self { shape, first: vec![0.0; count], second: vec![0.0; count] }
    }

    fn apply(&mut self, values: &mut [f32], gradients: &[f32], rates: Rates) {
        let [keep_1, keep_2] = [BETA_1 as f32, BETA_2 as f32];
        let [new_1, new_2] = [(1.0 - BETA_1) as f32, (1.0 - BETA_2) as f32];
        let (correction, size) = (1.0 / rates.root_correction as f32, rates.step_size as f32);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, &gradient), (first, second)) in values.iter_mut().zip(gradients).zip(moments) {
            *first = keep_1 * *first + new_1 * gradient;
            *second = keep_2 * *second + new_2 * gradient * gradient;
            *value -= size * *first / (second.sqrt() * correction + EPSILON as f32);
        }
    }

    fn restore(&mut self, first: net::Tensor, second: net::Tensor) -> Result<()> {
        for (target, source) in [(&mut self.first, first), (&mut self.second, second)] {
            if source.shape != self.shape {
                bail!("{:?} is not {:?}", source.shape, self.shape);
            }
            *target = source.data;
        }
        Ok(())
    }
}

impl<const D: usize> Pair<D> {
    fn zeros(shape: [usize; D], device: &Device) -> Self {
        Self { first: Tensor::zeros(shape, device), second: Tensor::zeros(shape, device) }
    }

    fn apply(
        &mut self,
        tensor: &mut Tensor<D>,
        gradients: &mut Gradients,
        rates: Rates,
    ) -> Result<()> {
        let gradient = tensor.grad_remove(gradients).context("the loss does not depend on it")?;
        let mix = |old: &Tensor<D>, new: Tensor<D>, beta: f64| {
            old.clone().mul_scalar(beta) + new.mul_scalar(1.0 - beta)
        };
        self.first = mix(&self.first, gradient.clone(), BETA_1);
        self.second = mix(&self.second, gradient.square(), BETA_2);
        let root = self.second.clone().sqrt().div_scalar(rates.root_correction);
        let step = self.first.clone() / root.add_scalar(EPSILON);
        let moved = tensor.clone().inner() - step.mul_scalar(rates.step_size);
        *tensor = Tensor::from_inner(moved).require_grad();
        Ok(())
    }

    fn restore(
        &mut self,
        first: &net::Tensor,
        second: &net::Tensor,
        device: &Device,
    ) -> Result<()> {
        for (target, source) in [(&mut self.first, first), (&mut self.second, second)] {
            if target.dims().as_slice() != source.shape {
                bail!("{:?} is not {:?}", source.shape, target.dims());
            }
            let data = TensorData::new(source.data.clone(), source.shape.clone());
            *target = Tensor::from_data(data, device);
        }
        Ok(())
    }
}
