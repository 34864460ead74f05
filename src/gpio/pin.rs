//! Output pins of either kind, behind one type.

use std::convert::Infallible;
use std::fmt;

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin, PinState};

#[cfg(feature = "i2c")]
use super::expander::{ExpanderError, ExpanderPin};
#[cfg(feature = "i2c")]
use super::i2c_bus::LinuxBus;
use super::simulated::SimulatedPin;

/// An output pin of whichever kind the board's driver has.
#[derive(Debug)]
pub enum BoardPin {
    Simulated(SimulatedPin),
    #[cfg(feature = "gpio")]
    Kernel(KernelPin),
    #[cfg(feature = "i2c")]
    Expander(ExpanderPin<LinuxBus>),
}

/// An output line of a GPIO character device. Every level goes to the kernel, the
/// one that is there too: that is how a chip that has gone is noticed.
#[cfg(feature = "gpio")]
#[derive(Debug)]
pub struct KernelPin {
    pub(super) request: gpiocdev::Request,
    pub(super) offset: u32,
}

#[cfg(feature = "gpio")]
impl KernelPin {
    fn set_state(&mut self, state: PinState) -> gpiocdev::Result<()> {
        let value = gpiocdev::line::Value::from(state == PinState::High);
        self.request.set_value(self.offset, value).map(|_| ())
    }
}

/// A pin that could not be driven or read, in the words of its driver.
#[derive(Clone, PartialEq, Eq)]
pub struct PinError(String);

impl PinError {
    /// An error in these words.
    pub fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<Infallible> for PinError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(feature = "gpio")]
impl From<gpiocdev::Error> for PinError {
    fn from(error: gpiocdev::Error) -> Self {
        Self::new(error)
    }
}

#[cfg(feature = "i2c")]
impl From<ExpanderError> for PinError {
    fn from(error: ExpanderError) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Callers that are generic over pins have nothing but `Debug` to show.
impl fmt::Debug for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for BoardPin {
    type Error = PinError;
}

impl OutputPin for BoardPin {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), PinError> {
        match self {
            Self::Simulated(pin) => Ok(pin.set_state(state)?),
            #[cfg(feature = "gpio")]
            Self::Kernel(pin) => Ok(pin.set_state(state)?),
            #[cfg(feature = "i2c")]
            Self::Expander(pin) => Ok(pin.set_state(state)?),
        }
    }
}
