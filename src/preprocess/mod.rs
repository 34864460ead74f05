//! From a frame as the camera gives it to the planes that the network takes.
//!
//! Colour conversion comes first, at full resolution; then each plane is
//! resized. Scaling to the network's number range is the model's business.

mod blocks;
mod convert;
mod error;
mod huffman;
mod jpeg;
mod light;
mod resize;
mod stabiliser;
mod steady;
mod yuv;

use serde::{Deserialize, Serialize};

use crate::capture::{Frame, PixelFormat};

use convert::{ColourPlanes, Plane};
use jpeg::JpegDecoder;
use light::Evener;
use resize::Resizer;
use steady::Steady;

pub use error::PreprocessError;
pub use light::Light;
pub use steady::Edges;

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
}

impl InputSpec {
    /// Bytes of one input: planes x height x width.
    pub fn frame_len(&self) -> usize {
        self.channels.planes() * self.height_px * self.width_px
    }
}

/// Converts and resizes the frames of one source.
///
/// The first frame that succeeds fixes the size of the source; from then on
/// nothing is allocated but inside the JPEG decoder.
#[derive(Debug)]
pub struct Preprocessor {
    spec: InputSpec,
    source: Option<Source>,
    planes: ColourPlanes,
    jpeg: JpegDecoder,
    steady: Option<Steady>,
    evener: Option<Evener>,
    light: Light,
}

#[derive(Debug)]
struct Source {
    size_px: (u32, u32),
    resizer: Resizer,
}

impl Source {
    fn resize(&mut self, planes: [Option<Plane<'_>>; 3], out: &mut [u8]) {
        let outs = out.chunks_exact_mut(self.resizer.target_len());
        for (plane, out) in planes.into_iter().flatten().zip(outs) {
            self.resizer.resize(plane, out);
        }
    }
}

impl Preprocessor {
    pub fn new(spec: InputSpec) -> Self {
        let (planes, jpeg) = (ColourPlanes::default(), JpegDecoder::default());
        Self {
            spec,
            source: None,
            planes,
            jpeg,
            steady: None,
            evener: None,
            light: Light::default(),
        }
    }

    /// Moves every picture back to where the camera usually looks, by whole
    /// pixels of the source, when it has slipped by at least half of one and at
    /// most 3 % of the picture: a camera on a mast in the wind. A picture that
    /// has not slipped stays as it is, byte for byte.
    #[must_use]
    pub fn steadied(mut self, steadied: bool) -> Self {
        self.steady = steadied.then(|| Steady::new(self.spec));
        self
    }

    /// Brings pictures to this light when that of the last seconds is off by
    /// more than 8 %, with a factor of at most two: clouds, an automatic
    /// exposure that went astray. What differs less stays as it is, byte for
    /// byte, and so does what light alone does not explain.
    #[must_use]
    pub fn evened(mut self, usual: Option<Light>) -> Self {
        self.evener = usual.map(Evener::new);
        self
    }

    /// The light of the last picture as the camera gave it.
    pub fn light(&self) -> Light {
        self.light
    }

    /// What the last picture lacks, because it was moved back.
    pub fn edges(&self) -> Edges {
        self.steady.as_ref().map_or(Edges::default(), Steady::edges)
    }

    /// By how many pixels of the source the last frame was moved back, to the
    /// left and up.
    pub fn moved_px(&self) -> (i32, i32) {
        self.steady.as_ref().map_or((0, 0), Steady::moved_px)
    }

    pub fn spec(&self) -> InputSpec {
        self.spec
    }

    /// Fills `out`, of [`InputSpec::frame_len`] bytes, plane by plane, each
    /// row by row: Y, or R, G, B, or B, G, R.
    ///
    /// # Errors
    /// See [`PreprocessError`]. `out` is then unchanged, and the next frame
    /// may be given.
    pub fn process(&mut self, frame: &Frame<'_>, out: &mut [u8]) -> Result<(), PreprocessError> {
        let expected_bytes = self.spec.frame_len();
        if out.len() != expected_bytes {
            return Err(PreprocessError::WrongOutput { expected_bytes, found_bytes: out.len() });
        }
        let expected_size = self.source.as_ref().map(|source| source.size_px);
        let frame = match frame.format {
            PixelFormat::Mjpeg => {
                let luma = self.spec.channels == Channels::Luma;
                self.jpeg.decode(frame, luma, expected_size)?
            }
            _ => *frame,
        };
        let size_px = (frame.width_px, frame.height_px);
        check_size(expected_size, size_px)?;
        convert::check_layout(&frame)?;
        let planes = match self.spec.channels {
            Channels::Luma => [Some(self.planes.luma(&frame)), None, None],
            Channels::Rgb => self.planes.rgb(&frame).map(Some),
            Channels::Bgr => {
                let [r, g, b] = self.planes.rgb(&frame);
                [Some(b), Some(g), Some(r)]
            }
        };
        let spec = self.spec;
        let source = self.source.get_or_insert_with(|| Source {
            size_px,
            resizer: Resizer::new(size_px, (spec.width_px, spec.height_px), spec.resize),
        });
        source.resize(planes, out);
        if let Some(steady) = &mut self.steady {
            steady.settle(planes, source, out);
        }
        self.light = Light::of(out);
        if let Some(evener) = &mut self.evener {
            evener.even(self.light, out);
        }
        Ok(())
    }

    /// Forgets where the camera looks, and in which light: other footage
    /// follows.
    pub fn forget_view(&mut self) {
        if let Some(steady) = &mut self.steady {
            steady.forget();
        }
        if let Some(evener) = &mut self.evener {
            evener.forget();
        }
    }

    /// Accepts any size again: for a source that was opened anew.
    pub fn forget_source(&mut self) {
        self.source = None;
        self.forget_view();
    }
}

fn check_size(expected: Option<(u32, u32)>, found: (u32, u32)) -> Result<(), PreprocessError> {
    match expected {
        Some(from) if from != found => Err(PreprocessError::SizeChanged { from, to: found }),
        _ => Ok(()),
    }
}
