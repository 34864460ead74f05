mod compare;
mod layers;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::print_json;
use super::setup::{NO_LEVELS, default_alarm, whole_picture};
use crate::Error;
use crate::alarm::{AlarmOutputs, Line, Pattern, Polarity};
use crate::capture::{Frame, FrameSource, PixelFormat, SourceError};
use crate::model::{Bundle, NetworkOptions, Predictor};
use crate::output::{EventLog, JsonLines, SimulatedLine};
use crate::runtime::{
    Analyser, Histogram, Intake, Monitor, MonitorOptions, Scoring, SlotPool, StageRow,
    UpdatePolicy, replay_clip,
};

/// Frames from memory, nothing else running in the program: what the board can
/// do at best. Says for every layer which kernel it runs on. Frames are random, which costs the network as
/// much as a real scene.
#[derive(Args, Debug)]
pub(super) struct BenchArgs {
    /// The model bundle.
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// Frames to measure, after a tenth as many to warm up.
    #[arg(long, default_value_t = 100)]
    frames: usize,
    /// Width of the camera's picture.
    #[arg(long, default_value_t = 640)]
    width_px: u32,
    /// Height of the camera's picture.
    #[arg(long, default_value_t = 480)]
    height_px: u32,
    /// Pixel format of the camera: grey, yuyv, uyvy, nv12, i420 or rgb24.
    #[arg(long, default_value_t = PixelFormat::Yuyv)]
    format: PixelFormat,
    /// Threads that share every layer of the network.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
    /// Run plain tract too, frame by frame in turn, and compare.
    #[arg(long)]
    compare_tract: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary {
    bundle: String,
    model_sha256: String,
    precision: String,
    arch: &'static str,
    source: String,
    frames: u64,
    frame_median_ms: f64,
    frame_p99_ms: f64,
    fps: f64,
    load_ms: f64,
    stages: Vec<StageRow>,
    network: layers::NetworkReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<compare::Comparison>,
}

pub(super) fn run(args: &BenchArgs) -> Result<(), Error> {
    let start = std::time::Instant::now();
    let options = NetworkOptions { threads: args.threads.into(), ..NetworkOptions::default() };
    let bundle = Bundle::load_with(&args.bundle, options)?;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    measure(&bundle, args, (args.frames / 10).max(bundle.manifest().input.past_span() + 1))?;
    let (frames, stages) =
        measure(&bundle, args, args.frames + bundle.manifest().input.past_span())?;
    let network = layers::measure(&mut Predictor::new(&bundle), args.frames);
    let comparison = args
        .compare_tract
        .then(|| compare::measure(&args.bundle, &bundle, args.frames))
        .transpose()?;
    let manifest = bundle.manifest();
    let median_ms = frames.quantile_ns(0.5) as f64 / 1e6;
    let summary = Summary {
        bundle: manifest.name.clone(),
        model_sha256: bundle.model_sha256().into(),
        precision: manifest.precision.to_string(),
        arch: std::env::consts::ARCH,
        source: format!("{}×{} {}", args.width_px, args.height_px, args.format),
        frames: frames.count(),
        frame_median_ms: median_ms,
        frame_p99_ms: frames.quantile_ns(0.99) as f64 / 1e6,
        fps: 1e3 / median_ms.max(1e-9),
        load_ms,
        stages,
        network,
        comparison,
    };
    if args.json { print_json(&summary) } else { print(&summary) }
}

fn print(summary: &Summary) -> Result<(), Error> {
    println!("{} ({}) on {}, {}", summary.bundle, summary.precision, summary.arch, summary.source);
    println!("load and self-test {:.0} ms", summary.load_ms);
    println!(
        "\n{:<12} {:>10} {:>10} {:>10} {:>7}",
        "stage", "median ms", "p99 ms", "max ms", "share"
    );
    for row in &summary.stages {
        println!(
            "{:<12} {:>10.3} {:>10.3} {:>10.3} {:>6.1}%",
            row.stage,
            row.median_us / 1e3,
            row.p99_us / 1e3,
            row.max_us / 1e3,
            row.share * 100.0
        );
    }
    println!(
        "{:<12} {:>10.3} {:>10.3}   → {:.1} frames a second",
        "frame", summary.frame_median_ms, summary.frame_p99_ms, summary.fps
    );
    layers::print(&summary.network);
    if let Some(comparison) = &summary.comparison {
        compare::print(comparison);
    }
    Ok(())
}

fn measure(
    bundle: &Bundle,
    args: &BenchArgs,
    frames: usize,
) -> Result<(Histogram, Vec<StageRow>), Error> {
    let input = bundle.manifest().input;
    let source = NoiseSource::new(args, input.period_ns(), frames)?;
    let scoring = Scoring::new(None, bundle);
    let analyser = Analyser::new(bundle, whole_picture(bundle), &scoring, UpdatePolicy::Frozen);
    let pin = || Line::new(SimulatedLine::new().1, Polarity::ActiveHigh, false);
    let outputs = AlarmOutputs::new(pin(), Pattern::Steady, pin(), Pattern::Steady)
        .expect("a simulated line takes every level");
    let options = MonitorOptions {
        past_frames: input.frames,
        frame_spacing: input.frame_spacing,
        period_ns: input.period_ns(),
        alarm: default_alarm(NO_LEVELS),
        stale_ms: 1000,
        log_lines: false,
    };
    let log = EventLog::new(None::<JsonLines<Vec<u8>>>);
    let mut monitor = Monitor::new(options, analyser, outputs, log, 0);
    let mut intake = Intake::new(Box::new(source), input.spec(), input.period_ns());
    let pool = SlotPool::new(input.past_span() + 2, input.spec().frame_len());
    let mut whole = Histogram::default();
    let mut last = std::time::Instant::now();
    replay_clip(&mut intake, &mut monitor, &pool, |_, _, _, _| {
        whole.add(last.elapsed().as_nanos() as u64);
        last = std::time::Instant::now();
        Ok(())
    })?;
    Ok((whole, monitor.times().rows()))
}

/// Random bytes, the same in every run.
fn noise() -> impl Iterator<Item = u8> {
    let mut state = 1u32;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
}

/// A camera of random pixels.
struct NoiseSource {
    format: PixelFormat,
    width_px: u32,
    height_px: u32,
    data: Vec<u8>,
    period_ns: u64,
    next: u64,
    frames: u64,
}

impl NoiseSource {
    fn new(args: &BenchArgs, period_ns: u64, frames: usize) -> Result<Self, Error> {
        let (width_px, height_px) = (args.width_px, args.height_px);
        let len = args.format.frame_bytes(width_px, height_px).ok_or_else(|| {
            Error::Usage(format!("cannot make up {} frames: choose a raw format", args.format))
        })?;
        let data = noise().take(len).collect();
        let frames = frames as u64;
        Ok(Self { format: args.format, width_px, height_px, data, period_ns, next: 0, frames })
    }
}

impl FrameSource for NoiseSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.next == self.frames {
            return Ok(None);
        }
        let sequence = self.next;
        self.next += 1;
        Ok(Some(Frame {
            format: self.format,
            width_px: self.width_px,
            height_px: self.height_px,
            stride_bytes: self.format.row_bytes(self.width_px).unwrap_or(0),
            data: &self.data,
            timestamp_ns: sequence * self.period_ns,
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "random pixels".into()
    }
}
