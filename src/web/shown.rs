//! What the page shows, and what it says of the site.

use std::io;
use std::path::PathBuf;

use super::answer::Answer;
use super::control::Control;
use super::gallery::Gallery;
use super::history::History;
use super::live::Live;
use super::request::Request;
use super::tuning::Tuning;
use crate::config::Zone;
use crate::event::{OutletCounts, PictureRing};
use crate::health::{LOG_TAIL, LogLine};
use crate::score::{MaskMode, Polygon};

/// What the page shows.
#[derive(Clone, Debug)]
pub struct PageOptions {
    pub pictures: Option<PictureRing>,
    pub history: History,
    /// The folder of events.
    pub events: Option<PathBuf>,
    /// The areas of the site file.
    pub masks: Vec<Polygon>,
    pub zones: Vec<Zone>,
    pub tuning: Tuning,
    /// False alarms a day that were accepted at the start.
    pub alarms_per_day: f64,
    /// Whether a site file says so.
    pub is_of_site: bool,
    /// Where orders are taken, from whoever knows the token.
    pub control: Option<Control>,
}

/// The page, while the run goes on.
pub(super) struct Page {
    pub live: Live,
    pub gallery: Gallery,
    masks: Vec<Polygon>,
    zones: Vec<Zone>,
    pub tuning: Tuning,
    alarms_per_day: f64,
    is_of_site: bool,
    pub control: Option<Control>,
}

impl Page {
    /// # Errors
    /// A thread cannot be started.
    pub fn new(options: PageOptions) -> io::Result<Self> {
        let PageOptions { pictures, history, events, masks, zones, .. } = options;
        let PageOptions { tuning, alarms_per_day, is_of_site, control, .. } = options;
        let (live, gallery) = (Live::new(pictures, history), Gallery::new(events)?);
        Ok(Self { live, gallery, masks, zones, tuning, alarms_per_day, is_of_site, control })
    }

    /// What changes while the page is open, beside the figures.
    pub fn more(&self, outlets: &[OutletCounts]) -> serde_json::Value {
        let outlets = outlets.iter().map(|counts| {
            let OutletCounts { name, sent, failed, dropped, last_sent_unix_ms } = counts;
            serde_json::json!({
                "name": name,
                "sent": sent,
                "failed": failed,
                "dropped": dropped,
                "last_sent_unix_ms": last_sent_unix_ms,
            })
        });
        serde_json::json!({
            "outputs": outlets.collect::<Vec<_>>(),
            "events": self.gallery.state(),
            "version": self.control.as_ref().map(|control| control.settings.in_force().version),
            "snooze_ms": self.control.as_ref().and_then(|control| control.orders.snoozes_for_ms()),
        })
    }

    /// What does not.
    pub fn site(&self) -> Answer {
        let masks = self.masks.iter().map(|mask| {
            let mode = if mask.mode == MaskMode::Ignore { "ignore" } else { "include" };
            serde_json::json!({ "mode": mode, "points": mask.points })
        });
        let zones = self.zones.iter().map(|zone| {
            let (name, points, more) = (&zone.name, &zone.area.points, zone.keys_of_weight());
            serde_json::json!({ "name": name, "points": points, "more": more })
        });
        let body = serde_json::json!({
            "masks": masks.collect::<Vec<_>>(),
            "zones": zones.collect::<Vec<_>>(),
            "lowest_supported": self.tuning.lowest_supported(),
            "alarms_per_day": self.alarms_per_day,
            "of_site": self.is_of_site,
            "in_force": self.control.as_ref().map(Control::in_force),
            "may_arm": self.control.as_ref().is_some_and(|control| control.may_arm),
        });
        Answer::new(200, "application/json", body.to_string())
    }
}

/// The last lines of the program's log, after `?after=NUMBER`.
pub(super) fn log(request: &Request) -> Answer {
    let lines = LOG_TAIL.after(request.number("after").unwrap_or(0));
    let lines = lines
        .iter()
        .map(|LogLine { number, unix_ms, text }| serde_json::json!([number, unix_ms, text]));
    let body = serde_json::json!({ "lines": lines.collect::<Vec<_>>() });
    Answer::new(200, "application/json", body.to_string())
}
