//! The calibration behind the deployed score: made now from the data set's
//! training clips, or the bundle's own.

use super::dataset::{Dataset, total_frames};
use super::watch::Setup;
use super::{CalibrateOn, EvalArgs};
use anyhow::{Context, Result};
use normwatch::calibrate::Calibration;
use normwatch::model::Bundle;
use normwatch::replay::{ClipTrace, calibrate_bundle, usual_weights};
use normwatch::score::BlockRule;
use normwatch::station::{load_calibration, whole_picture};

/// The calibration that the arguments ask for. `setup` has none yet.
///
/// # Errors
/// The bundle carries none or one that was refused, or the training clips
/// cannot be played or are too few.
pub fn calibration(args: &EvalArgs, dataset: &Dataset, setup: &Setup<'_>) -> Result<Calibration> {
    match args.calibration {
        CalibrateOn::Bundle => own(setup.bundle),
        CalibrateOn::Training => from_training(dataset, setup),
    }
}

fn own(bundle: &Bundle) -> Result<Calibration> {
    load_calibration(bundle, None, &whole_picture(bundle))?.with_context(|| {
        format!("{} carries no calibration: give --calibration training", bundle.path().display())
    })
}

/// As `normwatch calibrate` does it, with the weights of the bundle's own
/// calibration where it has one.
fn from_training(dataset: &Dataset, setup: &Setup<'_>) -> Result<Calibration> {
    let bundle = setup.bundle;
    let rule = BlockRule::from(bundle.manifest().score);
    let own = bundle.calibration_text()?.map(|text| Calibration::parse(&text)).transpose()?;
    let weights = own.map_or(usual_weights(bundle), |own| own.weights);
    let what = format!("{}, training clips", bundle.manifest().name);
    let bar = normwatch_progress::bar(what, "frames", total_frames(&dataset.training));
    let setup = Setup { bar, ..setup.clone() };
    let played = setup.play(&dataset.training, |_| Ok(()))?;
    setup.bar.finish_and_clear();
    let traces: Vec<ClipTrace> = played.into_iter().map(|(trace, ())| trace).collect();
    let mask = whole_picture(bundle);
    calibrate_bundle(bundle, &traces, &mask, (rule, weights), "training")
        .with_context(|| format!("{}: training", dataset.path.display()))
}
