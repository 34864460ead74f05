//! The order of an evaluation.

use super::dataset::Dataset;
use super::floors::FloorSetup;
use super::perturb::Perturbation;
use super::results::{BundleResult, Floor, PerturbedResult, Results};
use super::watch::{Inspector, Setup};
use super::{CalibrateOn, EvalArgs, Protocol, Update, measure, report, table};
use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use normwatch::calibrate::{Budget, BudgetReport, Calibration, calibrate};
use normwatch::config::MOTION_GATE_LEVELS;
use normwatch::model::{Bundle, Normaliser};
use normwatch::preprocess::{InputSpec, Resize};
use normwatch::replay::{Clip, ClipTrace, DEFAULT_MIN_DURATION_MS, NO_LEVELS};
use normwatch::runtime::UpdatePolicy;
use normwatch::score::{BlockRule, Mask, Weights};
use std::fs;

/// The size that the literature's figures are for.
const LITERATURE_PX: usize = 256;

/// Of a bundle that carries no calibration: the runtime's default.
const BLOCK_WEIGHT: f32 = 1.0;

/// What the report needs beyond the figures.
pub struct Played<'a> {
    pub traces: Vec<ClipTrace>,
    pub inspectors: Vec<Inspector<'a>>,
    pub budget: Option<BudgetReport>,
}

/// Evaluates, prints, and writes what was asked for.
///
/// # Errors
/// What is wrong with the arguments, a bundle, the data set or a file.
pub fn run(args: EvalArgs) -> Result<()> {
    let results = evaluate(&args)?;
    print!("{}", table::render(&results));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&results)?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

/// All of it but the printing; writes the report if one is asked for.
///
/// # Errors
/// As [`run`].
pub fn evaluate(args: &EvalArgs) -> Result<Results> {
    check(args)?;
    let deployed = args.protocol != Protocol::Paper;
    let needs_training = deployed && args.calibration == CalibrateOn::Training;
    let dataset = Dataset::open(&args.dataset, needs_training)?;
    let bundles: Vec<Bundle> =
        args.bundles.iter().map(|path| Bundle::load(path)).collect::<Result<_, _>>()?;
    let mut floors = Vec::new();
    for bundle in &bundles {
        add_floors(args, &dataset, bundle, &mut floors)?;
    }
    let (mut results, mut first) = (Vec::new(), None);
    for bundle in &bundles {
        let (result, played) = one_bundle(args, &dataset, bundle)?;
        results.push(result);
        first.get_or_insert(played);
    }
    let results = Results {
        dataset: dataset.path.clone(),
        memory_update: match args.update {
            Update::Frozen => "frozen",
            Update::Released => "released",
            Update::Paper => "paper",
        },
        calibration: match (deployed, args.calibration) {
            (false, _) => "none".into(),
            (true, CalibrateOn::Bundle) => "each bundle's own".into(),
            (true, CalibrateOn::Training) => {
                format!("the data set's {} training clips, memory frozen", dataset.training.len())
            }
        },
        machine: machine(),
        floors,
        bundles: results,
    };
    if let (Some(dir), Some(played)) = (&args.out, &first) {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let path = dir.join("report.html");
        let page = report::render(&results, &dataset, &bundles[0], played)?;
        fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("written to {}", path.display());
    }
    Ok(results)
}

fn check(args: &EvalArgs) -> Result<()> {
    ensure!(
        args.alarms_per_day > 0.0 && args.alarms_per_day.is_finite(),
        "{} alarms a day is no budget: give a number above 0",
        args.alarms_per_day
    );
    ensure!(
        args.lambda.is_none_or(|lambda| (0.0..=1.0).contains(&lambda)),
        "--lambda must lie between 0 and 1"
    );
    let gate =
        args.motion_gate.is_none_or(|levels| MOTION_GATE_LEVELS.contains(&f64::from(levels)));
    ensure!(gate, "--motion-gate must be {MOTION_GATE_LEVELS:?} grey levels");
    ensure!(args.fps.is_none_or(|fps| fps > 0.0 && fps <= 1000.0), "--fps must be above 0");
    let needs = args.perturb.is_empty() || args.protocol != Protocol::Paper;
    ensure!(needs, "--perturb belongs to the deployed protocol: give --protocol both");
    Ok(())
}

