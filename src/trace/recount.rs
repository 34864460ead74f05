//! What would have been raised.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::{Chunk, Item};
use crate::alarm::{AlarmConfig, AlarmMachine, Input, State, Transitions};

/// Between two scores so far apart nobody watched.
const LONGEST_PAUSE_MS: u64 = 10_000;

/// An alarm that would have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Raised {
    /// On the clock of its run, or in its clip.
    pub time_ms: u64,
    /// Milliseconds since 1970-01-01 UTC, if the date is known.
    pub unix_ms: Option<u64>,
    /// `None` while it goes on.
    pub duration_ms: Option<u64>,
    /// The highest score from the suspicion on.
    pub peak: f32,
    /// Which run or clip, from 0.
    pub run: usize,
}

/// What a budget would have raised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recount {
    /// The oldest first.
    pub raised: Vec<Raised>,
    /// For how long there are scores.
    pub watched_ms: u64,
    /// The date of the first score, if it is known.
    pub since_unix_ms: Option<u64>,
    /// Stretches by another calibration, which say nothing about this budget.
    pub other_scales: usize,
    /// Scores that found no room.
    pub lost: u64,
}

/// Tells a machine of this kind what the stretches hold.
pub(super) fn recount(chunks: &[Arc<Chunk>], alarm: &AlarmConfig, scale: u64) -> Recount {
    let mut counting = Counting { ahead_ms: dates(chunks), ..Counting::default() };
    for chunk in chunks {
        if chunk.scale == scale {
            counting.chunk(chunk, alarm);
        } else {
            counting.count.other_scales += 1;
            counting.machine = None;
        }
    }
    counting.count
}

/// By how much the date is ahead of each run's clock, as its last stretch has it: a board
/// learns the time while it runs.
fn dates(chunks: &[Arc<Chunk>]) -> BTreeMap<u64, u64> {
    let dated = chunks.iter().filter(|chunk| chunk.unix_ms > 0);
    dated.map(|chunk| (chunk.run, chunk.unix_ms.saturating_sub(chunk.begin_ms))).collect()
}

#[derive(Default)]
struct Counting {
    ahead_ms: BTreeMap<u64, u64>,
    count: Recount,
    /// With its run, and the number of that.
    machine: Option<(AlarmMachine, u64)>,
    runs: usize,
    scored_ms: Option<u64>,
    /// The highest score since the suspicion.
    peak: f32,
}

impl Counting {
    fn chunk(&mut self, chunk: &Chunk, alarm: &AlarmConfig) {
        let goes_on = self.machine.as_ref().is_some_and(|(_, run)| *run == chunk.run);
        if !goes_on {
            let warm_up_ms = if chunk.fresh { alarm.warm_up_ms } else { 0 };
            let armed_at_start = chunk.armed;
            let config = AlarmConfig { warm_up_ms, armed_at_start, ..*alarm };
            self.machine = Some((AlarmMachine::new(config, chunk.begin_ms), chunk.run));
            self.runs += 1;
            self.scored_ms = None;
        }
        if self.count.since_unix_ms.is_none() {
            self.count.since_unix_ms = self.date(chunk.run, chunk.begin_ms);
        }
        for item in chunk.items() {
            match item {
                Item::Told(now_ms, input) => self.tell(now_ms, input),
                Item::Quiet(first_ms, last_ms) => {
                    self.tell(first_ms, Input::Score(f32::NEG_INFINITY));
                    self.count.watched_ms += last_ms - first_ms;
                    self.scored_ms = Some(last_ms);
                    if last_ms > first_ms {
                        self.tell(last_ms, Input::Score(f32::NEG_INFINITY));
                    }
                }
            }
        }
    }

    fn tell(&mut self, now_ms: u64, input: Input) {
        let Some((machine, run)) = &mut self.machine else { return };
        let run = *run;
        let before = machine.state();
        let transitions = machine.step(now_ms, input);
        if let Input::Score(score) = input {
            let pause_ms = self.scored_ms.map_or(0, |at_ms| now_ms.saturating_sub(at_ms));
            self.count.watched_ms += if pause_ms <= LONGEST_PAUSE_MS { pause_ms } else { 0 };
            self.scored_ms = Some(now_ms);
            let is_first = before == State::Idle;
            self.peak = if is_first { score } else { self.peak.max(score) };
        }
        self.note(run, &transitions);
    }

    fn note(&mut self, run: u64, transitions: &Transitions) {
        for transition in transitions {
            let at_ms = transition.at_ms;
            if transition.to == State::Alarm {
                self.count.raised.push(Raised {
                    time_ms: at_ms,
                    unix_ms: self.date(run, at_ms),
                    duration_ms: None,
                    peak: self.peak,
                    run: self.runs - 1,
                });
            } else if transition.from == State::Alarm
                && let Some(raised) = self.count.raised.last_mut()
            {
                raised.duration_ms = Some(at_ms.saturating_sub(raised.time_ms));
            }
        }
        let Some((machine, _)) = &self.machine else { return };
        let goes_on = machine.state() == State::Alarm;
        if let Some(raised) = self.count.raised.last_mut().filter(|_| goes_on) {
            raised.peak = self.peak;
        }
    }

    fn date(&self, run: u64, at_ms: u64) -> Option<u64> {
        Some(at_ms + self.ahead_ms.get(&run)?)
    }
}
