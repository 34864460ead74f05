//! Why a line of the board cannot be used, and what to do about it.

use std::path::Path;

use thiserror::Error;

use super::place::Place;
use super::survey::Unreadable;
use crate::access;

/// Why a line of the board cannot be had.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LineError {
    #[error("the board has no line `{line}`")]
    Unknown { line: String },
    #[error(
        "the line `{line}` cannot be driven: this program was built without the feature `gpio`; \
         build it with the default features, or use a board whose `gpio.driver` is \"simulated\""
    )]
    NotBuilt { line: String },
    #[error("the line `{line}` has an `offset` but no chip: add `chip_label` to the board file")]
    NoChipLabel { line: String },
    #[error(
        "the line `{line}` is on the chip labelled `{label}`, which is not here{}; {}",
        meant(like),
        present(chips)
    )]
    NoSuchChip { line: String, label: String, like: Option<String>, chips: Vec<String> },
    #[error("the line `{line}`: the chip {chip} has {lines} lines, none at offset {offset}")]
    NoSuchOffset { line: String, chip: String, offset: u32, lines: usize },
    #[error(
        "the line `{line}`: the kernel names no line `{kernel_name}`{}; {}; `normwatch doctor` \
         lists every line",
        meant(like),
        present(chips)
    )]
    NoSuchName { line: String, kernel_name: String, like: Option<String>, chips: Vec<String> },
    #[error(
        "the line `{line}` is there more than once: {}; set `chip_label` in the board file",
        places.join(", ")
    )]
    Ambiguous { line: String, places: Vec<String> },
    #[error(
        "the line `{line}` may be on {}, which cannot be read ({}); {}",
        chip.path.display(),
        chip.reason,
        access::remedy(Path::new("/"), &chip.path)
    )]
    Unreadable { line: String, chip: Unreadable },
    #[error(
        "the line `{}` ({}) is held by {}; stop that program, unload that driver, or use another line",
        place.line,
        place.describe(),
        holder(&place.consumer)
    )]
    Held { place: Box<Place> },
    #[error(
        "the line `{}` ({}) does not become {wanted}: {reason}; it may be input-only or serve \
         another function of the board: use another line",
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
        chips => format!("chips here: {}", chips.join(", ")),
    }
}

fn holder(consumer: &Option<String>) -> String {
    match consumer.as_deref() {
        None | Some("") => "somebody who gives no name".into(),
        Some(name) => format!("`{name}`"),
    }
}
