//! Against a naive reference, and on things that move as one knows.

use super::*;

const WIDTH: usize = 44;
const HEIGHT: usize = 27;

fn noise(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..WIDTH * HEIGHT).map(|_| next()).collect()
}

/// A smooth texture, moved by so many pixels.
fn texture(dx: f32, dy: f32) -> Vec<u8> {
    let level = |i: usize| {
        let (x, y) = ((i % WIDTH) as f32 - dx, (i / WIDTH) as f32 - dy);
        (127.0 + 50.0 * (x * 0.5).sin() + 40.0 * (y * 0.45 + 1.0).sin()) as u8
    };
    (0..WIDTH * HEIGHT).map(level).collect()
}

/// The definition, pixel by pixel and in double precision.
fn naive(frames: [&[u8]; 4], column: usize, row: usize) -> [f64; MOTION_FEATURES] {
    let at = |frame: usize, x: usize, y: usize| f64::from(frames[frame][y * WIDTH + x]) / 255.0;
    let mut sums = [0.0; SUMS];
    for y in row * 8..row * 8 + 16 {
        for x in column * 8..column * 8 + 16 {
            let inside = (x > 0 && x + 1 < WIDTH, y > 0 && y + 1 < HEIGHT);
            let across = |f| if inside.0 { (at(f, x + 1, y) - at(f, x - 1, y)) / 2.0 } else { 0.0 };
            let down = |f| if inside.1 { (at(f, x, y + 1) - at(f, x, y - 1)) / 2.0 } else { 0.0 };
            let (gx, gy) = ((across(0) + across(1)) / 2.0, (down(0) + down(1)) / 2.0);
            let gt = at(0, x, y) - at(1, x, y);
            let changes = [1, 2, 3].map(|f| (at(0, x, y) - at(f, x, y)).abs());
            let products = [gx * gx, gy * gy, gx * gy, gx * gt, gy * gt];
            let texture = across(0).powi(2) + down(0).powi(2);
            let all = changes.into_iter().chain(products).chain([texture]);
            sums.iter_mut().zip(all).for_each(|(sum, value)| *sum += value / 256.0);
        }
    }
    let [one, two, four, xx, yy, xy, xt, yt, texture] = sums;
    let (xx, yy) = (xx + 1e-4, yy + 1e-4);
    let px = |top: f64| (top / (xx * yy - xy * xy)).clamp(-4.0, 4.0);
    let (u, v) = (px(xy * yt - yy * xt), px(xy * xt - xx * yt));
    let log = |change: f64| (change + 0.002).ln();
    let place = |at: usize, tiles: usize| at as f64 / (tiles - 2) as f64;
    let texture = 0.5 * (texture + 1e-5).ln();
    let (row, column) = (place(row, HEIGHT / 8), place(column, WIDTH / 8));
    [log(one), log(two), log(four), u, v, u.hypot(v), texture, row, column]
}

#[test]
fn sums_over_tiles_are_what_the_definition_says() {
    let frames = [texture(0.0, 0.0), texture(-0.7, 0.4), noise(1), noise(2)];
    let frames: [&[u8]; 4] = std::array::from_fn(|i| &frames[i][..]);
    let mut features = MotionFeatures::new(WIDTH, HEIGHT, 1).unwrap();
    for frames in [frames, [frames[2], frames[3], frames[0], frames[1]]] {
        features.measure(frames);
        let (columns, rows) = features.grid();
        assert_eq!((columns, rows), (4, 2));
        for cell in 0..columns * rows {
            let expected = naive(frames, cell % columns, cell / columns);
            for (got, expected) in features.of(cell).into_iter().zip(expected) {
                assert!((f64::from(got) - expected).abs() < 2e-3, "{cell}: {got} {expected}");
            }
        }
    }
}

#[test]
fn a_texture_that_moves_has_its_motion_and_one_that_does_not_has_none() {
    let at = |step: f32| texture(0.8 * step, -0.5 * step);
    let frames = [at(4.0), at(3.0), at(2.0), at(0.0)];
    let mut features = MotionFeatures::new(WIDTH, HEIGHT, 1).unwrap();
    features.measure(std::array::from_fn(|i| &frames[i][..]));
    for cell in 0..8 {
        let [one, two, four, u, v, length, ..] = features.of(cell);
        assert!((u - 0.8).abs() < 0.15 && (v + 0.5).abs() < 0.15, "{cell}: {u} {v}");
        assert!((length - 0.94).abs() < 0.2 && one < two && two < four);
        assert!(features.change(cell) > 0.02);
    }
    features.measure([&frames[0]; 4]);
    assert!((0..8).all(|cell| features.change(cell) == 0.0 && features.of(cell)[3..6] == [0.0; 3]));
}

#[test]
fn a_colour_frame_counts_as_its_mean_and_a_tiny_one_has_no_cells() {
    let [a, b] = [noise(3), texture(0.0, 0.0)];
    let planes = |frame: &[u8]| [frame, frame, frame].concat();
    let mut grey = MotionFeatures::new(WIDTH, HEIGHT, 1).unwrap();
    let mut colour = MotionFeatures::new(WIDTH, HEIGHT, 3).unwrap();
    grey.measure([&a, &b, &a, &b]);
    let (a, b) = (planes(&a), planes(&b));
    colour.measure([&a, &b, &a, &b]);
    assert!((0..8).all(|cell| grey.of(cell) == colour.of(cell)));
    assert!(MotionFeatures::new(64, 23, 1).is_none());
}
