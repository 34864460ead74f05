//! The figures of a site's run, kept up to date.

use std::io;

use crate::alarm::State;
use crate::calibrate::{Drift, DriftMonitor};
use crate::clock::Clock;
use crate::health::{STAGES, Vitals};
use crate::output::{Event, EventSink};
use crate::runtime::{Scoring, SlowState, Stage, StageTimes, Step};

/// Notes what the event log tells.
#[derive(Clone, Debug)]
pub(super) struct VitalsSink(pub Vitals);

impl EventSink for VitalsSink {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.note(|reading| match event {
            Event::State { to, .. } => {
                reading.alarms += u64::from(*to == State::Alarm.name());
                reading.state = State::named(to).unwrap_or(reading.state);
            }
            Event::Start { enter_level, exit_level, .. } => {
                (reading.enter_level, reading.exit_level) = (*enter_level, *exit_level);
            }
            Event::Levels { enter_level, exit_level, alarms_per_day, .. } => {
                (reading.enter_level, reading.exit_level) = (*enter_level, *exit_level);
                reading.alarms_per_day = Some(*alarms_per_day);
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

/// Judged frames from one look at the stages to the next.
const TIMED_EVERY: u64 = 50;

/// What a judged frame adds.
#[derive(Debug)]
pub(super) struct Watching {
    vitals: Vitals,
    judged: u64,
    rested: u64,
    monitor: Option<DriftMonitor>,
    drift: Option<Drift>,
}

impl Watching {
    /// Compares the scores with those of the calibration, where there is one.
    pub fn new(vitals: Vitals, scoring: &Scoring) -> Self {
        let monitor = match scoring {
            Scoring::Terms(_) => None,
            Scoring::Deployed(calibration) => Some(DriftMonitor::new(calibration)),
        };
        Self { vitals, judged: 0, rested: 0, monitor, drift: None }
    }

    pub fn rested(&self) -> u64 {
        self.rested
    }

    fn compare(&mut self, score: Option<f32>, now_ms: u64) {
        let (Some(score), Some(monitor)) = (score, &mut self.monitor) else { return };
        let Some(drift) = monitor.see(now_ms, score) else { return };
        let before = self.drift.replace(drift).is_some_and(|before| before.drifted);
        match (before, drift.drifted) {
            (false, true) => log::warn!("{drift}; learn or calibrate again"),
            (true, false) => log::info!("the scores of the last day are usual again"),
            _ => {}
        }
    }

    /// Notes now and then how long the stages take.
    pub fn timed(&self, times: &StageTimes) {
        if !self.judged.is_multiple_of(TIMED_EVERY) {
            return;
        }
        let mut stages = [None; STAGES];
        for (place, stage) in stages.iter_mut().zip(Stage::ALL) {
            let taken = times.stage(stage);
            let ms = |share| taken.quantile_ns(share) as f32 / 1e6;
            *place = (taken.count() > 0).then(|| (stage.name(), [ms(0.5), ms(0.99)]));
        }
        self.vitals.note(|reading| reading.stages = stages);
    }

    /// A frame was judged; `well` is what the fault line says.
    pub fn judged(&mut self, step: &Step, well: bool, clock: &dyn Clock) {
        self.judged += 1;
        self.rested += u64::from(step.score.is_some_and(|score| score.rested));
        let score = step.score.and_then(|score| score.surprise).map(|surprise| surprise.score);
        self.compare(score, clock.monotonic_ms());
        let (judged, rested, drift) = (self.judged, self.rested, self.drift);
        self.vitals.note(|reading| {
            (reading.judged, reading.rested, reading.drift) = (judged, rested, drift);
            (reading.state, reading.well, reading.camera_up) = (step.state, well, true);
            reading.calm = step.state == State::Idle && step.slow == SlowState::default();
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
    use crate::score::BlockRule;

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
        let (time_ms, alarms_per_day) = (3, 9.0);
        let levels = Event::Levels { time_ms, alarms_per_day, enter_level: 2.0, exit_level: 1.5 };
        sink.record(&levels).unwrap();
        assert_eq!((vitals.read().enter_level, vitals.read().exit_level), (2.0, 1.5));
        assert_eq!(vitals.read().alarms_per_day, Some(9.0));
        sink.record(&state("alarm", "disarmed")).unwrap();
        assert_eq!(vitals.read().state, State::Disarmed, "without a frame that is judged");
        sink.record(&Event::Blind { time_ms: 3, reason: "gone".into() }).unwrap();
        assert!(!vitals.read().camera_up);
    }

    #[test]
    fn the_stages_are_told_now_and_then() {
        let vitals = Vitals::default();
        let mut times = StageTimes::default();
        times.add(Stage::Encode, 4_000_000);
        let terms = Scoring::Terms(BlockRule::plain(8));
        let mut watching = Watching::new(vitals.clone(), &terms);
        watching.judged = TIMED_EVERY - 1;
        watching.timed(&times);
        assert_eq!(vitals.read().stages, [None; STAGES]);
        watching.judged = TIMED_EVERY;
        watching.timed(&times);
        let told: Vec<_> = vitals.read().stages.into_iter().flatten().collect();
        assert_eq!((told.len(), told[0].0), (1, "encoder"));
        assert!((3.9..=4.1).contains(&told[0].1[0]), "{told:?}");
    }
}
