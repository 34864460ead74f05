//! The resizers against sums by hand and their definitions.

use super::*;
use proptest::prelude::*;

fn resized(source: (u32, u32), data: &[u8], target: (usize, usize), resize: Resize) -> Vec<u8> {
    let (width, height) = (source.0 as usize, source.1 as usize);
    let mut out = vec![0; target.0 * target.1];
    let plane = Plane::packed(data, width, height);
    Resizer::new(source, target, resize).resize(plane, &mut out);
    out
}

#[test]
fn bilinear_by_hand() {
    let up = resized((2, 1), &[0, 100], (4, 1), Resize::Bilinear);
    assert_eq!(up, [0, 25, 75, 100]);
    let halved = resized((4, 2), &[0, 1, 10, 20, 2, 1, 30, 41], (2, 1), Resize::Bilinear);
    assert_eq!(halved, [1, 25]);
    let third = resized((3, 3), &[9, 9, 9, 9, 77, 9, 9, 9, 9], (1, 1), Resize::Bilinear);
    assert_eq!(third, [77], "no antialiasing");
}

#[test]
fn area_by_hand() {
    let third = resized((3, 3), &[9, 9, 9, 9, 90, 9, 9, 9, 9], (1, 1), Resize::Area);
    assert_eq!(third, [18]);
    let uneven = resized((3, 1), &[10, 40, 100], (2, 1), Resize::Area);
    assert_eq!(uneven, [20, 80], "(10 + 40 / 2) / 1.5 and (40 / 2 + 100) / 1.5");
    let half_up = resized((2, 1), &[0, 1], (1, 1), Resize::Area);
    assert_eq!(half_up, [1]);
    let grown = resized((2, 1), &[0, 100], (4, 1), Resize::Area);
    assert_eq!(grown, [0, 25, 75, 100]);
}

/// The definition in `f64`: the mean of each source pixel weighted by overlap.
fn area_by_definition(source: (u32, u32), data: &[u8], target: (usize, usize)) -> Vec<f64> {
    let overlap = |source: u32, target: usize, index: usize, pixel: u32| {
        let scale = f64::from(source) / target as f64;
        let (from, to) = (index as f64 * scale, (index + 1) as f64 * scale);
        ((to.min(f64::from(pixel + 1)) - from.max(f64::from(pixel))).max(0.0)) / scale
    };
    let mut means = Vec::new();
    for ty in 0..target.1 {
        for tx in 0..target.0 {
            let mut mean = 0.0;
            for y in 0..source.1 {
                for x in 0..source.0 {
                    let value = f64::from(data[(y * source.0 + x) as usize]);
                    mean += value
                        * overlap(source.1, target.1, ty, y)
                        * overlap(source.0, target.0, tx, x);
                }
            }
            means.push(mean);
        }
    }
    means
}

proptest! {
    #[test]
    fn area_is_the_rounded_definition(
        source in (1_u32..24, 1_u32..24),
        target in (1_usize..24, 1_usize..24),
        seed: u32,
    ) {
        prop_assume!(target.0 <= source.0 as usize && target.1 <= source.1 as usize);
        let data: Vec<u8> =
            (0..source.0 * source.1).map(|i| (i.wrapping_mul(2_654_435_761) ^ seed) as u8).collect();
        let ours = resized(source, &data, target, Resize::Area);
        for (ours, mean) in ours.iter().zip(area_by_definition(source, &data, target)) {
            prop_assert!((f64::from(*ours) - mean).abs() <= 0.5 + 1e-9);
        }
    }

    #[test]
    fn a_flat_picture_stays_flat(
        source in (1_u32..80, 1_u32..80),
        target in (1_usize..80, 1_usize..80),
        value: u8,
        area: bool,
    ) {
        let resize = if area { Resize::Area } else { Resize::Bilinear };
        let data = vec![value; (source.0 * source.1) as usize];
        let ours = resized(source, &data, target, resize);
        prop_assert!(ours.iter().all(|&out| out == value));
    }
}

#[test]
fn sizes_with_large_common_parts_and_none_span_the_source_exactly() {
    for (source, target) in [(1920, 128), (1921, 128), (4001, 97), (128, 128), (7, 1)] {
        let (spans, units) = spans(source, target);
        assert_eq!((spans[0].start, spans[target - 1].end), (0, source));
        for span in &spans {
            let sum: u64 = (span.start..span.end).map(|y| u64::from(span.weight(y))).sum();
            assert_eq!(sum, units, "{source} to {target}");
        }
    }
}
