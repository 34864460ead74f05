//! The whole command on a tiny data set and a tiny bundle.

use super::dataset::Dataset;
use super::floors::FloorSetup;
use super::run::evaluate;
use super::*;
use normwatch::preprocess::{Channels, InputSpec, Resize};
use normwatch::score::BlockRule;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SIDE_PX: usize = 32;
const TEST_FRAMES: usize = 60;

/// A drifting square; where it is odd, a big one that jumps about.
struct Picture {
    x: usize,
    y: usize,
    radius: usize,
}

impl Picture {
    fn new(frame: usize, seed: usize, odd: bool) -> Self {
        let step = seed * 5 + if odd { frame * 13 } else { frame };
        let y = (SIDE_PX / 2 + step / 3) % SIDE_PX;
        Self { x: step % SIDE_PX, y, radius: if odd { 9 } else { 4 } }
    }

    fn holds(&self, i: usize) -> bool {
        (i % SIDE_PX).abs_diff(self.x) <= self.radius
            && (i / SIDE_PX).abs_diff(self.y) <= self.radius
    }

    fn pixels(&self, phase: usize) -> Vec<u8> {
        let ground = |i: usize| 60 + (i % SIDE_PX * 3 + i / SIDE_PX * 5 + phase) % 23;
        let pixel = |i| if self.holds(i) { 220 } else { ground(i) as u8 };
        (0..SIDE_PX * SIDE_PX).map(pixel).collect()
    }

    fn mask(&self) -> Vec<u8> {
        (0..SIDE_PX * SIDE_PX).map(|i| if self.holds(i) { 255 } else { 0 }).collect()
    }
}

fn write_png(path: &Path, pixels: &[u8]) {
    let file = fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, SIDE_PX as u32, SIDE_PX as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

/// Four training clips; the test clip `a` turns odd after thirty frames, `b`
/// stays normal and has no masks.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        for seed in 0..4 {
            bench.clip(&format!("training/frames/{seed:02}"), 70, seed, usize::MAX);
        }
        bench.clip("testing/frames/a", TEST_FRAMES, 9, 30);
        bench.clip("testing/frames/b", TEST_FRAMES, 10, usize::MAX);
        fs::create_dir_all(bench.path("testing/masks/a")).unwrap();
        for frame in 0..TEST_FRAMES {
            let mask = if frame < 30 {
                vec![0; SIDE_PX * SIDE_PX]
            } else {
                Picture::new(frame, 9, true).mask()
            };
            write_png(&bench.path(&format!("testing/masks/a/{frame:03}.png")), &mask);
        }
        let odd: Vec<u8> = (0..TEST_FRAMES).map(|frame| u8::from(frame >= 30)).collect();
        bench.labels(&serde_json::json!({"a": odd, "b": vec![0; TEST_FRAMES]}).to_string());
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn clip(&self, name: &str, frames: usize, seed: usize, odd_from: usize) {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        for frame in 0..frames {
            let picture = Picture::new(frame, seed, frame >= odd_from);
            let pixels = picture.pixels(seed + frame * 7 % 5);
            write_png(&folder.join(format!("{frame:03}.png")), &pixels);
        }
    }

    fn labels(&self, text: &str) {
        fs::write(self.path("testing/labels.json"), text).unwrap();
    }

    fn args(&self) -> EvalArgs {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/reference");
        EvalArgs {
            bundles: vec![fixtures.join("tiny-paper")],
            dataset: self.0.path().to_path_buf(),
            protocol: Protocol::Both,
            update: MemoryUpdate::Frozen,
            lambda: None,
            alarms_per_day: 1000.0,
            calibration: CalibrateOn::Training,
            no_stabilise: false,
            motion_gate: None,
            perturb: Vec::new(),
            seed: 1,
            fps: None,
            json: false,
            report: None,
            html: None,
            jobs: 2,
        }
    }

    fn error(&self) -> String {
        format!("{:#}", evaluate(&self.args()).unwrap_err())
    }
}

