//! What a site will watch with: its bundle, levels and times, before anything is
//! switched on.

use super::error::StationError;
use super::levels::{LevelsError, levels, require_calibration};
use super::view::View;
use crate::alarm::{AlarmConfig, Levels};
use crate::calibrate::{BudgetReport, Calibration};
use crate::config::{CameraSource, Site, V4l2Section};
use crate::model::{Bundle, NetworkOptions};
use crate::runtime::{MAX_STEP_PERIODS, Pipeline, SLOWEST_PACE, Scoring, UpdatePolicy};

/// A score older than this many frame periods no longer vouches for anything.
const STALE_PERIODS: u64 = 10;
const MIN_STALE_MS: u64 = 1000;

/// A site's bundle and all that it is judged by.
#[derive(Clone, Debug)]
pub struct Plan {
    pub bundle: Bundle,
    pub view: View,
    /// The site's calibration.
    pub scoring: Scoring,
    /// The levels, and how far they can be trusted.
    pub budget: BudgetReport,
    pub update: UpdatePolicy,
    pub alarm: AlarmConfig,
    /// The fault line drops when the last score is older than this.
    pub stale_ms: u64,
    /// Whether level changes of the lines are events.
    pub log_lines: bool,
}

impl Plan {
    /// Loads the bundle, self-test included, and the calibration that the site
    /// names, and derives the rest. Opens no camera, line or log.
    ///
    /// # Errors
    /// A bundle or calibration that cannot be read or was refused, masks that
    /// leave nothing to watch, a camera too slow for the bundle, or a budget that
    /// is none.
    pub fn load(site: &Site) -> Result<Self, StationError> {
        let network =
            NetworkOptions { threads: site.threads as usize, ..NetworkOptions::default() };
        let bundle = Bundle::load_signed(&site.bundle, network, &site.bundle_keys)?;
        fast_enough(site, &bundle)?;
        let view = View::of(site, &bundle)?;
        let (calibration, budget) = site_levels(site, &bundle, &view)?;
        // A hot board judges fewer, and a lost frame comes on top of that.
        let eased = site.load.back_off_at_c.map_or(0, |_| u64::from(SLOWEST_PACE));
        let periods = STALE_PERIODS + eased;
        let period_ms = periods * bundle.manifest().input.period_ns() / 1_000_000;
        Ok(Self {
            view,
            scoring: Scoring::deployed(calibration),
            update: UpdatePolicy::new(site.memory.update, &bundle),
            alarm: alarm_config(site, budget.levels()),
            stale_ms: period_ms.max(MIN_STALE_MS),
            log_lines: true,
            budget,
            bundle,
        })
    }

    /// Watches for another budget than the site file's.
    ///
    /// # Errors
    /// It is not a number above 0.
    pub fn apply(&mut self, alarms_per_day: f64) -> Result<(), LevelsError> {
        let Scoring::Deployed(calibration) = &self.scoring else { return Ok(()) };
        if alarms_per_day != self.budget.alarms_per_day {
            self.budget = levels(calibration, alarms_per_day, self.view.min_duration_ms)?;
            self.alarm.levels = self.budget.levels();
            log::info!("{alarms_per_day} false alarms a day are accepted, as applied on the page");
        }
        Ok(())
    }

    /// What the camera's frames go through.
    pub fn pipeline(&self) -> Pipeline<'_> {
        Pipeline {
            bundle: &self.bundle,
            mask: &self.view.mask,
            scoring: &self.scoring,
            update: self.update,
            alarm: self.alarm,
            stabilise: self.view.stabilise,
            motion_gate_levels: self.view.motion_gate_levels,
            slow: self.view.slow,
            stale_ms: self.stale_ms,
            log_lines: self.log_lines,
        }
    }
}

/// The calibration of a site, and the levels that its budget asks for; a site
/// cannot run without.
///
/// # Errors
/// A calibration that is absent, cannot be read or was refused.
pub fn site_levels(
    site: &Site,
    bundle: &Bundle,
    view: &View,
) -> Result<(Calibration, BudgetReport), LevelsError> {
    let calibration = require_calibration(bundle, site.calibration.as_deref(), &view.mask)?;
    let budget = levels(&calibration, site.budget.alarms_per_day, view.min_duration_ms)?;
    Ok((calibration, budget))
}

fn fast_enough(site: &Site, bundle: &Bundle) -> Result<(), StationError> {
    let CameraSource::V4l2(V4l2Section { fps: Some(fps), .. }) = &site.camera.source else {
        return Ok(());
    };
    let wanted = bundle.manifest().input.fps;
    let least = wanted / MAX_STEP_PERIODS;
    if *fps >= least {
        return Ok(());
    }
    let (site, bundle) = (site.file.clone(), bundle.manifest().name.clone());
    Err(StationError::TooSlow { site, fps: *fps, bundle, wanted, least })
}

fn alarm_config(site: &Site, levels: Levels) -> AlarmConfig {
    let section = &site.alarm;
    AlarmConfig {
        levels,
        min_duration_ms: section.min_duration_ms,
        hold_ms: section.hold_ms,
        cooldown_ms: section.cooldown_ms,
        warm_up_ms: section.warm_up_ms,
        latch: section.latch,
        armed_at_start: section.armed_at_start,
        motion_within_ms: site.input.pir.as_ref().map(|pir| pir.within_ms),
    }
}
