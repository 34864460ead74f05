//! Expanders on a made-up bus, which can fail, and chips that can forget.

use embedded_hal::i2c::{ErrorType as BusErrorType, Operation};

use super::*;
use crate::alarm::{AlarmOutputs, Line, Pattern, Polarity, State};

#[derive(Debug, Default)]
struct Chip {
    /// Of an MCP23017; a PCF8574 has the first alone.
    registers: [u8; 0x16],
    /// Pins that something outside holds low, of a PCF8574.
    pulled_low: u8,
    /// Pins that stay high whatever is written, of a PCF8574.
    stuck_high: u8,
    /// Registers that keep what they have.
    stuck: bool,
    gone: bool,
    hangs: bool,
    written: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Bus(Arc<Mutex<Chip>>, ExpanderChip);

#[derive(Debug)]
struct Nack;

impl embedded_hal::i2c::Error for Nack {
    fn kind(&self) -> embedded_hal::i2c::ErrorKind {
        embedded_hal::i2c::ErrorKind::Other
    }
}

impl BusErrorType for Bus {
    type Error = Nack;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Nack> {
        assert_eq!(address, 0x20);
        while self.0.lock().unwrap().hangs {
            thread::sleep(LOOK);
        }
        let mut chip = self.0.lock().unwrap();
        if chip.gone {
            return Err(Nack);
        }
        let mut register = 0;
        for operation in operations {
            match (self.1, operation) {
                (ExpanderChip::Pcf8574, Operation::Write(bytes)) => {
                    chip.written.push(bytes.to_vec());
                    chip.registers[0] = bytes[0];
                }
                (ExpanderChip::Pcf8574, Operation::Read(bytes)) => {
                    bytes[0] = chip.registers[0] & !chip.pulled_low | chip.stuck_high;
                }
                (ExpanderChip::Mcp23017, Operation::Write(bytes)) => {
                    register = usize::from(bytes[0]);
                    if let [_, value] = bytes {
                        chip.written.push(bytes.to_vec());
                        if !chip.stuck {
                            chip.registers[register] = *value;
                        }
                    }
                }
                (ExpanderChip::Mcp23017, Operation::Read(bytes)) => {
                    bytes[0] = chip.registers[register];
                }
            }
        }
        Ok(())
    }
}

/// As it is after its power has come.
fn reset(kind: ExpanderChip) -> Chip {
    let mut chip = Chip::default();
    let inputs = if kind == ExpanderChip::Pcf8574 { 1 } else { 2 };
    chip.registers[..inputs].fill(0xFF);
    chip
}

type Pin = ExpanderPin<Bus>;

fn pins(kind: ExpanderChip, numbers: &[u8], level: PinState) -> (Arc<Mutex<Chip>>, Vec<Pin>) {
    let chip = Arc::new(Mutex::new(reset(kind)));
    let expander = Expander::new(Bus(chip.clone(), kind), kind, 0x20);
    let expander = Arc::new(Mutex::new(expander));
    let pins = numbers.iter().map(|pin| Pin::new(expander.clone(), *pin, level).unwrap());
    let pins = pins.collect();
    (chip, pins)
}

#[test]
fn a_pin_of_an_mcp23017_has_its_level_before_it_is_an_output() {
    let (chip, mut pins) = pins(ExpanderChip::Mcp23017, &[3, 9], PinState::High);
    let written = chip.lock().unwrap().written.clone();
    assert_eq!(written, [[0x14, 0x08], [0x00, 0xF7], [0x15, 0x02], [0x01, 0xFD]]);
    pins[0].set_low().unwrap();
    let registers = chip.lock().unwrap().registers;
    assert_eq!((registers[0x14], registers[0x15]), (0, 2), "the other line stays as it was");
    assert_eq!((registers[0], registers[1]), (0xF7, 0xFD), "and so do the other pins");
}

#[test]
fn pins_of_a_pcf8574_share_its_register_and_leave_the_others_alone() {
    let (chip, mut pins) = pins(ExpanderChip::Pcf8574, &[0, 7], PinState::Low);
    assert_eq!(chip.lock().unwrap().registers[0], 0x7E);
    pins[1].set_high().unwrap();
    assert_eq!(chip.lock().unwrap().registers[0], 0xFE);
    chip.lock().unwrap().pulled_low = 0x80;
    pins[1].set_high().unwrap();
    assert_eq!(chip.lock().unwrap().registers[0], 0xFE, "a load is not an order");
    pins[0].set_high().unwrap();
    assert_eq!(chip.lock().unwrap().registers[0], 0xFF);
}

/// The lines of a run that was killed stay as they are until each is taken.
#[test]
fn whoever_takes_one_pin_of_a_pcf8574_does_not_move_another() {
    let (chip, _) = pins(ExpanderChip::Pcf8574, &[1, 2], PinState::Low);
    let bus = Bus(chip.clone(), ExpanderChip::Pcf8574);
    let again = Arc::new(Mutex::new(Expander::new(bus, ExpanderChip::Pcf8574, 0x20)));
    Pin::new(again, 1, PinState::High).unwrap();
    assert_eq!(chip.lock().unwrap().registers[0], 0xFB);
}

#[test]
fn what_is_not_kept_is_told() {
    let (chip, mut pins) = pins(ExpanderChip::Mcp23017, &[3], PinState::Low);
    chip.lock().unwrap().stuck = true;
    assert_eq!(pins[0].set_high(), Err(ExpanderError::NotKept { pin: 3 }));
    let (chip, mut pins) = self::pins(ExpanderChip::Pcf8574, &[5], PinState::High);
    chip.lock().unwrap().stuck_high = 0x20;
    assert_eq!(pins[0].set_low(), Err(ExpanderError::NotKept { pin: 5 }));
    chip.lock().unwrap().stuck_high = 0;
    pins[0].set_low().unwrap();
}

/// A bus that breaks drops the fault line, a chip that has lost its power is set up again.
#[test]
fn a_bus_that_fails_is_an_error_and_a_chip_that_forgot_is_told_again() {
    for kind in [ExpanderChip::Mcp23017, ExpanderChip::Pcf8574] {
        let (chip, pins) = pins(kind, &[0, 1], PinState::Low);
        let line = |pin| Line::new(pin, Polarity::ActiveHigh, false);
        let mut lines = pins.into_iter().map(line);
        let (alarm, fault) = (lines.next().unwrap(), lines.next().unwrap());
        let mut outputs =
            AlarmOutputs::new(alarm, Pattern::Steady, fault, Pattern::Steady).unwrap();
        outputs.show(0, State::Alarm, true).unwrap();
        let level = if kind == ExpanderChip::Pcf8574 { 0 } else { 0x14 };
        assert_eq!(chip.lock().unwrap().registers[level] & 3, 3);
        chip.lock().unwrap().gone = true;
        outputs.forget();
        let error = format!("{:?}", outputs.show(1000, State::Alarm, true).unwrap_err());
        assert!(error.contains("Nack"), "{error}");
        let mut fresh = reset(kind);
        std::mem::swap(&mut *chip.lock().unwrap(), &mut fresh);
        outputs.forget();
        outputs.show(2000, State::Alarm, true).unwrap();
        let registers = chip.lock().unwrap().registers;
        assert_eq!(registers[level] & 3, 3, "{kind:?}");
        assert!(kind == ExpanderChip::Pcf8574 || registers[0] & 3 == 0, "they are outputs again");
        outputs.set_safe().unwrap();
        assert_eq!(chip.lock().unwrap().registers[level] & 3, 0, "{kind:?}");
    }
}

#[test]
fn a_line_that_hangs_keeps_no_other_line_of_the_chip() {
    let (chip, mut pins) = pins(ExpanderChip::Mcp23017, &[0, 1], PinState::Low);
    chip.lock().unwrap().hangs = true;
    let (mut other, mut hung) = (pins.pop().unwrap(), pins.pop().unwrap());
    let hanging = thread::spawn(move || hung.set_high());
    let begun = Instant::now();
    while other.chip.try_lock().is_ok() && begun.elapsed() < Duration::from_secs(30) {
        thread::sleep(LOOK);
    }
    assert_eq!(other.set_high(), Err(ExpanderError::Hangs));
    chip.lock().unwrap().hangs = false;
    hanging.join().unwrap().unwrap();
    other.set_high().unwrap();
}
