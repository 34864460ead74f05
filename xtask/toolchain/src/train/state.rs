//! Where a training stands, as the RUN's newest checkpoint keeps it.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::adam;
use super::backend::Place;
use super::engine::Mode;
use super::learner::{Learner, Objective};
use super::plan::Done;
use crate::net::{Network, Weights};
use crate::run::{ArrayFile, ITEMS, LAST, Validation};

const STATE: &str = "state";

/// Where a training stands. All else of its state is in the arrays; random
/// numbers depend on the step alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs done.
    pub epoch: usize,
    /// Steps of the current epoch done.
    pub step: usize,
    /// Sums of the pixel, compactness and separateness losses of these steps.
    #[serde(with = "bits")]
    pub sums: [f64; 3],
    /// Sum of their contrast losses.
    #[serde(with = "bits", default)]
    pub contrast: [f64; 1],
    /// Pasted AUC, pixel loss and number of the best epoch's checkpoint.
    pub best: Option<Best>,
    /// Time spent so far.
    pub seconds: f64,
    /// Whether the training has ended. Where time decides, nothing else tells: what
    /// is left of it depends on how long reading the footage took.
    #[serde(default)]
    pub over: bool,
}

impl Progress {
    pub fn done(&self) -> Done {
        Done { epoch: self.epoch, step: self.step, seconds: self.seconds }
    }
}

/// What a checkpoint is chosen by: the higher AUC on pasted anomalies, among
/// equals the lower pixel loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub epoch: usize,
    #[serde(with = "bits")]
    pub by: [f64; 2],
}

impl Best {
    pub fn new(validation: &Validation) -> Self {
        Self { epoch: validation.epoch, by: [validation.pasted_auc, -validation.pixel] }
    }

    pub fn beats(&self, other: Option<Self>) -> bool {
        other.is_none_or(|other| self.by > other.by)
    }
}

/// Numbers as their bits: text would round them.
mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, const N: usize>(v: &[f64; N], s: S) -> Result<S::Ok, S::Error> {
        v.iter().map(|v| v.to_bits()).collect::<Vec<_>>().serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[f64; N], D::Error> {
        let bits = Vec::<u64>::deserialize(deserializer)?;
        let numbers: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
        let wrong = |v: Vec<f64>| serde::de::Error::invalid_length(v.len(), &"another count");
        numbers.try_into().map_err(wrong)
    }
}

/// Replaces the RUN's newest state at once or not at all.
///
/// # Errors
/// The file system's; the older state is then untouched.
pub fn save(run: &Path, learner: &Learner, progress: &Progress) -> Result<()> {
    let mut file = ArrayFile { arrays: learner.engine.weights()?, ..ArrayFile::default() };
    file.arrays.insert(ITEMS, learner.items.clone());
    file.arrays.0.extend(learner.engine.moments()?.0);
    file.metadata.insert(STATE.into(), serde_json::to_string(progress)?);
    file.write(&run.join(LAST))
}

/// The RUN's newest state; `None` where there is none.
///
/// # Errors
/// A file that is damaged or does not fit the network.
pub fn load(
    run: &Path,
    network: Network,
    objective: Objective,
    steps_per_epoch: usize,
    place: &Place,
) -> Result<Option<(Learner, Progress)>> {
    let path = run.join(LAST);
    if !path.exists() {
        return Ok(None);
    }
    let restored = || -> Result<_> {
        let ArrayFile { mut arrays, metadata } = ArrayFile::read(&path)?;
        let text = metadata.get(STATE).context("there is no state of a training in it")?;
        let progress: Progress = serde_json::from_str(text)?;
        let items = arrays.0.remove(ITEMS).context("there are no memory items")?;
        let (moments, weights) =
            arrays.0.into_iter().partition(|(name, _)| name.starts_with(adam::PREFIX));
        let mut engine = place.engine(network, &Weights(weights), Mode::Training)?;
        let steps = (progress.epoch * steps_per_epoch + progress.step) as u64;
        engine.restore(steps, Weights(moments))?;
        Ok((Learner { engine, items, objective, teacher: None }, progress))
    };
    restored().map(Some).with_context(|| path.display().to_string())
}
