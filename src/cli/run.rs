//! `normwatch run`: a site, watched until it is stopped.

use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::error::Error;
use super::fault_injection::FaultInjection;
use super::reload::{self, Reload};
use super::run_summary::RunSummary;
use super::signals::{Handover, Held, Holding};
use super::{fall_back, logger, print_json, signals, site};
use crate::alarm::Input;
use crate::clock::{Clock, SystemClock};
use crate::health::Vitals;
use crate::learn::{tell_phase, watched_generation};
use crate::runtime::{Shutdown, Step};
use crate::station::Station;

/// What a shell reports of a program that SIGTERM ended.
const TERMINATED_EXIT_CODE: i32 = 128 + 15;

/// Stops on SIGINT, SIGTERM, SIGHUP and SIGQUIT, with the lines at their safe
/// levels and the watchdogs disarmed; see `--reload-on-sighup` for another. SIGUSR1 acknowledges an alarm. Other signals
/// do nothing.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The site file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Stop by itself after this time.
    #[arg(long, value_name = "SECONDS")]
    for_s: Option<f64>,
    /// SIGHUP reads the site file, and what it names, again: a service's reload. If
    /// they are as they must be, the watch begins again with them, and the lines are safe
    /// for that moment; it stays armed or disarmed, and a latched alarm ends. If not, it
    /// goes on as it was.
    #[arg(long, conflicts_with = "for_s")]
    reload_on_sighup: bool,
    /// Print what the run came to as JSON.
    #[arg(long)]
    json: bool,
    /// For tests of boards: hang (`stall-inference:N`) or panic
    /// (`panic-inference:N`) after N judged frames, or wait N seconds in the last moment of a
    /// reload (`linger-reload:N`).
    #[arg(long, value_name = "FAULT", hide = true)]
    fault_injection: Option<FaultInjection>,
}

pub(super) fn run(args: &RunArgs) -> Result<(), Error> {
    let shutdown = Shutdown::new();
    let acknowledged = Arc::new(AtomicBool::new(false));
    let holding = Holding::default();
    let handover = Handover::default();
    let reload = args.reload_on_sighup.then(|| Reload::of(args.config.clone()));
    let by_signal = reload.clone().map(|reload| (reload, handover.clone()));
    signals::listen(shutdown.clone(), acknowledged.clone(), holding.clone(), by_signal)
        .map_err(Error::signals)?;
    let mut site = site::load(&args.config)?;
    // Before it is loaded, and before an older one may stand in for it.
    let generation = site.learn.as_ref().and_then(|learn| watched_generation(learn, &site.bundle));
    let mut plan = fall_back::plan(&mut site)?;
    if let Some(armed) = reload::was_armed().filter(|_| site.input.arm.is_none()) {
        plan.alarm.armed_at_start = armed;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let program = std::env::current_exe()
        .inspect_err(|e| log::warn!("no guard: a killed process leaves the lines as they are: {e}"))
        .ok();
    holding.begin();
    let station = Station::open(&site, plan, clock.clone(), program.as_deref())?;
    let station = station.leaving_by(|| {
        logger::flush();
        process::exit(TERMINATED_EXIT_CODE);
    });
    let watched = Arc::new(());
    if let Some(learn) = &site.learn
        && let Err(error) = tell_phase(
            learn,
            station.vitals(),
            &watched,
            (generation, renewing(reload, shutdown.clone(), station.vitals())),
        )
    {
        log::warn!("nobody is told how far the learning is: {error}");
    }
    // There was nothing to acknowledge yet.
    acknowledged.store(false, Ordering::Release);
    let deadline_ns =
        args.for_s.map(|s| clock.monotonic_ns().saturating_add((s.max(0.0) * 1e9) as u64));
    let inputs = || {
        if deadline_ns.is_some_and(|at| clock.monotonic_ns() >= at) {
            shutdown.request();
        }
        acknowledged.swap(false, Ordering::AcqRel).then_some(Input::Acknowledge)
    };
    let mut judged = 0;
    let each = |_: &Step| {
        judged += 1;
        args.fault_injection.iter().for_each(|fault| fault.strike(judged));
    };
    let report = station.run(&shutdown, inputs, each)?;
    if shutdown.is_to_reload() {
        logger::flush();
        // They wait until the program takes them again.
        let _held = Held::all();
        if handover.begin() {
            args.fault_injection.iter().for_each(|fault| fault.linger());
            return Err(reload::become_again(report.armed));
        }
    }
    let summary = RunSummary::new(report);
    if args.json {
        return print_json(&summary);
    }
    print!("{summary}");
    Ok(())
}

/// What is done while another bundle that was learnt is `current`.
fn renewing(
    reload: Option<Reload>,
    shutdown: Shutdown,
    vitals: Vitals,
) -> impl FnMut() + Send + 'static {
    let mut told = false;
    move || match &reload {
        Some(reload) => {
            let vitals = vitals.clone();
            log::info!("another bundle is current");
            reload.begin(&shutdown, move || vitals.read().calm);
        }
        None if !std::mem::replace(&mut told, true) => {
            log::warn!("another bundle is current: start again to watch with it");
        }
        None => {}
    }
}
