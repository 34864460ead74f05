//! Judges one scene's bundle: levels from footage that it never saw, then the
//! test part.

use std::collections::VecDeque;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use normwatch::calibrate::{Calibration, MIN_FRAMES, calibrate_roughly};
use normwatch::doctor::this_machine;
use normwatch::model::{Bundle, MemoryUpdate};
use normwatch::replay::{ClipTrace, Playing, usual_weights};
use normwatch::score::BlockRule;
use normwatch::station::whole_picture;

use super::ScenesArgs;
use super::make::Place;
use super::results::{BUDGETS, HeldOutLoss, SceneResult, TrainingResult};
use super::scene::Scene;
use super::split::{Split, cut};
use crate::eval::bundle::{Played, evaluate_with, uncalibrated};
use crate::eval::dataset::{Dataset, total_frames};
use crate::eval::floors::FloorSetup;
use crate::eval::results::{BundleResult, Floor, Results};
use crate::eval::watch::{Observer, Setup};
use crate::eval::{CalibrateOn, EvalArgs, Protocol, report};
use crate::run::Checkpoint;

/// The least number of scored frames that levels are made from here. They are
/// rough then; a camera's own calibration needs more.
pub const LEAST_FRAMES: usize = 40;

/// The budget whose levels the scene's page shows.
const SHOWN: usize = 1;

