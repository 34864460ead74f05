//! What a person at a terminal sees while the pipeline runs.
//!
//! [`LiveView`] paints frame, score and line levels in place; [`PlainView`]
//! prints lines, for pipes, logs and dumb terminals. Both are a [`View`].

mod gauges;
mod grid;
mod live;
mod picture;
mod plain;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::AsFd;

pub use live::LiveView;
pub use plain::PlainView;

/// Anything that follows a run and closes with a few words about it.
pub trait View {
    /// Shows the present state.
    ///
    /// # Errors
    /// The terminal's own.
    fn draw(&mut self, state: &LiveState) -> io::Result<()>;

    /// Leaves the terminal as it was, with `summary` below what was shown. Its
    /// line breaks are kept.
    ///
    /// # Errors
    /// The terminal's own.
    fn finish(&mut self, summary: &str) -> io::Result<()>;
}

/// One moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct LiveState<'a> {
    /// What is being played, in a few words.
    pub title: &'a str,
    pub frame: Picture<'a>,
    /// Error to tint the frame with.
    pub heat: Option<Heat<'a>>,
    /// In −log10 p; `None` while there is none.
    pub score: Option<f32>,
    pub enter_level: f32,
    pub exit_level: f32,
    /// The last scores, oldest first.
    pub history: &'a [Option<f32>],
    /// The alarm machine's state by its name in the event log.
    pub state: &'a str,
    /// Whether the state holds the alarm output active.
    pub alarm_active: bool,
    /// Electrical level, high or low; `None` when it is not known.
    pub alarm_line_high: Option<bool>,
    /// Electrical level, high or low; `None` when it is not known.
    pub fault_line_high: Option<bool>,
    /// Counted from 0.
    pub frame_number: u64,
    pub frame_total: Option<u64>,
    /// Position in the footage.
    pub time_s: f64,
    pub fps: f64,
    pub ms_per_frame: f64,
    /// Whether this frame is truly abnormal, where somebody has said so.
    pub truth: Option<bool>,
}

/// Grey pixels row by row. One whose buffer is shorter than its size says is
/// not shown.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    pub grey: &'a [u8],
    pub width_px: usize,
    pub height_px: usize,
}

impl Picture<'_> {
    fn is_whole(&self) -> bool {
        covers(self.grey.len(), self.width_px, self.height_px)
    }
}

/// Squared error row by row at its own resolution, stretched over the frame.
#[derive(Clone, Copy, Debug)]
pub struct Heat<'a> {
    pub error: &'a [f32],
    pub width_px: usize,
    pub height_px: usize,
    /// The error that gets the brightest colour.
    pub full_scale: f32,
}

impl Heat<'_> {
    fn is_whole(&self) -> bool {
        covers(self.error.len(), self.width_px, self.height_px)
    }
}

fn covers(values: usize, width_px: usize, height_px: usize) -> bool {
    width_px.checked_mul(height_px).is_some_and(|pixels| pixels > 0 && pixels <= values)
}

/// A terminal's size in character cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    pub columns: usize,
    pub rows: usize,
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self { columns: 80, rows: 24 }
    }
}

impl TerminalSize {
    /// The size of the terminal behind `fd`, 80 × 24 where it does not say.
    pub fn of(fd: impl AsFd) -> Self {
        match rustix::termios::tcgetwinsize(fd) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                Self { columns: size.ws_col.into(), rows: size.ws_row.into() }
            }
            _ => Self::default(),
        }
    }
}

/// What colours a terminal can show, or its user wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// 24 bits.
    True,
    /// The 256-colour palette.
    Palette,
    /// None at all: pictures turn into letters.
    None,
}

impl Colours {
    /// Reads `NO_COLOR` and `COLORTERM`.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var_os(name).unwrap_or_default();
        Self::choose(
            &variable("NO_COLOR").to_string_lossy(),
            &variable("COLORTERM").to_string_lossy(),
        )
    }

    /// Chooses by the values of the two variables, empty where unset.
    pub fn choose(no_color: &str, colorterm: &str) -> Self {
        match colorterm {
            _ if !no_color.is_empty() => Self::None,
            "truecolor" | "24bit" => Self::True,
            _ => Self::Palette,
        }
    }
}

/// Whether `fd` is a terminal that understands cursor movement.
pub fn supports_live_view(fd: impl AsFd) -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    rustix::termios::isatty(fd) && !dumb
}

/// Text for a terminal: control characters cannot act and no character is
/// wider than one cell.
fn harmless(c: char) -> char {
    let narrow = matches!(c,
        ' '..='~'
        | '\u{a1}'..='\u{2ff}'
        | '\u{370}'..='\u{481}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2190}'..='\u{2193}'
        | '\u{2212}'
        | '\u{2500}'..='\u{25ff}'
    );
    if narrow && c != '\u{ad}' { c } else { '?' }
}
