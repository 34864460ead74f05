//! One training step: what the network answers, the losses, and how network
//! and memory follow them.

use anyhow::{Result, ensure};
use normwatch::model::Normaliser;

use super::backend::Place;
use super::engine::{Engine, Mode, newest_frames};
use super::loss::{
    compactness, contrast, mean_square, motion_weights, separateness, weighted_square,
};
use super::memory::Match;
use super::outliers::Outliers;
use super::random::{Purpose, stream};
use super::window::Batch;
use crate::net::{Network, Tensor, initial_items, initial_weights};

/// What is minimised, and how the memory follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// Weight of the compactness loss.
    pub compact: f64,
    /// Weight of the separateness loss.
    pub separate: f64,
    /// How much more a pixel counts where something moves; 0 as published.
    pub motion: f64,
    pub normaliser: Normaliser,
    /// Share of the old item that an update keeps; `None` as published.
    pub keep: Option<f64>,
}

/// The losses of a batch, unweighted, in [−1, 1] units.
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
    /// In inference.
    pub engine: Box<dyn Engine>,
    pub items: Tensor,
    /// Weight of the squared difference to the teacher's prediction.
    pub weight: f64,
}

/// Network, memory and optimiser in training.
pub struct Learner {
    pub engine: Box<dyn Engine>,
    /// M×C, unit rows.
    pub items: Tensor,
    pub objective: Objective,
    pub teacher: Option<Teacher>,
}

impl Learner {
    /// Random weights and items from `seed`.
    ///
    /// # Errors
    /// The device's.
    pub fn new(network: Network, objective: Objective, seed: u64, place: &Place) -> Result<Self> {
        let weights = initial_weights(&network, &mut stream(seed, Purpose::Weights, 0));
        let items = initial_items(&network, &mut stream(seed, Purpose::Items, 0));
        let engine = place.engine(network, &weights, Mode::Training)?;
        Ok(Self { engine, items, objective, teacher: None })
    }

    /// One training step: losses and read by the old memory, Adam, and then
    /// the memory's update from the same queries.
    ///
    /// Outliers come with the weight of the contrast loss; they count for that
    /// alone, neither for the published losses nor for the memory.
    ///
    /// # Errors
    /// A loss that is not finite; weights and items are then as they were.
    pub fn step(
        &mut self,
        batch: &Batch,
        outliers: Option<(&Outliers, f64)>,
        learning_rate: f64,
    ) -> Result<Losses> {
        let (losses, matched) = self.backward(batch, outliers)?;
        let Losses { pixel, compact, separate, contrast } = losses;
        ensure!(
            [pixel, compact, separate, contrast].iter().all(|loss| loss.is_finite()),
            "the loss is not finite ({losses:?}): start again with a lower --learning-rate"
        );
        self.engine.descend(learning_rate)?;
        let temperature = self.engine.network().spec.temperature;
        self.items = matched.update(self.objective.normaliser, temperature, self.objective.keep);
        Ok(losses)
    }

    /// Losses and gradients; BatchNorm's running statistics move. What was
    /// matched leaves the outliers out.
    fn backward(
        &mut self,
        batch: &Batch,
        outliers: Option<(&Outliers, f64)>,
    ) -> Result<(Losses, Match)> {
        let taught = match &mut self.teacher {
            Some(Teacher { engine, items, weight }) => {
                Some((answer(&mut **engine, &batch.input, items)?.prediction, *weight))
            }
            None => None,
        };
        let Answer { prediction, mut matched } =
            answer(&mut *self.engine, &batch.input, &self.items)?;
        let usual = batch.windows - outliers.map_or(0, |(outliers, _)| outliers.windows);
        let mut by_query = vec![0.0; matched.len() * matched.channels()];
        let contrast = outliers.map_or(0.0, |(outliers, weight)| {
            contrast(&matched, &outliers.cells, weight, &mut by_query)
        });
        matched.truncate(matched.len() / batch.windows * usual);
        let by_usual = &mut by_query[..matched.len() * matched.channels()];
        let compact = compactness(&matched, self.objective.compact, by_usual);
        let separate = separateness(&matched, self.objective.separate, by_usual);

        let mut by_prediction = vec![0.0; prediction.len()];
        let pixels = prediction.len() / batch.windows * usual;
        let (predicted, by_usual) = (&prediction[..pixels], &mut by_prediction[..pixels]);
        let targets = &batch.target[..pixels];
        let pixel = if self.objective.motion > 0.0 {
            let newest = newest_frames(self.engine.network(), &batch.input);
            let weights = motion_weights(&newest, targets, self.objective.motion);
            weighted_square(predicted, targets, &weights, by_usual)
        } else {
            mean_square(predicted, targets, 1.0, by_usual)
        };
        if let Some((taught, weight)) = taught {
            mean_square(predicted, &taught[..pixels], weight, by_usual);
        }
        self.engine.backward(by_prediction, by_query)?;
        Ok((Losses { pixel, compact, separate, contrast }, matched))
    }
}

/// What the network says to a batch.
pub struct Answer {
    /// B×c×H×W.
    pub prediction: Vec<f32>,
    pub matched: Match,
}

/// Encodes, reads the memory, decodes.
///
/// # Errors
/// The device's.
pub fn answer(engine: &mut dyn Engine, input: &[f32], items: &Tensor) -> Result<Answer> {
    let temperature = engine.network().spec.temperature;
    let matched = Match::new(engine.encode(input)?, items);
    let prediction = engine.decode(&matched.read(temperature))?;
    Ok(Answer { prediction, matched })
}

#[cfg(all(test, feature = "burn"))]
mod oracle;
#[cfg(test)]
mod tests;
