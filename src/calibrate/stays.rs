//! What the slow term makes of normal footage, and when what stays is news.

use serde::{Deserialize, Serialize};

use super::clusters::{self, ClusterTail};
use super::fit::fit_values;
use super::levels::{USUAL, exit_level};
use crate::alarm::Sign;
use crate::score::{Background, Distribution, LOOK_NS, MAX_SURPRISE};

/// No place that differs by less than this many times what is tolerated there is
/// news, however calm the footage was: shadows and lamps reach it. Chosen on
/// training footage of ten scenes with light, shadows and things drawn in
/// (docs/design/score.md).
const LEAST_RATIO: f64 = 1.5;
/// What falls below this share of [`LEAST_RATIO`] has gone.
const GONE_SHARE: f64 = 0.67;
/// With fewer looks there is no distribution, and [`LEAST_RATIO`] alone counts.
const LEAST_LOOKS: usize = 40;
/// As for the alarm: no level that a score cannot reach.
const MAX_ENTER_LEVEL: f64 = 0.75 * MAX_SURPRISE as f64;

/// `[stays]` of a calibration: what stays in normal footage.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StaysCalibration {
    /// Of the background's file.
    pub background_sha256: String,
    /// The footage behind the distribution.
    pub duration_s: f64,
    /// `None` where there was too little footage, or nothing in it ever stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<UsualStays>,
    /// Comes from a file of its own.
    #[serde(skip)]
    pub background: Option<Background>,
}

/// How far from its background normal footage stays.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UsualStays {
    /// What normal footage's surprise stays below 99 % of the time.
    pub usual_score: f64,
    /// Of the worst place's ratio.
    pub ratio: Distribution,
    /// Declustered peaks of its surprise.
    pub peaks: ClusterTail,
}

impl StaysCalibration {
    /// From the ratios of normal footage with their times in ns, one vector for
    /// every run without a gap; no part of it may have seen the background that it
    /// is compared with.
    pub(super) fn fit(runs: &[Vec<(u64, f64)>]) -> Self {
        // What differs less has gone anyhow. A tail fitted to the noise of a calm
        // scene can be so heavy that nothing is ever rare.
        let counted = |ratio: f64| ratio.max(LEAST_RATIO * GONE_SHARE);
        let all: Vec<f64> = runs.iter().flatten().map(|(_, ratio)| counted(*ratio)).collect();
        let duration_s = all.len() as f64 * LOOK_NS as f64 / 1e9;
        let enough = all.len() >= LEAST_LOOKS;
        // What stays is there for minutes: by its peaks, it would never be known.
        let ratio = enough.then(|| fit_values(&all)).flatten();
        let usual = ratio.and_then(|ratio| {
            let score =
                |&(at_ns, value): &(u64, f64)| (at_ns, f64::from(ratio.surprise(counted(value))));
            let scored: Vec<Vec<(u64, f64)>> =
                runs.iter().map(|run| run.iter().map(score).collect()).collect();
            let scores: Vec<f64> = scored.iter().flatten().map(|(_, score)| *score).collect();
            let distribution = fit_values(&scores)?;
            let peaks = clusters::tails(&scored, &distribution, duration_s).into_iter().next()?;
            Some(UsualStays { usual_score: distribution.quantile(USUAL), ratio, peaks })
        });
        Self { background_sha256: String::new(), duration_s, usual, background: None }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1e9).contains(&self.duration_s) {
            return Err("`stays.duration_s` must be between 0 and a billion".into());
        }
        let Some(usual) = &self.usual else { return Ok(()) };
        usual.ratio.check().map_err(|e| format!("[stays.usual.ratio] {e}"))?;
        let UsualStays { usual_score, peaks, .. } = usual;
        let scores = 0.0..=f64::from(MAX_SURPRISE);
        if !(scores.contains(usual_score) && peaks.is_sound()) {
            return Err("[stays.usual] does not describe a tail".into());
        }
        Ok(())
    }

    /// When what stays is news, for a budget of false ones a day, above 0.
    pub fn rule(&self, alarms_per_day: f64) -> StaysRule {
        let levels = self.usual.clone().map(|usual| {
            let enter = usual.peaks.level(alarms_per_day).min(MAX_ENTER_LEVEL);
            (usual.ratio, enter, exit_level(enter, usual.usual_score))
        });
        let enough = self.duration_s * 1e9 >= (LEAST_LOOKS as u64 * LOOK_NS) as f64;
        StaysRule { levels, enough }
    }
}

/// Turns the worst place's ratio into a sign.
#[derive(Clone, Debug)]
pub struct StaysRule {
    /// Distribution, enter and exit level.
    levels: Option<(Distribution, f64, f64)>,
    /// The footage behind them was enough to tell.
    enough: bool,
}

impl StaysRule {
    /// Whether there was footage enough to keep a budget.
    pub fn keeps_a_budget(&self) -> bool {
        self.enough
    }

    /// What a ratio says, and its surprise; without a distribution the highest
    /// there is, and what is too small to be news has none.
    pub fn judge(&self, ratio: f64) -> (Sign, f32) {
        let (surprise, enter, exit) = match &self.levels {
            Some((usual, enter, exit)) => (usual.surprise(ratio), *enter, *exit),
            None if ratio >= LEAST_RATIO * GONE_SHARE => (MAX_SURPRISE, 0.0, 0.0),
            None => (0.0, 0.0, 0.0),
        };
        let score = f64::from(surprise);
        let sign = if ratio >= LEAST_RATIO && score >= enter {
            Sign::Present
        } else if ratio < LEAST_RATIO * GONE_SHARE || score < exit {
            Sign::Absent
        } else {
            Sign::Between
        };
        (sign, surprise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ratio: impl Fn(u64) -> f64, looks: u64) -> Vec<(u64, f64)> {
        (0..looks).map(|look| (look * LOOK_NS, ratio(look))).collect()
    }

    #[test]
    fn a_busy_scene_asks_for_more_than_a_calm_one_and_a_calm_one_for_the_least() {
        let wave = |scale: f64| {
            move |look: u64| scale * (1.0 + (look as f64 * 0.7).sin() + (look % 13) as f64 / 13.0)
        };
        let calm = StaysCalibration::fit(&[run(wave(0.01), 600)]);
        let busy = StaysCalibration::fit(&[run(wave(2.0), 600)]);
        assert!(calm.check().is_ok() && busy.check().is_ok());
        let sign = |calibration: &StaysCalibration, ratio| calibration.rule(1.0).judge(ratio).0;
        assert_eq!(sign(&calm, 1.4), Sign::Between);
        assert_eq!(sign(&calm, 1.6), Sign::Present);
        assert_eq!(sign(&calm, 0.9), Sign::Absent);
        assert_ne!(sign(&busy, 5.0), Sign::Present);
        assert_eq!(sign(&busy, 200.0), Sign::Present);
        let text = toml::to_string(&busy).unwrap();
        assert_eq!(toml::from_str::<StaysCalibration>(&text).unwrap(), busy);
    }

    #[test]
    fn with_little_footage_the_least_ratio_alone_counts() {
        let short = StaysCalibration::fit(&[run(|_| 0.1, 10)]);
        assert!(short.usual.is_none() && !short.rule(1.0).keeps_a_budget());
        assert!(StaysCalibration::fit(&[run(|_| 0.1, 40)]).rule(1.0).keeps_a_budget());
        assert_eq!(short.rule(1.0).judge(1.6), (Sign::Present, MAX_SURPRISE));
        assert_eq!(short.rule(1.0).judge(0.5), (Sign::Absent, 0.0));
    }
}
