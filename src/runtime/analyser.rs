//! The newest frame of a window, judged: network, memory and score.

mod oddness;

pub(super) use oddness::TermsByCell;

use std::sync::MutexGuard;
use std::time::Instant;

use super::histogram::{Stage, StageTimes};
use super::motion_gate::MotionGate;
use super::slots::{Slot, SlotPool};
use super::window::{MAX_PAST_FRAMES, Window};
use crate::calibrate::Calibration;
use crate::event::{Cause, Oddness};
use crate::model::{Bundle, MemoryUpdate, NetworkError, Normaliser, Predictor};
use crate::preprocess::{Edges, Light};
use crate::score::{
    Block, BlockRule, DeployedScore, ErrorMap, FrameError, MOTION_STEPS, Mask, Motion, MotionTerm,
    Origin, Smoothed, Surprise, ViewTerm, gate_error, psnr_db,
};

/// Whether the memory learns while it watches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdatePolicy {
    /// It stays as it was trained.
    Frozen,
    /// Every frame whose gate error is below `gate_threshold` moves it, after
    /// the frame was scored.
    Gated { normaliser: Normaliser, gate_threshold: f64 },
}

impl UpdatePolicy {
    /// What a site or a command asks for, with the bundle's gate.
    pub fn new(update: MemoryUpdate, bundle: &Bundle) -> Self {
        let gate_threshold = bundle.manifest().score.gate_threshold;
        let gated = |normaliser| Self::Gated { normaliser, gate_threshold };
        update.normaliser().map_or(Self::Frozen, gated)
    }
}

/// What frames are judged by.
#[derive(Clone, Debug)]
pub enum Scoring {
    /// The terms alone, without a calibration: what one is made from.
    Terms(BlockRule),
    /// The deployed score, with the rule that its calibration was made with.
    Deployed(Box<Calibration>),
}

impl Scoring {
    /// The calibration's score, or the bundle's terms where there is none.
    pub fn new(calibration: Option<Calibration>, bundle: &Bundle) -> Self {
        calibration.map_or_else(|| Self::Terms(bundle.manifest().score.into()), Self::deployed)
    }

    pub fn deployed(calibration: Calibration) -> Self {
        Self::Deployed(Box::new(calibration))
    }

    /// The light of the footage behind the levels, if known.
    pub fn usual_light(&self) -> Option<Light> {
        match self {
            Self::Terms(_) => None,
            Self::Deployed(calibration) => calibration.footage.light,
        }
    }

    /// By which events name the calibration; `None` where there is none.
    pub fn calibration_sha256(&self) -> Option<String> {
        match self {
            Self::Terms(_) => None,
            Self::Deployed(calibration) => Some(calibration.sha256()),
        }
    }

    /// Whether a frame's distance to the usual view is asked for, where the bundle has
    /// one.
    pub fn wants_view(&self) -> bool {
        match self {
            Self::Terms(_) => true,
            Self::Deployed(calibration) => calibration.view_ratio.is_some(),
        }
    }

    /// Whether it is asked for how a frame moves, where the bundle knows how it should.
    pub fn wants_motion(&self) -> bool {
        match self {
            Self::Terms(_) => true,
            Self::Deployed(calibration) => calibration.motion.is_some(),
        }
    }

    pub fn rule(&self) -> BlockRule {
        match self {
            Self::Terms(rule) => *rule,
            Self::Deployed(calibration) => calibration.block,
        }
    }
}

/// Everything that is known about one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameScore {
    pub sequence: u64,
    pub timestamp_ns: u64,
    /// As the camera gave it.
    pub light: Light,
    pub error: FrameError,
    pub psnr_db: f64,
    /// Mean over all elements of the squared difference between query and
    /// nearest item, the paper's distance as the released code computes it.
    pub distance: f64,
    /// The distance smoothed as the blocks are.
    pub smoothed_distance: f64,
    /// The block that is farthest from the usual view; `None` where the bundle has
    /// none or the calibration does not know of it.
    pub view: Option<Block>,
    /// What moves least like normal footage; `None` as for the view.
    pub motion: Option<Motion>,
    /// The gate's weighted error; only computed when the memory may learn.
    pub gate_error: Option<f64>,
    /// `None` without a calibration.
    pub surprise: Option<Surprise>,
    /// The network did not run, because nothing moved.
    pub rested: bool,
    /// Where and how it is odd; of frames alone that could be an alarm.
    pub odd: Option<Oddness>,
}

impl FrameScore {
    /// Where the frame is worst: the block that its score comes from.
    pub fn place(&self) -> Block {
        let own = match self.surprise.map(|surprise| surprise.origin) {
            Some(Origin::View) => self.view,
            Some(Origin::Motion) => self.motion.map(|motion| motion.block),
            _ => None,
        };
        own.unwrap_or(self.error.worst_block)
    }
}

/// Network, memory and score behind a window of frames.
#[derive(Debug)]
pub struct Analyser {
    predictor: Predictor,
    error_map: ErrorMap,
    view: Option<ViewTerm>,
    motion: Option<MotionTerm>,
    distance: Smoothed,
    deployed: Option<DeployedScore>,
    update: UpdatePolicy,
    gate: Option<MotionGate>,
    not_finite: u64,
}

