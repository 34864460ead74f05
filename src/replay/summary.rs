//! What a replay came to: its clips and its scores, against the truth.

use serde::Serialize;

use super::labels::{Labels, LabelsError};
use super::trace::ClipTrace;
use crate::output::report::{Interval, events, judge};
use crate::score::{auc, normality};

/// Areas under the ROC curve over all frames of all clips that were scored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AucSummary {
    pub frames: usize,
    pub abnormal: usize,
    /// The paper's protocol: each clip min-max normalised by its own future.
    pub paper: Option<f64>,
    /// PSNR alone, no normalisation.
    pub psnr: Option<f64>,
    /// Memory distance alone, no normalisation.
    pub distance: Option<f64>,
    /// The worst block's smoothed relative error, no normalisation.
    pub block: Option<f64>,
    /// The deployed score; needs a calibration.
    pub deployed: Option<f64>,
}

/// One clip, summed up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClipSummary {
    pub clip: String,
    pub frames: usize,
    pub scored: usize,
    pub alarms: Vec<Interval>,
    /// Something was there that was not, and stayed.
    pub changes: Vec<Interval>,
    /// The camera was turned, covered or blurred.
    pub tamperings: Vec<Interval>,
    /// Alarms raised outside every true event; `None` without labels.
    pub false_alarms: Option<usize>,
    /// Runs of abnormal frames, and how many of them an alarm overlaps that was
    /// raised inside one.
    pub events: Option<usize>,
    pub events_caught: Option<usize>,
    pub max_score: Option<f32>,
}

/// Scores of all frames that have one, clip after clip; higher is more
/// anomalous in every column, and all columns have the length of `truth`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreColumns {
    pub truth: Vec<bool>,
    /// One minus the paper's normality, each clip normalised by itself.
    pub paper: Vec<f64>,
    /// Negative PSNR in dB.
    pub psnr: Vec<f64>,
    pub distance: Vec<f64>,
    /// Smoothed relative error of the worst block.
    pub block: Vec<f64>,
    /// `None` unless every frame has one.
    pub deployed: Option<Vec<f64>>,
}

/// Lines up the scores of all clips with the truth. Frames without a score
/// (the first t of a clip) are left out.
///
/// # Errors
/// Labels that do not fit the clips.
pub fn score_columns(
    traces: &[ClipTrace],
    labels: &Labels,
    lambda: f64,
) -> Result<ScoreColumns, LabelsError> {
    let mut out = ScoreColumns::default();
    let mut deployed = Vec::new();
    for trace in traces {
        let clip_labels = labels.clip(&trace.name, trace.frames())?;
        let scored =
            || trace.scores.iter().zip(clip_labels).filter_map(|(s, l)| Some((s.as_ref()?, l)));
        out.truth.extend(scored().map(|(_, &label)| label));
        let psnr: Vec<f64> = scored().map(|(s, _)| s.psnr_db).collect();
        let distance: Vec<f64> = scored().map(|(s, _)| s.distance).collect();
        out.paper.extend(normality(&psnr, &distance, lambda).iter().map(|s| 1.0 - s));
        out.psnr.extend(psnr.iter().map(|p| -p));
        out.distance.extend(distance);
        out.block.extend(scored().map(|(s, _)| f64::from(s.error.worst_block.ratio)));
        deployed.extend(scored().filter_map(|(s, _)| Some(f64::from(s.surprise?.score))));
    }
    out.deployed = (deployed.len() == out.truth.len()).then_some(deployed);
    Ok(out)
}

/// Frame AUC by the paper's protocol and without per-clip normalisation.
///
/// # Errors
/// Labels that do not fit the clips.
pub fn paper_auc(
    traces: &[ClipTrace],
    labels: &Labels,
    lambda: f64,
) -> Result<AucSummary, LabelsError> {
    let columns = score_columns(traces, labels, lambda)?;
    let truth = &columns.truth;
    Ok(AucSummary {
        frames: truth.len(),
        abnormal: truth.iter().filter(|&&label| label).count(),
        paper: auc(&columns.paper, truth),
        psnr: auc(&columns.psnr, truth),
        distance: auc(&columns.distance, truth),
        block: auc(&columns.block, truth),
        deployed: columns.deployed.as_ref().and_then(|deployed| auc(deployed, truth)),
    })
}

/// Sums up a clip, against the truth if there is one.
///
/// # Errors
/// Labels that do not fit the clip.
pub fn summarise(trace: &ClipTrace, labels: Option<&Labels>) -> Result<ClipSummary, LabelsError> {
    let truth = labels.map(|l| l.clip(&trace.name, trace.frames())).transpose()?;
    let events = truth.map(events);
    let raised_inside: Option<Vec<&Interval>> = events
        .as_ref()
        .map(|e| trace.alarms.iter().filter(|alarm| judge(**alarm, e).inside()).collect());
    let caught = |event: &&Interval| {
        raised_inside.iter().flatten().any(|alarm| {
            alarm.first_frame <= event.last_frame && event.first_frame <= alarm.last_frame
        })
    };
    Ok(ClipSummary {
        clip: trace.name.clone(),
        frames: trace.frames(),
        scored: trace.scores.iter().flatten().count(),
        alarms: trace.alarms.clone(),
        changes: trace.changes.clone(),
        tamperings: trace.tamperings.clone(),
        false_alarms: raised_inside.as_ref().map(|inside| trace.alarms.len() - inside.len()),
        events: events.as_ref().map(Vec::len),
        events_caught: events.as_ref().map(|e| e.iter().filter(caught).count()),
        max_score: trace
            .scores
            .iter()
            .flatten()
            .filter_map(|s| s.surprise)
            .map(|s| s.score)
            .reduce(f32::max),
    })
}
