//! Fits a distribution, with its tail, to the values of normal footage.

use super::clusters::CLUSTER_GAP_MS;
use crate::score::{Distribution, Tail, quantile};

/// Points of the stored empirical distribution: every half percent.
const QUANTILES: usize = 201;

/// The tail is fitted to what exceeds this quantile.
const TAIL_FROM: f64 = 0.95;

/// ξ is held in this range. A negative shape would give the tail an end and
/// call everything past it impossible; above a half the mean is unstable.
const SHAPE_RANGE: (f64, f64) = (0.0, 0.5);

/// However few the peaks are. A heavier tail would call nothing rare.
const MAX_SHAPE: f64 = 1.0;

/// Quantiles of the values of normal footage, clips of (time in ns, value), and a
/// generalised Pareto tail over their 95 % quantile. `None` when they do not vary, or some
/// are not finite.
///
/// The frames of one passer-by say one thing together, so it is the independent peaks over
/// the threshold that count: the tail is at least as heavy as an exponential one whose scale
/// so few of them have told. With n peaks, the predictive distribution has the shape 1/n.
pub fn fit_distribution(clips: &[Vec<(u64, f64)>]) -> Option<Distribution> {
    let values: Vec<f64> = clips.iter().flatten().map(|(_, value)| *value).collect();
    let distribution = fit_values(&values)?;
    let peaks = |clip: &Vec<(u64, f64)>| peaks(clip, distribution.tail.threshold);
    let least = match clips.iter().map(peaks).sum::<usize>() {
        0 => 0.0,
        peaks => (1.0 / peaks as f64).min(MAX_SHAPE),
    };
    let tail = Tail { shape: distribution.tail.shape.max(least), ..distribution.tail };
    Some(Distribution { tail, ..distribution })
}

/// Values over a threshold that may have different causes: those at least five seconds
/// after the last one that counted. What is always there counts every five seconds.
fn peaks(clip: &[(u64, f64)], threshold: f64) -> usize {
    let mut counted_ns = None;
    let over = clip.iter().filter(|(_, value)| *value > threshold);
    let counts = over.filter(|(at_ns, _)| {
        let is_another = counted_ns.is_none_or(|last| at_ns - last >= CLUSTER_GAP_MS * 1_000_000);
        counted_ns = if is_another { Some(*at_ns) } else { counted_ns };
        is_another
    });
    counts.count()
}

/// As if each value had nothing to do with the next.
pub(super) fn fit_values(values: &[f64]) -> Option<Distribution> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    if !(first.is_finite() && last.is_finite() && last > first) {
        return None;
    }
    let quantiles: Vec<f64> =
        (0..QUANTILES).map(|i| quantile(&sorted, i as f64 / (QUANTILES - 1) as f64)).collect();
    let threshold = quantile(&sorted, TAIL_FROM);
    let over: Vec<f64> = sorted.iter().filter(|&&v| v > threshold).map(|v| v - threshold).collect();
    let (shape, scale) = fit_tail(&over).unwrap_or((0.0, (last - first) * 0.05));
    let exceed_probability = 1.0 - TAIL_FROM;
    Some(Distribution { quantiles, tail: Tail { threshold, shape, scale, exceed_probability } })
}

