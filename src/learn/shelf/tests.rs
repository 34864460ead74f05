//! What a shelf keeps of days that are mostly calm.

use super::*;
use crate::learn::sketch::Sketcher;
use crate::preprocess::{Channels, InputSpec, Resize};

const SIDE: usize = 32;

/// A clip of a scene: a square of this grey level walks at this height, or nobody.
fn clip(hour: u8, light: u8, walker: Option<(u8, usize)>, seed: usize) -> Sketch {
    let spec = InputSpec {
        width_px: SIDE,
        height_px: SIDE,
        channels: Channels::Luma,
        resize: Resize::Bilinear,
        relight: false,
    };
    let frame = |n: usize| -> Vec<u8> {
        let pixel = |i: usize| {
            let (x, y) = (i % SIDE, i / SIDE);
            match walker {
                Some((level, row)) if x.abs_diff(5 * n) < 3 && y.abs_diff(row) < 4 => level,
                _ => light + ((i * 31 + n * 17 + seed * 13) % 5) as u8,
            }
        };
        (0..SIDE * SIDE).map(pixel).collect()
    };
    let frames: Vec<Vec<u8>> = (0..5).map(frame).collect();
    Sketcher::new(spec).sketch(frames.iter().map(Vec::as_slice), hour)
}

/// Two days of calm clips, eighty an hour, brighter by day, with somebody at noon.
fn days() -> Vec<Sketch> {
    let mut clips = Vec::new();
    for minute in 0..2 * 24 * 80 {
        let hour = (minute / 80 % 24) as u8;
        let light = 40 + 6 * hour.min(24 - hour);
        let walker = (hour == 12 && minute % 20 == 7).then_some((230, 4 + minute / 20 % 4 * 8));
        clips.push(clip(hour, light, walker, minute));
    }
    clips
}

fn fill(most: usize) -> (Shelf, Vec<u64>) {
    let (mut shelf, mut there) = (Shelf::default(), Vec::new());
    for (number, sketch) in days().into_iter().enumerate() {
        if shelf.wants(&sketch, shelf.len() >= most) {
            shelf.put(number as u64, 10, sketch);
            there.push(number as u64);
        }
        while shelf.len() > most {
            let gone = shelf.take_most_redundant().unwrap();
            there.retain(|number| *number != gone);
        }
        assert_eq!(shelf.bytes(), 10 * shelf.len() as u64);
    }
    (shelf, there)
}

#[test]
fn a_full_shelf_keeps_what_is_rare_and_every_hour() {
    let (shelf, _) = fill(60);
    assert_eq!(shelf.len(), 60);
    let moving = shelf.sketches().filter(|sketch| sketch.is_moving()).count();
    assert!(moving >= 4, "{moving} are left, and there were 4 kinds");
    let hours: std::collections::BTreeSet<u8> = shelf.sketches().map(|s| s.hour).collect();
    assert_eq!(hours.len(), 24, "{hours:?}");
}

#[test]
fn the_same_days_are_the_same_choice() {
    assert_eq!(fill(45).1, fill(45).1);
}

#[test]
fn calm_alone_is_kept_for_a_minute_an_hour() {
    let mut shelf = Shelf::default();
    for number in 0..200 {
        let sketch = clip(4, 50, None, number);
        if shelf.wants(&sketch, false) {
            shelf.put(number as u64, 1, sketch);
        }
    }
    assert_eq!((shelf.len(), shelf.distinct(9)), (ALIKE_PER_HOUR, 1));
    let somebody = clip(4, 50, Some((200, 16)), 0);
    assert!(shelf.wants(&somebody, false) && shelf.wants(&somebody, true));
    assert!(!shelf.wants(&clip(4, 50, None, 999), false));
    shelf.put(999, 1, somebody);
    assert_eq!((shelf.distinct(9), shelf.distinct(1)), (2, 1));
    for _ in 0..ALIKE_PER_HOUR - 1 {
        shelf.take_most_redundant().unwrap();
    }
    assert_eq!((shelf.len(), shelf.distinct(9)), (2, 2), "the rare one is left");
}

#[test]
fn an_empty_shelf_has_nothing_to_take() {
    let mut shelf = Shelf::default();
    assert_eq!(shelf.take_most_redundant(), None);
    shelf.put(1, 5, clip(0, 10, None, 0));
    assert_eq!((shelf.take_most_redundant(), shelf.len(), shelf.bytes()), (Some(1), 0, 0));
}
