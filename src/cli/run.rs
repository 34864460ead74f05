use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use signal_hook::consts::SIGUSR1;

use super::cooling::Cooling;
use super::fault_injection::FaultInjection;
use super::run_summary::RunSummary;
use super::{lines, live_source, print_json, setup, supervision};
use crate::Error;
use crate::alarm::{AlarmConfig, Input, Levels};
use crate::clock::{Clock, SystemClock};
use crate::config::{AlarmSection, EventsSection, Site};
use crate::gpio::BoardLines;
use crate::health::supervise;
use crate::model::{Bundle, NetworkOptions};
use crate::output::{CappedFile, DatedLines, Event, EventLog};
use crate::runtime::{
    Analyser, LiveOptions, Monitor, MonitorOptions, Pace, Progress, Scoring, Shutdown, Step,
    UpdatePolicy, run_live,
};

/// A score older than this many frame periods no longer vouches for anything.
const STALE_PERIODS: u64 = 10;
const MIN_STALE_MS: u64 = 1000;

/// Stops on SIGINT and SIGTERM, with the lines at their safe levels. SIGUSR1
/// acknowledges an alarm.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The site file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Stop by itself after this time.
    #[arg(long, value_name = "SECONDS")]
    for_s: Option<f64>,
    /// Print what the run came to as JSON.
    #[arg(long)]
    json: bool,
    /// For tests of boards: hang (`stall-inference:N`) or panic
    /// (`panic-inference:N`) after N judged frames.
    #[arg(long, value_name = "FAULT", hide = true)]
    fault_injection: Option<FaultInjection>,
}

pub(super) fn run(args: &RunArgs) -> Result<(), Error> {
    let site = setup::load_site(&args.config)?;
    let network = NetworkOptions { threads: site.threads as usize, ..NetworkOptions::default() };
    let bundle = Bundle::load_with(&site.bundle, network)?;
    let mask = setup::mask(&site, &bundle)?;
    let calibration = setup::site_calibration(&site, &bundle, &mask)?;
    let budget =
        setup::levels(&calibration, site.budget.alarms_per_day, site.alarm.min_duration_ms)?;
    setup::fast_enough(&site, &bundle)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now_ms = clock.monotonic_ns() / 1_000_000;
    let shutdown = Shutdown::on_signals().map_err(internal("install the signal handlers"))?;
    let acknowledged = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, acknowledged.clone())
        .map_err(internal("install the signal handlers"))?;
    let input = bundle.manifest().input;
    let scoring = Scoring::deployed(calibration);
    let analyser =
        Analyser::new(&bundle, mask, &scoring, UpdatePolicy::new(site.memory.update, &bundle))
            .gated(site.load.motion_gate_levels, &bundle);
    let options = MonitorOptions {
        past_frames: input.frames,
        frame_spacing: input.frame_spacing,
        period_ns: input.period_ns(),
        alarm: alarm_config(&site.alarm, budget.levels()),
        stale_ms: (STALE_PERIODS * input.period_ns() / 1_000_000).max(MIN_STALE_MS),
        log_lines: !lines::has_heartbeat(&site),
    };
    let board_lines = BoardLines::new(&site.board);
    let held = lines::open(&site, &board_lines)?;
    #[cfg(feature = "gpio")]
    let _guard = lines::start_guard(&site, &board_lines);
    let mut panel = lines::open_panel(&site, &board_lines)?;
    let mut monitor =
        Monitor::new(options, analyser, held.outputs, event_log(&site, clock.clone())?, now_ms);
    monitor.require_sight(scoring.usual_light());
    site.input.pir.iter().for_each(|pir| monitor.require_motion(pir.within_ms));
    monitor.record(&Event::Start {
        bundle: bundle.manifest().name.clone(),
        model_sha256: bundle.model_sha256().into(),
        enter_level: budget.enter_level,
        exit_level: budget.exit_level,
    });
    log::info!(
        "{} on {}: alarm at {:.2}, over at {:.2}",
        bundle.manifest().name,
        site.board.name,
        budget.enter_level,
        budget.exit_level
    );
    let live = LiveOptions {
        spec: input.spec(),
        period_ns: input.period_ns(),
        past_frames: input.past_span(),
        end_is_loss: live_source::end_is_loss(&site.camera),
        stabilise: site.camera.stabilise,
        usual_light: scoring.usual_light().filter(|_| site.camera.stabilise),
        progress: Progress::new(clock.monotonic_ns() / 1_000_000),
        pace: Pace::default(),
    };
    let mut cooling = Cooling::new(&site, Path::new("/"), live.pace.clone());
    let needs = live_source::Needs::of(&input);
    let mut camera = live_source::Camera::new(&site.camera, needs, &clock);
    let mut open = || camera.open();
    let supervisor =
        supervision::start(&site, live.progress.clone(), options.stale_ms, held.fault)?;
    let deadline_ns =
        args.for_s.map(|s| clock.monotonic_ns().saturating_add((s.max(0.0) * 1e9) as u64));
    let inputs = || {
        let now_ns = clock.monotonic_ns();
        if deadline_ns.is_some_and(|at| now_ns >= at) {
            shutdown.request();
        }
        cooling.iter_mut().for_each(|cooling| cooling.look(now_ns / 1_000_000));
        if acknowledged.swap(false, Ordering::AcqRel) {
            return Some(Input::Acknowledge);
        }
        panel.next(now_ns / 1_000_000)
    };
    let (mut judged, mut rested) = (0, 0);
    let each = |step: &Step, _: &_| {
        judged += 1;
        rested += u64::from(step.score.is_some_and(|score| score.rested));
        args.fault_injection.iter().for_each(|fault| fault.strike(judged));
    };
    let stats = supervise(supervisor, &*clock, || {
        run_live(live, &mut open, &mut monitor, &*clock, &shutdown, inputs, each)
    })?;
    let summary = RunSummary::new(&stats, &monitor, rested);
    if args.json {
        return print_json(&summary);
    }
    print!("{summary}");
    Ok(())
}

fn internal(what: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |error| Error::Internal(format!("cannot {what}: {error}"))
}

fn alarm_config(section: &AlarmSection, levels: Levels) -> AlarmConfig {
    AlarmConfig {
        levels,
        min_duration_ms: section.min_duration_ms,
        hold_ms: section.hold_ms,
        cooldown_ms: section.cooldown_ms,
        warm_up_ms: section.warm_up_ms,
        latch: section.latch,
        armed_at_start: section.armed_at_start,
    }
}

fn event_log(
    site: &Site,
    clock: Arc<dyn Clock>,
) -> Result<EventLog<DatedLines<CappedFile>>, Error> {
    let Some(EventsSection { path, max_bytes }) = &site.output.events else {
        return Ok(EventLog::new(None));
    };
    let lines = CappedFile::open(path, u64::from(*max_bytes)).map_err(Error::file(path))?;
    Ok(EventLog::new(Some(DatedLines { lines, clock })))
}
