//! PNG files as frames of grey or RGB bytes.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Transformations};

use super::PixelFormat;

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
/// The decoder's, also for a file that ends early.
pub(super) fn decode(bytes: &[u8], pixels: &mut Vec<u8>) -> Result<Image, DecodingError> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
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

    #[test]
    fn a_truncated_file_is_an_error() {
        let whole = encode(ColorType::Rgb, BitDepth::Eight, None, &[1, 2, 3, 4, 5, 6]);
        for length in 0..whole.len() - 16 {
            assert!(decode(&whole[..length], &mut Vec::new()).is_err(), "{length} bytes");
        }
    }
}