#[test]
fn every_figure_is_there_and_none_depends_on_the_threads() {
    let bench = Bench::new();
    let mut args = bench.args();
    args.bundles.push(args.bundles[0].with_file_name("tiny-nearest"));
    args.perturb = vec!["light=-30%".parse().unwrap(), "noise=8".parse().unwrap()];
    args.html = Some(bench.path("report/eval.html"));
    let two = evaluate(&args).unwrap();
    let one = evaluate(&EvalArgs { jobs: 1, ..args.clone() }).unwrap();
    let json = |results| serde_json::to_value(results).unwrap();
    assert_eq!(json(&one), json(&two));

    let first = &two.bundles[0];
    assert_eq!((first.frames, first.abnormal), (2 * (TEST_FRAMES - 4), 30));
    let deployed = first.deployed.as_ref().unwrap();
    for ranking in [deployed.psnr, deployed.block, deployed.distance, deployed.score] {
        assert!((0.0..=1.0).contains(&ranking.auc.unwrap()));
        assert!((0.0..=1.0).contains(&ranking.average_precision.unwrap()));
    }
    assert!(deployed.block.auc.unwrap() > 0.9, "{:?}", deployed.block);
    assert!(deployed.pixel_auroc.unwrap() > 0.5);
    assert_eq!(deployed.alarms.events.len(), 1);
    assert_eq!(deployed.alarms.normal_h, 90.0 / 10.0 / 3600.0);
    assert_eq!(deployed.alarms.quiet.stretches, 2);
    let sizes: Vec<_> = two.floors.iter().map(|f| (f.predictor, f.width_px)).collect();
    let expected = [("last frame", 32), ("mean background", 32)];
    assert_eq!(sizes[..2], expected);
    assert_eq!(sizes[2..], expected.map(|(name, _)| (name, 256)));
    let last = two.floors[0].psnr.auc.unwrap();
    assert!(last > 0.9, "a jumping square is far from its last frame: {last}");
    assert_eq!(first.perturbed.len(), 2);
    assert!(first.perturbed[0].auc_loss.is_some() && first.perturbed[0].floor.is_some());

    let text = table::render(&two);
    for word in ["tiny-paper f32", "tiny-nearest f32", "worst block", "last frame at 32×32"] {
        assert!(text.contains(word), "{word} is not in:\n{text}");
    }
    let page = fs::read_to_string(bench.path("report/eval.html")).unwrap();
    for word in ["ROC, causal", "light -30 %", "lowest score of an abnormal", "data:image/jpeg"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn floors_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let write = |clip: &str, values: &[u8]| {
        let folder = dir.path().join(clip);
        fs::create_dir_all(&folder).unwrap();
        for (frame, &value) in values.iter().enumerate() {
            write_png(&folder.join(format!("{frame}.png")), &[value; SIDE_PX * SIDE_PX]);
        }
    };
    write("training/frames/0", &[90, 110, 100]);
    write("testing/frames/0", &[100, 100, 100, 100, 104, 104, 130, 132, 90]);
    let labels = "{\"0\": [0, 0, 0, 0, 0, 0, 1, 1, 1]}";
    fs::write(dir.path().join("testing/labels.json"), labels).unwrap();
    let (channels, resize) = (Channels::Luma, Resize::Bilinear);
    let floors = FloorSetup {
        dataset: &Dataset::open(dir.path(), true).unwrap(),
        spec: InputSpec { width_px: 8, height_px: 8, channels, resize, relight: false },
        rule: BlockRule::plain(4),
        skipped_frames: 4,
        fps: 10.0,
        jobs: 1,
        with_masks: true,
        perturbation: None,
        stabilise: true,
        bar: normwatch_progress::ProgressBar::hidden(),
    };
    // Differences of the scored frames: 4, 0 | 26, 2, 42: 5 of 6 pairs.
    let last = floors.last_frame().unwrap();
    for ranking in [last.paper, last.psnr, last.block] {
        assert_eq!(ranking.auc, Some(5.0 / 6.0));
    }
    assert_eq!(last.pixel_auroc, None, "there are no masks");
    // From the mean, 100: 4, 4 | 30, 32, 10.
    assert_eq!(floors.mean_background().unwrap().psnr.auc, Some(1.0));
}

#[test]
fn a_learning_memory_goes_from_clip_to_clip() {
    let bench = Bench::new();
    let figures = |update| {
        let results = evaluate(&EvalArgs { update, ..bench.args() }).unwrap();
        results.bundles[0].paper.unwrap().combined.auc.unwrap()
    };
    let learning = figures(MemoryUpdate::Released);
    assert_eq!(learning, figures(MemoryUpdate::Released));
    assert!((0.0..=1.0).contains(&figures(MemoryUpdate::Frozen)));
}

#[test]
fn the_papers_protocol_needs_neither_training_nor_masks() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.path("training")).unwrap();
    fs::remove_dir_all(bench.path("testing/masks")).unwrap();
    let error = bench.error();
    assert!(
        error.contains("training footage") && error.contains("--calibration bundle"),
        "{error}"
    );
    let results = evaluate(&EvalArgs { protocol: Protocol::Paper, ..bench.args() }).unwrap();
    assert!(results.bundles[0].paper.is_some() && results.bundles[0].deployed.is_none());
    assert_eq!(results.floors.len(), 2, "no training frames, no mean");
    let error = evaluate(&EvalArgs { calibration: CalibrateOn::Bundle, ..bench.args() });
    assert!(format!("{:#}", error.unwrap_err()).contains("carries no calibration"));
}

