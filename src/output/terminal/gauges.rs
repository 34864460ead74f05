//! The score as a bar and over time, and the words beside the picture.

use super::grid::{Cell, Grid, Ink, Rgb};
use super::view::LiveState;

pub(super) const QUIET: Rgb = [140, 148, 156];
const CALM: Rgb = [92, 170, 130];
const WARM: Rgb = [230, 180, 60];
const ALARM: Rgb = [236, 106, 42];
const WHITE: Rgb = [255, 255, 255];
const TRUTH: Rgb = [108, 184, 236];

/// Lower blocks from one eighth to eight.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn score_colour(state: &LiveState, score: f32) -> Rgb {
    match score {
        s if s >= state.enter_level => ALARM,
        s if s >= state.exit_level => WARM,
        _ => CALM,
    }
}

fn score_text(score: Option<f32>) -> String {
    score.filter(|s| !s.is_nan()).map_or("–".to_owned(), |s| format!("{s:.2}"))
}

fn line_level(high: Option<bool>) -> &'static str {
    match high {
        Some(true) => "HIGH",
        Some(false) => "low",
        None => "unknown",
    }
}

fn truth_word(truth: Option<bool>) -> Option<&'static str> {
    truth.map(|abnormal| if abnormal { "anomaly" } else { "normal" })
}

fn state_ink(state: &LiveState) -> Ink {
    if state.alarm_active {
        Ink { front: Some(WHITE), back: Some([190, 60, 20]), bold: true }
    } else if state.state == "suspect" {
        Ink { front: Some([20, 16, 0]), back: Some(WARM), bold: true }
    } else {
        Ink { front: None, back: None, bold: true }
    }
}

/// Everything in words and numbers, one fact to a line.
pub(super) fn panel(grid: &mut Grid, column: usize, width: usize, state: &LiveState) {
    let end = (column + width).min(grid.columns);
    grid.text(column, 0, state_ink(state), &format!(" {} ", state.state.to_uppercase()));
    let over = state.score.is_some_and(|s| s >= state.exit_level);
    let ink = match state.score {
        Some(score) if over => Ink { bold: true, ..Ink::colour(score_colour(state, score)) },
        _ => Ink { bold: true, ..Ink::default() },
    };
    fact(grid, (column, end), 2, "score", ink, &score_text(state.score));
    bar(grid, (column, end), 3, state);
    let levels = format!("exit {:.2}  enter {:.2}", state.exit_level, state.enter_level);
    grid.text_ending(end, 4, Ink::colour(QUIET), &levels);
    let level_ink = |high: Option<bool>| Ink { bold: high == Some(true), ..Ink::default() };
    fact(
        grid,
        (column, end),
        6,
        "alarm line",
        level_ink(state.alarm_line_high),
        line_level(state.alarm_line_high),
    );
    fact(
        grid,
        (column, end),
        7,
        "fault line",
        level_ink(state.fault_line_high),
        line_level(state.fault_line_high),
    );
    if let Some(word) = truth_word(state.truth) {
        let ink = if state.truth == Some(true) { Ink::colour(TRUTH) } else { Ink::default() };
        fact(grid, (column, end), 8, "truth", ink, word);
    }
    let total = state.frame_total.map_or(String::new(), |total| format!(" of {total}"));
    fact(
        grid,
        (column, end),
        10,
        "frame",
        Ink::default(),
        &format!("{}{total}", state.frame_number + 1),
    );
    fact(grid, (column, end), 11, "time", Ink::default(), &format!("{:.1} s", state.time_s));
    fact(grid, (column, end), 12, "rate", Ink::default(), &format!("{:.1} fps", state.fps));
    fact(
        grid,
        (column, end),
        13,
        "cost",
        Ink::default(),
        &format!("{:.1} ms per frame", state.ms_per_frame),
    );
    if grid.rows > 20 {
        grid.text(column, 15, Ink::colour(QUIET), state.title);
    }
}

