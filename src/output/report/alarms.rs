//! Alarms against the truth: the judgement, and the table that shows it.

use maud::{Markup, html};

use super::content::{ClipReport, Interval};
use super::numbers::{count, duration, moment, score};

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
pub(super) fn table(clip: &ClipReport) -> Markup {
    let events = clip.truth.as_deref().map(events);
    html! {
        @if clip.alarms.is_empty() {
            p.quiet { "No alarm in this clip." }
        } @else {
            table.alarms {
                thead {
                    tr {
                        @for head in ["alarm", "start", "end", "duration", "peak score"] {
                            th.n { (head) }
                        }
                        @if events.is_some() {
                            th { "inside truth" }
                            th.n { "delay from event’s start" }
                        }
                    }
                }
                tbody {
                    @for (i, alarm) in clip.alarms.iter().enumerate() {
                        (row(clip, i + 1, *alarm, events.as_deref()))
                    }
                }
            }
        }
        @for event in events.iter().flat_map(|events| missed(clip, events)) {
            p.missed {
                "Missed: the true event from "
                (moment(clip.seconds(event.first_frame), clip.duration_s()))
                " to "
                (moment(clip.seconds(event.last_frame + 1), clip.duration_s()))
                "."
            }
        }
    }
}

fn row(clip: &ClipReport, number: usize, alarm: Interval, events: Option<&[Interval]>) -> Markup {
    let clip_s = clip.duration_s();
    let end_frame = alarm.last_frame.saturating_add(1);
    html! {
        tr {
            td.n { (number) }
            td.n { (moment(clip.seconds(alarm.first_frame), clip_s)) }
            td.n { (moment(clip.seconds(end_frame), clip_s)) }
            td.n { (duration(clip.seconds(alarm.frames()))) }
            td.n { (peak(clip, with_suspicion(clip, alarm)).map_or("–".into(), score)) }
            @if let Some(events) = events {
                (judgement(clip, judge(alarm, events)))
            }
        }
    }
}

fn judgement(clip: &ClipReport, judgement: Judgement) -> Markup {
    let delay = judgement.delay_frames.map(|frames| duration(clip.seconds(frames)));
    html! {
        @if judgement.inside() {
            td.yes { "✓ yes" }
        } @else {
            td.no { "✕ no" }
        }
        td.n { (delay.as_deref().unwrap_or("–")) }
    }
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
