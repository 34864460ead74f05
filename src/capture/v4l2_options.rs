//! How to use a camera; there with the feature `config`, so that a site file
//! can be read without a camera.

use super::PixelFormat;

/// How a camera is to be used.
#[derive(Clone, Debug, PartialEq)]
pub struct V4l2Options {
    /// A path under `/dev`, a card name or a bus; `None` for the only camera.
    pub device: Option<String>,
    /// `None` to take the cheapest that the camera offers.
    pub format: Option<PixelFormat>,
    /// Exactly this size; `None` to take the smallest that covers
    /// `needed_px`.
    pub size_px: Option<(u32, u32)>,
    /// This rate as near as the camera has it; `None` to take one that
    /// `needed_fps` divides well.
    pub fps: Option<f64>,
    /// Width and height of the network's input.
    pub needed_px: (u32, u32),
    /// Rate of the network's footage.
    pub needed_fps: f64,
    /// Whether the network sees no colours.
    pub luma: bool,
    /// Without a usable frame for this long the camera counts as lost.
    pub read_timeout_ms: u32,
    /// Frames that are dropped after each opening, until the exposure settles.
    pub settle_frames: u32,
    /// Set at each opening, in this order but automatics first.
    pub controls: Vec<ControlSetting>,
}

/// A control and what to set it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSetting {
    /// A name of this program's (`exposure_us`) or the kernel's in lower case
    /// (`backlight_compensation`).
    pub name: String,
    pub value: ControlValue,
}

/// The value of a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlValue {
    Whole(i64),
    Flag(bool),
    /// `auto`, or the name of a menu's choice.
    Word(String),
}
