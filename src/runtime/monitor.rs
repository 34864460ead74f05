//! The road from a preprocessed frame to a line level.

mod figures;

use std::time::Instant;

use embedded_hal::digital::OutputPin;

use super::analyser::Analyser;
use super::histogram::{Stage, StageTimes};
use super::impairments::{Impaired, Impairment};
use super::large_and_short::LargeAndShort;
use super::line_journal::LineJournal;
use super::monitor_options::MonitorOptions;
use super::quieting::Quieting;
use super::sight_journal::SightJournal;
use super::slots::SlotPool;
use super::slow_journal;
use super::slow_view::SlowView;
use super::step::Step;
use super::traced_machine::{self, TracedMachine};
use super::window::{Freed, Window};
use crate::alarm::{AlarmOutputs, Input, LastingLine, OutputError, State, Transitions};
use crate::clock::Clock;
use crate::feedback::InForce;
use crate::health::{Signal, Signals};
use crate::model::NetworkError;
use crate::output::{Event, EventLog, EventSink};
use crate::preprocess::Light;
use crate::trace::Trace;

/// The road from a preprocessed frame to a line level: window, network, score,
/// state machine, lines, event log.
#[derive(Debug)]
pub struct Monitor<A: OutputPin, F: OutputPin, S> {
    options: MonitorOptions,
    analyser: Analyser,
    window: Window,
    machine: TracedMachine,
    quieting: Quieting,
    large: LargeAndShort,
    outputs: AlarmOutputs<A, F>,
    log: EventLog<S>,
    times: StageTimes,
    last_score_ms: Option<u64>,
    sight: SightJournal,
    impaired: Impaired,
    slow: Option<SlowView>,
    lines: LineJournal,
    signals: Signals,
}

impl<A: OutputPin, F: OutputPin, S> Monitor<A, F, S> {
    /// Drives all lines to their safe levels; the event log learns of it with
    /// the next call that drives them.
    pub fn make_safe_unlogged(&mut self) {
        self.signals.set(Signal::default(), 0);
        let _ = self.outputs.set_safe();
    }
}

impl<A: OutputPin, F: OutputPin, S: EventSink> Monitor<A, F, S> {
    pub fn new(
        options: MonitorOptions,
        analyser: Analyser,
        outputs: AlarmOutputs<A, F>,
        log: EventLog<S>,
        now_ms: u64,
    ) -> Self {
        Self {
            window: Window::new(options.past_frames, options.frame_spacing, options.period_ns),
            machine: TracedMachine::new(options.alarm, now_ms),
            quieting: Quieting::new(options.alarm, now_ms),
            large: LargeAndShort::default(),
            lines: LineJournal::new(&outputs, options.log_lines),
            options,
            analyser,
            outputs,
            log,
            times: StageTimes::default(),
            last_score_ms: None,
            sight: SightJournal::default(),
            impaired: Impaired::default(),
            slow: None,
            signals: Signals::default(),
        }
    }

    /// From now on `signals` tell what the lines tell, to outputs that are no lines.
    pub fn signal_to(&mut self, signals: Signals) {
        self.signals = signals;
    }

    /// From now on pictures that show nothing, or the same for ever, do not count
    /// as well; `usual` is the light of normal footage. Frames of which none can be
    /// judged are told, and of many gaps only some. Not for replays, whose pictures
    /// may be drawn and whose every gap is told.
    pub fn require_sight(&mut self, usual: Option<Light>) {
        self.sight = SightJournal::live(usual, &self.options);
    }

    /// From now on what lasts is told, too: what stays, and a view that is lost.
    pub fn watch_what_lasts(&mut self, slow: SlowView) {
        self.slow = Some(slow);
    }

    /// From now on what the state machine is told is kept there, too.
    pub fn keep_trace(&mut self, trace: Trace) {
        self.machine.keep(trace);
    }

    /// From now on what is known as normal is told, and not raised.
    pub fn keep_quiet(&mut self, in_force: InForce) {
        self.quieting.follow(in_force);
    }

    /// Begins another clip: a new window and a new state machine, as if just
    /// started. The memory stays as it is. Returns the slots set free.
    pub fn restart(&mut self, now_ms: u64) -> Freed {
        self.machine.restart(now_ms);
        self.quieting.restart(now_ms);
        self.large.forget();
        self.last_score_ms = None;
        self.analyser.restart();
        self.slow.iter_mut().for_each(SlowView::forget);
        let freed = self.window.clear();
        self.drive_and_log(now_ms);
        freed
    }

