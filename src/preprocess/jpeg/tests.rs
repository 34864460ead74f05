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

fn frame(jpeg: &[u8]) -> Frame<'_> {
    Frame {
        format: PixelFormat::Mjpeg,
        width_px: 0,
        height_px: 0,
        stride_bytes: 0,
        data: jpeg,
        timestamp_ns: 0,
        sequence: 0,
    }
}

fn decode(jpeg: &[u8], luma: bool) -> Result<(PixelFormat, Vec<u8>), String> {
    decode_with(&mut JpegDecoder::default(), &frame(jpeg), luma)
}

/// As a camera's decoder does that has had many such pictures.
fn decode_habit(jpeg: &[u8], luma: bool) -> Result<(PixelFormat, Vec<u8>), String> {
    let (frame, mut decoder) = (frame(jpeg), JpegDecoder::default());
    for _ in 1..HABIT {
        let error = decode_with(&mut decoder, &frame, luma).unwrap_err();
        assert!(error.contains("damaged") || error.contains("no end marker"), "{error}");
    }
    decode_with(&mut decoder, &frame, luma)
}

fn decode_with(
    decoder: &mut JpegDecoder,
    frame: &Frame<'_>,
    luma: bool,
) -> Result<(PixelFormat, Vec<u8>), String> {
    let decoded = decoder.decode(frame, luma, None).map_err(|error| error.to_string())?;
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
    for length in (0..whole.len() - 2).step_by(3).chain([whole.len() - 3]) {
        let mut cut = whole[..length].to_vec();
        let error = decode(&cut, true).unwrap_err();
        assert!(length < scan + 2 || error == "truncated JPEG (no end marker)", "{error}");
        cut.extend_from_slice(&[0; 64]);
        assert!(decode(&cut, true).is_err(), "{length} bytes and padding");
    }
}

/// Bytes put before each marker of the scan of this kind.
fn filled(jpeg: &[u8], filling: &[u8], is_kind: impl Fn(u8) -> bool) -> Vec<u8> {
    let scan = JpegHeader::read(jpeg).unwrap().scan;
    let mut filled = jpeg[..scan].to_vec();
    for (at, &byte) in jpeg.iter().enumerate().skip(scan) {
        if byte == 0xFF && jpeg.get(at + 1).is_some_and(|&marker| is_kind(marker)) {
            filled.extend_from_slice(filling);
        }
        filled.push(byte);
    }
    filled
}

#[test]
fn a_few_bytes_before_a_restart_or_the_end_are_passed_over() {
    let whole = encode_with(ColorType::Ycbcr, &picture(), |encoder| {
        encoder.set_sampling_factor(SamplingFactor::R_4_2_2);
        encoder.set_restart_interval(2);
    });
    let expected = decode(&whole, false).unwrap();
    let is_restart = |marker: u8| (0xD0..=0xD7).contains(&marker);
    for filling in [&[0x5A][..], &[0xFF, 0], &[0x31; 11]] {
        let restarts = filled(&whole, filling, is_restart);
        assert!(decode_habit(&restarts, false) == Ok(expected.clone()));
        let end = filled(&whole, filling, |marker| marker == EOI);
        assert!(decode_habit(&end, false) == Ok(expected.clone()));
    }
    let error = decode(&filled(&whole, &[0x31; 40], is_restart), false).unwrap_err();
    assert!(error.contains("left over before a restart"), "{error}");
    let error = decode(&filled(&whole, &[0x31; 40], |marker| marker == EOI), false).unwrap_err();
    assert!(error.contains("left over behind its last row"), "{error}");
}

#[test]
fn a_sequential_scan_brings_all_whatever_its_header_says() {
    let whole = encode(SamplingFactor::R_4_2_0);
    let body = JpegHeader::read(&whole).unwrap().scan + 4;
    let at = body + 1 + 2 * usize::from(whole[body]);
    assert_eq!(whole[at..at + 3], [0, 63, 0]);
    let mut odd = whole.clone();
    for spectral in [[0, 0, 0], [1, 63, 0], [0, 63, 0x21]] {
        odd[at..at + 3].copy_from_slice(&spectral);
        assert!(decode_habit(&odd, false) == decode(&whole, false), "{spectral:?}");
    }
}

#[test]
fn the_last_unit_is_the_end_where_the_end_marker_is_missing() {
    let whole = encode(SamplingFactor::R_4_2_0);
    for missing in [1, 2] {
        let cut = &whole[..whole.len() - missing];
        assert!(decode_habit(cut, false) == decode(&whole, false));
    }
    // A progressive one may have lost a scan.
    let whole = encode_with(ColorType::Ycbcr, &picture(), |encoder| encoder.set_progressive(true));
    assert!(decode(&whole, false).is_ok());
    assert!(decode(&whole[..whole.len() - 2], false).is_err());
}

#[test]
fn an_odd_picture_among_others_is_damage() {
    let whole = encode(SamplingFactor::R_4_2_0);
    let odd = &whole[..whole.len() - 2];
    let mut decoder = JpegDecoder::default();
    for _ in 0..3 * HABIT {
        assert!(decode_with(&mut decoder, &frame(odd), true).is_err());
        assert!(decode_with(&mut decoder, &frame(&whole), true).is_ok());
    }
}

#[test]
fn a_size_whose_memory_no_board_has_is_refused_by_its_header() {
    for (marker, side, part) in [(0xC0, 8192, "24 megapixels"), (0xC2, 4000, "12 megapixels")] {
        let mut jpeg = encode(SamplingFactor::R_4_4_4);
        let at = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
        jpeg[at + 1] = marker;
        jpeg[at + 5..at + 9].copy_from_slice(&u32::to_be_bytes(side << 16 | side));
        let frame = frame(&jpeg);
        let mut decoder = JpegDecoder::default();
        let error = decoder.decode(&frame, false, None).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert_eq!(decoder.pixels.capacity(), 0);
    }
}

#[test]
fn another_size_is_refused_before_decoding() {
    let jpeg = encode_grey();
    let header_only = [&jpeg[..JpegHeader::read(&jpeg).unwrap().scan + 2], &[0; 8]].concat();
    let frame = Frame { width_px: 8, height_px: 8, ..frame(&header_only) };
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
        let frame = frame(&jpeg);
        let _ = JpegDecoder::default().decode(&frame, luma, Some((WIDTH.into(), HEIGHT.into())));
        let _ = JpegDecoder::default().decode(&frame, luma, None);
    }
}
