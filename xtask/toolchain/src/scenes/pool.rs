//! Alarms of several scenes as if they were one.

use super::results::{Pooled, SceneResult};
use crate::eval::metrics::median;
use crate::eval::results::AlarmResult;

/// Sums for the budget number `index` of every scene.
pub fn pool(scenes: &[SceneResult], index: usize, alarms_per_day: f64) -> Pooled {
    let alarms: Vec<&AlarmResult> = scenes.iter().filter_map(|s| s.alarms.get(index)).collect();
    let sum = |pick: fn(&AlarmResult) -> usize| alarms.iter().map(|a| pick(a)).sum::<usize>();
    let delays = alarms.iter().flat_map(|a| &a.events).filter_map(|event| event.delay_s);
    let normal_h = alarms.iter().map(|a| a.normal_h).sum::<f64>();
    let false_alarms = sum(|a| a.false_alarms);
    Pooled {
        alarms_per_day,
        scenes: alarms.len(),
        events: sum(|a| a.events.len()),
        caught: sum(|a| a.caught),
        caught_promptly: sum(|a| a.caught_promptly),
        median_delay_s: median(&delays.collect::<Vec<_>>()),
        normal_h,
        false_alarms,
        expected: normal_h * alarms_per_day / 24.0,
        false_alarms_per_hour: (normal_h > 0.0).then(|| false_alarms as f64 / normal_h),
    }
}
