//! Footage made worse on its way, the same way every time.

use anyhow::{Context, Result, bail, ensure};
use jpeg_encoder::{ColorType, Encoder};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use normwatch::replay::Clip;
use normwatch_scene::{Concern, Stream};
use std::fmt;
use std::str::FromStr;

/// What is done to every frame, in its own size, before preprocessing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Perturbation {
    /// All values are multiplied by this, and clipped.
    Light(f64),
    /// Darker by this share of the light and brighter by it, in turns, a second and a half each,
    /// from one frame to the next: what an automatic exposure does.
    Exposure(f64),
    /// Gaussian noise of this standard deviation, in 8-bit levels.
    Noise(f64),
    /// Compressed once more as JPEG of this quality.
    Jpeg(u8),
    /// Moved by whole pixels, up to this many each way, again in every frame;
    /// edges are repeated.
    Shake(u32),
}

/// The changes that a fixed camera must bear.
pub const STANDARD: [Perturbation; 5] = [
    Perturbation::Light(1.3),
    Perturbation::Light(0.7),
    Perturbation::Noise(8.0),
    Perturbation::Jpeg(40),
    Perturbation::Shake(2),
];

/// One `--perturb`: a single change, or all of [`STANDARD`].
#[derive(Clone, Debug, PartialEq)]
pub struct Choice(pub Vec<Perturbation>);

impl FromStr for Choice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "standard" {
            return Ok(Self(STANDARD.to_vec()));
        }
        text.parse().map(|one| Self(vec![one]))
    }
}

impl FromStr for Perturbation {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        const HELP: &str =
            "one of light=+30%, light=-30%, exposure=25%, noise=8, jpeg=40, shake=2, standard";
        let (kind, value) = text.split_once('=').context(HELP)?;
        match kind {
            "light" => {
                let percent: f64 =
                    value.strip_suffix('%').unwrap_or(value).parse().context(HELP)?;
                ensure!((-100.0..=400.0).contains(&percent), "light changes by -100% to +400%");
                Ok(Self::Light(1.0 + percent / 100.0))
            }
            "exposure" => {
                let percent: f64 =
                    value.strip_suffix('%').unwrap_or(value).parse().context(HELP)?;
                ensure!((0.0..=90.0).contains(&percent), "an exposure jumps by 0% to 90%");
                Ok(Self::Exposure(percent / 100.0))
            }
            "noise" => {
                let sigma: f64 = value.parse().context(HELP)?;
                ensure!((0.0..=128.0).contains(&sigma), "noise lies between 0 and 128");
                Ok(Self::Noise(sigma))
            }
            "jpeg" => {
                let quality: u8 = value.parse().context(HELP)?;
                ensure!((1..=100).contains(&quality), "a JPEG quality lies between 1 and 100");
                Ok(Self::Jpeg(quality))
            }
            "shake" => {
                let pixels: u32 = value.parse().context(HELP)?;
                ensure!(pixels <= 64, "shake is at most 64 pixels");
                Ok(Self::Shake(pixels))
            }
            _ => bail!(HELP),
        }
    }
}

impl fmt::Display for Perturbation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Light(factor) => write!(f, "light {:+.0} %", (factor - 1.0) * 100.0),
            Self::Exposure(share) => write!(f, "exposure jumps by {:.0} %", share * 100.0),
            Self::Noise(sigma) => write!(f, "noise σ = {sigma}"),
            Self::Jpeg(quality) => write!(f, "JPEG quality {quality}"),
            Self::Shake(pixels) => write!(f, "shake ±{pixels} px"),
        }
    }
}

/// A source whose frames are decoded and changed.
pub struct Perturbed {
    inner: Box<dyn FrameSource + Send>,
    how: Perturbation,
    channels: Channels,
    fps: f64,
    seed: u64,
    clip: u64,
    decoder: Option<Preprocessor>,
    planes: Vec<u8>,
    pixels: Vec<u8>,
    jpeg: Vec<u8>,
}

impl Perturbed {
    /// Opens `clip`. `grey`: whether the model sees luma only.
    ///
    /// # Errors
    /// The clip's.
    pub fn open(
        clip: &Clip,
        fps: f64,
        grey: bool,
        how: Perturbation,
        seed: u64,
    ) -> Result<Self, SourceError> {
        let channels = if grey { Channels::Luma } else { Channels::Rgb };
        let name = clip.name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        let (planes, pixels, jpeg) = Default::default();
        let inner = clip.open(fps)?;
        Ok(Self {
            inner,
            how,
            channels,
            fps,
            seed,
            clip: name,
            decoder: None,
            planes,
            pixels,
            jpeg,
        })
    }
}

impl FrameSource for Perturbed {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let Some(frame) = self.inner.next_frame()? else { return Ok(None) };
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        let channels = self.channels;
        let decoder = self.decoder.get_or_insert_with(|| {
            let resize = Resize::Bilinear;
            Preprocessor::new(InputSpec {
                width_px: width,
                height_px: height,
                channels,
                resize,
                relight: false,
            })
        });
        self.planes.resize(decoder.spec().frame_len(), 0);
        decoder
            .process(&frame, &mut self.planes)
            .map_err(|e| SourceError::frame_skipped(format!("frame {}: {e}", frame.sequence)))?;
        let mut stream = Stream::new(self.seed, Concern::Perturbation, self.clip, frame.sequence);
        let how = match self.how {
            Perturbation::Exposure(share) => {
                Perturbation::Light(exposed(share, frame.sequence as f64 / self.fps))
            }
            how => how,
        };
        change(how, &mut self.planes, (width, height), &mut stream);
        interleave(&self.planes, width * height, &mut self.pixels);
        let (format, colours) = match channels {
            Channels::Luma => (PixelFormat::Grey, ColorType::Luma),
            Channels::Rgb | Channels::Bgr => (PixelFormat::Rgb24, ColorType::Rgb),
        };
        let plain =
            Frame { format, stride_bytes: width * channels.planes(), data: &self.pixels, ..frame };
        let Perturbation::Jpeg(quality) = self.how else { return Ok(Some(plain)) };
        self.jpeg.clear();
        Encoder::new(&mut self.jpeg, quality)
            .encode(&self.pixels, width as u16, height as u16, colours)
            .map_err(|e| SourceError::frame_skipped(format!("frame {}: {e}", frame.sequence)))?;
        let format = PixelFormat::Mjpeg;
        Ok(Some(Frame { format, stride_bytes: 0, data: &self.jpeg, ..plain }))
    }

    fn describe(&self) -> String {
        format!("{}, {}", self.inner.describe(), self.how)
    }
}

