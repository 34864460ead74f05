//! How long a training is, and how its learning rate falls.

use std::f64::consts::PI;

use anyhow::{Result, ensure};

use crate::run::Schedule;

/// A training shorter than this many epochs is cut into as many, so that
/// validation has checkpoints to choose from.
const LEAST_EPOCHS: usize = 5;

/// How long a training is. Every epoch ends with a validation and a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// What is expected where `time` decides.
    pub epochs: usize,
    pub steps_per_epoch: usize,
    /// The time that it has, where one was given.
    pub time: Option<TimeBudget>,
}

/// Time for steps and validations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeBudget {
    pub seconds: f64,
    /// Steps that take as long as one validation.
    pub validation_steps: f64,
}

/// What is done of a training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Done {
    /// Whole epochs.
    pub epoch: usize,
    /// Steps of the epoch that goes on.
    pub step: usize,
    /// Time of all of it, validations included.
    pub seconds: f64,
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
        Ok(Self { epochs, steps_per_epoch: windows / batch, time: None })
    }

    /// About `steps` in all: whole epochs where there are enough, else parts.
    ///
    /// # Errors
    /// As [`Plan::whole_epochs`].
    pub fn about(steps: usize, windows: usize, batch: usize) -> Result<Self> {
        let whole = Self::whole_epochs(1, windows, batch)?.steps_per_epoch;
        let epochs = steps.div_ceil(whole).max(LEAST_EPOCHS.min(steps)).max(1);
        Ok(Self { epochs, steps_per_epoch: (steps / epochs).max(1), time: None })
    }

    pub fn steps(&self) -> usize {
        self.epochs * self.steps_per_epoch
    }

    /// Share of the training that is over, 0 to 1: of the time, less what the
    /// last validation will take of it, or else of the steps.
    pub fn share(&self, done: Done) -> f64 {
        let steps = (done.epoch * self.steps_per_epoch + done.step) as f64;
        let Some(TimeBudget { seconds, validation_steps }) = self.time else {
            return steps / self.steps() as f64;
        };
        let so_far = steps + done.epoch as f64 * validation_steps;
        let validation_s = validation_steps * done.seconds / so_far.max(1.0);
        let for_steps = seconds - validation_s;
        if done.seconds < for_steps { done.seconds / for_steps } else { 1.0 }
    }

    /// [`Plan::share`] as steps of [`Plan::steps`].
    pub fn steps_done(&self, done: Done) -> u64 {
        (self.share(done) * self.steps() as f64).round() as u64
    }

    /// Whether an epoch ends here. None does without a step.
    pub fn ends_epoch(&self, done: Done) -> bool {
        let out_of_time = self.time.is_some() && self.share(done) >= 1.0;
        done.step >= self.steps_per_epoch || (done.step > 0 && out_of_time)
    }

    /// Whether the training ends here, between two epochs.
    pub fn is_over(&self, done: Done) -> bool {
        match self.time {
            Some(_) => done.epoch > 0 && done.step == 0 && self.share(done) >= 1.0,
            None => done.epoch >= self.epochs,
        }
    }

    /// Half a cosine from `base` to 0 over the training.
    pub fn learning_rate(&self, schedule: Schedule, base: f64, done: Done) -> f64 {
        let share = match schedule {
            Schedule::CosinePerEpoch => done.epoch as f64 / self.epochs as f64,
            Schedule::CosinePerStep | Schedule::CosineByTime => self.share(done),
        };
        base * 0.5 * (1.0 + (PI * share).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_near_to_what_is_asked_for() {
        let plan = |epochs, steps_per_epoch| Plan { epochs, steps_per_epoch, time: None };
        assert_eq!(Plan::whole_epochs(3, 83, 8).unwrap(), plan(3, 10));
        assert_eq!(Plan::about(1000, 83, 8).unwrap(), plan(100, 10));
        assert_eq!(Plan::about(40, 800, 8).unwrap(), plan(5, 8));
        assert_eq!(Plan::about(2, 800, 8).unwrap(), plan(2, 1));
        let error = Plan::about(40, 7, 8).unwrap_err().to_string();
        assert!(error.contains("7 training windows"), "{error}");
    }

    fn done(epoch: usize, step: usize, seconds: f64) -> Done {
        Done { epoch, step, seconds }
    }

    #[test]
    fn learning_rates_fall_to_nothing() {
        let plan = Plan { epochs: 4, steps_per_epoch: 10, time: None };
        let rate =
            |schedule, epoch, step| plan.learning_rate(schedule, 1.0, done(epoch, step, 0.0));
        let epoch = |epoch, step| rate(Schedule::CosinePerEpoch, epoch, step);
        assert_eq!((epoch(0, 9), epoch(2, 0), epoch(2, 9)), (1.0, epoch(2, 5), epoch(2, 0)));
        assert!((epoch(2, 0) - 0.5).abs() < 1e-12);
        let step = |epoch, step| rate(Schedule::CosinePerStep, epoch, step);
        assert!((step(2, 0) - 0.5).abs() < 1e-12);
        assert!(step(3, 9) < 0.01 && step(3, 9) > 0.0);
    }

    #[test]
    fn a_training_by_time_is_whole_at_any_speed() {
        let time = Some(TimeBudget { seconds: 100.0, validation_steps: 5.0 });
        let plan = Plan { epochs: 4, steps_per_epoch: 10, time };
        for step_s in [0.02, 0.5, 2.0, 30.0, 200.0] {
            let (mut at, mut lowest) = (Done::default(), 1.0);
            while !plan.is_over(at) {
                while !plan.ends_epoch(at) {
                    let rate = plan.learning_rate(Schedule::CosineByTime, 1.0, at);
                    assert!(rate <= lowest + 0.05, "{rate} after {lowest} at {at:?}");
                    lowest = rate.min(lowest);
                    at = done(at.epoch, at.step + 1, at.seconds + step_s);
                }
                at = done(at.epoch + 1, 0, at.seconds + 5.0 * step_s);
            }
            assert!(at.seconds <= 100.0 + step_s.max(0.5) || at.epoch == 1, "{step_s}: {at:?}");
            assert!(at.seconds > 94.0 - 5.0 * step_s, "{step_s}: {at:?}");
            assert!(lowest < 0.02 || step_s >= 2.0, "{step_s}: ends at {lowest}");
        }
    }
}
