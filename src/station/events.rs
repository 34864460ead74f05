//! Where the events of a site go: its log, its folder, and whoever is told.

use std::sync::Arc;

use super::error::StationError;
use super::plan::Plan;
use super::telling::Telling;
use super::vitals::VitalsSink;
use crate::clock::Clock;
use crate::config::{EventFolder, EventsSection, NotifySection, Site};
use crate::event::{Destinations, EventRecorder, PictureRing, Quota, Setup, Store, WindowRing};
use crate::feedback::{InForce, watch};
use crate::output::{Both, EventLog, EventWriter};

pub(super) type SiteSink = Both<VitalsSink, Both<EventWriter, EventRecorder>>;

/// The takers of a site's events.
pub(super) struct SiteEvents {
    pub log: EventLog<SiteSink>,
    /// The log once more, for the supervisor.
    pub last_words: EventLog<SiteSink>,
    pub recorder: Option<EventRecorder>,
}

impl SiteEvents {
    /// Begins the log, and the thread that makes events where anybody wants them.
    /// Opens no file.
    pub fn start(
        site: &Site,
        plan: &Plan,
        telling: &Telling,
        (pictures, windows): (Option<PictureRing>, Option<WindowRing>),
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StationError> {
        let section = site.output.events.as_ref();
        let writer = section.map(|EventsSection { path, max_bytes, .. }| {
            EventWriter::start(path, u64::from(*max_bytes), clock.clone())
        });
        let writer = writer.transpose().map_err(StationError::EventThread)?;
        let store = section.and_then(|section| section.folder.as_ref()).map(store);
        let to = Destinations { pictures, windows, store, outlets: telling.outlets() };
        let mut recorder = None;
        if !to.is_empty() {
            let started = EventRecorder::start(setup(site, plan), to, clock.clone());
            recorder = Some(started.map_err(StationError::EventThread)?);
        }
        let sink = || {
            let stored = Both(writer.clone(), recorder.clone());
            EventLog::new(Some(Both(Some(VitalsSink(telling.vitals())), Some(stored))))
        };
        let (log, last_words) = (sink(), sink());
        Ok(Self { log, last_words, recorder })
    }
}

/// Of a site without an event log.
const DEFAULT_MEMORY_MB: u32 = 32;

/// Keeps the last pictures, where anybody wants them.
pub(super) fn pictures(site: &Site) -> Option<PictureRing> {
    let section = site.output.events.as_ref();
    let kept = section.is_some_and(|section| section.folder.is_some());
    let shown = site.web.as_ref().is_some_and(|web| web.page);
    let memory_mb = section.map_or(DEFAULT_MEMORY_MB, |section| section.memory_max_mb);
    let told = site.output.mqtt.is_some() || site.output.notify != NotifySection::default();
    (kept || shown || told).then(|| PictureRing::new(memory_mb as usize * 1_000_000))
}

/// Keeps the last frames as the model sees them, where events are kept and a learning could
/// take them.
pub(super) fn windows(site: &Site, plan: &Plan) -> Option<WindowRing> {
    let kept = site.output.events.as_ref().is_some_and(|section| section.folder.is_some());
    let spec = plan.bundle.manifest().input.spec();
    (kept && site.learn.is_some()).then(|| WindowRing::new(spec)).flatten()
}

/// What is known as normal, from the folder of events and kept up to date, until `alive` is
/// let go.
///
/// # Errors
/// A thread could not be started.
pub(super) fn known_normal(
    site: &Site,
    plan: &Plan,
    alive: &Arc<()>,
) -> Result<InForce, StationError> {
    let in_force = InForce::default();
    let section = site.output.events.as_ref();
    if let Some(folder) = section.and_then(|section| section.folder.as_ref()) {
        let of = (plan.bundle.model_sha256().to_owned(), plan.scoring.calibration_sha256());
        watch(&folder.path, of, in_force.clone(), alive).map_err(StationError::EventThread)?;
    }
    Ok(in_force)
}

fn store(folder: &EventFolder) -> Store {
    let max_bytes = u64::from(folder.max_mb) * 1_000_000;
    Store::new(&folder.path, Quota { max_bytes, max_count: folder.max_count as usize })
}

fn setup(site: &Site, plan: &Plan) -> Setup {
    let input = plan.bundle.manifest().input;
    Setup {
        site: site.name(),
        alarms_per_day: Some(plan.budget.alarms_per_day),
        hold_ms: plan.alarm.hold_ms,
        calibration_sha256: plan.scoring.calibration_sha256(),
        model_px: (input.width_px, input.height_px),
        zones: plan.view.zones.clone(),
    }
}
