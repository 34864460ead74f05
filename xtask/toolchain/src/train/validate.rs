//! The end of an epoch: items that stand for the whole footage, and how well the
//! network does on what was held out.

use anyhow::{Context, Result};
use normwatch::preprocess::Edges;
use normwatch::score::{BlockRule, ErrorMap, Mask, auc};

use super::augment::Intruder;
use super::engine::Engine;
use super::learner::{Answer, Objective, answer};
use super::memory::Match;
use super::random::{Purpose, stream};
use super::samples::Samples;
use super::window::WindowShape;
use crate::net::{Task, Tensor};
use crate::run::Validation;

/// Windows that go through the network at once outside training.
const CHUNK: usize = 8;
/// Windows of a validation, spread evenly over the held-out footage.
const VALIDATION_WINDOWS: usize = 128;
/// Windows whose queries settle the items, and how often they are applied.
const SETTLING_WINDOWS: usize = 96;
const SETTLING_ROUNDS: usize = 3;

/// Windows that go through the network at the end of an epoch; going through
/// the encoder alone counts as 0.4.
pub fn validation_windows(samples: &Samples, held_out: &Samples) -> f64 {
    let settling = samples.len().min(SETTLING_WINDOWS);
    0.4 * settling as f64 + 2.0 * held_out.len().min(VALIDATION_WINDOWS) as f64
}

/// Side of the box filter over the error map that suits a frame size: 12 px
/// at 128.
pub fn block_px(shape: &WindowShape) -> usize {
    (shape.input.width_px.min(shape.input.height_px) * 3 / 32).max(1)
}

/// Items that stand for the whole footage rather than for the last batches:
/// the update rule of the training, three times over one batch of 96 windows
/// in inference. Gives the items and how many queries are nearest to each.
///
/// # Errors
/// The device's.
pub fn settle_items(
    engine: &mut dyn Engine,
    items: &Tensor,
    samples: &Samples,
    objective: &Objective,
    seed: u64,
) -> Result<(Tensor, Vec<usize>)> {
    let picks = rand::seq::index::sample(
        &mut stream(seed, Purpose::Settling, 0),
        samples.len(),
        samples.len().min(SETTLING_WINDOWS),
    );
    let mut queries = Vec::new();
    for chunk in picks.into_vec().chunks(CHUNK) {
        queries.extend(engine.encode(&samples.batch(chunk).input)?);
    }
    let temperature = engine.network().spec.temperature;
    let mut items = items.clone();
    for _ in 0..SETTLING_ROUNDS {
        let matched = Match::new(queries.clone(), &items);
        items = matched.update(objective.normaliser, temperature, None);
    }
    let mut used = vec![0; items.shape[0]];
    Match::new(queries, &items).nearest().iter().for_each(|&item| used[item] += 1);
    Ok((items, used))
}

/// Asks the network about held-out normal windows, and about the same windows
/// with an intruder pasted into them. `pasted_auc` is the area under the ROC
/// curve of the worst block's relative error over both.
///
/// # Errors
/// The device's.
pub fn validate(
    engine: &mut dyn Engine,
    items: &Tensor,
    held_out: &Samples,
    epoch: usize,
    seed: u64,
) -> Result<Validation> {
    let shape = held_out.shape();
    let stride = held_out.len().div_ceil(VALIDATION_WINDOWS).max(1);
    let picks: Vec<usize> = (0..held_out.len()).step_by(stride).collect();
    let mask = Mask::everything(shape.input.width_px, shape.input.height_px);
    let (texture_floor, motion_factor) = engine.network().spec.predicts.block_constants();
    let block_px = block_px(&shape);
    let rule = BlockRule { block_px, texture_floor, motion_factor, smoothing_ms: 0 };
    let mut scorer = Scorer {
        shape,
        errors: ErrorMap::new(mask, rule),
        scores: Vec::new(),
        labels: Vec::new(),
        sums: [0.0; 3],
    };
    for chunk in picks.chunks(CHUNK) {
        let normal: Vec<Vec<u8>> = chunk.iter().map(|&i| held_out.window(i).to_vec()).collect();
        let mut pasted = normal.clone();
        for (window, &index) in pasted.iter_mut().zip(chunk) {
            let mut rng = stream(seed, Purpose::Pasting, index as u64);
            let surroundings = held_out.surroundings(index);
            let mut intruder = Intruder::cut(surroundings, &shape.input, &mut rng);
            window.chunks_exact_mut(shape.frame_len()).for_each(|frame| intruder.paste(frame));
        }
        scorer.score(engine, items, &normal, false)?;
        scorer.score(engine, items, &pasted, true)?;
    }
    let count = picks.len() as f64;
    let [pixel, last_frame, compact] = scorer.sums.map(|sum| sum / count);
    Ok(Validation {
        epoch,
        pixel,
        last_frame_pixel: (shape.task == Task::Prediction).then_some(last_frame),
        compact,
        pasted_auc: auc(&scorer.scores, &scorer.labels).context("nothing was held out")?,
    })
}

struct Scorer {
    shape: WindowShape,
    errors: ErrorMap,
    scores: Vec<f64>,
    labels: Vec<bool>,
    /// Over the normal windows: pixel error of the prediction, of the last
    /// frame, and compactness.
    sums: [f64; 3],
}

impl Scorer {
    fn score(
        &mut self,
        engine: &mut dyn Engine,
        items: &Tensor,
        windows: &[Vec<u8>],
        abnormal: bool,
    ) -> Result<()> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        windows.iter().for_each(|window| self.shape.split(window, &mut inputs, &mut targets));
        let batch = self.shape.batch(&inputs, &targets);
        let Answer { prediction, matched } = answer(engine, &batch.input, items)?;
        let compact = matched.compactness();
        let (frame_len, input_len) =
            (self.shape.frame_len(), self.shape.input.frames * self.shape.frame_len());
        for (index, prediction) in prediction.chunks_exact(frame_len).enumerate() {
            let target = &targets[index * frame_len..][..frame_len];
            let last = &inputs[(index + 1) * input_len - frame_len..][..frame_len];
            let at = (Edges::default(), 0);
            let error = self.errors.measure_within(prediction, target, Some(last), at);
            self.scores.push(f64::from(error.worst_block.ratio));
            self.labels.push(abnormal);
            if !abnormal {
                self.sums[0] += 4.0 * error.mse;
                self.sums[1] += difference(last, target);
                self.sums[2] += compact;
            }
        }
        Ok(())
    }
}

/// Mean squared difference in [−1, 1] units.
fn difference(a: &[u8], b: &[u8]) -> f64 {
    let square = |(&a, &b): (&u8, &u8)| (f64::from(a) - f64::from(b)).powi(2);
    a.iter().zip(b).map(square).sum::<f64>() / (127.5 * 127.5) / a.len() as f64
}
