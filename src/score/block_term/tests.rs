//! The block term against its formula, and what it finds.

use proptest::prelude::*;

use super::super::polygon::{MaskMode, Polygon};
use super::super::weighting::{WeightedZone, Weighting};
use super::*;

fn naive_mean(map: &[f32], width: usize, (x, y): (usize, usize), size: usize) -> f32 {
    let sum: f64 =
        (0..size * size).map(|i| f64::from(map[(y + i / size) * width + x + i % size])).sum();
    (sum / (size * size) as f64) as f32
}

fn naive_gradient(frame: &[u8], width: usize, height: usize) -> Vec<f32> {
    let at = |x: usize, y: usize| f64::from(frame[y * width + x]) / 255.0;
    let value = |i: usize| {
        let (x, y) = (i % width, i / width);
        let inside = |v: usize, limit: usize| v > 0 && v + 1 < limit;
        let dx = if inside(x, width) { (at(x + 1, y) - at(x - 1, y)) / 2.0 } else { 0.0 };
        let dy = if inside(y, height) { (at(x, y + 1) - at(x, y - 1)) / 2.0 } else { 0.0 };
        (dx * dx + dy * dy) as f32
    };
    (0..width * height).map(value).collect()
}

fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn rule(block_px: usize, texture_floor: f32, smoothing_ms: u32) -> BlockRule {
    BlockRule { texture_floor, smoothing_ms, ..BlockRule::plain(block_px) }
}

proptest! {
    #[test]
    fn equals_the_formula_at_every_place(
        width in 3usize..20, height in 3usize..20, size in 1usize..6, seed in any::<u64>(),
        floor in prop_oneof![Just(f32::INFINITY), 1e-3f32..1.0],
        motion_factor in prop_oneof![Just(0.0f32), 0.1f32..32.0],
    ) {
        let frame = bytes(seed, width * height);
        let signed: Vec<f32> =
            bytes(!seed, width * height).iter().map(|&b| f32::from(b) / 255.0 - 0.3).collect();
        let squared: Vec<f32> = signed.iter().map(|e| e * e).collect();
        let size = size.min(width).min(height);
        let newest = bytes(seed ^ 99, width * height);
        let prediction: Vec<f32> = bytes(seed ^ 7, width * height)
            .iter()
            .map(|&b| f32::from(b) / 127.5 - 1.0)
            .collect();
        let moved = |(p, &b): (&f32, &u8)| ((p + 1.0) / 2.0 - f32::from(b) / 255.0).powi(2);
        let moved: Vec<f32> = prediction.iter().zip(&newest).map(moved).collect();
        let rule = BlockRule { motion_factor, ..rule(size, floor, 0) };
        let mut term = BlockTerm::new(Mask::everything(width, height), rule);
        let motion = Some(PredictedMotion { prediction: &prediction, newest: &newest });
        let worst = term.worst(&squared, &signed, &frame, motion, (Edges::default(), 0));
        let gradient = naive_gradient(&frame, width, height);
        let (ratios, across) = term.ratios();
        let mut largest = 0.0f32;
        for (i, &ratio) in ratios.iter().enumerate() {
            let place = (i % across, i / across);
            let mean = naive_mean(&squared, width, place, size);
            let expected = if floor.is_finite() {
                let offset = naive_mean(&signed, width, place, size);
                let variance = (mean - offset * offset).max(0.0);
                let motion = motion_factor * naive_mean(&moved, width, place, size);
                variance / (naive_mean(&gradient, width, place, size) + motion + floor)
            } else {
                mean
            };
            prop_assert!((ratio - expected).abs() <= 1e-4 * expected + 1e-6 / floor.min(1.0), "{ratio} {expected}");
            largest = largest.max(ratio);
        }
        prop_assert_eq!(worst.ratio, largest);
        prop_assert_eq!(ratios[worst.y_px * across + worst.x_px], largest);
    }
}

#[test]
fn finds_the_block_and_respects_the_mask() {
    let mut squared = vec![0.0f32; 64];
    squared[3 * 8 + 5] = 1.0;
    squared[6 * 8 + 1] = 0.25;
    let frame = vec![0u8; 64];
    let mut open = BlockTerm::new(Mask::everything(8, 8), BlockRule::plain(1));
    let worst = open.worst(&squared, &squared, &frame, None, (Edges::default(), 0));
    assert_eq!((worst.x_px, worst.y_px, worst.mean_sq), (5, 3, 1.0));
    let right = Polygon {
        mode: MaskMode::Ignore,
        points: vec![[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]],
    };
    let mask = Mask::from_polygons(8, 8, &[right]).unwrap();
    let worst = BlockTerm::new(mask, BlockRule::plain(1)).worst(
        &squared,
        &squared,
        &frame,
        None,
        (Edges::default(), 0),
    );
    assert_eq!((worst.x_px, worst.y_px, worst.mean_sq), (1, 6, 0.25));
}

