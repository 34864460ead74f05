//! Pictures of an event as JPEGs.

use super::notice::MESSAGE_PICTURE_BYTES;
use super::ring::RawPicture;
use crate::capture::jpeg_header::JpegHeader;
use crate::capture::{Frame, PixelFormat};
use crate::output::encode_for_people;
use crate::preprocess::{Channels, InputSpec, Preprocessor, Resize};

/// Width of a picture in a message.
const MESSAGE_WIDTH_PX: usize = 640;
const QUALITY: u8 = 85;

/// The picture at the camera's size. A camera's own JPEG is kept as it is, where
/// viewers can read it: some cameras leave out tables.
///
/// # Errors
/// One sentence about a picture that cannot be read.
pub(super) fn at_full_size(picture: &RawPicture) -> Result<Vec<u8>, String> {
    if picture.format == PixelFormat::Mjpeg {
        let header = JpegHeader::read(&picture.bytes).map_err(|error| error.to_string())?;
        if header.has_huffman_tables {
            return Ok(picture.bytes[header.start..].to_vec());
        }
    }
    let (width_px, height_px) = size_px(picture)?;
    encode(picture, width_px, height_px, QUALITY)
}

/// The picture for a message: small enough for every service.
///
/// # Errors
/// One sentence about a picture that cannot be read.
pub fn picture_for_message(picture: &RawPicture) -> Result<Vec<u8>, String> {
    let (width_px, height_px) = size_px(picture)?;
    let scaled = |width: usize| (width, (height_px * width / width_px).max(1));
    let mut width = width_px.min(MESSAGE_WIDTH_PX);
    loop {
        for quality in [80, 60, 40] {
            let (w, h) = scaled(width);
            let jpeg = encode(picture, w, h, quality)?;
            if jpeg.len() <= MESSAGE_PICTURE_BYTES || width <= 16 {
                return Ok(jpeg);
            }
        }
        width /= 2;
    }
}

fn size_px(picture: &RawPicture) -> Result<(usize, usize), String> {
    let (width_px, height_px) = match picture.format {
        PixelFormat::Mjpeg => {
            let header = JpegHeader::read(&picture.bytes).map_err(|error| error.to_string())?;
            (header.width_px, header.height_px)
        }
        _ => (picture.width_px, picture.height_px),
    };
    match width_px.min(height_px) {
        0 => Err("it has no size".into()),
        _ => Ok((width_px as usize, height_px as usize)),
    }
}

fn encode(
    picture: &RawPicture,
    width_px: usize,
    height_px: usize,
    quality: u8,
) -> Result<Vec<u8>, String> {
    let spec = InputSpec {
        width_px,
        height_px,
        channels: Channels::Rgb,
        resize: Resize::Area,
        relight: false,
    };
    let frame = Frame {
        format: picture.format,
        width_px: picture.width_px,
        height_px: picture.height_px,
        stride_bytes: picture.stride_bytes,
        data: &picture.bytes,
        timestamp_ns: picture.time_ns,
        sequence: 0,
    };
    let mut planes = vec![0; spec.frame_len()];
    Preprocessor::new(spec).process(&frame, &mut planes).map_err(|error| error.to_string())?;
    encode_for_people(spec, &planes, quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width_px: u32, height_px: u32) -> RawPicture {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let bytes = (0..width_px * height_px * 2).map(|_| byte()).collect();
        let stride_bytes = 2 * width_px as usize;
        let format = PixelFormat::Yuyv;
        RawPicture { format, width_px, height_px, stride_bytes, bytes, time_ns: 0 }
    }

    #[test]
    fn the_worst_picture_fits_into_a_message() {
        let picture = noise(1280, 720);
        let whole = at_full_size(&picture).unwrap();
        let header = JpegHeader::read(&whole).unwrap();
        assert_eq!((header.width_px, header.height_px), (1280, 720));
        let message = picture_for_message(&picture).unwrap();
        assert!(message.len() <= MESSAGE_PICTURE_BYTES, "{}", message.len());
        let header = JpegHeader::read(&message).unwrap();
        assert_eq!(header.width_px * 720, header.height_px * 1280);
    }

    #[test]
    fn a_cameras_own_jpeg_is_kept_and_one_without_tables_made_readable() {
        let bytes = at_full_size(&noise(64, 48)).unwrap();
        let mut own = RawPicture { format: PixelFormat::Mjpeg, bytes, ..noise(64, 48) };
        assert_eq!(at_full_size(&own).unwrap(), own.bytes);
        let mut at = 2;
        while at + 4 < own.bytes.len() && own.bytes[at + 1] != 0xDA {
            let length = usize::from(u16::from_be_bytes([own.bytes[at + 2], own.bytes[at + 3]]));
            if own.bytes[at + 1] == 0xC4 {
                own.bytes.drain(at..at + 2 + length);
            } else {
                at += 2 + length;
            }
        }
        assert!(!JpegHeader::read(&own.bytes).unwrap().has_huffman_tables);
        let made = at_full_size(&own).unwrap();
        assert!(JpegHeader::read(&made).unwrap().has_huffman_tables);
        own.bytes.truncate(8);
        assert!(at_full_size(&own).is_err());
    }
}
