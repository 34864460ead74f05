//! From a term's value to surprise, by its distribution in normal footage.

use serde::{Deserialize, Serialize};

/// No value is reported as more surprising than this (p = 1e-12): beyond it
/// the fitted tail is extrapolation upon extrapolation.
pub const MAX_SURPRISE: f32 = 12.0;

/// No term comes near the ends of it.
const LARGEST_VALUES: std::ops::RangeInclusive<f64> = -1e9..=1e9;

/// Of a tail, in spans of the footage's values; a fitted one is below one span.
const LARGEST_SCALE: f64 = 10.0;

/// A generalised Pareto tail over a threshold:
/// P(X > x) = `exceed_probability` · (1 + ξ (x − u) / σ)^(−1/ξ) for x ≥ u.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// u.
    pub threshold: f64,
    /// ξ; zero means an exponential tail.
    pub shape: f64,
    /// σ, above zero.
    pub scale: f64,
    /// P(X > u).
    pub exceed_probability: f64,
}

impl Tail {
    /// −log10 P(X > x), for x at or above the threshold.
    pub fn surprise(&self, x: f64) -> f64 {
        let excess = ((x - self.threshold) / self.scale).max(0.0);
        let decay = if self.shape.abs() < 1e-9 {
            excess
        } else {
            (1.0 + self.shape * excess).ln() / self.shape
        };
        decay / std::f64::consts::LN_10 - self.exceed_probability.log10()
    }
}

/// The distribution of one score term in normal footage: an empirical body and
/// a fitted tail.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Values at evenly spaced probabilities from 0 to 1, ascending; at least
    /// two.
    pub quantiles: Vec<f64>,
    pub tail: Tail,
}

impl Distribution {
    /// −log10 of the probability that normal footage exceeds `x`: 0 for the
    /// smallest value seen, [`MAX_SURPRISE`] at most. NaN in, NaN out.
    pub fn surprise(&self, x: f64) -> f32 {
        if x.is_nan() {
            return f32::NAN;
        }
        let surprise = if x >= self.tail.threshold {
            self.tail.surprise(x)
        } else {
            let floor = self.tail.exceed_probability;
            -(1.0 - self.probability_below(x)).max(floor).log10()
        };
        (surprise as f32).clamp(0.0, MAX_SURPRISE)
    }

    /// Share of normal footage below `x`, 0..=1, interpolated.
    pub fn probability_below(&self, x: f64) -> f64 {
        let above = self.quantiles.partition_point(|&q| q < x);
        let last = self.quantiles.len() - 1;
        if above == 0 {
            return 0.0;
        }
        if above > last {
            return 1.0;
        }
        let (low, high) = (self.quantiles[above - 1], self.quantiles[above]);
        ((above - 1) as f64 + (x - low) / (high - low)) / last as f64
    }

    /// The value that the share `probability` of normal footage lies below.
    pub fn quantile(&self, probability: f64) -> f64 {
        quantile(&self.quantiles, probability)
    }

    /// Checks what a file may have got wrong.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self) -> Result<(), String> {
        let usual = LARGEST_VALUES;
        let finite = self.quantiles.iter().all(|q| usual.contains(q));
        if self.quantiles.len() < 2 || !finite || !self.quantiles.is_sorted() {
            return Err("`quantiles` must be at least two ascending numbers".into());
        }
        let (first, last) = (self.quantiles[0], self.quantiles[self.quantiles.len() - 1]);
        let Tail { threshold, shape, scale, exceed_probability } = self.tail;
        // A tail begins within the footage and is not of another order than what the
        // footage has: everything would be usual then, and nothing an alarm.
        let largest_scale = LARGEST_SCALE * (last - first);
        let is_tail = (first..=last).contains(&threshold)
            && (0.0..=1.0).contains(&shape)
            && scale > 0.0
            && scale <= largest_scale;
        if !is_tail {
            return Err(format!(
                "`tail` needs a threshold among the quantiles, a shape from 0 to 1 and a scale \
                 above 0 and at most {largest_scale}"
            ));
        }
        if !(1e-6..=0.9).contains(&exceed_probability) {
            return Err("`tail.exceed_probability` must be between 0.000001 and 0.9".into());
        }
        Ok(())
    }
}

/// The value that the share `probability` (0..=1) of ascending, evenly spaced
/// values lies below, interpolated. The slice must not be empty.
pub fn quantile(ascending: &[f64], probability: f64) -> f64 {
    let last = ascending.len() - 1;
    let position = probability.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    ascending[below] + (ascending[above] - ascending[below]) * (position - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform() -> Distribution {
        Distribution {
            quantiles: (0..=100).map(f64::from).collect(),
            tail: Tail { threshold: 90.0, shape: 0.0, scale: 10.0, exceed_probability: 0.1 },
        }
    }

    #[test]
    fn body_and_tail_meet() {
        let d = uniform();
        assert_eq!(d.surprise(-5.0), 0.0);
        assert!((d.surprise(50.0) - std::f32::consts::LOG10_2).abs() < 1e-4);
        assert!((d.surprise(89.999) - 1.0).abs() < 1e-3);
        assert!((d.surprise(90.0) - 1.0).abs() < 1e-6);
        assert!((d.surprise(90.0 + 10.0 * std::f64::consts::LN_10) - 2.0).abs() < 1e-6);
        assert_eq!(d.surprise(1e9), MAX_SURPRISE);
        assert!(d.surprise(f64::NAN).is_nan());
    }

    #[test]
    fn a_tail_in_which_nothing_is_rare_is_refused() {
        assert_eq!(uniform().check(), Ok(()));
        type Change = fn(&mut Distribution);
        let changes: [Change; 11] = [
            |d| d.tail.scale = f64::INFINITY,
            |d| d.tail.scale = 1e300,
            |d| d.tail.scale = 2000.0,
            |d| d.tail.scale = f64::NAN,
            |d| d.tail.threshold = 1e300,
            |d| d.tail.threshold = 101.0,
            |d| d.tail.shape = f64::NAN,
            |d| d.tail.exceed_probability = 1.0,
            |d| d.quantiles[100] = f64::INFINITY,
            |d| d.quantiles[100] = 1e300,
            |d| d.quantiles[50] = f64::NAN,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut d = uniform();
            change(&mut d);
            assert!(d.check().is_err(), "{number}");
        }
    }

    #[test]
    fn surprise_never_falls() {
        let mut d = uniform();
        d.tail.shape = 0.3;
        let values: Vec<f32> = (-10..400).map(|x| d.surprise(f64::from(x))).collect();
        assert!(values.is_sorted());
    }

    #[test]
    fn a_heavy_tail_decays_by_its_power() {
        let tail = Tail { shape: 0.2, ..uniform().tail };
        // (1 + ξ (x − u) / σ)^(−1/ξ) is a thousandth of the tenth over u.
        let x = 90.0 + 10.0 * (1000f64.powf(0.2) - 1.0) / 0.2;
        assert!((tail.surprise(x) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn flat_quantiles_do_not_divide_by_zero() {
        let mut d = uniform();
        d.quantiles = vec![1.0, 1.0, 1.0];
        d.tail.threshold = 1.0;
        assert!(d.surprise(1.0).is_finite() && d.surprise(0.5) == 0.0);
    }
}
