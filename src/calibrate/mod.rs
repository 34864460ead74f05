//! From normal footage to levels: what is usual here, and how rare is rare.
//!
//! The user states a budget of false alarms a day; this room turns it into an
//! enter level, and says how far the footage can be trusted with that.

mod background_file;
mod budget;
mod clusters;
mod drift;
mod file;
mod fit;
mod learn_background;
mod levels;
mod stays;

pub use background_file::{background_from_npz, background_sha256};
pub use budget::{Budget, BudgetReport};
pub use clusters::ClusterTail;
pub use drift::{Drift, DriftMonitor};
pub use file::{Calibration, CalibrationError, FootageSummary, MIN_FRAMES};
pub use fit::{fit_distribution, fit_tail};
pub use learn_background::BackgroundFootage;
pub use stays::{StaysCalibration, StaysRule, UsualStays};

use crate::preprocess::Light;
use crate::score::{BlockRule, DeployedScore, Distribution, Weights};

/// The score terms of one frame of normal footage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermSample {
    pub timestamp_ns: u64,
    /// Of the picture as the camera gave it.
    pub light: Light,
    pub psnr_db: f64,
    /// The worst block's smoothed relative error.
    pub block_ratio: f64,
    /// The smoothed memory distance.
    pub distance: f64,
    /// The view term; `None` where the bundle has no usual view.
    pub view_ratio: Option<f64>,
    /// The motion term; `None` where the bundle has no motion memory.
    pub motion: Option<f64>,
}

/// Fits a calibration to the terms of normal footage, one vector a clip.
///
/// `period_ns` is the time between two frames; `block` is the rule by which
/// the terms were computed; `identity`, the checksums of model and mask, says
/// what the calibration is valid for.
///
/// # Errors
/// Fewer than [`MIN_FRAMES`] frames, or terms that never vary.
pub fn calibrate(
    clips: &[Vec<TermSample>],
    period_ns: u64,
    (block, weights): (BlockRule, Weights),
    identity: (&str, &str),
    description: &str,
) -> Result<Calibration, CalibrationError> {
    let frames = clips.iter().map(Vec::len).sum();
    if frames < MIN_FRAMES {
        return Err(CalibrationError::TooShort { frames });
    }
    let calibration = calibrate_roughly(clips, period_ns, (block, weights), identity, description)?;
    // What could not be read back is not written.
    calibration.check().map_err(CalibrationError::Invalid)?;
    Ok(calibration)
}

/// The same from however few frames: to judge a method on footage that has no
/// more. A camera's own levels need [`MIN_FRAMES`].
///
/// # Errors
/// Terms that never vary.
pub fn calibrate_roughly(
    clips: &[Vec<TermSample>],
    period_ns: u64,
    (block, weights): (BlockRule, Weights),
    identity: (&str, &str),
    description: &str,
) -> Result<Calibration, CalibrationError> {
    let all: Vec<&TermSample> = clips.iter().flatten().collect();
    let term = |name: &'static str, pick: fn(&TermSample) -> f64| {
        let fitted = distribution_of(clips, |sample| Some(pick(sample)));
        fitted.ok_or(CalibrationError::Constant { term: name })
    };
    let block_ratio = term("block error", |s| s.block_ratio)?;
    let memory_distance = term("memory distance", |s| s.distance)?;
    // A view that never differs says nothing of what would.
    let view_ratio = distribution_of(clips, |s| s.view_ratio.filter(|_| weights.view > 0.0));
    let motion = distribution_of(clips, |s| s.motion.filter(|_| weights.motion > 0.0));
    let psnr_db = term("PSNR", |s| s.psnr_db)?.quantiles;

    let scorer = DeployedScore::new(block_ratio.clone(), memory_distance.clone(), weights)
        .with_view(view_ratio.clone())
        .with_motion(motion.clone());
    let mut scored_clips = Vec::new();
    for clip in clips {
        let score = |s: &TermSample| {
            f64::from(scorer.of(s.block_ratio, s.distance, (s.view_ratio, s.motion)).score)
        };
        let clip_scores: Vec<(u64, f64)> =
            clip.iter().map(|s| (s.timestamp_ns, score(s))).collect();
        scored_clips.push(clip_scores);
    }
    let score =
        fit_distribution(&scored_clips).ok_or(CalibrationError::Constant { term: "score" })?;
    let light = Light::mean_of(all.iter().map(|s| s.light));
    // A camera need not keep the model's rate, so the frames' own times count.
    let lasted_ns = |clip: &Vec<TermSample>| match (clip.first(), clip.last()) {
        (Some(first), Some(last)) => last.timestamp_ns - first.timestamp_ns + period_ns,
        _ => 0,
    };
    let duration_s = clips.iter().map(lasted_ns).sum::<u64>() as f64 / 1e9;
    let clusters = clusters::tails(&scored_clips, &score, duration_s);
    if clusters.is_empty() {
        return Err(CalibrationError::Constant { term: "score" });
    }
    Ok(Calibration {
        format_version: file::FORMAT_VERSION,
        model_sha256: identity.0.into(),
        mask_sha256: identity.1.into(),
        zones_sha256: None,
        conditions_sha256: None,
        footage: FootageSummary {
            description: description.into(),
            clips: clips.len(),
            frames: all.len(),
            duration_s,
            light: Some(light),
        },
        block,
        weights,
        psnr_db,
        block_ratio,
        memory_distance,
        view_ratio,
        motion,
        score: score.quantiles,
        stays: None,
        clusters,
    })
}

/// The distribution of a term that every frame has.
fn distribution_of(
    clips: &[Vec<TermSample>],
    pick: impl Fn(&TermSample) -> Option<f64>,
) -> Option<Distribution> {
    let of_clip = |clip: &Vec<TermSample>| {
        clip.iter().map(|s| pick(s).map(|value| (s.timestamp_ns, value))).collect()
    };
    fit_distribution(&clips.iter().map(of_clip).collect::<Option<Vec<_>>>()?)
}
