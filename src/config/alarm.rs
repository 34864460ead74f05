//! `[budget]`, `[alarm]` and `[memory]` of a site file: when a high score is an
//! alarm.

use super::reader::{Item, Section};
use crate::model::MemoryUpdate;

/// Longest duration that the alarm's keys accept, one day.
const MAX_MS: u32 = 86_400_000;

/// `[budget]`: how many false alarms the user accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetSection {
    /// 0.001 to 1000; 1 by default.
    pub alarms_per_day: f64,
}

/// `[alarm]`: what turns a high score into an alarm, and an alarm off again.
/// Durations are 0 to 86 400 000 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmSection {
    /// The score stays high this long before the alarm is raised; 500.
    pub min_duration_ms: u32,
    /// The score stays low this long before the alarm ends; 2000.
    pub hold_ms: u32,
    /// No new alarm within this time after one has ended; 5000.
    pub cooldown_ms: u32,
    /// The alarm lasts until it is acknowledged; false.
    pub latch: bool,
    /// Scores count only this long after start and after arming; 2000.
    pub warm_up_ms: u32,
    /// true.
    pub armed_at_start: bool,
}

/// `[memory]`: whether the model's memory goes on learning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySection {
    pub update: MemoryUpdate,
}

impl BudgetSection {
    pub(super) fn read(section: Option<Section<'_>>) -> Self {
        let rate = section.and_then(|mut section| {
            section.optional("alarms_per_day").and_then(|item| item.real(0.001..=1000.0))
        });
        Self { alarms_per_day: rate.unwrap_or(1.0) }
    }
}

impl Default for AlarmSection {
    fn default() -> Self {
        Self {
            min_duration_ms: 500,
            hold_ms: 2000,
            cooldown_ms: 5000,
            latch: false,
            warm_up_ms: 2000,
            armed_at_start: true,
        }
    }
}

impl AlarmSection {
    /// `can_arm` says whether the site has an input or takes commands that arm.
    pub(super) fn read(section: Option<Section<'_>>, can_arm: bool) -> Self {
        let usual = Self::default();
        let Some(mut section) = section else { return usual };
        if let Some(item) = section.optional("armed_at_start").filter(|_| !can_arm)
            && item.is_flag()
            && item.clone().flag() == Some(false)
        {
            let remedy =
                "add `[input.arm]` or `commands = true` in `[output.mqtt]`, or remove the key";
            item.invalid("= false, and nothing could ever arm it", remedy);
        }
        let mut time_ms = |key, usual_ms| {
            section.optional(key).and_then(|item| item.whole(0..=MAX_MS)).unwrap_or(usual_ms)
        };
        let min_duration_ms = time_ms("min_duration_ms", usual.min_duration_ms);
        let hold_ms = time_ms("hold_ms", usual.hold_ms);
        let cooldown_ms = time_ms("cooldown_ms", usual.cooldown_ms);
        let warm_up_ms = time_ms("warm_up_ms", usual.warm_up_ms);
        let mut flag = |key, usual| section.optional(key).and_then(Item::flag).unwrap_or(usual);
        let latch = flag("latch", usual.latch);
        let armed_at_start = flag("armed_at_start", usual.armed_at_start);
        Self { min_duration_ms, hold_ms, cooldown_ms, latch, warm_up_ms, armed_at_start }
    }
}

impl MemorySection {
    pub(super) fn read(section: Option<Section<'_>>) -> Self {
        let words = MemoryUpdate::ALL.map(|update| (update.name(), update));
        let update = section.and_then(|mut section| {
            section.optional("update").and_then(|item| item.choice(&words))
        });
        Self { update: update.unwrap_or_default() }
    }
}
