//! The alarm's state machine, and the trace of what it is told.

use crate::alarm::{AlarmConfig, AlarmMachine, Input, State, Transitions};
use crate::output::Event;
use crate::trace::Trace;

/// A state machine that can begin again, with whoever keeps a trace.
#[derive(Debug)]
pub(super) struct TracedMachine {
    config: AlarmConfig,
    machine: AlarmMachine,
    trace: Option<Trace>,
    /// What the machine holds for now: it knows no time that goes back.
    now_ms: u64,
}

impl TracedMachine {
    pub fn new(config: AlarmConfig, now_ms: u64) -> Self {
        Self { config, machine: AlarmMachine::new(config, now_ms), trace: None, now_ms }
    }

    /// From now on what it is told is kept.
    pub fn keep(&mut self, trace: Trace) {
        trace.begin(self.now_ms, self.config.armed_at_start);
        self.trace = Some(trace);
    }

    /// As if just started, at the levels that are in force.
    pub fn restart(&mut self, now_ms: u64) {
        self.machine = AlarmMachine::new(self.config, now_ms);
        self.now_ms = now_ms;
        self.trace.iter().for_each(|trace| trace.begin(now_ms, self.config.armed_at_start));
    }

    pub fn step(&mut self, now_ms: u64, input: Input) -> Transitions {
        self.now_ms = self.now_ms.max(now_ms);
        if input != Input::Tick {
            self.trace.iter().for_each(|trace| trace.tell(self.now_ms, input));
        }
        if let Input::Levels { levels, .. } = input {
            self.config.levels = levels;
        }
        self.machine.step(now_ms, input)
    }

    /// Of the levels that are in force.
    pub fn exit_level(&self) -> f32 {
        self.machine.config().levels.exit
    }

    pub fn state(&self) -> State {
        self.machine.state()
    }
}

/// What the event log is told of an input from outside.
pub(super) fn told(time_ms: u64, input: Input) -> Option<Event> {
    let Input::Levels { alarms_per_day, levels } = input else { return None };
    let (enter_level, exit_level) = (levels.enter, levels.exit);
    Some(Event::Levels { time_ms, alarms_per_day, enter_level, exit_level })
}
