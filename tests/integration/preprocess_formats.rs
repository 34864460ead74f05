//! Every pixel format against formulas written out one pixel at a time.

use jpeg_encoder::{ColorType, Encoder};
use normwatch::capture::{Frame, PixelFormat};
use normwatch::preprocess::{Channels, InputSpec, PreprocessError, Preprocessor, Resize};
use proptest::prelude::*;

fn frame(format: PixelFormat, size: (u32, u32), stride_bytes: usize, data: &[u8]) -> Frame<'_> {
    let (width_px, height_px) = size;
    Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns: 5, sequence: 1 }
}

/// A preprocessor that leaves a frame of `size` at its size.
fn converter(size: (u32, u32), channels: Channels) -> Preprocessor {
    let (width_px, height_px) = (size.0 as usize, size.1 as usize);
    Preprocessor::new(InputSpec {
        width_px,
        height_px,
        channels,
        resize: Resize::Bilinear,
        relight: false,
    })
}

fn convert(frame: &Frame<'_>, channels: Channels) -> Result<Vec<u8>, PreprocessError> {
    let mut preprocessor = converter((frame.width_px, frame.height_px), channels);
    let mut out = vec![0; preprocessor.spec().frame_len()];
    preprocessor.process(frame, &mut out).map(|()| out)
}

/// Y, U and V of one pixel by the layout's definition.
fn yuv_at(frame: &Frame<'_>, x: usize, y: usize) -> [u8; 3] {
    let (stride, height, data) = (frame.stride_bytes, frame.height_px as usize, frame.data);
    let (pair, row) = (x / 2 * 4, y * stride);
    let chroma = stride * height;
    match frame.format {
        PixelFormat::Grey => [data[row + x], 128, 128],
        PixelFormat::Yuyv => [data[row + 2 * x], data[row + pair + 1], data[row + pair + 3]],
        PixelFormat::Uyvy => [data[row + 2 * x + 1], data[row + pair], data[row + pair + 2]],
        PixelFormat::Nv12 => {
            let at = chroma + y / 2 * stride.next_multiple_of(2) + x / 2 * 2;
            [data[row + x], data[at], data[at + 1]]
        }
        PixelFormat::I420 => {
            let (stride, rows) = (stride.div_ceil(2), height.div_ceil(2));
            let at = chroma + y / 2 * stride + x / 2;
            [data[row + x], data[at], data[at + rows * stride]]
        }
        PixelFormat::Rgb24 | PixelFormat::Mjpeg => unreachable!(),
    }
}

fn rgb_at(frame: &Frame<'_>, x: usize, y: usize) -> [u8; 3] {
    if frame.format == PixelFormat::Rgb24 {
        let at = y * frame.stride_bytes + 3 * x;
        return [frame.data[at], frame.data[at + 1], frame.data[at + 2]];
    }
    let [luma, u, v] = yuv_at(frame, x, y).map(i32::from);
    if frame.format == PixelFormat::Grey {
        return [luma as u8; 3];
    }
    let (c, d, e) = (luma - 16, u - 128, v - 128);
    [298 * c + 409 * e + 128, 298 * c - 100 * d - 208 * e + 128, 298 * c + 516 * d + 128]
        .map(|value| (value >> 8).clamp(0, 255) as u8)
}

fn luma_at(frame: &Frame<'_>, x: usize, y: usize) -> u8 {
    if frame.format == PixelFormat::Rgb24 {
        let [r, g, b] = rgb_at(frame, x, y).map(u32::from);
        return ((299 * r + 587 * g + 114 * b + 500) / 1000) as u8;
    }
    yuv_at(frame, x, y)[0]
}

const RAW: [PixelFormat; 6] = [
    PixelFormat::Grey,
    PixelFormat::Yuyv,
    PixelFormat::Uyvy,
    PixelFormat::Nv12,
    PixelFormat::I420,
    PixelFormat::Rgb24,
];

proptest! {
    #[test]
    fn every_format_size_and_stride_follows_its_formula(
        format in prop::sample::select(&RAW[..]),
        size in (1_u32..9, 1_u32..7),
        padding in 0_usize..5,
        seed: u32,
    ) {
        let stride = format.row_bytes(size.0).unwrap() + padding;
        let length = format.padded_bytes(size.1, stride).unwrap();
        let data: Vec<u8> = (0..length as u32)
            .map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let frame = frame(format, size, stride, &data);
        let pixels: Vec<(usize, usize)> =
            (0..size.1 as usize).flat_map(|y| (0..size.0 as usize).map(move |x| (x, y))).collect();
        let luma: Vec<u8> = pixels.iter().map(|&(x, y)| luma_at(&frame, x, y)).collect();
        let plane = |i: usize| pixels.iter().map(move |&(x, y)| rgb_at(&frame, x, y)[i]);
        let rgb: Vec<u8> = plane(0).chain(plane(1)).chain(plane(2)).collect();
        let bgr: Vec<u8> = plane(2).chain(plane(1)).chain(plane(0)).collect();
        prop_assert_eq!(convert(&frame, Channels::Luma).unwrap(), luma);
        prop_assert_eq!(convert(&frame, Channels::Rgb).unwrap(), rgb);
        prop_assert_eq!(convert(&frame, Channels::Bgr).unwrap(), bgr);
    }

    #[test]
    fn any_lack_of_bytes_is_refused(
        format in prop::sample::select(&RAW[..]),
        size in (1_u32..9, 1_u32..7),
        padding in 0_usize..5,
        claimed in 0_usize..300,
    ) {
        let row = format.row_bytes(size.0).unwrap();
        let whole = format.padded_bytes(size.1, row + padding).unwrap();
        let data = vec![1; claimed];
        let result = convert(&frame(format, size, row + padding, &data), Channels::Rgb);
        let is_short = matches!(result, Err(PreprocessError::ShortFrame { found_bytes, .. }) if found_bytes == claimed);
        prop_assert!(is_short || claimed + padding + 1 >= whole, "{result:?}");
        prop_assert!(!is_short || claimed < whole);
    }
}

