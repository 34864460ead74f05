//! A pin that several threads may drive.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use embedded_hal::digital::{ErrorType, OutputPin, PinState};

use super::pin::PinError;

/// A driver that takes longer than this for one level hangs.
const PATIENCE: Duration = Duration::from_millis(50);

const LOOK: Duration = Duration::from_millis(1);

/// A pin with more than one owner, so that a supervisor can drive a line whose
/// usual driver hangs.
///
/// A panic of one owner does not take the pin from the others. Neither does an
/// owner that hangs inside the driver keep the others waiting: for them it is a
/// pin that cannot be driven.
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

impl<P: ErrorType<Error = PinError>> ErrorType for SharedPin<P> {
    type Error = PinError;
}

impl<P: OutputPin<Error = PinError>> OutputPin for SharedPin<P> {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), PinError> {
        let begun = Instant::now();
        loop {
            let mut pin = match self.0.try_lock() {
                Ok(pin) => pin,
                Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    thread::sleep(LOOK);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(PinError::new("another thread hangs in its driver"));
                }
            };
            return pin.set_state(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// A pin whose driver hangs at each level until it is let go.
    struct Hanging(Receiver<()>);

    impl ErrorType for Hanging {
        type Error = PinError;
    }

    impl OutputPin for Hanging {
        fn set_low(&mut self) -> Result<(), PinError> {
            self.0.recv().map_err(PinError::new)
        }

        fn set_high(&mut self) -> Result<(), PinError> {
            self.set_low()
        }
    }

    #[test]
    fn a_thread_that_hangs_in_the_driver_keeps_nobody_else() {
        let (go, gate) = channel();
        let mut pin = SharedPin::new(Hanging(gate));
        let mut usual = pin.clone();
        let hung = thread::spawn(move || usual.set_high());
        let begun = Instant::now();
        while pin.0.try_lock().is_ok() && begun.elapsed() < Duration::from_secs(10) {
            thread::sleep(LOOK);
        }
        let asked = Instant::now();
        let refusal = pin.set_low().unwrap_err().to_string();
        assert!(asked.elapsed() < Duration::from_secs(5), "it waited");
        assert!(refusal.contains("hangs in its driver"), "{refusal}");
        go.send(()).unwrap();
        hung.join().unwrap().unwrap();
        go.send(()).unwrap();
        pin.set_low().unwrap();
    }
}
