//! Whole trainings of a tiny network on generated footage.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use super::Observer;
use crate::run::{ArrayFile, BEST, Checkpoint, LAST, Schedule};
use crate::train::TrainArgs;
use crate::train::command::prepare;
use crate::train::plan::Plan;
use crate::train::report::EpochReport;
use crate::train::state::Progress;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    train: TrainArgs,
}

fn args(footage: &Path, out: &Path, more: &[&str]) -> TrainArgs {
    let mut words = vec!["train", "--footage", footage.to_str().unwrap()];
    words.extend(["--out", out.to_str().unwrap(), "--preset", "nano", "--base-width", "1"]);
    words.extend(["--width-px", "16", "--height-px", "16", "--batch", "5", "--items", "3"]);
    words.extend(more);
    Cli::try_parse_from(words).unwrap().train
}

/// `count` grey PNG frames of a bright square that wanders over a ramp.
fn clip(folder: &Path, count: usize, size: u32) {
    fs::create_dir_all(folder).unwrap();
    for index in 0..count {
        let mut pixels = Vec::new();
        for y in 0..size {
            for x in 0..size {
                let inside = x.abs_diff((index as u32 * 2) % size) < 3 && y.abs_diff(8) < 3;
                pixels.push(if inside { 230 } else { (5 * x + 3 * y) as u8 });
            }
        }
        png(&folder.join(format!("{index:03}.png")), size, &pixels);
    }
}

fn png(path: &Path, size: u32, pixels: &[u8]) {
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), size, size);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

/// Ends the training after so many steps, like a kill: nothing is stored that
/// was not stored before.
struct Watch {
    left: usize,
    epochs: Vec<EpochReport>,
}

impl Observer for Watch {
    fn step(&mut self, _: &Progress) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        self.epochs.push(report.clone());
        Ok(())
    }
}

fn train(args: &TrainArgs) -> Vec<EpochReport> {
    let mut watch = Watch { left: usize::MAX, epochs: Vec::new() };
    assert!(prepare(args, std::time::Instant::now()).unwrap().run(&mut watch).unwrap());
    watch.epochs
}

fn refusal(args: &TrainArgs) -> String {
    format!("{:#}", prepare(args, std::time::Instant::now()).err().expect("it was accepted"))
}

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn footage(&self) -> PathBuf {
        let footage = self.path("footage");
        clip(&footage.join("1"), 20, 20);
        clip(&footage.join("2"), 14, 20);
        footage
    }
}

#[test]
fn loss_falls_and_the_checkpoint_is_readable() {
    let scratch = Scratch::new();
    let out = scratch.path("run");
    let more = ["--epochs", "12", "--learning-rate", "0.01", "--predicts", "frame"];
    let reports = train(&args(&scratch.footage(), &out, &more));
    assert_eq!(reports.len(), 12);
    assert!(reports[11].pixel < 0.5 * reports[0].pixel, "{reports:?}");
    let checkpoint = Checkpoint::load(&out).unwrap();
    let best = reports.iter().rfind(|report| report.best).unwrap();
    assert_eq!(checkpoint.validation, Some(best.held_out));
    let footage = checkpoint.run.footage.unwrap();
    assert_eq!((footage.clips, footage.frames, footage.skipped_frames), (2, 34, 0));
    assert_eq!(footage.held_out, ["1, last 5 frames", "2, last 5 frames"]);
}

#[test]
fn a_change_is_learnt_from_the_last_frame_on() {
    let scratch = Scratch::new();
    let more = ["--epochs", "12", "--learning-rate", "0.01", "--predicts", "change"];
    let reports = train(&args(&scratch.footage(), &scratch.path("run"), &more));
    let share =
        |report: &EpochReport| report.held_out.pixel / report.held_out.last_frame_pixel.unwrap();
    assert!(share(&reports[0]) < 1.1 && share(&reports[11]) < 0.8, "{reports:?}");
}

#[test]
fn a_killed_training_resumes_to_the_same_weights() {
    let scratch = Scratch::new();
    let footage = scratch.footage();
    let more = ["--epochs", "3", "--flip", "--light-changes", "0.1", "--pseudo-anomalies", "0.5"];
    let more = [&more[..], &["--held-out", "0.4", "--skip-frames", "0.4"]].concat();
    let (whole, broken) = (scratch.path("whole"), scratch.path("broken"));
    let reports = train(&args(&footage, &whole, &more));
    for kills in [1, 3, 2] {
        let mut session =
            prepare(&args(&footage, &broken, &more), std::time::Instant::now()).unwrap();
        session.checkpoint_every = Duration::ZERO;
        session.run(&mut Watch { left: kills, epochs: Vec::new() }).unwrap();
        // Steps after the last checkpoint are lost with the process.
        session.checkpoint_every = Duration::from_secs(3600);
        let stored = fs::read(broken.join(LAST)).unwrap();
        session.run(&mut Watch { left: 1, epochs: Vec::new() }).unwrap();
        fs::write(broken.join(LAST), stored).unwrap();
    }
    let resumed = train(&args(&footage, &broken, &more));
    let last = |reports: &[EpochReport]| {
        let last = reports.last().unwrap();
        (last.pixel, last.compact, last.separate, last.contrast, last.held_out)
    };
    assert_eq!(last(&reports), last(&resumed));
    let arrays = |run: &Path, file| ArrayFile::read(&run.join(file)).unwrap().arrays;
    assert_eq!(arrays(&whole, LAST), arrays(&broken, LAST));
    assert_eq!(arrays(&whole, BEST), arrays(&broken, BEST));
}