fn change(
    how: Perturbation,
    planes: &mut [u8],
    (width, height): (usize, usize),
    stream: &mut Stream,
) {
    let byte = |value: f64| (value + 0.5).clamp(0.0, 255.0) as u8;
    match how {
        Perturbation::Light(factor) => {
            planes.iter_mut().for_each(|v| *v = byte(f64::from(*v) * factor));
        }
        Perturbation::Noise(sigma) => {
            let noisy = |v: u8, grain: f32| byte(f64::from(v) + sigma * f64::from(grain));
            planes.iter_mut().for_each(|v| *v = noisy(*v, stream.grain()));
        }
        Perturbation::Shake(pixels) => {
            let most = i64::from(pixels);
            let mut shift = || (stream.unit() * (2 * most + 1) as f64) as i64 - most;
            let (dx, dy) = (shift(), shift());
            for plane in planes.chunks_exact_mut(width * height) {
                moved(plane, width, height, (dx, dy));
            }
        }
        Perturbation::Jpeg(_) | Perturbation::Exposure(_) => {}
    }
}

/// The factor of the light at a time of a clip: a second as it is, then one and a half of other light.
fn exposed(share: f64, at_s: f64) -> f64 {
    match at_s % 5.0 {
        1.0..2.5 => 1.0 - share,
        3.5..5.0 => 1.0 + share,
        _ => 1.0,
    }
}

fn moved(plane: &mut [u8], width: usize, height: usize, (dx, dy): (i64, i64)) {
    let before = plane.to_vec();
    let inside = |v: i64, size: usize| v.clamp(0, size as i64 - 1) as usize;
    for (i, value) in plane.iter_mut().enumerate() {
        let (x, y) = ((i % width) as i64 - dx, (i / width) as i64 - dy);
        *value = before[inside(y, height) * width + inside(x, width)];
    }
}

fn interleave(planes: &[u8], plane_len: usize, pixels: &mut Vec<u8>) {
    let count = planes.len() / plane_len;
    pixels.clear();
    pixels.extend((0..planes.len()).map(|i| planes[i % count * plane_len + i / count]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_and_nonsense_is_explained() {
        let parsed = |text: &str| text.parse::<Choice>().map(|c| c.0);
        assert_eq!(parsed("light=+30%").unwrap(), [Perturbation::Light(1.3)]);
        assert_eq!(parsed("light=-30%").unwrap(), [Perturbation::Light(0.7)]);
        assert_eq!(parsed("exposure=25%").unwrap(), [Perturbation::Exposure(0.25)]);
        assert!(parsed("exposure=100%").is_err());
        assert_eq!(parsed("shake=2").unwrap(), [Perturbation::Shake(2)]);
        assert_eq!(parsed("standard").unwrap(), STANDARD);
        for wrong in ["light", "wind=3", "jpeg=0", "noise=much", "shake=-1"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Perturbation::Light(0.7).to_string(), "light -30 %");
    }

    #[test]
    fn light_and_shake_by_hand() {
        let mut stream = Stream::new(1, Concern::Perturbation, 0, 0);
        let mut pixels = [10, 100, 200, 250];
        change(Perturbation::Light(1.3), &mut pixels, (2, 2), &mut stream);
        assert_eq!(pixels, [13, 130, 255, 255]);
        let mut plane = [1, 2, 3, 4, 5, 6];
        moved(&mut plane, 3, 2, (1, 0));
        assert_eq!(plane, [1, 1, 2, 4, 4, 5]);
        moved(&mut plane, 3, 2, (0, -1));
        assert_eq!(plane, [4, 4, 5, 4, 4, 5]);
    }

    #[test]
    fn noise_has_the_stated_spread_and_shake_reaches_its_bounds() {
        let mut stream = Stream::new(1, Concern::Perturbation, 0, 0);
        let mut pixels = vec![128; 40_000];
        change(Perturbation::Noise(8.0), &mut pixels, (200, 200), &mut stream);
        let power: f64 = pixels.iter().map(|&v| (f64::from(v) - 128.0).powi(2)).sum();
        assert!(((power / 40_000.0).sqrt() - 8.0).abs() < 0.1);
        let seen: std::collections::BTreeSet<u8> = (0..200)
            .map(|_| {
                let mut row = [0, 1, 2, 3, 4, 5, 6];
                change(Perturbation::Shake(2), &mut row, (7, 1), &mut stream);
                row[3]
            })
            .collect();
        assert!(seen.into_iter().eq(1..=5));
    }

    #[test]
    fn planes_become_pixels() {
        let mut pixels = Vec::new();
        interleave(&[1, 2, 3, 4, 5, 6], 2, &mut pixels);
        assert_eq!(pixels, [1, 3, 5, 2, 4, 6]);
    }
}