#[test]
fn what_lies_in_a_zone_counts_by_its_weight() {
    let mut squared = vec![0.0f32; 64];
    squared[3 * 8 + 5] = 1.0;
    squared[6 * 8 + 1] = 0.25;
    let frame = vec![0u8; 64];
    let points = vec![[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]];
    let area = Polygon { mode: MaskMode::Include, points };
    for (weight, expected) in
        [(1.5, (5, 3, 1.5)), (0.3, (5, 3, 0.3)), (0.2, (1, 6, 0.25)), (0.0, (1, 6, 0.25))]
    {
        let zone = WeightedZone { area: area.clone(), weight };
        let weighting = Weighting::new(vec![zone], 1);
        let mask = Mask::everything(8, 8).weighed_by(weighting.clone());
        assert_eq!(mask.identity(), "none", "no other mask than before");
        let mut term = BlockTerm::new(mask, BlockRule::plain(1));
        let mut worst = || term.worst(&squared, &squared, &frame, None, (Edges::default(), 0));
        let (block, own) = (worst(), if expected.0 == 5 { 1.0 } else { 0.25 });
        assert_eq!((block.x_px, block.y_px, block.ratio), expected);
        assert_eq!(block.mean_sq, own, "the error itself stays what it is");
        weighting.in_force().set(0);
        let block = worst();
        assert_eq!((block.x_px, block.y_px, block.ratio), (5, 3, 1.0), "out of force");
    }
}

#[test]
fn an_error_counts_less_where_there_is_texture() {
    // The left half is flat, the right half striped; both have the same error.
    let frame: Vec<u8> =
        (0..256).map(|i| if i % 16 >= 8 && (i % 16) / 2 % 2 == 0 { 200 } else { 100 }).collect();
    let signed: Vec<f32> =
        (0..256).map(|i| if (i + i / 16) % 2 == 0 { 0.1 } else { -0.1 }).collect();
    let squared = vec![0.01f32; 256];
    let mut term = BlockTerm::new(Mask::everything(16, 16), rule(4, 0.01, 0));
    let worst = term.worst(&squared, &signed, &frame, None, (Edges::default(), 0));
    assert!(worst.x_px + 4 <= 8, "{worst:?}");
    assert!((worst.ratio - 1.0).abs() < 1e-3, "{worst:?}");
    let (ratios, across) = term.ratios();
    assert!(ratios[across - 2] < 0.5, "{}", ratios[across - 2]);
}

#[test]
fn light_is_no_thing() {
    let frame = vec![90u8; 256];
    let (signed, squared) = (vec![0.2f32; 256], vec![0.04f32; 256]);
    let mut term = BlockTerm::new(Mask::everything(16, 16), rule(4, 0.01, 0));
    let worst = term.worst(&squared, &signed, &frame, None, (Edges::default(), 0));
    assert!(worst.ratio < 1e-4 && worst.mean_sq > 0.039, "{worst:?}");
    let mut plain = BlockTerm::new(Mask::everything(16, 16), BlockRule::plain(4));
    assert!(
        (plain.worst(&squared, &signed, &frame, None, (Edges::default(), 0)).ratio - 0.04).abs()
            < 1e-6
    );
}

#[test]
fn light_is_no_thing_at_the_border_of_a_mask() {
    let frame = vec![90u8; 256];
    let (signed, squared) = (vec![0.2f32; 256], vec![0.04f32; 256]);
    let points = vec![[0.0, 0.0], [0.55, 0.0], [0.55, 1.0], [0.0, 1.0]];
    let half = Polygon { mode: MaskMode::Ignore, points };
    let mask = Mask::from_polygons(16, 16, &[half]).unwrap();
    assert!((0.3..0.8).contains(&mask.watched_share()));
    let mut term = BlockTerm::new(mask, rule(4, 0.01, 0));
    let worst = term.worst(&squared, &signed, &frame, None, (Edges::default(), 0));
    assert!(worst.ratio < 1e-4, "{worst:?}");
}

#[test]
fn what_stays_in_place_outranks_what_flickers() {
    let frame = vec![0u8; 64];
    // A block of one pixel has no variance: its error is given no sign here.
    let none = vec![0.0f32; 64];
    let mut term = BlockTerm::new(Mask::everything(8, 8), rule(1, 0.01, 300));
    let at = |place: usize, value: f32| {
        let mut squared = vec![0.0f32; 64];
        squared[place] = value;
        squared[9] = 0.02;
        squared
    };
    let first = term.worst(&at(20, 0.04), &none, &frame, None, (Edges::default(), 1_000_000_000));
    assert_eq!((first.x_px, first.y_px), (4, 2), "there is no past at first");
    let share = 1.0 - f32::exp(-1.0 / 3.0);
    assert!((first.ratio - 4.0 * share).abs() < 1e-4, "{first:?}");
    let mut last = first;
    for i in 1..8 {
        last = term.worst(
            &at(20 + 5 * i, 0.04),
            &none,
            &frame,
            None,
            (Edges::default(), 1_000_000_000 + 100_000_000 * i as u64),
        );
    }
    assert_eq!((last.x_px, last.y_px), (1, 1), "{last:?}");
    term.forget();
    assert_eq!(
        term.worst(&at(30, 0.04), &none, &frame, None, (Edges::default(), 10_000_000_000)).y_px,
        3
    );
}

#[test]
fn a_rule_says_what_is_wrong_with_it() {
    assert!(rule(12, 0.01, 300).check().is_ok());
    assert!(rule(0, 0.01, 300).check().unwrap_err().contains("block_px"));
    let rushed = BlockRule { motion_factor: -1.0, ..rule(12, 0.01, 300) };
    assert!(rushed.check().unwrap_err().contains("motion_factor"));
    assert!(rule(12, 0.0, 300).check().unwrap_err().contains("texture_floor"));
    assert!(rule(12, f32::NAN, 300).check().unwrap_err().contains("texture_floor"));
    assert!(rule(12, 0.01, 70_000).check().unwrap_err().contains("smoothing_ms"));
}
