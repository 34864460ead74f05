//! A site's lines and contacts, as its file names them.

use std::path::Path;

use embedded_hal::digital::OutputPin;

use super::error::StationError;
use crate::alarm::{AlarmOutputs, LastingLine, Line, OutputError, Pattern, Polarity};
use crate::config::{InputLine, OutputLine, Site};
#[cfg(feature = "gpio")]
pub(super) use crate::gpio::GuardKeeper;
#[cfg(feature = "gpio")]
use crate::gpio::GuardedLine;
use crate::gpio::{
    BoardLines, BoardPin, Contact, InputRequest, LineError, Panel, SharedPin, SimulatedLine,
};

pub(super) type Pin = SharedPin<BoardPin>;
pub(super) type Outputs = AlarmOutputs<Pin, Pin>;

/// The site's output lines, held and safe.
pub(super) struct SiteOutputs {
    pub outputs: Outputs,
    /// The lines once more, for whoever must drive them when the thread that drives
    /// the outputs hangs.
    pub spare: SpareLines,
}

/// Further holds on the lines of a site.
pub(super) struct SpareLines {
    pub fault: Line<Pin>,
    pub all: Vec<Line<Pin>>,
}

/// Takes the site's lines, each at its safe level from the first moment on. A
/// site without a fault output gets one that leads nowhere.
pub(super) fn open(site: &Site, lines: &BoardLines<'_>) -> Result<SiteOutputs, StationError> {
    let pin = |output: &OutputLine| {
        let safe = output.polarity.level(output.safe_active);
        lines.output(&output.line, safe).map(SharedPin::new)
    };
    let alarm_output = &site.output.alarm;
    let alarm_pin = pin(alarm_output)?;
    let alarm = line(alarm_output, alarm_pin.clone());
    let (faults, fault_pattern) = match &site.output.fault {
        Some(output) => {
            let pin = pin(output)?;
            ([(); 3].map(|()| line(output, pin.clone())), output.pattern)
        }
        None => {
            let pin = SharedPin::new(BoardPin::Simulated(SimulatedLine::new().1));
            ([(); 3].map(|()| unconnected(pin.clone())), Pattern::Steady)
        }
    };
    let [fault, second, third] = faults;
    let mut outputs =
        AlarmOutputs::new(alarm, alarm_output.pattern, fault, fault_pattern).map_err(refused)?;
    let mut all = vec![line(alarm_output, alarm_pin), third];
    for which in LastingLine::ALL {
        let Some(output) = site.output.lasting(which) else { continue };
        let pin = pin(output)?;
        all.push(line(output, pin.clone()));
        outputs =
            outputs.with_lasting(which, line(output, pin), output.pattern).map_err(refused)?;
    }
    Ok(SiteOutputs { outputs, spare: SpareLines { fault: second, all } })
}

fn refused<E: std::fmt::Debug>(error: OutputError<E, E>) -> StationError {
    StationError::LineRefused(format!("{error:?}"))
}

/// Never there: a build without real lines has nothing to guard.
#[cfg(not(feature = "gpio"))]
pub(super) enum GuardKeeper {}

#[cfg(not(feature = "gpio"))]
impl GuardKeeper {
    pub fn stands(&self) -> bool {
        match *self {}
    }
}

#[cfg(not(feature = "gpio"))]
pub(super) fn need_guard(_: &Site, _: &BoardLines<'_>) -> bool {
    false
}

#[cfg(not(feature = "gpio"))]
pub(super) fn keep_guard(_: &Site, _: &BoardLines<'_>, _: &Path) -> Option<GuardKeeper> {
    None
}

/// Keeps `program` as the guard that makes the site's real lines safe when this
/// process is killed. Without one the run goes on, and the fault line tells.
#[cfg(feature = "gpio")]
pub(super) fn keep_guard(
    site: &Site,
    lines: &BoardLines<'_>,
    program: &Path,
) -> Option<GuardKeeper> {
    let guarded = guarded_lines(site, lines);
    (!guarded.is_empty()).then(|| GuardKeeper::start(program.into(), guarded))
}

/// Whether the site has real lines.
#[cfg(feature = "gpio")]
pub(super) fn need_guard(site: &Site, lines: &BoardLines<'_>) -> bool {
    !guarded_lines(site, lines).is_empty()
}

#[cfg(feature = "gpio")]
fn guarded_lines(site: &Site, lines: &BoardLines<'_>) -> Vec<GuardedLine> {
    let guarded = site.output.lines().filter_map(|output| {
        lines.guarded(&output.line, output.polarity.level(output.safe_active))
    });
    guarded.collect()
}

/// Takes the lines that the site reads.
pub(super) fn open_panel(site: &Site, lines: &BoardLines<'_>) -> Result<Panel, LineError> {
    let contact = |input: Option<&InputLine>| -> Result<Option<Contact>, LineError> {
        let Some(input) = input else { return Ok(None) };
        let InputLine { polarity, bias, debounce_ms, .. } = *input;
        let request = InputRequest { polarity, bias, debounce_ms };
        lines.input(&input.line, request).map(Some)
    };
    let pir = site.input.pir.as_ref().map(|pir| &pir.contact);
    Ok(Panel::new(
        contact(site.input.acknowledge.as_ref())?,
        contact(site.input.arm.as_ref())?,
        contact(pir)?,
    ))
}

fn line<P: OutputPin>(output: &OutputLine, pin: P) -> Line<P> {
    Line::new(pin, output.polarity, output.safe_active)
}

fn unconnected<P: OutputPin>(pin: P) -> Line<P> {
    Line::new(pin, Polarity::ActiveHigh, false)
}
