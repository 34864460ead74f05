//! Fewer judgements while a site's board is too hot.

use std::path::Path;

use crate::config::Site;
use crate::health::Thermometer;
use crate::runtime::{Pace, ThermalPace};

const LOOK_MS: u64 = 2000;

/// Slows the judging of a site's run down while its board is too hot.
pub(super) struct Cooling {
    thermometer: Thermometer,
    thermal: ThermalPace,
    pace: Pace,
    look_at_ms: u64,
}

impl Cooling {
    /// `None` for a site that does not ask for it, or a board that says nothing
    /// of its temperature, which is a warning.
    pub fn new(site: &Site, root: &Path, pace: Pace) -> Option<Self> {
        let limit_c = site.load.back_off_at_c?;
        let thermometer = Thermometer::new(root, &site.board.thermal.zones);
        if thermometer.hottest_c().is_none() {
            log::warn!("no thermal zone can be read: `load.back_off_at_c` has no effect");
            return None;
        }
        let thermal = ThermalPace::new(limit_c);
        Some(Self { thermometer, thermal, pace, look_at_ms: 0 })
    }

    /// Looks at the temperature where it is time to.
    pub fn look(&mut self, now_ms: u64) {
        if now_ms < self.look_at_ms {
            return;
        }
        self.look_at_ms = now_ms + LOOK_MS;
        let now_c = self.thermometer.hottest_c();
        let Some(every) = self.thermal.step(now_ms, now_c) else { return };
        self.pace.set(every);
        match (every, now_c) {
            (1, Some(now_c)) => log::info!("{now_c:.0} °C: every frame is judged again"),
            (_, Some(now_c)) => log::warn!("{now_c:.0} °C: only one frame in {every} is judged"),
            (_, None) => log::warn!("no temperature for a minute: every frame is judged again"),
        }
    }
}
