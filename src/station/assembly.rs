//! The station: everything of a site, held and run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::borrowed::share;
use super::camera::{Camera, Needs, end_is_loss, longest_pause_ms};
use super::cooling::Cooling;
use super::error::StationError;
use super::events::{self, SiteEvents, SiteSink};
use super::lines::{self, GuardKeeper, Pin, SpareLines};
#[cfg(not(feature = "web-server"))]
use super::no_page::Page;
#[cfg(feature = "web-server")]
use super::page::Page;
use super::plan::Plan;
use super::relay::SiteRelay;
use super::supervision::{self, Leave, Slowest};
use super::telling::Telling;
use super::vitals::Watching;
use super::zones::ZoneHours;
use crate::alarm::{Input, Pattern, State};
use crate::clock::Clock;
use crate::config::Site;
use crate::event::{EventRecorder, PictureRing, WindowRing};
use crate::gpio::{BoardLines, Panel};
use crate::health::{Progress, Signals, Vitals, supervise};
use crate::output::{Event, EventLog, EventSink};
use crate::runtime::{
    Impairment, Impairments, LiveOptions, LiveStats, Monitor, Pace, RunError, Shutdown, SlowView,
    StageRow, Step, run_live,
};

/// Where the kernel shows its thermal zones and watchdogs.
const ROOT: &str = "/";

/// Beyond the age at which a score vouches for nothing, as the supervisor has it.
const SIGNAL_GRACE_MS: u64 = 200;

type SiteMonitor = Monitor<Pin, Pin, SiteSink>;

/// A site that is ready to watch: its lines are held, at their safe levels.
///
/// The fields are dropped in their order: the lines are safe and free before
/// their guard is dismissed.
pub struct Station<'a> {
    site: &'a Site,
    plan: Plan,
    clock: Arc<dyn Clock>,
    monitor: SiteMonitor,
    /// The lines once more, for the supervisor.
    spare: SpareLines,
    /// The event log once more, for the supervisor.
    last_words: EventLog<SiteSink>,
    recorder: Option<EventRecorder>,
    pictures: Option<PictureRing>,
    windows: Option<WindowRing>,
    /// While it is held, what is known as normal is kept up to date.
    _alive: Arc<()>,
    telling: Telling,
    relay: SiteRelay,
    leave: Option<Leave>,
    panel: Panel,
    guard: Option<GuardKeeper>,
    /// There are real lines, and no program to guard them.
    lacks_guard: bool,
}

/// What a station's run came to.
#[derive(Clone, Debug)]
pub struct StationReport {
    pub live: LiveStats,
    /// Whether the site was armed at the end. One that sleeps for a while is.
    pub armed: bool,
    /// Of the judged frames, those without the network, because nothing moved.
    pub rested: u64,
    /// Frames for which the network returned something that is not a number.
    pub not_finite: u64,
    /// How often a line refused to be driven.
    pub line_failures: u64,
    /// Events that could not be stored.
    pub events_dropped: u64,
    /// The time that each stage took.
    pub stages: Vec<StageRow>,
}

