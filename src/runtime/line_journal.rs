//! What the event log is told about the lines.

use std::fmt::Debug;

use embedded_hal::digital::OutputPin;

use crate::alarm::{AlarmOutputs, LastingLine, OutputError, Pattern};
use crate::output::{Event, EventLog, EventSink};

/// Writes level changes and refusals of the lines into the event log, each once.
#[derive(Debug)]
pub(super) struct LineJournal {
    /// In the order in which lines are driven.
    entries: [Entry; 4],
    failures: u64,
}

/// Where the fault line stands among the entries.
const FAULT: usize = 3;

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
        let lasting = |which: LastingLine| match outputs.lasting(which) {
            Some((line, pattern)) => entry(which.name(), line.shown(), pattern),
            None => entry(which.name(), None, Pattern::Steady),
        };
        let [changed, tampered] = LastingLine::ALL.map(lasting);
        let alarm = entry("alarm", outputs.alarm_line().shown(), outputs.alarm_pattern());
        let fault = entry("fault", outputs.fault_line().shown(), outputs.fault_pattern());
        Self { entries: [alarm, changed, tampered, fault], failures: 0 }
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
        let lasting = |which| outputs.lasting(which).and_then(|(line, _)| line.shown());
        let [changed, tampered] = LastingLine::ALL.map(lasting);
        let levels =
            [outputs.alarm_line().shown(), changed, tampered, outputs.fault_line().shown()];
        for (entry, level) in self.entries.iter_mut().zip(levels) {
            entry.level(now_ms, level, log);
        }
        let (refused, error): (usize, &dyn Debug) = match &result {
            Ok(()) => {
                self.entries.iter_mut().for_each(|entry| entry.failing = false);
                return;
            }
            Err(OutputError::Alarm(error)) => (0, error),
            Err(OutputError::Lasting(which, error)) => (1 + *which as usize, error),
            Err(OutputError::Fault(error)) => (FAULT, error),
        };
        // Those that are driven before it obeyed.
        self.entries[..refused].iter_mut().for_each(|entry| entry.failing = false);
        self.entries[refused].refused(now_ms, error, log);
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

    fn refused<S: EventSink>(&mut self, time_ms: u64, error: &dyn Debug, log: &mut EventLog<S>) {
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
