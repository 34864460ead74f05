//! Where one line of the board is in this machine.

use std::path::PathBuf;

#[cfg(feature = "i2c")]
use crate::config::ExpanderAt;

/// What the kernel shows as the holder of our lines.
pub const CONSUMER: &str = "normwatch";

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

impl Place {
    /// A pin of an expander.
    #[cfg(feature = "i2c")]
    pub(super) fn of_expander(line: &str, at: &ExpanderAt, pin: u32) -> Self {
        Self {
            line: line.into(),
            chip: at.bus.clone(),
            chip_label: format!("{} at {:#04x}", at.chip.name(), at.address),
            offset: pin,
            kernel_name: String::new(),
            consumer: None,
        }
    }

    /// For messages: the kernel's name, or offset and chip.
    pub fn describe(&self) -> String {
        let Self { chip_label, offset, kernel_name, .. } = self;
        let name = if kernel_name.is_empty() { "unnamed" } else { kernel_name };
        format!("{name}, line {offset} of {chip_label}, {}", self.chip.display())
    }
}
