//! Seeded synthetic CCTV footage with ground truth.
//!
//! A scene is a place — ground, fixtures, sun, camera — selected by a seed.
//! Each numbered clip shows other traffic in that place. Normal traffic is
//! defined in `traffic`, what deviates from it in `anomaly`. Pixels follow
//! from the parameters alone, by arithmetic that is the same on all machines;
//! see `number`.

mod actor;
mod anomaly;
pub mod clip;
mod figure;
mod fixture;
mod gait;
mod ground;
mod moth;
mod number;
pub mod params;
mod place;
mod raster;
mod sensor;
mod sky;
mod traffic;
mod truth;
mod vehicle;
mod view;
mod walker;
mod write;

pub use number::{Concern, Stream};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use clip::Scene;
use params::{AnomalyKind, SceneParams};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use write::{Job, Rendered, Storage, write};

/// Render synthetic CCTV footage of a walkway, with frame labels and masks.
///
/// Without `--anomaly` the footage is normal and fit for training. Render a
/// test set of the same place with the same `--seed`, another `--first-clip`
/// and some anomalies. What varies conditions (camera, light, sun, fog, rain,
/// snow, insects) is off by default, and then changes nothing.
#[derive(Args, Debug, Clone)]
pub struct SceneArgs {
    /// Folder to write to: frames/, masks/, labels.json, scene.toml.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Start from the parameters in this scene.toml instead of the defaults;
    /// other options override them. Alone it renders the same bytes again.
    #[arg(long, value_name = "FILE")]
    pub like: Option<PathBuf>,

    /// The place: equal seeds show the same ground from the same camera
    /// [default: 1].
    #[arg(long)]
    pub seed: Option<u64>,

    /// Number of clips to render [default: 4].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub clips: Option<u32>,

    /// Number of the first clip. A clip's number selects its traffic, light
    /// and noise, so a test set that starts at 101 shares none with a training
    /// set of clips 1 to 100 [default: 1].
    #[arg(long, value_name = "N")]
    pub first_clip: Option<u32>,

    /// Length of each clip in seconds [default: 60].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: Option<u32>,

    /// Frames per second. Speeds stay the same in metres per second
    /// [default: 10].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub fps: Option<u32>,

    /// Width of the frames in pixels [default: 320].
    #[arg(long, value_parser = clap::value_parser!(u32).range(48..=4096))]
    pub width_px: Option<u32>,

    /// Height of the frames in pixels [default: 180].
    #[arg(long, value_parser = clap::value_parser!(u32).range(48..=4096))]
    pub height_px: Option<u32>,

    /// Something that must not happen; repeat for several kinds. They take
    /// turns within a clip and from one clip to the next.
    #[arg(long = "anomaly", value_enum, value_name = "KIND")]
    pub anomalies: Vec<AnomalyKind>,

    /// How many anomalies happen in each clip. They never overlap: at least
    /// four normal seconds lie between two of them [default: 3].
    #[arg(long, value_name = "K")]
    pub anomalies_per_clip: Option<u32>,

    /// Normal seconds at the beginning of each clip [default: 8].
    #[arg(long)]
    pub lead_in_s: Option<f64>,

    /// How busy the path is: 1 shows about three people at a time
    /// [default: 1].
    #[arg(long)]
    pub density: Option<f64>,

    /// Sensor noise at mid-grey, as a standard deviation in 8-bit levels.
    /// Bright areas get more of it, dark ones less [default: 2].
    #[arg(long)]
    pub noise_sigma: Option<f64>,

    /// How much brightness wanders over tens of seconds to minutes, relative
    /// to its mean. Clouds dim the sun by up to four times as much
    /// [default: 0.08].
    #[arg(long)]
    pub light_drift: Option<f64>,

    /// How far the camera sways on its mount, in pixels [default: 0].
    #[arg(long)]
    pub shake_px: Option<f64>,

    /// Another viewpoint on the same place; 0 is the place's own [default: 0].
    #[arg(long, value_name = "N")]
    pub camera: Option<u32>,

    /// Brighter or darker than usual: -0.3 is 30 % less light [default: 0].
    #[arg(long, allow_negative_numbers = true)]
    pub light: Option<f64>,

    /// Slow change of light: by this share from start to end of each clip
    /// [default: 0].
    #[arg(long, allow_negative_numbers = true)]
    pub light_ramp: Option<f64>,

    /// Slow change of shadows: the sun turns by this angle during each clip
    /// [default: 0].
    #[arg(long, allow_negative_numbers = true)]
    pub sun_turn_deg: Option<f64>,

    /// Fog, from 0 to 1; 1 hides half of what is 14 m away [default: 0].
    #[arg(long)]
    pub fog: Option<f64>,

    /// Rain, from 0 to 1 [default: 0].
    #[arg(long)]
    pub rain: Option<f64>,

    /// Snow, from 0 to 1 [default: 0].
    #[arg(long)]
    pub snow: Option<f64>,

    /// Insects a minute that cross close before the lens, lit by the camera's
    /// own lamp: large, bright, gone within half a second, and no anomaly
    /// [default: 0].
    #[arg(long, value_name = "N")]
    pub moths: Option<f64>,

