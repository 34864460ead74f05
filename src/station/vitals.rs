//! The figures of a site's run, kept up to date.

use std::io;

use crate::alarm::State;
use crate::clock::Clock;
use crate::health::Vitals;
use crate::output::{Event, EventSink};
use crate::runtime::Step;

/// Notes what the event log tells.
#[derive(Clone, Debug)]
pub(super) struct VitalsSink(pub Vitals);

impl EventSink for VitalsSink {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.note(|reading| match event {
            Event::State { to, .. } if *to == State::Alarm.name() => reading.alarms += 1,
            Event::Start { enter_level, exit_level, .. } => {
                (reading.enter_level, reading.exit_level) = (*enter_level, *exit_level);
            }
            Event::Blind { .. } => (reading.camera_up, reading.well) = (false, false),
            Event::Sighted { .. } => reading.camera_up = true,
            Event::Pace { judge_every, .. } => reading.judge_every = *judge_every,
            Event::Stop { .. } => reading.well = false,
            _ => {}
        });
        Ok(())
    }
}

/// What a judged frame adds.
#[derive(Debug)]
pub(super) struct Watching {
    vitals: Vitals,
    judged: u64,
    rested: u64,
}

impl Watching {
    pub fn new(vitals: Vitals) -> Self {
        Self { vitals, judged: 0, rested: 0 }
    }

    pub fn rested(&self) -> u64 {
        self.rested
    }

    /// A frame was judged; `well` is what the fault line says.
    pub fn judged(&mut self, step: &Step, well: bool, clock: &dyn Clock) {
        self.judged += 1;
        self.rested += u64::from(step.score.is_some_and(|score| score.rested));
        let score = step.score.and_then(|score| score.surprise).map(|surprise| surprise.score);
        let (judged, rested) = (self.judged, self.rested);
        self.vitals.note(|reading| {
            (reading.judged, reading.rested) = (judged, rested);
            (reading.state, reading.well, reading.camera_up) = (step.state, well, true);
            if score.is_some() {
                reading.score = score;
                reading.score_ms = Some(clock.monotonic_ms());
                reading.score_unix_ms = Some(clock.wall_ns() / 1_000_000);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_figures_up_to_date() {
        let vitals = Vitals::default();
        let mut sink = VitalsSink(vitals.clone());
        let state = |from, to| Event::State { time_ms: 0, frame: None, from, to, score: None };
        let start = Event::Start {
            bundle: "b".into(),
            model_sha256: "c".into(),
            enter_level: 4.0,
            exit_level: 3.0,
        };
        for event in [
            start,
            Event::Sighted { time_ms: 1 },
            state("suspect", "alarm"),
            state("alarm", "cooldown"),
            state("latched", "alarm"),
            Event::Pace { time_ms: 2, judge_every: 4 },
        ] {
            sink.record(&event).unwrap();
        }
        let reading = vitals.read();
        assert_eq!((reading.enter_level, reading.exit_level), (4.0, 3.0));
        assert_eq!((reading.alarms, reading.judge_every, reading.camera_up), (2, 4, true));
        sink.record(&Event::Blind { time_ms: 3, reason: "gone".into() }).unwrap();
        assert!(!vitals.read().camera_up);
    }
}
