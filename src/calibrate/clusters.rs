//! How often normal footage reaches a score level, from the peaks of its
//! situations.

use serde::{Deserialize, Serialize};

use super::levels::{USUAL, exit_level};
use crate::score::{Distribution, MAX_SURPRISE};

/// Exceedances closer together than this belong to one situation, which would
/// raise one alarm.
pub const CLUSTER_GAP_MS: u64 = 5000;

/// Thresholds that are tried, as quantiles of the score, rarest first.
const THRESHOLDS: [f64; 6] = [0.98, 0.95, 0.9, 0.8, 0.7, 0.5];

/// The rarest threshold with this many clusters over it is taken.
const ENOUGH_CLUSTERS: usize = 20;

/// Durations for which the tail of lasting scores is fitted: an alarm that asks
/// for `min_duration_ms` takes the longest of these that it covers. With longer
/// ones, so few scores last that the tail is fitted to usual ones, and the levels
/// come out too low (docs/results.md).
const DURATIONS_MS: [u32; 2] = [0, 300];

/// Far beyond what scores and their clusters can come to.
const LARGEST_SCALE: f64 = 100.0;
const LARGEST_RATE: f64 = 1e6;

/// How often normal footage raises an alarm at a score level, by peaks over
/// threshold: the peaks of declustered scores that last follow an exponential
/// tail. A score is −log10 P of its term, whose own tail may be as heavy as it
/// likes, so its distribution is exponential wherever that of the term is right.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterTail {
    /// How long the scores last, see `lasting`.
    pub min_duration_ms: u32,
    /// Excesses of the peaks over `threshold`, ascending.
    pub excesses: Vec<f64>,
    pub threshold: f64,
    /// Mean excess.
    pub scale: f64,
    /// Clusters over the threshold in a day.
    pub clusters_per_day: f64,
}

impl ClusterTail {
    /// Whether a file has got it right.
    pub(super) fn is_sound(&self) -> bool {
        let scores = 0.0..=f64::from(MAX_SURPRISE);
        self.scale > 0.0
            && self.scale <= LARGEST_SCALE
            && self.excesses.iter().all(|excess| scores.contains(excess))
            && (0.0..=f64::from(MAX_SURPRISE)).contains(&self.threshold)
            && self.clusters_per_day > 0.0
            && self.clusters_per_day <= LARGEST_RATE
            && !self.excesses.is_empty()
    }

    /// Fits the peaks of `duration_s` of footage. `None` without any peak.
    pub fn fit(
        peaks: &[f64],
        threshold: f64,
        duration_s: f64,
        min_duration_ms: u32,
    ) -> Option<Self> {
        let mut excesses: Vec<f64> = peaks.iter().map(|p| p - threshold).collect();
        excesses.sort_by(f64::total_cmp);
        let clusters_per_day = excesses.len() as f64 * 86_400.0 / duration_s;
        let scale = mean(&excesses)?;
        Some(Self { min_duration_ms, excesses, threshold, scale, clusters_per_day })
    }

    /// The level that is exceeded `alarms_per_day` times a day.
    pub fn level(&self, alarms_per_day: f64) -> f64 {
        self.threshold + self.scale * (self.clusters_per_day / alarms_per_day).max(1.0).ln()
    }

    /// How often a day the level is exceeded.
    pub fn alarms_per_day(&self, level: f64) -> f64 {
        self.clusters_per_day * ((self.threshold - level).min(0.0) / self.scale).exp()
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
                let drawn = mean(&drawn).map(|scale| Self {
                    excesses: Vec::new(),
                    scale,
                    clusters_per_day,
                    ..*self
                });
                drawn.map_or(0.0, |tail| tail.alarms_per_day(level))
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        (rates[RESAMPLES / 20], rates[RESAMPLES - 1 - RESAMPLES / 20])
    }
}

/// Above zero, or `None`.
fn mean(values: &[f64]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean > 0.0 && mean.is_finite()).then_some(mean)
}

