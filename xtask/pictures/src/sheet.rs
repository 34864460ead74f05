//! The two pictures: the demonstration at work, and one event.

use anyhow::Result;
use normwatch::alarm::State;

use crate::canvas::{Canvas, Letters};
use crate::demonstration::{Demonstration, Judged};
use crate::palette::{Ink, pixel};

/// The error that gets the brightest colour, as in the terminal.
const FULL_SCALE: f32 = 0.05;
/// Grey levels that a pixel must differ by to be drawn again: less is noise, and
/// would only cost bytes.
const NOISE: u8 = 12;

/// From two seconds before the cart comes until the alarm is over.
pub const FILM_S: (f64, f64) = (22.0, 35.0);
/// Every so many frames of the clip is one of the film.
pub const FILM_STEP: usize = 2;
/// The moment of the still.
pub const STILL_S: f64 = 28.4;

const PANEL_WIDTH: usize = 320;
const CHART_HEIGHT: usize = 112;
const CHART_TOP_SCORE: f32 = 8.0;

/// The frames of the film.
///
/// # Errors
/// A frame of the clip cannot be read.
pub fn film(demonstration: &Demonstration) -> Result<Vec<Canvas>> {
    let mut steady: Vec<u8> = Vec::new();
    let mut out = Vec::new();
    for judged in within(demonstration).step_by(FILM_STEP) {
        let (grey, width, height) = demonstration.clip.luma(judged.frame, demonstration.fps)?;
        steady.resize(grey.len(), 0);
        for (shown, now) in steady.iter_mut().zip(&grey) {
            if shown.abs_diff(*now) > NOISE {
                *shown = *now;
            }
        }
        let mut canvas = Canvas::new(width + PANEL_WIDTH, height + CHART_HEIGHT);
        paint(&mut canvas, 0, &steady, (width, height), Some((demonstration, judged)));
        panel(&mut canvas, width as i32 + 18, demonstration, judged);
        chart(&mut canvas, height as i32, demonstration, judged);
        out.push(canvas);
    }
    Ok(out)
}

/// The camera's frame, and beside it the same with the error of prediction over
/// it and the block that decided.
///
/// # Errors
/// The frame cannot be read.
pub fn still(demonstration: &Demonstration) -> Result<Canvas> {
    let judged = demonstration
        .frames
        .iter()
        .find(|judged| judged.time_s >= STILL_S)
        .ok_or_else(|| anyhow::anyhow!("the clip ends before {STILL_S} s"))?;
    let (grey, width, height) = demonstration.clip.luma(judged.frame, demonstration.fps)?;
    let gap = 4;
    let mut canvas = Canvas::new(2 * width + gap, height);
    paint(&mut canvas, 0, &grey, (width, height), None);
    let left = width + gap;
    paint(&mut canvas, left, &grey, (width, height), Some((demonstration, judged)));
    let [x, y, side] = judged.worst_block;
    let (map_width, map_height) = demonstration.map;
    let place = |at: usize, map: usize, size: usize| at * size / map;
    let size = (place(side, map_width, width), place(side, map_height, height));
    let (x, y) = (left + place(x, map_width, width), place(y, map_height, height));
    canvas.outline(x as i32, y as i32, (size.0 as u32, size.1 as u32), Ink::Outline);
    Ok(canvas)
}

fn within(demonstration: &Demonstration) -> impl Iterator<Item = &Judged> {
    let (from, to) = FILM_S;
    demonstration.frames.iter().filter(move |judged| (from..=to).contains(&judged.time_s))
}

/// The frame at `left`, with the errors of a judgement over it.
fn paint(
    canvas: &mut Canvas,
    left: usize,
    grey: &[u8],
    size: (usize, usize),
    judged: Option<(&Demonstration, &Judged)>,
) {
    let (width, height) = size;
    for (at, grey) in grey.iter().enumerate() {
        let (x, y) = (at % width, at / width);
        let strength = judged.map_or(0.0, |(demonstration, judged)| {
            let (map_width, map_height) = demonstration.map;
            let place = (y * map_height / height) * map_width + x * map_width / width;
            judged.error.get(place).copied().unwrap_or(0.0) / FULL_SCALE
        });
        canvas.set((left + x) as i32, y as i32, pixel(*grey, strength));
    }
}

