//! `normwatch demo`: the bundled clip through the bundled model, watched live.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::data_dirs::data_dirs;
use super::error::Error;
#[cfg(not(feature = "web-server"))]
use super::no_replayed_page::{ReplayedPage, Shown};
use super::out_folder::{make_folder, whole_log};
use super::replayed_events::Events;
#[cfg(feature = "web-server")]
use super::replayed_page::{ReplayedPage, Shown};
use super::{print_json, report};
use crate::alarm::Levels;
use crate::model::Bundle;
use crate::output::JsonLines;
use crate::output::report::Verdict;
use crate::output::terminal::{
    Colours, Heat, LiveState, LiveView, Picture, PlainView, TerminalSize, View, supports_live_view,
};
use crate::replay::{
    Clip, ClipSummary, Labels, PlayOptions, PlayResult, Playing, list_footage, play, summarise,
};
use crate::runtime::{
    DEFAULT_MIN_DURATION_MS, Scoring, SlowViewOptions, UpdatePolicy, default_alarm,
};
use crate::station::{levels, require_calibration, whole_picture};

/// Scores that the live view draws.
const HISTORY: usize = 200;

/// Squared error that gets the brightest colour in the live view.
const HEAT_FULL_SCALE: f32 = 0.05;

/// Succeeds only if an alarm fell inside a true anomaly and none outside one.
#[derive(Args, Debug)]
pub(super) struct DemoArgs {
    /// Where report.html, events.jsonl and the folder of events go.
    #[arg(long, value_name = "DIR", default_value = "out/demo")]
    out: PathBuf,
    /// Another bundle [default: models/walkway-edge].
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Another clip, with labels.json beside its frames [default:
    /// models/walkway-clip].
    #[arg(long, value_name = "DIR")]
    clip: Option<PathBuf>,
    /// False alarms a day that are accepted.
    #[arg(long, default_value_t = 1.0)]
    alarms_per_day: f64,
    /// Times real time, in a terminal or on the page; 0 plays as fast as the machine
    /// can [default: 2, and 1 with --page].
    #[arg(long)]
    speed: Option<f64>,
    /// Show it on a page on this machine, and let the page stay until Ctrl-C.
    #[arg(long)]
    page: bool,
    /// Show nothing, play as fast as the machine can, and print what came of it
    /// as JSON.
    #[arg(long, conflicts_with = "page")]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Outcome<'a> {
    passed: bool,
    sentence: &'a str,
    report: &'a Path,
    events: &'a Path,
    /// A folder each, with pictures.
    event_folder: &'a Path,
    clips: &'a [ClipSummary],
}

pub(super) fn run(args: &DemoArgs) -> Result<(), Error> {
    let bundle = Bundle::load(&find(args.bundle.as_deref(), "models/walkway-edge")?)?;
    let folder = find(args.clip.as_deref(), "models/walkway-clip")?;
    let labels = Labels::read(&folder.join("labels.json"))?;
    let clips = list_footage(&folder)?;
    let mask = whole_picture(&bundle);
    let calibration = require_calibration(&bundle, None, &mask)?;
    let budget = levels(&calibration, args.alarms_per_day, DEFAULT_MIN_DURATION_MS)?;
    let mut options = PlayOptions {
        alarm: default_alarm(budget.levels()),
        mask,
        scoring: Scoring::deployed(calibration),
        update: UpdatePolicy::Frozen,
        fps: bundle.manifest().input.fps,
        stabilise: true,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        pictures: None,
        trace: None,
    };
    let speed = args.speed.unwrap_or(if args.page { 1.0 } else { 2.0 });
    make_folder(&args.out)?;
    let events = args.out.join("events.jsonl");
    let file = std::fs::File::create(&events).map_err(Error::file(&events))?;
    let evidence =
        Events::begin(&args.out, &bundle, args.alarms_per_day, Vec::new(), &mut options)?;
    let shown = || Shown {
        alarms_per_day: args.alarms_per_day,
        events: evidence.folder.clone(),
        masks: Vec::new(),
        zones: Vec::new(),
        speed,
    };
    let page = args.page.then(|| ReplayedPage::open(&bundle, &mut options, shown()));
    let mut page = page.transpose()?;
    let sink = evidence.beside(JsonLines(file));
    // The page has the pace, and the terminal its address.
    let stage_speed = if args.page { 0.0 } else { speed };
    let new_stage = || Stage::new(&bundle, &labels, options.alarm.levels, stage_speed, !args.page);
    let mut stage = (!args.json).then(new_stage);
    let mut show = |playing: &Playing<'_>| {
        evidence.judged(playing);
        page.iter_mut().for_each(|page| page.judged(playing));
        stage.iter_mut().try_for_each(|s| s.show(playing))
    };
    let result = play(&bundle, &clips, &options, Some(sink), &mut show)?;
    let folder = evidence.folder.clone();
    evidence.finish()?;
    whole_log(&result, &events)?;
    let summaries = result.traces.iter().map(|trace| summarise(trace, Some(&labels)));
    let summaries = summaries.collect::<Result<Vec<_>, _>>()?;
    let verdict = judge(&summaries);
    let said =
        format!("{}: {}", if verdict.passed { "passed" } else { "failed" }, verdict.sentence);
    let html = args.out.join("report.html");
    write_report(&html, &bundle, &clips, &options, &result, &labels, &verdict)?;
    match &mut stage {
        Some(stage) => {
            stage
                .view
                .finish(&format!(
                    "{said}\nreport: {}\nevents: {}",
                    html.display(),
                    folder.display()
                ))
                .map_err(screen)?;
        }
        None => print_json(&Outcome {
            passed: verdict.passed,
            sentence: &verdict.sentence,
            report: &html,
            events: &events,
            event_folder: &folder,
            clips: &summaries,
        })?,
    }
    if let Some(page) = &page {
        page.stay();
    }
    if verdict.passed { Ok(()) } else { Err(Error::Verdict(said)) }
}

