//! `[watchdog]`: what happens when the program hangs.

use super::board::Board;
use super::reader::Section;

/// `[watchdog]`: what happens when the program hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchdogPolicy {
    pub hardware: HardwareWatchdogUse,
    /// Silence after which a thread counts as hung and nothing is fed any
    /// more: 1 to 600, 10 by default.
    pub stall_s: u32,
}

/// Whether the board's hardware watchdog is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardwareWatchdogUse {
    /// If the board file names one; a warning when it cannot be had.
    #[default]
    IfPresent,
    /// The program does not start without it.
    Required,
    Off,
}

impl Default for WatchdogPolicy {
    fn default() -> Self {
        Self { hardware: HardwareWatchdogUse::default(), stall_s: 10 }
    }
}

impl WatchdogPolicy {
    pub(super) fn read(section: Option<Section<'_>>, board: Option<&Board>) -> Self {
        let usual = Self::default();
        let Some(mut section) = section else { return usual };
        let hardware = section.optional("hardware");
        let wanted = hardware.clone().and_then(|item| {
            item.choice(&[
                ("if-present", HardwareWatchdogUse::IfPresent),
                ("required", HardwareWatchdogUse::Required),
                ("off", HardwareWatchdogUse::Off),
            ])
        });
        if let (Some(HardwareWatchdogUse::Required), Some(item), Some(board)) =
            (wanted, &hardware, board)
            && board.watchdog.is_none()
        {
            let problem = format!("= \"required\", but board `{}` names none", board.name);
            item.invalid(&problem, &format!("add a [watchdog] to {}", board.file.display()));
        }
        let stall_s = section.optional("stall_s").and_then(|item| item.whole(1..=600));
        Self {
            hardware: wanted.unwrap_or(usual.hardware),
            stall_s: stall_s.unwrap_or(usual.stall_s),
        }
    }
}