/// Fits a generalised Pareto distribution to excesses over a threshold by
/// probability-weighted moments (Hosking and Wallis, "Parameter and Quantile
/// Estimation for the Generalized Pareto Distribution", Technometrics 29(3),
/// 1987): with a₀ the mean and a₁ = mean of (n − j)/(n − 1)·y₍ⱼ₎,
/// ξ = 2 − a₀/(a₀ − 2a₁), σ = 2a₀a₁/(a₀ − 2a₁).
///
/// Returns (ξ, σ) with ξ in 0..=0.5; where it had to be moved into that range,
/// σ is the one that keeps the mean. `None` for fewer than two values or a
/// mean of zero. The slice must be ascending.
pub fn fit_tail(excesses: &[f64]) -> Option<(f64, f64)> {
    let n = excesses.len() as f64;
    let a0 = excesses.iter().sum::<f64>() / n;
    if excesses.len() < 2 || !(a0 > 0.0 && a0.is_finite()) {
        return None;
    }
    let a1 =
        excesses.iter().enumerate().map(|(i, y)| (n - (i + 1) as f64) / (n - 1.0) * y).sum::<f64>()
            / n;
    let denominator = a0 - 2.0 * a1;
    let shape = if denominator > 0.0 { 2.0 - a0 / denominator } else { SHAPE_RANGE.0 };
    let clamped = shape.clamp(SHAPE_RANGE.0, SHAPE_RANGE.1);
    let scale = if clamped == shape { 2.0 * a0 * a1 / denominator } else { a0 * (1.0 - clamped) };
    Some((clamped, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pareto(shape: f64, scale: f64, n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| {
                let survival = 1.0 - (i as f64 + 0.5) / n as f64;
                if shape == 0.0 {
                    -scale * survival.ln()
                } else {
                    scale / shape * (survival.powf(-shape) - 1.0)
                }
            })
            .collect()
    }

    #[test]
    fn recovers_known_tails() {
        for (shape, scale) in [(0.0, 2.0), (0.2, 0.5), (0.4, 1.0)] {
            let (got_shape, got_scale) = fit_tail(&pareto(shape, scale, 5000)).unwrap();
            assert!((got_shape - shape).abs() < 0.03, "shape {got_shape} for {shape}");
            assert!((got_scale / scale - 1.0).abs() < 0.03, "scale {got_scale} for {scale}");
        }
    }

    #[test]
    fn a_bounded_tail_becomes_exponential_with_its_mean() {
        let uniform: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        let (shape, scale) = fit_tail(&uniform).unwrap();
        assert_eq!(shape, 0.0);
        assert!((scale - 0.4995).abs() < 1e-9);
    }

    #[test]
    fn what_does_not_vary_has_no_distribution() {
        assert!(fit_values(&[1.0; 500]).is_none());
        assert!(fit_values(&[]).is_none());
        assert!(fit_distribution(&[]).is_none());
        assert!(fit_values(&[1.0, f64::NAN, 2.0]).is_none());
        assert!(fit_tail(&[1.0]).is_none());
    }

    #[test]
    fn fitted_surprise_matches_the_share_seen() {
        let values = pareto(0.0, 1.0, 20_000);
        let distribution = fit_values(&values).unwrap();
        distribution.check().unwrap();
        for probability in [0.5, 0.1, 0.01, 0.001] {
            let x = -f64::ln(probability);
            let got = f64::from(distribution.surprise(x));
            assert!((got + probability.log10()).abs() < 0.05, "p {probability}: {got}");
        }
    }
    /// Values from 0 to 1, and every so many frames somebody who is there for a second.
    fn footage(every: u64, visits: u64) -> Vec<(u64, f64)> {
        let frame = |n: u64| {
            let (visit, since) = (n / every, n % every);
            let noise = f64::from(u32::try_from(n * 7919 % 1000).unwrap()) / 1000.0;
            let height = 2.0 + (visit * 37 % 11) as f64 / 5.0;
            (n * 100_000_000, if since < 10 && visit < visits { height } else { noise })
        };
        (0..every * visits.max(2)).map(frame).collect()
    }

    #[test]
    fn few_independent_peaks_make_a_heavy_tail() {
        let surprise = |clip: Vec<(u64, f64)>| {
            let fitted = fit_distribution(&[clip]).unwrap();
            fitted.check().unwrap();
            (fitted.tail.shape, fitted.surprise(fitted.tail.threshold + 10.0 * fitted.tail.scale))
        };
        let (many, few) = (footage(100, 200), footage(200, 3));
        let alone = fit_values(&few.iter().map(|(_, value)| *value).collect::<Vec<_>>()).unwrap();
        assert!(alone.tail.shape < 0.2, "frames by frames, {:?}", alone.tail);
        let (shape, of_few) = surprise(few);
        assert!((shape - 1.0 / 3.0).abs() < 1e-9, "three visits, {shape}");
        let (shape, of_many) = surprise(many);
        assert!(shape < 0.05, "two hundred visits, {shape}");
        assert!(of_few < of_many - 1.5, "{of_few} {of_many}");
        // However fast the camera is, and however seldom nothing is seen.
        let noise = |n: u64| (n * 33_000_000, (n * 7919 % 1000) as f64);
        let (shape, _) = surprise((0..9000).map(noise).collect());
        assert!(shape <= 1.0 / 50.0, "five minutes, {shape}");
    }
}
