//! What a monitor says of itself, and what it passes on.

use embedded_hal::digital::OutputPin;

use super::super::analyser::Analyser;
use super::super::histogram::StageTimes;
use super::super::slow_view::SlowView;
use super::Monitor;
use crate::alarm::State;
use crate::output::{Event, EventLog, EventSink};

impl<A: OutputPin, F: OutputPin, S: EventSink> Monitor<A, F, S> {
    /// Waits for the last events to be stored, but not for ever.
    pub fn flush_log(&mut self) {
        self.log.flush();
    }

    /// Events that could not be stored.
    pub fn events_dropped(&self) -> u64 {
        self.log.dropped()
    }

    /// Puts an event of somebody else's into the log.
    pub fn record(&mut self, event: &Event) {
        self.log.record(event);
    }

    /// What lasts, where it is told.
    pub fn slow_view(&self) -> Option<&SlowView> {
        self.slow.as_ref()
    }

    pub fn state(&self) -> State {
        self.machine.state()
    }

    pub fn analyser(&self) -> &Analyser {
        &self.analyser
    }

    pub fn times(&self) -> &StageTimes {
        &self.times
    }

    pub fn times_mut(&mut self) -> &mut StageTimes {
        &mut self.times
    }

    /// How often a line refused to be driven.
    pub fn line_failures(&self) -> u64 {
        self.lines.failures()
    }

    /// Ends the monitor, lines safe, and gives the event log back.
    pub fn into_log(self) -> EventLog<S> {
        self.log
    }
}
