//! A bundle and the way it judges: what live runs and replays have in common.

use embedded_hal::digital::OutputPin;

use super::analyser::{Analyser, Scoring, UpdatePolicy};
use super::intake::IntakeOptions;
use super::monitor::Monitor;
use super::monitor_options::MonitorOptions;
use super::slots::SlotPool;
use super::slow_view::{SlowView, SlowViewOptions};
use crate::alarm::{AlarmConfig, AlarmOutputs, Levels};
use crate::model::Bundle;
use crate::output::{Event, EventLog, EventSink};
use crate::score::Mask;

/// Everything between a frame source and two lines, before it is put together.
#[derive(Clone, Copy, Debug)]
pub struct Pipeline<'a> {
    pub bundle: &'a Bundle,
    /// Has the model's input size.
    pub mask: &'a Mask,
    /// Terms alone make no surprises and no alarms.
    pub scoring: &'a Scoring,
    pub update: UpdatePolicy,
    pub alarm: AlarmConfig,
    /// Whether pictures of a swaying camera are moved back, and another light
    /// than the calibration's is evened.
    pub stabilise: bool,
    /// Below it the network rests, see [`super::MotionGate`].
    pub motion_gate_levels: Option<f32>,
    /// What there is to know of what lasts.
    pub slow: SlowViewOptions,
    /// The fault line drops when the last score is older than this.
    pub stale_ms: u64,
    /// Whether level changes are events, see [`MonitorOptions::log_lines`].
    pub log_lines: bool,
}

impl Pipeline<'_> {
    /// How a source's frames become the model's.
    pub fn intake(&self) -> IntakeOptions {
        let input = self.bundle.manifest().input;
        IntakeOptions {
            spec: input.spec(),
            period_ns: input.period_ns(),
            stabilise: self.stabilise,
            usual_light: self.scoring.usual_light().filter(|_| self.stabilise),
        }
    }

    pub fn analyser(&self) -> Analyser {
        let Self { bundle, scoring, update, motion_gate_levels, .. } = *self;
        Analyser::new(bundle, self.mask.clone(), scoring, update, motion_gate_levels)
    }

    pub fn monitor_options(&self) -> MonitorOptions {
        let input = self.bundle.manifest().input;
        MonitorOptions {
            past_frames: input.frames,
            frame_spacing: input.frame_spacing,
            period_ns: input.period_ns(),
            alarm: self.alarm,
            stale_ms: self.stale_ms,
            log_lines: self.log_lines,
        }
    }

    /// A monitor that begins at `now_ms`, on lines that are safe; the log's first
    /// event says what it is made of.
    pub fn monitor<A: OutputPin, F: OutputPin, S: EventSink>(
        &self,
        outputs: AlarmOutputs<A, F>,
        mut log: EventLog<S>,
        now_ms: u64,
    ) -> Monitor<A, F, S> {
        log.record(&Event::Start {
            bundle: self.bundle.manifest().name.clone(),
            model_sha256: self.bundle.model_sha256().into(),
            enter_level: self.alarm.levels.enter,
            exit_level: self.alarm.levels.exit,
        });
        let options = self.monitor_options();
        let mut monitor = Monitor::new(options, self.analyser(), outputs, log, now_ms);
        if let Some(slow) = self.slow_view() {
            monitor.watch_what_lasts(slow);
        }
        monitor
    }

    /// Tells what lasts; `None` where the calibration knows no background.
    fn slow_view(&self) -> Option<SlowView> {
        let Scoring::Deployed(calibration) = self.scoring else { return None };
        SlowView::new(calibration.stays.as_ref()?, self.mask, self.slow)
    }

    /// Slots for a window and the one frame that is being taken.
    pub fn slots(&self) -> SlotPool {
        let input = self.bundle.manifest().input;
        SlotPool::new(input.past_span() + 2, input.spec().frame_len())
    }
}

/// Levels that no score reaches, for footage without a calibration.
pub const NO_LEVELS: Levels = Levels { enter: f32::INFINITY, exit: f32::INFINITY };

/// How long a score stays suspect before an alarm of [`default_alarm`].
pub const DEFAULT_MIN_DURATION_MS: u32 = 300;

/// Times of the alarm where no site file says otherwise.
pub fn default_alarm(levels: Levels) -> AlarmConfig {
    AlarmConfig {
        levels,
        min_duration_ms: DEFAULT_MIN_DURATION_MS,
        hold_ms: 1000,
        cooldown_ms: 1000,
        warm_up_ms: 0,
        latch: false,
        armed_at_start: true,
        motion_within_ms: None,
    }
}