fn fact(
    grid: &mut Grid,
    (column, end): (usize, usize),
    row: usize,
    label: &str,
    ink: Ink,
    value: &str,
) {
    grid.text(column, row, Ink::colour(QUIET), label);
    grid.text_ending(end, row, ink, value);
}

/// The most important facts, for where there is no room beside the picture:
/// state and score in `row`, the rest in the row below.
pub(super) fn two_lines(grid: &mut Grid, row: usize, state: &LiveState) {
    let end = grid.text(0, row, state_ink(state), &format!(" {} ", state.state.to_uppercase()));
    let end = grid.text(end, row, Ink::default(), &format!("  score {}", score_text(state.score)));
    grid.text(end, row, Ink::colour(QUIET), &format!("  enter {:.2}", state.enter_level));
    let lines = [line_level(state.alarm_line_high), line_level(state.fault_line_high)];
    let end =
        grid.text(0, row + 1, Ink::default(), &format!(" alarm {}  fault {}", lines[0], lines[1]));
    let truth = truth_word(state.truth).map_or(String::new(), |word| format!("  truth {word}"));
    grid.text(end, row + 1, Ink::colour(QUIET), &format!("{truth}  {:.1} s", state.time_s));
}

/// The score as a horizontal bar to half as much again as the enter level,
/// where a stroke stands.
fn bar(grid: &mut Grid, (column, end): (usize, usize), row: usize, state: &LiveState) {
    let width = end.saturating_sub(column);
    let place = |value: f32| {
        (value / (state.enter_level * 1.5) * width as f32).clamp(0.0, width as f32) as usize
    };
    let score = state.score.filter(|s| !s.is_nan()).unwrap_or(0.0);
    let (filled, mark) = (place(score), place(state.enter_level));
    for i in 0..width {
        let (glyph, front) = match i {
            i if i == mark => ('│', WHITE),
            i if i < filled => ('█', score_colour(state, score)),
            _ => ('·', QUIET),
        };
        grid.set(column + i, row, Cell { glyph, front: Some(front), back: None, bold: false });
    }
}

/// The score's last stretch over the whole width, the enter level dotted in.
pub(super) fn history(grid: &mut Grid, top: usize, rows: usize, state: &LiveState) {
    const LABEL: usize = 12;
    let width = grid.columns.saturating_sub(LABEL);
    let known = state.history.iter().flatten().copied().filter(|s| s.is_finite());
    let high = known.fold(state.enter_level * 1.25, f32::max);
    let eighths = (rows * 8) as f32;
    let height = |value: f32| (value / high * eighths).clamp(0.0, eighths).round() as usize;
    let enter_row = rows.saturating_sub(1 + height(state.enter_level).saturating_sub(1) / 8);
    for column in 0..width {
        let value = peak(state.history, column, width);
        let tall = value.map_or(0, |v| height(v).max(1));
        for row in 0..rows {
            let filled = tall.saturating_sub((rows - 1 - row) * 8).min(8);
            let (glyph, front) = match (filled, value) {
                (1.., Some(value)) => (EIGHTHS[filled - 1], score_colour(state, value)),
                _ if row == enter_row => ('┄', QUIET),
                _ => continue,
            };
            grid.set(
                column,
                top + row,
                Cell { glyph, front: Some(front), back: None, bold: false },
            );
        }
    }
    let label = format!(" enter {:.2}", state.enter_level);
    grid.text(width, top + enter_row, Ink::colour(QUIET), &label);
}

/// The value at a column: the newest stands at the right edge, and where
/// there are more values than columns each column shows its highest.
fn peak(history: &[Option<f32>], column: usize, width: usize) -> Option<f32> {
    let values = if history.len() <= width {
        let at = (column + history.len()).checked_sub(width)?;
        &history[at..=at]
    } else {
        &history[column * history.len() / width..(column + 1) * history.len() / width]
    };
    values.iter().flatten().copied().filter(|v| !v.is_nan()).max_by(f32::total_cmp)
}
