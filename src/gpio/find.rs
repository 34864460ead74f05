use std::path::PathBuf;

use super::error::LineError;
use super::survey::{Chip, ChipLine, Survey};
use crate::config::{GpioLine, GpioSection, similar};

/// Where a line of the board is in this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The board's name for the line.
    pub line: String,
    /// The chip's device node.
    pub chip: PathBuf,
    pub chip_label: String,
    pub offset: u32,
    /// The kernel's name for the line; may be empty.
    pub kernel_name: String,
    /// Who holds the line at present.
    pub consumer: Option<String>,
}

/// Finds a line of the board: by chip label and offset where the board file
/// gives an offset, else by the kernel's name for it, on the labelled chip if
/// one is named.
///
/// # Errors
/// The line is not in this machine, or its name is there more than once. Chips
/// that could not be read are blamed first, as the line may be on one of them.
pub fn find(survey: &Survey, board: &GpioSection, line: &GpioLine) -> Result<Place, LineError> {
    let label = line.chip_label.as_ref().or(board.chip_label.as_ref());
    let found = match line.offset {
        Some(offset) => by_offset(&survey.chips, &line.name, label, offset),
        None => by_name(&survey.chips, line, label),
    };
    found.map_err(|error| {
        let lost = matches!(error, LineError::Ambiguous { .. } | LineError::NoChipLabel { .. });
        match survey.unreadable.first() {
            Some(chip) if !lost => {
                LineError::Unreadable { line: line.name.clone(), chip: chip.clone() }
            }
            _ => error,
        }
    })
}

fn by_offset(
    chips: &[Chip],
    line: &str,
    label: Option<&String>,
    offset: u32,
) -> Result<Place, LineError> {
    let Some(label) = label else { return Err(LineError::NoChipLabel { line: line.into() }) };
    let mut of_label = chips.iter().filter(|chip| chip.label == *label);
    let (first, second) = (of_label.next(), of_label.next());
    let Some(chip) = first else { return Err(no_such_chip(chips, line, label)) };
    if let Some(other) = second {
        let places = [chip, other].map(|chip| format!("{offset} of {}", chip.path.display()));
        return Err(LineError::Ambiguous { line: line.into(), places: places.into() });
    }
    match chip.lines.get(offset as usize) {
        Some(found) => Ok(place(line, chip, found)),
        None => Err(LineError::NoSuchOffset {
            line: line.into(),
            chip: describe(chip),
            offset,
            lines: chip.lines.len(),
        }),
    }
}

fn by_name(chips: &[Chip], line: &GpioLine, label: Option<&String>) -> Result<Place, LineError> {
    let wanted = line.kernel_name.as_ref().unwrap_or(&line.name);
    let here: Vec<&Chip> =
        chips.iter().filter(|chip| label.is_none_or(|label| chip.label == *label)).collect();
    if let (Some(label), true) = (label, here.is_empty()) {
        return Err(no_such_chip(chips, &line.name, label));
    }
    let lines = here.iter().flat_map(|chip| chip.lines.iter().map(|l| (*chip, l)));
    let found: Vec<_> = lines.clone().filter(|(_, l)| l.name == *wanted).collect();
    match found.as_slice() {
        [(chip, found)] => Ok(place(&line.name, chip, found)),
        [] => {
            let names = lines.map(|(_, l)| l.name.as_str()).filter(|name| !name.is_empty());
            Err(LineError::NoSuchName {
                line: line.name.clone(),
                kernel_name: wanted.clone(),
                like: similar(wanted, names).map(str::to_owned),
                chips: chips.iter().map(describe).collect(),
            })
        }
        many => Err(LineError::Ambiguous {
            line: line.name.clone(),
            places: many
                .iter()
                .map(|(chip, l)| format!("{} of {}", l.offset, describe(chip)))
                .collect(),
        }),
    }
}

fn no_such_chip(chips: &[Chip], line: &str, label: &str) -> LineError {
    LineError::NoSuchChip {
        line: line.into(),
        label: label.into(),
        like: similar(label, chips.iter().map(|chip| chip.label.as_str())).map(str::to_owned),
        chips: chips.iter().map(describe).collect(),
    }
}

fn place(line: &str, chip: &Chip, found: &ChipLine) -> Place {
    Place {
        line: line.into(),
        chip: chip.path.clone(),
        chip_label: chip.label.clone(),
        offset: found.offset,
        kernel_name: found.name.clone(),
        consumer: found.consumer.clone(),
    }
}

