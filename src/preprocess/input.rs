//! What the network takes: size, planes, and how they are scaled.

use serde::{Deserialize, Serialize};

/// Which planes the network takes, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    Luma,
    Rgb,
    Bgr,
}

impl Channels {
    /// 1 or 3.
    pub fn planes(self) -> usize {
        match self {
            Self::Luma => 1,
            Self::Rgb | Self::Bgr => 3,
        }
    }
}

/// How planes are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resize {
    /// Between the four nearest pixels, whatever the scale: OpenCV's
    /// `INTER_LINEAR`, which aliases when it shrinks.
    Bilinear,
    /// The mean of the source area under each pixel. Where a side grows,
    /// [`Resize::Bilinear`].
    Area,
}

/// What the network takes. Both sides are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputSpec {
    pub width_px: usize,
    pub height_px: usize,
    pub channels: Channels,
    pub resize: Resize,
    /// Whether jumps of the light are taken out: an automatic exposure, a lamp.
    pub relight: bool,
}

impl InputSpec {
    /// Bytes of one input: planes x height x width.
    pub fn frame_len(&self) -> usize {
        self.channels.planes() * self.height_px * self.width_px
    }
}
