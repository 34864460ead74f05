use serde::{Deserialize, Serialize};

use super::fit::fit_tail;
use crate::score::{Distribution, Tail};

/// Exceedances closer together than this belong to one situation, which would
/// raise one alarm.
pub const CLUSTER_GAP_MS: u64 = 5000;

/// Thresholds that are tried, as quantiles of the score, rarest first.
const THRESHOLDS: [f64; 6] = [0.98, 0.95, 0.9, 0.8, 0.7, 0.5];

/// The rarest threshold with this many clusters over it is taken.
const ENOUGH_CLUSTERS: usize = 20;

/// How often normal footage exceeds a score level, by peaks over threshold:
/// the peaks of declustered exceedances follow a generalised Pareto tail.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterTail {
    /// Excesses of the peaks over `threshold`, ascending.
    pub excesses: Vec<f64>,
    pub threshold: f64,
    /// ξ and σ of the peaks' tail.
    pub shape: f64,
    pub scale: f64,
    /// Clusters over the threshold in a day.
    pub clusters_per_day: f64,
}

impl ClusterTail {
    /// Fits the peaks of `duration_s` of footage. `None` without any peak.
    pub fn fit(peaks: &[f64], threshold: f64, duration_s: f64) -> Option<Self> {
        let mut excesses: Vec<f64> = peaks.iter().map(|p| p - threshold).collect();
        excesses.sort_by(f64::total_cmp);
        let clusters_per_day = excesses.len() as f64 * 86_400.0 / duration_s;
        let (shape, scale) = fit_tail(&excesses)?;
        Some(Self { excesses, threshold, shape, scale, clusters_per_day })
    }

    /// The level that is exceeded `alarms_per_day` times a day.
    pub fn level(&self, alarms_per_day: f64) -> f64 {
        self.tail().level(self.clusters_per_day / alarms_per_day)
    }

    /// How often a day the level is exceeded.
    pub fn alarms_per_day(&self, level: f64) -> f64 {
        self.clusters_per_day * 10f64.powf(-self.tail().surprise(level))
    }

    fn tail(&self) -> Tail {
        Tail {
            threshold: self.threshold,
            shape: self.shape,
            scale: self.scale,
            exceed_probability: 1.0,
        }
    }

    /// The 5 % and 95 % points of [`ClusterTail::alarms_per_day`] at `level`,
    /// by a Poisson bootstrap of the peaks (each drawn Poisson(1) times, which
    /// lets their number vary too). The draws are seeded: the same calibration
    /// gives the same interval.
    pub fn alarms_per_day_interval(&self, level: f64) -> (f64, f64) {
        const RESAMPLES: usize = 1000;
        let mut random = SplitMix64(0x6e6f_726d);
        let mut rates: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let drawn: Vec<f64> = self
                    .excesses
                    .iter()
                    .flat_map(|&e| std::iter::repeat_n(e, random.poisson_1()))
                    .collect();
                let share = drawn.len() as f64 / self.excesses.len() as f64;
                let clusters_per_day = self.clusters_per_day * share;
                match fit_tail(&drawn) {
                    Some((shape, scale)) => Self {
                        excesses: Vec::new(),
                        threshold: self.threshold,
                        shape,
                        scale,
                        clusters_per_day,
                    }
                    .alarms_per_day(level),
                    None => 0.0,
                }
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        (rates[RESAMPLES / 20], rates[RESAMPLES - 1 - RESAMPLES / 20])
    }
}

/// Highest score of every run of exceedances in one clip of (time, score).
pub fn cluster_peaks(clip: &[(u64, f64)], threshold: f64) -> Vec<f64> {
    let mut peaks: Vec<f64> = Vec::new();
    let mut last_over_ns = None;
    for &(timestamp_ns, score) in clip.iter().filter(|(_, score)| *score > threshold) {
        let same =
            last_over_ns.is_some_and(|last: u64| timestamp_ns - last <= CLUSTER_GAP_MS * 1_000_000);
        match peaks.last_mut() {
            Some(peak) if same => *peak = peak.max(score),
            _ => peaks.push(score),
        }
        last_over_ns = Some(timestamp_ns);
    }
    peaks
}

/// The rarest threshold over which there are enough clusters to fit a tail;
/// where none has enough, the one with the most.
pub(super) fn choose_threshold(clips: &[Vec<(u64, f64)>], score: &Distribution) -> f64 {
    let mut best = (0, score.quantile(THRESHOLDS[0]));
    for probability in THRESHOLDS {
        let threshold = score.quantile(probability);
        let clusters = clips.iter().map(|clip| cluster_peaks(clip, threshold).len()).sum();
        if clusters > best.0 {
            best = (clusters, threshold);
        }
        if clusters >= ENOUGH_CLUSTERS {
            break;
        }
    }
    best.1
}

/// Steele, Lea and Flood's SplitMix64 generator (OOPSLA 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn poisson_1(&mut self) -> usize {
        let mut rest = self.uniform();
        let mut probability = (-1.0f64).exp();
        let mut count = 0;
        while rest >= probability && count < 16 {
            rest -= probability;
            count += 1;
            probability /= count as f64;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_exceedances_are_one_cluster() {
        let s = 1_000_000_000;
        let clip = [(0, 3.0), (s, 0.0), (2 * s, 5.0), (9 * s, 4.0), (20 * s, 1.0)];
        assert_eq!(cluster_peaks(&clip, 2.0), vec![5.0, 4.0]);
    }

    #[test]
    fn rate_and_level_are_inverse_and_the_interval_holds_the_rate() {
        let peaks: Vec<f64> =
            (0..200).map(|i| 2.0 - (1.0 - (f64::from(i) + 0.5) / 200.0).ln()).collect();
        let tail = ClusterTail::fit(&peaks, 2.0, 86_400.0).unwrap();
        assert_eq!(tail.clusters_per_day, 200.0);
        let level = tail.level(1.0);
        assert!((level - 2.0 - 200f64.ln()).abs() < 0.3, "{level}");
        assert!((tail.alarms_per_day(level) - 1.0).abs() < 1e-9);
        let (low, high) = tail.alarms_per_day_interval(level);
        assert!(low < 1.0 && 1.0 < high && high < 20.0, "{low} {high}");
        assert_eq!(tail.alarms_per_day_interval(level), (low, high));
    }

    #[test]
    fn poisson_draws_have_mean_and_variance_one() {
        let mut random = SplitMix64(1);
        let draws: Vec<f64> = (0..20_000).map(|_| random.poisson_1() as f64).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / 20_000.0;
        assert!((mean - 1.0).abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
