use anyhow::{Context, Result, ensure};
use burn::tensor::{Gradients, Tensor};
use normwatch::model::Normaliser;

use super::backend::Place;
use super::memory::{Match, to_rows};
use super::network::Model;
use super::optimiser::Adam;
use super::outliers::Outliers;
use super::random::{Purpose, stream};
use super::samples::Batch;
use crate::net::{self, Network, initial_items, initial_weights};

/// Squared distance from its nearest item that an abnormal query is driven to:
/// 60° away.
const CONTRAST_MARGIN: f64 = 1.0;

/// What is minimised, and how the memory follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// Weight of the compactness loss.
    pub compact: f64,
    /// Weight of the separateness loss.
    pub separate: f64,
    pub normaliser: Normaliser,
    /// Share of the old item that an update keeps; `None` as published.
    pub keep: Option<f64>,
}

/// The three losses of a batch, unweighted, in [−1, 1] units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    pub pixel: f64,
    pub compact: f64,
    pub separate: f64,
    /// 0 without outliers.
    pub contrast: f64,
}

/// A bigger network whose predictions are learnt beside the footage.
pub struct Teacher {
    pub model: Model,
    pub items: net::Tensor,
    /// Weight of the squared difference to the teacher's prediction.
    pub weight: f64,
}

/// Network, memory and optimiser in training.
pub struct Learner {
    pub model: Model,
    /// M×C, unit rows.
    pub items: net::Tensor,
    pub adam: Adam,
    pub objective: Objective,
    pub teacher: Option<Teacher>,
}

/// What a batch did to the loss, before anything is changed by it.
pub struct Backward {
    pub losses: Losses,
    /// Of a network on a device; one on the CPU keeps its own.
    pub gradients: Gradients,
    pub matched: Match,
}

impl Learner {
    /// Random weights and items from `seed`, on a device with autodiff.
    ///
    /// # Errors
    /// The device's.
    pub fn new(network: Network, objective: Objective, seed: u64, place: &Place) -> Result<Self> {
        let weights = initial_weights(&network, &mut stream(seed, Purpose::Weights, 0));
        let items = initial_items(&network, &mut stream(seed, Purpose::Items, 0));
        let model = Model::new(network, &weights, place)?;
        let adam = Adam::new(&model);
        Ok(Self { model, items, adam, objective, teacher: None })
    }

    /// One training step: losses and read by the old memory, Adam, and then
    /// the memory's update from the same queries.
    ///
    /// # Errors
    /// A loss that is not finite; the network is then as it was.
    pub fn step(&mut self, batch: Batch, learning_rate: f64) -> Result<Losses> {
        self.step_with(batch, None, learning_rate)
    }

    /// [`Learner::step`] on a batch that has outliers, with the weight of the
    /// contrast loss: they count for that alone, neither for the published
    /// losses nor for the memory.
    ///
    /// # Errors
    /// As [`Learner::step`].
    pub fn step_with(
        &mut self,
        batch: Batch,
        outliers: Option<(&Outliers, f64)>,
        learning_rate: f64,
    ) -> Result<Losses> {
        let Backward { losses, mut gradients, matched } = self.backward_with(batch, outliers)?;
        let Losses { pixel, compact, separate, contrast } = losses;
        ensure!(
            [pixel, compact, separate, contrast].iter().all(|loss| loss.is_finite()),
            "the loss is not finite ({losses:?}): start again with a lower --learning-rate"
        );
        self.adam.apply(&mut self.model, &mut gradients, learning_rate)?;
        let temperature = self.model.network().spec.temperature;
        self.items = matched.update(self.objective.normaliser, temperature, self.objective.keep)?;
        Ok(losses)
    }

    /// Losses and gradients; BatchNorm's running statistics move.
    ///
    /// # Errors
    /// The device's.
    #[cfg(test)]
    pub fn backward(&mut self, batch: Batch) -> Result<Backward> {
        self.backward_with(batch, None)
    }

    /// What was matched leaves the outliers out.
    fn backward_with(
        &mut self,
        batch: Batch,
        outliers: Option<(&Outliers, f64)>,
    ) -> Result<Backward> {
        let taught = match &mut self.teacher {
            Some(teacher) => Some((teacher.predict(&batch)?, teacher.weight)),
            None => None,
        };
        let Answer { prediction, query, mut matched } =
            answer(&mut self.model, batch.input, &self.items)?;
        let [windows, ..] = prediction.dims();
        let usual = windows - outliers.map_or(0, |(outliers, _)| outliers.windows);
        let mut rows = to_rows(query.clone());
        let contrast = outliers.map(|(outliers, weight)| {
            (matched.contrast(rows.clone(), &outliers.cells, CONTRAST_MARGIN), weight)
        });
        if usual < windows {
            let count = matched.nearest.len() / windows * usual;
            matched = matched.first(count);
            rows = rows.narrow(0, 0, count);
        }
        let first = |tensor: Tensor<4>| tensor.narrow(0, 0, usual);
        let predicted = first(prediction.clone());
        let pixel = (predicted.clone() - first(batch.target)).square().mean();
        let compact = matched.compactness(rows.clone());
        let separate = matched.separateness(rows);
        let mut total = pixel.clone()
            + compact.clone().mul_scalar(self.objective.compact)
            + separate.clone().mul_scalar(self.objective.separate);
        if let Some((taught, weight)) = taught {
            let difference = predicted - Tensor::from_inner(first(taught));
            total = total + difference.square().mean().mul_scalar(weight);
        }
        if let Some((contrast, weight)) = &contrast {
            total = total + contrast.clone().mul_scalar(*weight);
        }
        let mut gradients = total.backward();
        if let Model::Cpu(model) = &mut self.model {
            let leaf = "the loss depends on prediction and query";
            let by_prediction = prediction.grad_remove(&mut gradients).context(leaf)?;
            model.backward(by_prediction, query.grad_remove(&mut gradients).context(leaf)?)?;
        }
        let scalar = |loss: Tensor<1>| f64::from(loss.into_scalar::<f32>());
        let losses = Losses {
            pixel: scalar(pixel),
            compact: scalar(compact),
            separate: scalar(separate),
            contrast: contrast.map_or(0.0, |(contrast, _)| scalar(contrast)),
        };
        Ok(Backward { losses, gradients, matched })
    }
}

/// What the network says to a batch.
pub struct Answer {
    pub prediction: Tensor<4>,
    pub query: Tensor<4>,
    pub matched: Match,
}

/// Encodes, reads the memory, decodes.
///
/// # Errors
/// The device's.
pub fn answer(model: &mut Model, input: Tensor<4>, items: &net::Tensor) -> Result<Answer> {
    let temperature = model.network().spec.temperature;
    let encoded = model.encode(input)?;
    let matched = Match::new(&encoded.query, items)?;
    let query_read = matched.read(encoded.query.clone(), temperature);
    let prediction = model.decode(query_read, encoded.skips)?;
    Ok(Answer { prediction, query: encoded.query, matched })
}

impl Teacher {
    fn predict(&mut self, batch: &Batch) -> Result<Tensor<4>> {
        let input = batch.input.clone().inner();
        Ok(answer(&mut self.model, input, &self.items)?.prediction)
    }
}
