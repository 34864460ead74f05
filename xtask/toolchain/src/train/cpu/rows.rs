//! Grids of queries as rows of channels, and their way to unit length and back.

use crate::net::L2_EPSILON;

/// Each matrix of `rows`×`columns` on its side: channels×pixels become rows of
/// channels, and the other way round.
pub fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = vec![0.0; values.len()];
    let matrices = values.chunks_exact(rows * columns);
    for (turned, matrix) in turned.chunks_exact_mut(rows * columns).zip(matrices) {
        for (column, turned) in turned.chunks_exact_mut(rows).enumerate() {
            let column = matrix[column..].iter().step_by(columns);
            turned.iter_mut().zip(column).for_each(|(turned, value)| *turned = *value);
        }
    }
    turned
}

/// Divides each row by its length, and gives the lengths.
pub fn to_unit_length(rows: &mut [f32], channels: usize) -> Vec<f32> {
    let unit = |row: &mut [f32]| {
        let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(L2_EPSILON);
        row.iter_mut().for_each(|v| *v /= length);
        length
    };
    rows.chunks_exact_mut(channels).map(unit).collect()
}

/// Turns the gradient by unit rows into that by the rows before, of which the
/// unit rows and the lengths are given: g ← (g − u·⟨g, u⟩) ⁄ length.
pub fn before_unit_length(gradient: &mut [f32], units: &[f32], lengths: &[f32]) {
    let channels = units.len() / lengths.len();
    let rows = gradient.chunks_exact_mut(channels).zip(units.chunks_exact(channels));
    for ((gradient, unit), length) in rows.zip(lengths) {
        let along: f32 = gradient.iter().zip(unit).map(|(g, u)| g * u).sum();
        gradient.iter_mut().zip(unit).for_each(|(g, u)| *g = (*g - u * along) / length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_matrix_is_turned_on_its_own() {
        let values: Vec<f32> = (0..12u8).map(f32::from).collect();
        let turned = transposed(&values, 2, 3);
        assert_eq!(turned, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 6.0, 9.0, 7.0, 10.0, 8.0, 11.0]);
        assert_eq!(transposed(&turned, 3, 2), values);
    }

    #[test]
    fn gradients_go_back_through_the_length() {
        let before = [3.0f32, 4.0, 0.0];
        let loss = |row: &[f32]| {
            let mut unit = row.to_vec();
            to_unit_length(&mut unit, 3);
            unit[0] - 2.0 * unit[1] + 0.5 * unit[2]
        };
        let mut unit = before.to_vec();
        let lengths = to_unit_length(&mut unit, 3);
        assert_eq!(lengths, [5.0]);
        let mut gradient = [1.0, -2.0, 0.5];
        before_unit_length(&mut gradient, &unit, &lengths);
        for (at, gradient) in gradient.into_iter().enumerate() {
            let moved = |by: f32| {
                let mut row = before;
                row[at] += by;
                loss(&row)
            };
            let slope = (moved(0.05) - moved(-0.05)) / 0.1;
            assert!((slope - gradient).abs() < 1e-4, "{at}: {slope}, not {gradient}");
        }
    }
}
