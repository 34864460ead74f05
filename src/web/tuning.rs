//! What another budget would have raised.

use std::ops::RangeInclusive;

use serde_json::json;

use super::answer::Answer;
use super::request::Request;
use crate::alarm::AlarmConfig;
use crate::calibrate::{Budget, BudgetReport, Calibration};
use crate::trace::{Raised, Trace};

/// False alarms a day that can be asked for.
pub(super) const BUDGETS: RangeInclusive<f64> = 0.01..=100.0;

/// Alarms that an answer names, the newest.
const NAMED: usize = 1000;

/// By what alarms are counted again.
#[derive(Clone, Debug)]
pub struct Tuning {
    pub trace: Trace,
    pub calibration: Calibration,
    /// The alarm as it is; its levels count for nothing.
    pub alarm: AlarmConfig,
}

impl Tuning {
    /// The levels of a budget that can be asked for.
    pub(super) fn report(&self, alarms_per_day: f64) -> Option<BudgetReport> {
        BUDGETS.contains(&alarms_per_day).then(|| self.of(alarms_per_day))
    }

    /// The levels of any budget.
    pub(super) fn of(&self, alarms_per_day: f64) -> BudgetReport {
        let min_duration_ms = self.alarm.min_duration_ms;
        Budget { alarms_per_day, min_duration_ms }.levels(&self.calibration)
    }

    /// The smallest budget that the calibration's footage supports.
    pub(super) fn lowest_supported(&self) -> f64 {
        let BudgetReport { footage_h, needed_h, .. } = self.of(1.0);
        needed_h / footage_h
    }

    /// `trace/count?budget=ALARMS_PER_DAY`.
    pub(super) fn count(&self, request: &Request) -> Answer {
        let asked = request.value("budget").and_then(|text| text.parse().ok());
        let Some(report) = asked.and_then(|budget| self.report(budget)) else {
            return Answer::plain(400, "ask for ?budget=0.01 to 100 alarms a day");
        };
        let counted = self.trace.recount(&AlarmConfig { levels: report.levels(), ..self.alarm });
        let first = counted.raised.len().saturating_sub(NAMED);
        let named = counted.raised[first..].iter().map(|raised| {
            let Raised { time_ms, unix_ms, duration_ms, peak, run } = raised;
            json!([time_ms, unix_ms, duration_ms, peak, run])
        });
        let body = json!({
            "alarms_per_day": report.alarms_per_day,
            "enter_level": report.enter_level,
            "exit_level": report.exit_level,
            "supported": report.is_supported(),
            "footage_h": report.footage_h,
            "needed_h": report.needed_h,
            "expected": report.alarms_per_day_interval,
            "watched_ms": counted.watched_ms,
            "since_unix_ms": counted.since_unix_ms,
            "other_calibrations": counted.other_scales > 0,
            "lost": counted.lost,
            "count": counted.raised.len(),
            "raised": named.collect::<Vec<_>>(),
        });
        Answer::new(200, "application/json", body.to_string())
    }
}
