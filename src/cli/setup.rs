use std::path::{Path, PathBuf};

use crate::Error;
use crate::calibrate::{Budget, BudgetReport, Calibration};
use crate::config::{self, CameraSource, Site, V4l2Section};
use crate::model::Bundle;
use crate::replay::PlayResult;
pub(super) use crate::replay::{DEFAULT_MIN_DURATION_MS, NO_LEVELS, default_alarm};
use crate::runtime::MAX_STEP_PERIODS;
use crate::score::Mask;

/// A mask that watches the model's whole input.
pub(super) fn whole_picture(bundle: &Bundle) -> Mask {
    let input = bundle.manifest().input;
    Mask::everything(input.width_px, input.height_px)
}

/// The calibration at `path`, or the bundle's own, checked against the bundle
/// and the mask. `None` when the bundle carries none.
pub(super) fn load_calibration(
    bundle: &Bundle,
    path: Option<&Path>,
    mask: &Mask,
) -> Result<Option<Calibration>, Error> {
    let (file, text) = match path {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
            (path.to_path_buf(), text)
        }
        None => match bundle.calibration_text()? {
            Some(text) => (bundle.path().join("calibration.toml"), text),
            None => return Ok(None),
        },
    };
    let calibration = Calibration::parse(&text)
        .and_then(|c| c.check_identity(bundle.model_sha256(), &mask.identity()).map(|()| c))
        .map_err(|error| Error::Calibration { file, error })?;
    Ok(Some(calibration))
}

/// Levels for a budget and an alarm that wants a score to last, with a warning
/// when the footage is too short for it.
pub(super) fn levels(
    calibration: &Calibration,
    alarms_per_day: f64,
    min_duration_ms: u32,
) -> Result<BudgetReport, Error> {
    if !(alarms_per_day > 0.0 && alarms_per_day.is_finite()) {
        return Err(Error::Usage(format!(
            "{alarms_per_day} alarms a day is no budget: give a number above 0"
        )));
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

/// A folder that exists, made if need be.
pub(super) fn make_folder(path: &Path) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(path).map_err(Error::file(path))?;
    Ok(path.to_path_buf())
}

/// # Errors
/// Events of a replay that the log at `path` could not take.
pub(super) fn whole_log(result: &PlayResult, path: &Path) -> Result<(), Error> {
    match result.events_dropped {
        0 => Ok(()),
        lost => Err(Error::file(path)(std::io::Error::other(format!("{lost} events were lost")))),
    }
}

/// Folders that may hold `boards`, `models` and the demonstration, nearest
/// first: `$NORMWATCH_DATA`, the working folder, the folders above the
/// program, and where packages put them.
pub(super) fn data_dirs() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::var_os("NORMWATCH_DATA").map(PathBuf::from).into_iter().collect();
    dirs.push(PathBuf::from("."));
    if let Ok(program) = std::env::current_exe() {
        dirs.extend(program.ancestors().skip(1).take(4).map(Path::to_path_buf));
    }
    dirs.push(PathBuf::from("/usr/share/normwatch"));
    dirs
}

/// Where boards are looked up for a site file: beside it, then in the data
/// folders.
pub(super) fn board_dirs(site_file: &Path) -> Vec<PathBuf> {
    let beside = site_file.parent().map(Path::to_path_buf);
    beside.into_iter().chain(data_dirs()).map(|dir| dir.join("boards")).collect()
}

/// Reads a site file, all problems in one error.
pub(super) fn load_site(path: &Path) -> Result<Site, Error> {
    config::load_site(path, &board_dirs(path)).map_err(|e| Error::Config(e.to_string()))
}

/// # Errors
/// A camera that is asked for so few frames a second that each leaves a gap for
/// the bundle, and none is ever judged.
pub(super) fn fast_enough(site: &Site, bundle: &Bundle) -> Result<(), Error> {
    let CameraSource::V4l2(V4l2Section { fps: Some(fps), .. }) = &site.camera.source else {
        return Ok(());
    };
    let wanted = bundle.manifest().input.fps;
    let least = wanted / MAX_STEP_PERIODS;
    if *fps >= least {
        return Ok(());
    }
    Err(Error::Config(format!(
        "{}: `camera.fps = {fps}` is too slow for {}, which was made for {wanted} frames a second: \
         give at least {least:.1}, or train for this rate",
        site.file.display(),
        bundle.manifest().name
    )))
}

/// How a site watches: what of the picture, held still or not, when not at all,
/// and how patiently.
pub(super) struct View {
    pub mask: Mask,
    pub stabilise: bool,
    pub motion_gate_levels: Option<f32>,
    /// How long the alarm wants a score to stay suspect.
    pub min_duration_ms: u32,
}

/// As a site file has it, for this bundle's input; the whole picture, held
/// still, without one.
pub(super) fn view(path: Option<&Path>, bundle: &Bundle) -> Result<View, Error> {
    let Some(path) = path else {
        let mask = whole_picture(bundle);
        let min_duration_ms = DEFAULT_MIN_DURATION_MS;
        return Ok(View { mask, stabilise: true, motion_gate_levels: None, min_duration_ms });
    };
    let site = load_site(path)?;
    Ok(View {
        mask: mask(&site, bundle)?,
        stabilise: site.camera.stabilise,
        motion_gate_levels: site.load.motion_gate_levels,
        min_duration_ms: site.alarm.min_duration_ms,
    })
}

/// The mask of a site, for this bundle's input.
pub(super) fn mask(site: &Site, bundle: &Bundle) -> Result<Mask, Error> {
    let input = bundle.manifest().input;
    Mask::from_polygons(input.width_px, input.height_px, &site.masks)
        .map_err(|e| Error::Config(format!("{}: {e}", site.file.display())))
}

/// The levels that a site's budget asks for; a site cannot run without a
/// calibration.
pub(super) fn site_levels(
    site: &Site,
    bundle: &Bundle,
    mask: &Mask,
) -> Result<BudgetReport, Error> {
    let calibration = site_calibration(site, bundle, mask)?;
    levels(&calibration, site.budget.alarms_per_day, site.alarm.min_duration_ms)
}

/// The calibration of a site.
pub(super) fn site_calibration(
    site: &Site,
    bundle: &Bundle,
    mask: &Mask,
) -> Result<Calibration, Error> {
    needed_calibration(bundle, site.calibration.as_deref(), mask)
}

/// Like [`load_calibration`], where nothing works without one.
pub(super) fn needed_calibration(
    bundle: &Bundle,
    path: Option<&Path>,
    mask: &Mask,
) -> Result<Calibration, Error> {
    load_calibration(bundle, path, mask)?.ok_or_else(|| {
        Error::Config(format!(
            "the bundle {0} has no calibration: run `normwatch calibrate --bundle {0} --frames \
             NORMAL_FOOTAGE` first",
            bundle.path().display()
        ))
    })
}
