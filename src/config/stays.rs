//! `[stays]` and `[tamper]` of a site file: what lasts, and for how long.

use super::reader::{Item, Section};

/// `[stays]`: things that are left, taken away or left open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StaysSection {
    /// The view counts as changed when a thing has stayed so long, in s: 8 to
    /// 86 400; 20.
    pub stays_s: u32,
    /// Whether the alarm line is active while it is; true.
    pub alarm: bool,
    /// False changes a day that are accepted: 0.001 to 1000; 1.
    pub alarms_per_day: f64,
}

impl Default for StaysSection {
    fn default() -> Self {
        Self { stays_s: 20, alarm: true, alarms_per_day: 1.0 }
    }
}

/// `[tamper]`: a camera that was turned, covered or blurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TamperSection {
    /// Whether to look for it; true.
    pub enabled: bool,
    /// The fault line drops when the view has been lost so long, in s: 1 to 600;
    /// 3.
    pub after_s: u32,
}

impl Default for TamperSection {
    fn default() -> Self {
        Self { enabled: true, after_s: 3 }
    }
}

impl StaysSection {
    pub(super) fn read(section: Option<Section<'_>>) -> Self {
        let usual = Self::default();
        let Some(mut section) = section else { return usual };
        let stays_s = section.optional("stays_s").and_then(|item| item.whole(8..=86_400));
        let alarm = section.optional("alarm").and_then(Item::flag);
        let rate = section.optional("alarms_per_day").and_then(|item| item.real(0.001..=1000.0));
        Self {
            stays_s: stays_s.unwrap_or(usual.stays_s),
            alarm: alarm.unwrap_or(usual.alarm),
            alarms_per_day: rate.unwrap_or(usual.alarms_per_day),
        }
    }
}

impl TamperSection {
    pub(super) fn read(section: Option<Section<'_>>) -> Self {
        let usual = Self::default();
        let Some(mut section) = section else { return usual };
        let after_s = section.optional("after_s").and_then(|item| item.whole(1..=600));
        let enabled = section.optional("enabled").and_then(Item::flag);
        Self {
            enabled: enabled.unwrap_or(usual.enabled),
            after_s: after_s.unwrap_or(usual.after_s),
        }
    }
}
