//! From a bundle's calibration and a budget of false alarms to levels.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::calibrate::{
    Budget, BudgetReport, Calibration, CalibrationError, background_from_npz, background_sha256,
};
use crate::model::{Bundle, BundleError};
use crate::score::{Background, Mask};

/// Why there are no levels.
#[derive(Debug, Error)]
pub enum LevelsError {
    /// The bundle's own calibration cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Another calibration cannot be read.
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    /// A calibration was refused, by itself or for this bundle and mask.
    #[error("{}: {error}", file.display())]
    Calibration { file: PathBuf, error: CalibrationError },
    /// The bundle carries no calibration.
    #[error(
        "the bundle {0} has no calibration: run `normwatch calibrate --bundle {0} --frames \
         NORMAL_FOOTAGE` first",
        bundle.display()
    )]
    Absent { bundle: PathBuf },
    /// The budget is not a number above 0.
    #[error("{alarms_per_day} alarms a day is not a budget: give a number above 0")]
    Budget { alarms_per_day: f64 },
}

/// The calibration at `path`, or the bundle's own, checked against the bundle
/// and the mask. `None` when the bundle carries none.
///
/// # Errors
/// A file that cannot be read, or a calibration that was refused.
pub fn load_calibration(
    bundle: &Bundle,
    path: Option<&Path>,
    mask: &Mask,
) -> Result<Option<Calibration>, LevelsError> {
    let (file, text) = match path {
        Some(path) => {
            let file = path.to_path_buf();
            match std::fs::read_to_string(path) {
                Ok(text) => (file, text),
                Err(error) => return Err(LevelsError::File { file, error }),
            }
        }
        None => match bundle.calibration_text()? {
            Some(text) => (bundle.calibration_file().unwrap_or_default(), text),
            None => return Ok(None),
        },
    };
    let mut calibration = Calibration::parse(&text)
        .and_then(|c| {
            let conditions = bundle.conditions_sha256();
            let (watched, zones) = (mask.identity(), mask.weighting().identity());
            c.check_identity(bundle.model_sha256(), (&watched, &zones), &conditions).map(|()| c)
        })
        .map_err(|error| LevelsError::Calibration { file: file.clone(), error })?;
    if let Some(stays) = &mut calibration.stays {
        stays.background = background(bundle, path, &stays.background_sha256)
            .inspect_err(|what| {
                log::error!(
                    "{what}; the anomaly score does without, but what stays and a camera that \
                     was turned are not told: run `normwatch calibrate` again"
                );
            })
            .ok();
    }
    Ok(Some(calibration))
}

/// The background of the calibration at `path`, or of the bundle's own. What is
/// wrong with it is no reason not to watch.
fn background(bundle: &Bundle, path: Option<&Path>, sha256: &str) -> Result<Background, String> {
    let (file, bytes) = match path {
        Some(path) => {
            let file = background_beside(path);
            let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            (file, bytes)
        }
        None => match bundle.background_file() {
            Some((file, bytes)) => (file, bytes.to_vec()),
            None => return Err("the bundle has no background".into()),
        },
    };
    if background_sha256(&bytes) != sha256 {
        return Err(format!("{} is not the background of this calibration", file.display()));
    }
    let input = bundle.manifest().input;
    background_from_npz(&bytes, (input.width_px, input.height_px))
        .map_err(|what| format!("{}: {what}", file.display()))
}

/// Where the background of a calibration lies that is in no bundle.
pub fn background_beside(calibration: &Path) -> PathBuf {
    calibration.with_extension("background.npz")
}

/// Like [`load_calibration`], where nothing works without one.
///
/// # Errors
/// As [`load_calibration`], and a bundle that carries none.
pub fn require_calibration(
    bundle: &Bundle,
    path: Option<&Path>,
    mask: &Mask,
) -> Result<Calibration, LevelsError> {
    load_calibration(bundle, path, mask)?
        .ok_or_else(|| LevelsError::Absent { bundle: bundle.path().to_path_buf() })
}

/// Levels for a budget and an alarm that wants a score to last, with a warning
/// when the footage is too short for it.
///
/// # Errors
/// A budget that is not a number above 0.
pub fn levels(
    calibration: &Calibration,
    alarms_per_day: f64,
    min_duration_ms: u32,
) -> Result<BudgetReport, LevelsError> {
    if !(alarms_per_day > 0.0 && alarms_per_day.is_finite()) {
        return Err(LevelsError::Budget { alarms_per_day });
    }
    let report = Budget { alarms_per_day, min_duration_ms }.levels(calibration);
    if !report.is_supported() {
        log::warn!(
            "{:.2} hours of calibration footage cannot support {alarms_per_day} alarms a day: \
             at least {:.2} hours are needed; the levels are an extrapolation",
            report.footage_h,
            report.needed_h
        );
    }
    Ok(report)
}
