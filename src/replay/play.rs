//! Footage through a monitor on simulated lines, clip after clip.

use embedded_hal::digital::OutputPin;

use super::clip::replay_clip;
use super::error::PlayError;
use super::footage::Clip;
use super::trace::{ClipTrace, Moment};
use crate::alarm::{AlarmConfig, Pattern};
use crate::capture::{FrameSource, SourceError};
use crate::event::PictureRing;
use crate::gpio::SimulatedLines;
use crate::model::{Bundle, InputSection};
use crate::output::{Event, EventLog, EventSink};
use crate::runtime::{
    Intake, IntakeCounts, Monitor, Pipeline, Scoring, SlowViewOptions, StageTimes, Step,
    UpdatePolicy,
};
use crate::score::{ErrorMap, Mask};
use crate::trace::Trace;

/// Age of a score at which a replay's fault line drops: footage time.
const STALE_MS: u64 = 2000;

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
    /// What there is to know of what lasts.
    pub slow: SlowViewOptions,
    /// Where pictures are kept for events.
    pub pictures: Option<PictureRing>,
    /// Where what the state machine is told is kept.
    pub trace: Option<Trace>,
}

impl PlayOptions {
    /// What the footage goes through.
    pub fn pipeline<'a>(&'a self, bundle: &'a Bundle) -> Pipeline<'a> {
        Pipeline {
            bundle,
            mask: &self.mask,
            scoring: &self.scoring,
            update: self.update,
            alarm: self.alarm,
            stabilise: self.stabilise,
            motion_gate_levels: self.motion_gate_levels,
            slow: self.slow,
            stale_ms: STALE_MS,
            log_lines: true,
        }
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
    pub error_map: &'a ErrorMap,
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

impl PlayResult {
    /// # Errors
    /// Nothing of the footage could be judged: why, and what to look at.
    pub fn require_scores(&self, input: &InputSection) -> Result<(), PlayError> {
        if self.traces.iter().any(|trace| trace.scores.iter().any(Option::is_some)) {
            return Ok(());
        }
        let IntakeCounts { taken, skipped, .. } = self.counts;
        let (needed, fps) = (input.past_span() + 1, input.fps);
        let why = match taken {
            0 if skipped == 0 => "there are no frames in it".to_owned(),
            0 => format!("all {skipped} frames were skipped: the warnings say why"),
            _ if taken < needed as u64 => format!(
                "the network needs {needed} frames in a row, and only {taken} could be used, \
                 {skipped} were skipped"
            ),
            _ if self.not_finite > 0 => "no score was a number".to_owned(),
            _ => format!(
                "{taken} frames could be used, but never {needed} in a row without a gap, and \
                 {skipped} were skipped: the bundle was made for {fps} frames a second, see --fps"
            ),
        };
        Err(SourceError::fatal(format!("nothing of the footage could be judged: {why}")).into())
    }
}

/// Plays clips one after the other, each from a fresh start of window and
/// state machine, on simulated lines.
///
/// # Errors
/// A clip that cannot be read, a network that fails, or the observer's.
pub fn play<S: EventSink, E: From<PlayError>>(
    bundle: &Bundle,
    clips: &[Clip],
    options: &PlayOptions,
    sink: Option<S>,
    observe: &mut dyn FnMut(&Playing<'_>) -> Result<(), E>,
) -> Result<PlayResult, E> {
    play_from(bundle, clips, options, &|clip| clip.open(options.fps), sink, observe)
}

/// Like [`play`], with frames from a source of the caller's: footage that is
/// changed on its way, for instance.
///
/// # Errors
/// As [`play`].
pub fn play_from<S: EventSink, E: From<PlayError>>(
    bundle: &Bundle,
    clips: &[Clip],
    options: &PlayOptions,
    open: &OpenClip<'_>,
    sink: Option<S>,
    observe: &mut dyn FnMut(&Playing<'_>) -> Result<(), E>,
) -> Result<PlayResult, E> {
    let pipeline = options.pipeline(bundle);
    let (lines, outputs) = SimulatedLines::new(Pattern::Steady);
    let mut monitor = pipeline.monitor(outputs, EventLog::new(sink), 0);
    options.trace.iter().for_each(|trace| monitor.keep_trace(trace.clone()));
    let pool = pipeline.slots();
    let mut traces = Vec::new();
    let mut counts = IntakeCounts::default();
    for clip in clips {
        let frames = clip.len();
        monitor.record(&Event::Clip { clip: clip.name.clone(), frames });
        let mut trace = ClipTrace::new(&clip.name, options.fps);
        let source = open(clip).map_err(PlayError::from)?;
        let mut intake = Intake::new(source, pipeline.intake()).keeping(options.pictures.clone());
        let result =
            replay_clip(&mut intake, &mut monitor, &pool, |step, monitor, frame, sequence| {
                trace.push(sequence, step, |score, level| {
                    moment(monitor, score.sequence, score.place(), level)
                });
                observe(&Playing {
                    clip,
                    frames,
                    step,
                    frame,
                    error_map: monitor.analyser().error_map(),
                    alarm_line: lines.alarm.is_high(),
                    fault_line: lines.fault.is_high(),
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
