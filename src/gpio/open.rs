//! Opens lines of one board, real or simulated, by the names in its file.

use embedded_hal::digital::PinState;

use super::contact::{Contact, InputRequest, Unconnected};
use super::error::LineError;
use super::find::find;
use super::pin::BoardPin;
use super::place::Place;
use super::simulated::SimulatedLine;
use super::survey::Survey;
use crate::config::{Board, ExpanderAt, GpioDriver, GpioLine};

/// Opens lines of one board by the names that its file gives them.
#[derive(Debug)]
pub struct BoardLines<'a> {
    board: &'a Board,
    survey: Survey,
    /// Those that lines were taken of, for the next line of the same chip.
    #[cfg(feature = "i2c")]
    expanders: std::cell::RefCell<Vec<(ExpanderAt, super::i2c_bus::SharedExpander)>>,
}

impl<'a> BoardLines<'a> {
    /// Looks at the machine's chips, if the board's lines are real.
    pub fn new(board: &'a Board) -> Self {
        let survey = match board.gpio.driver {
            GpioDriver::Simulated => Survey::default(),
            GpioDriver::Gpiocdev => survey(),
        };
        Self {
            board,
            survey,
            #[cfg(feature = "i2c")]
            expanders: Default::default(),
        }
    }

    /// Takes a line as an output that shows the electrical `level` from its
    /// first moment on: direction and level are one request.
    ///
    /// # Errors
    /// The line is not there, in use by another program, or cannot be an output.
    pub fn output(&self, name: &str, level: PinState) -> Result<BoardPin, LineError> {
        let line = self.line(name)?;
        match (self.board.gpio.driver, &line.expander) {
            (GpioDriver::Simulated, _) => Ok(BoardPin::Simulated(SimulatedLine::new().1)),
            (_, Some(at)) => self.expander_output(line, at, level),
            (GpioDriver::Gpiocdev, None) => kernel_output(&self.free(line)?, level),
        }
    }

    /// A line of the kernel's with its safe level, for a
    /// [`LineGuard`](super::guard::LineGuard); `None` for a simulated one.
    #[cfg(feature = "gpio")]
    pub fn guarded(&self, name: &str, safe: PinState) -> Option<super::guard::GuardedLine> {
        if self.board.gpio.driver == GpioDriver::Simulated {
            return None;
        }
        let line = self.line(name).ok()?;
        if let Some(at) = &line.expander {
            let (chip, offset) = (at.bus.clone(), line.offset.unwrap_or_default());
            let expander = Some((at.chip, at.address));
            return Some(super::guard::GuardedLine { chip, expander, offset, safe });
        }
        let place = find(&self.survey, &self.board.gpio, line).ok()?;
        let Place { chip, offset, .. } = place;
        Some(super::guard::GuardedLine { chip, expander: None, offset, safe })
    }

    /// Takes a line as an input. The kernel debounces it and keeps its changes
    /// between two looks, where the chip has interrupts; else that is done
    /// here, from look to look. A simulated line is never active.
    ///
    /// # Errors
    /// The line is not there, in use by another program, or cannot be an input.
    pub fn input(&self, name: &str, request: InputRequest) -> Result<Contact, LineError> {
        let line = self.line(name)?;
        match self.board.gpio.driver {
            GpioDriver::Gpiocdev if line.expander.is_some() => {
                Err(LineError::OutputOnly { line: name.into() })
            }
            GpioDriver::Simulated => {
                let idle = Unconnected(request.polarity.level(false));
                Ok(Contact::new(Box::new(idle), request.polarity, 0))
            }
            GpioDriver::Gpiocdev => kernel_input(&self.free(line)?, request),
        }
    }

    #[cfg(feature = "i2c")]
    fn expander_output(
        &self,
        line: &GpioLine,
        at: &ExpanderAt,
        level: PinState,
    ) -> Result<BoardPin, LineError> {
        use super::expander::ExpanderPin;

        let pin = line.offset.unwrap_or_default();
        let place = Place::of_expander(&line.name, at, pin);
        let mut expanders = self.expanders.borrow_mut();
        let known = expanders.iter().find(|(other, _)| other == at);
        let chip = match known {
            Some((_, chip)) => chip.clone(),
            None => super::i2c_bus::open(at).map_err(|error| refused(&place, &error))?,
        };
        expanders.push((at.clone(), chip.clone()));
        let pin = ExpanderPin::new(chip, pin as u8, level).map_err(|e| refused(&place, &e))?;
        Ok(BoardPin::Expander(pin))
    }

    #[cfg(not(feature = "i2c"))]
    fn expander_output(
        &self,
        line: &GpioLine,
        _: &ExpanderAt,
        _: PinState,
    ) -> Result<BoardPin, LineError> {
        Err(LineError::NoI2c { line: line.name.clone() })
    }

    fn line(&self, name: &str) -> Result<&'a GpioLine, LineError> {
        self.board.gpio.line(name).ok_or_else(|| LineError::Unknown { line: name.into() })
    }

    fn free(&self, line: &GpioLine) -> Result<Place, LineError> {
        if cfg!(not(feature = "gpio")) {
            return Err(LineError::NotBuilt { line: line.name.clone() });
        }
        let place = find(&self.survey, &self.board.gpio, line)?;
        match place.consumer {
            Some(_) => Err(LineError::Held { place: place.into() }),
            None => Ok(place),
        }
    }
}

#[cfg(feature = "i2c")]
fn refused(place: &Place, error: &dyn std::fmt::Display) -> LineError {
    let (place, reason) = (Box::new(place.clone()), error.to_string());
    LineError::Refused { place, wanted: "an output", reason }
}

#[cfg(feature = "gpio")]
fn survey() -> Survey {
    Survey::of_this_machine()
}

#[cfg(not(feature = "gpio"))]
fn survey() -> Survey {
    Survey::default()
}

#[cfg(feature = "gpio")]
fn kernel_output(place: &Place, level: PinState) -> Result<BoardPin, LineError> {
    super::kernel::output(place, level).map(BoardPin::Kernel)
}

#[cfg(feature = "gpio")]
fn kernel_input(place: &Place, request: InputRequest) -> Result<Contact, LineError> {
    super::kernel::input(place, request)
}

#[cfg(not(feature = "gpio"))]
fn kernel_input(place: &Place, _: InputRequest) -> Result<Contact, LineError> {
    Err(LineError::NotBuilt { line: place.line.clone() })
}

#[cfg(not(feature = "gpio"))]
fn kernel_output(place: &Place, _: PinState) -> Result<BoardPin, LineError> {
    Err(LineError::NotBuilt { line: place.line.clone() })
}
