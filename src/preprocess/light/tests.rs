//! Pictures of another hour: which are evened, and which are not.

use super::*;

/// A picture of two grey levels, 0.6 and 1.4 times `level`, evened; its mean.
fn evened(evener: &mut Evener, level: u8) -> u8 {
    with_contrast(evener, level, 0.4)
}

fn with_contrast(evener: &mut Evener, level: u8, contrast: f32) -> u8 {
    let at = |factor: f32| (f32::from(level) * factor).round().min(255.0) as u8;
    let mut picture = [at(1.0 - contrast), at(1.0 + contrast)];
    evener.even(Light::of(&picture), &mut picture);
    ((u16::from(picture[0]) + u16::from(picture[1])) / 2) as u8
}

fn usual() -> Evener {
    Evener::new(Light::of(&[60, 140]))
}

#[test]
fn light_of_a_picture() {
    let light = Light::of(&[0, 255, 0, 255]);
    assert_eq!((light.mean, light.spread), (0.5, 0.5));
    assert_eq!(Light::mean_of([light, Light::default()]), Light { mean: 0.25, spread: 0.25 });
    assert!(Light { mean: f32::NAN, spread: 0.1 }.check().is_err());
}

#[test]
fn what_is_close_to_usual_stays() {
    let mut evener = usual();
    for level in [100, 105, 95, 100] {
        assert_eq!(evened(&mut evener, level), level);
    }
}

#[test]
fn another_light_is_evened_and_a_moment_is_not() {
    let mut evener = usual();
    assert_eq!(evened(&mut evener, 70), 100);
    (0..100).for_each(|_| assert_eq!(evened(&mut evener, 70), 100));
    assert_eq!(evened(&mut evener, 100), 143, "a flash is seen as one");
    evener.forget();
    assert_eq!(evened(&mut evener, 130), 100);
}

#[test]
fn the_dark_stays_dark() {
    let mut evener = usual();
    assert_eq!(evened(&mut evener, 0), 0);
    assert_eq!(evened(&mut evener, 20), 20, "not even twice as much would do");
    evener.forget();
    assert_eq!(evened(&mut evener, 60), 100);
}

#[test]
fn a_blinded_lens_is_not_evened() {
    let mut evener = usual();
    assert_eq!(with_contrast(&mut evener, 150, 0.1), 150);
    evener.forget();
    assert_eq!(with_contrast(&mut evener, 150, 0.4), 100);
    let mut flat = Evener::new(Light::of(&[100, 101]));
    assert_eq!(with_contrast(&mut flat, 70, 0.0), 70);
}

/// Contrast now above and now below the limit, as of a view that hovers there.
#[test]
fn a_view_at_the_limit_of_distortion_does_not_flicker() {
    let mut evener = usual();
    (0..50).for_each(|_| {
        evened(&mut evener, 60);
    });
    let gain = evener.gain;
    assert!(gain > 1.6);
    for frame in 0..900 {
        let contrast = if frame / 150 % 2 == 0 { 0.255 } else { 0.28 };
        with_contrast(&mut evener, 60, contrast);
        assert_eq!(evener.gain, gain, "frame {frame}");
    }
    evener.forget();
    with_contrast(&mut evener, 60, 0.255);
    assert_eq!(evener.gain, 1.0, "nobody begins there");
}

#[test]
fn the_factor_changes_a_little_with_each_picture() {
    let mut evener = usual();
    (0..100).for_each(|_| {
        evened(&mut evener, 60);
    });
    assert!(evener.gain > 1.6);
    let mut before = evener.gain;
    for _ in 0..300 {
        with_contrast(&mut evener, 60, 0.02);
        let step = (evener.gain / before).max(before / evener.gain);
        assert!(step < 1.051, "{before} {}", evener.gain);
        before = evener.gain;
    }
    assert_eq!(evener.gain, 1.0, "a blinded lens is not evened in the end");
}
