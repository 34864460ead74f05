//! The event log: what happened, one JSON object a line.

use std::io::{self, Write};

use serde::Serialize;

use crate::alarm::State;

/// One line of `events.jsonl`.
///
/// `time_ms` is footage time in a replay and monotonic time in a live run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line: what is running.
    Start { bundle: String, model_sha256: String, enter_level: f32, exit_level: f32 },
    /// A clip begins; window, score and state machine start again.
    Clip { clip: String, frames: Option<usize> },
    /// The state machine moved.
    State {
        time_ms: u64,
        frame: Option<u64>,
        from: &'static str,
        to: &'static str,
        score: Option<f32>,
    },
    /// A line was driven to another level.
    Line { time_ms: u64, line: &'static str, active: bool },
    /// A line refused to be driven.
    LineFailed { time_ms: u64, line: &'static str, error: String },
    /// A frame could not be used.
    Skip { frame: u64, reason: String },
    /// Frames are missing before this one. Where gaps are many, only some are told,
    /// and how many were not, since the last that was.
    Gap {
        time_ms: u64,
        frame: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        untold: Option<u64>,
    },
    /// The camera is gone.
    Blind { time_ms: u64, reason: String },
    /// The camera is back.
    Sighted { time_ms: u64 },
    /// Something has begun or ceased to keep the fault line down, though scores
    /// come: `guard`, `arm`.
    Fault { time_ms: u64, cause: &'static str, present: bool },
    /// Something is there that was not, or is gone, and has stayed so (`begin`), or
    /// no longer (`end`). The rectangle is in model pixels, the peak in −log10 p.
    Changed {
        time_ms: u64,
        frame: u64,
        phase: &'static str,
        /// When it came.
        since_ms: u64,
        x_px: usize,
        y_px: usize,
        width_px: usize,
        height_px: usize,
        peak: f32,
    },
    /// The camera no longer has its usual view (`begin`), or has it again (`end`);
    /// `lost` is the share of the view, 0 to 1.
    Tampered { time_ms: u64, frame: u64, phase: &'static str, since_ms: u64, lost: f32 },
    /// What would be an alarm is known as normal, by the entry of that number, and is not
    /// raised (`begin`), or is over (`end`).
    Quieted {
        time_ms: u64,
        frame: Option<u64>,
        phase: &'static str,
        /// When the suspicion would have begun.
        since_ms: u64,
        known: u32,
        score: f32,
    },
    /// Of the frames, one in so many is judged from now on: the board is hot, or
    /// no longer.
    Pace { time_ms: u64, judge_every: u32 },
    /// From now on other levels count, those of another budget.
    Levels { time_ms: u64, alarms_per_day: f64, enter_level: f32, exit_level: f32 },
    /// The last line of an orderly end.
    Stop { time_ms: u64, reason: String },
}

impl Event {
    /// Whether it must be on the disk before a power cut: an alarm, a change or a
    /// tampering begins or ends, or the run does.
    pub fn is_weighty(&self) -> bool {
        match self {
            Self::State { from, to, .. } => [*from, *to].contains(&State::Alarm.name()),
            Self::Stop { .. } | Self::Changed { .. } | Self::Tampered { .. } => true,
            _ => false,
        }
    }
}

/// Takes events. A live run must go on when a sink fails.
pub trait EventSink {
    /// # Errors
    /// The event could not be stored.
    fn record(&mut self, event: &Event) -> io::Result<()>;

    /// Hands on what is still held back.
    ///
    /// # Errors
    /// Events before this one could not be stored.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Events that were taken and are not stored: lost since, or still waiting.
    fn lost(&self) -> u64 {
        0
    }
}

/// Writes each event as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W>(pub W);

impl<W: Write> EventSink for JsonLines<W> {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        write_line(&mut self.0, event)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// An event as a line of JSON with its date, `unix_ms`: milliseconds since
/// 1970-01-01 UTC, as the machine believed at that moment. A board without a
/// clock of its own jumps when it learns the time; `time_ms` does not.
pub(super) fn dated_line(unix_ms: u64, event: &Event) -> io::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Dated<'a> {
        unix_ms: u64,
        #[serde(flatten)]
        event: &'a Event,
    }
    line(&Dated { unix_ms, event })
}

/// One `write`, so that no line is cut in two.
fn write_line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    to.write_all(&line(value)?)
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// A sink that counts what it had to drop instead of failing: a full disk must
/// not silence an alarm.
#[derive(Debug)]
pub struct EventLog<S> {
    sink: Option<S>,
    dropped: u64,
}

impl<S: EventSink> EventLog<S> {
    /// `None` keeps no log at all.
    pub fn new(sink: Option<S>) -> Self {
        Self { sink, dropped: 0 }
    }

    /// Stores the event, or warns (the first time) and counts it as dropped.
    pub fn record(&mut self, event: &Event) {
        let Some(sink) = &mut self.sink else { return };
        let result = sink.record(event);
        self.count(result);
    }

    /// Hands on what a sink still holds back; of what it then drops one event is
    /// counted, since it does not say how many there were.
    pub fn flush(&mut self) {
        let Some(sink) = &mut self.sink else { return };
        let result = sink.flush();
        self.count(result);
    }

    fn count(&mut self, result: io::Result<()>) {
        let Err(error) = result else { return };
        if self.dropped == 0 {
            log::warn!("the event log cannot be written ({error}); going on without it");
        }
        self.dropped += 1;
    }

    /// Events that could not be stored.
    pub fn dropped(&self) -> u64 {
        self.dropped + self.sink.as_ref().map_or(0, EventSink::lost)
    }

    pub fn into_inner(self) -> Option<S> {
        self.sink
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_json_with_its_kind() {
        let mut sink = JsonLines(Vec::new());
        sink.record(&Event::Line { time_ms: 5, line: "alarm", active: true }).unwrap();
        assert_eq!(
            String::from_utf8(sink.0).unwrap(),
            "{\"event\":\"line\",\"time_ms\":5,\"line\":\"alarm\",\"active\":true}\n"
        );
    }

    #[test]
    fn a_dated_line_says_when() {
        let line = dated_line(1_700_000_001_123, &Event::Sighted { time_ms: 5 }).unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"unix_ms\":1700000001123,\"event\":\"sighted\",\"time_ms\":5}\n"
        );
    }

    #[test]
    fn alarms_and_the_end_must_be_on_the_disk() {
        let state = |from: State, to: State| {
            let (from, to) = (from.name(), to.name());
            Event::State { time_ms: 0, frame: None, from, to, score: None }.is_weighty()
        };
        assert!(state(State::Suspect, State::Alarm) && state(State::Alarm, State::Cooldown));
        assert!(!state(State::Idle, State::Suspect));
        assert!(Event::Stop { time_ms: 0, reason: "end".into() }.is_weighty());
    }

    #[test]
    fn a_full_disk_is_counted() {
        let mut log = EventLog::new(Some(JsonLines(Full)));
        log.record(&Event::Sighted { time_ms: 1 });
        log.record(&Event::Sighted { time_ms: 2 });
        assert_eq!(log.dropped(), 2);
    }

    #[test]
    fn what_a_full_disk_refuses_at_the_end_is_counted_too() {
        let mut log = EventLog::new(Some(JsonLines(io::BufWriter::new(Full))));
        log.record(&Event::Sighted { time_ms: 1 });
        assert_eq!(log.dropped(), 0);
        log.flush();
        assert_eq!(log.dropped(), 1);
    }
}
