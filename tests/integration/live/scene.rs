//! A live run with a scripted camera and simulated lines.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use normwatch::alarm::{AlarmConfig, AlarmOutputs, Input, Levels, Line, Pattern, Polarity};
use normwatch::calibrate::{Calibration, TermSample, calibrate};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::clock::{Clock, SystemClock};
use normwatch::gpio::{SimulatedLine, SimulatedPin};
use normwatch::health::Progress;
use normwatch::model::Bundle;
use normwatch::output::{Event, EventLog, EventSink};
use normwatch::preprocess::Light;
use normwatch::runtime::{
    Impairments, IntakeOptions, LiveOptions, LiveStats, Monitor, MonitorOptions, Pace, Pipeline,
    RunError, Scoring, Shutdown, SlowViewOptions, UpdatePolicy, run_live,
};
use normwatch::score::{Mask, Weights};

pub const PERIOD_MS: u64 = 10;

/// What the camera does after its frames.
#[derive(Clone, Copy)]
pub enum Then {
    End,
    Lose,
    Panic,
}

pub struct Camera {
    pub left: u64,
    pub then: Then,
    pub next: u64,
    pub pixels: Vec<u8>,
}

impl FrameSource for Camera {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.left == 0 {
            return match self.then {
                Then::End => Ok(None),
                Then::Lose => Err(SourceError::disconnected("unplugged")),
                Then::Panic => panic!("on purpose"),
            };
        }
        thread::sleep(Duration::from_millis(PERIOD_MS));
        self.left -= 1;
        let sequence = self.next;
        self.next += 1;
        self.pixels.iter_mut().enumerate().for_each(|(i, p)| *p = (i as u64 * 7 + sequence) as u8);
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: 32,
            height_px: 32,
            stride_bytes: 32,
            data: &self.pixels,
            timestamp_ns: SystemClock.monotonic_ns(),
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "a scripted camera".into()
    }
}

pub type Opened = Result<Box<dyn FrameSource + Send>, SourceError>;

pub fn camera(frames: u64, then: Then) -> Opened {
    Ok(Box::new(Camera { left: frames, then, next: 0, pixels: vec![0; 32 * 32] }))
}

#[derive(Clone, Default)]
pub struct Kept(pub Arc<Mutex<Vec<Event>>>, bool);

impl EventSink for Kept {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        if self.1 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}

/// A pin that refuses every level as long as it is told to.
pub struct TestPin(SimulatedPin, Arc<AtomicBool>);

#[derive(Debug)]
pub struct Refused;

impl Error for Refused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for TestPin {
    type Error = Refused;
}

impl OutputPin for TestPin {
    fn set_low(&mut self) -> Result<(), Refused> {
        let works = !self.1.load(Ordering::Acquire);
        works.then(|| self.0.set_low().unwrap()).ok_or(Refused)
    }

    fn set_high(&mut self) -> Result<(), Refused> {
        let works = !self.1.load(Ordering::Acquire);
        works.then(|| self.0.set_high().unwrap()).ok_or(Refused)
    }
}

pub type TestMonitor = Monitor<TestPin, TestPin, Kept>;

pub struct Run {
    pub alarm: SimulatedLine,
    pub fault: SimulatedLine,
    /// Whether the alarm line refuses to be driven.
    pub alarm_refuses: Arc<AtomicBool>,
    pub monitor: TestMonitor,
    pub events: Kept,
    pub pace: Pace,
    pub impairments: Impairments,
    intake: IntakeOptions,
}

impl Run {
    /// No score of this run is ever an alarm.
    pub fn new(disk_full: bool) -> Self {
        let bundle = bundle();
        Self::with(&bundle, &Scoring::new(None, &bundle), f32::INFINITY, Pattern::Steady, disk_full)
    }

    /// Every score is one.
    pub fn alarmed(pattern: Pattern) -> Self {
        let bundle = bundle();
        let scoring = Scoring::deployed(calibration(&bundle));
        Self::with(&bundle, &scoring, -1.0, pattern, false)
    }

