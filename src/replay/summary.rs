use serde::Serialize;

use super::labels::Labels;
use super::trace::ClipTrace;
use crate::Error;
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
    /// The worst block's error, no normalisation.
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
    /// Alarms raised outside every true event; `None` without labels.
    pub false_alarms: Option<usize>,
    /// Runs of abnormal frames, and how many of them an alarm overlaps that was
    /// raised inside one.
    pub events: Option<usize>,
    pub events_caught: Option<usize>,
    pub max_score: Option<f32>,
}

/// Frame AUC by the paper's protocol and without per-clip normalisation.
/// Frames without a score (the first t of a clip) are left out.
///
/// # Errors
/// Labels that do not fit the clips.
pub fn paper_auc(traces: &[ClipTrace], labels: &Labels, lambda: f64) -> Result<AucSummary, Error> {
    let mut truth = Vec::new();
    let (mut paper, mut psnr, mut distance, mut block, mut deployed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for trace in traces {
        let clip_labels = labels.clip(&trace.name, trace.frames())?;
        let scored =
            || trace.scores.iter().zip(clip_labels).filter_map(|(s, l)| Some((s.as_ref()?, l)));
        truth.extend(scored().map(|(_, &label)| label));
        let clip_psnr: Vec<f64> = scored().map(|(s, _)| s.psnr_db).collect();
        let clip_distance: Vec<f64> = scored().map(|(s, _)| s.distance).collect();
        paper.extend(normality(&clip_psnr, &clip_distance, lambda).iter().map(|s| 1.0 - s));
        psnr.extend(clip_psnr.iter().map(|p| -p));
        distance.extend(clip_distance);
        block.extend(scored().map(|(s, _)| f64::from(s.error.worst_block.mean_sq)));
        deployed.extend(scored().filter_map(|(s, _)| s.surprise).map(|s| f64::from(s.score)));
    }
    Ok(AucSummary {
        frames: truth.len(),
        abnormal: truth.iter().filter(|&&label| label).count(),
        paper: auc(&paper, &truth),
        psnr: auc(&psnr, &truth),
        distance: auc(&distance, &truth),
        block: auc(&block, &truth),
        deployed: (deployed.len() == truth.len()).then(|| auc(&deployed, &truth)).flatten(),
    })
}

/// Sums up a clip, against the truth if there is one.
///
/// # Errors
/// Labels that do not fit the clip.
pub fn summarise(trace: &ClipTrace, labels: Option<&Labels>) -> Result<ClipSummary, Error> {
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
