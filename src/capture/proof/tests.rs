//! Frames whose layout is not the stated one, and sound ones that look like it.

use super::*;

const GREY: PixelFormat = PixelFormat::Grey;

fn flaw(width: u32, pixel: impl Fn(usize, usize) -> u8) -> Option<Flaw> {
    let frame_bytes = width as usize * 96;
    flaw_of((width, 96), |at| pixel(at % frame_bytes / width as usize, at % width as usize))
}

/// Of some frames of a stream of bytes, cut as stated.
fn flaw_of(size: (u32, u32), byte: impl Fn(usize) -> u8) -> Option<Flaw> {
    let layout = Layout::check(GREY, size.0, size.1, None).unwrap();
    let mut proof = Proof::default();
    let mut found = None;
    for frame in 0..=CERTAIN as usize {
        let start = frame * layout.frame_bytes();
        let bytes: Vec<u8> = (start..start + layout.frame_bytes()).map(&byte).collect();
        found = proof.flaw(&layout, &bytes);
    }
    let (flaw, is_certain) = found?;
    assert!(is_certain, "it is by now");
    Some(flaw)
}

/// Level stripes, seen by a camera that hangs askew, with noise.
fn askew(size: (usize, usize), period: f32, degrees: f32, is_sharp: bool) -> Option<Flaw> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let stripe = |row: usize, column: usize| {
        let phase = (row as f32 * cos + column as f32 * sin) / period;
        let wave = (std::f32::consts::TAU * phase).sin();
        128.0 + 80.0 * if is_sharp { wave.signum() } else { wave }
    };
    let clean: Vec<f32> = (0..size.0 * size.1).map(|at| stripe(at / size.0, at % size.0)).collect();
    let noise = |at: usize| mixed(at) % 11;
    let size_px = (size.0 as u32, size.1 as u32);
    flaw_of(size_px, |at| (clean[at % clean.len()] + noise(at) as f32 - 5.0) as u8)
}

#[test]
fn stripes_before_a_camera_that_hangs_askew_are_no_flaw() {
    for period in [8.0, 16.0, 30.0] {
        for degrees in [1.0, 2.0, 3.0, -2.0] {
            let found = askew((640, 480), period, degrees, false);
            assert_eq!(found, None, "period {period}, {degrees} degrees");
        }
    }
    for period in [3.0, 4.0, 5.0, 6.5, 9.0, 12.0, 20.0] {
        for tenths in 4..=34 {
            for is_sharp in [false, true] {
                let found = askew((160, 96), period, tenths as f32 / 10.0, is_sharp);
                assert_eq!(found, None, "period {period}, {tenths} tenths of a degree");
            }
        }
    }
}

/// Brighter to the right, with texture that goes on for some columns.
fn scene(row: usize, column: usize) -> u8 {
    let mixed = mixed(row * 1000 + column / 12) % 24;
    (20 + row / 2 + column / 2 + mixed).min(255) as u8
}

/// Numbers without a pattern (the end of MurmurHash3).
fn mixed(number: usize) -> usize {
    let mut bits = number as u32;
    for factor in [0x85EB_CA6B, 0xC2B2_AE35] {
        bits = (bits ^ bits >> 15).wrapping_mul(factor);
    }
    (bits ^ bits >> 16) as usize
}

#[test]
fn a_whole_picture_has_no_flaw_whatever_it_shows() {
    assert_eq!(flaw(160, scene), None);
    assert_eq!(flaw(160, |_, _| 90), None);
    assert_eq!(flaw(160, |row, column| ((row * 7) ^ (column * 13)) as u8), None);
    assert_eq!(flaw(160, |_, column| if column > 70 { 200 } else { 30 }), None, "a wall");
    let pillar = |_: usize, column: usize| if (70..76).contains(&column) { 200 } else { 30 };
    assert_eq!(flaw(160, pillar), None);
    assert_eq!(flaw(160, |row, column| ((row + column) / 4 % 2 * 200) as u8), None, "stripes");
    assert_eq!(flaw(160, |row, _| (row / 3 % 2 * 200) as u8), None, "blinds");
}

#[test]
fn rows_of_another_length_are_found() {
    let leaning = |stride: usize, noise: usize| {
        flaw_of((160, 96), |at| {
            let place = at % (stride * 96);
            let (row, column) = (place / stride, place % stride);
            (40 + row / 3 + mixed(column / 6) % 120 + mixed(at) % (2 * noise + 1)) as u8
        })
    };
    for stride in [144, 192, 256] {
        for noise in [0, 3] {
            assert_eq!(leaning(stride, noise), Some(Flaw::Stride(stride)), "noise {noise}");
        }
    }
}

#[test]
fn a_stream_out_of_step_is_found() {
    for lost in [1, 31, 80, 150] {
        let torn = flaw(160, |row, column| {
            let at = row * 160 + column + lost;
            scene(at / 160, at % 160)
        });
        assert_eq!(torn, Some(Flaw::OutOfStep), "{lost}");
    }
}

#[test]
fn text_is_told_from_dark_pictures() {
    let text = b"GST_ARGUS: Creating output stream\n\x10\x11\x12";
    assert_eq!(text_line(text), Some(34));
    assert_eq!(text_line(b"[0:12:3] INFO Camera camera_manager.cpp:297\n"), Some(44));
    let dark: Vec<u8> = (0..400).map(|at| 33 + (at * at % 7) as u8).chain([10; 100]).collect();
    assert_eq!(text_line(&dark), None);
    assert_eq!(text_line(&[10; 100]), None);
    assert_eq!(text_line(b"no end of the line"), None);
}
