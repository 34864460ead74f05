//! `normwatch calibrate`: from normal footage to the scores that are usual.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::error::Error;
use super::{print_json, site};
use crate::calibrate::{BackgroundFootage, BudgetReport, Calibration};
use crate::model::Bundle;
use crate::output::JsonLines;
use crate::replay::{
    DEFAULT_BLOCK_WEIGHT, PlayOptions, PlayResult, calibrate_bundle, list_footage, play,
    usual_weights,
};
use crate::runtime::{NO_LEVELS, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use crate::score::{BlockRule, Mask, Weights};
use crate::station::{View, background_beside, levels};

/// Budgets that the report lists beside the one asked for.
const LISTED_ALARMS_PER_DAY: [f64; 4] = [10.0, 1.0, 1.0 / 7.0, 1.0 / 30.0];

#[derive(Args, Debug)]
pub(super) struct CalibrateArgs {
    /// The model bundle.
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// Normal footage: a folder of images, a folder of such folders, or a
    /// video file. May be given more than once.
    #[arg(long, visible_alias = "footage", value_name = "PATH", required = true)]
    frames: Vec<PathBuf>,
    /// Frames a second of the footage [default: the model's].
    #[arg(long)]
    fps: Option<f64>,
    /// A site file whose masks, zones and alarm are used.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the calibration goes [default: into the bundle].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The budget to derive the levels for.
    #[arg(long, default_value_t = 1.0)]
    alarms_per_day: f64,
    /// Weight of the worst block's error in the score.
    #[arg(long, default_value_t = DEFAULT_BLOCK_WEIGHT)]
    weight_block: f32,
    /// Weight of the memory distance in the score [default: the bundle's, which
    /// is 0.25 for a network that was trained with --skip-frames, or else 0].
    #[arg(long)]
    weight_memory: Option<f32>,
    /// Weight of the distance to the usual view, which counts where it exceeds the
    /// mean of the others; 0 leaves it out [default: 0.7 where the bundle has such a
    /// view].
    #[arg(long)]
    weight_view: Option<f32>,
    /// Weight of the motion memory, which counts as the usual view does; 0 leaves it out
    /// [default: 0.5 where the bundle has such a memory].
    #[arg(long)]
    weight_motion: Option<f32>,
    /// Time constant of the score's smoothing [default: the bundle's].
    #[arg(long)]
    smoothing_ms: Option<u32>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    written: PathBuf,
    footage: &'a crate::calibrate::FootageSummary,
    budget: BudgetReport,
    other_budgets: Vec<BudgetReport>,
}

pub(super) fn run(args: &CalibrateArgs) -> Result<(), Error> {
    let mut bundle = Bundle::load(&args.bundle)?;
    let weights = weights(args, &bundle)?;
    let view = site::view(args.config.as_deref(), &bundle)?;
    let (mask, min_duration_ms) = (view.mask.clone(), view.min_duration_ms);
    let rule = rule(args, &bundle)?;
    let (result, seen) = terms(&bundle, args, view, rule)?;
    result.require_scores(&bundle.manifest().input)?;
    let description: Vec<String> = args
        .frames
        .iter()
        .map(|p| p.file_name().unwrap_or_default().to_string_lossy().into())
        .collect();
    let mut calibration =
        calibrate_bundle(&bundle, &result.traces, &mask, (rule, weights), &description.join(", "))
            .map_err(|error| Error::Calibration { file: args.frames[0].clone(), error })?;
    let budget = levels(&calibration, args.alarms_per_day, min_duration_ms)?;
    let background = learn_what_stays(&mut calibration, seen, &mask);
    let text = calibration.to_toml();
    let written = match &args.out {
        Some(path) => {
            if let Some(bytes) = &background {
                let file = background_beside(path);
                crate::fs::write_atomically(&file, bytes).map_err(Error::file(&file))?;
            }
            crate::fs::write_atomically(path, text.as_bytes()).map_err(Error::file(path))?;
            path.clone()
        }
        None => bundle.store_calibration(&text, background.as_deref())?,
    };
    let others = LISTED_ALARMS_PER_DAY.map(|alarms_per_day| {
        crate::calibrate::Budget { alarms_per_day, min_duration_ms }.levels(&calibration)
    });
    report(args, &calibration, budget, others, written)
}

fn weights(args: &CalibrateArgs, bundle: &Bundle) -> Result<Weights, Error> {
    let usual = usual_weights(bundle);
    let weights = Weights {
        block: args.weight_block,
        memory: args.weight_memory.unwrap_or(usual.memory),
        view: args.weight_view.unwrap_or(usual.view),
        motion: args.weight_motion.unwrap_or(usual.motion),
    };
    if args.weight_view.is_some_and(|weight| weight > 0.0) && bundle.view().is_none() {
        return Err(Error::Usage(format!(
            "--weight-view: {} has no usual view; train and export it again",
            bundle.path().display()
        )));
    }
    if args.weight_motion.is_some_and(|weight| weight > 0.0) && bundle.motion().is_none() {
        return Err(Error::Usage(format!(
            "--weight-motion: {} has no motion memory; train and export it again",
            bundle.path().display()
        )));
    }
    weights.check().map(|()| weights).map_err(|e| Error::Usage(format!("the weights {e}")))
}

fn rule(args: &CalibrateArgs, bundle: &Bundle) -> Result<BlockRule, Error> {
    let own = BlockRule::from(bundle.manifest().score);
    let rule = BlockRule { smoothing_ms: args.smoothing_ms.unwrap_or(own.smoothing_ms), ..own };
    rule.check().map_err(Error::Usage)?;
    Ok(rule)
}

fn terms(
    bundle: &Bundle,
    args: &CalibrateArgs,
    view: View,
    rule: BlockRule,
) -> Result<(PlayResult, Option<BackgroundFootage>), Error> {
    let mut clips = Vec::new();
    for path in &args.frames {
        clips.extend(list_footage(path)?);
    }
    let fps = args.fps.unwrap_or(bundle.manifest().input.fps);
    let options = PlayOptions {
        alarm: default_alarm(NO_LEVELS),
        mask: view.mask,
        scoring: Scoring::Terms(rule),
        update: UpdatePolicy::Frozen,
        fps,
        stabilise: view.stabilise,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        pictures: None,
        trace: None,
    };
    let mut progress = super::report::Progress::new(&clips);
    let input = bundle.manifest().input;
    let mut seen = BackgroundFootage::new(input.width_px, input.height_px);
    let result = play(bundle, &clips, &options, None::<JsonLines<Vec<u8>>>, &mut |playing| {
        progress.show(playing);
        if let (Some(seen), Some(score)) = (&mut seen, &playing.step.score) {
            seen.see(playing.frame, score.timestamp_ns);
        }
        Ok::<_, Error>(())
    })?;
    Ok((result, seen))
}

/// Adds what stays to a calibration; gives the background's file.
fn learn_what_stays(
    calibration: &mut Calibration,
    seen: Option<BackgroundFootage>,
    mask: &Mask,
) -> Option<Vec<u8>> {
    let Some((stays, file)) = seen.and_then(|seen| seen.learn(mask)) else {
        log::warn!(
            "too little footage, or too small an input, to tell what stays from what passes"
        );
        return None;
    };
    calibration.stays = Some(stays);
    Some(file)
}

fn report(
    args: &CalibrateArgs,
    calibration: &Calibration,
    budget: BudgetReport,
    others: [BudgetReport; 4],
    written: PathBuf,
) -> Result<(), Error> {
    let footage = &calibration.footage;
    if args.json {
        return print_json(&Summary { written, footage, budget, other_budgets: others.into() });
    }
    println!(
        "{} frames in {} clips, {:.1} s of normal footage",
        footage.frames, footage.clips, footage.duration_s
    );
    println!("{budget}\n");
    println!(
        "{:>16} {:>8} {:>8} {:>12}  footage needed",
        "alarms a day", "enter", "exit", "90 % interval"
    );
    for other in &others {
        let (low, high) = other.alarms_per_day_interval;
        println!(
            "{:>16.3} {:>8.3} {:>8.3} {low:>6.2}–{high:<6.2} {:>6.1} h{}",
            other.alarms_per_day,
            other.enter_level,
            other.exit_level,
            other.needed_h,
            if other.is_supported() { "" } else { ": too short" }
        );
    }
    println!("\nwritten to {}", written.display());
    Ok(())
}
