//! An event, explained to somebody who looks at it for the first time.

use super::date::Utc;
use super::situation::{ClockQuality, Kind, Moment, Situation};

/// When it began, for people.
pub fn when(moment: &Moment) -> String {
    let Some(unix_ms) = moment.unix_ms else {
        return format!("{:.1} s into the footage", moment.time_ms as f64 / 1000.0);
    };
    let date = Utc::of(unix_ms).plain();
    match moment.clock {
        ClockQuality::NotSet => format!("{date} (the clock was not set)"),
        _ => date,
    }
}

/// What happened, why it was told, and what to do about it: a paragraph each.
pub fn explain(event: &Situation) -> Vec<String> {
    let mut paragraphs = vec![format!("{}, {}: {}", event.site, when(&event.begin), event.reason)];
    if !event.zones.is_empty() {
        paragraphs.push(format!("It lies in {}.", event.zones.join(", ")));
    }
    if event.end.is_none() {
        let still = "It goes on, or the program was ended before it was over.";
        paragraphs.push(still.to_owned());
    }
    paragraphs.extend(measured(event));
    paragraphs.extend(pictures(event));
    paragraphs.push(advice(event.kind).to_owned());
    paragraphs
}

fn measured(event: &Situation) -> Option<String> {
    let peak = event.peak.filter(|_| event.kind == Kind::Anomaly)?;
    let (enter, exit) = (event.in_force.enter_level, event.in_force.exit_level);
    let mut text = format!(
        "A score is the surprise of a picture, −log10 of how often normal footage has such a one: \
         each whole number is ten times rarer. An alarm begins at {enter:.2} and ends below \
         {exit:.2}; this one reached {:.2}, {:.1} s after it began.",
        peak.score,
        peak.time_ms.saturating_sub(event.begin.time_ms) as f64 / 1000.0
    );
    let scores: Vec<f32> = event.trace.iter().map(|point| point.score).collect();
    if !scores.is_empty() {
        text += &format!(" The scores: {}", bars(&scores, peak.score.max(enter)));
    }
    Some(text)
}

fn pictures(event: &Situation) -> Option<String> {
    if event.pictures.is_empty() {
        return None;
    }
    let begin_ms = event.begin.time_ms as f64;
    let one = |picture: &super::situation::Picture| {
        format!("{} ({:+.1} s)", picture.file, (picture.time_ms as f64 - begin_ms) / 1000.0)
    };
    let list: Vec<_> = event.pictures.iter().map(one).collect();
    Some(format!("Its pictures, with their time from its begin: {}.", list.join(", ")))
}

fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::Anomaly => {
            "If this is normal here, say so with `normwatch normal`: its like is not raised again. \
             More footage of it belongs into training or calibration. If \
             it always comes from one place, mask that place. If there are too many such events, \
             lower `alarms_per_day`."
        }
        Kind::Changed => {
            "If it is there to stay, acknowledge it, or run `normwatch calibrate` again."
        }
        Kind::Tampered => {
            "Put the camera back, or run `normwatch calibrate` again for its new view."
        }
        Kind::Blind => {
            "Look at the camera, its cable and its power; `normwatch doctor` lists what it finds."
        }
        Kind::Fault => "`normwatch doctor` says what is in the way.",
    }
}

/// A small chart: one bar for each score, or for the highest of several.
fn bars(scores: &[f32], highest: f32) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let group = scores.len().div_ceil(60).max(1);
    let bar = |scores: &[f32]| {
        let score = scores.iter().fold(0.0_f32, |highest, &score| highest.max(score));
        BARS[((score / highest.max(f32::MIN_POSITIVE) * 7.0).round() as usize).min(7)]
    };
    scores.chunks(group).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::situation::tests::situation;
    use crate::event::situation::{Peak, Picture, TracePoint};

    #[test]
    fn an_explanation_says_when_why_and_what_to_do() {
        let mut event = situation("a");
        event.kind = Kind::Anomaly;
        event.begin.unix_ms = Some(1_796_038_680_000);
        event.begin.clock = ClockQuality::NotSet;
        let (place, cause, speed) = (None, None, None);
        event.peak = Some(Peak { time_ms: 601, frame: None, score: 8.0, place, cause, speed });
        event.trace = (0..200).map(|i| TracePoint { time_ms: i, score: i as f32 / 25.0 }).collect();
        let picture =
            |file: &str, time_ms| Picture { file: file.into(), moment: "peak".into(), time_ms };
        event.pictures = vec![picture("peak.jpg", 601)];
        event.zones = vec!["gate".into()];
        let text = explain(&event).join("\n");
        for part in [
            "2026-11-30 11:38:00 UTC (the clock was not set)",
            "It lies in gate.",
            "begins at 4.00 and ends below 3.00; this one reached 8.00, 0.6 s after",
            "▁▁",
            "█",
            "peak.jpg (+0.6 s)",
            "mask that place",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        event.end = None;
        assert!(explain(&event).join("\n").contains("It goes on"));
    }

    #[test]
    fn every_kind_has_its_advice() {
        let mut advices: Vec<_> = Kind::ALL.map(advice).to_vec();
        advices.sort_unstable();
        advices.dedup();
        assert_eq!(advices.len(), Kind::ALL.len());
    }
}