/// State, score and lines in words.
fn panel(canvas: &mut Canvas, x: i32, demonstration: &Demonstration, judged: &Judged) {
    let (name, ink) = match judged.state {
        State::Suspect => ("SUSPECT", Ink::Suspect),
        State::Alarm => ("ALARM", Ink::Alarm),
        State::Cooldown => ("ALARM OVER", Ink::Calm),
        _ => ("NORMAL", Ink::Calm),
    };
    let width = 24 + 10 * name.len() as u32;
    canvas.fill(x, 12, (width, 30), ink);
    canvas.text(x + 12, 17, Letters::Large, Ink::Ground, name);
    let score = judged.score.map_or("-".into(), |score| format!("{score:.2}"));
    let over = judged.score.is_some_and(|score| score >= demonstration.levels.enter);
    canvas.text(x, 56, Letters::Large, Ink::Quiet, "score");
    let ink = if over { Ink::Alarm } else { Ink::Words };
    canvas.text(x + 120, 56, Letters::Large, ink, &score);
    let lines = [
        ("ALARM line", judged.alarm_high, Ink::Alarm),
        ("FAULT line", judged.fault_high, Ink::Calm),
    ];
    for (at, (name, high, ink)) in lines.into_iter().enumerate() {
        let y = 84 + 28 * at as i32;
        canvas.text(x, y, Letters::Large, Ink::Quiet, name);
        let (level, ink) = if high { ("high", ink) } else { ("low", Ink::Words) };
        canvas.text(x + 120, y, Letters::Large, ink, level);
        canvas.fill(x + 190, y + 5, (60, 10), if high { ink } else { Ink::Panel });
    }
    let words = "The FAULT line is high while all is well.";
    canvas.text(x, 148, Letters::Small, Ink::Quiet, words);
}

/// The score from the film's first second to now.
fn chart(canvas: &mut Canvas, top: i32, demonstration: &Demonstration, judged: &Judged) {
    let (left, right) = (40, canvas.width_px as i32 - 16);
    let (high, low) = (top + 12, top + CHART_HEIGHT as i32 - 24);
    let x = |time_s: f64| {
        let part = (time_s - FILM_S.0) / (FILM_S.1 - FILM_S.0);
        left + (part * f64::from(right - left)).round() as i32
    };
    let y = |score: f32| {
        let part = (score / CHART_TOP_SCORE).clamp(0.0, 1.0);
        low - (part * (low - high) as f32).round() as i32
    };
    canvas.line((left, low), (right, low), 1, Ink::Panel);
    let level = y(demonstration.levels.enter);
    for from in (left..right).step_by(12) {
        canvas.line((from, level), ((from + 6).min(right), level), 1, Ink::Alarm);
    }
    canvas.text(left + 4, level - 15, Letters::Small, Ink::Alarm, "alarm level");
    for mark in [0.0, 4.0, 8.0] {
        let words = format!("{mark:>2.0}");
        canvas.text(left - 20, y(mark) - 6, Letters::Small, Ink::Quiet, &words);
    }
    canvas.text(left, low + 6, Letters::Small, Ink::Quiet, "score over time");
    let words = format!("{:>5.1} s", judged.time_s);
    canvas.text(right - 42, low + 6, Letters::Small, Ink::Quiet, &words);
    let mut before = None;
    for past in within(demonstration).take_while(|past| past.frame <= judged.frame) {
        let here = past.score.map(|score| (x(past.time_s), y(score)));
        if let (Some(from), Some(to)) = (before, here) {
            let ink = if past.state == State::Alarm { Ink::Alarm } else { Ink::Words };
            canvas.line(from, to, 2, ink);
        }
        before = here;
    }
}
