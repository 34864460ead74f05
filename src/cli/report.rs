//! The report of a replay as a page, and the line that says how far it is.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

use super::error::Error;
use crate::doctor::this_machine;
use crate::model::Bundle;
use crate::output::report::{ClipReport, Report, StageRow, Still, Verdict, render};
use crate::replay::{Clip, ClipTrace, Labels, Moment, PlayOptions, PlayResult, Playing};

/// Pictures in a report: the worst moments over all alarms of a clip.
const MAX_STILLS: usize = 6;

/// Everything that a report is made from.
pub(super) struct Sources<'a> {
    pub bundle: &'a Bundle,
    pub clips: &'a [Clip],
    pub options: &'a PlayOptions,
    pub result: &'a PlayResult,
    pub labels: Option<&'a Labels>,
    pub title: String,
    pub verdict: Option<Verdict>,
    pub extra_rows: Vec<(String, String)>,
}

/// Renders the report and writes it.
pub(super) fn write(path: &Path, sources: Sources<'_>) -> Result<(), Error> {
    let manifest = sources.bundle.manifest();
    let mut summary_rows = vec![
        (
            "bundle".into(),
            format!("{} ({}, {})", manifest.name, manifest.preset, manifest.precision),
        ),
        ("trained on".into(), manifest.training_data.clone()),
        ("model".into(), sources.bundle.model_sha256().chars().take(16).collect()),
        ("machine".into(), this_machine()),
    ];
    summary_rows.extend(sources.extra_rows);
    let mut clips = Vec::new();
    for (clip, trace) in sources.clips.iter().zip(&sources.result.traces) {
        clips.push(clip_report(clip, trace, sources.options, sources.labels)?);
    }
    let stage_times = sources.result.times.rows().into_iter().map(|row| StageRow {
        name: row.stage.into(),
        median_us: row.median_us,
        p99_us: row.p99_us,
        share: row.share,
    });
    let report = Report {
        title: sources.title,
        verdict: sources.verdict,
        summary_rows,
        clips,
        stage_times: stage_times.collect(),
        ..Report::default()
    };
    crate::fs::write_atomically(path, render(&report).as_bytes()).map_err(Error::file(path))
}

fn clip_report(
    clip: &Clip,
    trace: &ClipTrace,
    options: &PlayOptions,
    labels: Option<&Labels>,
) -> Result<ClipReport, Error> {
    let surprises = || trace.scores.iter().map(|s| s.as_ref().and_then(|s| s.surprise));
    let truth = labels.map(|l| l.clip(&trace.name, trace.frames())).transpose()?;
    let mut moments: Vec<&Moment> = trace.moments.iter().collect();
    moments.sort_by(|a, b| b.score.total_cmp(&a.score));
    moments.truncate(MAX_STILLS);
    moments.sort_by_key(|m| m.frame);
    let mut stills = Vec::new();
    for moment in moments {
        stills.push(still(clip, trace, moment, truth)?);
    }
    Ok(ClipReport {
        name: trace.name.clone(),
        fps: trace.fps,
        scores: surprises().map(|s| s.map(|s| s.score)).collect(),
        enter_level: options.alarm.levels.enter,
        exit_level: options.alarm.levels.exit,
        truth: truth.map(<[bool]>::to_vec),
        alarms: trace.alarms.clone(),
        terms: vec![
            ("worst block".into(), surprises().map(|s| s.map(|s| s.block)).collect()),
            ("memory distance".into(), surprises().map(|s| s.map(|s| s.memory)).collect()),
        ],
        stills,
    })
}

fn still(
    clip: &Clip,
    trace: &ClipTrace,
    moment: &Moment,
    truth: Option<&[bool]>,
) -> Result<Still, Error> {
    let (grey, width_px, height_px) = clip.luma(moment.frame, trace.fps)?;
    let frame = moment.frame as usize;
    let judged = match truth.map(|t| t[frame]) {
        Some(true) => ", truly abnormal",
        Some(false) => ", truly normal",
        None => "",
    };
    let block = moment.worst_block;
    Ok(Still {
        frame,
        caption: format!(
            "score {:.2}, mean squared error {:.4} in the worst block{judged}",
            moment.score, block.mean_sq
        ),
        grey,
        width_px,
        height_px,
        heat: moment.error_map.clone(),
        heat_width_px: moment.map_width_px,
        heat_height_px: moment.map_height_px,
        worst_block: Some([block.x_px, block.y_px, block.size_px, block.size_px]),
        truth_box: None,
    })
}

/// A line on standard error that says how far a replay is; nothing when
/// standard error is not a terminal.
pub(super) struct Progress {
    shown: bool,
    total: Option<usize>,
    done: usize,
    start: Instant,
    last: Instant,
}

impl Progress {
    pub fn new(clips: &[Clip]) -> Self {
        let now = Instant::now();
        let total = clips.iter().map(Clip::len).sum();
        Self { shown: std::io::stderr().is_terminal(), total, done: 0, start: now, last: now }
    }

    pub fn show(&mut self, playing: &Playing<'_>) {
        self.done += 1;
        if !self.shown || self.last.elapsed().as_millis() < 200 {
            return;
        }
        self.last = Instant::now();
        let rate = self.done as f64 / self.start.elapsed().as_secs_f64();
        let mut stderr = std::io::stderr().lock();
        let _ = match self.total {
            Some(total) => write!(
                stderr,
                "\r{} {}/{total} frames, {rate:.0} a second, {:.0} s left \x1b[K",
                playing.clip.name,
                self.done,
                total.saturating_sub(self.done) as f64 / rate
            ),
            None => write!(
                stderr,
                "\r{} {} frames, {rate:.0} a second \x1b[K",
                playing.clip.name, self.done
            ),
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
