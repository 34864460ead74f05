use super::super::background::{PARTS, Reduction};
use super::super::polygon::{MaskMode, Polygon};
use super::super::weighting::{WeightedZone, Weighting};
use super::*;

const SIDE: usize = 64;

fn level(x: usize, y: usize) -> u8 {
    (110.0 + 30.0 * (x as f32 * 0.4).sin() + 30.0 * (y as f32 * 0.3).cos()) as u8
}

/// The view, with a chequered thing on these places or none.
fn picture(thing: Option<(usize, usize)>, gain: f32) -> Vec<u8> {
    let inside = |x: usize, y: usize| {
        thing.is_some_and(|(left, top)| {
            (left..left + 12).contains(&x) && (top..top + 12).contains(&y)
        })
    };
    (0..SIDE * SIDE)
        .map(|i| {
            let (x, y) = (i % SIDE, i / SIDE);
            let chequer = if (x / 3 + y / 3) % 2 == 0 { 30 } else { 220 };
            let level = if inside(x, y) { chequer } else { level(x, y) };
            (f32::from(level) * gain) as u8
        })
        .collect()
}

fn stays(mask: &Mask) -> Stays {
    let reduction = Reduction::new(SIDE, SIDE).unwrap();
    let (columns, rows) = reduction.places();
    let background = Background {
        reduction,
        picture: picture(None, 1.0),
        spread: vec![0.001; columns * rows],
        structure: vec![0.0; PARTS * PARTS],
        detail: vec![0.0; PARTS * PARTS],
    };
    background.check().unwrap();
    Stays::new(background, mask)
}

/// The ratio after each look.
fn course(stays: &mut Stays, pictures: &[Vec<u8>]) -> Vec<Option<Staying>> {
    let looks = pictures.iter().enumerate();
    looks.map(|(i, picture)| stays.look(picture, i as u64 * LOOK_NS)).collect()
}

#[test]
fn a_thing_that_stays_counts_after_six_seconds_and_no_longer_two_after_it_went() {
    let mut stays = stays(&Mask::everything(SIDE, SIDE));
    let there = |i: usize| (20..60).contains(&i).then_some((20, 32));
    let pictures: Vec<_> = (0..80).map(|i| picture(there(i), 1.0)).collect();
    let course = course(&mut stays, &pictures);
    assert!(course[..LOOKS - 1].iter().all(Option::is_none));
    let high: Vec<usize> =
        (0..80).filter(|&i| course[i].is_some_and(|staying| staying.ratio > 2.0)).collect();
    assert_eq!((high[0], high[high.len() - 1]), (20 + LOOKS - SMALLER - 1, 60 + SMALLER - 1));
    assert_eq!(SEEN_AFTER_MS, 6000);
    let Area { x_px, y_px, width_px, height_px } = course[50].unwrap().area;
    assert!((12..=24).contains(&x_px) && (24..=36).contains(&y_px), "{x_px} {y_px}");
    assert!(x_px + width_px >= 28 && y_px + height_px >= 40, "{width_px} {height_px}");
    assert!(width_px <= 24 && height_px <= 24, "{width_px} {height_px}");
}

#[test]
fn what_passes_and_what_is_light_does_not_count() {
    let mut stays = stays(&Mask::everything(SIDE, SIDE));
    let passing = |i: usize| i.is_multiple_of(4).then_some((20, 32));
    let gain = |i: usize| if i % 20 < 10 { 1.0 } else { 0.6 };
    let pictures: Vec<_> = (0..80).map(|i| picture(passing(i), gain(i))).collect();
    let worst = course(&mut stays, &pictures).into_iter().flatten().map(|staying| staying.ratio);
    assert!(worst.fold(0.0, f64::max) < 0.5);
}

#[test]
fn what_is_not_watched_does_not_count_and_frames_between_two_looks_neither() {
    use super::super::polygon::{MaskMode, Polygon};
    let points = vec![[0.2, 0.4], [0.7, 0.4], [0.7, 0.8], [0.2, 0.8]];
    let ignored = Polygon { mode: MaskMode::Ignore, points };
    let mut stays = stays(&Mask::from_polygons(SIDE, SIDE, &[ignored]).unwrap());
    let pictures: Vec<_> = (0..40).map(|_| picture(Some((20, 32)), 1.0)).collect();
    let last = course(&mut stays, &pictures)[39].unwrap();
    assert!(last.ratio < 0.5, "{last:?}");
    assert_eq!(stays.look(&pictures[0], 39 * LOOK_NS + LOOK_NS / 2), None);
}

#[test]
fn a_thing_in_a_zone_without_weight_does_not_stay() {
    let points = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let area = Polygon { mode: MaskMode::Include, points };
    let pictures: Vec<_> = (0..40).map(|_| picture(Some((20, 32)), 1.0)).collect();
    let ratio = |weight: f32| {
        let zone = WeightedZone { area: area.clone(), weight };
        let mask = Mask::everything(SIDE, SIDE).weighed_by(Weighting::new(vec![zone], 1));
        course(&mut stays(&mask), &pictures)[39].unwrap().ratio
    };
    let whole = ratio(1.0);
    assert!(whole > 2.0 && ratio(0.0) == 0.0, "{whole}");
    assert!((ratio(0.5) - whole / 2.0).abs() < 1e-4 * whole);
}
