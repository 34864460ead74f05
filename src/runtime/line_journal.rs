//! What the event log is told about the two lines.

use std::fmt::Debug;

use embedded_hal::digital::OutputPin;

use crate::alarm::{AlarmOutputs, OutputError, Pattern};
use crate::output::{Event, EventLog, EventSink};

/// Writes level changes and refusals of the lines into the event log, each once.
#[derive(Debug)]
pub(super) struct LineJournal {
    alarm: Entry,
    fault: Entry,
    failures: u64,
}

/// What is known of one line.
#[derive(Debug)]
struct Entry {
    name: &'static str,
    /// The level that the log was last told.
    shown: Option<bool>,
    /// Whether its levels are written.
    log_levels: bool,
    /// It refused when it was last driven.
    failing: bool,
}

impl LineJournal {
    /// Begins with what the lines show. Levels are written only with
    /// `log_levels`, and not those of a heartbeat, which would write two in each of
    /// its periods; refusals always.
    pub fn new<A: OutputPin, F: OutputPin>(outputs: &AlarmOutputs<A, F>, log_levels: bool) -> Self {
        let entry = |name, shown, pattern| {
            let log_levels = log_levels && !matches!(pattern, Pattern::Heartbeat { .. });
            Entry { name, shown, log_levels, failing: false }
        };
        Self {
            alarm: entry("alarm", outputs.alarm_line().shown(), outputs.alarm_pattern()),
            fault: entry("fault", outputs.fault_line().shown(), outputs.fault_pattern()),
            failures: 0,
        }
    }

    /// Takes note of what `outputs` show after they were driven at `now_ms` with
    /// this result.
    pub fn note<A: OutputPin, F: OutputPin, S: EventSink>(
        &mut self,
        now_ms: u64,
        outputs: &AlarmOutputs<A, F>,
        result: Result<(), OutputError<A::Error, F::Error>>,
        log: &mut EventLog<S>,
    ) {
        let levels = [outputs.alarm_line().shown(), outputs.fault_line().shown()];
        for (entry, level) in [&mut self.alarm, &mut self.fault].into_iter().zip(levels) {
            entry.level(now_ms, level, log);
        }
        match result {
            Ok(()) => {
                self.alarm.failing = false;
                self.fault.failing = false;
                return;
            }
            Err(OutputError::Alarm(error)) => self.alarm.refused(now_ms, &error, log),
            Err(OutputError::Fault(error)) => {
                // The alarm line is tried first: it obeyed.
                self.alarm.failing = false;
                self.fault.refused(now_ms, &error, log);
            }
        }
        self.failures += 1;
    }

    /// How often a line refused to be driven.
    pub fn failures(&self) -> u64 {
        self.failures
    }
}

impl Entry {
    fn level<S: EventSink>(&mut self, time_ms: u64, level: Option<bool>, log: &mut EventLog<S>) {
        let changed = std::mem::replace(&mut self.shown, level) != level;
        if let Some(active) = level.filter(|_| changed && self.log_levels) {
            log::info!("{} line {}", self.name, if active { "active" } else { "inactive" });
            log.record(&Event::Line { time_ms, line: self.name, active });
        }
    }

    fn refused<S: EventSink>(&mut self, time_ms: u64, error: &impl Debug, log: &mut EventLog<S>) {
        if std::mem::replace(&mut self.failing, true) {
            return;
        }
        let (line, error) = (self.name, format!("{error:?}"));
        log::error!("the {line} line cannot be driven: {error}");
        log.record(&Event::LineFailed { time_ms, line, error });
    }
}

#[cfg(test)]
mod tests;
