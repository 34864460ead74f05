//! The picture in a few cells: where something is odd.

use serde::{Deserialize, Serialize};

/// Cells along each side of the picture.
pub const CELLS_SIDE: usize = 16;
/// Of the whole picture.
pub const CELL_COUNT: usize = CELLS_SIDE * CELLS_SIDE;

/// A value for each cell, row by row.
pub type ByCell = [f32; CELL_COUNT];

/// Some cells of the picture; as text four hexadecimal digits a row, from the top, of
/// which the highest bit is the left one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cells([u16; CELLS_SIDE]);

impl Cells {
    /// The cell of a point, in shares of the picture.
    pub fn at(x: f32, y: f32) -> usize {
        let along = |share: f32| ((share * CELLS_SIDE as f32) as usize).min(CELLS_SIDE - 1);
        along(y) * CELLS_SIDE + along(x)
    }

    /// The middle of a cell, in shares of the picture.
    pub fn middle(cell: usize) -> (f32, f32) {
        let along = |at: usize| (at as f32 + 0.5) / CELLS_SIDE as f32;
        (along(cell % CELLS_SIDE), along(cell / CELLS_SIDE))
    }

    pub fn insert(&mut self, cell: usize) {
        self.0[cell / CELLS_SIDE] |= bit(cell);
    }

    pub fn has(self, cell: usize) -> bool {
        self.0[cell / CELLS_SIDE] & bit(cell) != 0
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|row| self.0[row] | other.0[row]))
    }

    /// With every neighbour, also across a corner.
    #[must_use]
    pub fn widened(self) -> Self {
        let wide = self.0.map(|row| row | row << 1 | row >> 1);
        Self(std::array::from_fn(|row| {
            let above = if row > 0 { wide[row - 1] } else { 0 };
            wide[row] | above | wide.get(row + 1).copied().unwrap_or(0)
        }))
    }

    /// Of the picture, 0 to 1.
    pub fn share(self) -> f32 {
        self.0.iter().map(|row| row.count_ones()).sum::<u32>() as f32 / CELL_COUNT as f32
    }

    pub fn is_empty(self) -> bool {
        self.0 == [0; CELLS_SIDE]
    }
}

fn bit(cell: usize) -> u16 {
    0x8000 >> (cell % CELLS_SIDE)
}

impl From<Cells> for String {
    fn from(cells: Cells) -> Self {
        cells.0.iter().map(|row| format!("{row:04x}")).collect()
    }
}

impl TryFrom<String> for Cells {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_whole =
            text.len() == 4 * CELLS_SIDE && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let row = |at: usize| text.get(4 * at..4 * at + 4).map(|row| u16::from_str_radix(row, 16));
        let mut cells = Self::default();
        for (at, place) in cells.0.iter_mut().enumerate().filter(|_| is_whole) {
            *place = row(at).and_then(Result::ok).unwrap_or_default();
        }
        is_whole.then_some(cells).ok_or_else(|| format!("`{text}` is not 16 rows of 16 cells"))
    }
}

/// The largest value in each cell, of blocks by their upper left corner, row by row.
pub(super) fn largest(
    values: impl Iterator<Item = f32>,
    columns: usize,
    block_px: usize,
    (width_px, height_px): (usize, usize),
) -> ByCell {
    let mut by_cell = [0.0; CELL_COUNT];
    let half = block_px / 2;
    let (mut x, mut y) = (0, 0);
    for value in values {
        let across = (x + half) * CELLS_SIDE / width_px;
        let cell = &mut by_cell[(y + half) * CELLS_SIDE / height_px * CELLS_SIDE + across];
        *cell = value.max(*cell);
        x += 1;
        if x == columns {
            (x, y) = (0, y + 1);
        }
    }
    by_cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_where_they_say_also_as_text() {
        let mut cells = Cells::default();
        assert!(cells.is_empty() && cells.widened().is_empty());
        for (x, y) in [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)] {
            cells.insert(Cells::at(x, y));
        }
        assert_eq!(Cells::at(0.5, 0.25), 4 * CELLS_SIDE + 8);
        assert_eq!(Cells::at(Cells::middle(77).0, Cells::middle(77).1), 77);
        assert_eq!(cells.share(), 3.0 / 256.0);
        assert_eq!(cells.widened().share(), (4.0 + 9.0 + 4.0) / 256.0);
        assert!(cells.widened().has(5 * CELLS_SIDE + 9) && !cells.has(5 * CELLS_SIDE + 9));
        assert_eq!(cells.union(cells.widened()), cells.widened());
        let text = serde_json::to_string(&cells).unwrap();
        assert!(text.starts_with("\"8000000000000000") && text.ends_with("0001\""), "{text}");
        assert_eq!(serde_json::from_str::<Cells>(&text).unwrap(), cells);
        for wrong in ["\"\"", "\"80\"", &text.replace('8', "g"), &text.replace('8', "+")] {
            assert!(serde_json::from_str::<Cells>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cell_has_the_largest_of_its_blocks_by_their_middles() {
        let (columns, size) = (61, (64, 64));
        let value = |at: usize| if (at % columns, at / columns) == (30, 10) { 7.0 } else { 1.0 };
        let by_cell = largest((0..columns * columns).map(value), columns, 4, size);
        let cell = Cells::at(32.0 / 64.0, 12.0 / 64.0);
        assert!((0..CELL_COUNT).all(|at| by_cell[at] == if at == cell { 7.0 } else { 1.0 }));
    }
}