fn one_bundle<'a>(
    args: &EvalArgs,
    dataset: &'a Dataset,
    bundle: &Bundle,
) -> Result<(BundleResult, Played<'a>)> {
    let manifest = bundle.manifest();
    let mut setup = Setup {
        bundle,
        calibration: None,
        levels: NO_LEVELS,
        update: UpdatePolicy::Frozen,
        fps: args.fps.unwrap_or(manifest.input.fps),
        stabilise: !args.no_stabilise,
        motion_gate_levels: None,
        jobs: usize::from(args.jobs),
        perturbation: None,
        bar: ProgressBar::hidden(),
    };
    let deployed = args.protocol != Protocol::Paper;
    let calibration = if deployed { Some(calibration(args, dataset, &setup)?) } else { None };
    let (alarms_per_day, min_duration_ms) = (args.alarms_per_day, DEFAULT_MIN_DURATION_MS);
    let budget = Budget { alarms_per_day, min_duration_ms };
    let budget = calibration.as_ref().map(|c| budget.levels(c));
    setup.calibration = calibration.as_ref();
    setup.levels = budget.as_ref().map_or(NO_LEVELS, BudgetReport::levels);
    setup.update = update(args.update, bundle);
    setup.motion_gate_levels = args.motion_gate;
    let (traces, inspectors) = play_tests(dataset, &setup, deployed)?;
    let lambda = args.lambda.unwrap_or(manifest.score.lambda);
    let paper = (args.protocol != Protocol::Deployed)
        .then(|| measure::paper(dataset, &traces, lambda))
        .transpose()?;
    let plain = budget
        .as_ref()
        .map(|budget| measure::deployed(dataset, &traces, &inspectors, budget))
        .transpose()?;
    let mut perturbed = Vec::new();
    for &how in args.perturb.iter().flat_map(|choice| &choice.0) {
        let setup = Setup { perturbation: Some((how, args.seed)), ..setup.clone() };
        let (Some(plain), Some(budget)) = (&plain, &budget) else { break };
        let (traces, inspectors) = play_tests(dataset, &setup, false)?;
        let deployed = measure::deployed(dataset, &traces, &inspectors, budget)?;
        let loss = |plain: Option<f64>, now: Option<f64>| Some(plain? - now?);
        perturbed.push(PerturbedResult {
            perturbation: how.to_string(),
            auc_loss: loss(plain.score.auc, deployed.score.auc),
            block_auc_loss: loss(plain.block.auc, deployed.block.auc),
            psnr_auc_loss: loss(plain.psnr.auc, deployed.psnr.auc),
            floor: Some(floor_setup(args, dataset, bundle, Some(how)).last_frame()?),
            deployed,
        });
    }
    let scored = |trace: &ClipTrace| trace.scores.iter().flatten().count();
    let abnormal = dataset.testing.iter().zip(&traces).map(|(test, trace)| {
        trace.scores.iter().zip(&test.truth).filter(|(s, a)| s.is_some() && **a).count()
    });
    let result = BundleResult {
        bundle: bundle.path().to_path_buf(),
        name: manifest.name.clone(),
        precision: manifest.precision.to_string(),
        model_sha256: bundle.model_sha256().into(),
        width_px: manifest.input.width_px,
        height_px: manifest.input.height_px,
        frames: traces.iter().map(scored).sum(),
        abnormal: abnormal.sum(),
        rested: traces.iter().map(ClipTrace::rested).sum(),
        paper,
        deployed: plain,
        perturbed,
    };
    Ok((result, Played { traces, inspectors, budget }))
}

fn play_tests<'a>(
    dataset: &'a Dataset,
    setup: &Setup<'_>,
    with_masks: bool,
) -> Result<(Vec<ClipTrace>, Vec<Inspector<'a>>)> {
    let clips: Vec<Clip> = dataset.testing.iter().map(|test| test.clip.clone()).collect();
    let what = match &setup.perturbation {
        Some((how, _)) => format!("{}, {how}", setup.bundle.manifest().name),
        None => format!("{}, test clips", setup.bundle.manifest().name),
    };
    let setup = Setup { bar: stage(what, frames(&clips)), ..setup.clone() };
    let inspector = |i: usize| Inspector::new(&dataset.testing[i], setup.bundle, with_masks);
    let played = setup.play(&clips, inspector)?.into_iter().unzip();
    setup.bar.finish_and_clear();
    Ok(played)
}