    fn with(
        bundle: &Bundle,
        scoring: &Scoring,
        enter: f32,
        pattern: Pattern,
        disk_full: bool,
    ) -> Self {
        let pipeline = Pipeline {
            bundle,
            mask: &Mask::everything(32, 32),
            scoring,
            update: UpdatePolicy::Frozen,
            alarm: AlarmConfig {
                levels: Levels { enter, exit: enter },
                min_duration_ms: 0,
                hold_ms: 0,
                cooldown_ms: 0,
                warm_up_ms: 0,
                latch: false,
                armed_at_start: true,
                motion_within_ms: None,
            },
            stabilise: false,
            motion_gate_levels: None,
            slow: SlowViewOptions::default(),
            stale_ms: 2000,
            log_lines: true,
        };
        // A period with room for a loaded machine's jitter.
        let period_ns = 50 * PERIOD_MS * 1_000_000;
        let options = MonitorOptions { period_ns, ..pipeline.monitor_options() };
        let ((alarm, alarm_pin), (fault, fault_pin)) = (SimulatedLine::new(), SimulatedLine::new());
        let alarm_refuses = Arc::<AtomicBool>::default();
        let line = |pin| Line::new(pin, Polarity::ActiveHigh, false);
        let alarm_line = line(TestPin(alarm_pin, alarm_refuses.clone()));
        let fault_line = line(TestPin(fault_pin, Arc::default()));
        let outputs =
            AlarmOutputs::new(alarm_line, pattern, fault_line, Pattern::Steady).ok().unwrap();
        let events = Kept(Arc::default(), disk_full);
        let now_ms = SystemClock.monotonic_ms();
        let log = EventLog::new(Some(events.clone()));
        let monitor = Monitor::new(options, pipeline.analyser(), outputs, log, now_ms);
        // Every frame of the scripted camera is taken, however early.
        let intake = IntakeOptions { period_ns: 1, ..pipeline.intake() };
        let (pace, impairments) = (Pace::default(), Impairments::default());
        Self { alarm, fault, alarm_refuses, monitor, events, pace, impairments, intake }
    }

    pub fn go(
        &mut self,
        end_is_loss: bool,
        open: impl FnMut() -> Opened + Send + 'static,
        shutdown: &Shutdown,
        each: impl FnMut(u64),
    ) -> Result<LiveStats, RunError> {
        let progress = Progress::new(SystemClock.monotonic_ms());
        self.go_with(progress, end_is_loss, open, shutdown, each)
    }

    pub fn go_with(
        &mut self,
        progress: Progress,
        end_is_loss: bool,
        open: impl FnMut() -> Opened + Send + 'static,
        shutdown: &Shutdown,
        each: impl FnMut(u64),
    ) -> Result<LiveStats, RunError> {
        let clock = Arc::new(SystemClock);
        self.go_by(clock, (progress, end_is_loss), open, shutdown, || None, each)
    }

    /// By another clock, and with what comes from outside: `inputs` is asked in each turn.
    pub fn go_by(
        &mut self,
        clock: Arc<dyn Clock>,
        (progress, end_is_loss): (Progress, bool),
        open: impl FnMut() -> Opened + Send + 'static,
        shutdown: &Shutdown,
        inputs: impl FnMut() -> Option<Input>,
        mut each: impl FnMut(u64),
    ) -> Result<LiveStats, RunError> {
        let options = LiveOptions {
            intake: self.intake,
            past_frames: 4,
            end_is_loss,
            progress,
            pace: self.pace.clone(),
            impairments: self.impairments.clone(),
            pictures: None,
            windows: None,
        };
        let mut judged = 0;
        let result = run_live(
            options,
            Box::new(open),
            &mut self.monitor,
            &clock,
            shutdown,
            inputs,
            |_, _| {
                judged += 1;
                each(judged);
            },
        );
        assert_eq!(self.alarm.is_high(), Some(false), "the alarm line is not safe");
        assert_eq!(self.fault.is_high(), Some(false), "the fault line is not safe");
        result
    }

    pub fn count(&self, kind: fn(&Event) -> bool) -> usize {
        self.events.0.lock().unwrap().iter().filter(|event| kind(event)).count()
    }
}

fn bundle() -> Bundle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/tiny-paper");
    Bundle::load(&path).unwrap()
}

fn calibration(bundle: &Bundle) -> Calibration {
    let sample = |i: u64| TermSample {
        timestamp_ns: i * 100_000_000,
        light: Light { mean: 0.5, spread: 0.2 },
        psnr_db: 30.0 + (i % 7) as f64,
        block_ratio: 1.0 + (i % 11) as f64,
        distance: 1.0 + (i % 13) as f64,
        view_ratio: None,
        motion: None,
    };
    let clip: Vec<TermSample> = (0..400).map(sample).collect();
    let rule = (
        bundle.manifest().score.into(),
        Weights { block: 1.0, memory: 0.0, view: 0.0, motion: 0.0 },
    );
    calibrate(&[clip], 100_000_000, rule, ("model", "mask"), "made up").unwrap()
}
