//! Each gradient against differences of its loss.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::net::Tensor;

const QUERIES: usize = 18;
const ITEMS: usize = 4;
const CHANNELS: usize = 20;
const WEIGHT: f64 = 0.7;
const STEP: f32 = 2e-3;
/// Of the largest slope.
const TOLERANCE: f32 = 1e-3;

/// Items, and queries around them: some near, some farther than any margin.
fn scene(rng: &mut impl Rng) -> (Vec<f32>, Tensor) {
    let items: Vec<f32> = (0..ITEMS * CHANNELS).map(|_| rng.random_range(-0.5..0.5)).collect();
    let mut rows = Vec::new();
    for query in 0..QUERIES {
        let spread = 0.6 * query as f32 / QUERIES as f32 + 0.05;
        let item = &items[query % ITEMS * CHANNELS..][..CHANNELS];
        rows.extend(item.iter().map(|p| p + rng.random_range(-spread..spread)));
    }
    (rows, Tensor::new(&[ITEMS, CHANNELS], items))
}

fn check(name: &str, values: &[f32], loss: impl Fn(&[f32], f64, &mut [f32]) -> f64) {
    let mut gradient = vec![0.25; values.len()];
    let value = loss(values, WEIGHT, &mut gradient);
    assert!(value > 0.0, "{name} is {value}");
    gradient.iter_mut().for_each(|slope| *slope -= 0.25);
    let largest = gradient.iter().fold(0f32, |largest, slope| largest.max(slope.abs()));
    assert!(largest > 0.0, "{name} is flat");
    for (at, slope) in gradient.iter().enumerate() {
        let moved = |by: f32| {
            let mut values = values.to_vec();
            values[at] += by;
            loss(&values, WEIGHT, &mut vec![0.0; values.len()])
        };
        let difference = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
        let expected = (WEIGHT * difference) as f32;
        assert!(
            (slope - expected).abs() <= TOLERANCE * largest,
            "{name} by {at}: {slope}, the difference is {expected}"
        );
    }
}

#[test]
fn gradients_are_the_slopes_of_their_losses() {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let (rows, items) = scene(rng);
    let matched = |rows: &[f32]| Match::new(rows.to_vec(), &items);
    let frames =
        [0, 1, 2].map(|_| -> Vec<f32> { (0..40).map(|_| rng.random_range(-0.2..0.2)).collect() });
    let [values, targets, newest] = &frames;
    let weights = motion_weights(newest, targets, 4.0);
    check("weighted square", values, |values, weight, gradient| {
        let mut slopes = vec![0.0; values.len()];
        weighted_square(values, targets, &weights, &mut slopes);
        gradient.iter_mut().zip(slopes).for_each(|(to, slope)| *to += weight as f32 * slope);
        let squares = values.iter().zip(targets).zip(&weights);
        let sum: f64 = squares.map(|((v, t), w)| f64::from(w * (v - t) * (v - t))).sum();
        sum / values.len() as f64
    });
    check("compactness", &rows, |rows, weight, gradient| {
        compactness(&matched(rows), weight, gradient)
    });
    check("separateness", &rows, |rows, weight, gradient| {
        separateness(&matched(rows), weight, gradient)
    });
    let cells = [Cell::Moving, Cell::Abnormal, Cell::Aside, Cell::Abnormal, Cell::Abnormal];
    let cells: Vec<Cell> = cells.into_iter().cycle().take(QUERIES).collect();
    check("contrast", &rows, |rows, weight, gradient| {
        contrast(&matched(rows), &cells, weight, gradient)
    });
    let targets: Vec<f32> = rows.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
    check("mean square", &rows, |values, weight, gradient| {
        mean_square(values, &targets, weight, gradient)
    });
}

#[test]
fn abnormal_queries_are_driven_away() {
    let items = Tensor::new(&[2, 2], vec![1.0, 0.0, 0.0, 1.0]);
    // Three queries: one that moves, an abnormal one, one aside.
    let matched = Match::new(vec![0.8, 0.6, 0.8, -0.6, 0.0, 1.0], &items);
    let cells = [Cell::Moving, Cell::Abnormal, Cell::Aside];
    let mut gradient = [0.0; 6];
    let loss = contrast(&matched, &cells, 1.0, &mut gradient);
    let distance = 0.4f32.sqrt();
    assert!((loss - f64::from(0.4 + 1.0 - distance)).abs() < 1e-5);
    let expected = [-0.4, 1.2, 0.2 / distance, 0.6 / distance, 0.0, 0.0];
    for (ours, expected) in gradient.iter().zip(expected) {
        assert!((ours - expected).abs() < 1e-5, "{gradient:?}");
    }
}

#[test]
fn a_distance_of_nothing_has_no_slope() {
    let items = Tensor::new(&[2, 1], vec![-1e-6, 1.0]);
    // Distance 0 from the shifted query to the nearest item, and no NaN.
    let matched = Match::new(vec![-2e-6], &items);
    let mut gradient = [0.0];
    assert!(separateness(&matched, 1.0, &mut gradient).is_finite());
    assert!(gradient[0].is_finite(), "{gradient:?}");
}

#[test]
fn what_moves_counts_more_and_what_is_still_counts_once() {
    let weights = motion_weights(&[0.0, 0.0, 0.0, 0.0], &[0.0, 0.05, -0.1, 0.9], 4.0);
    assert_eq!(weights, [1.0, 3.0, 5.0, 5.0]);
    assert_eq!(motion_weights(&[0.3], &[-0.9], 0.0), [1.0]);
}
