//! The run as a picture that is redrawn in place.

use std::io::{self, Write};

use super::grid::Grid;
use super::screen::{Colours, TerminalSize, harmless};
use super::view::{LiveState, View};
use super::{gauges, picture};

/// Columns of the words beside the picture, and the gap before them.
const PANEL_COLUMNS: usize = 26;
const GAP_COLUMNS: usize = 2;

/// The words need this many rows beside the picture.
const PANEL_ROWS: usize = 14;

/// Rows of the score over time.
const HISTORY_ROWS: usize = 4;

/// More would only cost bytes: a frame's size is a few hundred pixels.
const MOST_COLUMNS: usize = 160;
const MOST_ROWS: usize = 48;

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// Ask the terminal to show a frame only when it is complete; those that do
/// not know it ignore it.
const BEGIN_FRAME: &str = "\x1b[?2026h";
const END_FRAME: &str = "\x1b[?2026l";

/// The run as a picture that is redrawn in place.
///
/// It takes the lines from the cursor on, hides the cursor while it lives, and
/// gives it back when it is finished or dropped. Every frame is one write.
pub struct LiveView<W: Write> {
    out: W,
    size: TerminalSize,
    colours: Colours,
    shown: Grid,
    next: Grid,
    open: bool,
}

impl<W: Write> LiveView<W> {
    /// A view for a terminal of this size; nothing is written before the first
    /// [`View::draw`].
    pub fn new(out: W, size: TerminalSize, colours: Colours) -> Self {
        let grid = Self::grid(size);
        Self { out, size, colours, shown: grid.clone(), next: grid, open: false }
    }

    /// Follows a change of the terminal's size; cheap when there was none. The
    /// next frame then starts on a cleared screen, for what the terminal made
    /// of the old one is unknown.
    ///
    /// # Errors
    /// The terminal's own.
    pub fn resize(&mut self, size: TerminalSize) -> io::Result<()> {
        if size == self.size {
            return Ok(());
        }
        self.size = size;
        self.shown = Self::grid(size);
        self.next = self.shown.clone();
        if self.open {
            self.open = false;
            self.write("\x1b[0m\x1b[2J\x1b[H")?;
        }
        Ok(())
    }

    /// One row stays free, so that the last line's end never scrolls.
    fn grid(size: TerminalSize) -> Grid {
        Grid::new(size.columns.min(MOST_COLUMNS), size.rows.saturating_sub(1).clamp(1, MOST_ROWS))
    }

    fn compose(&mut self, state: &LiveState) {
        let grid = &mut self.next;
        grid.clear();
        let (columns, rows) = (grid.columns, grid.rows);
        let above = rows.saturating_sub(HISTORY_ROWS + 1);
        if above >= PANEL_ROWS && columns >= 2 * PANEL_COLUMNS + GAP_COLUMNS {
            let room = columns - PANEL_COLUMNS - GAP_COLUMNS;
            let size = picture::fit(state.frame, room, above);
            picture::paint(grid, (0, 0), size, state.frame, state.heat, self.colours);
            gauges::panel(grid, size.0 + GAP_COLUMNS, PANEL_COLUMNS, state);
            gauges::history(grid, above + 1, HISTORY_ROWS, state);
            return;
        }
        let above = rows.saturating_sub(2);
        let size = picture::fit(state.frame, columns, above);
        picture::paint(grid, (0, 0), size, state.frame, state.heat, self.colours);
        gauges::two_lines(grid, above, state);
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Leaves the cursor below the picture, visible.
    fn close(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        let below = format!("\x1b[0m\x1b[{}B\r{SHOW_CURSOR}", self.shown.rows);
        self.write(&below)
    }
}

impl<W: Write> View for LiveView<W> {
    fn draw(&mut self, state: &LiveState) -> io::Result<()> {
        self.compose(state);
        let mut text = String::from(BEGIN_FRAME);
        if !self.open {
            self.open = true;
            self.shown.clear();
            let lines = "\n".repeat(self.next.rows);
            text.push_str(&format!("{HIDE_CURSOR}{lines}\x1b[{}A\r\x1b[J", self.next.rows));
        }
        self.next.update(&self.shown, self.colours, &mut text);
        text.push_str(END_FRAME);
        std::mem::swap(&mut self.shown, &mut self.next);
        self.write(&text)
    }

    fn finish(&mut self, summary: &str) -> io::Result<()> {
        self.close()?;
        let lines: String = summary
            .lines()
            .map(|line| line.chars().map(harmless).collect::<String>() + "\n")
            .collect();
        self.write(&lines)
    }
}

impl<W: Write> Drop for LiveView<W> {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.close();
    }
}