#[test]
fn yuyv_by_hand() {
    // Red and black share their chroma.
    let data = [81, 90, 16, 240, 235, 128, 126, 128];
    let frame = frame(PixelFormat::Yuyv, (2, 2), 4, &data);
    assert_eq!(convert(&frame, Channels::Luma).unwrap(), [81, 16, 235, 126]);
    let rgb = convert(&frame, Channels::Rgb).unwrap();
    assert_eq!(rgb, [255, 179, 255, 128, 0, 0, 255, 128, 0, 0, 255, 128]);
}

#[test]
fn the_last_row_may_lack_its_padding() {
    let data = [1, 2, 0, 0, 3, 4];
    let padded = frame(PixelFormat::Grey, (2, 2), 4, &data);
    assert_eq!(convert(&padded, Channels::Luma).unwrap(), [1, 2, 3, 4]);
    let short = frame(PixelFormat::Grey, (2, 2), 4, &data[..5]);
    let error = PreprocessError::ShortFrame { expected_bytes: 6, found_bytes: 5 };
    assert_eq!(convert(&short, Channels::Luma), Err(error));
}

#[test]
fn impossible_layouts_are_refused() {
    let data = [0; 64];
    let narrow = convert(&frame(PixelFormat::Rgb24, (4, 2), 11, &data), Channels::Rgb);
    let error = PreprocessError::NarrowStride { stride_bytes: 11, row_bytes: 12 };
    assert_eq!(narrow, Err(error));
    let empty = frame(PixelFormat::Grey, (0, 2), 8, &data);
    let mut out = [0; 4];
    let result = converter((2, 2), Channels::Luma).process(&empty, &mut out);
    assert!(matches!(result, Err(PreprocessError::Undecodable(_))), "{result:?}");
    let huge = frame(PixelFormat::I420, (u32::MAX, u32::MAX), usize::MAX, &data);
    assert!(converter((2, 2), Channels::Luma).process(&huge, &mut out).is_err());
}

#[test]
fn the_output_has_to_fit() {
    let data = [0; 4];
    let mut preprocessor = converter((2, 2), Channels::Rgb);
    let result = preprocessor.process(&frame(PixelFormat::Grey, (2, 2), 2, &data), &mut [0; 4]);
    assert_eq!(result, Err(PreprocessError::WrongOutput { expected_bytes: 12, found_bytes: 4 }));
}

#[test]
fn another_size_is_refused_until_the_source_is_forgotten() {
    let data = [9; 24];
    let mut preprocessor = converter((2, 2), Channels::Luma);
    let mut out = [0; 4];
    let short = frame(PixelFormat::Grey, (5, 5), 5, &data);
    assert!(preprocessor.process(&short, &mut out).is_err(), "a failed frame fixes nothing");
    preprocessor.process(&frame(PixelFormat::Grey, (4, 2), 4, &data), &mut out).unwrap();
    let other = frame(PixelFormat::Yuyv, (2, 4), 4, &data);
    let error = preprocessor.process(&other, &mut out).unwrap_err();
    assert_eq!(error, PreprocessError::SizeChanged { from: (4, 2), to: (2, 4) });
    assert_eq!(error.to_string(), "frame size changed from 4x2 to 2x4");
    preprocessor.process(&frame(PixelFormat::Rgb24, (4, 2), 12, &data), &mut out).unwrap();
    preprocessor.forget_source();
    preprocessor.process(&other, &mut out).unwrap();
}

#[test]
fn jpegs_go_by_their_own_size() {
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 95).encode(&[90; 24 * 16], 24, 16, ColorType::Luma).unwrap();
    let mut preprocessor = converter((6, 4), Channels::Bgr);
    let mut out = vec![0; 72];
    let lent = frame(PixelFormat::Mjpeg, (640, 480), 0, &jpeg);
    preprocessor.process(&lent, &mut out).unwrap();
    assert!(out.iter().all(|&value| value.abs_diff(90) <= 1), "{out:?}");
    let mut other = Vec::new();
    Encoder::new(&mut other, 95).encode(&[90; 16 * 16], 16, 16, ColorType::Luma).unwrap();
    let result = preprocessor.process(&Frame { data: &other, ..lent }, &mut out);
    assert_eq!(result, Err(PreprocessError::SizeChanged { from: (24, 16), to: (16, 16) }));
    let cut = Frame { data: &jpeg[..jpeg.len() - 3], ..lent };
    let error = preprocessor.process(&cut, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "truncated JPEG (no end marker)");
}

#[test]
fn names_in_files_are_lowercase() {
    #[derive(serde::Deserialize)]
    struct File {
        channels: Channels,
        resize: Resize,
    }
    let file: File = toml::from_str("channels = 'bgr'\nresize = 'area'").unwrap();
    assert_eq!((file.channels, file.resize), (Channels::Bgr, Resize::Area));
    assert_eq!([Channels::Luma, Channels::Rgb, Channels::Bgr].map(Channels::planes), [1, 3, 3]);
}