    /// Takes a frame into the window. Returns the slots set free.
    pub fn admit(&mut self, pool: &SlotPool, slot: usize) -> Freed {
        let (timestamp_ns, frame, light) = {
            let slot = pool.lock(slot);
            (slot.timestamp_ns, slot.sequence, slot.light)
        };
        let (freed, gap) = self.window.push(slot, timestamp_ns);
        let time_ms = timestamp_ns / 1_000_000;
        self.sight.frame(time_ms, light, self.window.is_full(), &mut self.log);
        if gap {
            self.sight.gap(time_ms, frame, &mut self.log);
            self.analyser.forget();
            let transitions = self.machine.step(time_ms, Input::Gap);
            let quieted = self.quieting.step((time_ms, Some(frame)), Input::Gap, None);
            quieted.iter().for_each(|event| self.log.record(event));
            self.log_transitions(&transitions, Some(frame), None);
        }
        freed
    }

    /// Judges the newest frame, if the window is full, and drives the lines at the
    /// time that `clock` shows after the network; a replay's clock is a
    /// [`FrameClock`](crate::clock::FrameClock) that stands at this frame.
    ///
    /// # Errors
    /// The network's own; the fault line is then dropped first.
    pub fn judge(
        &mut self,
        pool: &SlotPool,
        clock: &dyn Clock,
    ) -> Result<Option<Step>, NetworkError> {
        let Some(newest) = self.window.slots().last().filter(|_| self.window.is_full()) else {
            return Ok(None);
        };
        let start = Instant::now();
        let (timestamp_ns, frame, lasting) = {
            let slot = pool.lock(newest);
            let look = |slow: &mut SlowView| slow.look(&slot.data, slot.timestamp_ns);
            (slot.timestamp_ns, slot.sequence, self.slow.as_mut().map(look).unwrap_or_default())
        };
        let looked_ns = start.elapsed().as_nanos() as u64;
        let time_ms = timestamp_ns / 1_000_000;
        let analysed = self.analyser.analyse(pool, &self.window, &mut self.times);
        let now_ms = clock.monotonic_ms();
        if analysed.is_err() {
            self.last_score_ms = None;
            self.drive_and_log(now_ms);
        }
        let mut score = analysed?;
        let start = Instant::now();
        let whole = score.and_then(|s| s.surprise).map(|s| s.score);
        let now = (self.machine.exit_level(), self.machine.state());
        let explained = score.as_mut().and_then(|s| self.quieting.look(&mut self.analyser, s, now));
        let odd = score.as_ref().and_then(|s| s.odd).map(|odd| odd.cells);
        // A view that is lost for good is told by others, or it would be told by nobody.
        let is_told = self.slow.as_ref().is_some_and(SlowView::tells_tampering);
        let held = is_told && self.large.holds_back(timestamp_ns, odd, now.1);
        let explained = explained.filter(|_| !held);
        let level = explained.map(|explained| explained.rest).or(whole);
        let level = if held { level.map(|_| 0.0) } else { level };
        if score.is_some() {
            self.last_score_ms = Some(time_ms);
        }
        let input = self.input_for(score.is_some(), level);
        let transitions = self.machine.step(time_ms, input);
        let driven = self.drive(now_ms);
        let quieted = self.quieting.step((time_ms, Some(frame)), input, explained.zip(whole));
        quieted.iter().for_each(|event| self.log.record(event));
        if score.is_none() {
            let reason = "the network returned something that is not a number".to_owned();
            self.log.record(&Event::Skip { frame, reason });
        }
        self.log_transitions(&transitions, Some(frame), level);
        slow_journal::note(&mut self.log, time_ms, frame, lasting);
        self.log_lines(now_ms, driven);
        self.times.add(Stage::Alarm, looked_ns + start.elapsed().as_nanos() as u64);
        let slow = self.slow.as_ref().map(SlowView::state).unwrap_or_default();
        Ok(Some(Step { score, state: self.machine.state(), transitions, slow }))
    }

    /// What the state machine learns of a frame. A view that is lost is a fault and
    /// no anomaly, where a fault line tells it: for the moment in which it may be
    /// either of both, a suspicion waits.
    fn input_for(&self, scored: bool, level: Option<f32>) -> Input {
        let slow = self.slow.as_ref();
        match level {
            _ if !scored || slow.is_some_and(SlowView::mutes_scores) => Input::Blind,
            None => Input::Tick,
            Some(_) if slow.is_some_and(SlowView::delays_suspicion) => Input::Gap,
            Some(level) => Input::Score(level),
        }
    }

    /// Lets time pass: cooldown ends, patterns move, old scores go stale.
    pub fn tick(&mut self, now_ms: u64) {
        self.input(now_ms, Input::Tick);
    }

