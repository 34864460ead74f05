//! PNG files as frames of grey or RGB bytes.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Transformations};

use super::{PIXEL_LIMIT, PixelFormat};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Why a PNG is not a frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum PngError {
    #[error(transparent)]
    Decoding(#[from] DecodingError),
    #[error("a PNG of {0}x{1} is too large: 24 megapixels at most")]
    TooLarge(u32, u32),
}

pub(super) fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE)
}

/// Width and height as the first chunk states them.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let is_header = is_png(bytes) && bytes.get(12..16) == Some(b"IHDR");
    Some((side(16)?, side(20)?)).filter(|_| is_header)
}

/// What a decoded PNG looks like: rows of `stride_bytes` without padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    pub format: PixelFormat,
    pub width_px: u32,
    pub height_px: u32,
    pub stride_bytes: usize,
}

/// Decodes into `pixels`, which is resized to fit. 16-bit samples keep their
/// high byte, palettes are looked up, transparency is dropped.
///
/// # Errors
/// The decoder's, also for a file that ends early; and a size that no camera has,
/// before memory is taken for it.
pub(super) fn decode(bytes: &[u8], pixels: &mut Vec<u8>) -> Result<Image, PngError> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let (width_px, height_px) = reader.info().size();
    if u64::from(width_px) * u64::from(height_px) > PIXEL_LIMIT {
        return Err(PngError::TooLarge(width_px, height_px));
    }
    let length = reader.output_buffer_size().ok_or(DecodingError::LimitsExceeded)?;
    pixels.resize(length, 0);
    let info = reader.next_frame(pixels)?;
    pixels.truncate(info.buffer_size());
    let (format, keep, of) = match info.color_type {
        ColorType::Grayscale => (PixelFormat::Grey, 1, 1),
        ColorType::GrayscaleAlpha => (PixelFormat::Grey, 1, 2),
        ColorType::Rgba => (PixelFormat::Rgb24, 3, 4),
        ColorType::Rgb | ColorType::Indexed => (PixelFormat::Rgb24, 3, 3),
    };
    if keep < of {
        drop_tail_of_each(pixels, keep, of);
    }
    let stride_bytes = info.width as usize * keep;
    Ok(Image { format, width_px: info.width, height_px: info.height, stride_bytes })
}

/// Keeps the first `keep` of every `of` bytes.
fn drop_tail_of_each(bytes: &mut Vec<u8>, keep: usize, of: usize) {
    let groups = bytes.len() / of;
    for group in 0..groups {
        bytes.copy_within(group * of..group * of + keep, group * keep);
    }
    bytes.truncate(groups * keep);
}

#[cfg(test)]
mod tests {
    use super::*;
    use png::BitDepth;

    fn encode(color: ColorType, depth: BitDepth, palette: Option<&[u8]>, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    #[test]
    fn every_kind_of_pixel_becomes_grey_or_rgb() {
        use PixelFormat::{Grey, Rgb24};
        let palette = [9, 8, 7, 1, 2, 3];
        type Case = (ColorType, BitDepth, &'static [u8], PixelFormat, &'static [u8]);
        let cases: [Case; 7] = [
            (ColorType::Grayscale, BitDepth::Eight, &[5, 6], Grey, &[5, 6]),
            (ColorType::Grayscale, BitDepth::One, &[0b0100_0000], Grey, &[0, 255]),
            (ColorType::Grayscale, BitDepth::Sixteen, &[5, 200, 6, 0], Grey, &[5, 6]),
            (ColorType::GrayscaleAlpha, BitDepth::Eight, &[5, 0, 6, 1], Grey, &[5, 6]),
            (ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6], Rgb24, &[1, 2, 3, 4, 5, 6]),
            (
                ColorType::Rgba,
                BitDepth::Eight,
                &[1, 2, 3, 0, 4, 5, 6, 9],
                Rgb24,
                &[1, 2, 3, 4, 5, 6],
            ),
            (ColorType::Indexed, BitDepth::Eight, &[1, 0], Rgb24, &[1, 2, 3, 9, 8, 7]),
        ];
        let mut pixels = vec![77; 100];
        for (color, depth, data, format, expected) in cases {
            let palette = (color == ColorType::Indexed).then_some(&palette[..]);
            let image = decode(&encode(color, depth, palette, data), &mut pixels).unwrap();
            assert_eq!((image.format, &pixels[..]), (format, expected), "{color:?} {depth:?}");
            assert_eq!((image.width_px, image.height_px), (2, 1));
            assert_eq!(image.stride_bytes, expected.len());
        }
    }

    /// A header, and enough behind it for the decoder to begin.
    fn claims(width_px: u32, height_px: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width_px, height_px);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Sixteen);
        let mut writer = encoder.write_header().unwrap();
        writer.write_chunk(png::chunk::IDAT, &[0x78, 0x9c, 0x63, 0, 0]).unwrap();
        drop(writer);
        bytes
    }

    #[test]
    fn a_size_that_no_camera_has_is_refused_by_its_header() {
        for (width_px, height_px) in [(60_000, 60_000), (1 << 30, 1 << 30), (1 << 27, 1)] {
            let mut pixels = Vec::new();
            let error = decode(&claims(width_px, height_px), &mut pixels).unwrap_err();
            let said =
                format!("a PNG of {width_px}x{height_px} is too large: 24 megapixels at most");
            let said = [said, "limits are exceeded".into()];
            assert!(said.contains(&error.to_string()), "{error}");
            assert_eq!(pixels.capacity(), 0);
        }
        assert_eq!(size(&claims(60_000, 7)), Some((60_000, 7)));
        assert_eq!(size(&claims(60_000, 7)[..20]), None);
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let whole = encode(ColorType::Rgb, BitDepth::Eight, None, &[1, 2, 3, 4, 5, 6]);
        for length in 0..whole.len() - 16 {
            assert!(decode(&whole[..length], &mut Vec::new()).is_err(), "{length} bytes");
        }
    }
}
