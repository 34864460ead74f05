//! What the terminal can show: its size, its colours, its characters.

use std::env;
use std::os::fd::AsFd;

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
        let variable = |name| env::var_os(name).unwrap_or_default();
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
    let dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    rustix::termios::isatty(fd) && !dumb
}

/// Text for a terminal: control characters cannot act and no character is
/// wider than one cell.
pub(super) fn harmless(c: char) -> char {
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