#[test]
fn a_data_set_that_does_not_fit_is_named() {
    let bench = Bench::new();
    let has = |words: &[&str]| {
        let error = bench.error();
        for word in words {
            assert!(error.contains(word), "`{word}` is not in: {error}");
        }
    };
    let labels = fs::read_to_string(bench.path("testing/labels.json")).unwrap();
    bench.labels("{\"a\": [0, 1], \"b\": []}");
    has(&["clip `a`", "60 frames", "2 labels"]);
    bench.labels("{\"b\": []}");
    has(&["no clip `a`"]);
    fs::remove_file(bench.path("testing/labels.json")).unwrap();
    has(&["labels.json", "truth"]);
    bench.labels(&labels);

    let mask = bench.path("testing/masks/a/040.png");
    let bytes = fs::read(&mask).unwrap();
    fs::remove_file(&mask).unwrap();
    has(&["clip `a`", "60 frames", "59 masks"]);
    fs::write(&mask, &bytes[..40]).unwrap();
    has(&["040.png"]);
    fs::write(&mask, &bytes).unwrap();

    let frame = bench.path("testing/frames/b/020.png");
    fs::write(&frame, b"\x89PNG cut short").unwrap();
    has(&["clip `b`", "020.png", "every frame"]);
    fs::remove_dir_all(bench.path("testing/masks/a")).unwrap();
    fs::create_dir_all(bench.path("testing/masks/zz")).unwrap();
    has(&["clip `a`", "no masks"]);
    fs::remove_dir_all(bench.path("testing")).unwrap();
    has(&["testing/frames"]);
}

#[test]
fn senseless_arguments_are_refused() {
    let bench = Bench::new();
    let refused = |change: fn(&mut EvalArgs)| {
        let mut args = bench.args();
        change(&mut args);
        evaluate(&args).unwrap_err().to_string()
    };
    assert!(refused(|args| args.alarms_per_day = 0.0).contains("--alarms-per-day"));
    assert!(refused(|args| args.lambda = Some(1.5)).contains("--lambda"));
    let perturbed = refused(|args| {
        args.protocol = Protocol::Paper;
        args.perturb = vec!["standard".parse().unwrap()];
    });
    assert!(perturbed.contains("--perturb"));
}
