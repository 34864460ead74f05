//! From footage that was played to the calibration of a bundle.

use super::trace::ClipTrace;
use crate::calibrate::{Calibration, CalibrationError, TermSample, calibrate};
use crate::model::Bundle;
use crate::score::{BlockRule, Mask, Weights};

/// Weight of the worst block's error where nobody asks for another. That of the
/// memory distance stands in each bundle's manifest.
pub const DEFAULT_BLOCK_WEIGHT: f32 = 1.0;

/// Weight of the usual view where a bundle has one, against the mean of the others:
/// docs/results.md.
pub const DEFAULT_VIEW_WEIGHT: f32 = 0.7;

/// Weight of the motion memory where a bundle has one, against the mean of the others:
/// docs/results.md.
pub const DEFAULT_MOTION_WEIGHT: f32 = 0.5;

/// What `normwatch calibrate` takes for a bundle where nobody asks for other weights.
pub fn usual_weights(bundle: &Bundle) -> Weights {
    Weights {
        block: DEFAULT_BLOCK_WEIGHT,
        memory: bundle.manifest().score.memory_weight,
        view: bundle.view().map_or(0.0, |_| DEFAULT_VIEW_WEIGHT),
        motion: bundle.motion().map_or(0.0, |_| DEFAULT_MOTION_WEIGHT),
    }
}

/// Learns from the traces of normal footage which scores of a bundle are usual.
///
/// The traces hold the terms of `rule`, seen through `mask`; `weights` join the
/// terms to one score. `footage` says where the traces come from, for people.
///
/// # Errors
/// Too few frames, or terms that never vary.
pub fn calibrate_bundle(
    bundle: &Bundle,
    traces: &[ClipTrace],
    mask: &Mask,
    (rule, weights): (BlockRule, Weights),
    footage: &str,
) -> Result<Calibration, CalibrationError> {
    let clips: Vec<Vec<TermSample>> = traces.iter().map(ClipTrace::term_samples).collect();
    let (period_ns, watched) = (bundle.manifest().input.period_ns(), mask.identity());
    let identity = (bundle.model_sha256(), &*watched);
    let mut calibration = calibrate(&clips, period_ns, (rule, weights), identity, footage)?;
    calibration.zones_sha256 = Some(mask.weighting().identity());
    calibration.conditions_sha256 = Some(bundle.conditions_sha256());
    Ok(calibration)
}
