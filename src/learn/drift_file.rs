//! How the scores of the watching service compare with the calibration's, for whoever asks how
//! far the learning is.

use std::path::PathBuf;
use std::time::Duration;

use super::error::LearnError;
use super::place::LearnPlace;
use crate::calibrate::Drift;
use crate::fs::write_by_rename;

/// It is written every hour while the service watches.
const OLDEST: Duration = Duration::from_secs(2 * 3600);

/// Leaves it in the folder of the learning, if there is one.
///
/// # Errors
/// The file system's.
pub(super) fn write_drift(place: &LearnPlace, drift: &Drift) -> Result<(), LearnError> {
    if !place.folder().is_dir() {
        return Ok(());
    }
    let file = file(place);
    let text = serde_json::to_vec(drift).map_err(|e| LearnError::Encoding(e.to_string()))?;
    write_by_rename(&file, &text).map_err(LearnError::file(&file))
}

/// What the service has left; `None` where it has not watched for a day, where what it left is
/// older than two hours, as of another calibration, and where that cannot be read.
pub(super) fn read_drift(place: &LearnPlace) -> Option<Drift> {
    let file = file(place);
    let written = std::fs::metadata(&file).ok()?.modified().ok()?;
    if written.elapsed().is_ok_and(|age| age > OLDEST) {
        return None;
    }
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn file(place: &LearnPlace) -> PathBuf {
    place.folder().join("drift.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_leaves_is_read_and_what_is_damaged_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = LearnPlace::new(folder.path());
        let (median_usual, high_usual) = ([0.2, 0.6], [0.8, 2.0]);
        let drift = Drift { median: 1.0, high: 1.5, median_usual, high_usual, drifted: true };
        assert_eq!(read_drift(&place), None);
        write_drift(&place, &drift).unwrap();
        assert_eq!(read_drift(&place), Some(drift));
        std::fs::write(file(&place), "{").unwrap();
        assert_eq!(read_drift(&place), None);
        let nowhere = LearnPlace::new(&folder.path().join("none"));
        write_drift(&nowhere, &drift).unwrap();
        assert!(!nowhere.folder().exists());
    }
}
