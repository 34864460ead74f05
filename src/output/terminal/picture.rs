//! A frame in half blocks: two pixels to a cell, one above the other.

use super::grid::{Cell, Grid, Rgb};
use super::screen::{Colours, TerminalSize};
use super::view::{Heat, Picture};
use crate::output::report::heat;

/// Letters from dark to light for terminals without colour.
const LETTERS: &[u8] = b" .:-=+*#%@";

/// Where colour is missing, a cell from this strength on is marked.
const HOT: f32 = 0.5;

/// The two low bits are mostly sensor noise; without them, quiet parts of the
/// frame need not be sent again.
const STEADY_BITS: u8 = 0b1111_1100;

/// The largest size in cells within the given room that keeps the shape.
pub(super) fn fit(picture: Picture, columns: usize, rows: usize) -> (usize, usize) {
    let Picture { width_px, height_px, .. } = picture;
    if !picture.is_whole() {
        return (0, 0);
    }
    let columns_by_height = (rows * 2 * width_px + height_px / 2) / height_px;
    if columns_by_height <= columns {
        return (columns_by_height, rows);
    }
    (columns, (columns * height_px).div_ceil(width_px).div_ceil(2).min(rows))
}

/// A picture as lines of text, in two thirds of a terminal's height.
pub fn drawn(picture: Picture, size: TerminalSize, colours: Colours) -> String {
    let (columns, rows) = fit(picture, size.columns, size.rows * 2 / 3);
    let mut grid = Grid::new(columns, rows);
    paint(&mut grid, (0, 0), (columns, rows), picture, None, colours);
    let mut out = String::new();
    grid.lines(colours, &mut out);
    out
}

/// Paints the picture with its top left corner at `place`.
pub(super) fn paint(
    grid: &mut Grid,
    place: (usize, usize),
    size: (usize, usize),
    picture: Picture,
    heat_map: Option<Heat>,
    colours: Colours,
) {
    let (columns, rows) = size;
    if !picture.is_whole() {
        return;
    }
    for row in 0..rows {
        for column in 0..columns {
            let sample = |half: usize| {
                let grey = mean_grey(picture, (column, columns), (2 * row + half, 2 * rows));
                (grey, strength(heat_map, (column, columns), (2 * row + half, 2 * rows)))
            };
            grid.set(place.0 + column, place.1 + row, cell(sample(0), sample(1), colours));
        }
    }
}

fn cell(upper: (u8, f32), lower: (u8, f32), colours: Colours) -> Cell {
    if colours == Colours::None {
        let grey = usize::midpoint(upper.0.into(), lower.0.into());
        let letter = char::from(LETTERS[grey * LETTERS.len() / 256]);
        let glyph = if upper.1.max(lower.1) >= HOT { '×' } else { letter };
        return Cell { glyph, front: None, back: None, bold: false };
    }
    let colour = |(grey, strength): (u8, f32)| -> Rgb {
        heat::over(grey, strength).map(|v| v & STEADY_BITS)
    };
    Cell { glyph: '▀', front: Some(colour(upper)), back: Some(colour(lower)), bold: false }
}

/// The source pixels that one of `of` cells covers; at least one.
fn covered(part: usize, of: usize, pixels: usize) -> std::ops::Range<usize> {
    let start = part * pixels / of;
    start..((part + 1) * pixels / of).max(start + 1)
}

fn mean_grey(picture: Picture, across: (usize, usize), down: (usize, usize)) -> u8 {
    let columns = covered(across.0, across.1, picture.width_px);
    let rows = covered(down.0, down.1, picture.height_px);
    let count = (columns.len() * rows.len()) as u64;
    let sum: u64 = rows
        .flat_map(|y| &picture.grey[y * picture.width_px..][columns.clone()])
        .map(|v| u64::from(*v))
        .sum();
    (sum / count) as u8
}

/// The mean error in the cell, of what is known of it.
fn strength(heat_map: Option<Heat>, across: (usize, usize), down: (usize, usize)) -> f32 {
    let Some(map) = heat_map else { return 0.0 };
    if !map.is_whole() || map.full_scale <= 0.0 {
        return 0.0;
    }
    let columns = covered(across.0, across.1, map.width_px);
    let rows = covered(down.0, down.1, map.height_px);
    let errors = rows.flat_map(|y| &map.error[y * map.width_px..][columns.clone()]);
    let (sum, count) =
        errors.filter(|e| e.is_finite()).fold((0.0, 0), |(sum, n), e| (sum + e, n + 1));
    sum / count.max(1) as f32 / map.full_scale
}
