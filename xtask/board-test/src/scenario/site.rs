//! The site file of each step, and how the program is started and stopped with it.

use anyhow::{Context, Result};

use super::{BUNDLE, EVENT_FOLDER, EVENTS, LOG, PATIENCE};
use crate::arch::Arch;
use crate::running::Board;
use crate::running::Line;

pub const SITE: &str = "/etc/normwatch/site.toml";

const USUAL_FORMAT: &str = "grey";

/// What differs between the sites of the steps.
#[derive(Clone, Copy, Default)]
pub struct Site {
    /// The alarm lasts until it is acknowledged.
    pub latch: bool,
    /// The hardware watchdog is fed.
    pub watchdog: bool,
    /// The camera's pixel format; [`USUAL_FORMAT`] where it says none.
    pub format: Option<&'static str>,
}

impl Site {
    fn text(self, arch: Arch) -> String {
        let fault = match arch.gpio_register() {
            Some(_) => "PL061-5",
            None => "FAULT",
        };
        let watchdog = if self.watchdog { "required" } else { "off" };
        format!(
            r#"board = "virtual"
bundle = "{BUNDLE}"
[camera]
source = "v4l2"
device = "vivid"
format = "{format}"
width_px = 320
height_px = 180
read_timeout_ms = 1500
[camera.controls]
test_pattern = "100% Red"
osd_text_mode = "None"
[budget]
alarms_per_day = 1000.0
[alarm]
min_duration_ms = 800
hold_ms = 300
cooldown_ms = 500
warm_up_ms = 1000
latch = {latch}
[watchdog]
hardware = "{watchdog}"
stall_s = 4
[output.alarm]
line = "ALARM"
[output.fault]
line = "{fault}"
[input.acknowledge]
line = "ACK"
debounce_ms = 20
[output.events]
path = "{EVENTS}"
folder = "{EVENT_FOLDER}"
"#,
            latch = self.latch,
            format = self.format.unwrap_or(USUAL_FORMAT),
        )
    }

    /// Writes the site file.
    ///
    /// # Errors
    /// The guest cannot.
    pub fn write(self, board: &mut Board) -> Result<()> {
        let text = self.text(board.arch);
        board.says(&format!("{SITE}:"));
        for line in text.lines() {
            board.says(&format!("> {line}"));
        }
        board.write(SITE, &text)
    }

    /// The same, with no more in the transcript than what differs.
    ///
    /// # Errors
    /// The guest cannot.
    pub fn write_quietly(self, board: &mut Board) -> Result<()> {
        let text = self.text(board.arch);
        let Site { latch, watchdog, format } = self;
        let format = format.unwrap_or(USUAL_FORMAT);
        board.says(&format!("site: format {format}, latch {latch}, watchdog {watchdog}"));
        board.write(SITE, &text)
    }

    /// Starts the program in the background and waits until it vouches for what
    /// it sees: its fault line is high.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn start(self, board: &mut Board, options: &str) -> Result<()> {
        self.write_quietly(board)?;
        board.look(&format!("rm -f {EVENTS}"))?;
        board.succeeds(
            &format!("normwatch run --config {SITE} {options} >{LOG} 2>&1 & watcher=$!"),
            PATIENCE,
        )?;
        board.wait_level(Line::Fault, true, PATIENCE)?;
        board.keeps_level(Line::Alarm, false, std::time::Duration::from_secs(2))
    }

    /// Ends the program in order, and shows what it said.
    ///
    /// # Errors
    /// It does not end, or not with exit code 0.
    pub fn stop(board: &mut Board) -> Result<()> {
        board.succeeds("kill -TERM $watcher && wait $watcher", PATIENCE)?;
        board.succeeds(&format!("cat {LOG}"), PATIENCE)?;
        Ok(())
    }
}

/// How many events of the current run match `pattern`.
///
/// # Errors
/// There is no event log.
pub fn count_events(board: &mut Board, pattern: &str) -> Result<u32> {
    let count = board.look(&format!("grep -c '{pattern}' {EVENTS} || true"))?;
    count.trim().parse().with_context(|| format!("{EVENTS} cannot be counted: {count}"))
}

/// Waits until more than `before` events match `pattern`.
///
/// # Errors
/// They do not in time.
pub fn wait_event(board: &mut Board, what: &str, pattern: &str, before: u32) -> Result<()> {
    let command = format!("[ $(grep -c '{pattern}' {EVENTS}) -gt {before} ]");
    board.wait_for(what, &command, PATIENCE)
}