    /// Quality of JPEG frames, from 1 to 100 [default: 85].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub jpeg_quality: Option<u8>,

    /// Write RGB instead of grey frames.
    #[arg(long)]
    pub colour: bool,

    /// File format of the frames [default: jpg].
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Replace the footage in a folder that is not empty.
    #[arg(long)]
    pub force: bool,

    /// Print what was rendered as JSON.
    #[arg(long)]
    pub json: bool,
}

/// File format of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lossy, as from a network camera.
    Jpg,
    /// Lossless: exactly what the sensor model gives.
    Png,
}

/// What a `scene.toml` says about the footage beside it.
#[derive(Debug, Deserialize)]
struct Written {
    first_clip: u32,
    clips: u32,
    /// `None` for PNG.
    jpeg_quality: Option<u8>,
    params: SceneParams,
}

impl Default for Written {
    fn default() -> Self {
        let params = SceneParams::default();
        Self { first_clip: 1, clips: 4, jpeg_quality: Some(85), params }
    }
}

impl Written {
    fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a scene.toml", path.display()))
    }
}

impl SceneArgs {
    fn params(&self, base: SceneParams) -> SceneParams {
        let anomalies =
            if self.anomalies.is_empty() { base.anomalies } else { self.anomalies.clone() };
        SceneParams {
            seed: self.seed.unwrap_or(base.seed),
            seconds: self.seconds.unwrap_or(base.seconds),
            fps: self.fps.unwrap_or(base.fps),
            width_px: self.width_px.unwrap_or(base.width_px),
            height_px: self.height_px.unwrap_or(base.height_px),
            density: self.density.unwrap_or(base.density),
            noise_sigma: self.noise_sigma.unwrap_or(base.noise_sigma),
            light_drift: self.light_drift.unwrap_or(base.light_drift),
            shake_px: self.shake_px.unwrap_or(base.shake_px),
            colour: self.colour || base.colour,
            anomalies,
            anomalies_per_clip: self.anomalies_per_clip.unwrap_or(base.anomalies_per_clip),
            lead_in_s: self.lead_in_s.unwrap_or(base.lead_in_s),
            camera: self.camera.unwrap_or(base.camera),
            light: self.light.unwrap_or(base.light),
            light_ramp: self.light_ramp.unwrap_or(base.light_ramp),
            sun_turn_deg: self.sun_turn_deg.unwrap_or(base.sun_turn_deg),
            fog: self.fog.unwrap_or(base.fog),
            rain: self.rain.unwrap_or(base.rain),
            snow: self.snow.unwrap_or(base.snow),
            moths: self.moths.unwrap_or(base.moths),
        }
    }

    fn storage(&self, base_quality: Option<u8>) -> Storage {
        let format = self
            .format
            .unwrap_or_else(|| if base_quality.is_some() { Format::Jpg } else { Format::Png });
        match format {
            Format::Jpg => {
                Storage::Jpeg { quality: self.jpeg_quality.or(base_quality).unwrap_or(85) }
            }
            Format::Png => Storage::Png,
        }
    }
}

/// Renders the footage that `args` describe.
pub fn run(args: SceneArgs) -> Result<()> {
    let base = args.like.as_deref().map(Written::read).transpose()?.unwrap_or_default();
    let params = args.params(base.params);
    check(&params)?;
    let scene = Scene::new(&params)?;
    let job = Job {
        out: args.out.clone(),
        first_clip: args.first_clip.unwrap_or(base.first_clip),
        clips: args.clips.unwrap_or(base.clips),
        storage: args.storage(base.jpeg_quality),
        force: args.force,
    };
    let rendered = write(&scene, &job)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&rendered)?);
    } else {
        let Rendered { out, clips, frames, events } = &rendered;
        println!("{}: {clips} clips, {frames} frames, {} anomalies", out.display(), events.len());
    }
    Ok(())
}

fn check(p: &SceneParams) -> Result<()> {
    ensure!((0.0..=10.0).contains(&p.density), "--density must lie between 0 and 10");
    ensure!((0.0..=64.0).contains(&p.noise_sigma), "--noise-sigma must lie between 0 and 64");
    ensure!((0.0..=0.5).contains(&p.light_drift), "--light-drift must lie between 0 and 0.5");
    ensure!((0.0..=32.0).contains(&p.shake_px), "--shake-px must lie between 0 and 32");
    ensure!(p.lead_in_s >= 0.0, "--lead-in-s must not be negative");
    ensure!((-1.0..=3.0).contains(&p.light), "--light must lie between -1 and 3");
    ensure!((-1.0..=3.0).contains(&p.light_ramp), "--light-ramp must lie between -1 and 3");
    ensure!((0.0..=120.0).contains(&p.moths), "--moths must lie between 0 and 120");
    ensure!(p.sun_turn_deg.abs() <= 360.0, "--sun-turn-deg must lie between -360 and 360");
    for (name, strength) in [("--fog", p.fog), ("--rain", p.rain), ("--snow", p.snow)] {
        ensure!((0.0..=1.0).contains(&strength), "{name} must lie between 0 and 1");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
