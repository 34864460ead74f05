//! What a bundle's levels are good for, in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calibrate::BudgetReport;

/// What the site's budget comes to with the footage so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The budget.
    pub alarms_per_day: f64,
    /// 5 % and 95 % points of the false alarms a day.
    pub low: f64,
    pub high: f64,
    pub footage_h: f64,
    /// Footage that the budget needs.
    pub needed_h: f64,
}

impl Verdict {
    /// Whether the footage is long enough for the budget.
    pub fn is_supported(&self) -> bool {
        self.footage_h >= self.needed_h
    }
}

impl From<&BudgetReport> for Verdict {
    fn from(report: &BudgetReport) -> Self {
        let (low, high) = report.alarms_per_day_interval;
        let BudgetReport { alarms_per_day, footage_h, needed_h, .. } = *report;
        Self { alarms_per_day, low, high, footage_h, needed_h }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { alarms_per_day, low, high, footage_h, needed_h } = self;
        write!(
            f,
            "with this, {alarms_per_day} false alarms a day, between {low:.2} and {high:.2}"
        )?;
        if self.is_supported() {
            return write!(f, "; {footage_h:.2} h judged are enough for that budget");
        }
        let more = needed_h - footage_h;
        write!(f, "; this budget needs {more:.2} h more, so the levels are an extrapolation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_says_how_much_is_missing() {
        let verdict =
            Verdict { alarms_per_day: 1.0, low: 0.4, high: 2.25, footage_h: 0.5, needed_h: 0.24 };
        let said = verdict.to_string();
        assert!(said.contains("between 0.40 and 2.25; 0.50 h judged are enough"), "{said}");
        let short = Verdict { footage_h: 0.1, ..verdict };
        assert!(!short.is_supported());
        assert!(short.to_string().contains("needs 0.14 h more"), "{short}");
    }
}
