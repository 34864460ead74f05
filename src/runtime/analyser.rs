use std::sync::MutexGuard;
use std::time::Instant;

use super::histogram::{Stage, StageTimes};
use super::slots::{Slot, SlotPool};
use super::window::{MAX_PAST_FRAMES, Window};
use crate::calibrate::Calibration;
use crate::model::{Bundle, NetworkError, Normaliser, Predictor};
use crate::score::{DeployedScore, ErrorMap, FrameError, Mask, Surprise, gate_error, psnr_db};

/// Whether the memory learns while it watches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdatePolicy {
    /// It stays as it was trained.
    Frozen,
    /// Every frame whose gate error is below `gate_threshold` moves it, after
    /// the frame was scored.
    Gated { normaliser: Normaliser, gate_threshold: f64 },
}

/// Everything that is known about one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameScore {
    pub sequence: u64,
    pub timestamp_ns: u64,
    pub error: FrameError,
    pub psnr_db: f64,
    /// Mean over all elements of the squared difference between query and
    /// nearest item, the paper's distance as the released code computes it.
    pub distance: f64,
    /// The gate's weighted error; only computed when the memory may learn.
    pub gate_error: Option<f64>,
    /// `None` without a calibration.
    pub surprise: Option<Surprise>,
}

/// Network, memory and score behind a window of frames.
#[derive(Debug)]
pub struct Analyser {
    predictor: Predictor,
    error_map: ErrorMap,
    deployed: Option<DeployedScore>,
    update: UpdatePolicy,
    not_finite: u64,
}

type Held<'a> = heapless::Vec<MutexGuard<'a, Slot>, { MAX_PAST_FRAMES + 1 }>;

impl Analyser {
    /// `mask` must have the model's input size. Without a calibration only the
    /// paper's terms are computed.
    pub fn new(
        bundle: &Bundle,
        mask: Mask,
        calibration: Option<&Calibration>,
        update: UpdatePolicy,
    ) -> Self {
        let block_px = bundle.manifest().score.block_px;
        let deployed = calibration.map(|c| {
            DeployedScore::new(c.block_error.clone(), c.memory_distance.clone(), c.weights)
        });
        Self {
            predictor: Predictor::new(bundle),
            error_map: ErrorMap::new(mask, block_px),
            deployed,
            update,
            not_finite: 0,
        }
    }

    /// Judges the newest frame of a full window. `None` when the network
    /// returned something that is not a number, which is counted.
    ///
    /// # Errors
    /// The network's own.
    pub fn analyse(
        &mut self,
        pool: &SlotPool,
        window: &Window,
        times: &mut StageTimes,
    ) -> Result<Option<FrameScore>, NetworkError> {
        let held: Held<'_> = window.slots().map(|index| pool.lock(index)).collect();
        let (target, past) = held.split_last().expect("a full window");
        // A network that reconstructs is shown the judged frame itself.
        let seen = if past.is_empty() { std::slice::from_ref(target) } else { past };
        let stages = self.predictor.predict(seen.iter().map(|slot| slot.data.as_slice()))?;
        times.add(Stage::Encode, stages.encode_ns);
        times.add(Stage::Memory, stages.memory_ns);
        times.add(Stage::Decode, stages.decode_ns);
        let start = Instant::now();
        let score = self.score(target);
        times.add(Stage::Score, start.elapsed().as_nanos() as u64);
        Ok(score)
    }

    fn score(&mut self, target: &Slot) -> Option<FrameScore> {
        let error = self.error_map.measure(self.predictor.prediction(), &target.data);
        let distance = self.predictor.memory_read().compactness();
        if !(error.is_finite() && distance.is_finite()) {
            self.not_finite += 1;
            self.forget();
            return None;
        }
        let surprise = self.deployed.as_mut().map(|deployed| {
            deployed.next(target.timestamp_ns, f64::from(error.worst_block.mean_sq), distance)
        });
        Some(FrameScore {
            sequence: target.sequence,
            timestamp_ns: target.timestamp_ns,
            error,
            psnr_db: psnr_db(&error),
            distance,
            gate_error: self.learn(target),
            surprise,
        })
    }

    fn learn(&mut self, target: &Slot) -> Option<f64> {
        let UpdatePolicy::Gated { normaliser, gate_threshold } = self.update else { return None };
        let gate = gate_error(self.predictor.prediction(), &target.data);
        if gate < gate_threshold {
            self.predictor.update_memory(normaliser);
        }
        Some(gate)
    }

    /// Forgets the smoothed score, after a gap in the footage. The memory stays.
    pub fn forget(&mut self) {
        if let Some(deployed) = &mut self.deployed {
            deployed.reset();
        }
    }

    /// Error map of the last frame.
    pub fn error_map(&self) -> &ErrorMap {
        &self.error_map
    }

    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Frames for which the network returned something that is not a number.
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }
}
