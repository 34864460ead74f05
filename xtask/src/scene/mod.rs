//! `cargo xtask scene`: seeded synthetic CCTV footage with ground truth.
//!
//! A scene is a place — ground, fixtures, sun, camera — selected by a seed.
//! Each numbered clip shows other traffic in that place. Normal traffic is
//! defined in [`traffic`], what deviates from it in [`anomaly`]. Pixels follow
//! from the parameters alone, by arithmetic that is the same on all machines;
//! see [`number`].

mod actor;
mod anomaly;
pub mod clip;
mod figure;
mod fixture;
mod gait;
mod ground;
mod number;
pub mod params;
mod place;
mod raster;
mod sensor;
mod traffic;
mod truth;
mod vehicle;
mod view;
mod walker;
mod write;

pub use number::{Concern, Stream};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use clip::Scene;
use params::{AnomalyKind, SceneParams};
use std::path::PathBuf;
use write::{Job, Storage, write};

/// Render synthetic CCTV footage of a walkway, with frame labels and masks.
///
/// Without `--anomaly` the footage is normal and fit for training. Render a
/// test set of the same place with the same `--seed`, another `--first-clip`
/// and some anomalies.
#[derive(Args, Debug, Clone)]
pub struct SceneArgs {
    /// Directory to write to: frames/, masks/, labels.json, scene.toml.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// The place: equal seeds show the same ground from the same camera.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Number of clips to render.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub clips: u32,

    /// Number of the first clip. A clip's number selects its traffic, light
    /// and noise, so a test set that starts at 101 shares none with a training
    /// set of clips 1 to 100.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub first_clip: u32,

    /// Length of each clip in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,

    /// Frames per second. Speeds stay the same in metres per second.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub fps: u32,

    /// Width of the frames in pixels.
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(48..=4096))]
    pub width_px: u32,

    /// Height of the frames in pixels.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u32).range(48..=4096))]
    pub height_px: u32,

    /// Something that must not happen; repeat for several kinds. They take
    /// turns within a clip and from one clip to the next.
    #[arg(long = "anomaly", value_enum, value_name = "KIND")]
    pub anomalies: Vec<AnomalyKind>,

    /// How many anomalies happen in each clip. They never overlap: at least
    /// four normal seconds lie between two of them.
    #[arg(long, default_value_t = 3, value_name = "K")]
    pub anomalies_per_clip: u32,

    /// Normal seconds at the beginning of each clip.
    #[arg(long, default_value_t = 8.0)]
    pub lead_in_s: f64,

    /// How busy the path is: 1 shows about three people at a time.
    #[arg(long, default_value_t = 1.0)]
    pub density: f64,

    /// Sensor noise at mid-grey, as a standard deviation in 8-bit levels.
    /// Bright areas get more of it, dark ones less.
    #[arg(long, default_value_t = 2.0)]
    pub noise_sigma: f64,

    /// How much brightness wanders over tens of seconds to minutes, relative
    /// to its mean. Clouds dim the sun by up to four times as much.
    #[arg(long, default_value_t = 0.08)]
    pub light_drift: f64,

    /// How far the camera sways on its mount, in pixels.
    #[arg(long, default_value_t = 0.0)]
    pub shake_px: f64,

    /// Quality of JPEG frames, from 1 to 100.
    #[arg(long, default_value_t = 85, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub jpeg_quality: u8,

    /// Write RGB instead of grey frames.
    #[arg(long)]
    pub colour: bool,

    /// File format of the frames.
    #[arg(long, value_enum, default_value_t = Format::Jpg)]
    pub format: Format,

    /// Replace the footage in a directory that is not empty.
    #[arg(long)]
    pub force: bool,
}

/// File format of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lossy, as from a network camera.
    Jpg,
    /// Lossless: exactly what the sensor model gives.
    Png,
}

impl SceneArgs {
    fn params(&self) -> SceneParams {
        SceneParams {
            seed: self.seed,
            seconds: self.seconds,
            fps: self.fps,
            width_px: self.width_px,
            height_px: self.height_px,
            density: self.density,
            noise_sigma: self.noise_sigma,
            light_drift: self.light_drift,
            shake_px: self.shake_px,
            colour: self.colour,
            anomalies: self.anomalies.clone(),
            anomalies_per_clip: self.anomalies_per_clip,
            lead_in_s: self.lead_in_s,
        }
    }

    fn storage(&self) -> Storage {
        match self.format {
            Format::Jpg => Storage::Jpeg { quality: self.jpeg_quality },
            Format::Png => Storage::Png,
        }
    }
}

/// Renders the footage that `args` describe.
pub fn run(args: SceneArgs) -> Result<()> {
    ensure!((0.0..=10.0).contains(&args.density), "--density must lie between 0 and 10");
    ensure!((0.0..=64.0).contains(&args.noise_sigma), "--noise-sigma must lie between 0 and 64");
    ensure!((0.0..=0.5).contains(&args.light_drift), "--light-drift must lie between 0 and 0.5");
    ensure!((0.0..=32.0).contains(&args.shake_px), "--shake-px must lie between 0 and 32");
    ensure!(args.lead_in_s >= 0.0, "--lead-in-s must not be negative");
    let scene = Scene::new(&args.params())?;
    let job = Job {
        out: args.out.clone(),
        first_clip: args.first_clip,
        clips: args.clips,
        storage: args.storage(),
        force: args.force,
    };
    write(&scene, &job)
}
