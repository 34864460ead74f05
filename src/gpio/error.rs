//! Why a line of the board cannot be used, and what to do about it.

use std::path::Path;

use thiserror::Error;

use super::place::Place;
use super::survey::Unreadable;
use crate::access;

/// Why a line of the board cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LineError {
    #[error("the board has no GPIO line `{line}`")]
    Unknown { line: String },
    #[error(
        "GPIO line `{line}` cannot be driven: this program was built without the feature `gpio`; \
         build it with the default features, or use a board whose `gpio.driver` is \"simulated\""
    )]
    NotBuilt { line: String },
    #[error(
        "GPIO line `{line}` is a pin of an I²C expander: this program was built without the feature \
         `i2c`; build it with the feature, or let the kernel drive the chip and name the line by its \
         `chip_label`"
    )]
    NoI2c { line: String },
    #[error(
        "GPIO line `{line}` is a pin of an I²C expander, which are outputs here: take a line that the \
         kernel drives"
    )]
    OutputOnly { line: String },
    #[error("GPIO line `{line}` has an `offset` but no chip: add `chip_label` to the board file")]
    NoChipLabel { line: String },
    #[error(
        "GPIO line `{line}` is on the chip labelled `{label}`, which was not found{}; {}",
        meant(like),
        present(chips)
    )]
    NoSuchChip { line: String, label: String, like: Option<String>, chips: Vec<String> },
    #[error("GPIO line `{line}`: the chip {chip} has {lines} lines, none at offset {offset}")]
    NoSuchOffset { line: String, chip: String, offset: u32, lines: usize },
    #[error(
        "GPIO line `{line}`: the kernel has no line named `{kernel_name}`{}; {}; `normwatch doctor` \
         lists every line",
        meant(like),
        present(chips)
    )]
    NoSuchName { line: String, kernel_name: String, like: Option<String>, chips: Vec<String> },
    #[error(
        "GPIO line `{line}` was found more than once: {}; set `chip_label` in the board file",
        places.join(", ")
    )]
    Ambiguous { line: String, places: Vec<String> },
    #[error(
        "GPIO line `{line}` may be on {}, which cannot be read ({}); {}",
        chip.path.display(),
        chip.reason,
        access::remedy(Path::new("/"), &chip.path)
    )]
    Unreadable { line: String, chip: Unreadable },
    #[error(
        "GPIO line `{}` ({}) is in use by {}; stop that program, unload that driver, or use another line",
        place.line,
        place.describe(),
        holder(&place.consumer)
    )]
    Held { place: Box<Place> },
    #[error(
        "cannot use GPIO line `{}` ({}) as {wanted}: {reason}; the line may be input-only, or serve \
         another function of the board: use another one",
        place.line,
        place.describe()
    )]
    Refused { place: Box<Place>, wanted: &'static str, reason: String },
}

fn meant(like: &Option<String>) -> String {
    like.as_ref().map(|like| format!("; did you mean `{like}`?")).unwrap_or_default()
}

fn present(chips: &[String]) -> String {
    match chips {
        [] => "this machine has no GPIO chip (/dev/gpiochip*)".into(),
        chips => format!("chips found: {}", chips.join(", ")),
    }
}

fn holder(consumer: &Option<String>) -> String {
    match consumer.as_deref() {
        None | Some("") => "an unnamed process".into(),
        Some(name) => format!("`{name}`"),
    }
}
