//! The site file and the board files: read, checked, and explained.
//!
//! A *site file* says what one installation is: its board, camera, bundle,
//! mask, alarm budget and outputs. A *board file* says what a piece of hardware
//! is. Both are TOML, described key by key in `docs/ref/config.md`.
//!
//! Reading is one pass over a document that remembers where every value stood
//! (`document`), by code that names each key once (`reader`): asking for a key
//! declares it, and what nobody asked for is an unknown key. Problems are
//! collected (`report`), so that one run shows all of them. A file with a problem
//! is refused as a whole, so a reader goes on with the default, or without the
//! value, where one does not fit.
//!
//! This room only reads. It opens no camera, bundle or line, and never writes.

mod alarm;
mod board;
mod bundle_keys;
mod camera;
mod command;
mod diagnostic;
mod document;
mod hook;
mod input;
mod learn;
mod load;
mod lookup;
mod mask;
mod messenger;
mod modbus;
mod mqtt;
mod notices;
mod notify;
mod output;
mod reader;
mod report;
mod rtsp;
mod schedule;
mod site;
mod stays;
mod together;
mod trust;
mod url;
mod watchdog;
mod web;
mod webhook;
mod zone;

use std::path::{Path, PathBuf};

pub use alarm::{AlarmSection, BudgetSection, MemorySection};
pub use board::{
    Board, CpuSection, ExpanderAt, ExpanderChip, GpioDriver, GpioLine, GpioSection,
    RecommendedSection, ThermalSection, WatchdogSection,
};
pub use camera::{CameraSection, CameraSource, V4l2Section};
pub use diagnostic::{ConfigError, Diagnostic};
pub use hook::HookSection;
pub use input::{InputBias, InputLine, InputSection, PirInput};
pub use learn::{LearnSection, Preset};
pub use load::{LoadSection, MOTION_GATE_LEVELS};
pub use messenger::{NtfySection, TelegramSection};
pub use modbus::ModbusSection;
pub use mqtt::MqttSection;
pub use notices::{EVENT_KINDS, NoticeFilter};
pub use notify::NotifySection;
pub use output::{EventFolder, EventsSection, OutputLine, OutputSection};
#[cfg(feature = "runtime")]
pub(crate) use reader::similar;
pub use rtsp::RtspSection;
pub use schedule::Schedule;
pub use site::Site;
pub use stays::{StaysSection, TamperSection};
pub use together::conflicts;
pub use watchdog::{HardwareWatchdogUse, WatchdogPolicy};
pub use web::WebSection;
pub use webhook::{PLACEHOLDERS, WebhookFormat, WebhookSection};
pub use zone::Zone;

use report::Report;

/// Reads a site file and the board file that it names, and checks both.
///
/// Relative paths inside a file are taken from that file's own folder. Boards
/// named without a path are looked up in `board_dirs`, in order.
///
/// # Errors
/// Every problem found, in the order of the files and their lines.
pub fn load_site(path: &Path, board_dirs: &[PathBuf]) -> Result<Site, ConfigError> {
    let report = Report::default();
    let site = site::load(path, board_dirs, &report);
    report.into_result(site)
}

/// Checks a text as [`load_site`] would once it is in the file `path`.
///
/// # Errors
/// As [`load_site`].
pub fn parse_site(path: &Path, text: &str, board_dirs: &[PathBuf]) -> Result<Site, ConfigError> {
    let report = Report::default();
    let site = site::parse(path, text, board_dirs, &report);
    report.into_result(site)
}

/// Reads one board file with all that it inherits, and checks it. Bases are
/// looked up beside the file, then in `board_dirs`.
///
/// # Errors
/// Every problem found, in the order of the files and their lines.
pub fn load_board(path: &Path, board_dirs: &[PathBuf]) -> Result<Board, ConfigError> {
    let report = Report::default();
    let board = board::load(path, board_dirs, &report);
    report.into_result(board)
}

/// Names of the boards in these folders, sorted, each once. Folders that
/// cannot be read count as empty.
pub fn list_boards(board_dirs: &[PathBuf]) -> Vec<String> {
    lookup::list(board_dirs)
}

/// The boards in these folders, sorted by name, each once; those with problems are left
/// out.
pub fn load_boards(board_dirs: &[PathBuf]) -> Vec<Board> {
    let file = |name: &String| {
        let files = board_dirs.iter().map(|dir| dir.join(format!("{name}.toml")));
        files.into_iter().find(|file| file.is_file())
    };
    let files = list_boards(board_dirs).iter().filter_map(file).collect::<Vec<_>>();
    files.iter().filter_map(|file| load_board(file, board_dirs).ok()).collect()
}
