//! The losses with their gradients. Each gives its own value and adds `weight`
//! times its slope to `gradient`.

use super::memory::{Match, squared_distance};
use super::outliers::Cell;

/// What PyTorch's pairwise distance adds to every channel.
const PAIRWISE_EPSILON: f32 = 1e-6;
/// How much farther than the nearest item the second nearest is to be.
const TRIPLET_MARGIN: f32 = 1.0;
/// Squared distance from its nearest item that an abnormal query is driven to:
/// 60° away.
const CONTRAST_MARGIN: f32 = 1.0;
/// Keeps the slope of a root finite.
const LEAST_SQUARE: f32 = 1e-6;

/// Mean of (value − target)².
pub fn mean_square(values: &[f32], targets: &[f32], weight: f64, gradient: &mut [f32]) -> f64 {
    let slope = (2.0 * weight / values.len() as f64) as f32;
    let mut sum = 0.0;
    for (gradient, (value, target)) in gradient.iter_mut().zip(values.iter().zip(targets)) {
        let difference = value - target;
        sum += f64::from(difference * difference);
        *gradient += slope * difference;
    }
    sum / values.len() as f64
}

/// What moved by more than this, in [−1, 1] units, has the full weight of motion:
/// twelve grey levels.
const FULL_MOTION: f32 = 0.1;

/// How much more a pixel counts for which something moves: 1 + `extra` where the
/// target is far from the newest frame of the input, 1 where it is the same.
///
/// `newest` and `targets` are frames of equal length.
pub fn motion_weights(newest: &[f32], targets: &[f32], extra: f64) -> Vec<f32> {
    let weight = |(newest, target): (&f32, &f32)| {
        1.0 + extra as f32 * ((newest - target).abs() / FULL_MOTION).min(1.0)
    };
    newest.iter().zip(targets).map(weight).collect()
}

/// Mean of (value − target)², whose gradient is that of the mean weighted by
/// `weights`.
pub fn weighted_square(
    values: &[f32],
    targets: &[f32],
    weights: &[f32],
    gradient: &mut [f32],
) -> f64 {
    let slope = 2.0 / values.len() as f32;
    let mut sum = 0.0;
    for (index, gradient) in gradient.iter_mut().enumerate() {
        let difference = values[index] - targets[index];
        sum += f64::from(difference * difference);
        *gradient += slope * weights[index] * difference;
    }
    sum / values.len() as f64
}

/// Mean over all elements of (q − p₁)².
pub fn compactness(matched: &Match, weight: f64, gradient: &mut [f32]) -> f64 {
    let slope = (2.0 * weight / gradient.len() as f64) as f32;
    let rows = gradient.chunks_exact_mut(matched.channels());
    for (gradient, [query, nearest, _]) in rows.zip(matched.triples()) {
        add_difference(gradient, slope, query, nearest, 0.0);
    }
    matched.compactness()
}

/// Triplet loss with margin 1: mean of max(0, ‖q − p₁‖ − ‖q − p₂‖ + 1).
pub fn separateness(matched: &Match, weight: f64, gradient: &mut [f32]) -> f64 {
    let slope = (weight / matched.len() as f64) as f32;
    let mut sum = 0.0;
    let rows = gradient.chunks_exact_mut(matched.channels());
    for (gradient, [query, nearest, second]) in rows.zip(matched.triples()) {
        let distance = |item| squared_distance(query, item, PAIRWISE_EPSILON).sqrt();
        let (near, far) = (distance(nearest), distance(second));
        let loss = near - far + TRIPLET_MARGIN;
        if loss > 0.0 {
            sum += f64::from(loss);
            add_difference(gradient, slope_of_root(slope, near), query, nearest, PAIRWISE_EPSILON);
            add_difference(gradient, slope_of_root(-slope, far), query, second, PAIRWISE_EPSILON);
        }
    }
    sum / matched.len() as f64
}

/// Mean squared distance of the queries that move to their nearest item, plus
/// the mean of what the abnormal ones lack of the margin: max(0, 1 − d). That
/// is d and not d², whose slope would vanish where compactness has brought all
/// queries onto the items. Still queries take no part: compactness has them,
/// and they would outnumber all others.
pub fn contrast(matched: &Match, cells: &[Cell], weight: f64, gradient: &mut [f32]) -> f64 {
    let count = |of: Cell| cells.iter().filter(|&&cell| cell == of).count().max(1) as f64;
    let (moving, abnormal) = (count(Cell::Moving), count(Cell::Abnormal));
    let mut sum = 0.0;
    let rows = gradient.chunks_exact_mut(matched.channels()).zip(cells);
    for ((gradient, cell), [query, nearest, _]) in rows.zip(matched.triples()) {
        let square = squared_distance(query, nearest, 0.0);
        match cell {
            Cell::Aside => {}
            Cell::Moving => {
                sum += f64::from(square) / moving;
                add_difference(gradient, (2.0 * weight / moving) as f32, query, nearest, 0.0);
            }
            Cell::Abnormal => {
                let distance = (square + LEAST_SQUARE).sqrt();
                let lack = CONTRAST_MARGIN - distance;
                if lack > 0.0 {
                    sum += f64::from(lack) / abnormal;
                    let slope = slope_of_root((-weight / abnormal) as f32, distance);
                    add_difference(gradient, slope, query, nearest, 0.0);
                }
            }
        }
    }
    sum
}

/// The factor of the difference whose length is `distance`; 0 where a length
/// of 0 has no slope.
fn slope_of_root(slope: f32, distance: f32) -> f32 {
    if distance > 0.0 { slope / distance } else { 0.0 }
}

fn add_difference(gradient: &mut [f32], factor: f32, query: &[f32], item: &[f32], shift: f32) {
    for (gradient, (q, p)) in gradient.iter_mut().zip(query.iter().zip(item)) {
        *gradient += factor * (q - p + shift);
    }
}

#[cfg(test)]
mod tests;