fn calibration(args: &EvalArgs, dataset: &Dataset, setup: &Setup<'_>) -> Result<Calibration> {
    let bundle = setup.bundle;
    let input = bundle.manifest().input;
    let mask = Mask::everything(input.width_px, input.height_px).identity();
    let identity = (bundle.model_sha256(), mask.as_str());
    let own = bundle.calibration_text()?.map(|text| Calibration::parse(&text)).transpose()?;
    if args.calibration == CalibrateOn::Bundle {
        let own = own.with_context(|| {
            format!(
                "{} carries no calibration: give --calibration training",
                bundle.path().display()
            )
        })?;
        own.check_identity(identity.0, identity.1)?;
        return Ok(own);
    }
    let name = &bundle.manifest().name;
    let bar = stage(format!("{name}, training clips"), frames(&dataset.training));
    let setup = Setup { bar, ..setup.clone() };
    let played = setup.play(&dataset.training, |_| Ok(()))?;
    setup.bar.finish_and_clear();
    let samples: Vec<_> = played.iter().map(|(trace, ())| trace.term_samples()).collect();
    let memory = bundle.manifest().score.memory_weight;
    let usual = Weights { block: BLOCK_WEIGHT, memory };
    let weights = own.map_or(usual, |own| own.weights);
    let rule = BlockRule::from(bundle.manifest().score);
    calibrate(&samples, input.period_ns(), (rule, weights), identity, "training")
        .with_context(|| format!("{}: training", dataset.path.display()))
}

fn update(update: Update, bundle: &Bundle) -> UpdatePolicy {
    let gate_threshold = bundle.manifest().score.gate_threshold;
    let normaliser = match update {
        Update::Frozen => return UpdatePolicy::Frozen,
        Update::Released => Normaliser::Released,
        Update::Paper => Normaliser::Paper,
    };
    UpdatePolicy::Gated { normaliser, gate_threshold }
}

fn floor_setup<'a>(
    args: &EvalArgs,
    dataset: &'a Dataset,
    bundle: &Bundle,
    how: Option<Perturbation>,
) -> FloorSetup<'a> {
    let manifest = bundle.manifest();
    FloorSetup {
        dataset,
        spec: manifest.input.spec(),
        rule: manifest.score.into(),
        skipped_frames: manifest.input.past_span(),
        jobs: usize::from(args.jobs),
        with_masks: how.is_none() && args.protocol != Protocol::Paper,
        perturbation: how.map(|how| (how, args.seed)),
        stabilise: !args.no_stabilise,
        bar: ProgressBar::hidden(),
    }
}

/// The floors at this bundle's size and at the literature's, unless they are
/// there already.
fn add_floors(
    args: &EvalArgs,
    dataset: &Dataset,
    bundle: &Bundle,
    floors: &mut Vec<Floor>,
) -> Result<()> {
    let own = floor_setup(args, dataset, bundle, None);
    let literature = InputSpec {
        width_px: LITERATURE_PX,
        height_px: LITERATURE_PX,
        resize: Resize::Bilinear,
        ..own.spec
    };
    let block_px = (own.rule.block_px * LITERATURE_PX / own.spec.width_px.max(1)).max(1);
    let scaled = BlockRule { block_px, ..own.rule };
    for (spec, rule) in [(own.spec, own.rule), (literature, scaled)] {
        let size = (spec.width_px, spec.height_px);
        if floors.iter().any(|floor| (floor.width_px, floor.height_px) == size) {
            continue;
        }
        let tests: Vec<Clip> = dataset.testing.iter().map(|test| test.clip.clone()).collect();
        let total = 2 * frames(&tests) + frames(&dataset.training);
        let bar = stage(format!("floors at {}×{}", size.0, size.1), total);
        let setup = FloorSetup { spec, rule, bar, ..floor_setup(args, dataset, bundle, None) };
        floors.push(setup.last_frame()?);
        if !dataset.training.is_empty() {
            floors.push(setup.mean_background()?);
        }
        setup.bar.finish_and_clear();
    }
    Ok(())
}

fn frames(clips: &[Clip]) -> u64 {
    clips.iter().filter_map(Clip::len).sum::<usize>() as u64
}

fn stage(message: String, frames: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} frames, {per_sec}, {eta} left");
    let bar = ProgressBar::new(frames).with_message(message);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}-{}, {cores} cores", std::env::consts::ARCH, std::env::consts::OS)
}
