//! Where one line of the board is in this machine.

use std::path::PathBuf;

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
    /// For messages: the kernel's name, or offset and chip.
    pub fn describe(&self) -> String {
        let Self { chip_label, offset, kernel_name, .. } = self;
        let name = if kernel_name.is_empty() { "unnamed" } else { kernel_name };
        format!("{name}, line {offset} of {chip_label}, {}", self.chip.display())
    }
}
