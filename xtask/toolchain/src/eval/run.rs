//! The order of an evaluation.

use super::dataset::Dataset;
use super::results::Results;
use super::{CalibrateOn, EvalArgs, Protocol, bundle, floors, report, table};
use anyhow::{Context, Result, ensure};
use normwatch::config::MOTION_GATE_LEVELS;
use normwatch::doctor::this_machine;
use normwatch::fs::write_atomically;
use normwatch::model::Bundle;
use std::fs;
use std::path::Path;

/// Evaluates, prints, and writes what was asked for.
///
/// # Errors
/// What is wrong with the arguments, a bundle, the data set or a file.
pub fn run(args: EvalArgs) -> Result<()> {
    let results = evaluate(&args)?;
    let figures = || serde_json::to_string_pretty(&results);
    match args.json {
        true => println!("{}", figures()?),
        false => print!("{}", table::render(&results)),
    }
    match &args.report {
        Some(path) => write(path, &figures()?),
        None => Ok(()),
    }
}

/// All of it but the figures' output; writes the page if one is asked for.
///
/// # Errors
/// As [`run`].
pub fn evaluate(args: &EvalArgs) -> Result<Results> {
    check(args)?;
    let dataset = Dataset::open(&args.dataset, calibrates(args))?;
    let bundles: Vec<Bundle> =
        args.bundles.iter().map(|path| Bundle::load(path)).collect::<Result<_, _>>()?;
    let floors = floors::measure(args, &dataset, &bundles)?;
    let (mut measured, mut first) = (Vec::new(), None);
    for bundle in &bundles {
        let (result, played) = bundle::evaluate(args, &dataset, bundle)?;
        measured.push(result);
        first.get_or_insert(played);
    }
    let results = Results {
        dataset: dataset.path.clone(),
        memory_update: args.update.name(),
        calibration: calibration_in_words(args, &dataset),
        machine: this_machine(),
        floors,
        bundles: measured,
    };
    if let (Some(path), Some(played)) = (&args.html, &first) {
        write(path, &report::render(&results, &dataset, &bundles[0], played)?)?;
    }
    Ok(results)
}

fn check(args: &EvalArgs) -> Result<()> {
    ensure!(
        args.alarms_per_day > 0.0 && args.alarms_per_day.is_finite(),
        "--alarms-per-day must be a number above 0"
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

/// Whether levels are made from the data set's training clips.
fn calibrates(args: &EvalArgs) -> bool {
    args.protocol != Protocol::Paper && args.calibration == CalibrateOn::Training
}

fn calibration_in_words(args: &EvalArgs, dataset: &Dataset) -> String {
    if args.protocol == Protocol::Paper {
        return "none".into();
    }
    match args.calibration {
        CalibrateOn::Bundle => "each bundle's own".into(),
        CalibrateOn::Training => {
            format!("the data set's {} training clips, memory frozen", dataset.training.len())
        }
    }
}

/// Writes a file and the folders that it is to lie in.
fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    write_atomically(path, text.as_bytes()).with_context(failed)?;
    eprintln!("written to {}", path.display());
    Ok(())
}
