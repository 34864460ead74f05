//! What the kernel says about the GPIO chips of this machine, as plain data.

use std::path::PathBuf;

use serde::Serialize;

/// One GPIO character device, as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chip {
    /// The device node. Its number may be another after the next start.
    pub path: PathBuf,
    /// The driver's name for the chip, for instance `pinctrl-bcm2711`.
    pub label: String,
    /// In the order of their offsets, none left out.
    pub lines: Vec<ChipLine>,
}

/// One line of a [`Chip`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChipLine {
    pub offset: u32,
    /// Empty where the kernel has no name for it.
    pub name: String,
    /// Who holds the line; empty where a holder gives no name.
    pub consumer: Option<String>,
    pub is_output: bool,
}

/// A chip whose device node could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    pub path: PathBuf,
    pub reason: String,
    /// Because of its permissions.
    pub denied: bool,
}

/// Every chip of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    pub chips: Vec<Chip>,
    pub unreadable: Vec<Unreadable>,
}
