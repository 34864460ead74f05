//! How long a training is, and how its learning rate falls.

use std::f64::consts::PI;

use anyhow::{Result, ensure};

use crate::run::Schedule;

/// A training shorter than this many epochs is cut into as many, so that
/// validation has checkpoints to choose from.
const LEAST_EPOCHS: usize = 5;

/// How long a training is. Every epoch ends with a validation and a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub epochs: usize,
    pub steps_per_epoch: usize,
}

impl Plan {
    /// Every window once in each epoch but for an incomplete last batch.
    ///
    /// # Errors
    /// Fewer windows than one batch takes.
    pub fn whole_epochs(epochs: usize, windows: usize, batch: usize) -> Result<Self> {
        ensure!(
            windows >= batch,
            "the footage is too short: it gives {windows} training windows, and one batch takes \
             {batch}; record more"
        );
        Ok(Self { epochs, steps_per_epoch: windows / batch })
    }

    /// About `steps` in all: whole epochs where there are enough, else parts.
    ///
    /// # Errors
    /// As [`Plan::whole_epochs`].
    pub fn about(steps: usize, windows: usize, batch: usize) -> Result<Self> {
        let whole = Self::whole_epochs(1, windows, batch)?.steps_per_epoch;
        let epochs = steps.div_ceil(whole).max(LEAST_EPOCHS.min(steps)).max(1);
        Ok(Self { epochs, steps_per_epoch: (steps / epochs).max(1) })
    }

    pub fn steps(&self) -> usize {
        self.epochs * self.steps_per_epoch
    }

    /// Half a cosine from `base` to 0 over the training.
    pub fn learning_rate(&self, schedule: Schedule, base: f64, epoch: usize, step: usize) -> f64 {
        let done = match schedule {
            Schedule::CosinePerEpoch => epoch as f64 / self.epochs as f64,
            Schedule::CosinePerStep => {
                (epoch * self.steps_per_epoch + step) as f64 / self.steps() as f64
            }
        };
        base * 0.5 * (1.0 + (PI * done).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_near_to_what_is_asked_for() {
        let plan = |epochs, steps_per_epoch| Plan { epochs, steps_per_epoch };
        assert_eq!(Plan::whole_epochs(3, 83, 8).unwrap(), plan(3, 10));
        assert_eq!(Plan::about(1000, 83, 8).unwrap(), plan(100, 10));
        assert_eq!(Plan::about(40, 800, 8).unwrap(), plan(5, 8));
        assert_eq!(Plan::about(2, 800, 8).unwrap(), plan(2, 1));
        let error = Plan::about(40, 7, 8).unwrap_err().to_string();
        assert!(error.contains("7 training windows"), "{error}");
    }

    #[test]
    fn learning_rates_fall_to_nothing() {
        let plan = Plan { epochs: 4, steps_per_epoch: 10 };
        let epoch = |epoch, step| plan.learning_rate(Schedule::CosinePerEpoch, 1.0, epoch, step);
        assert_eq!((epoch(0, 9), epoch(2, 0), epoch(2, 9)), (1.0, epoch(2, 5), epoch(2, 0)));
        assert!((epoch(2, 0) - 0.5).abs() < 1e-12);
        let step = |epoch, step| plan.learning_rate(Schedule::CosinePerStep, 1.0, epoch, step);
        assert!((step(2, 0) - 0.5).abs() < 1e-12);
        assert!(step(3, 9) < 0.01 && step(3, 9) > 0.0);
    }
}
