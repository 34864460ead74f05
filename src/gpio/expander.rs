//! An I²C expander's pins as lines: the chips of relay boards, driven through
//! `embedded-hal`, so that any bus will do.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin, PinState};
use embedded_hal::i2c::I2c;
use thiserror::Error;

use crate::config::ExpanderChip;

/// Another line of the chip that takes longer than this hangs in its driver.
const PATIENCE: Duration = Duration::from_millis(50);

const LOOK: Duration = Duration::from_millis(1);

/// Registers of an MCP23017 as it is after a reset, of port A; port B's follow.
const IODIR: u8 = 0x00;
const OLAT: u8 = 0x14;

/// Why a pin of an expander is not as it should be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExpanderError {
    #[error("the I²C bus does not carry it: {0}")]
    Bus(String),
    #[error("the expander does not keep what it is told, at pin {pin}")]
    NotKept { pin: u8 },
    #[error("another line of the expander hangs in its driver")]
    Hangs,
}

impl Error for ExpanderError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A chip on its bus, which nobody else drives.
///
/// Every level goes to the chip, the one that is there too, and is read back: so a chip that
/// has lost its power, or its bus, is noticed, and is told again what it has forgotten.
#[derive(Debug)]
pub struct Expander<B> {
    bus: B,
    chip: ExpanderChip,
    address: u8,
    /// What a PCF8574 was last told, which cannot be read from it: 1 is high, or an input.
    told: Option<u8>,
    /// Its pins that are driven.
    taken: u8,
}

impl<B: I2c> Expander<B> {
    /// Touches nothing yet.
    pub fn new(bus: B, chip: ExpanderChip, address: u8) -> Self {
        Self { bus, chip, address, told: None, taken: 0 }
    }

    /// Makes a pin an output of this level. No other pin changes, and it is not an output
    /// before it has its level.
    ///
    /// # Errors
    /// The bus's, or the chip does not keep it.
    pub fn drive(&mut self, pin: u8, level: PinState) -> Result<(), ExpanderError> {
        match self.chip {
            ExpanderChip::Pcf8574 => self.drive_pcf8574(pin, level),
            ExpanderChip::Mcp23017 => self.drive_mcp23017(pin, level),
        }
    }

    /// Its only register is its pins. A pin that is high is held so weakly that whatever hangs
    /// on it may pull it low: what is read back says something of low ones alone.
    fn drive_pcf8574(&mut self, pin: u8, level: PinState) -> Result<(), ExpanderError> {
        let mut pins = [0];
        let told = match self.told {
            Some(told) => told,
            None => {
                self.bus.read(self.address, &mut pins).map_err(bus)?;
                pins[0]
            }
        };
        let told = with(told, pin, level);
        self.bus.write(self.address, &[told]).map_err(bus)?;
        self.told = Some(told);
        self.taken |= 1 << pin;
        self.bus.read(self.address, &mut pins).map_err(bus)?;
        match pins[0] & !told & self.taken {
            0 => Ok(()),
            wrong => {
                // Another chip that was put in its place has other pins.
                self.told = None;
                Err(ExpanderError::NotKept { pin: wrong.trailing_zeros() as u8 })
            }
        }
    }

    fn drive_mcp23017(&mut self, pin: u8, level: PinState) -> Result<(), ExpanderError> {
        let (port, bit) = (pin / 8, pin % 8);
        let (levels, directions) = (OLAT + port, IODIR + port);
        let wanted = with(self.register(levels)?, bit, level);
        self.bus.write(self.address, &[levels, wanted]).map_err(bus)?;
        let outputs = with(self.register(directions)?, bit, PinState::Low);
        self.bus.write(self.address, &[directions, outputs]).map_err(bus)?;
        match (self.register(levels)?, self.register(directions)?) {
            (kept, out) if kept == wanted && out == outputs => Ok(()),
            _ => Err(ExpanderError::NotKept { pin }),
        }
    }

    fn register(&mut self, register: u8) -> Result<u8, ExpanderError> {
        let mut value = [0];
        self.bus.write_read(self.address, &[register], &mut value).map_err(bus)?;
        Ok(value[0])
    }
}

fn with(bits: u8, bit: u8, level: PinState) -> u8 {
    match level {
        PinState::High => bits | 1 << bit,
        PinState::Low => bits & !(1 << bit),
    }
}

fn bus(error: impl fmt::Debug) -> ExpanderError {
    ExpanderError::Bus(format!("{error:?}"))
}

/// One pin of a chip that has several.
#[derive(Debug)]
pub struct ExpanderPin<B> {
    chip: Arc<Mutex<Expander<B>>>,
    pin: u8,
}

impl<B: I2c> ExpanderPin<B> {
    /// Drives the pin to its first level.
    ///
    /// # Errors
    /// It cannot be driven.
    pub fn new(
        chip: Arc<Mutex<Expander<B>>>,
        pin: u8,
        level: PinState,
    ) -> Result<Self, ExpanderError> {
        let mut own = Self { chip, pin };
        own.set_state(level)?;
        Ok(own)
    }

    fn chip(&self) -> Result<MutexGuard<'_, Expander<B>>, ExpanderError> {
        let begun = Instant::now();
        loop {
            match self.chip.try_lock() {
                Ok(chip) => return Ok(chip),
                Err(TryLockError::Poisoned(poisoned)) => {
                    return Ok(PoisonError::into_inner(poisoned));
                }
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => return Err(ExpanderError::Hangs),
            }
        }
    }
}

impl<B: I2c> ErrorType for ExpanderPin<B> {
    type Error = ExpanderError;
}

impl<B: I2c> OutputPin for ExpanderPin<B> {
    fn set_low(&mut self) -> Result<(), ExpanderError> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), ExpanderError> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), ExpanderError> {
        self.chip()?.drive(self.pin, state)
    }
}

#[cfg(test)]
mod tests;
