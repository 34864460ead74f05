//! Agreement of the resizers with OpenCV and with the exact definition. The
//! pictures under `tests/fixtures/reference` were compared with OpenCV 5.0.0,
//! bit by bit, when `docs/research/fixtures.py` wrote them.

use std::fs::File;
use std::path::Path;

use ndarray::{Array1, Array2};
use ndarray_npy::{NpzReader, ReadableElement};
use normwatch::capture::{Frame, PixelFormat};
use normwatch::preprocess::{Channels, InputSpec, Preprocessor, Resize};

const CASES: [&str; 7] = ["odd", "shrink", "wide", "crop", "up", "half", "same"];

fn reader() -> NpzReader<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/reference.npz");
    NpzReader::new(File::open(path).unwrap()).unwrap()
}

fn read<T: ReadableElement>(name: &str) -> Array2<T> {
    reader().by_name(name).unwrap_or_else(|error| panic!("array {name}: {error}"))
}

/// Our result for a case, to the size of `like`. A crop is a frame whose rows
/// lie further apart than they are wide.
fn resized<T>(case: &str, resize: Resize, like: &Array2<T>) -> Vec<u8> {
    let name = if case == "crop" { "wide" } else { case };
    let source: Array2<u8> = read(&format!("resize_{name}_source"));
    let stride_bytes = source.ncols();
    let (mut x, mut y, mut width_px, mut height_px) = (0, 0, source.ncols(), source.nrows());
    if case == "crop" {
        let rectangle: Array1<u32> = reader().by_name("resize_crop_rectangle").unwrap();
        [x, y, width_px, height_px] = [0, 1, 2, 3].map(|i| rectangle[i] as usize);
    }
    let pixels = source.as_slice().unwrap();
    let frame = Frame {
        format: PixelFormat::Grey,
        width_px: width_px as u32,
        height_px: height_px as u32,
        stride_bytes,
        data: &pixels[y * stride_bytes + x..],
        timestamp_ns: 0,
        sequence: 0,
    };
    let (height_px, width_px) = like.dim();
    let spec = InputSpec { width_px, height_px, channels: Channels::Luma, resize, relight: false };
    let mut out = vec![0; spec.frame_len()];
    Preprocessor::new(spec).process(&frame, &mut out).unwrap();
    out
}

/// How many pixels differ, and the largest difference in levels.
fn difference(ours: &[u8], theirs: &Array2<u8>) -> (usize, u8) {
    assert_eq!(ours.len(), theirs.len());
    let differences = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let (mut count, mut largest) = (0, 0);
    for difference in differences {
        count += usize::from(difference > 0);
        largest = largest.max(difference);
    }
    (count, largest)
}

#[test]
fn bilinear_equals_opencv() {
    for case in CASES {
        let theirs = read(&format!("resize_{case}_bilinear_u8"));
        let ours = resized(case, Resize::Bilinear, &theirs);
        assert_eq!(difference(&ours, &theirs), (0, 0), "{case}");
    }
}

#[test]
fn bilinear_is_within_a_level_of_the_definition() {
    for case in CASES {
        let exact: Array2<f32> = read(&format!("resize_{case}_bilinear_float"));
        let ours = resized(case, Resize::Bilinear, &exact);
        for (ours, exact) in ours.iter().zip(&exact) {
            assert!((f32::from(*ours) - exact).abs() < 1.0, "{case}: {ours} for {exact}");
        }
    }
}

#[test]
fn area_equals_opencv_and_the_rounded_definition() {
    for case in ["shrink", "wide", "crop", "half", "same"] {
        let theirs = read(&format!("resize_{case}_area_u8"));
        let ours = resized(case, Resize::Area, &theirs);
        assert_eq!(difference(&ours, &theirs), (0, 0), "{case}");
        let exact: Array2<f32> = read(&format!("resize_{case}_area_float"));
        for (ours, exact) in ours.iter().zip(&exact) {
            assert!((f32::from(*ours) - exact).abs() < 0.501, "{case}: {ours} for {exact}");
        }
    }
}
