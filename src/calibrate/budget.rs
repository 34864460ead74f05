//! From a budget of false alarms to the levels of the alarm.

use std::fmt;

use serde::Serialize;

use super::file::Calibration;
use super::levels::{USUAL, exit_level};
use crate::alarm::Levels;

/// A budget may reach this many times beyond the footage: a tail fitted to
/// one hour is trusted for four days, not for a year.
const MAX_EXTRAPOLATION: f64 = 100.0;

/// How many false alarms a day the user accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Above 0.
    pub alarms_per_day: f64,
    /// How long the alarm wants a score to stay suspect.
    pub min_duration_ms: u32,
}

/// The levels for a budget and how far they can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BudgetReport {
    pub alarms_per_day: f64,
    pub enter_level: f32,
    pub exit_level: f32,
    /// 5 % and 95 % points of the false alarms a day at the enter level.
    pub alarms_per_day_interval: (f64, f64),
    pub footage_h: f64,
    /// Footage that this budget needs.
    pub needed_h: f64,
}

impl Budget {
    /// Derives both levels. The enter level is the return level of the
    /// declustered scores that last as long as the alarm wants, and at most
    /// [`Calibration::highest_enter_level`], since a tail fitted to little footage can
    /// lie anywhere; the exit level is what normal footage
    /// exceeds 1 % of the time, and at most 80 % of the enter level.
    ///
    /// Where the footage does not tell scores of that duration, shorter ones
    /// count, and the true rate is below the one that is stated.
    pub fn levels(&self, calibration: &Calibration) -> BudgetReport {
        let clusters = calibration.clusters_lasting(self.min_duration_ms);
        let enter = clusters.level(self.alarms_per_day).min(calibration.highest_enter_level());
        let exit = exit_level(enter, calibration.score_quantile(USUAL));
        BudgetReport {
            alarms_per_day: self.alarms_per_day,
            enter_level: enter as f32,
            exit_level: exit as f32,
            alarms_per_day_interval: clusters.alarms_per_day_interval(enter),
            footage_h: calibration.footage.duration_s / 3600.0,
            needed_h: 24.0 / self.alarms_per_day / MAX_EXTRAPOLATION,
        }
    }
}

impl BudgetReport {
    pub fn levels(&self) -> Levels {
        Levels { enter: self.enter_level, exit: self.exit_level }
    }

    /// Whether the footage is long enough for the budget.
    pub fn is_supported(&self) -> bool {
        self.footage_h >= self.needed_h
    }
}

impl fmt::Display for BudgetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.alarms_per_day_interval;
        writeln!(f, "budget        {} false alarms a day", self.alarms_per_day)?;
        writeln!(f, "enter level   {:.3} (surprise, −log10 p)", self.enter_level)?;
        writeln!(f, "exit level    {:.3}", self.exit_level)?;
        writeln!(f, "expected      {low:.2} to {high:.2} a day at that level (90 % interval)")?;
        if self.is_supported() {
            write!(f, "footage       {}: enough", hours(self.footage_h))
        } else {
            write!(
                f,
                "footage       {} of footage cannot support {}: at least {} of normal \
                 footage are needed",
                hours(self.footage_h),
                rate(self.alarms_per_day),
                hours(self.needed_h)
            )
        }
    }
}

fn rate(alarms_per_day: f64) -> String {
    if alarms_per_day >= 1.0 {
        format!("{alarms_per_day} alarms in a day")
    } else {
        format!("one alarm in {:.1} days", 1.0 / alarms_per_day)
    }
}

fn hours(hours: f64) -> String {
    if hours < 1.0 { format!("{:.1} minutes", hours * 60.0) } else { format!("{hours:.1} hours") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_without_end_gives_a_level_that_scores_reach() {
        let text = include_str!("../../models/walkway-edge/calibration.toml");
        let mut calibration = Calibration::parse(text).unwrap();
        let budget = Budget { alarms_per_day: 1.0, min_duration_ms: 300 };
        let usual = budget.levels(&calibration);
        let highest = calibration.highest_enter_level() as f32;
        assert!(usual.enter_level < highest, "{usual:?}");
        calibration.clusters.iter_mut().for_each(|tail| tail.scale = 10.0);
        let capped = budget.levels(&calibration);
        assert_eq!(capped.enter_level, highest);
        // A block that is nothing like its prediction, while the memory sees nothing odd.
        let surprise = |term: &crate::score::Distribution, x| f64::from(term.surprise(x));
        let memory = calibration.memory_distance.quantile(0.5);
        let block_alone = (surprise(&calibration.block_ratio, 5.0)
            + 0.5 * surprise(&calibration.memory_distance, memory))
            / 1.5;
        assert!(f64::from(capped.enter_level) < block_alone, "{capped:?} {block_alone}");
        assert!(capped.exit_level < capped.enter_level);
    }

    /// Each passed `check` once, with a reassuring forecast.
    #[test]
    fn a_calibration_with_which_nothing_alarms_is_refused() {
        let text = include_str!("../../models/walkway-edge/calibration.toml");
        type Change = fn(&mut Calibration);
        let changes: [(&str, Change); 10] = [
            ("tail", |c| c.block_ratio.tail.scale = f64::INFINITY),
            ("tail", |c| c.block_ratio.tail.scale = 1e300),
            ("tail", |c| c.block_ratio.tail.threshold = 1e300),
            ("texture_floor", |c| c.block.texture_floor = 1e30),
            ("smoothing_ms", |c| c.block.smoothing_ms = 60_000),
            ("clusters", |c| c.clusters[1].scale = f64::INFINITY),
            ("clusters", |c| c.clusters[0].clusters_per_day = f64::INFINITY),
            ("score", |c| c.score[200] = f64::INFINITY),
            ("duration_s", |c| c.footage.duration_s = f64::INFINITY),
            ("nothing could ever be an alarm", |c| {
                c.block_ratio.tail.scale = 5.0;
                c.weights.memory = 0.0;
                c.score.iter_mut().for_each(|score| *score = 1.5);
                c.block.smoothing_ms = 10_000;
            }),
        ];
        for (word, change) in changes {
            let mut calibration = Calibration::parse(text).unwrap();
            change(&mut calibration);
            let error = Calibration::parse(&calibration.to_toml()).unwrap_err().to_string();
            assert!(error.contains(word), "{word}: {error}");
        }
    }

    #[test]
    fn an_alarm_that_waits_longer_may_enter_lower() {
        let text = include_str!("../../models/walkway-edge/calibration.toml");
        let calibration = Calibration::parse(text).unwrap();
        let levels: Vec<f32> = [0, 299, 300, 60_000]
            .into_iter()
            .map(|min_duration_ms| Budget { alarms_per_day: 10.0, min_duration_ms })
            .map(|budget| budget.levels(&calibration).enter_level)
            .collect();
        assert!(levels[0] == levels[1] && levels[1] > levels[2], "{levels:?}");
        assert!(levels[2] >= levels[3], "{levels:?}");
    }
}
