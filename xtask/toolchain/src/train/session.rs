//! A training under way: steps, epochs, checkpoints.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::augment::Augmentation;
use super::batches::augmented;
use super::learner::Learner;
use super::plan::{Done, Plan};
use super::report::EpochReport;
use super::samples::Samples;
use super::state::{Best, Progress, save};
use super::validate::{settle_items, validate};
use crate::run::{Checkpoint, RunFile, TrainingRecord};

/// A training under way.
pub struct Session {
    pub folder: PathBuf,
    pub run: RunFile,
    pub training: TrainingRecord,
    pub plan: Plan,
    pub samples: Samples,
    pub held_out: Samples,
    pub learner: Learner,
    pub progress: Progress,
    /// Time between two checkpoints within an epoch.
    pub checkpoint_every: Duration,
}

/// Who watches a training, and may end it.
pub trait Observer {
    /// After each step. False stores a checkpoint and stops.
    fn step(&mut self, progress: &Progress) -> bool;
    /// After each epoch, once its checkpoint is stored.
    fn epoch(&mut self, report: &EpochReport) -> Result<()>;
}

impl Session {
    /// Trains to the end of the plan; false if the observer stopped it.
    ///
    /// # Errors
    /// A loss that is not finite, or a checkpoint that cannot be written; the
    /// last one that was written is intact.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<bool> {
        let mut stored = Instant::now();
        while !(self.progress.over || self.plan.is_over(self.done())) {
            let order = self.samples.order(self.training.seed, self.progress.epoch);
            while !self.plan.ends_epoch(self.done()) {
                self.step(&order)?;
                if !observer.step(&self.progress) {
                    self.save()?;
                    return Ok(false);
                }
                if stored.elapsed() >= self.checkpoint_every {
                    self.save()?;
                    stored = Instant::now();
                }
            }
            let report = self.end_epoch()?;
            stored = Instant::now();
            observer.epoch(&report)?;
        }
        Ok(true)
    }

    fn step(&mut self, order: &[usize]) -> Result<()> {
        let begun = Instant::now();
        let Progress { epoch, step, .. } = self.progress;
        let training = &self.training;
        let indices = &order[step * training.batch..(step + 1) * training.batch];
        let augmentation = Augmentation {
            flip: training.flip,
            light_changes: training.light_changes,
            pseudo_anomalies: training.pseudo_anomalies,
            skip_frames: training.skip_frames,
        };
        let total = (epoch * self.plan.steps_per_epoch + step) as u64;
        let (batch, outliers) =
            augmented(&self.samples, indices, &augmentation, (training.seed, total));
        let outliers = outliers.as_ref().zip(training.contrast);
        let rate = self.plan.learning_rate(training.schedule, training.learning_rate, self.done());
        let losses = self
            .learner
            .step(&batch, outliers, rate)
            .with_context(|| format!("epoch {}, step {}", epoch + 1, step + 1))?;
        let parts = [losses.pixel, losses.compact, losses.separate];
        self.progress.contrast[0] += losses.contrast;
        self.progress.sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        self.progress.step += 1;
        self.progress.seconds += begun.elapsed().as_secs_f64();
        Ok(())
    }

    fn end_epoch(&mut self) -> Result<EpochReport> {
        let begun = Instant::now();
        let epoch = self.progress.epoch + 1;
        let mut engine = self.learner.engine.inference()?;
        let (settled, queries_per_item) = settle_items(
            &mut *engine,
            &self.learner.items,
            &self.samples,
            &self.learner.objective,
            self.training.seed,
        )?;
        let items = if self.training.settle_items { settled } else { self.learner.items.clone() };
        let validation = validate(&mut *engine, &items, &self.held_out, epoch, self.training.seed)?;
        let best = Best::new(&validation);
        let is_best = best.beats(self.progress.best);
        if is_best {
            let checkpoint = Checkpoint {
                run: self.run.clone(),
                network: engine.network().clone(),
                weights: engine.weights()?,
                items,
                validation: Some(validation),
            };
            checkpoint.store_arrays(&self.folder)?;
            self.progress.best = Some(best);
        }
        self.progress.seconds += begun.elapsed().as_secs_f64();
        // An epoch that the time ended is shorter than the others.
        let steps = self.progress.step as f64;
        let [pixel, compact, separate] = self.progress.sums.map(|sum| sum / steps);
        let report = EpochReport {
            epoch,
            epochs: self.plan.epochs.max(epoch),
            seconds: self.progress.seconds,
            pixel,
            compact,
            separate,
            contrast: self.training.skip_frames.map(|_| self.progress.contrast[0] / steps),
            held_out: validation,
            queries_per_item,
            best: is_best,
        };
        self.progress =
            Progress { epoch, step: 0, sums: [0.0; 3], contrast: [0.0], ..self.progress };
        self.progress.over = self.plan.is_over(self.done());
        self.save()?;
        Ok(report)
    }

    fn done(&self) -> Done {
        self.progress.done()
    }

    fn save(&self) -> Result<()> {
        save(&self.folder, &self.learner, &self.progress)
    }
}

#[cfg(test)]
mod tests;
