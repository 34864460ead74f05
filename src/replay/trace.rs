use crate::alarm::State;
use crate::calibrate::TermSample;
use crate::output::report::Interval;
use crate::runtime::{FrameScore, Step};
use crate::score::Block;

/// The worst frame of an alarm, kept for a picture of it.
#[derive(Clone, Debug)]
pub struct Moment {
    pub frame: u64,
    pub score: f32,
    /// Squared error by model pixel, row by row.
    pub error_map: Vec<f32>,
    pub map_width_px: usize,
    pub map_height_px: usize,
    pub worst_block: Block,
}

/// Everything that a replay of one clip yields, by frame.
#[derive(Clone, Debug)]
pub struct ClipTrace {
    pub name: String,
    pub fps: f64,
    /// One entry a frame; `None` where there was no score.
    pub scores: Vec<Option<FrameScore>>,
    pub states: Vec<State>,
    pub alarms: Vec<Interval>,
    /// The worst moment of each alarm, or of the clip if there was none.
    pub moments: Vec<Moment>,
    best: Option<Moment>,
}

impl ClipTrace {
    pub fn new(name: &str, fps: f64) -> Self {
        Self {
            name: name.into(),
            fps,
            scores: Vec::new(),
            states: Vec::new(),
            alarms: Vec::new(),
            moments: Vec::new(),
            best: None,
        }
    }

    /// Number of frames so far, the ones without a score included.
    pub fn frames(&self) -> usize {
        self.scores.len()
    }

    /// Frames for which the network did not run, because nothing moved.
    pub fn rested(&self) -> usize {
        self.scores.iter().flatten().filter(|score| score.rested).count()
    }

    /// The score terms of the frames that have a score: what a calibration is
    /// made from.
    pub fn term_samples(&self) -> Vec<TermSample> {
        let sample = |s: &FrameScore| TermSample {
            timestamp_ns: s.timestamp_ns,
            light: s.light,
            psnr_db: s.psnr_db,
            block_ratio: f64::from(s.error.worst_block.ratio),
            distance: s.smoothed_distance,
        };
        self.scores.iter().flatten().map(sample).collect()
    }

    /// Takes the step of frame `sequence`; `moment` makes a picture of it when
    /// it is the worst so far.
    pub fn push(
        &mut self,
        sequence: u64,
        step: &Step,
        moment: impl FnOnce(&FrameScore, f32) -> Moment,
    ) {
        let frame = sequence as usize;
        self.pad_to(frame);
        self.scores.push(step.score);
        self.states.push(step.state);
        let level = step.score.and_then(|s| s.surprise).map(|s| s.score);
        let began = step.transitions.iter().any(|t| t.to == State::Alarm);
        if began {
            self.alarms.push(Interval { first_frame: frame, last_frame: frame });
            self.best = None;
        }
        if step.state == State::Alarm {
            if let Some(alarm) = self.alarms.last_mut() {
                alarm.last_frame = frame;
            }
        } else if step.transitions.iter().any(|t| t.from == State::Alarm) {
            self.moments.extend(self.best.take());
        }
        let in_question = step.state == State::Alarm || self.alarms.is_empty();
        if let (Some(score), Some(level), true) = (&step.score, level, in_question)
            && self.best.as_ref().is_none_or(|best| level > best.score)
        {
            self.best = Some(moment(score, level));
        }
    }

    /// Ends the clip at `frames` frames.
    pub fn finish(&mut self, frames: usize) {
        self.pad_to(frames);
        let open = self.states.last() == Some(&State::Alarm);
        if open || self.alarms.is_empty() {
            self.moments.extend(self.best.take());
        }
    }

    fn pad_to(&mut self, frames: usize) {
        let state = self.states.last().copied().unwrap_or(State::WarmUp);
        while self.scores.len() < frames {
            self.scores.push(None);
            self.states.push(state);
        }
    }
}