impl<'a> Station<'a> {
    /// Takes the site's lines, each at its safe level from the first moment on,
    /// and begins the event log. A log that cannot be written is no reason not to
    /// watch: it is tried again, and what is lost is counted.
    ///
    /// `guard` is the program that is started beside this one to make real lines
    /// safe if this process is killed, and again when it ends. It is called as `PROGRAM guard-lines
    /// --line=CHIP:OFFSET:LEVEL…` and then does what [`crate::gpio`]'s `guard`
    /// does; `normwatch` is such a program.
    ///
    /// # Errors
    /// A line that cannot be had or driven, or a thread that cannot be started.
    /// Without a guard the fault line stays down.
    pub fn open(
        site: &'a Site,
        mut plan: Plan,
        clock: Arc<dyn Clock>,
        guard: Option<&Path>,
    ) -> Result<Self, StationError> {
        if site.output.fault.is_none() {
            log::warn!(
                "no [output.fault] in the site file: nobody is told when this watch is blind or dead"
            );
        }
        warn_of_uneven_heartbeats(site, plan.bundle.self_test());
        let now_ms = clock.monotonic_ms();
        let board_lines = BoardLines::new(&site.board);
        let held = lines::open(site, &board_lines)?;
        let lacks_guard = guard.is_none() && lines::need_guard(site, &board_lines);
        let guard = guard.and_then(|program| lines::keep_guard(site, &board_lines, program));
        let panel = lines::open_panel(site, &board_lines)?;
        let (pictures, windows) = (events::pictures(site), events::windows(site, &plan));
        let alive = Arc::new(());
        let signals = Signals::watched(clock.clone(), plan.stale_ms + SIGNAL_GRACE_MS);
        let relay = SiteRelay::start(site, &signals, &clock)?;
        let page = Page::prepare(site, &mut plan, &clock)?;
        let trace = page.trace().cloned();
        let telling = Telling::start(site, &plan, &clock, pictures.clone(), page, relay.counts())?;
        let SiteEvents { log, last_words, recorder } =
            SiteEvents::start(site, &plan, &telling, (pictures.clone(), windows.clone()), &clock)?;
        let mut monitor = plan.pipeline().monitor(held.outputs, log, now_ms);
        monitor.require_sight(plan.scoring.usual_light());
        monitor.signal_to(signals);
        monitor.keep_quiet(events::known_normal(site, &plan, &alive)?);
        trace.into_iter().for_each(|trace| monitor.keep_trace(trace));
        note_what_lasts(site, &plan, monitor.slow_view());
        log::info!(
            "{} on {}: alarm at {:.2}, over at {:.2}",
            plan.bundle.manifest().name,
            site.board.name,
            plan.budget.enter_level,
            plan.budget.exit_level
        );
        Ok(Self {
            site,
            plan,
            clock,
            monitor,
            spare: held.spare,
            last_words,
            recorder,
            pictures,
            windows,
            _alive: alive,
            telling,
            relay,
            leave: None,
            panel,
            guard,
            lacks_guard,
        })
    }

    /// Has `leave` end the process when it is asked to end by a signal, see
    /// [`Shutdown::urge`], and the thread that drives the lines hangs: the lines are
    /// safe then and the watchdogs disarmed.
    pub fn leaving_by(mut self, leave: impl FnMut() + Send + 'static) -> Self {
        self.leave = Some(Box::new(leave));
        self
    }

