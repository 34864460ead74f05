//! Which changes are light, and which are things.

use super::*;

const SIDE: usize = 64;

/// A textured ground in that light, with a square of that side and level on it.
fn picture(light: f32, square: usize, level: u8) -> Vec<u8> {
    let ground = |x: usize, y: usize| 60.0 + ((x / 3 * 31 + y / 5 * 17) % 80) as f32;
    let pixel = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        if x < square && y < square { level } else { (ground(x, y) * light).round() as u8 }
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

fn relit(relighter: &mut Relighter, mut picture: Vec<u8>) -> Vec<u8> {
    relighter.relight(&mut picture);
    picture
}

fn furthest(a: &[u8], b: &[u8]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn seen(light: f32) -> Relighter {
    let mut relighter = Relighter::new(SIDE, SIDE, 1).unwrap();
    let first = picture(light, 0, 0);
    assert!(relit(&mut relighter, first.clone()) == first);
    relighter
}

#[test]
fn a_jump_is_taken_out_of_the_very_picture_that_has_it() {
    for light in [0.6, 0.8, 1.25, 1.5] {
        let mut relighter = seen(1.0);
        let jumped = relit(&mut relighter, picture(light, 0, 0));
        assert!(furthest(&jumped, &picture(1.0, 0, 0)) <= 2, "{light}");
        let back = relit(&mut relighter, picture(1.0, 0, 0));
        assert!(furthest(&back, &picture(1.0, 0, 0)) <= 2, "{light}");
    }
}

#[test]
fn what_lasts_comes_back_over_seconds_and_never_in_a_step() {
    let mut relighter = seen(1.0);
    let dim = picture(0.7, 0, 0);
    let mut last = relit(&mut relighter, dim.clone());
    for _ in 0..400 {
        let next = relit(&mut relighter, dim.clone());
        assert!(furthest(&next, &last) <= 3);
        last = next;
    }
    assert!(last == dim);
}

#[test]
fn a_thing_is_no_light_and_stays_as_it_is() {
    for (side, level) in [(16, 255), (36, 10), (36, 250)] {
        let mut relighter = seen(1.0);
        let with = picture(1.0, side, level);
        assert!(relit(&mut relighter, with.clone()) == with, "{side} {level}");
    }
}

#[test]
fn a_tone_curve_is_taken_out_as_well() {
    let toned = |light: f32| -> Vec<u8> {
        let tone = |linear: f32| (1.25 * linear / (linear + 0.25)).min(1.0).powf(1.0 / 2.2);
        let light_of = |level: u8| (f32::from(level) / 255.0).powf(2.2) * light;
        let shown = picture(1.4, 0, 0);
        shown.into_iter().map(|level| (255.0 * tone(light_of(level))).round() as u8).collect()
    };
    let mut relighter = Relighter::new(SIDE, SIDE, 1).unwrap();
    relit(&mut relighter, toned(1.0));
    let raw = furthest(&toned(0.5), &toned(1.0));
    let jumped = relit(&mut relighter, toned(0.5));
    assert!(raw > 30 && furthest(&jumped, &toned(1.0)) <= 5, "{raw}");
}

#[test]
fn what_no_light_explains_stays_as_it_is() {
    let mut relighter = seen(1.0);
    let calm = picture(1.0, 0, 0).into_iter().enumerate();
    let flames =
        calm.map(|(i, level)| level.saturating_add([4, 90][i % 5 % 2])).collect::<Vec<_>>();
    assert!(relit(&mut relighter, flames.clone()) == flames);
}

#[test]
fn a_thing_in_a_jump_keeps_its_contrast() {
    let mut relighter = seen(1.0);
    let with = relit(&mut relighter, picture(0.7, 24, 160));
    assert!(furthest(&with, &picture(1.0, 24, 229)) <= 3);
}

#[test]
fn a_covered_lens_and_a_lamp_in_the_dark_are_seen() {
    for light in [0.1, 0.3] {
        let mut relighter = seen(1.0);
        let covered = picture(light, 0, 0);
        assert!(relit(&mut relighter, covered.clone()) == covered);
        let mut relighter = seen(light);
        let lit = picture(1.0, 0, 0);
        assert!(relit(&mut relighter, lit.clone()) == lit);
    }
}

#[test]
fn what_flickers_by_less_than_one_percent_stays_as_it_is() {
    let mut relighter = seen(1.0);
    for light in [1.008, 0.999, 1.006, 1.0] {
        let flickers = picture(light, 0, 0);
        assert!(relit(&mut relighter, flickers.clone()) == flickers);
    }
}

#[test]
fn other_footage_begins_afresh_and_a_picture_without_room_is_left_alone() {
    let mut relighter = seen(1.0);
    relit(&mut relighter, picture(0.7, 0, 0));
    relighter.forget();
    let first = picture(0.7, 0, 0);
    assert!(relit(&mut relighter, first.clone()) == first);
    assert!(Relighter::new(7, 64, 1).is_none());
}

#[test]
fn planes_are_relit_together() {
    let mut relighter = Relighter::new(SIDE, SIDE, 3).unwrap();
    let three = |light: f32| [0.8, 1.0, 1.2].map(|own| picture(own * light, 0, 0)).concat();
    relit(&mut relighter, three(1.0));
    assert!(furthest(&relit(&mut relighter, three(0.7)), &three(1.0)) <= 2);
}
