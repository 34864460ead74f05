use embedded_hal::digital::OutputPin;

use super::footage::Clip;
use super::trace::{ClipTrace, Moment};
use crate::Error;
use crate::alarm::{AlarmConfig, AlarmOutputs, Levels, Line, Pattern, Polarity};
use crate::capture::{FrameSource, SourceError};
use crate::model::Bundle;
use crate::output::{Event, EventLog, EventSink, SimulatedLine, SimulatedPin};
use crate::runtime::{
    Analyser, Intake, IntakeCounts, Monitor, MonitorOptions, Scoring, SlotPool, StageTimes, Step,
    UpdatePolicy, replay_clip,
};
use crate::score::Mask;

/// How footage is played.
#[derive(Clone, Debug)]
pub struct PlayOptions {
    pub alarm: AlarmConfig,
    pub mask: Mask,
    /// Terms alone make no surprises and no alarms.
    pub scoring: Scoring,
    pub update: UpdatePolicy,
    /// Frames a second of the footage.
    pub fps: f64,
    /// Whether pictures of a swaying camera are moved back, and another light
    /// than the calibration's is evened.
    pub stabilise: bool,
    /// Below it the network rests, see [`crate::runtime::MotionGate`].
    pub motion_gate_levels: Option<f32>,
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
    }
}

/// How a clip becomes frames.
pub type OpenClip<'a> = dyn Fn(&Clip) -> Result<Box<dyn FrameSource + Send>, SourceError> + 'a;

/// What an observer sees after each judged frame.
#[derive(Debug)]
pub struct Playing<'a> {
    pub clip: &'a Clip,
    pub frames: Option<usize>,
    pub step: &'a Step,
    /// The frame as the model saw it, planar u8.
    pub frame: &'a [u8],
    pub error_map: &'a [f32],
    /// Electrical levels, `true` = high.
    pub alarm_line: Option<bool>,
    pub fault_line: Option<bool>,
}

/// All clips, the counts over all of them, and the time that each stage took.
#[derive(Debug)]
pub struct PlayResult {
    pub traces: Vec<ClipTrace>,
    pub counts: IntakeCounts,
    pub not_finite: u64,
    pub times: StageTimes,
    pub events_dropped: u64,
}

/// Plays clips one after the other, each from a fresh start of window and
/// state machine, on simulated lines.
///
/// # Errors
/// A clip that cannot be read, a network that fails, or the observer's.
pub fn play<S: EventSink>(
    bundle: &Bundle,
    clips: &[Clip],
    options: &PlayOptions,
    sink: Option<S>,
    observe: &mut dyn FnMut(&Playing<'_>) -> Result<(), Error>,
) -> Result<PlayResult, Error> {
    play_from(bundle, clips, options, &|clip| clip.open(options.fps), sink, observe)
}

/// Like [`play`], with frames from a source of the caller's: footage that is
/// changed on its way, for instance.
///
/// # Errors
/// As [`play`].
pub fn play_from<S: EventSink>(
    bundle: &Bundle,
    clips: &[Clip],
    options: &PlayOptions,
    open: &OpenClip<'_>,
    sink: Option<S>,
    observe: &mut dyn FnMut(&Playing<'_>) -> Result<(), Error>,
) -> Result<PlayResult, Error> {
    let input = bundle.manifest().input;
    let period_ns = input.period_ns();
    let (alarm_line, alarm_pin) = SimulatedLine::new();
    let (fault_line, fault_pin) = SimulatedLine::new();
    let analyser = Analyser::new(bundle, options.mask.clone(), &options.scoring, options.update)
        .gated(options.motion_gate_levels, bundle);
    let monitor_options = MonitorOptions {
        past_frames: input.frames,
        frame_spacing: input.frame_spacing,
        period_ns,
        alarm: options.alarm,
        stale_ms: 2000,
        log_lines: true,
    };
    let outputs =
        AlarmOutputs::new(line(alarm_pin), Pattern::Steady, line(fault_pin), Pattern::Steady)
            .expect("a simulated line takes every level");
    let mut log = EventLog::new(sink);
    log.record(&Event::Start {
        bundle: bundle.manifest().name.clone(),
        model_sha256: bundle.model_sha256().into(),
        enter_level: options.alarm.levels.enter,
        exit_level: options.alarm.levels.exit,
    });
    let mut monitor = Monitor::new(monitor_options, analyser, outputs, log, 0);
    let pool = SlotPool::new(input.past_span() + 2, input.spec().frame_len());
    let mut traces = Vec::new();
    let mut counts = IntakeCounts::default();
    for clip in clips {
        let frames = clip.len();
        monitor.record(&Event::Clip { clip: clip.name.clone(), frames });
        let mut trace = ClipTrace::new(&clip.name, options.fps);
        let intake = Intake::new(open(clip)?, input.spec(), period_ns);
        let light = options.scoring.usual_light().filter(|_| options.stabilise);
        let mut intake = intake.steadied(options.stabilise).evened(light);
        let result =
            replay_clip(&mut intake, &mut monitor, &pool, |step, monitor, frame, sequence| {
                trace.push(sequence, step, |score, level| {
                    moment(monitor, score.sequence, score.error.worst_block, level)
                });
                observe(&Playing {
                    clip,
                    frames,
                    step,
                    frame,
                    error_map: monitor.analyser().error_map().map(),
                    alarm_line: alarm_line.is_high(),
                    fault_line: fault_line.is_high(),
                })
            })?;
        trace.finish(frames.unwrap_or(trace.frames()));
        counts += result.counts;
        traces.push(trace);
    }
    let not_finite = monitor.analyser().not_finite();
    let times = monitor.times().clone();
    let mut log = monitor.into_log();
    log.flush();
    let events_dropped = log.dropped();
    Ok(PlayResult { traces, counts, not_finite, times, events_dropped })
}

fn line(pin: SimulatedPin) -> Line<SimulatedPin> {
    Line::new(pin, Polarity::ActiveHigh, false)
}

fn moment<A: OutputPin, F: OutputPin, S: EventSink>(
    monitor: &Monitor<A, F, S>,
    frame: u64,
    worst_block: crate::score::Block,
    score: f32,
) -> Moment {
    let map = monitor.analyser().error_map();
    Moment {
        frame,
        score,
        error_map: map.map().to_vec(),
        map_width_px: map.width_px(),
        map_height_px: map.height_px(),
        worst_block,
    }
}
