//! An event in plain words: a title and a sentence.

use crate::event::{ClockQuality, Kind, Moment, Notice, Phase, Utc};

/// `Yard: anomaly`, for a message's head line.
pub(super) fn title(notice: &Notice) -> String {
    let over = match notice.phase {
        Phase::Begin => "",
        Phase::End => " is over",
    };
    format!("{}: {}{over}", site(notice), what(notice.situation.kind))
}

/// `Yard: anomaly since 07:12:05 UTC. REASON`, or at the end
/// `Yard: anomaly, 07:12:05 to 07:12:17 UTC, 12 s. REASON`.
pub(super) fn sentence(notice: &Notice) -> String {
    let situation = &notice.situation;
    let begin = time(&situation.begin);
    let end = situation.end.as_ref().and_then(time);
    let lasted = situation.duration_ms.map(lasted);
    let when = match (notice.phase, begin, end) {
        (Phase::Begin, Some(begin), _) => format!(" since {begin} UTC"),
        (Phase::Begin, None, _) => " now".into(),
        (Phase::End, Some(begin), Some(end)) => format!(", {begin} to {end} UTC"),
        (Phase::End, ..) => " is over".into(),
    };
    let lasted = match (notice.phase, lasted) {
        (Phase::End, Some(lasted)) => format!(", {lasted}"),
        _ => String::new(),
    };
    let zones = match situation.zones.as_slice() {
        [] => String::new(),
        zones => format!(" In {}.", zones.join(", ")),
    };
    let reason = reason(&situation.reason);
    format!("{}: {}{when}{lasted}.{reason}{zones}", site(notice), what(situation.kind))
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Anomaly => "anomaly",
        Kind::Changed => "something left or taken away",
        Kind::Tampered => "camera turned or covered",
        Kind::Blind => "no picture",
        Kind::Fault => "fault",
    }
}

/// The site's name with a capital.
fn site(notice: &Notice) -> String {
    capital(&notice.situation.site)
}

/// As a sentence of its own, with a space before it.
fn reason(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() { String::new() } else { format!(" {}.", capital(text)) }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// The time of day, where the clock was set.
fn time(moment: &Moment) -> Option<String> {
    let is_set = matches!(moment.clock, ClockQuality::Synchronised | ClockQuality::Unsynchronised);
    moment.unix_ms.filter(|_| is_set).map(|ms| Utc::of(ms).time_of_day())
}

fn lasted(ms: u64) -> String {
    match ms.div_ceil(1000) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::example::notice;
    use super::*;

    #[test]
    fn a_notice_reads_as_a_sentence() {
        let begin = notice("a", Phase::Begin);
        assert_eq!(title(&begin), "Yard: anomaly");
        assert_eq!(
            sentence(&begin),
            "Yard: anomaly since 07:12:05 UTC. Block at 0.62, 0.41: 9.1 times the one-a-day level. \
             In gate."
        );
        let end = notice("a", Phase::End);
        assert_eq!(title(&end), "Yard: anomaly is over");
        assert!(sentence(&end).starts_with("Yard: anomaly, 07:12:05 to 07:12:17 UTC, 12 s. Block"));
    }

    #[test]
    fn a_clock_that_is_not_set_is_not_quoted() {
        let mut begin = notice("a", Phase::Begin);
        let situation = Arc::make_mut(&mut begin.situation);
        situation.begin.clock = ClockQuality::NotSet;
        situation.reason = String::new();
        situation.zones = Vec::new();
        situation.kind = Kind::Blind;
        assert_eq!(sentence(&begin), "Yard: no picture now.");
        begin.phase = Phase::End;
        assert_eq!(sentence(&begin), "Yard: no picture is over.");
    }
}
