//! The whole command on tiny scenes, good ones and bad ones.

mod odd;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use normwatch::model::Bundle;
use normwatch::runtime::Shutdown;
use tempfile::TempDir;

use super::rate::RateSource;
use super::results::{Results, SceneResult};
use super::run::judge_all;
use super::*;
use crate::fixture;

/// A network that learns next to nothing, in a moment.
const TINY: [&str; 12] = [
    "--base-width",
    "1",
    "--width-px",
    "16",
    "--height-px",
    "16",
    "--items",
    "3",
    "--batch",
    "5",
    "--epochs",
    "1",
];

/// What a generated clip shows.
#[derive(Clone, Copy)]
struct Footage {
    frames: usize,
    size_px: (usize, usize),
    colour: bool,
    /// A clock in a corner, which changes once a second at 10 fps.
    clock: bool,
    /// From here on something big jumps about.
    odd_from: usize,
    seed: usize,
}

const NORMAL: Footage = Footage {
    frames: 140,
    size_px: (24, 20),
    colour: false,
    clock: false,
    odd_from: usize::MAX,
    seed: 0,
};
const TEST: Footage = Footage { frames: 60, seed: 7, ..NORMAL };

impl Footage {
    fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let (width, height) = self.size_px;
        for frame in 0..self.frames {
            let file = fs::File::create(folder.join(format!("{frame:03}.png"))).unwrap();
            let mut encoder = png::Encoder::new(file, width as u32, height as u32);
            let colour = if self.colour { png::ColorType::Rgb } else { png::ColorType::Grayscale };
            encoder.set_color(colour);
            let pixels = (0..width * height).flat_map(|i| {
                let grey = self.pixel(frame, i % width, i / width);
                let colours = [grey, grey / 2, 255 - grey];
                colours.into_iter().take(if self.colour { 3 } else { 1 })
            });
            let pixels: Vec<u8> = pixels.collect();
            encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        }
    }

    fn pixel(&self, frame: usize, x: usize, y: usize) -> u8 {
        if self.clock && x < 6 && y < 4 {
            return if (frame / 10 + x).is_multiple_of(3) { 255 } else { 0 };
        }
        if frame >= self.odd_from && x.abs_diff(frame * 11 % 24) < 6 && y.abs_diff(9) < 6 {
            return 250;
        }
        let step = frame + self.seed * 5;
        let noise = (x * 7 + y * 13 + step * step) % 9;
        let walker = x.abs_diff(step % 30) < 3 && y.abs_diff(6 + step / 30 % 8) < 3;
        if walker { 200 } else { (60 + 3 * x + 2 * y + noise) as u8 }
    }

    fn labels(&self) -> Vec<u8> {
        (0..self.frames).map(|frame| u8::from(frame >= self.odd_from)).collect()
    }
}

/// A folder of scenes, and one for what comes of them.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn scene(&self, name: &str, training: &[Footage], testing: &[Footage]) {
        let scene = self.path("data").join(name);
        let mut labels = serde_json::Map::new();
        for (part, clips) in [("training", training), ("testing", testing)] {
            for (index, clip) in clips.iter().enumerate() {
                let clip_name = format!("{:02}", index + 1);
                clip.write(&scene.join(part).join("frames").join(&clip_name));
                if part == "testing" {
                    labels.insert(clip_name, clip.labels().into());
                }
            }
        }
        fs::write(scene.join("testing/labels.json"), serde_json::to_string(&labels).unwrap())
            .unwrap();
    }

    fn args(&self, more: &[&str], train: &[&str]) -> ScenesArgs {
        #[derive(Parser)]
        struct Cli {
            #[command(flatten)]
            args: ScenesArgs,
        }
        let (data, out) = (self.path("data"), self.path("out"));
        let mut words = vec!["scenes", "--data", data.to_str().unwrap()];
        words.extend(["--out", out.to_str().unwrap()]);
        if !more.contains(&"--precision") {
            words.extend(["--precision", "f32"]);
        }
        words.extend(more);
        words.push("--");
        words.extend(train);
        Cli::try_parse_from(words).unwrap().args
    }

    fn judged(&self, more: &[&str]) -> Results {
        judge_all(&self.args(more, &TINY), &Shutdown::new()).unwrap().0
    }
}

