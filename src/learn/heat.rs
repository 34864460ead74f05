//! When a training has to hold on because the board is hot.

use std::path::Path;

use crate::config::Site;
use crate::health::Thermometer;

const LOOK_MS: u64 = 2000;

/// It goes on when the board is so many degrees cooler.
const COOLER_C: f32 = 5.0;

/// A site's board and its `load.back_off_at_c`.
#[derive(Debug)]
pub(super) struct Heat {
    limit_c: Option<f32>,
    thermometer: Thermometer,
    look_at_ms: u64,
    is_hot: bool,
}

impl Heat {
    /// `root` is `/` but in tests.
    pub fn new(site: &Site, root: &Path) -> Self {
        let thermometer = Thermometer::new(root, &site.board.thermal.zones);
        Self { limit_c: site.load.back_off_at_c, thermometer, look_at_ms: 0, is_hot: false }
    }

    /// Whether to hold on; never without a limit or a reading.
    pub fn is_hot(&mut self, now_ms: u64) -> bool {
        let Some(limit_c) = self.limit_c else { return false };
        if now_ms < self.look_at_ms {
            return self.is_hot;
        }
        self.look_at_ms = now_ms + LOOK_MS;
        let now_c = self.thermometer.hottest_c();
        let limit_c = if self.is_hot { limit_c - COOLER_C } else { limit_c };
        let is_hot = now_c.is_some_and(|now_c| now_c >= limit_c);
        if is_hot != self.is_hot {
            let now_c = now_c.map_or("no reading".into(), |c| format!("{c:.0} °C"));
            let what = if is_hot { "holds on" } else { "goes on" };
            log::info!("{now_c}: the training {what}");
        }
        self.is_hot = is_hot;
        is_hot
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::health::ZONES;

    #[test]
    fn a_hot_board_holds_on_until_it_is_cooler() {
        let root = tempfile::tempdir().unwrap();
        let zone = root.path().join(ZONES).join("thermal_zone0");
        fs::create_dir_all(&zone).unwrap();
        let (temp, board) = (zone.join("temp"), vec!["cpu-thermal".to_string()]);
        fs::write(zone.join("type"), "cpu-thermal\n").unwrap();
        fs::write(&temp, "60000\n").unwrap();
        let heat = |limit_c| Heat {
            limit_c,
            thermometer: Thermometer::new(root.path(), &board),
            look_at_ms: 0,
            is_hot: false,
        };
        let mut hot = heat(Some(80.0));
        let mut course = Vec::new();
        for (step, now) in [79_000, 80_000, 76_000, 75_000, 74_900, 79_000].iter().enumerate() {
            fs::write(&temp, format!("{now}\n")).unwrap();
            course.push(hot.is_hot(step as u64 * LOOK_MS));
            assert_eq!(hot.is_hot(step as u64 * LOOK_MS + 1), course[step], "not looked at");
        }
        assert_eq!(course, [false, true, true, true, false, false]);
        fs::write(&temp, "99000\n").unwrap();
        assert!(hot.is_hot(100_000) && !heat(None).is_hot(0));
        fs::remove_file(&temp).unwrap();
        assert!(!hot.is_hot(200_000), "what cannot be read holds nobody up for ever");
    }
}