type Held<'a> = heapless::Vec<MutexGuard<'a, Slot>, { MAX_PAST_FRAMES + 1 }>;

impl Analyser {
    /// `mask` must have the model's input size.
    ///
    /// With a `motion_gate_levels` the network rests while nothing moves by more
    /// than so much, see [`MotionGate`]. Such a frame is judged by what the last
    /// one predicts for it, itself, and its distance is the last one's. A network
    /// that is shown the judged frame itself never rests.
    pub fn new(
        bundle: &Bundle,
        mask: Mask,
        scoring: &Scoring,
        update: UpdatePolicy,
        motion_gate_levels: Option<f32>,
    ) -> Self {
        let rule = scoring.rule();
        let deployed = match scoring {
            Scoring::Terms(_) => None,
            Scoring::Deployed(c) => Some(c.scorer()),
        };
        let view = bundle.view().filter(|_| scoring.wants_view());
        let (smoothing_ms, input) = (rule.smoothing_ms, bundle.manifest().input);
        let motion = bundle.motion().filter(|_| scoring.wants_motion());
        let motion = motion.filter(|_| input.frames >= MOTION_STEPS[2]);
        let planes = input.channels.planes();
        Self {
            predictor: bundle.predictor(),
            motion: motion.and_then(|own| MotionTerm::new(own, &mask, planes, smoothing_ms)),
            view: view.map(|view| ViewTerm::new(view, mask.clone(), smoothing_ms)),
            error_map: ErrorMap::new(mask, rule),
            distance: Smoothed::new(smoothing_ms),
            deployed,
            update,
            gate: motion_gate_levels.and_then(|limit_levels| motion_gate(bundle, limit_levels)),
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
        let start = Instant::now();
        let rests = self.gate.as_mut().is_some_and(|gate| gate.rests(target));
        let gate_ns = start.elapsed().as_nanos() as u64;
        if rests {
            self.predictor.hold(&past.last().expect("a frame before").data);
        } else {
            let stages = self.predictor.predict(seen.iter().map(|slot| slot.data.as_slice()))?;
            times.add(Stage::Encode, stages.encode_ns);
            times.add(Stage::Memory, stages.memory_ns);
            times.add(Stage::Decode, stages.decode_ns);
        }
        let start = Instant::now();
        let edges = held.iter().fold(Edges::default(), |edges, slot| edges.or(slot.edges));
        let score = self.score(target, past, edges, rests);
        times.add(Stage::Score, gate_ns + start.elapsed().as_nanos() as u64);
        Ok(score)
    }

    fn score(
        &mut self,
        target: &Slot,
        past: &[MutexGuard<'_, Slot>],
        edges: Edges,
        rests: bool,
    ) -> Option<FrameScore> {
        let now_ns = target.timestamp_ns;
        let prediction = self.predictor.prediction();
        let at = (edges, now_ns);
        let newest = past.last().map(|slot| slot.data.as_slice());
        let error = self.error_map.measure_within(prediction, &target.data, newest, at);
        let distance = self.predictor.memory_read().compactness();
        if !(error.is_finite() && distance.is_finite()) {
            self.not_finite += 1;
            self.forget();
            return None;
        }
        let smoothed_distance = self.distance.next(now_ns, distance);
        let ratio = f64::from(error.worst_block.ratio);
        let view = self.view.as_mut().map(|view| view.worst(&target.data, edges, now_ns));
        let view_ratio = view.map(|block| f64::from(block.ratio));
        let motion = self.motion.as_mut().map(|motion| {
            let back = MOTION_STEPS.map(|step| past[past.len() - step].data.as_slice());
            motion.worst([&target.data, back[0], back[1], back[2]], edges, now_ns)
        });
        let others = (view_ratio, motion.map(|motion| f64::from(motion.hurried)));
        let surprise =
            self.deployed.as_ref().map(|deployed| deployed.of(ratio, smoothed_distance, others));
        Some(FrameScore {
            sequence: target.sequence,
            timestamp_ns: now_ns,
            light: target.light,
            error,
            psnr_db: psnr_db(&error),
            distance,
            smoothed_distance,
            view,
            motion,
            gate_error: if rests { None } else { self.learn(target) },
            surprise,
            rested: rests,
            odd: None,
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

    /// Forgets the smoothed terms, after a gap in the footage. The memory stays.
    pub fn forget(&mut self) {
        self.error_map.forget();
        self.distance.forget();
        self.view.iter_mut().for_each(ViewTerm::forget);
        self.motion.iter_mut().for_each(MotionTerm::forget);
        self.gate.iter_mut().for_each(MotionGate::forget);
    }

    /// Begins again, with other footage. The memory stays.
    pub fn restart(&mut self) {
        self.forget();
        self.view.iter_mut().for_each(ViewTerm::restart);
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

fn motion_gate(bundle: &Bundle, limit_levels: f32) -> Option<MotionGate> {
    let input = bundle.manifest().input;
    if input.reconstructs() {
        return None;
    }
    let frame_len = input.spec().frame_len();
    Some(MotionGate::new(limit_levels, input.past_span(), input.width_px, frame_len))
}

/// In the words of events.
pub(super) fn cause_of(origin: Origin) -> Cause {
    match origin {
        Origin::Prediction => Cause::Prediction,
        Origin::View => Cause::View,
        Origin::Motion => Cause::Motion,
    }
}
