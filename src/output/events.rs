use std::io::{self, Write};

use serde::Serialize;

/// One line of `events.jsonl`.
///
/// `time_ms` is footage time in a replay and monotonic time in a live run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line: what is running.
    Start { bundle: String, model_sha256: String, enter_level: f32, exit_level: f32 },
    /// A clip begins; window, score and state machine start anew.
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
    /// Frames are missing before this one.
    Gap { time_ms: u64, frame: u64 },
    /// The camera is gone.
    Blind { time_ms: u64, reason: String },
    /// The camera is back.
    Sighted { time_ms: u64 },
    /// Of the frames, one in so many is judged from now on: the board is hot, or
    /// no longer.
    Pace { time_ms: u64, judge_every: u32 },
    /// The last line of an orderly end.
    Stop { time_ms: u64, reason: String },
}

/// Takes events. A live run must go on when a sink fails.
pub trait EventSink {
    /// # Errors
    /// The event could not be stored.
    fn record(&mut self, event: &Event) -> io::Result<()>;
}

/// Writes each event as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W>(pub W);

impl<W: Write> EventSink for JsonLines<W> {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
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
        if let Err(error) = sink.record(event) {
            if self.dropped == 0 {
                log::warn!("the event log cannot be written ({error}); going on without it");
            }
            self.dropped += 1;
        }
    }

    /// Events that could not be stored.
    pub fn dropped(&self) -> u64 {
        self.dropped
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
    fn a_full_disk_is_counted() {
        let mut log = EventLog::new(Some(JsonLines(Full)));
        log.record(&Event::Sighted { time_ms: 1 });
        log.record(&Event::Sighted { time_ms: 2 });
        assert_eq!(log.dropped(), 2);
    }
}
