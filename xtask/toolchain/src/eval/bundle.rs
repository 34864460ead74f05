//! One bundle on the data set, by the protocols that were asked for.

use super::calibration::calibration;
use super::dataset::{Dataset, total_frames};
use super::floors::FloorSetup;
use super::perturb::Perturbation;
use super::results::{BundleResult, DeployedResult, PaperResult, PerturbedResult};
use super::watch::{Inspector, Setup};
use super::{EvalArgs, Protocol, measure};
use anyhow::Result;
use normwatch::calibrate::{Budget, BudgetReport, Calibration};
use normwatch::model::Bundle;
use normwatch::replay::{Clip, ClipTrace};
use normwatch::runtime::UpdatePolicy;
use normwatch::runtime::{DEFAULT_MIN_DURATION_MS, NO_LEVELS};
use normwatch_progress::ProgressBar;

/// What the report needs beyond the figures.
pub struct Played<'a> {
    pub traces: Vec<ClipTrace>,
    pub inspectors: Vec<Inspector<'a>>,
    pub budget: Option<BudgetReport>,
}

/// Plays the test clips through one bundle and measures what comes of it.
///
/// # Errors
/// A calibration that cannot be had, or footage that cannot be played.
pub fn evaluate<'a>(
    args: &EvalArgs,
    dataset: &'a Dataset,
    bundle: &Bundle,
) -> Result<(BundleResult, Played<'a>)> {
    let calibration = match args.protocol {
        Protocol::Paper => None,
        _ => Some(calibration(args, dataset, &uncalibrated(args, bundle))?),
    };
    evaluate_with(args, dataset, bundle, calibration.as_ref())
}

/// The same with a calibration that was made already. Without one there are
/// neither deployed scores nor alarms.
///
/// # Errors
/// Footage that cannot be played.
pub fn evaluate_with<'a>(
    args: &EvalArgs,
    dataset: &'a Dataset,
    bundle: &Bundle,
    calibration: Option<&Calibration>,
) -> Result<(BundleResult, Played<'a>)> {
    let (alarms_per_day, min_duration_ms) = (args.alarms_per_day, DEFAULT_MIN_DURATION_MS);
    let budget = Budget { alarms_per_day, min_duration_ms };
    let budget = calibration.map(|calibration| budget.levels(calibration));
    let setup = Setup {
        calibration,
        levels: budget.as_ref().map_or(NO_LEVELS, BudgetReport::levels),
        update: UpdatePolicy::new(args.update, bundle),
        motion_gate_levels: args.motion_gate,
        ..uncalibrated(args, bundle)
    };
    let (traces, inspectors) = play_tests(dataset, &setup, calibration.is_some())?;
    let played = Played { traces, inspectors, budget };
    let mut result = counted(dataset, bundle, &played.traces);
    result.paper = paper(args, dataset, bundle, &played.traces)?;
    if let Some(budget) = &played.budget {
        let plain = measure::deployed(dataset, &played.traces, &played.inspectors, budget)?;
        for &how in args.perturb.iter().flat_map(|choice| &choice.0) {
            result.perturbed.push(perturbed(args, dataset, &setup, (how, budget), &plain)?);
        }
        result.deployed = Some(plain);
    }
    Ok((result, played))
}

/// How clips are played before there are levels: memory frozen, network never
/// at rest.
pub fn uncalibrated<'a>(args: &EvalArgs, bundle: &'a Bundle) -> Setup<'a> {
    Setup {
        bundle,
        calibration: None,
        levels: NO_LEVELS,
        update: UpdatePolicy::Frozen,
        fps: args.fps.unwrap_or(bundle.manifest().input.fps),
        stabilise: !args.no_stabilise,
        motion_gate_levels: None,
        jobs: usize::from(args.jobs),
        perturbation: None,
        bar: ProgressBar::hidden(),
    }
}

fn play_tests<'a>(
    dataset: &'a Dataset,
    setup: &Setup<'_>,
    with_masks: bool,
) -> Result<(Vec<ClipTrace>, Vec<Inspector<'a>>)> {
    let clips: Vec<Clip> = dataset.testing.iter().map(|test| test.clip.clone()).collect();
    let name = &setup.bundle.manifest().name;
    let what = match &setup.perturbation {
        Some((how, _)) => format!("{name}, {how}"),
        None => format!("{name}, test clips"),
    };
    let bar = normwatch_progress::bar(what, "frames", total_frames(&clips));
    let setup = Setup { bar, ..setup.clone() };
    let inspector = |i: usize| Inspector::new(&dataset.testing[i], setup.bundle, with_masks);
    let played = setup.play(&clips, inspector)?.into_iter().unzip();
    setup.bar.finish_and_clear();
    Ok(played)
}

/// What was played, without any figure yet.
fn counted(dataset: &Dataset, bundle: &Bundle, traces: &[ClipTrace]) -> BundleResult {
    let manifest = bundle.manifest();
    let scored = |trace: &ClipTrace| trace.scores.iter().flatten().count();
    let abnormal = dataset.testing.iter().zip(traces).map(|(test, trace)| {
        trace.scores.iter().zip(&test.truth).filter(|(s, a)| s.is_some() && **a).count()
    });
    BundleResult {
        bundle: bundle.path().to_path_buf(),
        name: manifest.name.clone(),
        precision: manifest.precision.to_string(),
        model_sha256: bundle.model_sha256().into(),
        width_px: manifest.input.width_px,
        height_px: manifest.input.height_px,
        frames: traces.iter().map(scored).sum(),
        abnormal: abnormal.sum(),
        rested: traces.iter().map(ClipTrace::rested).sum(),
        paper: None,
        deployed: None,
        perturbed: Vec::new(),
    }
}

fn paper(
    args: &EvalArgs,
    dataset: &Dataset,
    bundle: &Bundle,
    traces: &[ClipTrace],
) -> Result<Option<PaperResult>> {
    let lambda = args.lambda.unwrap_or(bundle.manifest().score.lambda);
    match args.protocol {
        Protocol::Deployed => Ok(None),
        Protocol::Paper | Protocol::Both => measure::paper(dataset, traces, lambda).map(Some),
    }
}

/// The same clips changed on their way, and what that costs beside `plain`.
fn perturbed(
    args: &EvalArgs,
    dataset: &Dataset,
    setup: &Setup<'_>,
    (how, budget): (Perturbation, &BudgetReport),
    plain: &DeployedResult,
) -> Result<PerturbedResult> {
    let setup = Setup { perturbation: Some((how, args.seed)), ..setup.clone() };
    let (traces, inspectors) = play_tests(dataset, &setup, false)?;
    let deployed = measure::deployed(dataset, &traces, &inspectors, budget)?;
    let loss = |plain: Option<f64>, now: Option<f64>| Some(plain? - now?);
    let floor = FloorSetup::of(args, dataset, setup.bundle, Some(how)).last_frame()?;
    Ok(PerturbedResult {
        perturbation: how.to_string(),
        auc_loss: loss(plain.score.auc, deployed.score.auc),
        block_auc_loss: loss(plain.block.auc, deployed.block.auc),
        psnr_auc_loss: loss(plain.psnr.auc, deployed.psnr.auc),
        floor: Some(floor),
        deployed,
    })
}