#[test]
fn another_training_does_not_go_on_in_the_same_run() {
    let scratch = Scratch::new();
    let (footage, out) = (scratch.footage(), scratch.path("run"));
    prepare(&args(&footage, &out, &["--epochs", "1"]), std::time::Instant::now()).unwrap();
    let error = refusal(&args(&footage, &out, &["--epochs", "2", "--seed", "7"]));
    assert!(error.contains("training.epochs was 1, not 2"), "{error}");
    assert!(error.contains("training.seed was 1, not 7"), "{error}");
    clip(&footage.join("3"), 9, 20);
    let error = refusal(&args(&footage, &out, &["--epochs", "1"]));
    assert!(error.contains("footage.frames was 34, not 43"), "{error}");
    let error = refusal(&args(&footage, &footage, &["--epochs", "1"]));
    assert!(error.contains("neither empty nor a RUN"), "{error}");
}

#[test]
fn a_corrupt_image_is_skipped_counted_and_splits_the_clip() {
    let scratch = Scratch::new();
    let footage = scratch.footage();
    fs::write(footage.join("1/004.png"), b"no image").unwrap();
    let session =
        prepare(&args(&footage, &scratch.path("run"), &[]), std::time::Instant::now()).unwrap();
    assert_eq!(session.run.footage.as_ref().unwrap().skipped_frames, 1);
    // 20 frames less the corrupt one and 5 held out fall into 4 and 10, of
    // which only the latter holds windows of 5; the other clip has 9.
    assert_eq!(session.samples.len(), 6 + 5);
}

#[test]
fn bad_footage_is_refused_by_name() {
    let scratch = Scratch::new();
    let out = scratch.path("run");
    let missing = refusal(&args(&scratch.path("nothing"), &out, &[]));
    assert!(missing.contains("nothing"), "{missing}");

    let short = scratch.path("short");
    clip(&short, 8, 20);
    let error = refusal(&args(&short, &out, &[]));
    assert!(error.contains("too short: its 8 frames"), "{error}");

    let mixed = scratch.path("mixed");
    clip(&mixed.join("1"), 20, 20);
    clip(&mixed.join("2"), 20, 24);
    let error = refusal(&args(&mixed, &out, &[]));
    assert!(error.contains("20x20 to 24x24") && error.contains("mixed/2"), "{error}");

    let still = scratch.path("still");
    fs::create_dir(&still).unwrap();
    (0..40).for_each(|i| png(&still.join(format!("{i}.png")), 20, &[7; 400]));
    let error = refusal(&args(&still, &out, &[]));
    assert!(error.contains("all 40 frames are equal"), "{error}");
    assert!(!out.exists(), "a refused training leaves nothing behind");
}

#[test]
fn a_recording_brings_its_rate() {
    let scratch = Scratch::new();
    let footage = scratch.footage();
    fs::write(footage.join("recording.toml"), "fps = 5\n").unwrap();
    let out = scratch.path("run");
    assert_eq!(args(&footage, &out, &[]).network().unwrap().input.fps, 5.0);
    let error = args(&footage, &out, &["--fps", "10"]).network().unwrap_err().to_string();
    assert!(error.contains("recorded at 5 frames a second, not 10"), "{error}");
}

#[test]
fn a_plan_made_by_time_is_kept_when_going_on() {
    let scratch = Scratch::new();
    let (footage, out) = (scratch.footage(), scratch.path("run"));
    let args = args(&footage, &out, &["--minutes", "0.5"]);
    let session = prepare(&args, std::time::Instant::now()).unwrap();
    let planned = |plan: &Plan| (plan.epochs, plan.steps_per_epoch);
    assert!(session.plan.steps() > 100, "{:?}", session.plan);
    let record = session.run.training.as_ref().unwrap();
    assert_eq!(record.epochs * record.steps_per_epoch, session.plan.steps());
    // Another speed would have given another plan.
    let late = std::time::Instant::now() - Duration::from_secs(20);
    assert_eq!(planned(&prepare(&args, late).unwrap().plan), planned(&session.plan));
}