/// Measures a scene's bundle. Gives the figures and a page with curves.
///
/// # Errors
/// A bundle that is not there or was refused, footage that cannot be played,
/// or a calibration that cannot be made of it.
pub fn judge(
    args: &ScenesArgs,
    scene: &Scene,
    split: &Split,
    place: &Place,
) -> Result<(SceneResult, String)> {
    let (path, refused) = place.judged(args.precision);
    ensure!(path.is_dir(), "there is no bundle {}: leave out --skip-training", path.display());
    let mut bundle = Bundle::load(&path)?;
    let preset = &bundle.manifest().preset;
    ensure!(
        preset == args.preset.name(),
        "{} is of the preset {preset}, not {}: choose another --out",
        path.display(),
        args.preset.name()
    );
    let rate = bundle.manifest().input.fps;
    ensure!(
        rate == scene.fps,
        "{} is for {rate} frames a second, the scene has {}: choose another --out",
        path.display(),
        scene.fps
    );
    let eval = eval_args(args, scene, &path);
    let (calibration, held_out) = calibrate(&eval, split, &bundle)?;
    let mut notes = scene.notes.clone();
    notes.extend(refused);
    if calibration.footage.frames < MIN_FRAMES {
        notes.push(format!(
            "levels from {} frames are rough; a camera's own need {MIN_FRAMES}",
            calibration.footage.frames
        ));
    } else {
        bundle
            .store_calibration(&calibration.to_toml(), None)
            .map_err(|error| anyhow::anyhow!("{}: {}", error.file.display(), error.what))?;
    }
    let floors = floors(&eval, scene, split, &bundle)?;
    let mut all: Vec<(BundleResult, Played<'_>)> = Vec::new();
    for alarms_per_day in BUDGETS {
        let eval = EvalArgs { alarms_per_day, ..eval.clone() };
        all.push(evaluate_with(&eval, &scene.dataset, &bundle, Some(&calibration))?);
    }
    let alarms =
        all.iter().filter_map(|(result, _)| Some(result.deployed.as_ref()?.alarms.clone()));
    let alarms = alarms.collect();
    let (shown, played) = all.swap_remove(SHOWN);
    let deployed = shown.deployed.clone().context("no calibration, no score")?;
    let best_floor = floors.iter().filter_map(|floor| floor.block.auc).reduce(f64::max);
    let result = SceneResult {
        scene: scene.name.clone(),
        bundle: path,
        model_sha256: shown.model_sha256.clone(),
        fps: scene.fps,
        fps_from: scene.fps_from,
        width_px: scene.pictures.width_px,
        height_px: scene.pictures.height_px,
        grey: scene.pictures.grey,
        training_frames: split.training_frames,
        calibration_frames: calibration.footage.frames,
        test_frames: shown.frames,
        abnormal_frames: shown.abnormal,
        training: training(place),
        held_out,
        score: deployed.score,
        block: deployed.block,
        psnr: deployed.psnr,
        above_floors: deployed.score.auc.zip(best_floor).map(|(score, floor)| score - floor),
        floors: floors.clone(),
        alarms,
        notes,
    };
    let results = Results {
        dataset: scene.dataset.path.clone(),
        memory_update: eval.update.name(),
        calibration: "the last third of the training part, which the network never saw".into(),
        machine: this_machine(),
        floors,
        bundles: vec![shown],
    };
    let page = report::render(&results, &scene.dataset, &bundle, &played)?;
    Ok((result, page))
}

fn eval_args(args: &ScenesArgs, scene: &Scene, bundle: &Path) -> EvalArgs {
    EvalArgs {
        bundles: vec![bundle.to_path_buf()],
        dataset: scene.dataset.path.clone(),
        protocol: Protocol::Deployed,
        update: MemoryUpdate::Frozen,
        lambda: None,
        alarms_per_day: BUDGETS[SHOWN],
        calibration: CalibrateOn::Training,
        perturb: Vec::new(),
        no_stabilise: false,
        motion_gate: None,
        seed: args.seed,
        fps: Some(scene.fps),
        json: true,
        report: None,
        html: None,
        jobs: args.jobs,
    }
}

/// Plays what the network never saw: its calibration, and how well it predicts.
fn calibrate(
    args: &EvalArgs,
    split: &Split,
    bundle: &Bundle,
) -> Result<(Calibration, HeldOutLoss)> {
    let clips = split.calibration_clips()?;
    let bar = normwatch_progress::bar("calibrating", "frames", total_frames(&clips));
    let setup = Setup { bar, ..uncalibrated(args, bundle) };
    // A network that reconstructs is shown the frame itself; the one before is its floor.
    let spacing = bundle.manifest().input.frame_spacing.max(1);
    let played = setup.play(&clips, |_| Ok(Losses::new(spacing)))?;
    setup.bar.finish_and_clear();
    let samples: Vec<_> = played.iter().map(|(trace, _)| ClipTrace::term_samples(trace)).collect();
    let frames = samples.iter().map(Vec::len).sum::<usize>();
    enough(frames)?;
    let rule = (BlockRule::from(bundle.manifest().score), usual_weights(bundle));
    let mask = whole_picture(bundle).identity();
    let calibration = calibrate_roughly(
        &samples,
        bundle.manifest().input.period_ns(),
        rule,
        (bundle.model_sha256(), &mask),
        "the last third of the training part",
    )
    .context("the last third of its training part")?;
    let mut all = Losses::new(spacing);
    played.iter().for_each(|(_, losses)| all.add(losses));
    Ok((calibration, all.result()))
}

/// # Errors
/// Too few scored frames for levels.
fn enough(frames: usize) -> Result<()> {
    ensure!(
        frames >= LEAST_FRAMES,
        "its training part is too short: the last third, which only the calibration sees, gives \
         {frames} scores, and levels need {LEAST_FRAMES}"
    );
    Ok(())
}

/// Whether a scene's parts are long enough for a network that scores no frame
/// before the first `past_span` of a clip have passed.
///
/// # Errors
/// Which part is too short.
pub fn check_length(scene: &Scene, past_span: usize) -> Result<()> {
    let lengths: Vec<usize> =
        scene.dataset.training.iter().map(|clip| clip.len().unwrap_or(0)).collect();
    let left = lengths.iter().zip(cut(&lengths)).map(|(length, taken)| length - taken);
    enough(left.map(|frames| frames.saturating_sub(past_span)).sum())?;
    ensure!(
        scene.dataset.testing.iter().any(|test| test.truth.len() > past_span),
        "its test clips are shorter than the {} frames that one score takes",
        past_span + 1
    );
    Ok(())
}

/// Both predictors that learn nothing, the mean being that of the frames that
/// the network was trained on.
fn floors(args: &EvalArgs, scene: &Scene, split: &Split, bundle: &Bundle) -> Result<Vec<Floor>> {
    if !scene.has_anomalies() {
        return Ok(Vec::new());
    }
    let dataset = Dataset {
        path: scene.dataset.path.clone(),
        training: split.training_clips()?,
        testing: scene.dataset.testing.clone(),
        labels: scene.dataset.labels.clone(),
    };
    FloorSetup::of(args, &dataset, bundle, None).both()
}

fn training(place: &Place) -> Option<TrainingResult> {
    let validation = Checkpoint::load(&place.run()).ok()?.validation?;
    Some(TrainingResult { epoch: validation.epoch, pasted_auc: validation.pasted_auc })
}

/// Squared errors of the network and of the last frame, on the same frames.
struct Losses {
    /// From the newest frame that a network sees to the one that it predicts.
    spacing: usize,
    /// The frames before, newest first.
    past: VecDeque<Vec<u8>>,
    frames: usize,
    network: f64,
    last_frame: f64,
}

impl Losses {
    fn new(spacing: usize) -> Self {
        Self { spacing, past: VecDeque::new(), frames: 0, network: 0.0, last_frame: 0.0 }
    }

    fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.network += other.network;
        self.last_frame += other.last_frame;
    }

    fn result(&self) -> HeldOutLoss {
        let mean = |sum: f64| sum / self.frames.max(1) as f64;
        HeldOutLoss {
            frames: self.frames,
            network: mean(self.network),
            last_frame: mean(self.last_frame),
            share: (self.last_frame > 0.0).then(|| self.network / self.last_frame),
        }
    }
}

impl Observer for Losses {
    fn see(&mut self, playing: &Playing<'_>) -> Result<()> {
        let Some(score) = &playing.step.score else {
            bail!(
                "clip `{}`: the network returned something that is not a number",
                playing.clip.name
            )
        };
        if self.past.len() == self.spacing {
            let newest = self.past.pop_back().expect("one at least");
            let square = |(&a, &b): (&u8, &u8)| (f64::from(a) - f64::from(b)).powi(2);
            let sum: f64 = newest.iter().zip(playing.frame).map(square).sum();
            self.last_frame += sum / (127.5 * 127.5) / newest.len() as f64;
            // Numbers within 0..=1 there, within −1..=1 in a training.
            self.network += 4.0 * score.error.mse;
            self.frames += 1;
        }
        self.past.push_front(playing.frame.to_vec());
        Ok(())
    }
}
