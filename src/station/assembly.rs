//! The station: everything of a site, held and run.

use std::path::Path;
use std::sync::Arc;

use super::camera::{Camera, Needs, end_is_loss};
use super::cooling::Cooling;
use super::error::StationError;
use super::lines::{self, LineGuard, Pin};
use super::plan::Plan;
use super::supervision;
use crate::alarm::{Input, Line};
use crate::clock::Clock;
use crate::config::{EventsSection, Site};
use crate::gpio::{BoardLines, Panel};
use crate::health::{Progress, supervise};
use crate::output::{CappedFile, DatedLines, EventLog};
use crate::runtime::{
    LiveOptions, LiveStats, Monitor, Pace, RunError, Shutdown, StageRow, Step, run_live,
};

/// Where the kernel shows its thermal zones and watchdogs.
const ROOT: &str = "/";

type SiteLog = EventLog<DatedLines<CappedFile>>;

/// A site that is ready to watch: its lines are held, at their safe levels.
///
/// The fields are dropped in their order: the lines are safe and free before
/// their guard is dismissed.
pub struct Station<'a> {
    site: &'a Site,
    plan: Plan,
    clock: Arc<dyn Clock>,
    monitor: Monitor<Pin, Pin, DatedLines<CappedFile>>,
    /// The fault line once more, for the supervisor.
    fault: Line<Pin>,
    panel: Panel,
    _guard: Option<LineGuard>,
}

/// What a station's run came to.
#[derive(Clone, Debug)]
pub struct StationReport {
    pub live: LiveStats,
    /// Of the judged frames, those without the network, because nothing moved.
    pub rested: u64,
    /// Frames for which the network returned something that is not a number.
    pub not_finite: u64,
    /// How often a line refused to be driven.
    pub line_failures: u64,
    /// The time that each stage took.
    pub stages: Vec<StageRow>,
}

impl<'a> Station<'a> {
    /// Takes the site's lines, each at its safe level from the first moment on,
    /// and opens the event log.
    ///
    /// `guard` is the program that is started beside this one to make real lines
    /// safe if this process is killed. It is called as `PROGRAM guard-lines
    /// --line=CHIP:OFFSET:LEVEL…` and then does what [`crate::gpio`]'s `guard`
    /// does; `normwatch` is such a program.
    ///
    /// # Errors
    /// A line that cannot be had or driven, or an event log that cannot be
    /// opened. A guard that cannot be started is only logged.
    pub fn open(
        site: &'a Site,
        plan: Plan,
        clock: Arc<dyn Clock>,
        guard: Option<&Path>,
    ) -> Result<Self, StationError> {
        let now_ms = clock.monotonic_ms();
        let board_lines = BoardLines::new(&site.board);
        let held = lines::open(site, &board_lines)?;
        let guard = guard.and_then(|program| lines::start_guard(site, &board_lines, program));
        let panel = lines::open_panel(site, &board_lines)?;
        let log = event_log(site, clock.clone())?;
        let mut monitor = plan.pipeline().monitor(held.outputs, log, now_ms);
        monitor.require_sight(plan.scoring.usual_light());
        log::info!(
            "{} on {}: alarm at {:.2}, over at {:.2}",
            plan.bundle.manifest().name,
            site.board.name,
            plan.budget.enter_level,
            plan.budget.exit_level
        );
        Ok(Self { site, plan, clock, monitor, fault: held.fault, panel, _guard: guard })
    }

    /// Watches until the footage ends or shutdown is requested. Starts the
    /// hardware watchdog and tells the service manager that the site is ready.
    ///
    /// `inputs` is asked in every turn for acknowledgements and the like, beside
    /// the site's own contacts, until it has none; `each` sees every judged frame.
    ///
    /// # Errors
    /// A watchdog that the site insists on, a camera that cannot be opened because
    /// of its configuration, a thread that cannot be started or panics, or the
    /// network's failure. The lines are safe then.
    pub fn run(
        mut self,
        shutdown: &Shutdown,
        mut inputs: impl FnMut() -> Option<Input>,
        mut each: impl FnMut(&Step),
    ) -> Result<StationReport, StationError> {
        let (site, clock) = (self.site, &self.clock);
        let pipeline = self.plan.pipeline();
        let input = self.plan.bundle.manifest().input;
        let options = LiveOptions {
            intake: pipeline.intake(),
            past_frames: input.past_span(),
            end_is_loss: end_is_loss(&site.camera),
            progress: Progress::new(clock.monotonic_ms()),
            pace: Pace::default(),
        };
        let mut cooling = Cooling::new(site, Path::new(ROOT), options.pace.clone());
        let mut camera = Camera::new(&site.camera, Needs::of(&input), clock.clone());
        let mut open = || camera.open();
        let progress = options.progress.clone();
        let supervisor = supervision::start(site, progress, self.plan.stale_ms, self.fault)?;
        let inputs = || {
            let now_ms = clock.monotonic_ms();
            cooling.iter_mut().for_each(|cooling| cooling.look(now_ms));
            inputs().or_else(|| self.panel.next(now_ms))
        };
        let mut rested = 0;
        let each = |step: &Step, _: &_| {
            rested += u64::from(step.score.is_some_and(|score| score.rested));
            each(step);
        };
        let monitor = &mut self.monitor;
        let live = supervise(supervisor, &**clock, RunError::is_orderly, || {
            run_live(options, &mut open, monitor, &**clock, shutdown, inputs, each)
        })?;
        Ok(StationReport {
            live,
            rested,
            not_finite: self.monitor.analyser().not_finite(),
            line_failures: self.monitor.line_failures(),
            stages: self.monitor.times().rows(),
        })
    }
}

fn event_log(site: &Site, clock: Arc<dyn Clock>) -> Result<SiteLog, StationError> {
    let Some(EventsSection { path, max_bytes }) = &site.output.events else {
        return Ok(EventLog::new(None));
    };
    let lines = CappedFile::open(path, u64::from(*max_bytes)).map_err(StationError::file(path))?;
    Ok(EventLog::new(Some(DatedLines { lines, clock })))
}
