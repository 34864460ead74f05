//! A thing that stays, goes and is acknowledged.

use super::*;
use crate::calibrate::BackgroundFootage;

const SIDE: usize = 64;
const LOOK_NS: u64 = 500_000_000;

fn frame(number: u64, thing: bool) -> Vec<u8> {
    let level = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        let noise = (i * 31 + number as usize * 17 + i * number as usize % 7) % 5;
        let chequer = if (x / 3 + y / 3).is_multiple_of(2) { 20 } else { 230 };
        let inside = thing && (20..32).contains(&x) && (20..32).contains(&y);
        if inside { chequer } else { ((x / 7 * 41 + y / 5 * 29) % 120 + 60 + noise) as u8 }
    };
    (0..SIDE * SIDE).map(level).collect()
}

fn view(options: SlowViewOptions) -> SlowView {
    let mut footage = BackgroundFootage::new(SIDE, SIDE).unwrap();
    (0..120).for_each(|number| footage.see(&frame(number, false), number * LOOK_NS));
    let mask = Mask::everything(SIDE, SIDE);
    let (calibration, _) = footage.learn(&mask).unwrap();
    SlowView::new(&calibration, &mask, options).unwrap()
}

/// Looks with or without the thing, and says when changes begin and end, in s.
fn changes(view: &mut SlowView, course: std::ops::Range<u64>, thing: bool) -> Vec<(bool, u64)> {
    let look = |n: u64| view.look(&frame(n, thing), n * LOOK_NS).changed;
    let changes = course.filter_map(look).map(|changed| changed.change);
    changes.map(|change| (change.begins, change.at_ms / 1000)).collect()
}

#[test]
fn an_acknowledged_change_is_over_and_the_next_one_alarms() {
    let mut view = view(SlowViewOptions::default());
    assert!(changes(&mut view, 0..40, false).is_empty());
    assert_eq!(changes(&mut view, 40..100, true), [(true, 40)]);
    assert!(view.raises_alarm());
    view.acknowledge();
    assert!(!view.raises_alarm());
    assert_eq!(changes(&mut view, 100..140, true), [(false, 52)]);
    assert!(changes(&mut view, 140..180, false).is_empty());
    assert_eq!(changes(&mut view, 180..240, true), [(true, 110)], "it had gone");
    assert!(view.raises_alarm());
}

#[test]
fn a_second_thing_alarms_while_the_first_is_known_of() {
    let mut view = view(SlowViewOptions::default());
    let second = |mut frame: Vec<u8>| {
        for (x, y) in (44..56).flat_map(|x| (40..52).map(move |y| (x, y))) {
            frame[y * SIDE + x] = if (x / 3 + y / 3) % 2 == 0 { 20 } else { 230 };
        }
        frame
    };
    assert_eq!(changes(&mut view, 0..100, true).len(), 1);
    view.acknowledge();
    assert_eq!(changes(&mut view, 100..140, true).len(), 1);
    let look = |n: u64| view.look(&second(frame(n, true)), n * LOOK_NS).changed;
    let seen: Vec<_> = (140..200).filter_map(look).collect();
    assert!(seen.len() == 1 && seen[0].change.begins, "{seen:?}");
    assert!((40..56).contains(&(seen[0].area.x_px + 2)), "{seen:?}");
    assert!(view.raises_alarm());
}

#[test]
fn a_hole_in_the_footage_is_not_time_that_something_stayed() {
    let mut view = view(SlowViewOptions::default());
    assert!(changes(&mut view, 0..40, false).is_empty());
    assert!(changes(&mut view, 40..60, true).is_empty());
    assert!(changes(&mut view, 200..230, true).is_empty());
    assert_eq!(changes(&mut view, 230..260, true), [(true, 121)]);
}

#[test]
fn with_too_little_footage_for_a_budget_no_change_alarms() {
    let mut footage = BackgroundFootage::new(SIDE, SIDE).unwrap();
    (0..30).for_each(|number| footage.see(&frame(number, false), number * LOOK_NS));
    let mask = Mask::everything(SIDE, SIDE);
    let (calibration, _) = footage.learn(&mask).unwrap();
    assert!(!calibration.rule(1.0).keeps_a_budget());
    let mut view = SlowView::new(&calibration, &mask, SlowViewOptions::default()).unwrap();
    assert_eq!(changes(&mut view, 0..100, true).len(), 1);
    assert!(!view.raises_alarm());
}

#[test]
fn a_lost_camera_keeps_a_change_and_a_site_may_keep_it_from_the_alarm() {
    let mut view = view(SlowViewOptions { alarm: false, ..SlowViewOptions::default() });
    assert_eq!(changes(&mut view, 0..100, true).len(), 1);
    assert!(!view.raises_alarm());
    view.blind();
    assert!(view.state().changed_since_ms.is_some());
    view.forget();
    assert_eq!(view.state(), SlowState::default());
}
