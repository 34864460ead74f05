//! What a line of the event log means for the situations that go on.

use super::reason;
use super::setup::{At, Setup};
use super::situation::{Kind, Peak};
use crate::alarm::State;
use crate::output::Event;

/// Tells an anomaly that is not raised from one that is.
pub(super) const QUIET: &str = "quiet";

/// What a line of the log turns.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    Nothing,
    /// A suspicion: if it becomes an alarm, the anomaly has begun here.
    Suspect(At),
    /// An alarm, raised at a score.
    Alarm {
        at: At,
        score: Option<f32>,
    },
    /// An anomaly that is known as normal, by that entry.
    Quieted {
        at: At,
        score: f32,
        known: u32,
    },
    /// Something else begins, unless it has already.
    Begin(Beginning),
    /// Something is over; `key` tells faults apart.
    End {
        kind: Kind,
        key: &'static str,
        at: At,
    },
    /// Everything is over.
    EndAll(At),
}

/// What has begun, but for an anomaly.
#[derive(Debug, PartialEq)]
pub(super) struct Beginning {
    pub kind: Kind,
    pub key: &'static str,
    pub at: At,
    pub reason: String,
    pub peak: Option<Peak>,
    /// Of what is not raised, the entry that it is known by.
    pub quiet: Option<u32>,
}

/// Reads a line of the log. Those that say what runs are not asked here.
pub(super) fn read(event: &Event, setup: &Setup) -> Turn {
    match event {
        Event::State { time_ms, frame, from, to, score } => {
            let at = At::now(*time_ms, *frame);
            match (*from, *to) {
                (_, to) if to == State::Suspect.name() => Turn::Suspect(at),
                (_, to) if to == State::Alarm.name() => Turn::Alarm { at, score: *score },
                (from, _) if from == State::Alarm.name() => end(Kind::Anomaly, "", at),
                _ => Turn::Nothing,
            }
        }
        Event::Quieted { time_ms, frame, phase, since_ms, known, score } => {
            let now = At::now(*time_ms, *frame);
            match *phase {
                "end" => end(Kind::Anomaly, QUIET, now),
                _ => {
                    let at = now.since(*since_ms, None);
                    Turn::Quieted { at, score: *score, known: *known }
                }
            }
        }
        Event::Changed { .. } => changed(event, setup),
        Event::Tampered { time_ms, frame, phase, since_ms, lost } => {
            let now = At::now(*time_ms, Some(*frame));
            if *phase == "end" {
                return end(Kind::Tampered, "", now);
            }
            let (place, cause, frame) = (None, None, now.frame);
            let peak = Peak { time_ms: *time_ms, frame, score: *lost, place, cause, speed: None };
            let (at, reason) = (now.since(*since_ms, None), reason::of_tampering(*lost));
            begin(Kind::Tampered, "", at, reason, Some(peak))
        }
        Event::Blind { time_ms, reason } => {
            let reason = format!("Nothing is seen: {reason}.");
            begin(Kind::Blind, "", At::now(*time_ms, None), reason, None)
        }
        Event::Sighted { time_ms } => end(Kind::Blind, "", At::now(*time_ms, None)),
        Event::Fault { time_ms, cause, present } => {
            let at = At::now(*time_ms, None);
            match present {
                true => begin(Kind::Fault, cause, at, reason::of_fault(cause), None),
                false => end(Kind::Fault, cause, at),
            }
        }
        Event::LineFailed { time_ms, line, error } => {
            let reason = format!("The {} line cannot be driven: {error}.", line.to_uppercase());
            begin(Kind::Fault, line, At::now(*time_ms, None), reason, None)
        }
        Event::Line { time_ms, line, .. } => end(Kind::Fault, line, At::now(*time_ms, None)),
        Event::Stop { time_ms, .. } => Turn::EndAll(At::now(*time_ms, None)),
        Event::Start { .. }
        | Event::Clip { .. }
        | Event::Skip { .. }
        | Event::Gap { .. }
        | Event::Pace { .. }
        | Event::Levels { .. } => Turn::Nothing,
    }
}

fn changed(event: &Event, setup: &Setup) -> Turn {
    let Event::Changed { time_ms, frame, phase, since_ms, x_px, y_px, width_px, height_px, peak } =
        *event
    else {
        return Turn::Nothing;
    };
    let now = At::now(time_ms, Some(frame));
    if phase == "end" {
        return end(Kind::Changed, "", now);
    }
    let place = setup.place((x_px, y_px), (width_px, height_px));
    let reason = reason::of_change(place, time_ms.saturating_sub(since_ms));
    let (place, frame, cause) = (Some(place), now.frame, None);
    let peak = Peak { time_ms, frame, score: peak, place, cause, speed: None };
    begin(Kind::Changed, "", now.since(since_ms, None), reason, Some(peak))
}

fn begin(kind: Kind, key: &'static str, at: At, reason: String, peak: Option<Peak>) -> Turn {
    Turn::Begin(Beginning { kind, key, at, reason, peak, quiet: None })
}

fn end(kind: Kind, key: &'static str, at: At) -> Turn {
    Turn::End { kind, key, at }
}
