//! The way of one frame through the room, with all that is kept between frames.

use crate::capture::{Frame, PixelFormat};

use super::convert::{ColourPlanes, check_layout};
use super::edges::Edges;
use super::error::PreprocessError;
use super::input::{Channels, InputSpec};
use super::jpeg::JpegDecoder;
use super::light::{Evener, Light};
use super::relight::Relighter;
use super::source::{Source, check_size};
use super::steady::Steady;

/// Converts and resizes the frames of one source.
///
/// The first frame that succeeds fixes the size of the source; from then on
/// nothing is allocated.
#[derive(Debug)]
pub struct Preprocessor {
    spec: InputSpec,
    source: Option<Source>,
    planes: ColourPlanes,
    jpeg: JpegDecoder,
    steady: Option<Steady>,
    relighter: Option<Relighter>,
    evener: Option<Evener>,
    light: Light,
}

impl Preprocessor {
    pub fn new(spec: InputSpec) -> Self {
        let (planes, jpeg) = (ColourPlanes::default(), JpegDecoder::default());
        let InputSpec { width_px, height_px, channels, relight, .. } = spec;
        let relighter = || Relighter::new(width_px, height_px, channels.planes());
        Self {
            spec,
            source: None,
            planes,
            jpeg,
            steady: None,
            relighter: relight.then(relighter).flatten(),
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

    /// Knows where the camera usually looks from one that has seen it before; for the
    /// same input and settings.
    pub fn follow(&mut self, before: Self) {
        if let (Some(steady), Some(known), true) =
            (&mut self.steady, before.steady, self.spec == before.spec)
        {
            *steady = known;
        }
    }

    /// The light of the last picture as the camera gave it.
    pub fn light(&self) -> Light {
        self.light
    }

    /// How many pictures had a jump of the light that was taken out.
    pub fn light_jumps(&self) -> u64 {
        self.relighter.as_ref().map_or(0, Relighter::jumps)
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
        check_layout(&frame)?;
        let planes = match self.spec.channels {
            Channels::Luma => [Some(self.planes.luma(&frame)), None, None],
            Channels::Rgb => self.planes.rgb(&frame).map(Some),
            Channels::Bgr => {
                let [r, g, b] = self.planes.rgb(&frame);
                [Some(b), Some(g), Some(r)]
            }
        };
        let source = self.source.get_or_insert_with(|| Source::new(size_px, self.spec));
        source.resize(planes, out);
        if let Some(steady) = &mut self.steady {
            steady.settle(planes, source, out);
        }
        self.light = Light::of(out);
        if let Some(relighter) = &mut self.relighter {
            relighter.relight(out);
        }
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
        if let Some(relighter) = &mut self.relighter {
            relighter.forget();
        }
        if let Some(evener) = &mut self.evener {
            evener.forget();
        }
    }

    /// Accepts any size again: for a source that was opened again.
    pub fn forget_source(&mut self) {
        self.source = None;
        self.forget_view();
    }
}
