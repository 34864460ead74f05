//! Plays footage through several bundles and compares their scores and alarms.

use std::path::PathBuf;

use anyhow::Result;
use normwatch::calibrate::{Budget, Calibration};
use normwatch::model::Bundle;
use normwatch::output::JsonLines;
use normwatch::replay::{Clip, ClipTrace, PlayError, PlayOptions, Playing, list_footage, play};
use normwatch::runtime::{DEFAULT_MIN_DURATION_MS, NO_LEVELS, default_alarm};
use normwatch::runtime::{FrameScore, Scoring, SlowViewOptions, UpdatePolicy};
use normwatch::station::whole_picture;

use super::report::AlarmReport;

/// Plays the footage through every bundle. All are judged by the first one's
/// calibration, so that a change of the score shows as a change of alarms;
/// without it, scores alone are compared.
///
/// # Errors
/// A bundle or footage that cannot be read.
pub fn compare(
    bundles: &[PathBuf],
    footage: &[PathBuf],
    alarms_per_day: f64,
) -> Result<Vec<AlarmReport>> {
    let mut clips = Vec::new();
    for path in footage {
        clips.extend(list_footage(path)?);
    }
    let loaded = bundles.iter().map(|path| Ok(Bundle::load(path)?)).collect::<Result<Vec<_>>>()?;
    let text = loaded[0].calibration_text()?;
    let calibration = text.map(|text| Calibration::parse(&text)).transpose()?;
    let bar =
        normwatch_progress::bar("playing footage", "clips", (clips.len() * bundles.len()) as u64);
    let mut reports = Vec::new();
    let mut first: Option<Vec<ClipTrace>> = None;
    for bundle in &loaded {
        let mut traces = Vec::new();
        for clip in &clips {
            traces.extend(play_clip(bundle, clip, calibration.as_ref(), alarms_per_day)?);
            bar.inc(1);
        }
        let name = &bundle.manifest().name;
        reports.push(report(
            name,
            first.as_deref().unwrap_or(&traces),
            &traces,
            calibration.is_some(),
        ));
        first.get_or_insert(traces);
    }
    bar.finish_and_clear();
    Ok(reports)
}

fn play_clip(
    bundle: &Bundle,
    clip: &Clip,
    calibration: Option<&Calibration>,
    alarms_per_day: f64,
) -> Result<Vec<ClipTrace>> {
    let budget = Budget { alarms_per_day, min_duration_ms: DEFAULT_MIN_DURATION_MS };
    let levels = calibration.map_or(NO_LEVELS, |c| budget.levels(c).levels());
    let options = PlayOptions {
        alarm: default_alarm(levels),
        mask: whole_picture(bundle),
        scoring: Scoring::new(calibration.cloned(), bundle),
        update: UpdatePolicy::Frozen,
        fps: bundle.manifest().input.fps,
        stabilise: true,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        pictures: None,
        trace: None,
    };
    let mut see = |_: &Playing<'_>| Ok::<(), PlayError>(());
    let clips = std::slice::from_ref(clip);
    Ok(play(bundle, clips, &options, None::<JsonLines<Vec<u8>>>, &mut see)?.traces)
}

fn report(name: &str, first: &[ClipTrace], own: &[ClipTrace], judged: bool) -> AlarmReport {
    let both: Vec<(&FrameScore, &FrameScore)> = first
        .iter()
        .zip(own)
        .flat_map(|(a, b)| a.scores.iter().zip(&b.scores))
        .filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?)))
        .collect();
    let count = both.len().max(1) as f64;
    let mean =
        |of: &dyn Fn(&(&FrameScore, &FrameScore)) -> f64| both.iter().map(of).sum::<f64>() / count;
    let blocks = |pick: &dyn Fn(&(&FrameScore, &FrameScore)) -> f32| -> Vec<f32> {
        both.iter().map(pick).collect()
    };
    let states = first.iter().zip(own).flat_map(|(a, b)| a.states.iter().zip(&b.states));
    let changed = states.filter(|(a, b)| a.alarm_active() != b.alarm_active()).count();
    AlarmReport {
        name: name.into(),
        frames: both.len(),
        mean_psnr_db: mean(&|(_, b)| b.psnr_db),
        mean_distance: mean(&|(_, b)| b.distance),
        psnr_change_db: mean(&|(a, b)| (a.psnr_db - b.psnr_db).abs()),
        block_rank_correlation: rank_correlation(
            &blocks(&|(a, _)| a.error.worst_block.ratio),
            &blocks(&|(_, b)| b.error.worst_block.ratio),
        ),
        alarms: judged.then(|| own.iter().map(|trace| trace.alarms.len()).sum()),
        frames_changed: judged.then_some(changed),
    }
}

/// Spearman's, ties in order of appearance; 1 for fewer than two values.
fn rank_correlation(a: &[f32], b: &[f32]) -> f64 {
    let ranks = |values: &[f32]| -> Vec<f64> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
        let mut ranks = vec![0.0; values.len()];
        order.iter().enumerate().for_each(|(rank, &index)| ranks[index] = rank as f64);
        ranks
    };
    let n = a.len() as f64;
    if n < 2.0 {
        return 1.0;
    }
    let squares: f64 = ranks(a).iter().zip(ranks(b)).map(|(x, y)| (x - y).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::rank_correlation;

    #[test]
    fn ranks_agree_or_oppose() {
        assert_eq!(rank_correlation(&[1.0, 2.0, 5.0], &[0.1, 0.2, 0.3]), 1.0);
        assert_eq!(rank_correlation(&[1.0, 2.0, 5.0], &[3.0, 2.0, 1.0]), -1.0);
    }
}
