//! The kernel's I²C buses, as `embedded-hal` wants them.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use embedded_hal::i2c::{Error, ErrorKind, ErrorType, I2c, Operation};
use i2cdev::core::{I2CMessage, I2CTransfer};
use i2cdev::linux::{LinuxI2CDevice, LinuxI2CError, LinuxI2CMessage};

use super::expander::Expander;
use crate::config::ExpanderAt;

/// A chip that several lines are pins of.
pub(super) type SharedExpander = Arc<Mutex<Expander<LinuxBus>>>;

/// # Errors
/// See [`LinuxBus::open`].
pub(super) fn open(at: &ExpanderAt) -> Result<SharedExpander, BusError> {
    let bus = LinuxBus::open(&at.bus, at.address)?;
    Ok(Arc::new(Mutex::new(Expander::new(bus, at.chip, at.address))))
}

/// One chip on one bus. The kernel refuses an address that a driver of its own has.
pub struct LinuxBus(LinuxI2CDevice);

/// In the kernel's words.
pub struct BusError(String);

impl LinuxBus {
    /// # Errors
    /// The bus is not there, not for this user, or the address is in use.
    pub fn open(bus: &Path, address: u8) -> Result<Self, BusError> {
        Ok(Self(LinuxI2CDevice::new(bus, address.into())?))
    }
}

impl ErrorType for LinuxBus {
    type Error = BusError;
}

impl I2c for LinuxBus {
    /// All of them at once, or up to two: none of ours has more.
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        match operations {
            [] => {}
            [one] => drop(self.0.transfer(&mut [message(one)])?),
            [one, other] => drop(self.0.transfer(&mut [message(one), message(other)])?),
            _ => return Err(BusError("more than two steps at once".into())),
        }
        Ok(())
    }
}

fn message<'a>(operation: &'a mut Operation<'_>) -> LinuxI2CMessage<'a> {
    match operation {
        Operation::Read(into) => LinuxI2CMessage::read(into),
        Operation::Write(bytes) => LinuxI2CMessage::write(bytes),
    }
}

impl From<LinuxI2CError> for BusError {
    fn from(error: LinuxI2CError) -> Self {
        Self(error.to_string())
    }
}

impl Error for BusError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// Callers that are generic over buses have nothing but `Debug` to show.
impl fmt::Debug for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LinuxBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinuxBus")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_bus_is_refused_in_the_kernels_words() {
        let error = LinuxBus::open(Path::new("/dev/null"), 0x20).unwrap_err();
        assert!(error.to_string().contains("ENOTTY"), "{error}");
        let error = LinuxBus::open(Path::new("/nowhere/i2c-1"), 0x20).unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
    }
}
