//! The GPIO chips, and whether the lines of board and site are free.

use super::report::Report;
use super::scope::Scope;
use crate::access;
use crate::config::{Board, ExpanderAt, GpioDriver, GpioLine, Site};
use crate::gpio::{Chip, LineError, Place, Survey, find};

const SUBJECT: &str = "lines";

/// Columns that lists of lines are broken at.
const WIDTH: usize = 80;

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    let survey = survey(report);
    for chip in &survey.chips {
        report.ok(SUBJECT, describe(chip));
    }
    let real = scope.board.filter(|board| board.gpio.driver == GpioDriver::Gpiocdev);
    let needed = real.is_some() && scope.site.is_some();
    for chip in &survey.unreadable {
        let text = format!("{} cannot be read: {}", chip.path.display(), chip.reason);
        let remedy =
            if chip.denied { access::remedy(scope.root, &chip.path) } else { String::new() };
        report.missing(needed, SUBJECT, text, remedy);
    }
    match (real, scope.board) {
        (Some(board), _) => board_lines(board, scope.site, &survey, report),
        (None, Some(board)) => {
            report.ok(SUBJECT, format!("the board {} simulates its lines", board.name));
        }
        (None, None) => {}
    }
    report.gpio = survey;
}

#[cfg(feature = "gpio")]
fn survey(_: &mut Report) -> Survey {
    Survey::of_this_machine()
}

#[cfg(not(feature = "gpio"))]
fn survey(report: &mut Report) -> Survey {
    report.ok(SUBJECT, "this build cannot drive GPIO lines");
    Survey::default()
}

/// Looks for each line of the board; those of the site must be free.
fn board_lines(board: &Board, site: Option<&Site>, survey: &Survey, report: &mut Report) {
    for line in &board.gpio.lines {
        let needed = site.is_some_and(|site| uses(site, &line.name));
        if let Some(at) = &line.expander {
            expander_line(line, at, needed, report);
            continue;
        }
        match find(survey, &board.gpio, line) {
            Ok(place) if place.consumer.is_some() => held(needed, place, report),
            Ok(place) => report.ok(SUBJECT, format!("{} is {}", place.line, place.describe())),
            Err(error) => report.missing(needed, SUBJECT, error.to_string(), ""),
        }
    }
}

/// Nobody asks the chip: whoever reads a register of another chip may upset it.
fn expander_line(line: &GpioLine, at: &ExpanderAt, needed: bool, report: &mut Report) {
    let (name, pin, chip) = (&line.name, line.offset.unwrap_or_default(), at.chip.name());
    let bus = at.bus.display();
    let text = format!("{name} is pin {pin} of the {chip} at {:#04x} on {bus}", at.address);
    if cfg!(not(feature = "i2c")) {
        let error = LineError::NoI2c { line: name.clone() };
        report.missing(needed, SUBJECT, error.to_string(), "");
    } else if at.bus.exists() {
        report.ok(SUBJECT, text);
    } else {
        let remedy = "enable I²C (on a Raspberry Pi: `sudo raspi-config nonint do_i2c 0`)";
        report.missing(needed, SUBJECT, format!("{text}, and there is no such bus"), remedy);
    }
}

/// A line that this very program holds, as a service, is not a fault.
fn held(needed: bool, place: Place, report: &mut Report) {
    if place.consumer.as_deref() == Some(crate::gpio::CONSUMER) {
        let text = format!("{} is {}, in use by a running normwatch", place.line, place.describe());
        report.ok(SUBJECT, text);
    } else {
        let error = LineError::Held { place: place.into() };
        report.missing(needed, SUBJECT, error.to_string(), "");
    }
}

fn uses(site: &Site, line: &str) -> bool {
    let (output, input) = (&site.output, &site.input);
    let outputs = output.lines().map(|output| Some(&output.line));
    let inputs = [
        input.acknowledge.as_ref().map(|i| &i.line),
        input.arm.as_ref().map(|i| &i.line),
        input.pir.as_ref().map(|pir| &pir.contact.line),
    ];
    outputs.chain(inputs).flatten().any(|name| name == line)
}

fn describe(chip: &Chip) -> String {
    let mut text = format!("{} ({}), {} lines", chip.label, chip.path.display(), chip.lines.len());
    let mut column = usize::MAX;
    for line in &chip.lines {
        let holder = match line.consumer.as_deref() {
            None => String::new(),
            Some("") => " (in use)".into(),
            Some(name) => format!(" (used by `{name}`)"),
        };
        if line.name.is_empty() && holder.is_empty() {
            continue;
        }
        let name = if line.name.is_empty() { "unnamed" } else { &line.name };
        let entry = format!("{} {name}{holder}", line.offset);
        let width = entry.chars().count() + 2;
        if column.saturating_add(width) > WIDTH {
            text += "\n";
            column = 0;
        } else {
            text += ", ";
        }
        text += &entry;
        column += width;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::ChipLine;

    #[test]
    fn a_chip_is_listed_with_names_and_holders() {
        let line = |offset, name: &str, consumer: Option<&str>| ChipLine {
            offset,
            name: name.into(),
            consumer: consumer.map(Into::into),
            is_output: false,
        };
        let chip = Chip {
            path: "/dev/gpiochip0".into(),
            label: "pinctrl".into(),
            lines: vec![
                line(0, "A", None),
                line(1, "", None),
                line(2, "", Some("led")),
                line(3, "B", Some("")),
            ],
        };
        let expected =
            "pinctrl (/dev/gpiochip0), 4 lines\n0 A, 2 unnamed (used by `led`), 3 B (in use)";
        assert_eq!(describe(&chip), expected);
    }
}