fn describe(chip: &Chip) -> String {
    format!("{} ({}, {} lines)", chip.label, chip.path.display(), chip.lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::GpioDriver;
    use crate::gpio::Unreadable;

    fn chip(number: u32, label: &str, names: &[&str]) -> Chip {
        let line = |(offset, name): (usize, &&str)| ChipLine {
            offset: offset as u32,
            name: (*name).into(),
            ..ChipLine::default()
        };
        Chip {
            path: format!("/dev/gpiochip{number}").into(),
            label: label.into(),
            lines: names.iter().enumerate().map(line).collect(),
        }
    }

    fn survey() -> Survey {
        let chips = vec![
            chip(0, "pinctrl-rp1", &["ID_SDA", "GPIO17", "GPIO27", "", "RESET"]),
            chip(4, "expander", &["", "", "RESET"]),
        ];
        Survey { chips, unreadable: vec![] }
    }

    fn line(name: &str) -> GpioLine {
        GpioLine {
            name: name.into(),
            kernel_name: None,
            chip_label: None,
            offset: None,
            header_pin: None,
            note: None,
        }
    }

    fn find_in(survey: &Survey, label: Option<&str>, line: &GpioLine) -> Result<Place, LineError> {
        let chip_label = label.map(str::to_owned);
        let board = GpioSection { driver: GpioDriver::Gpiocdev, chip_label, lines: vec![] };
        find(survey, &board, line)
    }

    #[test]
    fn a_line_goes_by_the_kernels_name() {
        let alarm = GpioLine { kernel_name: Some("GPIO17".into()), ..line("ALARM") };
        let place = find_in(&survey(), None, &alarm).unwrap();
        assert_eq!((place.offset, place.chip_label.as_str()), (1, "pinctrl-rp1"));
        assert_eq!(place.line, "ALARM");
        assert_eq!(find_in(&survey(), None, &line("GPIO27")).unwrap().offset, 2);
    }

    #[test]
    fn a_nameless_line_goes_by_label_and_offset() {
        let nameless = GpioLine { offset: Some(1), ..line("ALARM") };
        let place = find_in(&survey(), Some("expander"), &nameless).unwrap();
        assert_eq!((place.offset, place.chip.to_str()), (1, Some("/dev/gpiochip4")));
        let error = find_in(&survey(), None, &nameless).unwrap_err();
        assert!(matches!(error, LineError::NoChipLabel { .. }), "{error}");
        let far = GpioLine { offset: Some(3), ..line("ALARM") };
        let said = find_in(&survey(), Some("expander"), &far).unwrap_err().to_string();
        assert!(said.contains("has 3 lines, none at offset 3"), "{said}");
    }

    #[test]
    fn a_name_on_two_chips_needs_a_label() {
        let error = find_in(&survey(), None, &line("RESET")).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("4 of pinctrl-rp1") && said.contains("2 of expander"), "{said}");
        let reset = GpioLine { chip_label: Some("expander".into()), ..line("RESET") };
        assert_eq!(find_in(&survey(), None, &reset).unwrap().offset, 2);
    }

    #[test]
    fn what_is_absent_is_explained() {
        let said = find_in(&survey(), None, &line("GPIO71")).unwrap_err().to_string();
        assert!(said.contains("did you mean `GPIO17`?"), "{said}");
        assert!(said.contains("pinctrl-rp1 (/dev/gpiochip0, 5 lines)"), "{said}");
        let said =
            find_in(&survey(), Some("pinctrl-rp2"), &line("GPIO17")).unwrap_err().to_string();
        assert!(said.contains("did you mean `pinctrl-rp1`?"), "{said}");
        let said = find_in(&Survey::default(), None, &line("GPIO17")).unwrap_err().to_string();
        assert!(said.contains("this machine has no GPIO chip"), "{said}");
    }

    #[test]
    fn a_chip_that_cannot_be_read_is_blamed_first() {
        let reason = "Permission denied (os error 13)".to_owned();
        let path = "/dev/gpiochip9".into();
        let unreadable = vec![Unreadable { path, reason, denied: true }];
        let survey = Survey { unreadable, ..survey() };
        let said = find_in(&survey, None, &line("GPIO71")).unwrap_err().to_string();
        assert!(said.contains("/dev/gpiochip9") && said.contains("udev"), "{said}");
        assert!(find_in(&survey, None, &line("GPIO17")).is_ok());
    }
}
