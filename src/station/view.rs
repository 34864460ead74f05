//! What of the picture is watched, and how.

use super::error::StationError;
use super::zones::weighting;
use crate::config::{Site, Zone};
use crate::model::Bundle;
use crate::runtime::{DEFAULT_MIN_DURATION_MS, SlowViewOptions};
use crate::score::{Mask, Polygon};

/// How a site watches: what of the picture, held still or not, when not at all,
/// and how patiently.
#[derive(Clone, Debug)]
pub struct View {
    pub mask: Mask,
    /// Whether pictures of a swaying camera are moved back, and another light
    /// than the calibration's is evened.
    pub stabilise: bool,
    /// Below it the network rests.
    pub motion_gate_levels: Option<f32>,
    /// What there is to know of what lasts.
    pub slow: SlowViewOptions,
    /// How long the alarm wants a score to stay suspect.
    pub min_duration_ms: u32,
    /// As the site file has them.
    pub masks: Vec<Polygon>,
    /// Parts of the picture that events name.
    pub zones: Vec<Zone>,
}

impl View {
    /// The whole picture, held still: what there is without a site file.
    pub fn whole(bundle: &Bundle) -> Self {
        Self {
            mask: whole_picture(bundle),
            stabilise: true,
            motion_gate_levels: None,
            slow: SlowViewOptions::default(),
            min_duration_ms: DEFAULT_MIN_DURATION_MS,
            masks: Vec::new(),
            zones: Vec::new(),
        }
    }

    /// As a site file has it, for this bundle's input.
    ///
    /// # Errors
    /// Masks, or zones of weight 0, that leave nothing to watch.
    pub fn of(site: &Site, bundle: &Bundle) -> Result<Self, StationError> {
        let mask = mask(site, bundle)?.weighed_by(weighting(&site.zones));
        if mask.counts_nothing() {
            let what = "zones of weight 0 leave no place that counts".to_owned();
            return Err(StationError::Mask { site: site.file.clone(), what });
        }
        Ok(Self {
            mask,
            stabilise: site.camera.stabilise,
            motion_gate_levels: site.load.motion_gate_levels,
            slow: slow(site),
            min_duration_ms: site.alarm.min_duration_ms,
            masks: site.masks.clone(),
            zones: site.zones.clone(),
        })
    }
}

fn slow(site: &Site) -> SlowViewOptions {
    let tampered_ms = site.tamper.after_s * 1000;
    SlowViewOptions {
        stays_ms: site.stays.stays_s * 1000,
        alarm: site.stays.alarm,
        alarms_per_day: site.stays.alarms_per_day,
        tampered_ms: site.tamper.enabled.then_some(tampered_ms),
        fault_is_told: site.output.fault.is_some() || site.output.tampered.is_some(),
    }
}

/// A mask that watches the model's whole input.
pub fn whole_picture(bundle: &Bundle) -> Mask {
    let input = bundle.manifest().input;
    Mask::everything(input.width_px, input.height_px)
}

fn mask(site: &Site, bundle: &Bundle) -> Result<Mask, StationError> {
    let input = bundle.manifest().input;
    Mask::from_polygons(input.width_px, input.height_px, &site.masks)
        .map_err(|what| StationError::Mask { site: site.file.clone(), what })
}
