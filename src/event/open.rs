//! A situation that has begun.

use super::reason;
use super::sample::Sample;
use super::situation::{Kind, Moment, Peak, Situation, TracePoint};

/// Points that a trace has at most; past it every second one is left out.
const TRACE_POINTS: usize = 512;

/// A situation that goes on.
#[derive(Debug)]
pub(super) struct Open {
    pub situation: Situation,
    /// Tells faults of one kind apart.
    pub key: &'static str,
    /// Of the samples, one in so many is in the trace.
    every: u64,
    samples: u64,
    hold_ms: u32,
}

impl Open {
    /// `hold_ms` as the alarm has it.
    pub fn new(situation: Situation, key: &'static str, hold_ms: u32) -> Self {
        Self { situation, key, every: 1, samples: 0, hold_ms }
    }

    /// Takes a judged frame; whether it is the worst so far.
    pub fn judged(&mut self, sample: &Sample) -> bool {
        if self.samples.is_multiple_of(self.every) {
            let Sample { time_ms, score, .. } = *sample;
            self.situation.trace.push(TracePoint { time_ms, score });
        }
        self.samples += 1;
        if self.situation.trace.len() >= TRACE_POINTS {
            let mut index = 0;
            self.situation.trace.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.every *= 2;
        }
        add_traits(&mut self.situation, sample);
        let worst = self.situation.peak.is_none_or(|peak| sample.score > peak.score);
        if worst {
            self.situation.peak = Some(peak_of(sample));
            if let Some(heat) = sample.heat() {
                self.situation.heat = Some(heat);
            }
        }
        worst
    }

    /// Ends it. Its reason says for how long it went on.
    pub fn end(mut self, at: Moment) -> Situation {
        let situation = &mut self.situation;
        let duration_ms = at.time_ms.saturating_sub(situation.begin.time_ms);
        situation.end = Some(at);
        situation.duration_ms = Some(duration_ms);
        if let (Kind::Anomaly, Some(peak)) = (situation.kind, &situation.peak) {
            let in_force = situation.in_force;
            situation.reason =
                reason::of_anomaly(peak, in_force.enter_level, in_force.alarms_per_day);
            situation.reason += &situation.quieted.map_or_else(String::new, reason::of_quiet);
        }
        situation.reason += &reason::lasted(duration_ms);
        self.drop_the_late();
        self.situation
    }

    /// Leaves out what was judged when the hold was over already: how many frames that
    /// are depends on when the end was noticed.
    fn drop_the_late(&mut self) {
        let Situation { trace, in_force, .. } = &mut self.situation;
        let last = trace.iter().rposition(|point| point.score >= in_force.exit_level);
        let Some(quiet) = last.and_then(|last| trace.get(last + 1)) else { return };
        let over_ms = quiet.time_ms + u64::from(self.hold_ms);
        trace.retain(|point| point.time_ms < over_ms);
    }
}

/// What an odd frame says of what the situation is like.
pub(super) fn add_traits(situation: &mut Situation, sample: &Sample) {
    if let Some(odd) = &sample.odd {
        situation.traits.get_or_insert_default().add(odd);
    }
}

pub(super) fn peak_of(sample: &Sample) -> Peak {
    Peak {
        time_ms: sample.time_ms,
        frame: Some(sample.frame),
        score: sample.score,
        place: Some(sample.place),
        cause: Some(sample.cause),
        speed: sample.speed,
    }
}
