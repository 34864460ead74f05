//! Things that stand, trees that move, light, and a view that follows.

use super::super::polygon::{MaskMode, Polygon};
use super::super::weighting::{WeightedZone, Weighting};
use super::*;

const SIDE: usize = 32;
const FRAME_NS: u64 = 100_000_000;

fn level(x: usize, y: usize) -> u8 {
    (60 + (x / 4 * 37 + y / 4 * 23) % 90) as u8
}

fn frame(change: impl Fn(usize, usize, u8) -> u8) -> Vec<u8> {
    let all = (0..SIDE * SIDE).map(|i| (i % SIDE, i / SIDE));
    all.map(|(x, y)| change(x, y, level(x, y))).collect()
}

fn thing(x: usize, y: usize, level: u8) -> u8 {
    let inside = (16..24).contains(&x) && (14..22).contains(&y);
    if inside && (x + y).is_multiple_of(2) { 250 } else { level }
}

fn term(usual: impl Fn(usize, usize) -> f32) -> ViewTerm {
    term_within(usual, Mask::everything(SIDE, SIDE))
}

fn term_within(usual: impl Fn(usize, usize) -> f32, mask: Mask) -> ViewTerm {
    let blocks = SIDE + 1 - VIEW_BLOCK_PX;
    let usual = (0..blocks * blocks).map(|i| usual(i % blocks, i / blocks)).collect();
    let view = UsualView::new([1, SIDE, SIDE], frame(|_, _, level| level), usual).unwrap();
    ViewTerm::new(&view, mask, 0)
}

#[test]
fn what_stands_there_is_far_from_the_view_and_light_is_not() {
    let mut term = term(|_, _| 0.0);
    let same = term.worst(&frame(|_, _, level| level), Edges::default(), 0);
    assert!(same.ratio < 1e-3, "{same:?}");
    let brighter = term.worst(&frame(|_, _, level| level + 20), Edges::default(), FRAME_NS);
    assert!(brighter.ratio < 1e-2, "{brighter:?}");
    let odd = term.worst(&frame(thing), Edges::default(), 2 * FRAME_NS);
    assert!(odd.ratio > 10.0 * brighter.ratio.max(0.1), "{odd:?}");
    let centre = (odd.x_px + VIEW_BLOCK_PX / 2, odd.y_px + VIEW_BLOCK_PX / 2);
    assert!((14..27).contains(&centre.0) && (12..25).contains(&centre.1), "{odd:?}");
    assert!(odd.mean_sq > 0.01);
}

#[test]
fn a_place_that_always_differs_counts_less() {
    let (mut still, mut tree) = (term(|_, _| 0.0), term(|x, _| if x > 4 { 3.0 } else { 0.0 }));
    let [calm, wild] = [&mut still, &mut tree].map(|t| t.worst(&frame(thing), Edges::default(), 0));
    assert!(wild.ratio < calm.ratio / 10.0, "{wild:?} {calm:?}");
}

#[test]
fn what_stays_for_minutes_becomes_usual_until_other_footage_begins() {
    let mut term = term(|_, _| 0.0);
    let odd = frame(thing);
    let first = term.worst(&odd, Edges::default(), 0).ratio;
    let mut after = |seconds: std::ops::Range<u64>| {
        let looks =
            seconds.map(|second| term.worst(&odd, Edges::default(), second * 1_000_000_000));
        looks.last().unwrap().ratio
    };
    assert!(after(1..49) > 0.5 * first, "a man who stands for 48 s is still there");
    assert!(after(49..1200) < 0.01 * first, "a chair is not news for ever");
    term.restart();
    assert_eq!(term.worst(&odd, Edges::default(), 0).ratio, first);
}

#[test]
fn a_hole_in_the_footage_is_not_caught_up_with() {
    let mut term = term(|_, _| 0.0);
    let odd = frame(thing);
    let first = term.worst(&odd, Edges::default(), 0).ratio;
    term.forget();
    let later = term.worst(&odd, Edges::default(), 3_600_000_000_000).ratio;
    assert!(later > 0.95 * first, "{later} {first}");
}

#[test]
fn edges_and_masks_do_not_count() {
    let edges = Edges { left_px: 26, ..Edges::default() };
    assert!(term(|_, _| 0.0).worst(&frame(thing), edges, 0).ratio < 1e-3);
}

#[test]
fn what_lies_in_a_zone_counts_by_its_weight() {
    let points = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let zone = WeightedZone { area: Polygon { mode: MaskMode::Include, points }, weight: 0.25 };
    let mask = Mask::everything(SIDE, SIDE).weighed_by(Weighting::new(vec![zone], 1));
    let (mut whole, mut quarter) = (term(|_, _| 0.0), term_within(|_, _| 0.0, mask));
    let [whole, quarter] =
        [&mut whole, &mut quarter].map(|t| t.worst(&frame(thing), Edges::default(), 0));
    assert!((quarter.ratio - whole.ratio / 4.0).abs() < 1e-4 * whole.ratio, "{quarter:?}");
    assert_eq!((quarter.x_px, quarter.y_px), (whole.x_px, whole.y_px));
}
