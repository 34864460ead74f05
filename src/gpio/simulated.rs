//! Lines that exist in memory only, for replays, demonstrations and tests.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use embedded_hal::digital::{ErrorType, OutputPin};

use crate::alarm::{AlarmOutputs, Line, Pattern, Polarity};

const UNKNOWN: u8 = 2;

/// A line that exists in memory only: the far end of a [`SimulatedPin`].
#[derive(Clone, Debug)]
pub struct SimulatedLine(Arc<Shared>);

/// The output pin that drives a [`SimulatedLine`].
#[derive(Debug)]
pub struct SimulatedPin(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    level: AtomicU8,
    writes: AtomicU32,
}

impl SimulatedLine {
    /// A line that nobody has driven yet, and its pin.
    pub fn new() -> (Self, SimulatedPin) {
        let shared = Arc::new(Shared { level: AtomicU8::new(UNKNOWN), writes: AtomicU32::new(0) });
        (Self(shared.clone()), SimulatedPin(shared))
    }

    /// Electrical level, `true` = high; `None` before it was first driven.
    pub fn is_high(&self) -> Option<bool> {
        match self.0.level.load(Ordering::Acquire) {
            UNKNOWN => None,
            level => Some(level == 1),
        }
    }

    /// How often the pin was driven.
    pub fn writes(&self) -> u32 {
        self.0.writes.load(Ordering::Acquire)
    }
}

/// The far ends of an alarm line and a fault line.
#[derive(Clone, Debug)]
pub struct SimulatedLines {
    pub alarm: SimulatedLine,
    pub fault: SimulatedLine,
}

impl SimulatedLines {
    /// Two lines that are active while high, at their safe level, low; and the
    /// outputs that drive them, the alarm in this pattern and the fault line
    /// steadily.
    pub fn new(pattern: Pattern) -> (Self, AlarmOutputs<SimulatedPin, SimulatedPin>) {
        let (alarm, alarm_pin) = SimulatedLine::new();
        let (fault, fault_pin) = SimulatedLine::new();
        let line = |pin| Line::new(pin, Polarity::ActiveHigh, false);
        let outputs = AlarmOutputs::new(line(alarm_pin), pattern, line(fault_pin), Pattern::Steady)
            .expect("a simulated line takes every level");
        (Self { alarm, fault }, outputs)
    }
}

impl SimulatedPin {
    fn drive(&self, high: bool) {
        self.0.level.store(u8::from(high), Ordering::Release);
        self.0.writes.fetch_add(1, Ordering::AcqRel);
    }
}

impl ErrorType for SimulatedPin {
    type Error = Infallible;
}

impl OutputPin for SimulatedPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.drive(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.drive(true);
        Ok(())
    }
}
