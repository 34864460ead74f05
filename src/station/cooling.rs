//! Fewer judgements while a site's board is too hot.

use std::path::Path;

use crate::config::Site;
use crate::health::{Thermometer, Vitals};
use crate::runtime::{Pace, ThermalPace};

const LOOK_MS: u64 = 2000;

/// Slows the judging of a site's run down while its board is too hot.
pub(super) struct Cooling {
    thermometer: Thermometer,
    thermal: ThermalPace,
    pace: Pace,
    vitals: Vitals,
    look_at_ms: u64,
}

impl Cooling {
    /// `None` for a site that does not ask for it, or a board that says nothing
    /// of its temperature, which is a warning.
    pub fn new(site: &Site, root: &Path, pace: Pace, vitals: Vitals) -> Option<Self> {
        let limit_c = site.load.back_off_at_c?;
        let thermometer = Thermometer::new(root, &site.board.thermal.zones);
        if thermometer.hottest_c().is_none() {
            log::warn!("no thermal zone can be read: `load.back_off_at_c` has no effect");
            return None;
        }
        let thermal = ThermalPace::new(limit_c);
        Some(Self { thermometer, thermal, pace, vitals, look_at_ms: 0 })
    }

    /// Looks at the temperature where it is time to.
    pub fn look(&mut self, now_ms: u64) {
        if now_ms < self.look_at_ms {
            return;
        }
        self.look_at_ms = now_ms + LOOK_MS;
        let now_c = self.thermometer.hottest_c();
        self.vitals.note(|reading| reading.temperature_c = now_c);
        let Some(every) = self.thermal.step(now_ms, now_c) else { return };
        self.pace.set(every);
        match (every, now_c) {
            (1, Some(now_c)) => log::info!("{now_c:.0} °C: every frame is judged again"),
            (_, Some(now_c)) => log::warn!("{now_c:.0} °C: only one frame in {every} is judged"),
            (_, None) => log::warn!("no temperature for a minute: every frame is judged again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::load_site;
    use crate::health::ZONES;

    #[test]
    fn the_temperature_is_told_to_whoever_looks() {
        let root = tempfile::tempdir().unwrap();
        let temp = root.path().join(ZONES).join("thermal_zone0/temp");
        fs::create_dir_all(temp.parent().unwrap()).unwrap();
        fs::write(&temp, "61500\n").unwrap();
        let file = root.path().join("site.toml");
        let text = "board = \"simulated\"\nbundle = \"b\"\n[load]\nback_off_at_c = 80.0\n\
                    [camera]\nsource = \"folder\"\npath = \"f\"\n[output.alarm]\nline = \"ALARM\"\n";
        fs::write(&file, text).unwrap();
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
        let site = load_site(&file, &[boards]).unwrap();
        let vitals = Vitals::default();
        let mut cooling =
            Cooling::new(&site, root.path(), Pace::default(), vitals.clone()).unwrap();
        cooling.look(0);
        assert_eq!(vitals.read().temperature_c, Some(61.5));
        fs::write(&temp, "no reading").unwrap();
        cooling.look(LOOK_MS);
        assert_eq!(vitals.read().temperature_c, None);
    }
}
