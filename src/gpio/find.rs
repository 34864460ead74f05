//! Looks up a line of the board in a survey of the machine's chips.

use super::error::LineError;
use super::place::Place;
use super::survey::{Chip, ChipLine, Survey};
use crate::config::{GpioLine, GpioSection, similar};

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
mod tests;
