//! The terms and the score of the paper, for comparison with the literature.

use super::error_map::FrameError;

/// Peak signal-to-noise ratio for a peak of 1, in dB. A perfect prediction is
/// infinite in theory; the error is floored at 1e-10 (100 dB).
pub fn psnr_db(error: &FrameError) -> f64 {
    10.0 * (1.0 / error.mse.max(1e-10)).log10()
}

/// The gate's weighted error E = Σ W·e / Σ W with W = 1 − exp(−e), over every
/// element of the frame: about the error of the worst pixels. The memory may
/// be updated by a frame only when it is below γ.
///
/// `prediction` is −1..=1, `target` the u8 frame in the same planar order.
pub fn gate_error(prediction: &[f32], target: &[u8]) -> f64 {
    let (mut weighted, mut weights) = (0.0f64, 0.0f64);
    for (&p, &t) in prediction.iter().zip(target) {
        let difference = (f64::from(p) + 1.0) / 2.0 - f64::from(t) / 255.0;
        let error = difference * difference;
        let weight = 1.0 - (-error).exp();
        weighted += weight * error;
        weights += weight;
    }
    if weights == 0.0 { 0.0 } else { weighted / weights }
}

/// The paper's normality score of one clip, S = λ·g(PSNR) + (1 − λ)·(1 − g(D)),
/// where g is min-max over that very clip: 1 is normal. It needs the whole
/// clip, so it serves evaluation and nothing else. A term that is constant
/// over the clip counts as normal.
pub fn normality(psnr_db: &[f64], distance: &[f64], lambda: f64) -> Vec<f64> {
    let psnr = min_max(psnr_db, 1.0);
    let distance = min_max(distance, 0.0);
    psnr.iter().zip(&distance).map(|(a, b)| lambda * a + (1.0 - lambda) * (1.0 - b)).collect()
}

fn min_max(values: &[f64], if_constant: f64) -> Vec<f64> {
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = max - min;
    values.iter().map(|v| if range > 0.0 { (v - min) / range } else { if_constant }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_follows_the_worst_pixels() {
        let target = [0u8; 100];
        let mut prediction = [-1.0f32; 100];
        assert_eq!(gate_error(&prediction, &target), 0.0);
        prediction[7] = 1.0;
        assert!((gate_error(&prediction, &target) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn constant_terms_count_as_normal() {
        assert_eq!(normality(&[30.0, 30.0], &[0.1, 0.1], 0.6), vec![1.0, 1.0]);
        assert_eq!(normality(&[20.0, 30.0], &[0.2, 0.1], 0.6), vec![0.0, 1.0]);
    }
}
