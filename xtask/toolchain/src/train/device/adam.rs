//! Adam on a device.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::layers::{Array, DeviceModel};
use crate::net::{self, ParameterKind, Weights};
use crate::train::adam::{BETA_1, BETA_2, EPSILON, Rates, moment_names};

/// The moments of a network's trained arrays, beside them.
#[derive(Default)]
pub struct Adam {
    /// Steps done.
    steps: u64,
    moments: BTreeMap<String, Moments>,
}

enum Moments {
    Kernels(Pair<4>),
    Channels(Pair<1>),
}

struct Pair<const D: usize> {
    first: Tensor<D>,
    second: Tensor<D>,
}

impl Adam {
    /// All moments at 0.
    pub fn new(model: &DeviceModel) -> Self {
        let device = model.device().clone().inner();
        let parameters = model.network.parameters().into_iter();
        let trained = parameters.filter(|p| p.kind == ParameterKind::Trained);
        let moments = trained.filter_map(|p| {
            let moments = match model.arrays.get(&p.name)? {
                Array::Kernels(tensor) => Moments::Kernels(Pair::zeros(tensor.dims(), &device)),
                Array::Channels(tensor) => Moments::Channels(Pair::zeros(tensor.dims(), &device)),
            };
            Some((p.name, moments))
        });
        Self { steps: 0, moments: moments.collect() }
    }

    /// One step down the gradients of the loss.
    ///
    /// # Errors
    /// A trained array that the loss does not depend on.
    pub fn step(
        &mut self,
        model: &mut DeviceModel,
        gradients: &mut Gradients,
        learning_rate: f64,
    ) -> Result<()> {
        self.steps += 1;
        let rates = Rates::new(self.steps, learning_rate);
        for (name, moments) in &mut self.moments {
            let array = model.arrays.get_mut(name).with_context(|| format!("no array {name}"))?;
            match (moments, array) {
                (Moments::Kernels(pair), Array::Kernels(tensor)) => {
                    pair.step(tensor, gradients, rates)
                }
                (Moments::Channels(pair), Array::Channels(tensor)) => {
                    pair.step(tensor, gradients, rates)
                }
                _ => bail!("the moments are of another shape"),
            }
            .with_context(|| format!("array {name}"))?;
        }
        Ok(())
    }

    /// A copy, by the names in a checkpoint.
    ///
    /// # Errors
    /// The device's.
    pub fn moments(&self) -> Result<Weights> {
        let mut arrays = Weights::default();
        for (name, moments) in &self.moments {
            let both = match moments {
                Moments::Kernels(Pair { first, second }) => {
                    [first, second].map(|tensor| Array::Kernels(tensor.clone()))
                }
                Moments::Channels(Pair { first, second }) => {
                    [first, second].map(|tensor| Array::Channels(tensor.clone()))
                }
            };
            for (name, moment) in moment_names(name).into_iter().zip(both) {
                arrays.insert(name, moment.read()?);
            }
        }
        Ok(arrays)
    }

    /// # Errors
    /// Moments that are missing or misshapen.
    pub fn restore(&mut self, steps: u64, mut arrays: Weights, device: &Device) -> Result<()> {
        let device = device.clone().inner();
        self.steps = steps;
        for (name, moments) in &mut self.moments {
            let [first, second] = moment_names(name).map(|name| {
                arrays.0.remove(&name).with_context(|| format!("there is no array `{name}`"))
            });
            match moments {
                Moments::Kernels(pair) => pair.restore(first?, second?, &device),
                Moments::Channels(pair) => pair.restore(first?, second?, &device),
            }
            .with_context(|| format!("moments of `{name}`"))?;
        }
        Ok(())
    }
}

impl<const D: usize> Pair<D> {
    fn zeros(shape: [usize; D], device: &Device) -> Self {
        Self { first: Tensor::zeros(shape, device), second: Tensor::zeros(shape, device) }
    }

    fn step(
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

    fn restore(&mut self, first: net::Tensor, second: net::Tensor, device: &Device) -> Result<()> {
        for (target, source) in [(&mut self.first, first), (&mut self.second, second)] {
            let (found, expected) = (&source.shape, target.dims());
            ensure!(*found == expected, "{found:?} is not {expected:?}");
            *target = Tensor::from_data(TensorData::new(source.data, source.shape), device);
        }
        Ok(())
    }
}