/// The scores of one clip of (time, score) from which an alarm would be raised if
/// they reached the enter level: for `min_duration_ms` the score stays above the
/// exit level that belongs to it.
fn lasting(clip: &[(u64, f64)], min_duration_ms: u32, usual: f64) -> Vec<(u64, f64)> {
    let duration_ns = u64::from(min_duration_ms) * 1_000_000;
    let lasts = |&(start, &(timestamp_ns, score)): &(usize, &(u64, f64))| {
        let exit = exit_level(score, usual);
        let after = clip[start..].iter();
        let mut suspect = after.take_while(|(_, score)| *score >= exit);
        suspect.any(|(at_ns, _)| at_ns - timestamp_ns >= duration_ns)
    };
    clip.iter().enumerate().filter(lasts).map(|(_, &scored)| scored).collect()
}

/// Highest score of every run of exceedances in one clip of (time, score).
fn cluster_peaks(clip: &[(u64, f64)], threshold: f64) -> Vec<f64> {
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

/// The tail of every duration that the footage tells: the first, for all scores,
/// from whatever there is, the others from enough clusters.
pub(super) fn tails(
    clips: &[Vec<(u64, f64)>],
    score: &Distribution,
    duration_s: f64,
) -> Vec<ClusterTail> {
    let usual = score.quantile(USUAL);
    let of = |min_duration_ms: u32| {
        let clips: Vec<_> =
            clips.iter().map(|clip| lasting(clip, min_duration_ms, usual)).collect();
        let (threshold, peaks) = rarest_peaks(&clips, score);
        let enough = min_duration_ms == 0 || peaks.len() >= ENOUGH_CLUSTERS;
        ClusterTail::fit(&peaks, threshold, duration_s, min_duration_ms).filter(|_| enough)
    };
    DURATIONS_MS.into_iter().map_while(of).collect()
}

/// The rarest threshold over which there are enough clusters to fit a tail, and
/// their peaks; where none has enough, the one with the most.
fn rarest_peaks(clips: &[Vec<(u64, f64)>], score: &Distribution) -> (f64, Vec<f64>) {
    let mut best = (0.0, Vec::new());
    for probability in THRESHOLDS {
        let threshold = score.quantile(probability);
        let peaks: Vec<f64> =
            clips.iter().flat_map(|clip| cluster_peaks(clip, threshold)).collect();
        let enough = peaks.len() >= ENOUGH_CLUSTERS;
        if peaks.len() > best.1.len() {
            best = (threshold, peaks);
        }
        if enough {
            break;
        }
    }
    best
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
    fn what_flickers_does_not_last() {
        let clip: Vec<(u64, f64)> = [0.0, 6.0, 5.0, 0.0, 4.0, 4.5, 3.0, 3.0, 1.0, 9.0]
            .into_iter()
            .enumerate()
            .map(|(i, score)| (i as u64 * 100_000_000, score))
            .collect();
        let scores = |ms, usual| -> Vec<f64> {
            let scores = lasting(&clip, ms, usual).into_iter().map(|(_, score)| score);
            scores.filter(|&score| score > 1.0).collect()
        };
        assert_eq!(scores(0, 2.0), [6.0, 5.0, 4.0, 4.5, 3.0, 3.0, 9.0]);
        assert_eq!(scores(100, 2.0), [6.0, 4.0, 4.5, 3.0]);
        assert_eq!(scores(300, 2.0), [4.0]);
        assert!(scores(300, 4.0).is_empty(), "3 ends what 4 began, where 3.2 is the exit level");
    }

    #[test]
    fn rate_and_level_are_inverse_and_the_interval_holds_the_rate() {
        let peaks: Vec<f64> =
            (0..200).map(|i| 2.0 - (1.0 - (f64::from(i) + 0.5) / 200.0).ln()).collect();
        let tail = ClusterTail::fit(&peaks, 2.0, 86_400.0, 0).unwrap();
        assert_eq!(tail.clusters_per_day, 200.0);
        let level = tail.level(1.0);
        assert!((level - 2.0 - 200f64.ln()).abs() < 0.3, "{level}");
        assert!((tail.alarms_per_day(level) - 1.0).abs() < 1e-9);
        assert_eq!((tail.level(1e9), tail.alarms_per_day(0.0)), (2.0, 200.0));
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
