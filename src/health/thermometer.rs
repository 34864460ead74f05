//! How hot the board is.

use std::fs;
use std::path::{Path, PathBuf};

/// Folder of the kernel's thermal zones, below the root folder.
pub const ZONES: &str = "sys/class/thermal";

/// The board's thermal zones, as the kernel's thermal framework reports them.
#[derive(Clone, Debug)]
pub struct Thermometer {
    files: Vec<PathBuf>,
}

impl Thermometer {
    /// The zones of these types below `root` (`/` but in tests), or all of them
    /// where none of these is there.
    pub fn new(root: &Path, types: &[String]) -> Self {
        let entries = fs::read_dir(root.join(ZONES)).into_iter().flatten().flatten();
        let zones: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|zone| zone.join("temp").is_file()).collect();
        let kind = |zone: &PathBuf| fs::read_to_string(zone.join("type")).unwrap_or_default();
        let named = |zone: &&PathBuf| types.iter().any(|wanted| wanted == kind(zone).trim());
        let mut chosen: Vec<&PathBuf> = zones.iter().filter(named).collect();
        if chosen.is_empty() {
            chosen = zones.iter().collect();
        }
        Self { files: chosen.into_iter().map(|zone| zone.join("temp")).collect() }
    }

    /// The hottest zone in °C; `None` where no zone can be read.
    pub fn hottest_c(&self) -> Option<f32> {
        self.files.iter().filter_map(|file| celsius(file)).reduce(f32::max)
    }
}

/// A file of thousandths of a degree.
pub(crate) fn celsius(file: &Path) -> Option<f32> {
    Some(fs::read_to_string(file).ok()?.trim().parse::<f32>().ok()? / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(root: &Path, name: &str, kind: &str, temp: &str) {
        let folder = root.join(ZONES).join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("type"), format!("{kind}\n")).unwrap();
        fs::write(folder.join("temp"), temp).unwrap();
    }

    #[test]
    fn named_zones_count_alone_and_broken_ones_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        zone(root.path(), "thermal_zone0", "cpu-thermal", "61500\n");
        zone(root.path(), "thermal_zone1", "wifi", "93000\n");
        zone(root.path(), "thermal_zone2", "gpu-thermal", "no reading");
        let of = |types: &[&str]| {
            let types: Vec<String> = types.iter().map(|&t| t.into()).collect();
            Thermometer::new(root.path(), &types).hottest_c()
        };
        assert_eq!(of(&["cpu-thermal", "gpu-thermal"]), Some(61.5));
        assert_eq!(of(&["not-here"]), Some(93.0), "all, where the named one is not there");
        assert_eq!(of(&["gpu-thermal"]), None);
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(Thermometer::new(nothing.path(), &[]).hottest_c(), None);
    }
}
