//! A sheet of character cells and the shortest way to bring it up to date.

use super::screen::{Colours, harmless};

pub(super) type Rgb = [u8; 3];

/// One character cell; `None` is the terminal's own colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) glyph: char,
    pub(super) front: Option<Rgb>,
    pub(super) back: Option<Rgb>,
    pub(super) bold: bool,
}

impl Cell {
    const BLANK: Self = Self { glyph: ' ', front: None, back: None, bold: false };
}

/// How text looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ink {
    pub(super) front: Option<Rgb>,
    pub(super) back: Option<Rgb>,
    pub(super) bold: bool,
}

impl Ink {
    pub(super) fn colour(front: Rgb) -> Self {
        Self { front: Some(front), ..Self::default() }
    }
}

/// Cells row by row. Whatever is written beyond an edge is lost, so nothing
/// drawn through a grid can wrap a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    cells: Vec<Cell>,
}

impl Grid {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![Cell::BLANK; columns * rows] }
    }

    pub(super) fn clear(&mut self) {
        self.cells.fill(Cell::BLANK);
    }

    pub(super) fn set(&mut self, column: usize, row: usize, cell: Cell) {
        if column < self.columns && row < self.rows {
            self.cells[row * self.columns + column] = cell;
        }
    }

    /// Writes from `column` on and returns the column after the text.
    pub(super) fn text(&mut self, column: usize, row: usize, ink: Ink, text: &str) -> usize {
        let Ink { front, back, bold } = ink;
        text.chars().fold(column, |column, c| {
            self.set(column, row, Cell { glyph: harmless(c), front, back, bold });
            column + 1
        })
    }

    /// Writes so that the last character stands before `end`.
    pub(super) fn text_ending(&mut self, end: usize, row: usize, ink: Ink, text: &str) {
        self.text(end.saturating_sub(text.chars().count()), row, ink, text);
    }

    /// Appends the rows, each with a line break: for what scrolls.
    pub(super) fn lines(&self, colours: Colours, out: &mut String) {
        for row in self.cells.chunks_exact(self.columns.max(1)) {
            let mut pen = Pen { colours, shown: String::new() };
            row.iter().for_each(|cell| pen.write(*cell, out));
            pen.lift(out);
            out.push('\n');
        }
    }

    /// Appends what turns the shown `before` into `self`. The cursor stands at
    /// the grid's first cell before and after.
    pub(super) fn update(&self, before: &Self, colours: Colours, out: &mut String) {
        let mut pen = Pen { colours, shown: String::new() };
        let mut row_now = 0;
        for row in 0..self.rows {
            let mut column_now = None;
            for column in 0..self.columns {
                let i = row * self.columns + column;
                if self.cells[i] == before.cells[i] {
                    continue;
                }
                if row > row_now {
                    out.push_str(&format!("\x1b[{}B", row - row_now));
                    row_now = row;
                }
                if column_now != Some(column) {
                    out.push_str(&format!("\x1b[{}G", column + 1));
                }
                pen.write(self.cells[i], out);
                column_now = Some(column + 1);
            }
        }
        pen.lift(out);
        if row_now > 0 {
            out.push_str(&format!("\x1b[{row_now}A"));
        }
        out.push('\r');
    }
}

/// Remembers the attributes in force, to state only changes.
struct Pen {
    colours: Colours,
    shown: String,
}

impl Pen {
    fn write(&mut self, cell: Cell, out: &mut String) {
        let wanted = self.attributes(cell);
        if wanted != self.shown {
            out.push_str(&format!("\x1b[0{wanted}m"));
            self.shown = wanted;
        }
        out.push(cell.glyph);
    }

    fn lift(&mut self, out: &mut String) {
        if !self.shown.is_empty() {
            out.push_str("\x1b[0m");
        }
    }

    fn attributes(&self, cell: Cell) -> String {
        let mut out = String::new();
        if self.colours == Colours::None {
            return out;
        }
        if cell.bold {
            out.push_str(";1");
        }
        for (layer, colour) in [(38, cell.front), (48, cell.back)] {
            let Some([r, g, b]) = colour else { continue };
            out.push_str(&match self.colours {
                Colours::True => format!(";{layer};2;{r};{g};{b}"),
                _ => format!(";{layer};5;{}", palette_index([r, g, b])),
            });
        }
        out
    }
}

/// The nearest of the palette's 24 greys for a grey, of its 6 × 6 × 6 cube for
/// a colour.
pub(super) fn palette_index([r, g, b]: Rgb) -> u8 {
    let (low, high) = (r.min(g).min(b), r.max(g).max(b));
    if high - low < 8 {
        return match high {
            0..=3 => 16,
            247.. => 231,
            grey => 232 + (grey.saturating_sub(3) / 10).min(23),
        };
    }
    let level = |v: u8| match v {
        0..=47 => 0,
        48..=114 => 1,
        v => (v - 35) / 40,
    };
    16 + 36 * level(r) + 6 * level(g) + level(b)
}
