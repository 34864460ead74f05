use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde::Serialize;
use signal_hook::consts::SIGUSR1;

use super::setup;
use super::{live_source, print_json};
use crate::Error;
use crate::alarm::{AlarmConfig, AlarmOutputs, Input, Levels, Line, Pattern, Polarity};
use crate::clock::{Clock, SystemClock};
use crate::config::{
    ActiveLevel, AlarmSection, EventsSection, GpioDriver, MemoryUpdate, OutputLine, OutputPattern,
    Site,
};
use crate::model::{Bundle, Normaliser};
use crate::output::{CappedFile, Event, EventLog, JsonLines, SimulatedLine, SimulatedPin};
use crate::runtime::{
    Analyser, IntakeCounts, LiveOptions, LiveStats, Monitor, MonitorOptions, Shutdown, StageRow,
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
}

#[derive(Serialize)]
struct Summary {
    judged: u64,
    overtaken: u64,
    dropped: u64,
    skipped: u64,
    missed: u64,
    reopened: u64,
    not_finite: u64,
    line_failures: u64,
    latency_median_ms: f64,
    latency_p99_ms: f64,
    stages: Vec<StageRow>,
}

type Lines = AlarmOutputs<SimulatedPin, SimulatedPin>;

pub(super) fn run(args: &RunArgs) -> Result<(), Error> {
    let site = setup::load_site(&args.config)?;
    let bundle = Bundle::load(&site.bundle)?;
    let mask = setup::mask(&site, &bundle)?;
    let calibration = setup::site_calibration(&site, &bundle, &mask)?;
    let budget = setup::levels(&calibration, site.budget.alarms_per_day)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now_ms = clock.monotonic_ns() / 1_000_000;
    let shutdown = Shutdown::on_signals().map_err(internal("install the signal handlers"))?;
    let acknowledged = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, acknowledged.clone())
        .map_err(internal("install the signal handlers"))?;
    let input = bundle.manifest().input;
    let analyser = Analyser::new(&bundle, mask, Some(&calibration), update_policy(&site, &bundle));
    let options = MonitorOptions {
        past_frames: input.frames,
        period_ns: input.period_ns(),
        alarm: alarm_config(&site.alarm, budget.levels()),
        stale_ms: (STALE_PERIODS * input.period_ns() / 1_000_000).max(MIN_STALE_MS),
        log_lines: !has_heartbeat(&site),
    };
    let mut monitor = Monitor::new(options, analyser, lines(&site)?, event_log(&site)?, now_ms);
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
        past_frames: input.frames,
        end_is_loss: live_source::end_is_loss(&site.camera),
    };
    let needs = live_source::Needs::of(&input);
    let mut camera = live_source::Camera::new(&site.camera, needs, &clock);
    let mut open = || camera.open();
    let deadline_ns = args.for_s.map(|s| clock.monotonic_ns() + (s.max(0.0) * 1e9) as u64);
    let inputs = || {
        if deadline_ns.is_some_and(|at| clock.monotonic_ns() >= at) {
            shutdown.request();
        }
        acknowledged.swap(false, Ordering::AcqRel).then_some(Input::Acknowledge)
    };
    let stats = run_live(live, &mut open, &mut monitor, &*clock, &shutdown, inputs, |_, _| {})?;
    report(
        args,
        &stats,
        &monitor.times().rows(),
        monitor.analyser().not_finite(),
        monitor.line_failures(),
    )
}

fn internal(what: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |error| Error::Internal(format!("cannot {what}: {error}"))
}

fn update_policy(site: &Site, bundle: &Bundle) -> UpdatePolicy {
    let gate_threshold = bundle.manifest().score.gate_threshold;
    let gated = |normaliser| UpdatePolicy::Gated { normaliser, gate_threshold };
    match site.memory.update {
        MemoryUpdate::Frozen => UpdatePolicy::Frozen,
        MemoryUpdate::Released => gated(Normaliser::Released),
        MemoryUpdate::Paper => gated(Normaliser::Paper),
    }
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

fn has_heartbeat(site: &Site) -> bool {
    let beats = |line: &OutputLine| matches!(line.pattern, OutputPattern::Heartbeat { .. });
    beats(&site.output.alarm) || site.output.fault.as_ref().is_some_and(beats)
}

/// The site's lines. A site without a fault output gets one that leads nowhere.
fn lines(site: &Site) -> Result<Lines, Error> {
    if site.board.gpio.driver != GpioDriver::Simulated {
        return Err(Error::Config(format!(
            "{}: the board {} drives real GPIO lines, which this release cannot do yet: \
             use a board whose `gpio.driver` is \"simulated\"",
            site.file.display(),
            site.board.name
        )));
    }
    let pin = || SimulatedLine::new().1;
    let (alarm, alarm_pattern) = line(&site.output.alarm, pin());
    let (fault, fault_pattern) = match &site.output.fault {
        Some(output) => line(output, pin()),
        None => (Line::new(pin(), Polarity::ActiveHigh, false), Pattern::Steady),
    };
    AlarmOutputs::new(alarm, alarm_pattern, fault, fault_pattern)
        .map_err(|e| Error::Internal(format!("a line cannot be driven: {e:?}")))
}

fn line(output: &OutputLine, pin: SimulatedPin) -> (Line<SimulatedPin>, Pattern) {
    let polarity = match output.active {
        ActiveLevel::High => Polarity::ActiveHigh,
        ActiveLevel::Low => Polarity::ActiveLow,
    };
    let pattern = match output.pattern {
        OutputPattern::Steady => Pattern::Steady,
        OutputPattern::Pulse { width_ms } => Pattern::Pulse { width_ms },
        OutputPattern::Heartbeat { period_ms } => Pattern::Heartbeat { period_ms },
    };
    (Line::new(pin, polarity, output.safe_active), pattern)
}

fn event_log(site: &Site) -> Result<EventLog<JsonLines<CappedFile>>, Error> {
    let Some(EventsSection { path, max_bytes }) = &site.output.events else {
        return Ok(EventLog::new(None));
    };
    let file = CappedFile::open(path, u64::from(*max_bytes)).map_err(Error::file(path))?;
    Ok(EventLog::new(Some(JsonLines(file))))
}

fn report(
    args: &RunArgs,
    stats: &LiveStats,
    stages: &[StageRow],
    not_finite: u64,
    line_failures: u64,
) -> Result<(), Error> {
    let IntakeCounts { skipped, missed, .. } = stats.counts;
    let summary = Summary {
        judged: stats.judged,
        overtaken: stats.overtaken,
        dropped: stats.dropped,
        skipped,
        missed,
        reopened: stats.reopened,
        not_finite,
        line_failures,
        latency_median_ms: stats.latency.quantile_ns(0.5) as f64 / 1e6,
        latency_p99_ms: stats.latency.quantile_ns(0.99) as f64 / 1e6,
        stages: stages.to_vec(),
    };
    if args.json {
        return print_json(&summary);
    }
    println!(
        "{} frames judged, {} overtaken, {} dropped, {} skipped, {} missed by the camera",
        summary.judged, summary.overtaken, summary.dropped, summary.skipped, summary.missed
    );
    println!(
        "frame to line: median {:.1} ms, 99 % within {:.1} ms",
        summary.latency_median_ms, summary.latency_p99_ms
    );
    Ok(())
}
