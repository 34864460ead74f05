//! What a scene is made from: the numbers that go into `scene.toml`.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Everything that decides the pixels of a scene. Equal parameters give equal
/// bytes.
///
/// What varies conditions is left out of `scene.toml` where it has no effect.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SceneParams {
    /// Selects the place: viewpoint, ground, fixtures, sun.
    pub seed: u64,
    pub seconds: u32,
    pub fps: u32,
    pub width_px: u32,
    pub height_px: u32,
    /// Multiplies the rate at which walkers arrive.
    pub density: f64,
    /// Standard deviation of the sensor noise at mid-grey, in 8-bit levels.
    pub noise_sigma: f64,
    /// Relative amplitude of slow changes of brightness.
    pub light_drift: f64,
    /// Amplitude of camera movement in pixels.
    pub shake_px: f64,
    /// RGB instead of grey pixels.
    pub colour: bool,
    /// Kinds of anomaly, taken in turn; empty for normal footage.
    pub anomalies: Vec<AnomalyKind>,
    pub anomalies_per_clip: u32,
    /// No anomaly becomes visible earlier than this.
    pub lead_in_s: f64,
    /// Which viewpoint on the place; 0 is the one that the seed gives.
    #[serde(skip_serializing_if = "is_default")]
    pub camera: u32,
    /// Brightness relative to the usual one, less 1.
    #[serde(skip_serializing_if = "is_default")]
    pub light: f64,
    /// Relative change of brightness from the start to the end of a clip.
    #[serde(skip_serializing_if = "is_default")]
    pub light_ramp: f64,
    /// How far the sun turns during a clip, in degrees.
    #[serde(skip_serializing_if = "is_default")]
    pub sun_turn_deg: f64,
    /// Strength of the weather, 0 to 1 each.
    #[serde(skip_serializing_if = "is_default")]
    pub fog: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub rain: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub snow: f64,
    /// How many insects cross close before the lens in a minute.
    #[serde(skip_serializing_if = "is_default")]
    pub moths: f64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for SceneParams {
    fn default() -> Self {
        Self {
            seed: 1,
            seconds: 60,
            fps: 10,
            width_px: 320,
            height_px: 180,
            density: 1.0,
            noise_sigma: 2.0,
            light_drift: 0.08,
            shake_px: 0.0,
            colour: false,
            anomalies: Vec::new(),
            anomalies_per_clip: 3,
            lead_in_s: 8.0,
            camera: 0,
            light: 0.0,
            light_ramp: 0.0,
            sun_turn_deg: 0.0,
            fog: 0.0,
            rain: 0.0,
            snow: 0.0,
            moths: 0.0,
        }
    }
}

impl SceneParams {
    /// Frames in each clip.
    pub fn frames(&self) -> u32 {
        self.seconds * self.fps
    }

    /// Anomalous pixels that make a frame count as anomalous: twelve at
    /// 320x180, in proportion to the area at other sizes.
    pub fn label_threshold_px(&self) -> u32 {
        let area = f64::from(self.width_px) * f64::from(self.height_px);
        (12.0 * area / (320.0 * 180.0)).round().max(1.0) as u32
    }
}

/// Something that never happens in normal footage of a scene, where everybody
/// walks on the paving, at walking pace, and keeps to the lane that goes their
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnomalyKind {
    /// Somebody rides a bicycle through at 4 to 6 m/s.
    Cyclist,
    /// A small electric cart drives through at 2 to 3 m/s.
    Cart,
    /// Somebody runs through at 3.5 to 5 m/s.
    Running,
    /// Somebody walks the wrong way in a lane, or crosses over the grass.
    AgainstFlow,
    /// A bag lies on the ground after the one who carried it has left; it
    /// lasts until somebody picks the bag up.
    LeftBehind,
    /// Somebody falls, lies still and gets up again.
    Fall,
}
