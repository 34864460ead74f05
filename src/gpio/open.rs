//! Opens lines of one board, real or simulated, by the names in its file.

use embedded_hal::digital::PinState;

use super::contact::{Contact, InputRequest, Unconnected};
use super::error::LineError;
use super::find::find;
use super::pin::BoardPin;
use super::place::Place;
use super::simulated::SimulatedLine;
use super::survey::Survey;
use crate::config::{Board, GpioDriver, GpioLine};

/// Opens lines of one board by the names that its file gives them.
#[derive(Debug)]
pub struct BoardLines<'a> {
    board: &'a Board,
    survey: Survey,
}

impl<'a> BoardLines<'a> {
    /// Looks at the machine's chips, if the board's lines are real.
    pub fn new(board: &'a Board) -> Self {
        let survey = match board.gpio.driver {
            GpioDriver::Simulated => Survey::default(),
            GpioDriver::Gpiocdev => survey(),
        };
        Self { board, survey }
    }

    /// Takes a line as an output that shows the electrical `level` from its
    /// first moment on: direction and level are one request.
    ///
    /// # Errors
    /// The line is not there, in use by another program, or cannot be an output.
    pub fn output(&self, name: &str, level: PinState) -> Result<BoardPin, LineError> {
        let line = self.line(name)?;
        match self.board.gpio.driver {
            GpioDriver::Simulated => Ok(BoardPin::Simulated(SimulatedLine::new().1)),
            GpioDriver::Gpiocdev => kernel_output(&self.free(line)?, level),
        }
    }

    /// A line of the kernel's with its safe level, for a
    /// [`LineGuard`](super::guard::LineGuard); `None` for a simulated one.
    #[cfg(feature = "gpio")]
    pub fn guarded(&self, name: &str, safe: PinState) -> Option<super::guard::GuardedLine> {
        if self.board.gpio.driver == GpioDriver::Simulated {
            return None;
        }
        let place = find(&self.survey, &self.board.gpio, self.line(name).ok()?).ok()?;
        Some(super::guard::GuardedLine { chip: place.chip, offset: place.offset, safe })
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
            GpioDriver::Simulated => {
                let idle = Unconnected(request.polarity.level(false));
                Ok(Contact::new(Box::new(idle), request.polarity, 0))
            }
            GpioDriver::Gpiocdev => kernel_input(&self.free(line)?, request),
        }
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
