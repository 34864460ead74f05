//! Numbers as they stand in the page.

/// A coordinate: one decimal, none where it is zero.
pub(super) fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Seconds under two minutes, `min:s` under an hour, `h:min:s` above.
pub(super) fn moment(seconds: f64, clip_s: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if clip_s < 120.0 {
        format!("{whole}.{tenth} s")
    } else if clip_s < 3600.0 {
        format!("{}:{:02}.{tenth}", whole / 60, whole % 60)
    } else {
        format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
    }
}

/// A length of time in words' order: `3.4 s`, `4 min 10 s`, `2 h 5 min`.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    if seconds < 120.0 {
        format!("{:.1} s", seconds.max(0.0))
    } else if whole < 3600 {
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        format!("{} h {} min", whole / 3600, whole / 60 % 60)
    }
}

/// A score or level with two decimals.
pub(super) fn score(value: f32) -> String {
    match value {
        v if v.is_nan() => "–".to_owned(),
        v if v.is_infinite() => if v > 0.0 { "∞" } else { "−∞" }.to_owned(),
        v if v < 0.0 => format!("−{:.2}", -v),
        v => format!("{v:.2}"),
    }
}

/// Microseconds as milliseconds with three significant digits.
pub(super) fn milliseconds(us: f64) -> String {
    let ms = us / 1000.0;
    match ms {
        ms if !ms.is_finite() => "–".to_owned(),
        ms if ms >= 100.0 => format!("{ms:.0}"),
        ms if ms >= 10.0 => format!("{ms:.1}"),
        ms if ms >= 1.0 => format!("{ms:.2}"),
        ms => format!("{ms:.3}"),
    }
}

/// `1 alarm`, `2 alarms`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
