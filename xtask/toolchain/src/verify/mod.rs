//! Parity gates: trainer ↔ ONNX ↔ tract ↔ runtime, and every further bundle
//! against the first, layer by layer, in the terms of the score, and in alarms.

mod alarms;
mod layers;
mod report;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use normwatch::model::{Bundle, Precision};

use crate::bundle::{BundleFiles, Outcome, Pipeline};
use crate::onnx::Fidelity;
use crate::quantize::{Sample, read_samples};
use layers::{against_reference, plain_against_optimised};
pub use report::{BundleReport, Check, Verification};

/// Samples that every tensor is compared on.
const LAYER_SAMPLES: usize = 2;

/// Proves that bundles compute what they should, and refuses those that do not.
///
/// Of each bundle: the trainer's stored vectors against the ONNX graphs run
/// node by node, these against tract's optimised graphs layer by layer, and
/// against what the runtime makes of them. Every further bundle is then
/// compared with the first: layer by layer, in prediction and memory distance,
/// and, with footage, in scores and alarms.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The bundles; the first is what the others are measured against.
    #[arg(required = true)]
    bundles: Vec<PathBuf>,
    /// Footage that neither training nor calibration saw.
    #[arg(long, value_name = "PATH")]
    footage: Vec<PathBuf>,
    /// Samples taken from the footage for the comparison of predictions.
    #[arg(long, default_value_t = 24)]
    samples: usize,
    /// False alarms a day that the compared alarm levels stand for.
    #[arg(long, default_value_t = 1.0)]
    alarms_per_day: f64,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// # Errors
/// A bundle or footage that cannot be read, or a bundle out of tolerance.
pub fn run(args: &VerifyArgs) -> Result<()> {
    let files =
        args.bundles.iter().map(|path| BundleFiles::read(path)).collect::<Result<Vec<_>>>()?;
    let samples = if args.footage.is_empty() {
        Vec::new()
    } else {
        read_samples(&args.footage, &files[0].manifest.input, args.samples)?
    };
    let mut verification = compare(&files, &samples)?;
    if !args.footage.is_empty() {
        verification.alarms = alarms::compare(&args.bundles, &args.footage, args.alarms_per_day)?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&verification)?);
    } else {
        verification.print();
    }
    verification.passed()
}

/// Compares bundles that lie on disk. Without samples, the stored vectors'
/// input serves.
///
/// # Errors
/// A bundle that cannot be run, or that takes other frames than the first.
pub fn compare(files: &[BundleFiles], samples: &[Sample]) -> Result<Verification> {
    let mut bundles = Vec::new();
    for (index, own) in files.iter().enumerate() {
        let at = || own.path.display().to_string();
        let reference = (index > 0).then_some(&files[0]);
        bundles.push(check(own, reference, samples).with_context(at)?);
    }
    Ok(Verification { bundles, alarms: Vec::new() })
}

fn check(
    own: &BundleFiles,
    reference: Option<&BundleFiles>,
    samples: &[Sample],
) -> Result<BundleReport> {
    let precision = own.manifest.precision;
    let graphs = (&own.encoder, &own.decoder);
    let stored: Vec<u8> = own.golden.frames.iter().copied().collect();
    let inputs: Vec<&[u8]> =
        samples.iter().map(|s| s.past.as_slice()).chain([stored.as_slice()]).collect();
    let mut report = BundleReport::new(&own.manifest.name, precision);

    let plain = Pipeline::new(graphs, &own.memory, [&[], &[]], Fidelity::Plain)?;
    let answer = plain.run(&stored)?;
    let golden = &own.golden;
    let stored_vectors = [
        ("query", worst(&golden.query, &answer.query)),
        ("read", worst(&golden.read, &answer.read)),
        ("prediction", worst(&golden.prediction, &answer.prediction)),
    ];
    let limit = if precision == Precision::F32 { 1e-4 } else { 1e-3 };
    for (name, worst) in stored_vectors {
        report.checks.push(Check::new(format!("stored {name} ↔ ONNX"), worst, limit));
    }
    let inner = inputs.iter().rev().take(LAYER_SAMPLES).copied().collect::<Vec<_>>();
    plain_against_optimised(own, &inner, &mut report)?;
    runtime(own, &plain, &inner, &mut report)?;
    if let Some(reference) = reference {
        against_reference(reference, own, &inner, &mut report)?;
        drift(reference, own, samples, &mut report)?;
    }
    Ok(report)
}