    /// The figures of this site, for whoever shows them or has some to add.
    pub fn vitals(&self) -> Vitals {
        self.telling.vitals()
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
            impairments: Impairments::default(),
            pictures: self.pictures.clone(),
            windows: self.windows.clone(),
        };
        let impairments = options.impairments.clone();
        let mut cooling =
            Cooling::new(site, Path::new(ROOT), options.pace.clone(), self.telling.vitals());
        let mut camera =
            Camera::new(&site.camera, Needs::of(&input), clock.clone()).woken_by(shutdown.wake());
        let sharing = share(site);
        let open = Box::new(move || {
            let source = camera.open()?;
            Ok(sharing.iter().fold(source, |source, sharing| sharing.around(source)))
        });
        let progress = options.progress.clone();
        let slowest = Slowest {
            stale_ms: self.plan.stale_ms,
            network: self.plan.bundle.self_test(),
            pause_ms: longest_pause_ms(&site.camera, input.fps),
        };
        let leave = self.leave.map(|leave| with_last_words(leave, self.last_words, clock.clone()));
        let supervisor = supervision::start(site, progress, slowest, self.spare, shutdown, leave)?;
        let (recorder, telling) = (&self.recorder, &self.telling);
        let (panel, guard, lacks_guard) = (&mut self.panel, &self.guard, self.lacks_guard);
        let relay = &self.relay;
        let view = &self.plan.view;
        let hours = ZoneHours::start(&view.zones, view.mask.weighting(), clock.clone());
        let mut hours = hours.map_err(StationError::EventThread)?;
        let inputs = || {
            let now_ms = clock.monotonic_ms();
            hours.iter_mut().for_each(|hours| hours.look(now_ms));
            cooling.iter_mut().for_each(|cooling| cooling.look(now_ms));
            let input = inputs().or_else(|| panel.next(now_ms)).or_else(|| telling.next_command());
            impairments.set(Impairment::ArmLost, panel.is_arm_lost());
            let fallen = guard.as_ref().is_some_and(|guard| !guard.stands());
            let unguarded = lacks_guard || fallen;
            impairments.set(Impairment::NoGuard, unguarded);
            impairments.set(Impairment::RelayLost, relay.is_lost());
            input
        };
        let mut watching = Watching::new(telling.vitals(), &self.plan.scoring);
        let heat_from = telling.heat_from(self.plan.budget.exit_level);
        let each = |step: &Step, monitor: &SiteMonitor| {
            watching.judged(step, monitor.is_healthy(clock.monotonic_ms()), &**clock);
            watching.timed(monitor.times());
            let map = monitor.analyser().error_map();
            if let Some(sample) = step.score.and_then(|score| score.sample(map, heat_from)) {
                recorder.iter().for_each(|recorder| recorder.judged(sample));
                telling.judged(sample);
            }
            each(step);
        };
        let monitor = &mut self.monitor;
        let live = supervise(supervisor, &**clock, RunError::is_orderly, || {
            run_live(options, open, monitor, clock, shutdown, inputs, each)
        });
        self.monitor.flush_log();
        self.relay.end();
        let armed = self.monitor.state() != State::Disarmed || self.telling.is_snoozing();
        self.telling.end();
        Ok(StationReport {
            live: live?,
            armed,
            rested: watching.rested(),
            not_finite: self.monitor.analyser().not_finite(),
            line_failures: self.monitor.line_failures(),
            events_dropped: self.monitor.events_dropped(),
            stages: self.monitor.times().rows(),
        })
    }
}

/// The thread that drives the lines also runs the network.
fn warn_of_uneven_heartbeats(site: &Site, network: Duration) {
    for output in site.output.lines() {
        let Pattern::Heartbeat { period_ms } = output.pattern else { continue };
        if network * 2 > Duration::from_millis(period_ms.into()) {
            log::warn!(
                "the heartbeat of {} is uneven: a run of the network takes {} ms here, give \
                 `heartbeat_ms` at least {}",
                output.line,
                network.as_millis(),
                network.as_millis() * 4
            );
        }
    }
}

/// Says once what of what lasts cannot be told.
fn note_what_lasts(site: &Site, plan: &Plan, slow: Option<&SlowView>) {
    let Some(slow) = slow else {
        log::warn!(
            "this calibration knows no background, so what stays and a camera that was turned \
             are not told: run `normwatch calibrate` again"
        );
        return;
    };
    if site.tamper.enabled && !slow.tells_tampering() {
        log::warn!("too little of this view has structure to tell a camera that was turned");
    }
    if plan.view.slow.alarm && !slow.keeps_a_budget() {
        log::warn!(
            "this calibration has too little footage for a budget of what stays: changes are \
             events, and do not switch the alarm line"
        );
    }
}

/// Writes the run's last event, which the thread that hangs cannot.
fn with_last_words<S: EventSink + Send + 'static>(
    mut leave: Leave,
    mut log: EventLog<S>,
    clock: Arc<dyn Clock>,
) -> Leave {
    Box::new(move || {
        let reason = "asked to end while the judging thread hung".to_owned();
        log.record(&Event::Stop { time_ms: clock.monotonic_ms(), reason });
        log.flush();
        leave();
    })
}
