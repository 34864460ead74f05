//! A pin that several threads may drive.

use std::sync::{Arc, Mutex, PoisonError};

use embedded_hal::digital::{ErrorType, OutputPin, PinState};

/// A pin with more than one owner, so that a supervisor can drive a line whose
/// usual driver hangs.
///
/// A panic of one owner does not take the pin from the others.
#[derive(Debug)]
pub struct SharedPin<P>(Arc<Mutex<P>>);

impl<P> SharedPin<P> {
    pub fn new(pin: P) -> Self {
        Self(Arc::new(Mutex::new(pin)))
    }
}

impl<P> Clone for SharedPin<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: ErrorType> ErrorType for SharedPin<P> {
    type Error = P::Error;
}

impl<P: OutputPin> OutputPin for SharedPin<P> {
    fn set_low(&mut self) -> Result<(), P::Error> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), P::Error> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), P::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).set_state(state)
    }
}
