//! Medians of times and of their ratios.

/// The middle of some values, or the upper of the two in the middle; NaN of none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of `a / b`, pair by pair.
pub(super) fn paired_ratio(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    median(a.zip(b).map(|(a, b)| a / b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_that_meets_both_leaves_their_ratio() {
        let load = [1.0, 5.0, 1.0, 9.0, 2.0];
        let ratio =
            paired_ratio(load.iter().map(|load| load * 3.0), load.iter().map(|load| load * 2.0));
        assert!((ratio - 1.5).abs() < 1e-12);
        assert_eq!(median(load), 2.0);
        assert!(median([]).is_nan());
    }
}