#[test]
fn time_that_is_used_stays_used_when_going_on() {
    let scratch = Scratch::new();
    let (footage, out) = (scratch.footage(), scratch.path("run"));
    let args = args(&footage, &out, &["--minutes", "60"]);
    let mut session = prepare(&args, std::time::Instant::now()).unwrap();
    let stored = session.run.training.clone().unwrap();
    assert_eq!((stored.minutes, stored.schedule), (Some(60.0), Schedule::CosineByTime));
    session.run(&mut Watch { left: 1, epochs: Vec::new() }).unwrap();
    let mut session = prepare(&args, std::time::Instant::now()).unwrap();
    assert!(session.progress.seconds > 0.0 && session.progress.step == 1);
    // An hour has gone by but for a moment.
    session.progress.seconds = 3599.9;
    let mut watch = Watch { left: usize::MAX, epochs: Vec::new() };
    assert!(session.run(&mut watch).unwrap());
    let [report] = &watch.epochs[..] else { panic!("{:?}", watch.epochs) };
    assert!(report.pixel.is_finite() && report.best);
    // All is done: the same command trains no more.
    assert!(train(&args).is_empty());
}

#[test]
fn a_student_learns_from_its_teacher_too() {
    let scratch = Scratch::new();
    let (footage, teacher) = (scratch.footage(), scratch.path("teacher"));
    train(&args(&footage, &teacher, &["--epochs", "1"]));
    let taught = ["--epochs", "1", "--teacher", teacher.to_str().unwrap()];
    let taught = train(&args(&footage, &scratch.path("taught"), &taught));
    let alone = train(&args(&footage, &scratch.path("alone"), &["--epochs", "1"]));
    assert_ne!(taught[0].held_out, alone[0].held_out);
    let other = ["--teacher", teacher.to_str().unwrap(), "--frames", "3"];
    let error = refusal(&args(&footage, &scratch.path("other"), &other));
    assert!(error.contains("takes other frames"), "{error}");
}

#[test]
fn both_published_trainings_run() {
    let scratch = Scratch::new();
    let footage = scratch.footage();
    for (preset, frames, auxiliary) in [("paper", 4, 0.1), ("paper-recon", 1, 0.01)] {
        let out = scratch.path(preset);
        let size = ["--width-px", "16", "--height-px", "16", "--base-width", "1"];
        let mut words = vec!["train", "--footage", footage.to_str().unwrap()];
        words.extend(["--out", out.to_str().unwrap(), "--preset", preset, "--epochs", "1"]);
        words.extend(size);
        let reports = train(&Cli::try_parse_from(words).unwrap().train);
        assert_eq!(reports[0].held_out.last_frame_pixel.is_some(), preset == "paper");
        let checkpoint = Checkpoint::load(&out).unwrap();
        let training = checkpoint.run.training.unwrap();
        assert_eq!(
            (training.batch, training.learning_rate, training.compact),
            (4, 2e-4, auxiliary)
        );
        assert_eq!(checkpoint.network.input.frames, frames);
        // Published items are those of the last batch, not settled ones.
        let last = ArrayFile::read(&out.join(LAST)).unwrap();
        assert_eq!(last.arrays.get(crate::run::ITEMS).unwrap(), &checkpoint.items);
    }
}

#[test]
fn spaced_frames_go_from_training_through_the_bundle_to_the_runtime() {
    let scratch = Scratch::new();
    let (footage, run) = (scratch.footage(), scratch.path("run"));
    let spaced =
        ["--epochs", "12", "--learning-rate", "0.01", "--frames", "2", "--frame-spacing", "3"];
    let session = prepare(&args(&footage, &run, &spaced), std::time::Instant::now()).unwrap();
    let samples = &session.samples;
    assert_eq!(samples.shape().span, 7);
    let (window, len) = (samples.window(0), samples.shape().frame_len());
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    samples.shape().split(window, &mut inputs, &mut targets);
    assert_eq!(inputs, [&window[..len], &window[3 * len..4 * len]].concat());
    assert_eq!(targets, window[6 * len..]);

    train(&args(&footage, &run, &spaced));
    let (bundle, long) = (scratch.path("bundle"), crate::fixture::footage(260, 20));
    let [run, out, clip] =
        [&run, &bundle, &long.path().join("clip")].map(|path| path.to_str().unwrap().to_owned());
    crate::fixture::command(&["export", &run, "--out", &out]).unwrap();
    let manifest = fs::read_to_string(bundle.join("manifest.toml")).unwrap();
    assert!(manifest.contains("frame_spacing = 3"), "{manifest}");
    crate::fixture::command(&["calibrate", "--bundle", &out, "--frames", &clip]).unwrap();
    crate::fixture::command(&["verify", &out, "--footage", &clip]).unwrap();
    let error = args(&footage, &bundle, &["--frames", "4", "--frame-spacing", "4"]);
    let error = error.network().unwrap_err().to_string();
    assert!(error.contains("times their spacing"), "{error}");
}
