//! Alarms against the truth: the judgement, and the table that shows it.

use super::html::{count, duration, moment, score};
use super::{ClipReport, Interval};

/// What the truth says about one alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The true event during which the alarm was raised.
    pub event: Option<Interval>,
    /// From the event's first abnormal frame to the alarm's first.
    pub delay_frames: Option<usize>,
}

impl Judgement {
    /// Whether the alarm was raised inside a true event.
    pub fn inside(&self) -> bool {
        self.event.is_some()
    }
}

/// The runs of abnormal frames.
pub fn events(truth: &[bool]) -> Vec<Interval> {
    let mut out: Vec<Interval> = Vec::new();
    for (frame, _) in truth.iter().enumerate().filter(|(_, abnormal)| **abnormal) {
        match out.last_mut() {
            Some(event) if event.last_frame + 1 == frame => event.last_frame = frame,
            _ => out.push(Interval { first_frame: frame, last_frame: frame }),
        }
    }
    out
}

/// Finds the event in which `alarm` began. An alarm that only reaches into an
/// event, or is raised after it, is outside.
pub fn judge(alarm: Interval, events: &[Interval]) -> Judgement {
    let event = events.iter().copied().find(|event| event.contains(alarm.first_frame));
    let delay_frames = event.map(|event| alarm.first_frame - event.first_frame);
    Judgement { event, delay_frames }
}

/// The clip in one line: length, alarms, and how they met the truth.
pub(super) fn clip_sentence(clip: &ClipReport) -> String {
    let mut parts = vec![
        format!(
            "{} at {} fps",
            count(clip.scores.len(), "frame"),
            trimmed(clip.frames_per_second())
        ),
        duration(clip.duration_s()),
    ];
    let blind = clip.scores.iter().filter(|s| s.is_none_or(f32::is_nan)).count();
    if blind > 0 {
        parts.push(format!("{} without a score", count(blind, "frame")));
    }
    parts.push(count(clip.alarms.len(), "alarm"));
    if let Some(truth) = &clip.truth {
        let events = events(truth);
        let found = events.len() - missed(clip, &events).len();
        let outside = clip.alarms.iter().filter(|alarm| !judge(**alarm, &events).inside()).count();
        parts.push(format!("{found} of {} found", count(events.len(), "true event")));
        let outside = if outside == 0 { "none".to_owned() } else { outside.to_string() };
        parts.push(format!("{outside} raised outside the truth"));
    }
    parts.join(" · ")
}

/// The events that no alarm covers, not counting alarms raised outside the
/// truth. An alarm that lasts from one event into the next covers both.
pub(super) fn missed(clip: &ClipReport, events: &[Interval]) -> Vec<Interval> {
    let inside: Vec<&Interval> =
        clip.alarms.iter().filter(|alarm| judge(**alarm, events).inside()).collect();
    let covered = |event: &Interval| inside.iter().any(|alarm| alarm.overlaps(*event));
    events.iter().copied().filter(|event| !covered(event)).collect()
}

/// One row per alarm, then the events that were missed.
pub(super) fn table(clip: &ClipReport) -> String {
    let events = clip.truth.as_deref().map(events);
    let mut out = String::new();
    if clip.alarms.is_empty() {
        out.push_str("<p class=\"quiet\">No alarm in this clip.</p>\n");
    } else {
        let rows: String = clip
            .alarms
            .iter()
            .enumerate()
            .map(|(i, alarm)| row(clip, i + 1, *alarm, events.as_deref()))
            .collect();
        let truth_heads = if events.is_some() {
            "<th>inside truth</th><th class=\"n\">delay from event’s start</th>"
        } else {
            ""
        };
        out.push_str(&format!(
            "<table class=\"alarms\">\n<thead><tr><th class=\"n\">alarm</th><th class=\"n\">start</th>\
             <th class=\"n\">end</th><th class=\"n\">duration</th><th class=\"n\">peak score</th>\
             {truth_heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        ));
    }
    for event in events.iter().flat_map(|events| missed(clip, events)) {
        out.push_str(&format!(
            "<p class=\"missed\">Missed: the true event from {} to {}.</p>\n",
            moment(clip.seconds(event.first_frame), clip.duration_s()),
            moment(clip.seconds(event.last_frame + 1), clip.duration_s()),
        ));
    }
    out
}

fn row(clip: &ClipReport, number: usize, alarm: Interval, events: Option<&[Interval]>) -> String {
    let clip_s = clip.duration_s();
    let truth = events.map_or_else(String::new, |events| {
        let judgement = judge(alarm, events);
        let (class, word) = if judgement.inside() { ("yes", "✓ yes") } else { ("no", "✕ no") };
        let delay = judgement
            .delay_frames
            .map_or("–".to_owned(), |frames| duration(clip.seconds(frames)));
        format!("<td class=\"{class}\">{word}</td><td class=\"n\">{delay}</td>")
    });
    format!(
        "<tr><td class=\"n\">{number}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td>{truth}</tr>\n",
        moment(clip.seconds(alarm.first_frame), clip_s),
        moment(clip.seconds(alarm.last_frame.saturating_add(1)), clip_s),
        duration(clip.seconds(alarm.frames())),
        peak(clip, with_suspicion(clip, alarm)).map_or("–".to_owned(), score),
    )
}

/// The alarm with the frames above the exit level that led to it. A short
/// cause may be at its worst before it has lasted long enough for an alarm.
fn with_suspicion(clip: &ClipReport, alarm: Interval) -> Interval {
    let before = clip.scores.iter().take(alarm.first_frame).rev();
    let led = before.take_while(|s| s.is_some_and(|s| s > clip.exit_level)).count();
    Interval { first_frame: alarm.first_frame - led, ..alarm }
}

/// The highest score within the frames.
pub(super) fn peak(clip: &ClipReport, alarm: Interval) -> Option<f32> {
    let scores = clip.scores.iter().skip(alarm.first_frame).take(alarm.frames());
    scores.flatten().copied().filter(|s| !s.is_nan()).max_by(f32::total_cmp)
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
