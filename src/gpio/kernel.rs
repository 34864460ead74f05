//! Surveys and requests lines through the GPIO character devices.

use std::time::Duration;

use embedded_hal::digital::PinState;
use gpiocdev::Request;
use gpiocdev::line::{Bias, Direction, EdgeDetection, EdgeKind, Value};
use gpiocdev::request::Builder;

use super::contact::{Contact, InputRequest, LevelSource};
use super::error::LineError;
use super::pin::{KernelPin, PinError};
use super::place::{CONSUMER, Place};
use super::survey::{Chip, ChipLine, Survey, Unreadable};
use crate::config::InputBias;

impl Survey {
    /// Asks every GPIO character device that this user may open.
    pub fn of_this_machine() -> Self {
        let mut survey = Self::default();
        for path in gpiocdev::chip::chips().unwrap_or_default() {
            match read_chip(&path) {
                Ok(chip) => survey.chips.push(chip),
                Err(error) => {
                    let reason = error.to_string();
                    let denied = matches!(&error, gpiocdev::Error::Os(errno)
                        if std::io::Error::from_raw_os_error(errno.0).kind()
                            == std::io::ErrorKind::PermissionDenied);
                    survey.unreadable.push(Unreadable { path, reason, denied });
                }
            }
        }
        survey
    }
}

fn read_chip(path: &std::path::Path) -> gpiocdev::Result<Chip> {
    let chip = gpiocdev::Chip::from_path(path)?;
    let info = chip.info()?;
    let lines = (0..info.num_lines).map(|offset| {
        let line = chip.line_info(offset)?;
        Ok(ChipLine {
            offset,
            name: line.name,
            consumer: line.used.then_some(line.consumer),
            is_output: line.direction == Direction::Output,
        })
    });
    let lines = lines.collect::<gpiocdev::Result<_>>()?;
    Ok(Chip { path: path.to_owned(), label: info.label, lines })
}

/// Requests a line as an output that shows `level` from its first moment on.
pub(super) fn output(place: &Place, level: PinState) -> Result<KernelPin, LineError> {
    let value = match level {
        PinState::High => Value::Active,
        PinState::Low => Value::Inactive,
    };
    let request = Request::builder()
        .with_consumer(CONSUMER)
        .on_chip(&place.chip)
        .with_line(place.offset)
        .as_active_high()
        .as_output(value)
        .request()
        .map_err(|error| refused(place, "an output", &error))?;
    Ok(KernelPin { request, offset: place.offset })
}

/// Requests a line as an input, debounced by the kernel if it can.
pub(super) fn input(place: &Place, request: InputRequest) -> Result<Contact, LineError> {
    let InputRequest { polarity, bias, debounce_ms } = request;
    let mut with_edges = input_builder(place, bias);
    with_edges.with_edge_detection(EdgeDetection::BothEdges);
    if debounce_ms > 0 {
        with_edges.with_debounce_period(Duration::from_millis(debounce_ms.into()));
    }
    if let Ok(request) = with_edges.request() {
        let edges = Edges { request, offset: place.offset };
        return Ok(Contact::new(Box::new(edges), polarity, 0));
    }
    let refusal = |error: &gpiocdev::Error| refused(place, "an input", error);
    let request = input_builder(place, bias).request().map_err(|e| refusal(&e))?;
    log::debug!("{} has no interrupt: it is polled", place.describe());
    let looked_at = Level { request, offset: place.offset };
    Ok(Contact::new(Box::new(looked_at), polarity, debounce_ms))
}

fn input_builder(place: &Place, bias: InputBias) -> Builder {
    let mut builder = Request::builder();
    builder.with_consumer(CONSUMER).on_chip(&place.chip).with_line(place.offset);
    builder.as_active_high().as_input().with_bias(match bias {
        InputBias::AsIs => None,
        InputBias::PullUp => Some(Bias::PullUp),
        InputBias::PullDown => Some(Bias::PullDown),
        InputBias::Disabled => Some(Bias::Disabled),
    });
    builder
}

/// Changes that the kernel kept, then the level itself, which also makes up
/// for changes that its queue had no room for.
struct Edges {
    request: Request,
    offset: u32,
}

impl LevelSource for Edges {
    fn next_level(&mut self) -> Result<PinState, PinError> {
        let high = if self.request.has_edge_event()? {
            self.request.read_edge_event()?.kind == EdgeKind::Rising
        } else {
            self.request.value(self.offset)? == Value::Active
        };
        Ok(PinState::from(high))
    }
}

/// The level at this moment, of a line without interrupts: a change and its
/// reversal between two looks are not seen.
struct Level {
    request: Request,
    offset: u32,
}

impl LevelSource for Level {
    fn next_level(&mut self) -> Result<PinState, PinError> {
        Ok(PinState::from(self.request.value(self.offset)? == Value::Active))
    }
}

/// The line may have been taken since it was surveyed, so the kernel is asked
/// again who holds it.
fn refused(place: &Place, wanted: &'static str, error: &gpiocdev::Error) -> LineError {
    let now = gpiocdev::Chip::from_path(&place.chip).and_then(|c| c.line_info(place.offset));
    match now {
        Ok(line) if line.used => LineError::Held {
            place: Box::new(Place { consumer: Some(line.consumer), ..place.clone() }),
        },
        _ => {
            LineError::Refused { place: Box::new(place.clone()), wanted, reason: error.to_string() }
        }
    }
}
