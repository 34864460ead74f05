//! Where it is told, what does not count, and that it is smoothed in place.

use super::*;
use crate::model::{MOTION_WIDTH, MotionLayer};

const SIDE: usize = 64;
const FRAME_NS: u64 = 100_000_000;

/// Takes what changes much since the frame before as hurried.
fn memory() -> MotionMemory {
    let mut first = MotionLayer::default();
    let mut second = MotionLayer::default();
    (first.weights[0][0], first.biases[0]) = (1.0, 4.5);
    second.weights[0][0] = 1.0;
    let mut memory = MotionMemory {
        limit: 0.004,
        spread: [1.0; 9],
        first,
        second,
        usual: [[0.0; MOTION_WIDTH]; MOTION_ITEMS],
        ..MotionMemory::default()
    };
    memory.speeds = std::array::from_fn(|item| 2.0 + item as f32 / 10.0);
    for (item, place) in memory.hurried.iter_mut().enumerate() {
        place[0] = if item == 4 { 2.0 } else { 40.0 };
    }
    memory.check().unwrap();
    memory
}

/// A checked thing at a place, on flat ground.
fn frame(x: usize, y: usize, level: u8) -> Vec<u8> {
    let inside = |i: usize| (x..x + 8).contains(&(i % SIDE)) && (y..y + 8).contains(&(i / SIDE));
    (0..SIDE * SIDE).map(|i| if inside(i) { level } else { 90 }).collect()
}

fn term(mask: &Mask, smoothing_ms: u32) -> MotionTerm {
    MotionTerm::new(&memory(), mask, 1, smoothing_ms).unwrap()
}

/// Something that was not there before comes at a place.
fn judged(term: &mut MotionTerm, at: (usize, usize), edges: Edges, number: u64) -> Motion {
    let (now, before) = (frame(at.0, at.1, 250), frame(at.0, at.1, 90));
    term.worst([&now, &before, &before, &before], edges, number * FRAME_NS)
}

fn everything() -> Mask {
    Mask::everything(SIDE, SIDE)
}

#[test]
fn what_moves_oddly_is_told_with_its_place_and_its_item() {
    let mut term = term(&everything(), 0);
    let odd = judged(&mut term, (36, 20), Edges::default(), 0);
    assert!(odd.hurried > 0.5, "{odd:?}");
    assert!((24..=36).contains(&odd.block.x_px) && (8..=20).contains(&odd.block.y_px), "{odd:?}");
    assert_eq!((odd.item, odd.speed, odd.block.size_px), (4, 2.4, 16));
    let still = frame(36, 20, 250);
    assert_eq!(term.worst([&still; 4], Edges::default(), FRAME_NS).hurried, 0.0);
}

#[test]
fn the_term_is_the_mean_of_the_five_largest_cells() {
    let mut term = term(&everything(), 0);
    // Within one tile, so that four cells see it.
    let odd = judged(&mut term, (40, 24), Edges::default(), 0);
    assert!((odd.hurried / odd.block.ratio - 0.8).abs() < 1e-4, "{odd:?}");
    let mut shares = term.shares.clone();
    shares.sort_by(f32::total_cmp);
    let mean = shares[shares.len() - 5..].iter().sum::<f32>() / 5.0;
    assert!((odd.hurried - mean).abs() < 1e-6);
}

#[test]
fn a_moment_is_smoothed_and_a_gap_forgets_it() {
    let mut term = term(&everything(), 300);
    let still = frame(0, 0, 90);
    let quiet =
        |term: &mut MotionTerm, n| term.worst([&still; 4], Edges::default(), n * FRAME_NS).hurried;
    assert_eq!(quiet(&mut term, 0), 0.0);
    let once = judged(&mut term, (36, 20), Edges::default(), 1).hurried;
    let after = quiet(&mut term, 2);
    assert!(after > 0.0 && (after / once - (-1.0_f32 / 3.0).exp()).abs() < 1e-3, "{after} {once}");
    let twice = judged(&mut term, (36, 20), Edges::default(), 3).hurried;
    assert!(twice > once);
    term.forget();
    assert_eq!(quiet(&mut term, 4), 0.0);
}

#[test]
fn cells_that_the_mask_or_an_edge_cuts_do_not_count() {
    use crate::score::{MaskMode, Polygon};
    let points = vec![[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]];
    let right = Polygon { mode: MaskMode::Ignore, points };
    let mask = Mask::from_polygons(SIDE, SIDE, &[right]).unwrap();
    let mut masked = term(&mask, 0);
    assert_eq!(judged(&mut masked, (40, 20), Edges::default(), 0).hurried, 0.0);
    assert!(judged(&mut masked, (12, 20), Edges::default(), 1).hurried > 0.0);
    let mut moved = term(&everything(), 0);
    let edges = Edges { top_px: 30, ..Edges::default() };
    assert_eq!(judged(&mut moved, (40, 18), edges, 0).hurried, 0.0);
    assert!(judged(&mut moved, (40, 40), edges, 1).hurried > 0.0);
}
