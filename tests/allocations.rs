//! Once warm, the road from a camera's frame to the lines takes no memory from
//! the heap: what every frame allocates can fail one night, and fragments what
//! a small board has. One test alone, because it counts for the whole process.

#![cfg(feature = "runtime")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use normwatch::alarm::{Levels, Pattern};
use normwatch::calibrate::{BackgroundFootage, Calibration, StaysCalibration};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::feedback::{InForce, KnownNormal, Quiet};
use normwatch::gpio::SimulatedLines;
use normwatch::model::{
    Bundle, MotionMemory, NetworkOptions, Normaliser, UsualView, VIEW_BLOCK_PX,
};
use normwatch::output::{EventLog, JsonLines};
use normwatch::preprocess::InputSpec;
use normwatch::replay::{PlayError, replay_clip};
use normwatch::runtime::{Intake, Pipeline, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::{Mask, MaskMode, Polygon, WeightedZone, Weighting};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is the system's own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WARM_UP: usize = 4;
/// Enough for the looks after which what stays is judged.
const COUNTED: usize = 100;

/// A pattern that moves in YUYV or JPEG, larger than the model's input.
struct Moving {
    data: Vec<u8>,
    /// Where there are any, these are lent in turn.
    jpegs: Vec<Vec<u8>>,
    period_ns: u64,
    next: u64,
    frames: u64,
}

const WIDTH_PX: u32 = 96;
const HEIGHT_PX: u32 = 72;

impl FrameSource for Moving {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.next == self.frames {
            return Ok(None);
        }
        let sequence = self.next;
        self.next += 1;
        for (index, byte) in self.data.iter_mut().enumerate() {
            *byte = (index as u64 * 7 + sequence * 13) as u8;
        }
        let (format, stride_bytes, data) = match self.jpegs.len() {
            0 => (PixelFormat::Yuyv, 2 * WIDTH_PX as usize, &self.data),
            count => (PixelFormat::Mjpeg, 0, &self.jpegs[sequence as usize % count]),
        };
        Ok(Some(Frame {
            format,
            width_px: WIDTH_PX,
            height_px: HEIGHT_PX,
            stride_bytes,
            data,
            timestamp_ns: sequence * self.period_ns,
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "a pattern".into()
    }
}

/// Sequential and progressive pictures of one size.
fn jpegs() -> Vec<Vec<u8>> {
    let jpeg = |number: usize| {
        let pixel = |at: usize| [at * 7 + number * 13, at * 3, at * 5].map(|level| level as u8);
        let pixels: Vec<u8> = (0..(WIDTH_PX * HEIGHT_PX) as usize).flat_map(pixel).collect();
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
        encoder.set_progressive(number.is_multiple_of(2));
        let size = (WIDTH_PX as u16, HEIGHT_PX as u16);
        encoder.encode(&pixels, size.0, size.1, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    };
    (0..8).map(jpeg).collect()
}

/// Of pictures that are enough alike for what stays, and what is lost, to be
/// looked for.
fn background(spec: InputSpec, mask: &Mask) -> StaysCalibration {
    let mut footage = BackgroundFootage::new(spec.width_px, spec.height_px).unwrap();
    let mut frame = vec![0; spec.frame_len()];
    for number in 0..60 {
        let level =
            |index: usize| index / 5 % 7 * 30 + index / spec.width_px / 6 % 5 * 12 + number % 3;
        frame.iter_mut().enumerate().for_each(|(index, byte)| *byte = level(index) as u8);
        footage.see(&frame, number as u64 * 500_000_000);
    }
    footage.learn(mask).unwrap().0
}

fn view(spec: InputSpec) -> UsualView {
    let (width, height) = (spec.width_px, spec.height_px);
    let blocks = (width + 1 - VIEW_BLOCK_PX) * (height + 1 - VIEW_BLOCK_PX);
    let planes = spec.frame_len() / (width * height);
    UsualView::new([planes, height, width], vec![99; spec.frame_len()], vec![1.0; blocks]).unwrap()
}

/// For which all that changes moves.
fn motion() -> MotionMemory {
    let mut memory = MotionMemory::default();
    (memory.spread, memory.speeds) = ([1.0; 9], [2.0; 10]);
    memory.hurried.as_flattened_mut().fill(0.5);
    memory
}

/// Whatever is odd in the upper quarter of the picture.
fn known_normal(model: &str, calibration: &Option<String>) -> KnownNormal {
    let known = serde_json::json!({
        "given": 1,
        "entries": [{
            "number": 1,
            "event": "a",
            "since_unix_ms": 7,
            "model_sha256": model,
            "calibration_sha256": calibration,
            "causes": ["prediction", "view", "motion"],
            "peak": 12.0,
            "cells": "ffff".repeat(4) + &"0000".repeat(12),
            "motion": [],
        }],
    });
    serde_json::from_value(known).unwrap()
}

/// Allocations of the frames behind the warm-up.
fn count(
    bundle: &Bundle,
    update: UpdatePolicy,
    motion_gate_levels: Option<f32>,
    jpegs: Vec<Vec<u8>>,
) -> u64 {
    let moves = bundle.manifest().name == "walkway-edge";
    let input = bundle.manifest().input;
    let frames = (input.past_span() + WARM_UP + COUNTED) as u64;
    let data = vec![0; 2 * (WIDTH_PX * HEIGHT_PX) as usize];
    let source = Moving { data, jpegs, period_ns: input.period_ns(), next: 0, frames };
    let calibration = bundle.calibration_text().unwrap();
    let mut calibration = calibration.map(|text| Calibration::parse(&text).unwrap());
    let points = vec![[0.0, 0.0], [0.5, 0.0], [0.5, 1.0]];
    let area = Polygon { mode: MaskMode::Include, points };
    let weighting = Weighting::new(vec![WeightedZone { area, weight: 0.5 }], 0);
    let in_force = weighting.in_force().clone();
    let mask = Mask::everything(input.width_px, input.height_px).weighed_by(weighting);
    if let Some(calibration) = &mut calibration {
        calibration.stays = Some(background(input.spec(), &mask));
        calibration.view_ratio = Some(calibration.block_ratio.clone());
        calibration.weights.view = 0.7;
        calibration.motion = Some(calibration.block_ratio.clone());
        calibration.weights.motion = 0.7;
    }
    let pipeline = Pipeline {
        bundle,
        mask: &mask,
        scoring: &Scoring::new(calibration, bundle),
        update,
        alarm: default_alarm(Levels { enter: 2.0, exit: 1.0 }),
        stabilise: true,
        motion_gate_levels,
        slow: SlowViewOptions::default(),
        stale_ms: 1000,
        log_lines: true,
    };
    let (_, outputs) = SimulatedLines::new(Pattern::Steady);
    let log = EventLog::new(None::<JsonLines<Vec<u8>>>);
    let mut monitor = pipeline.monitor(outputs, log, 0);
    let known = InForce::default();
    let calibration = pipeline.scoring.calibration_sha256();
    let model = bundle.model_sha256().to_owned();
    known.put(Quiet::of(known_normal(&model, &calibration), &model, calibration.as_deref()));
    monitor.keep_quiet(known);
    let mut intake = Intake::new(Box::new(source), pipeline.intake());
    let pool = pipeline.slots();
    let (mut judged, mut moved) = (0, false);
    let (mut warm, mut last) = (0, 0);
    let result = replay_clip(&mut intake, &mut monitor, &pool, |step, _, _, _| {
        judged += 1;
        in_force.set(judged as u64 % 2);
        let motion = step.score.and_then(|score| score.motion);
        moved |= motion.is_some_and(|motion| motion.hurried > 0.0);
        last = ALLOCATIONS.load(Ordering::Relaxed);
        if judged == WARM_UP {
            warm = last;
        }
        Ok::<_, PlayError>(())
    });
    assert!(result.unwrap().judged as usize >= WARM_UP + COUNTED);
    assert!(moved || !moves, "the motion term had something to do");
    last - warm
}

#[test]
fn a_warm_frame_allocates_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in [
        "models/walkway-edge",
        "tests/fixtures/reference/tiny-paper",
        "tests/fixtures/int8/tiny-paper",
        "tests/fixtures/int8/tiny-nearest",
        "tests/fixtures/reference/tiny-change",
        "tests/fixtures/int8/tiny-change",
    ] {
        for threads in [1, 2] {
            let options = NetworkOptions { threads, ..NetworkOptions::default() };
            let bundle = Bundle::load_with(&root.join(path), options).unwrap();
            assert!(bundle.predictor().engine().is_ok(), "{path} runs on kernels");
            let view = view(bundle.manifest().input.spec());
            let bundle = bundle.with_view(view).with_motion(motion());
            let gated =
                UpdatePolicy::Gated { normaliser: Normaliser::Released, gate_threshold: 1e9 };
            let still = (UpdatePolicy::Frozen, Some(200.0));
            for (update, gate) in [(UpdatePolicy::Frozen, None), (gated, None), still] {
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                for jpegs in [Vec::new(), jpegs()] {
                    let what =
                        format!("{path}, {threads} threads, {update:?}, {gate:?}, {}", jpegs.len());
                    let allocations = count(&bundle, update, gate, jpegs);
                    assert!(ALLOCATIONS.load(Ordering::Relaxed) > before, "nothing is counted");
                    assert_eq!(allocations, 0, "{what}");
                }
            }
        }
    }
}
