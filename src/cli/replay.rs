//! `normwatch replay`: recorded footage, without waiting, into a folder of results.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::error::Error;
#[cfg(not(feature = "web-server"))]
use super::no_replayed_page::{ReplayedPage, Shown};
use super::out_folder::{make_folder, whole_log};
use super::replayed_events::{EVENTS, Events};
#[cfg(feature = "web-server")]
use super::replayed_page::{ReplayedPage, Shown};
use super::report::{Progress, Sources};
use super::{print_json, report, site};
use crate::calibrate::BudgetReport;
use crate::config::MOTION_GATE_LEVELS;
use crate::model::{Bundle, MemoryUpdate};
use crate::output::{JsonLines, ScoreRow, ScoreTable};
use crate::replay::{
    AucSummary, ClipSummary, Labels, PlayOptions, PlayResult, list_footage, paper_auc, play,
    summarise,
};
use crate::runtime::{
    DEFAULT_MIN_DURATION_MS, NO_LEVELS, Scoring, StageRow, UpdatePolicy, default_alarm,
};
use crate::station::{View, levels, load_calibration};

/// The same input gives byte-identical `events.jsonl` and `scores.csv`. A
/// bundle without a calibration gets the paper's scores and no alarms.
#[derive(Args, Debug)]
pub(super) struct ReplayArgs {
    /// The model bundle.
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// The footage: a folder of images, a folder of such folders, a data set
    /// with a `frames` folder, or a video file.
    #[arg(long, value_name = "PATH")]
    frames: PathBuf,
    /// The truth, {"clip": [0, 1, …]}: adds AUC and false alarms.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Only these clips of the footage.
    #[arg(long, value_name = "NAME")]
    clip: Vec<String>,
    /// Where events.jsonl, scores.csv, summary.json, report.html and the folder of
    /// events go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Another calibration than the bundle's own.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// A site file whose masks, zones and way of watching are used: `[camera] stabilise`,
    /// `[load]`, `[stays]` and `[tamper]`. Its budget, alarm and outputs are not.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// False alarms a day that are accepted.
    #[arg(long, default_value_t = 1.0)]
    alarms_per_day: f64,
    /// Frames a second of the footage [default: the model's].
    #[arg(long)]
    fps: Option<f64>,
    /// Whether the memory learns while it watches.
    #[arg(long, value_enum, default_value_t = MemoryUpdate::Frozen)]
    update: MemoryUpdate,
    /// Let the network rest while no part of the picture changes by more than
    /// so many of 255 grey levels [default: the site file's, or never].
    #[arg(long, value_name = "LEVELS", value_parser = gate_levels)]
    motion_gate: Option<f32>,
    /// Show it in real time on a page on this machine, and let the page stay until
    /// Ctrl-C.
    #[arg(long)]
    page: bool,
    /// Times real time, on the page; 0 plays as fast as the machine can [default: 1].
    #[arg(long, requires = "page")]
    speed: Option<f64>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

impl ValueEnum for MemoryUpdate {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Frozen => "It stays as it was trained",
            Self::Released => "Gated, normalised as in the released code",
            Self::Paper => "Gated, normalised as in the paper's eq. 5",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// `summary.json`.
#[derive(Serialize)]
struct Summary {
    bundle: String,
    model_sha256: String,
    footage: PathBuf,
    frames_skipped: u64,
    frames_not_finite: u64,
    /// Because the camera sways.
    frames_steadied: u64,
    /// For which the network did not run, because nothing moved.
    frames_rested: usize,
    budget: Option<BudgetReport>,
    auc: Option<AucSummary>,
    clips: Vec<ClipSummary>,
}

pub(super) fn run(args: &ReplayArgs) -> Result<(), Error> {
    let bundle = Bundle::load(&args.bundle)?;
    let labels = args.labels.as_deref().map(Labels::read).transpose()?;
    let mut clips = list_footage(&args.frames)?;
    if !args.clip.is_empty() {
        clips.retain(|c| args.clip.contains(&c.name));
        if clips.len() < args.clip.len() {
            return Err(Error::Usage(format!(
                "{}: not every clip of {} is there",
                args.frames.display(),
                args.clip.join(", ")
            )));
        }
    }
    let View { mask, stabilise, motion_gate_levels, slow, zones, masks, .. } =
        site::view(args.config.as_deref(), &bundle)?;
    let motion_gate_levels = args.motion_gate.or(motion_gate_levels);
    let calibration = load_calibration(&bundle, args.calibration.as_deref(), &mask)?;
    let budget = |c| levels(c, args.alarms_per_day, DEFAULT_MIN_DURATION_MS);
    let budget = calibration.as_ref().map(budget).transpose()?;
    let alarm = default_alarm(budget.as_ref().map_or(NO_LEVELS, BudgetReport::levels));
    let fps = args.fps.unwrap_or(bundle.manifest().input.fps);
    let update = UpdatePolicy::new(args.update, &bundle);
    let scoring = Scoring::new(calibration, &bundle);
    let mut options = PlayOptions {
        alarm,
        mask,
        scoring,
        update,
        fps,
        stabilise,
        motion_gate_levels,
        slow,
        pictures: None,
        trace: None,
    };
    make_folder(&args.out)?;
    let shown = Shown {
        alarms_per_day: args.alarms_per_day,
        events: args.out.join(EVENTS),
        masks,
        zones: zones.clone(),
        speed: args.speed.unwrap_or(1.0),
    };
    let events = Events::begin(&args.out, &bundle, args.alarms_per_day, zones, &mut options)?;
    let page = args.page.then(|| ReplayedPage::open(&bundle, &mut options, shown));
    let mut page = page.transpose()?;
    let result = play_into(args, &bundle, &clips, &options, events, &mut page)?;
    result.require_scores(&bundle.manifest().input)?;
    let lambda = bundle.manifest().score.lambda;
    let auc = labels.as_ref().map(|l| paper_auc(&result.traces, l, lambda)).transpose()?;
    let summaries = result.traces.iter().map(|t| summarise(t, labels.as_ref()));
    let summary = Summary {
        bundle: bundle.manifest().name.clone(),
        model_sha256: bundle.model_sha256().into(),
        footage: args.frames.clone(),
        frames_skipped: result.counts.skipped,
        frames_not_finite: result.not_finite,
        frames_steadied: result.counts.steadied,
        frames_rested: result.traces.iter().map(|trace| trace.rested()).sum(),
        budget,
        auc,
        clips: summaries.collect::<Result<_, _>>()?,
    };
    let text = serde_json::to_string_pretty(&summary)
        .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
    let file = args.out.join("summary.json");
    crate::fs::write_atomically(&file, text.as_bytes()).map_err(Error::file(&file))?;
    let sources = Sources {
        bundle: &bundle,
        clips: &clips,
        options: &options,
        result: &result,
        labels: labels.as_ref(),
        title: format!("normwatch replay of {}", args.frames.display()),
        verdict: None,
        extra_rows: lasting_rows(&summary.clips),
    };
    report::write(&args.out.join("report.html"), sources)?;
    if args.json {
        print_json(&summary)?;
    } else {
        print(args, &summary, &result.times.rows())?;
    }
    if let Some(page) = &page {
        page.stay();
    }
    Ok(())
}

/// What lasted in each clip, and where.
fn lasting_rows(clips: &[ClipSummary]) -> Vec<(String, String)> {
    let kinds = clips.iter().flat_map(|clip| {
        [("changed", &clip.changes), ("tampered with", &clip.tamperings)]
            .map(|(kind, intervals)| (&clip.clip, kind, intervals))
    });
    kinds
        .filter(|(_, _, intervals)| !intervals.is_empty())
        .map(|(clip, kind, intervals)| {
            let frames: Vec<String> = intervals
                .iter()
                .map(|run| format!("frames {} to {}", run.first_frame, run.last_frame))
                .collect();
            (format!("{clip} {kind}"), frames.join(", "))
        })
        .collect()
}

fn gate_levels(text: &str) -> Result<f32, String> {
    let levels: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    let (least, most) = MOTION_GATE_LEVELS.into_inner();
    let fits = (least..=most).contains(&f64::from(levels));
    fits.then_some(levels).ok_or_else(|| format!("it must be {least} to {most}"))
}

fn play_into(
    args: &ReplayArgs,
    bundle: &Bundle,
    clips: &[crate::replay::Clip],
    options: &PlayOptions,
    evidence: Events,
    page: &mut Option<ReplayedPage>,
) -> Result<PlayResult, Error> {
    let create = |name: &str| {
        let path = args.out.join(name);
        File::create(&path).map(BufWriter::new).map_err(Error::file(&path))
    };
    let events = JsonLines(create("events.jsonl")?);
    let table_path = args.out.join("scores.csv");
    let mut table = ScoreTable::new(create("scores.csv")?).map_err(Error::file(&table_path))?;
    let mut progress = Progress::new(clips);
    let result = play(bundle, clips, options, Some(evidence.beside(events)), &mut |playing| {
        progress.show(playing);
        evidence.judged(playing);
        page.iter_mut().for_each(|page| page.judged(playing));
        let Some(score) = &playing.step.score else { return Ok(()) };
        let row = ScoreRow {
            clip: &playing.clip.name,
            frame: score.sequence,
            time_ms: score.timestamp_ns / 1_000_000,
            psnr_db: score.psnr_db,
            distance: score.distance,
            block: score.error.worst_block,
            gate_error: score.gate_error,
            view_ratio: score.view.map(|block| f64::from(block.ratio)),
            motion: score.motion.map(|motion| f64::from(motion.hurried)),
            surprise: score.surprise,
            state: playing.step.state,
        };
        table.row(&row).map_err(Error::file(&table_path))
    })?;
    table.finish().map_err(Error::file(&table_path))?;
    evidence.finish()?;
    whole_log(&result, &args.out.join("events.jsonl"))?;
    Ok(result)
}

fn print(args: &ReplayArgs, summary: &Summary, stages: &[StageRow]) -> Result<(), Error> {
    println!(
        "{:<12} {:>7} {:>7} {:>7} {:>7} {:>8} {:>9}",
        "clip", "frames", "scored", "alarms", "false", "caught", "max score"
    );
    for clip in &summary.clips {
        let or_dash = |n: Option<usize>| n.map_or("–".into(), |n| n.to_string());
        println!(
            "{:<12} {:>7} {:>7} {:>7} {:>7} {:>8} {:>9}",
            clip.clip,
            clip.frames,
            clip.scored,
            clip.alarms.len(),
            or_dash(clip.false_alarms),
            match (clip.events_caught, clip.events) {
                (Some(caught), Some(events)) => format!("{caught}/{events}"),
                _ => "–".into(),
            },
            clip.max_score.map_or("–".into(), |s| format!("{s:.2}")),
        );
    }
    for row in lasting_rows(&summary.clips) {
        println!("{}: {}", row.0, row.1);
    }
    if let Some(auc) = &summary.auc {
        println!("\nframe AUC over {} frames, {} abnormal:", auc.frames, auc.abnormal);
        let rows = [
            ("paper's protocol (per-clip min-max)", auc.paper),
            ("PSNR, not normalised", auc.psnr),
            ("memory distance, not normalised", auc.distance),
            ("worst block, not normalised", auc.block),
            ("deployed score, causal", auc.deployed),
        ];
        for (name, value) in rows {
            let value = value.map_or("–".into(), |v| format!("{:.2} %", v * 100.0));
            println!("  {name:<38} {value:>8}");
        }
    }
    if summary.frames_skipped + summary.frames_not_finite > 0 {
        println!(
            "\n{} frames skipped, {} without a finite prediction",
            summary.frames_skipped, summary.frames_not_finite
        );
    }
    if summary.frames_steadied > 0 {
        println!("\n{} frames moved back: the camera sways", summary.frames_steadied);
    }
    if summary.frames_rested > 0 {
        println!("\n{} frames without the network: nothing moved", summary.frames_rested);
    }
    let frame_ms: f64 = stages.iter().map(|s| s.median_us / 1e3).sum();
    println!("\n{frame_ms:.1} ms a frame (sum of the stages' medians)");
    println!("written to {}", args.out.display());
    Ok(())
}
