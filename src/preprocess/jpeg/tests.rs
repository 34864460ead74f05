//! JPEGs as cameras write them, whole and damaged.

use super::*;
use crate::capture::jpeg_header::Segments;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use proptest::prelude::*;

const WIDTH: u16 = 45;
const HEIGHT: u16 = 35;

/// A smooth colour gradient with an edge, YCbCr.
fn picture() -> Vec<u8> {
    let pixel = |x: u16, y: u16| {
        let edge = if x > 20 && y > 9 { 70 } else { 0 };
        [(20 + 3 * x + y + edge).min(255) as u8, (90 + 2 * y) as u8, (200 - 3 * x) as u8]
    };
    (0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| pixel(x, y))).collect()
}

fn encode_with(
    color: ColorType,
    data: &[u8],
    set: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 90);
    set(&mut encoder);
    encoder.encode(data, WIDTH, HEIGHT, color).unwrap();
    jpeg
}

fn encode(sampling: SamplingFactor) -> Vec<u8> {
    encode_with(ColorType::Ycbcr, &picture(), |encoder| encoder.set_sampling_factor(sampling))
}

fn encode_grey() -> Vec<u8> {
    let luma: Vec<u8> = picture().chunks_exact(3).map(|pixel| pixel[0]).collect();
    encode_with(ColorType::Luma, &luma, |_| {})
}

fn decode(jpeg: &[u8], luma: bool) -> Result<(PixelFormat, Vec<u8>), String> {
    let frame = Frame {
        format: PixelFormat::Mjpeg,
        width_px: 0,
        height_px: 0,
        stride_bytes: 0,
        data: jpeg,
        timestamp_ns: 0,
        sequence: 0,
    };
    let mut decoder = JpegDecoder::default();
    let decoded = decoder.decode(&frame, luma, None).map_err(|error| error.to_string())?;
    assert_eq!((decoded.width_px, decoded.height_px), (WIDTH.into(), HEIGHT.into()));
    Ok((decoded.format, tight(&decoded)))
}

/// The pixels without what lies between the rows.
fn tight(frame: &Frame<'_>) -> Vec<u8> {
    let row_bytes = frame.format.row_bytes(frame.width_px).unwrap();
    let rows = frame.data.chunks(frame.stride_bytes).take(frame.height_px as usize);
    rows.flat_map(|row| &row[..row_bytes]).copied().collect()
}

#[test]
fn luma_is_the_y_component_whatever_the_sampling() {
    let expected = decode(&encode_grey(), true).unwrap();
    assert_eq!(expected.0, PixelFormat::Grey);
    for sampling in [
        SamplingFactor::R_4_4_4,
        SamplingFactor::R_4_2_2,
        SamplingFactor::R_4_2_0,
        SamplingFactor::R_4_4_0,
        SamplingFactor::R_4_1_1,
    ] {
        assert!(decode(&encode(sampling), true) == Ok(expected.clone()), "{sampling:?}");
    }
}

#[test]
fn rgb_is_near_the_original_and_grey_has_equal_channels() {
    let (format, rgb) = decode(&encode(SamplingFactor::R_4_4_4), false).unwrap();
    assert_eq!(format, PixelFormat::Rgb24);
    for (rgb, ycc) in rgb.chunks_exact(3).zip(picture().chunks_exact(3)) {
        let [y, cb, cr] = [0, 1, 2].map(|i| f32::from(ycc[i]) - if i > 0 { 128.0 } else { 0.0 });
        let expected = [y + 1.402 * cr, y - 0.344 * cb - 0.714 * cr, y + 1.772 * cb];
        for (found, expected) in rgb.iter().zip(expected) {
            assert!((f32::from(*found) - expected.clamp(0.0, 255.0)).abs() < 24.0);
        }
    }
    let (format, rgb) = decode(&encode_grey(), false).unwrap();
    assert_eq!(format, PixelFormat::Rgb24);
    assert!(rgb.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
}

/// The JPEG, one without oddities, less its segments with this marker.
fn without_segments(jpeg: &[u8], marker: u8) -> Vec<u8> {
    let header = JpegHeader::read(jpeg).unwrap();
    let mut kept = jpeg[..2].to_vec();
    let mut segments = Segments::new(jpeg).unwrap();
    while let Some(segment) = segments.next().unwrap() {
        if segment.marker != marker {
            kept.extend_from_slice(segment.bytes);
        }
    }
    kept.extend_from_slice(&jpeg[header.scan..]);
    kept
}

#[test]
fn missing_huffman_tables_are_the_standard_ones() {
    let whole = encode(SamplingFactor::R_4_2_2);
    let stripped = without_segments(&whole, 0xC4);
    assert!(stripped.len() + 400 < whole.len());
    for luma in [true, false] {
        assert!(decode(&stripped, luma) == decode(&whole, luma));
    }
}

#[test]
fn camera_oddities_are_tolerated() {
    let whole = encode(SamplingFactor::R_4_2_2);
    let expected = decode(&whole, true);
    let padded = [&whole[..], &[0; 700]].concat();
    let doubled = [&[0xFF, 0xD8], &whole[..]].concat();
    let scan = JpegHeader::read(&whole).unwrap().scan;
    let stray = [&whole[..scan], &[0; 9], &[0xFF, 0xFF], &whole[scan..]].concat();
    for (odd, name) in [(padded, "padded"), (doubled, "doubled"), (stray, "stray")] {
        assert!(decode(&odd, true) == expected, "{name}");
    }
}

#[test]
fn truncated_jpegs_are_refused() {
    let whole = encode(SamplingFactor::R_4_2_0);
    let scan = JpegHeader::read(&whole).unwrap().scan;
    for length in (0..whole.len() - 1).step_by(3) {
        let mut cut = whole[..length].to_vec();
        let error = decode(&cut, true).unwrap_err();
        assert!(length < scan + 2 || error == "truncated JPEG (no end marker)", "{error}");
        cut.extend_from_slice(&[0; 64]);
        assert!(decode(&cut, true).is_err(), "{length} bytes and padding");
    }
}

#[test]
fn another_size_is_refused_before_decoding() {
    let jpeg = encode_grey();
    let header_only = [&jpeg[..JpegHeader::read(&jpeg).unwrap().scan + 2], &[0; 8]].concat();
    let frame = Frame {
        format: PixelFormat::Mjpeg,
        width_px: 8,
        height_px: 8,
        stride_bytes: 0,
        data: &header_only,
        timestamp_ns: 0,
        sequence: 0,
    };
    let error = JpegDecoder::default().decode(&frame, true, Some((8, 8))).unwrap_err();
    let to = (WIDTH.into(), HEIGHT.into());
    assert_eq!(error, PreprocessError::SizeChanged { from: (8, 8), to });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn damage_never_panics(
        sampling in 0..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        luma: bool,
    ) {
        let mut jpeg = match sampling {
            0 => encode(SamplingFactor::R_4_2_0),
            1 => encode(SamplingFactor::R_4_2_2),
            _ => encode_grey(),
        };
        for (index, byte) in damage {
            let at = index.index(jpeg.len());
            jpeg[at] = byte;
        }
        let frame = Frame {
            format: PixelFormat::Mjpeg,
            width_px: 0,
            height_px: 0,
            stride_bytes: 0,
            data: &jpeg,
            timestamp_ns: 0,
            sequence: 0,
        };
        let _ = JpegDecoder::default().decode(&frame, luma, Some((WIDTH.into(), HEIGHT.into())));
        let _ = JpegDecoder::default().decode(&frame, luma, None);
    }
}
