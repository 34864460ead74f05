//! The motion memory of a bundle: what hurries is told and named, and a memory that does not
//! fit is refused.

use std::fs;

use normwatch::calibrate::Calibration;
use normwatch::model::{Bundle, MOTION_WIDTH, MotionMemory};

use crate::common::{Bench, SIDE_PX, json, stderr, write_png};
use crate::usual_view::put;

/// Takes what changes much since the frame before as hurried, and what changes little as
/// usual.
fn memory() -> MotionMemory {
    let mut memory = MotionMemory { limit: 0.001, ..MotionMemory::default() };
    (memory.spread, memory.speeds) = ([1.0; 9], [2.5; 10]);
    (memory.first.weights[0][0], memory.first.biases[0]) = (1.0, 4.9);
    memory.second.weights[0][0] = 1.0;
    memory.hurried.iter_mut().for_each(|item| item[0] = 1.5);
    assert_eq!(memory.usual, [[0.0; MOTION_WIDTH]; 10]);
    memory
}

/// Writes a clip of flat ground on which something faint drifts; from `odd_from` on a large
/// thing comes and goes.
fn clip(bench: &Bench, name: &str, frames: usize, odd_from: usize) {
    fs::create_dir_all(bench.path(name)).unwrap();
    for frame in 0..frames {
        let (cx, cy) = (frame % SIDE_PX, (SIDE_PX / 2 + frame / 3) % SIDE_PX);
        let pixel = |i: usize| {
            let (x, y) = (i % SIDE_PX, i / SIDE_PX);
            let odd = frame >= odd_from && frame.is_multiple_of(2) && x >= 12 && y >= 12;
            let faint = x.abs_diff(cx) <= 3 && y.abs_diff(cy) <= 3;
            80 + (frame * 7 % 3) as u8 + 25 * u8::from(faint) + 120 * u8::from(odd)
        };
        let pixels: Vec<u8> = (0..SIDE_PX * SIDE_PX).map(pixel).collect();
        write_png(&bench.path(name).join(format!("{frame:04}.png")), &pixels, SIDE_PX);
    }
}

fn calibrate(bench: &Bench, flags: &[&str]) -> Calibration {
    let args = ["calibrate", "--bundle", "bundle", "--frames", "calm"];
    let out = bench.run(&[&args[..], flags].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    Calibration::parse(&bench.calibration()).unwrap()
}

/// The columns `motion`, `surprise_motion` and `score` of a replay.
fn told(bench: &Bench, clip: &str) -> Vec<[f32; 3]> {
    let args = ["replay", "--bundle", "bundle", "--frames", clip, "--out", "out"];
    let out = bench.run(&args);
    assert!(out.status.success(), "{}", stderr(&out));
    let table = fs::read_to_string(bench.path("out/scores.csv")).unwrap();
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let at = ["motion", "surprise_motion", "score"]
        .map(|name| head.iter().position(|column| *column == name).unwrap());
    rows.map(|row| at.map(|at| row[at].parse().unwrap_or(f32::NAN))).collect()
}

#[test]
fn what_hurries_is_told_and_named() {
    let bench = Bench::new();
    let before = Bundle::load(&bench.path("bundle")).unwrap();
    assert!(before.motion().is_none());
    put(&bench.path("bundle"), "motion.npz", &memory().to_npz());
    let bundle = Bundle::load(&bench.path("bundle")).unwrap();
    assert_eq!(bundle.motion(), Some(&memory()));
    assert_ne!(bundle.model_sha256(), before.model_sha256(), "levels belong to it as well");

    clip(&bench, "calm", 320, usize::MAX);
    clip(&bench, "odd", 60, 20);
    let calibration = calibrate(&bench, &["--weight-motion", "2"]);
    assert_eq!(calibration.weights.motion, 2.0);
    let rows = told(&bench, "odd");
    let [hurried, surprise, score] = rows[rows.len() - 1];
    assert!(hurried > 0.5 && surprise > 2.0, "{hurried} {surprise}");
    assert!((score - 2.0 * surprise).abs() < 1e-2, "{score} {surprise}");
    assert!(rows[..10].iter().all(|row| row[0] < hurried), "{rows:?}");
    let events = fs::read_dir(bench.path("out/events")).unwrap();
    let events = events.map(|event| event.unwrap().path().join("event.json"));
    let mut events = events.map(|event| json(&fs::read(event).unwrap()));
    let event = events.find(|event| event["kind"] == "anomaly").unwrap();
    assert_eq!((&event["peak"]["cause"], &event["peak"]["speed"]), (&"motion".into(), &2.5.into()));
    let reason = event["reason"].as_str().unwrap();
    let named = "moves like nothing seen here, most like normal footage at 2.5 times its speed";
    assert!(reason.contains(named), "{reason}");

    let without = calibrate(&bench, &["--weight-motion", "0"]);
    assert!(without.motion.is_none());
    assert!(told(&bench, "odd").iter().all(|row| row[1] == 0.0));
}

#[test]
fn a_weight_for_a_memory_that_is_not_there_is_refused() {
    let bench = Bench::calibrated();
    let args = ["calibrate", "--bundle", "bundle", "--frames", "normal", "--weight-motion", "1"];
    let out = bench.run(&args);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    assert!(stderr(&out).contains("has no motion memory"), "{}", stderr(&out));
}

#[test]
fn a_damaged_memory_is_refused_by_its_name() {
    let whole = memory().to_npz();
    let mut flat = memory();
    flat.spread[3] = 0.0;
    for (bytes, words) in [
        (flat.to_npz(), "`spread`"),
        (whole[..whole.len() / 2].to_vec(), ""),
        (b"no archive".to_vec(), ""),
    ] {
        let bench = Bench::new();
        put(&bench.path("bundle"), "motion.npz", &bytes);
        let error = Bundle::load(&bench.path("bundle")).unwrap_err().to_string();
        assert!(error.contains("motion.npz") && error.contains(words), "{error}");
    }
    let bench = Bench::new();
    put(&bench.path("bundle"), "motion.npz", &whole);
    let file = bench.path("bundle/motion.npz");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    let error = Bundle::load(&bench.path("bundle")).unwrap_err().to_string();
    assert!(error.contains("motion.npz") && error.contains("is damaged"), "{error}");
    fs::remove_file(&file).unwrap();
    let error = Bundle::load(&bench.path("bundle")).unwrap_err().to_string();
    assert!(error.contains("motion.npz"), "{error}");
}
