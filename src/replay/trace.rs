//! What is kept of one clip: scores and states by frame, alarms, worst moments.

use crate::alarm::State;
use crate::calibrate::TermSample;
use crate::output::report::Interval;
use crate::runtime::{FrameScore, SlowState, Step};
use crate::score::Block;

/// The worst frame of an alarm and of the suspicion before it, kept for a
/// picture of it.
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
    /// While something was there that was not, from when it came.
    pub changes: Vec<Interval>,
    /// While the view was lost, from when that began.
    pub tamperings: Vec<Interval>,
    /// Those that go on.
    changed_since_ms: Option<u64>,
    tampered_since_ms: Option<u64>,
    /// The worst moment of each alarm, or of the clip if there was none.
    pub moments: Vec<Moment>,
    /// Worst moment of the suspicion or alarm that goes on, and of the clip
    /// while it has no alarm.
    worst: Option<Moment>,
    worst_so_far: Option<Moment>,
}

/// What a calibration is made from, of one frame.
pub fn term_sample(score: &FrameScore) -> TermSample {
    TermSample {
        timestamp_ns: score.timestamp_ns,
        light: score.light,
        psnr_db: score.psnr_db,
        block_ratio: f64::from(score.error.worst_block.ratio),
        distance: score.smoothed_distance,
        view_ratio: score.view.map(|block| f64::from(block.ratio)),
        motion: score.motion.map(|motion| f64::from(motion.hurried)),
    }
}

impl ClipTrace {
    pub fn new(name: &str, fps: f64) -> Self {
        Self {
            name: name.into(),
            fps,
            scores: Vec::new(),
            states: Vec::new(),
            alarms: Vec::new(),
            changes: Vec::new(),
            tamperings: Vec::new(),
            changed_since_ms: None,
            tampered_since_ms: None,
            moments: Vec::new(),
            worst: None,
            worst_so_far: None,
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
        self.scores.iter().flatten().map(term_sample).collect()
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
        self.note_what_lasts(frame, step);
        let became = |state| step.transitions.iter().any(|t| t.to == state);
        if became(State::Alarm) {
            self.alarms.push(Interval { first_frame: frame, last_frame: frame });
        }
        if step.state == State::Alarm {
            if let Some(alarm) = self.alarms.last_mut() {
                alarm.last_frame = frame;
            }
        } else if step.transitions.iter().any(|t| t.from == State::Alarm) {
            self.moments.extend(self.worst.take());
        }
        if became(State::Suspect) || !matches!(step.state, State::Suspect | State::Alarm) {
            self.worst = None;
        }
        let Some(score) = &step.score else { return };
        let Some(level) = score.surprise.map(|s| s.score) else { return };
        let worse = |than: &Option<Moment>| than.as_ref().is_none_or(|m| level > m.score);
        let in_question = matches!(step.state, State::Suspect | State::Alarm);
        let of_cause = in_question && worse(&self.worst);
        let of_clip = self.alarms.is_empty() && worse(&self.worst_so_far);
        if of_cause || of_clip {
            let moment = moment(score, level);
            if of_clip {
                self.worst_so_far = Some(moment.clone());
            }
            if of_cause {
                self.worst = Some(moment);
            }
        }
    }

    fn note_what_lasts(&mut self, frame: usize, step: &Step) {
        let SlowState { changed_since_ms, tampered_since_ms } = step.slow;
        let both = [
            (changed_since_ms, &mut self.changes, &mut self.changed_since_ms),
            (tampered_since_ms, &mut self.tamperings, &mut self.tampered_since_ms),
        ];
        for (since_ms, intervals, known) in both {
            let known_ms = std::mem::replace(known, since_ms);
            let Some(since_ms) = since_ms else { continue };
            if known_ms != Some(since_ms) {
                let first_frame = first_since(&self.scores, since_ms).unwrap_or(frame);
                let goes_on = intervals.last().is_some_and(|last| last.last_frame >= first_frame);
                if !goes_on {
                    intervals.push(Interval { first_frame, last_frame: frame });
                }
            }
            intervals.last_mut().expect("one at least").last_frame = frame;
        }
    }

    /// Ends the clip at `frames` frames.
    pub fn finish(&mut self, frames: usize) {
        self.pad_to(frames);
        if self.alarms.is_empty() {
            self.moments.extend(self.worst_so_far.take());
        } else if self.states.last() == Some(&State::Alarm) {
            self.moments.extend(self.worst.take());
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

/// The first frame with a score from `since_ms` on.
fn first_since(scores: &[Option<FrameScore>], since_ms: u64) -> Option<usize> {
    let later = |score: &&FrameScore| score.timestamp_ns / 1_000_000 >= since_ms;
    let first = scores.iter().rev().flatten().take_while(later).last();
    first.map(|score| score.sequence as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::{Transition, Transitions};
    use crate::preprocess::Light;
    use crate::score::{FrameError, Surprise};

    fn step(before: State, state: State, level: f32) -> Step {
        let score = FrameScore {
            sequence: 0,
            timestamp_ns: 0,
            light: Light::default(),
            error: FrameError::default(),
            psnr_db: 30.0,
            distance: 0.0,
            smoothed_distance: 0.0,
            view: None,
            motion: None,
            gate_error: None,
            surprise: Some(Surprise { score: level, ..Surprise::default() }),
            rested: false,
            odd: None,
        };
        let mut transitions = Transitions::new();
        if before != state {
            let transition = Transition { from: before, to: state, at_ms: 0 };
            transitions.push(transition).expect("one fits");
        }
        Step { score: Some(score), state, transitions, slow: SlowState::default() }
    }

    fn worst_frames(course: &[(State, f32)]) -> Vec<u64> {
        let mut trace = ClipTrace::new("clip", 10.0);
        let mut before = State::Idle;
        for (frame, &(state, level)) in course.iter().enumerate() {
            let sequence = frame as u64;
            trace.push(sequence, &step(before, state, level), |_, score| Moment {
                frame: sequence,
                score,
                error_map: Vec::new(),
                map_width_px: 0,
                map_height_px: 0,
                worst_block: Block::default(),
            });
            before = state;
        }
        trace.finish(course.len());
        trace.moments.iter().map(|moment| moment.frame).collect()
    }

    #[test]
    fn an_alarm_is_shown_at_the_worst_of_it_and_of_its_suspicion() {
        use State::{Alarm, Cooldown, Idle, Suspect};
        let first = [(Idle, 1.0), (Suspect, 9.0), (Alarm, 5.0), (Cooldown, 1.0)];
        let second = [(Suspect, 7.0), (Idle, 1.0), (Suspect, 4.0), (Alarm, 6.0), (Alarm, 5.0)];
        assert_eq!(worst_frames(&[first.as_slice(), second.as_slice()].concat()), [1, 7]);
    }

    #[test]
    fn a_clip_without_alarm_is_shown_at_its_worst() {
        use State::{Idle, Suspect};
        assert_eq!(worst_frames(&[(Idle, 1.0), (Idle, 3.0), (Suspect, 2.0), (Idle, 1.0)]), [1]);
    }
}
