//! How many frames a second a scene's footage has: what the scene says, what
//! the user says, or else what is assumed.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::train::recorded_fps;

/// `--fps RATE` or `--fps NAME=RATE`.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenRate {
    pub scene: Option<String>,
    pub fps: f64,
}

impl FromStr for GivenRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scene, rate) = match text.rsplit_once('=') {
            Some((scene, rate)) => (Some(scene.to_owned()), rate),
            None => (None, text),
        };
        match rate.parse::<f64>() {
            Ok(fps) if fps > 0.0 && fps <= 1000.0 => Ok(Self { scene, fps }),
            _ => Err("it is a number of frames a second, as in 25 or NAME=25".into()),
        }
    }
}

/// Where a rate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// recording.toml or scene.toml.
    Scene,
    /// `--fps`.
    Given,
    /// Nobody says it: the preset's.
    Assumed,
}

/// Refuses rates that no scene would have: of names that `is_scene` does not know,
/// and a second one for the same scenes.
///
/// # Errors
/// The first of them.
pub fn check_rates(given: &[GivenRate], is_scene: impl Fn(&str) -> bool) -> Result<()> {
    for (index, rate) in given.iter().enumerate() {
        let whose = rate.scene.as_deref();
        ensure!(
            whose.is_none_or(&is_scene),
            "--fps {}={}: there is no such scene",
            whose.unwrap_or_default(),
            rate.fps
        );
        let again = given[..index].iter().any(|other| other.scene == rate.scene);
        ensure!(!again, "--fps has two rates for {}", whose.unwrap_or("all scenes"));
    }
    Ok(())
}

/// The rate of the scene at `path`.
///
/// # Errors
/// A file that says no rate, or a user who says another.
pub fn rate_of(
    name: &str,
    path: &Path,
    given: &[GivenRate],
    assumed: f64,
) -> Result<(f64, RateSource)> {
    let by_name = given.iter().find(|rate| rate.scene.as_deref() == Some(name));
    if let Some(fps) = own_rate(path)? {
        let other = by_name.filter(|rate| rate.fps != fps);
        ensure!(
            other.is_none(),
            "it says that it has {fps} frames a second, --fps says {}",
            other.map_or(fps, |rate| rate.fps)
        );
        return Ok((fps, RateSource::Scene));
    }
    let general = || given.iter().find(|rate| rate.scene.is_none());
    Ok(match by_name.or_else(general) {
        Some(rate) => (rate.fps, RateSource::Given),
        None => (assumed, RateSource::Assumed),
    })
}

/// Of `normwatch record` or `scene`, beside the scene's parts or in one.
fn own_rate(path: &Path) -> Result<Option<f64>> {
    for folder in [path.to_path_buf(), path.join("training"), path.join("training/frames")] {
        if let Some(fps) = recorded_fps(&folder)? {
            return Ok(Some(fps));
        }
        let file = folder.join("scene.toml");
        if file.is_file() {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let table: toml::Table = text.parse().with_context(|| file.display().to_string())?;
            let fps = table.get("params").and_then(|params| params.get("fps"));
            let fps = fps.and_then(|fps| fps.as_float().or(fps.as_integer().map(|v| v as f64)));
            return fps.map(Some).with_context(|| format!("{} has no rate", file.display()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_knows_its_rate_better_than_a_rate_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let given: Vec<GivenRate> =
            ["25", "mall=2"].iter().map(|text| text.parse().unwrap()).collect();
        let rate = |name: &str| rate_of(name, folder.path(), &given, 10.0);
        assert_eq!(rate("road").unwrap(), (25.0, RateSource::Given));
        assert_eq!(rate("mall").unwrap(), (2.0, RateSource::Given));
        let none = rate_of("road", folder.path(), &[], 10.0).unwrap();
        assert_eq!(none, (10.0, RateSource::Assumed));
        fs::create_dir(folder.path().join("training")).unwrap();
        fs::write(folder.path().join("training/scene.toml"), "[params]\nfps = 12\n").unwrap();
        assert_eq!(rate("road").unwrap(), (12.0, RateSource::Scene));
        fs::write(folder.path().join("recording.toml"), "fps = 8.5\n").unwrap();
        assert_eq!(rate("road").unwrap(), (8.5, RateSource::Scene));
        let error = rate("mall").unwrap_err().to_string();
        assert!(error.contains("8.5") && error.contains("--fps says 2"), "{error}");
    }

    #[test]
    fn rates_that_no_scene_would_have_are_refused() {
        let check = |texts: &[&str]| {
            let given: Vec<GivenRate> = texts.iter().map(|text| text.parse().unwrap()).collect();
            check_rates(&given, |name| name == "road").map_err(|error| error.to_string())
        };
        assert_eq!(check(&["25", "road=30"]), Ok(()));
        assert!(check(&["raod=30"]).unwrap_err().contains("raod"));
        assert!(check(&["25", "30"]).unwrap_err().contains("all scenes"));
        assert!(check(&["road=25", "road=30"]).unwrap_err().contains("road"));
    }

    #[test]
    fn what_is_not_a_rate_is_refused() {
        for text in ["0", "-3", "fast", "mall=", "mall=x", "NaN", "1e9"] {
            assert!(text.parse::<GivenRate>().is_err(), "{text}");
        }
    }
}
