//! Alarms against true events: caught, late, or false.

use normwatch::output::report::{Interval, events, judge};
use serde::Serialize;

/// Normal stretches up to this long do not count as normal time of their own:
/// an alarm of the event before may still be ending in them.
pub const QUIET_S: f64 = 2.0;

/// A delay up to this is prompt.
pub const PROMPT_S: f64 = 1.5;

/// A run of abnormal frames and what the alarm made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventOutcome {
    pub clip: String,
    pub first_frame: usize,
    pub last_frame: usize,
    /// From the event's first frame to the first one with the alarm on; 0 when
    /// it was still on from the event before. `None`: missed.
    pub delay_frames: Option<usize>,
    pub delay_s: Option<f64>,
}

/// Stretches of normal frames longer than [`QUIET_S`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quiet {
    pub stretches: usize,
    /// In which an alarm was raised, or one from before was still on
    /// [`QUIET_S`] into it.
    pub with_alarm: usize,
}

/// Matches the alarms of a clip with its events. An alarm counts for an event
/// when it was raised inside a true event and is on during this one.
pub fn event_outcomes(
    clip: &str,
    alarms: &[Interval],
    truth: &[bool],
    fps: f64,
) -> Vec<EventOutcome> {
    let events = events(truth);
    let inside: Vec<Interval> =
        alarms.iter().copied().filter(|alarm| judge(*alarm, &events).inside()).collect();
    let outcome = |event: &Interval| {
        let first_on = inside
            .iter()
            .filter(|alarm| alarm.overlaps(*event))
            .map(|alarm| alarm.first_frame.max(event.first_frame))
            .min();
        let delay_frames = first_on.map(|frame| frame - event.first_frame);
        EventOutcome {
            clip: clip.to_owned(),
            first_frame: event.first_frame,
            last_frame: event.last_frame,
            delay_frames,
            delay_s: delay_frames.map(|frames| frames as f64 / fps),
        }
    };
    events.iter().map(outcome).collect()
}

/// Alarms that were not raised inside a true event.
pub fn false_alarms(alarms: &[Interval], truth: &[bool]) -> Vec<Interval> {
    let events = events(truth);
    alarms.iter().copied().filter(|alarm| !judge(*alarm, &events).inside()).collect()
}

/// Counts the long normal stretches of a clip, and those with an alarm.
pub fn quiet(alarms: &[Interval], truth: &[bool], fps: f64) -> Quiet {
    let normal: Vec<bool> = truth.iter().map(|abnormal| !abnormal).collect();
    let settle = (QUIET_S * fps).ceil() as usize;
    let long = |stretch: &Interval| stretch.frames() as f64 / fps > QUIET_S;
    let alarmed = |stretch: &Interval| {
        alarms.iter().any(|alarm| {
            let raised_in = stretch.contains(alarm.first_frame);
            let settled = Interval { first_frame: stretch.first_frame + settle, ..*stretch };
            raised_in || (settled.frames() > 0 && alarm.overlaps(settled))
        })
    };
    let stretches: Vec<Interval> = events(&normal).into_iter().filter(long).collect();
    Quiet {
        stretches: stretches.len(),
        with_alarm: stretches.iter().filter(|stretch| alarmed(stretch)).count(),
    }
}

impl std::ops::AddAssign for Quiet {
    fn add_assign(&mut self, other: Self) {
        self.stretches += other.stretches;
        self.with_alarm += other.with_alarm;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(first_frame: usize, last_frame: usize) -> Interval {
        Interval { first_frame, last_frame }
    }

    fn truth(text: &str) -> Vec<bool> {
        text.chars().map(|c| c == '#').collect()
    }

    #[test]
    fn delays_count_from_the_first_abnormal_frame() {
        let truth = truth("...####..##...##");
        let alarms = [interval(5, 9), interval(12, 13)];
        let found = event_outcomes("01", &alarms, &truth, 10.0);
        let delays: Vec<_> = found.iter().map(|e| (e.first_frame, e.delay_frames)).collect();
        assert_eq!(delays, [(3, Some(2)), (9, Some(0)), (14, None)]);
        assert_eq!(found[0].delay_s, Some(0.2));
        assert_eq!(false_alarms(&alarms, &truth), [interval(12, 13)]);
    }

    #[test]
    fn an_alarm_from_before_the_event_catches_nothing() {
        let truth = truth("....####");
        let alarms = [interval(2, 6)];
        assert_eq!(event_outcomes("01", &alarms, &truth, 10.0)[0].delay_frames, None);
        assert_eq!(false_alarms(&alarms, &truth).len(), 1);
    }

    #[test]
    fn short_normal_stretches_do_not_count_and_endings_are_forgiven() {
        let truth = truth("......##..##......");
        let at = |alarms: &[Interval]| quiet(alarms, &truth, 2.0);
        assert_eq!(at(&[]), Quiet { stretches: 2, with_alarm: 0 });
        assert_eq!(at(&[interval(6, 9)]).with_alarm, 0, "a short stretch");
        assert_eq!(at(&[interval(10, 15)]).with_alarm, 0, "ends within two seconds");
        assert_eq!(at(&[interval(10, 16)]).with_alarm, 1, "still on after two seconds");
        assert_eq!(at(&[interval(2, 3), interval(4, 4)]).with_alarm, 1, "one stretch");
    }
}
