//! `normwatch bench`: the time of every stage on this machine.

mod compare;
mod footprint;
mod layers;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::error::Error;
use super::print_json;
use crate::alarm::Pattern;
use crate::capture::{Frame, FrameSource, PixelFormat, SourceError};
use crate::gpio::SimulatedLines;
use crate::model::{Bundle, NetworkOptions};
use crate::output::{EventLog, JsonLines};
use crate::replay::{PlayError, replay_clip};
use crate::runtime::{
    Histogram, Intake, NO_LEVELS, Pipeline, Scoring, SlowViewOptions, Stage, StageRow,
    UpdatePolicy, default_alarm,
};
use crate::station::whole_picture;

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
    /// Threads that share every layer of the network; `1,2` for both.
    #[arg(
        long, value_delimiter = ',', default_value = "1",
        value_parser = clap::value_parser!(u8).range(1..=64),
    )]
    threads: Vec<u8>,
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
    /// From the start of the command to the first score, frames at hand.
    first_score_ms: f64,
    resident: footprint::Resident,
    stages: Vec<StageRow>,
    /// Of the frame's time, what is not encoder and decoder, 0..=1.
    around_network: f64,
    /// A row for each number of threads that was asked for.
    threads: Vec<ThreadsRow>,
    network: layers::NetworkReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<compare::Comparison>,
}

#[derive(Serialize)]
struct ThreadsRow {
    threads: u8,
    frame_median_ms: f64,
    frame_p99_ms: f64,
    /// The first row's median by this one's.
    speedup: f64,
}

pub(super) fn run(args: &BenchArgs) -> Result<(), Error> {
    let start = Instant::now();
    let ms = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
    let bundle = load(args, args.threads[0])?;
    let load_ms = ms(start);
    let span = bundle.manifest().input.past_span();
    let mut first_score_ms = 0.0;
    measure(&bundle, args, (args.frames / 10).max(span + 1), || {
        if first_score_ms == 0.0 {
            first_score_ms = ms(start);
        }
    })?;
    let (frames, stages) = measure(&bundle, args, args.frames + span, || ())?;
    let resident = footprint::Resident::now();
    let threads = side_by_side(args, &frames)?;
    let network = layers::measure(&mut bundle.predictor(), args.frames);
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
        first_score_ms,
        resident,
        around_network: around_network(&stages),
        stages,
        threads,
        network,
        comparison,
    };
    if args.json { print_json(&summary) } else { print(&summary) }
}

fn load(args: &BenchArgs, threads: u8) -> Result<Bundle, Error> {
    let options = NetworkOptions { threads: threads.into(), ..NetworkOptions::default() };
    Ok(Bundle::load_with(&args.bundle, options)?)
}

/// The first number of threads, which was measured, and the others.
fn side_by_side(args: &BenchArgs, first: &Histogram) -> Result<Vec<ThreadsRow>, Error> {
    let ms = |frames: &Histogram, share| frames.quantile_ns(share) as f64 / 1e6;
    let row = |threads, frames: &Histogram| ThreadsRow {
        threads,
        frame_median_ms: ms(frames, 0.5),
        frame_p99_ms: ms(frames, 0.99),
        speedup: ms(first, 0.5) / ms(frames, 0.5).max(1e-9),
    };
    let mut rows = vec![row(args.threads[0], first)];
    for &threads in &args.threads[1..] {
        let bundle = load(args, threads)?;
        let span = bundle.manifest().input.past_span();
        measure(&bundle, args, (args.frames / 10).max(span + 1), || ())?;
        rows.push(row(threads, &measure(&bundle, args, args.frames + span, || ())?.0));
    }
    Ok(rows)
}

fn around_network(stages: &[StageRow]) -> f64 {
    let network = [Stage::Encode.name(), Stage::Decode.name()];
    let median = |wanted: fn(bool) -> bool| {
        let rows = stages.iter().filter(|row| wanted(network.contains(&row.stage)));
        rows.map(|row| row.median_us).sum::<f64>()
    };
    median(|is_network| !is_network) / median(|_| true).max(1e-9)
}

fn print(summary: &Summary) -> Result<(), Error> {
    println!("{} ({}) on {}, {}", summary.bundle, summary.precision, summary.arch, summary.source);
    println!(
        "load and self-test {:.0} ms, first score after {:.0} ms, resident memory {:.1} MB, \
         at most {:.1} MB",
        summary.load_ms, summary.first_score_ms, summary.resident.now_mb, summary.resident.peak_mb
    );
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
    println!("all but encoder and decoder: {:.1} % (medians)", summary.around_network * 100.0);
    for row in summary.threads.iter().filter(|_| summary.threads.len() > 1) {
        println!(
            "threads: {}, frame {:.3} ms, p99 {:.3} ms, {:.2} × the first",
            row.threads, row.frame_median_ms, row.frame_p99_ms, row.speedup
        );
    }
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
    mut judged: impl FnMut(),
) -> Result<(Histogram, Vec<StageRow>), Error> {
    let source = NoiseSource::new(args, bundle.manifest().input.period_ns(), frames)?;
    let pipeline = Pipeline {
        bundle,
        mask: &whole_picture(bundle),
        scoring: &Scoring::new(None, bundle),
        update: UpdatePolicy::Frozen,
        alarm: default_alarm(NO_LEVELS),
        stabilise: true,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        stale_ms: 1000,
        log_lines: false,
    };
    let (_, outputs) = SimulatedLines::new(Pattern::Steady);
    let log = EventLog::new(None::<JsonLines<Vec<u8>>>);
    let mut monitor = pipeline.monitor(outputs, log, 0);
    let mut intake = Intake::new(Box::new(source), pipeline.intake());
    let pool = pipeline.slots();
    let mut whole = Histogram::default();
    let mut last = Instant::now();
    replay_clip(&mut intake, &mut monitor, &pool, |_, _, _, _| {
        judged();
        whole.add(last.elapsed().as_nanos() as u64);
        last = Instant::now();
        Ok::<_, PlayError>(())
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
