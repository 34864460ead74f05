//! One output line, and the only place that inverts a level.

use embedded_hal::digital::{OutputPin, PinState};

/// Which electrical level means "active".
///
/// This is the only place in the program that inverts anything: pins below it
/// speak electrical levels, everything above it speaks of active and inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    ActiveHigh,
    ActiveLow,
}

impl Polarity {
    /// The electrical level that shows `active`.
    pub fn level(self, active: bool) -> PinState {
        PinState::from(active == (self == Self::ActiveHigh))
    }

    /// Whether this electrical level means active.
    pub fn is_active(self, level: PinState) -> bool {
        level == self.level(true)
    }
}

/// One output line: a pin, its polarity, and the level it falls back to.
#[derive(Debug)]
pub struct Line<P> {
    pin: P,
    polarity: Polarity,
    safe_active: bool,
    shown: Option<bool>,
}

impl<P: OutputPin> Line<P> {
    /// Wraps a pin without touching it; [`Line::set_safe`] is the first act of
    /// a careful owner.
    ///
    /// `safe_active` says whether the line is active when nobody can vouch for
    /// it: at start, on stop and on panic.
    pub fn new(pin: P, polarity: Polarity, safe_active: bool) -> Self {
        Self { pin, polarity, safe_active, shown: None }
    }

    /// Drives the pin, only when the level changes or was never set.
    ///
    /// # Errors
    /// The pin's own; the level then counts as unknown and the next call
    /// drives the pin again.
    pub fn set(&mut self, active: bool) -> Result<(), P::Error> {
        if self.shown == Some(active) {
            return Ok(());
        }
        self.shown = None;
        self.pin.set_state(self.polarity.level(active))?;
        self.shown = Some(active);
        Ok(())
    }

    /// Takes the stated safe level, whatever the line shows now.
    ///
    /// # Errors
    /// The pin's own.
    pub fn set_safe(&mut self) -> Result<(), P::Error> {
        self.shown = None;
        self.set(self.safe_active)
    }

    /// Says that somebody else may have driven the pin: the next call of
    /// [`Line::set`] drives it again.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// What was last driven successfully; `None` when that is not known.
    pub fn shown(&self) -> Option<bool> {
        self.shown
    }

    pub fn pin(&self) -> &P {
        &self.pin
    }

    pub fn into_pin(self) -> P {
        self.pin
    }
}
