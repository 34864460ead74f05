//! Inputs: a button, a switch or a sensor, read with polarity and debounce.

use embedded_hal::digital::PinState;

use super::debounce::Debouncer;
use super::pin::PinError;
use crate::alarm::Polarity;
use crate::config::InputBias;

/// How a line is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputRequest {
    pub polarity: Polarity,
    pub bias: InputBias,
    pub debounce_ms: u32,
}

/// Electrical levels of one input.
pub trait LevelSource: Send {
    /// The next level that was seen since the last call, or the present one
    /// when there was no change. Never waits.
    ///
    /// # Errors
    /// The line cannot be read.
    fn next_level(&mut self) -> Result<PinState, PinError>;
}

/// An input that nothing is connected to.
#[derive(Clone, Copy, Debug)]
pub struct Unconnected(pub PinState);

impl LevelSource for Unconnected {
    fn next_level(&mut self) -> Result<PinState, PinError> {
        Ok(self.0)
    }
}

/// A button, switch or sensor: levels in, active or inactive out.
pub struct Contact {
    source: Box<dyn LevelSource>,
    polarity: Polarity,
    debouncer: Debouncer,
    shown: Option<bool>,
}

impl Contact {
    /// `debounce_ms` is 0 where the source has done that already.
    pub fn new(source: Box<dyn LevelSource>, polarity: Polarity, debounce_ms: u32) -> Self {
        Self { source, polarity, debouncer: Debouncer::new(debounce_ms), shown: None }
    }

    /// The contact's new state, if it changed since the last call; the first
    /// call tells the state at the start.
    ///
    /// # Errors
    /// The line cannot be read.
    pub fn poll(&mut self, now_ms: u64) -> Result<Option<bool>, PinError> {
        let level = self.debouncer.settle(now_ms, self.source.next_level()?);
        let active = self.polarity.is_active(level);
        let changed = self.shown != Some(active);
        self.shown = Some(active);
        Ok(changed.then_some(active))
    }

    /// Makes the next call tell the state again.
    pub fn forget(&mut self) {
        self.shown = None;
    }
}
