//! JPEG frames to grey or RGB, refusing what is damaged.

use zune_jpeg::JpegDecoder as ZuneDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::capture::jpeg_header::{JpegHeader, JpegHeaderError, Segments};
use crate::capture::{Frame, PixelFormat};

use super::error::PreprocessError;
use super::huffman::append_standard_tables;
use super::source::check_size;

/// Decodes JPEGs into a buffer that it keeps.
#[derive(Debug, Default)]
pub(super) struct JpegDecoder {
    pixels: Vec<u8>,
    repaired: Vec<u8>,
}

/// Pixels that a JPEG may claim to have; past it a header is damaged.
const PIXEL_LIMIT: u64 = 64 << 20;

impl JpegDecoder {
    /// Decodes an MJPEG frame to [`PixelFormat::Grey`] if `luma` and the JPEG
    /// is YCbCr or grey, else to [`PixelFormat::Rgb24`]. The size is the
    /// JPEG's own; given an `expected_size`, any other is refused undecoded.
    ///
    /// Cameras may double the start marker, pad the end, put stray bytes
    /// between segments and leave out the Huffman tables. Beyond that a JPEG
    /// has to be whole: a decoder that fills in grey for what is missing would
    /// show the network an anomaly.
    pub fn decode<'a>(
        &'a mut self,
        frame: &Frame<'a>,
        luma: bool,
        expected_size: Option<(u32, u32)>,
    ) -> Result<Frame<'a>, PreprocessError> {
        let header = JpegHeader::read(frame.data).map_err(undecodable)?;
        let (width_px, height_px) = (header.width_px, header.height_px);
        check_size(expected_size, (width_px, height_px))?;
        if u64::from(width_px) * u64::from(height_px) > PIXEL_LIMIT {
            return Err(undecodable(format!("a JPEG of {width_px}x{height_px} is too large")));
        }
        let jpeg = whole_image(frame.data, &header)?;
        let jpeg = if header.is_clean && header.has_huffman_tables {
            jpeg
        } else {
            repair(jpeg, &header, &mut self.repaired).map_err(undecodable)?;
            &self.repaired
        };
        let format = decode_strictly(jpeg, luma, &mut self.pixels)?;
        let stride_bytes = format.row_bytes(width_px).unwrap_or(0);
        Ok(Frame { format, width_px, height_px, stride_bytes, data: &self.pixels, ..*frame })
    }
}

fn undecodable(error: impl std::fmt::Display) -> PreprocessError {
    PreprocessError::Undecodable(error.to_string())
}

/// The bytes from the start marker in force to the end marker.
fn whole_image<'a>(data: &'a [u8], header: &JpegHeader) -> Result<&'a [u8], PreprocessError> {
    let end = data[header.scan..].windows(2).rposition(|pair| pair == [0xFF, 0xD9]);
    let end = end.ok_or_else(|| undecodable("truncated JPEG (no end marker)"))?;
    Ok(&data[header.start..header.scan + end + 2])
}

/// Copies a JPEG without stray bytes between its header segments, and with
/// Huffman tables.
fn repair(jpeg: &[u8], header: &JpegHeader, repaired: &mut Vec<u8>) -> Result<(), JpegHeaderError> {
    repaired.clear();
    repaired.extend_from_slice(&jpeg[..2]);
    let mut segments = Segments::new(jpeg)?;
    while let Some(segment) = segments.next()? {
        repaired.extend_from_slice(segment.bytes);
    }
    if !header.has_huffman_tables {
        append_standard_tables(repaired);
    }
    repaired.extend_from_slice(&jpeg[header.scan - header.start..]);
    Ok(())
}

fn decode_strictly(
    jpeg: &[u8],
    luma: bool,
    pixels: &mut Vec<u8>,
) -> Result<PixelFormat, PreprocessError> {
    let damaged = |error| undecodable(format!("damaged JPEG ({error})"));
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = ZuneDecoder::new_with_options(ZCursor::new(jpeg), options);
    decoder.decode_headers().map_err(damaged)?;
    let has_luma = matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma));
    let (format, colours) = if luma && has_luma {
        (PixelFormat::Grey, ColorSpace::Luma)
    } else {
        (PixelFormat::Rgb24, ColorSpace::RGB)
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    pixels.resize(decoder.output_buffer_size().unwrap_or(0), 0);
    decoder.decode_into(pixels).map_err(damaged)?;
    Ok(format)
}

#[cfg(test)]
mod tests;
