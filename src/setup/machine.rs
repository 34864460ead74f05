//! What a setup finds out about a machine, and what it does with it.

use std::path::Path;

use super::error::SetupError;
use super::still::Still;
use crate::alarm::Polarity;
use crate::config::{Board, CameraSection, Site};
use crate::doctor;

/// What can be known without asking.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub machine: doctor::Machine,
    /// All that there are.
    pub boards: Vec<Board>,
    /// V4L2 cameras, in the order of their nodes.
    pub cameras: Vec<FoundCamera>,
    /// Whether systemd feeds the hardware watchdog.
    pub systemd_feeds: bool,
    /// Site files beside the one that is made.
    pub neighbours: Vec<Site>,
}

/// A camera that the kernel drives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCamera {
    /// The name for `camera.device` that stays the same longest.
    pub device: String,
    /// What it calls itself.
    pub name: String,
    /// Why it cannot be used, with the remedy.
    pub problem: Option<String>,
}

/// A line to be switched for a moment.
#[derive(Clone, Copy, Debug)]
pub struct TestedLine<'a> {
    pub board: &'a Board,
    pub line: &'a str,
    pub polarity: Polarity,
    pub safe_active: bool,
}

/// A machine that is set up: this one, or one of a test.
pub trait Machine {
    /// Looks at everything that can be known, for a site file at `file`.
    fn facts(&self, file: &Path) -> Facts;

    /// Takes a still.
    ///
    /// # Errors
    /// The camera's.
    fn still(&self, camera: &CameraSection) -> Result<Still, SetupError>;

    /// Switches a line for two seconds; `tell` hears when it is on and when it is off again.
    ///
    /// # Errors
    /// The line's, or the program is to end: the line is back then, too.
    fn click(&self, line: TestedLine<'_>, tell: &mut dyn FnMut(bool)) -> Result<(), SetupError>;

    /// Loads a site with its bundle, as `run` would, and says in a line what it is.
    ///
    /// # Errors
    /// Why it cannot watch, in words.
    fn watches(&self, site: &Site) -> Result<String, String>;
}