/// The one scene that was judged.
fn only(results: &Results) -> &SceneResult {
    assert!(results.not_judged.is_empty(), "{:?}", results.not_judged);
    let [scene] = &results.scenes[..] else { panic!("{:?}", results.scenes) };
    scene
}

fn why<'a>(results: &'a Results, scene: &str) -> &'a str {
    &results.not_judged.iter().find(|lost| lost.scene == scene).expect("it was judged").why
}

#[test]
fn every_scene_is_trained_judged_and_pooled() {
    let bench = Bench::new();
    let odd = Footage { odd_from: 35, ..TEST };
    bench.scene("road", &[NORMAL], &[odd, TEST]);
    fs::write(bench.path("data/road/recording.toml"), "fps = 5\n").unwrap();
    bench.scene("yard", &[NORMAL], &[Footage { frames: 80, ..TEST }]);
    let (data, out) = (bench.path("data"), bench.path("out"));
    let words = ["scenes", "--data", fixture::text(&data), "--out", fixture::text(&out), "--"];
    fixture::command(&[&words[..], &TINY].concat()).unwrap();

    let text = fs::read_to_string(out.join("scenes.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let [road, yard] = &json["scenes"].as_array().unwrap()[..] else { panic!("{text}") };
    assert_eq!((road["fps"].as_f64(), yard["fps"].as_f64()), (Some(5.0), Some(10.0)));
    // A third of 140 frames, less the four that have no score.
    assert_eq!(
        (road["training_frames"].as_u64(), road["calibration_frames"].as_u64()),
        (Some(93), Some(43))
    );
    assert_eq!(
        (road["test_frames"].as_u64(), road["abnormal_frames"].as_u64()),
        (Some(112), Some(25))
    );
    assert!(road["score"]["auc"].is_number() && yard["score"]["auc"].is_null());
    assert_eq!(road["floors"].as_array().unwrap().len(), 2);
    assert!(yard["floors"].as_array().unwrap().is_empty());
    assert!(road["held_out"]["share"].as_f64().unwrap() > 0.0);
    let pooled = json["pooled"].as_array().unwrap();
    let budgets: Vec<f64> = pooled.iter().map(|p| p["alarms_per_day"].as_f64().unwrap()).collect();
    assert_eq!(budgets, [240.0, 24.0, 1.0]);
    // 35 + 60 frames at 5 and 80 frames at 10 a second, with ten alarms an hour.
    let normal_h = (95.0 / 5.0 + 80.0 / 10.0) / 3600.0;
    assert!((pooled[0]["normal_h"].as_f64().unwrap() - normal_h).abs() < 1e-12);
    assert!((pooled[0]["expected"].as_f64().unwrap() - 10.0 * normal_h).abs() < 1e-12);
    assert_eq!(pooled[0]["events"].as_u64(), Some(1));

    let page = fs::read_to_string(out.join("scenes.html")).unwrap();
    for word in ["road", "yard", "All scenes pooled", "above floors", "2 of 2 scenes were judged"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(fs::read_to_string(out.join("road/eval.html")).unwrap().contains("ROC, causal"));
    let bundle = Bundle::load(&out.join("road/int8")).unwrap();
    assert_eq!(
        (bundle.manifest().input.fps, bundle.manifest().precision.to_string()),
        (5.0, "int8".into())
    );

    // The bundles are judged again, without anything that they came from.
    for scene in ["road", "yard"] {
        fs::remove_file(out.join(scene).join("run/last.safetensors")).unwrap();
    }
    fixture::command(&[&words[..5], &["--skip-training", "--json", "--"], &TINY].concat()).unwrap();
    assert_eq!(fs::read_to_string(out.join("scenes.json")).unwrap(), text);
}

#[test]
fn where_integers_were_refused_floats_are_judged_and_the_table_says_so() {
    let bench = Bench::new();
    bench.scene("yard", &[NORMAL], &[TEST]);
    bench.judged(&[]);
    let out = bench.path("out/yard");
    fs::write(out.join("int8-refused.txt"), "out of tolerance").unwrap();
    let results = bench.judged(&["--precision", "int8", "--skip-training"]);
    let yard = only(&results);
    assert_eq!(yard.bundle, out.join("f32"));
    let note = "judged in f32; int8 was refused: out of tolerance";
    assert!(yard.notes.iter().any(|line| line == note), "{:?}", yard.notes);
}

#[test]
fn a_stopped_command_goes_on_to_the_same_figures() {
    let bench = Bench::new();
    bench.scene("yard", &[NORMAL], &[TEST]);
    let stopped = Shutdown::new();
    stopped.request();
    let error = judge_all(&bench.args(&[], &TINY), &stopped).unwrap_err().to_string();
    assert!(error.contains("run the same command to go on"), "{error}");
    let resumed = bench.judged(&[]);
    let whole = bench.path("whole");
    let args = ScenesArgs { out: Some(whole), ..bench.args(&[], &TINY) };
    let (whole, _) = judge_all(&args, &Shutdown::new()).unwrap();
    assert_eq!(only(&resumed).held_out, only(&whole).held_out);
    assert_eq!(only(&resumed).model_sha256, only(&whole).model_sha256);
}

#[test]
fn a_time_for_each_scene_is_kept() {
    let bench = Bench::new();
    bench.scene("yard", &[NORMAL], &[TEST]);
    let train = &TINY[..TINY.len() - 2];
    let args = bench.args(&["--minutes", "0.02"], train);
    let (results, _) = judge_all(&args, &Shutdown::new()).unwrap();
    assert!(only(&results).training.is_some());
    let run = fs::read_to_string(bench.path("out/yard/run/run.toml")).unwrap();
    assert!(run.contains("minutes = 0.02") && run.contains("cosine-by-time"), "{run}");
}

#[test]
fn a_single_scene_and_chosen_ones_can_be_judged() {
    let bench = Bench::new();
    bench.scene("road", &[NORMAL], &[TEST]);
    bench.scene("yard", &[NORMAL], &[TEST]);
    assert_eq!(only(&bench.judged(&["--only", "yard"])).scene, "yard");
    let args = ScenesArgs { data: bench.path("data/road"), ..bench.args(&[], &TINY) };
    assert_eq!(only(&judge_all(&args, &Shutdown::new()).unwrap().0).scene, "road");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_trained() {
    let bench = Bench::new();
    bench.scene("yard", &[NORMAL], &[TEST]);
    let refusal =
        |args: &ScenesArgs| format!("{:#}", judge_all(args, &Shutdown::new()).unwrap_err());
    let unknown = refusal(&bench.args(&["--only", "lawn"], &TINY));
    assert!(unknown.contains("no such scene; there are yard"), "{unknown}");
    let flag = refusal(&bench.args(&[], &["--colour"]));
    assert!(flag.contains("flags of `train`") && flag.contains("--colour"), "{flag}");
    let size = refusal(&bench.args(&[], &["--width-px", "17"]));
    assert!(size.contains("17"), "{size}");
    let time = refusal(&bench.args(&["--minutes", "0"], &[]));
    assert!(time.contains("--minutes"), "{time}");
    fs::create_dir(bench.path("empty")).unwrap();
    let empty = ScenesArgs { data: bench.path("empty"), ..bench.args(&[], &TINY) };
    assert!(refusal(&empty).contains("holds no scene"), "{}", refusal(&empty));
    assert!(!bench.path("out").exists());
    // No training part has enough windows for this batch.
    let big: Vec<&str> = TINY.iter().map(|&word| if word == "5" { "500" } else { word }).collect();
    let (results, _) = judge_all(&bench.args(&[], &big), &Shutdown::new()).unwrap();
    assert!(why(&results, "yard").contains("at least 500 and 1 are needed"));
}
