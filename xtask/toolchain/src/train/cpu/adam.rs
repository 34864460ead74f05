//! Adam on arrays in host memory.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use normwatch::kernel::training::TrainingNetwork;

use super::layout::{ArrayPlace, Layout};
use crate::net::{Network, ParameterKind, Tensor, Weights};
use crate::train::adam::{BETA_1, BETA_2, EPSILON, Rates, moment_names};

/// The moments of a network's trained arrays.
#[derive(Default)]
pub struct Adam {
    /// Steps done.
    steps: u64,
    moments: BTreeMap<String, Moments>,
}

struct Moments {
    first: Tensor,
    second: Tensor,
}

impl Adam {
    /// All moments at 0.
    pub fn new(network: &Network) -> Self {
        let trained = network.parameters().into_iter().filter(|p| p.kind == ParameterKind::Trained);
        let moments = trained.map(|p| {
            let zeros = Tensor::filled(&p.shape, 0.0);
            (p.name, Moments { first: zeros.clone(), second: zeros })
        });
        Self { steps: 0, moments: moments.collect() }
    }

    /// One step down the gradients that `machine` holds.
    ///
    /// # Errors
    /// Arrays that are not in the layout.
    pub fn step(
        &mut self,
        learning_rate: f64,
        machine: &mut TrainingNetwork,
        layout: &Layout,
    ) -> Result<()> {
        self.steps += 1;
        let rates = Rates::new(self.steps, learning_rate);
        for (name, moments) in &mut self.moments {
            let ArrayPlace { node, part, .. } =
                layout.arrays.get(name).with_context(|| format!("there is no array `{name}`"))?;
            let (values, gradients) = machine.with_gradient(*node, *part);
            moments.step(values, gradients, rates);
        }
        Ok(())
    }

    /// A copy, by the names in a checkpoint.
    pub fn moments(&self) -> Weights {
        let mut arrays = Weights::default();
        for (name, Moments { first, second }) in &self.moments {
            let [first_name, second_name] = moment_names(name);
            arrays.insert(first_name, first.clone());
            arrays.insert(second_name, second.clone());
        }
        arrays
    }

    /// # Errors
    /// Moments that are missing or misshapen.
    pub fn restore(&mut self, steps: u64, mut arrays: Weights) -> Result<()> {
        self.steps = steps;
        for (name, Moments { first, second }) in &mut self.moments {
            for (moment, stored) in [first, second].into_iter().zip(moment_names(name)) {
                let tensor = arrays
                    .0
                    .remove(&stored)
                    .with_context(|| format!("there is no array `{stored}`"))?;
                let (found, expected) = (&tensor.shape, &moment.shape);
                ensure!(found == expected, "`{stored}` is {found:?}, not {expected:?}");
                *moment = tensor;
            }
        }
        Ok(())
    }
}

impl Moments {
    fn step(&mut self, values: &mut [f32], gradients: &[f32], rates: Rates) {
        let [keep_1, keep_2] = [BETA_1 as f32, BETA_2 as f32];
        let [new_1, new_2] = [(1.0 - BETA_1) as f32, (1.0 - BETA_2) as f32];
        let (correction, size) = (1.0 / rates.root_correction as f32, rates.step_size as f32);
        let moments = self.first.data.iter_mut().zip(&mut self.second.data);
        for ((value, &gradient), (first, second)) in values.iter_mut().zip(gradients).zip(moments) {
            *first = keep_1 * *first + new_1 * gradient;
            *second = keep_2 * *second + new_2 * gradient * gradient;
            *value -= size * *first / (second.sqrt() * correction + EPSILON as f32);
        }
    }
}