/// The runtime's own reading of the bundle, kernels and all, against the ONNX
/// graphs run node by node.
fn runtime(
    own: &BundleFiles,
    plain: &Pipeline,
    inputs: &[&[u8]],
    report: &mut BundleReport,
) -> Result<()> {
    let bundle = Bundle::load(&own.path)?;
    let frame_len = bundle.manifest().input.spec().frame_len();
    let mut predictor = bundle.predictor();
    let (mut query, mut prediction) = (0.0, 0.0);
    for input in inputs {
        let wanted = plain.run(input)?;
        predictor.predict(input.chunks_exact(frame_len))?;
        query = f64::max(query, worst(&wanted.query, &predictor.query().to_owned()));
        prediction = f64::max(prediction, worst(&wanted.prediction, predictor.prediction()));
    }
    let limit = f64::from(own.manifest.precision.self_test_tolerance());
    report.checks.push(Check::new("ONNX ↔ runtime, query", query, limit));
    report.checks.push(Check::new("ONNX ↔ runtime, prediction", prediction, limit));
    Ok(())
}

/// Change of prediction and distance, in the terms of
/// [`crate::quantize`]'s report.
fn drift(
    reference: &BundleFiles,
    own: &BundleFiles,
    samples: &[Sample],
    report: &mut BundleReport,
) -> Result<()> {
    if samples.is_empty() {
        return Ok(());
    }
    let pipeline = |files: &BundleFiles| {
        let graphs = (&files.encoder, &files.decoder);
        Pipeline::new(graphs, &files.memory, [&[], &[]], Fidelity::Optimised)
    };
    let (reference, own_pipeline) = (pipeline(reference)?, pipeline(own)?);
    let (mut moved, mut residual, mut distance_moved, mut distances) = (0.0, 0.0, 0.0, 0.0);
    for sample in samples {
        let (wanted, got): (Outcome, Outcome) =
            (reference.run(&sample.past)?, own_pipeline.run(&sample.past)?);
        for ((a, b), &byte) in wanted.prediction.iter().zip(&got.prediction).zip(&sample.next) {
            moved += f64::from(a - b).powi(2);
            residual += (f64::from(*a) - (f64::from(byte) / 127.5 - 1.0)).powi(2);
        }
        distance_moved += (wanted.distance - got.distance).abs();
        distances += wanted.distance;
    }
    let limit = match own.manifest.precision {
        Precision::F32 => 1e-6,
        Precision::F16 => 0.02,
        Precision::Int8 => 0.2,
    };
    let change = moved / residual.max(1e-12);
    report.checks.push(Check::new("prediction against the first", change, limit));
    let change = distance_moved / distances.max(1e-12);
    report.checks.push(Check::new("distance against the first", change, limit.max(1e-3)));
    Ok(())
}

/// The largest absolute difference; infinite where a value is not a number or
/// the numbers of values differ.
fn worst<'a>(a: impl IntoIterator<Item = &'a f32>, b: impl IntoIterator<Item = &'a f32>) -> f64 {
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    let mut worst = 0.0f64;
    loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) => {
                let difference = f64::from((a - b).abs());
                worst = if difference.is_nan() { f64::INFINITY } else { worst.max(difference) };
            }
            (None, None) => return worst,
            _ => return f64::INFINITY,
        }
    }
}