fn find(given: Option<&Path>, name: &str) -> Result<PathBuf, Error> {
    if let Some(path) = given {
        return Ok(path.to_path_buf());
    }
    data_dirs().into_iter().map(|dir| dir.join(name)).find(|path| path.is_dir()).ok_or_else(|| {
        Error::Usage(format!(
            "{name} is not here: run `sudo apt install normwatch-toolchain`, which brings the \
             clip, or run the demonstration in the repository, or set NORMWATCH_DATA to the \
             folder that holds `models`"
        ))
    })
}

fn judge(clips: &[ClipSummary]) -> Verdict {
    let sum =
        |pick: fn(&ClipSummary) -> Option<usize>| clips.iter().filter_map(pick).sum::<usize>();
    let alarms: usize = clips.iter().map(|c| c.alarms.len()).sum();
    let outside = sum(|c| c.false_alarms);
    let (events, caught) = (sum(|c| c.events), sum(|c| c.events_caught));
    let inside = alarms - outside;
    let passed = inside > 0 && outside == 0;
    let sentence = format!(
        "{inside} of {alarms} alarms inside a true anomaly, {outside} outside one; \
         {caught} of {events} anomalies caught"
    );
    Verdict { passed, sentence }
}

fn write_report(
    page: &Path,
    bundle: &Bundle,
    clips: &[Clip],
    options: &PlayOptions,
    result: &PlayResult,
    labels: &Labels,
    verdict: &Verdict,
) -> Result<(), Error> {
    let stages = result.times.rows();
    let frame_ms: f64 = stages.iter().map(|s| s.median_us / 1e3).sum();
    let sources = report::Sources {
        bundle,
        clips,
        options,
        result,
        labels: Some(labels),
        title: "normwatch: the demonstration".into(),
        verdict: Some(verdict.clone()),
        extra_rows: vec![("time per frame".into(), format!("{frame_ms:.1} ms, one thread"))],
    };
    report::write(page, sources)
}

fn screen(error: std::io::Error) -> Error {
    Error::File { file: "standard output".into(), error }
}

/// The live view and what it remembers between frames.
struct Stage<'a> {
    view: Box<dyn View>,
    live: bool,
    title: String,
    labels: &'a Labels,
    levels: Levels,
    size: (usize, usize),
    planes: usize,
    fps: f64,
    speed: f64,
    history: Vec<Option<f32>>,
    start: Instant,
    shown: u64,
}

impl<'a> Stage<'a> {
    fn new(
        bundle: &Bundle,
        labels: &'a Labels,
        levels: Levels,
        speed: f64,
        may_draw: bool,
    ) -> Self {
        let stdout = std::io::stdout();
        let live = may_draw && supports_live_view(&stdout);
        let view: Box<dyn View> = if live {
            let size = TerminalSize::of(&stdout);
            // The view shows what the log would say, in place of it.
            log::set_max_level(log::LevelFilter::Warn);
            Box::new(LiveView::new(Unbuffered(stdout), size, Colours::from_environment()))
        } else {
            Box::new(PlainView::new(stdout, 10.0))
        };
        let input = bundle.manifest().input;
        Self {
            view,
            live,
            title: bundle.manifest().name.clone(),
            labels,
            levels,
            size: (input.width_px, input.height_px),
            planes: input.channels.planes(),
            fps: input.fps,
            speed,
            history: Vec::with_capacity(HISTORY + 1),
            start: Instant::now(),
            shown: 0,
        }
    }

    fn show(&mut self, playing: &Playing<'_>) -> Result<(), Error> {
        self.pace();
        let Some(score) = &playing.step.score else { return Ok(()) };
        let level = score.surprise.map(|s| s.score);
        if self.history.len() == HISTORY {
            self.history.remove(0);
        }
        self.history.push(level);
        let frame = score.sequence as usize;
        let truth = playing
            .frames
            .and_then(|frames| self.labels.clip(&playing.clip.name, frames).ok())
            .and_then(|labels| labels.get(frame).copied());
        let (width_px, height_px) = self.size;
        let plane = playing.frame.len() / self.planes;
        let state = LiveState {
            title: &self.title,
            frame: Picture { grey: &playing.frame[..plane], width_px, height_px },
            heat: Some(Heat {
                error: playing.error_map.map(),
                width_px,
                height_px,
                full_scale: HEAT_FULL_SCALE,
            }),
            score: level,
            enter_level: self.levels.enter,
            exit_level: self.levels.exit,
            history: &self.history,
            state: playing.step.state.name(),
            alarm_active: playing.step.state.alarm_active(),
            alarm_line_high: playing.alarm_line,
            fault_line_high: playing.fault_line,
            frame_number: score.sequence,
            frame_total: playing.frames.map(|f| f as u64),
            time_s: score.timestamp_ns as f64 / 1e9,
            fps: self.fps,
            ms_per_frame: self.start.elapsed().as_secs_f64() * 1e3 / self.shown.max(1) as f64,
            truth,
        };
        self.view.draw(&state).map_err(screen)
    }

    fn pace(&mut self) {
        self.shown += 1;
        if self.live && self.speed > 0.0 {
            let due_s = self.shown as f64 / self.fps / self.speed;
            let due = Duration::try_from_secs_f64(due_s).unwrap_or(Duration::MAX);
            std::thread::sleep(due.saturating_sub(self.start.elapsed()));
        }
    }
}

/// Flushes after every write: the view makes one write a frame.
struct Unbuffered(std::io::Stdout);

impl Write for Unbuffered {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        let written = self.0.write(data)?;
        self.0.flush().map(|()| written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