    /// An input from outside: acknowledge, arm, disarm, motion, other levels.
    pub fn input(&mut self, now_ms: u64, input: Input) {
        // Whoever arms has just been there, and knows what was left meanwhile.
        let arms = input == Input::Arm && self.machine.state() == State::Disarmed;
        if input == Input::Acknowledge || arms {
            self.slow.iter_mut().for_each(SlowView::acknowledge);
        }
        let transitions = self.machine.step(now_ms, input);
        let driven = self.drive(now_ms);
        let quieted = self.quieting.step((now_ms, None), input, None);
        quieted.iter().for_each(|event| self.log.record(event));
        traced_machine::told(now_ms, input).iter().for_each(|event| self.log.record(event));
        self.log_transitions(&transitions, None, None);
        self.log_lines(now_ms, driven);
    }

    /// The camera is gone. Returns the slots set free.
    pub fn blind(&mut self, now_ms: u64, reason: &str) -> Freed {
        self.last_score_ms = None;
        self.sight.forget();
        self.slow.iter_mut().for_each(SlowView::blind);
        self.analyser.forget();
        self.large.forget();
        let transitions = self.machine.step(now_ms, Input::Blind);
        let driven = self.drive(now_ms);
        self.log.record(&Event::Blind { time_ms: now_ms, reason: reason.to_owned() });
        let quieted = self.quieting.step((now_ms, None), Input::Blind, None);
        quieted.iter().for_each(|event| self.log.record(event));
        self.log_transitions(&transitions, None, None);
        self.log_lines(now_ms, driven);
        self.window.clear()
    }

    /// Takes note of what else there is to be well for.
    pub fn impair(&mut self, now_ms: u64, impaired: Impaired) {
        let before = std::mem::replace(&mut self.impaired, impaired);
        if before == impaired {
            return;
        }
        let driven = self.drive(now_ms);
        for what in Impairment::ALL.into_iter().filter(|&w| before.has(w) != impaired.has(w)) {
            let (cause, present) = (what.name(), impaired.has(what));
            self.log.record(&Event::Fault { time_ms: now_ms, cause, present });
        }
        self.log_lines(now_ms, driven);
    }

    /// Drives both lines to their safe levels, as an orderly end must.
    pub fn make_safe(&mut self, now_ms: u64) {
        self.signals.set(Signal::default(), now_ms);
        let result = self.outputs.set_safe();
        self.log_lines(now_ms, result);
    }

    /// Drives both lines again, because somebody else did meanwhile, or to learn
    /// whether they still can be driven.
    pub fn redrive(&mut self, now_ms: u64) {
        self.outputs.forget();
        self.drive_and_log(now_ms);
    }

    /// Whether a recent score vouches for the whole, of a picture that shows
    /// something, of a view that is the usual one, and nothing else is amiss.
    pub fn is_healthy(&self, now_ms: u64) -> bool {
        let recent = |at| now_ms.saturating_sub(at) <= self.options.stale_ms;
        let seeing = self.sight.sees() && !self.slow.as_ref().is_some_and(SlowView::is_tampered);
        self.last_score_ms.is_some_and(recent) && seeing && self.impaired.is_none()
    }

    fn log_transitions(
        &mut self,
        transitions: &Transitions,
        frame: Option<u64>,
        score: Option<f32>,
    ) {
        for t in transitions {
            log::info!("{} → {}", t.from.name(), t.to.name());
            let (from, to) = (t.from.name(), t.to.name());
            self.log.record(&Event::State { time_ms: t.at_ms, frame, from, to, score });
        }
    }

    fn drive_and_log(&mut self, now_ms: u64) {
        let driven = self.drive(now_ms);
        self.log_lines(now_ms, driven);
    }

    /// Drives the lines and writes nothing: a disk that stalls must not keep an
    /// alarm from its line.
    fn drive(&mut self, now_ms: u64) -> Result<(), OutputError<A::Error, F::Error>> {
        let healthy = self.is_healthy(now_ms);
        let slow = self.slow.as_ref();
        let mut state = self.machine.state();
        let is_watching = !matches!(state, State::Disarmed | State::WarmUp);
        if is_watching && slow.is_some_and(SlowView::raises_alarm) {
            state = State::Alarm;
        }
        self.outputs
            .want(LastingLine::Changed, is_watching && slow.is_some_and(SlowView::tells_change));
        self.outputs.want(LastingLine::Tampered, slow.is_some_and(SlowView::is_tampered));
        let driven = self.outputs.show(now_ms, state, healthy);
        let (alarm, well) = (state.alarm_active(), healthy && driven.is_ok());
        self.signals.set(Signal { alarm, well }, now_ms);
        driven
    }

    fn log_lines(&mut self, now_ms: u64, result: Result<(), OutputError<A::Error, F::Error>>) {
        self.lines.note(now_ms, &self.outputs, result, &mut self.log);
    }
}
