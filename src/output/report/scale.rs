//! Axes: where the ticks stand, and from values to coordinates.

/// A straight map from values to coordinates of the drawing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

impl Scale {
    /// The coordinate of a value; beyond the axis it stays at the axis' end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let span = self.from.1 - self.from.0;
        let part = if span > 0.0 { (value - self.from.0) / span } else { 0.0 };
        self.to.0 + part.clamp(0.0, 1.0) * (self.to.1 - self.to.0)
    }
}

/// The smallest of 1, 2, 5 × 10ⁿ that cuts `span` into at most `most` steps.
pub(super) fn decimal_step(span: f64, most: usize) -> f64 {
    let least = span.max(1e-6) / most as f64;
    let decade = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|m| m * decade)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(10.0 * decade)
}

/// A step that reads well on a clock, in seconds.
pub(super) fn time_step_s(span_s: f64, most: usize) -> f64 {
    const CLOCK_S: [f64; 12] =
        [10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0];
    if span_s < 120.0 {
        return decimal_step(span_s, most);
    }
    let least_s = span_s / most as f64;
    CLOCK_S
        .into_iter()
        .find(|step| *step >= least_s)
        .unwrap_or_else(|| decimal_step(span_s / 3600.0, most).max(1.0).ceil() * 3600.0)
}

/// The multiples of `step` from `low` to `high`, both included.
pub(super) fn ticks(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// A tick's label with as many decimals as its step has.
pub(super) fn tick_label(value: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{:.decimals$}", value.abs());
    if value < 0.0 { format!("−{text}") } else { text }
}

/// A time tick's label; see [`time_unit`] for what it is in.
pub(super) fn time_label(seconds: f64, span_s: f64, step_s: f64) -> String {
    let whole = seconds.round() as u64;
    if span_s < 120.0 {
        tick_label(seconds, step_s)
    } else if span_s < 3600.0 {
        format!("{}:{:02}", whole / 60, whole % 60)
    } else {
        format!("{}:{:02}", whole / 3600, whole / 60 % 60)
    }
}

/// The unit to write at the time axis.
pub(super) fn time_unit(span_s: f64) -> &'static str {
    match span_s {
        s if s < 120.0 => "time, s",
        s if s < 3600.0 => "time, min:s",
        _ => "time, h:min",
    }
}
