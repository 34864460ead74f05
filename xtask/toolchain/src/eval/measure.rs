//! From traces to figures: one bundle on one data set.

use super::dataset::Dataset;
use super::detection::{PROMPT_S, Quiet, event_outcomes, false_alarms, quiet};
use super::metrics::{average_precision, median};
use super::pixels::PixelTally;
use super::results::{AlarmResult, DeployedResult, PaperResult, Ranking};
use super::watch::{Inspector, Located};
use anyhow::{Context, Result};
use normwatch::calibrate::BudgetReport;
use normwatch::replay::{ClipTrace, ScoreColumns, score_columns};
use normwatch::runtime::FrameScore;
use normwatch::score::{auc, normality};

/// Both measures of a column of scores, higher = more anomalous.
pub fn ranking(scores: &[f64], truth: &[bool]) -> Ranking {
    Ranking { auc: auc(scores, truth), average_precision: average_precision(scores, truth) }
}

/// The paper's protocol.
///
/// # Errors
/// Labels that do not fit the traces.
pub fn paper(dataset: &Dataset, traces: &[ClipTrace], lambda: f64) -> Result<PaperResult> {
    let at = |lambda: f64| -> Result<Ranking> {
        let columns = score_columns(traces, &dataset.labels, lambda)?;
        Ok(ranking(&columns.paper, &columns.truth))
    };
    Ok(PaperResult { lambda, combined: at(lambda)?, psnr_only: at(1.0)? })
}

/// The causal protocol.
///
/// # Errors
/// Labels that do not fit the traces, or traces without a calibration.
pub fn deployed(
    dataset: &Dataset,
    traces: &[ClipTrace],
    inspectors: &[Inspector<'_>],
    budget: &BudgetReport,
) -> Result<DeployedResult> {
    let columns = score_columns(traces, &dataset.labels, 1.0)?;
    let ScoreColumns { truth, psnr, distance, block, .. } = &columns;
    let score = columns.deployed.as_ref().context("no calibration, no score")?;
    let mut tallies: Option<[PixelTally; 2]> = None;
    let mut located = Located::default();
    for inspector in inspectors {
        located.add(&inspector.located);
        if let Some(clip) = &inspector.tallies {
            let all = tallies.get_or_insert_default();
            all.iter_mut().zip(clip.iter()).for_each(|(all, one)| all.merge(one));
        }
    }
    Ok(DeployedResult {
        psnr: ranking(psnr, truth),
        block: ranking(block, truth),
        distance: ranking(distance, truth),
        score: ranking(score, truth),
        score_per_clip: ranking(&per_clip(traces), truth),
        alarms: alarms(dataset, traces, budget),
        pixel_auroc: tallies.as_ref().and_then(|t| t[0].auroc()),
        block_pixel_auroc: tallies.as_ref().and_then(|t| t[1].auroc()),
        localisation: tallies.is_some().then(|| located.result()),
    })
}

/// The deployed scores of all scored frames, each clip min-max normalised.
fn per_clip(traces: &[ClipTrace]) -> Vec<f64> {
    let scored = |trace: &ClipTrace| -> Vec<f64> {
        let of = |s: &FrameScore| s.surprise.map(|s| f64::from(s.score));
        trace.scores.iter().flatten().filter_map(of).collect()
    };
    // With λ = 0 the paper's normality is 1 less the min-max normalised second term.
    let one = |clip: Vec<f64>| -> Vec<f64> {
        let normal = normality(&vec![0.0; clip.len()], &clip, 0.0);
        normal.into_iter().map(|normal| 1.0 - normal).collect()
    };
    traces.iter().flat_map(|trace| one(scored(trace))).collect()
}

fn alarms(dataset: &Dataset, traces: &[ClipTrace], budget: &BudgetReport) -> AlarmResult {
    let (mut events, mut false_count, mut normal_s) = (Vec::new(), 0, 0.0);
    let mut quiet_total = Quiet::default();
    for (test, trace) in dataset.testing.iter().zip(traces) {
        let (alarms, truth, fps) = (&trace.alarms, &test.truth, trace.fps);
        events.extend(event_outcomes(&trace.name, alarms, truth, fps));
        false_count += false_alarms(alarms, truth).len();
        quiet_total += quiet(alarms, truth, fps);
        normal_s += truth.iter().filter(|&&abnormal| !abnormal).count() as f64 / fps;
    }
    let delays: Vec<f64> = events.iter().filter_map(|event| event.delay_s).collect();
    let normal_h = normal_s / 3600.0;
    AlarmResult {
        budget: budget.clone(),
        caught: delays.len(),
        caught_promptly: delays.iter().filter(|&&delay| delay <= PROMPT_S).count(),
        caught_share: (!events.is_empty()).then(|| delays.len() as f64 / events.len() as f64),
        median_delay_s: median(&delays),
        max_delay_s: delays.iter().copied().reduce(f64::max),
        false_alarms: false_count,
        normal_h,
        false_alarms_per_hour: (normal_h > 0.0).then(|| false_count as f64 / normal_h),
        quiet: quiet_total,
        events,
    }
}
