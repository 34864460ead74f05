//! One picture as a file.

use std::borrow::Cow;

use jpeg_encoder::SamplingFactor;
use serde::{Deserialize, Serialize};

use crate::preprocess::{Channels, InputSpec};

const JPEG_QUALITY: u8 = 95;

/// How pictures are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// Without loss: the network learns from the very bytes that it will see.
    Png,
    /// Quality 95 without chroma subsampling: six tenths of the size on Ped2.
    Jpeg,
}

impl ImageFormat {
    /// Of the file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }

    /// Encodes planes as [`Preprocessor`](crate::preprocess::Preprocessor)
    /// gives them, Y or R, G, B, into `out`, whose contents are replaced.
    ///
    /// # Errors
    /// The encoder's, in one sentence; it has no reason to fail.
    pub fn encode(self, spec: InputSpec, planes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        out.clear();
        let pixels = interleaved(spec, planes);
        let result = match self {
            Self::Png => png(spec, &pixels, out).map_err(|error| error.to_string()),
            Self::Jpeg => jpeg(spec, &pixels, JPEG_QUALITY, SamplingFactor::F_1_1, out),
        };
        result.map_err(|error| format!("a picture cannot be encoded: {error}"))
    }
}

/// A JPEG for people to look at: `quality` from 1 to 100, colours at half the size.
///
/// # Errors
/// The encoder's, in one sentence; a side of more than 65 535 px.
pub fn encode_for_people(spec: InputSpec, planes: &[u8], quality: u8) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    jpeg(spec, &interleaved(spec, planes), quality, SamplingFactor::F_2_2, &mut out)?;
    Ok(out)
}

fn interleaved(spec: InputSpec, planes: &[u8]) -> Cow<'_, [u8]> {
    match spec.channels {
        Channels::Luma => planes.into(),
        Channels::Rgb => interleave(planes, false).into(),
        Channels::Bgr => interleave(planes, true).into(),
    }
}

fn interleave(planes: &[u8], swap: bool) -> Vec<u8> {
    let length = planes.len() / 3;
    let (first, rest) = planes.split_at(length);
    let (second, third) = rest.split_at(length);
    let (red, blue) = if swap { (third, first) } else { (first, third) };
    let pixels = red.iter().zip(second).zip(blue);
    pixels.flat_map(|((&r, &g), &b)| [r, g, b]).collect()
}

fn png(spec: InputSpec, pixels: &[u8], out: &mut Vec<u8>) -> Result<(), png::EncodingError> {
    let (width_px, height_px) = (spec.width_px as u32, spec.height_px as u32);
    let mut encoder = png::Encoder::new(out, width_px, height_px);
    encoder.set_color(match spec.channels {
        Channels::Luma => png::ColorType::Grayscale,
        Channels::Rgb | Channels::Bgr => png::ColorType::Rgb,
    });
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(pixels)
}

fn jpeg(
    spec: InputSpec,
    pixels: &[u8],
    quality: u8,
    sampling: SamplingFactor,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let side = |px: usize| u16::try_from(px).map_err(|_| format!("{px} px are too many"));
    let (width_px, height_px) = (side(spec.width_px)?, side(spec.height_px)?);
    let mut encoder = jpeg_encoder::Encoder::new(out, quality);
    encoder.set_sampling_factor(sampling);
    let colours = match spec.channels {
        Channels::Luma => jpeg_encoder::ColorType::Luma,
        Channels::Rgb | Channels::Bgr => jpeg_encoder::ColorType::Rgb,
    };
    encoder.encode(pixels, width_px, height_px, colours).map_err(|error| error.to_string())
}
