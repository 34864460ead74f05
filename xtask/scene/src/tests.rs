//! Conditions vary what they should, and nothing by default.

use super::write::jpeg;
use super::*;

fn small() -> SceneParams {
    SceneParams { width_px: 160, height_px: 90, seconds: 30, ..SceneParams::default() }
}

fn frame(params: &SceneParams, frame: u32) -> clip::RenderedFrame {
    Scene::new(params).unwrap().clip(1).unwrap().render(frame)
}

fn mean(pixels: &[u8]) -> f64 {
    pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / pixels.len() as f64
}

/// Mean difference of neighbours in a row.
fn contrast(rows: &[u8]) -> f64 {
    let pairs = rows.chunks_exact(160).flat_map(|row| row.windows(2));
    pairs.map(|p| f64::from(p[0].abs_diff(p[1]))).sum::<f64>() / rows.len() as f64
}

fn difference(a: &[u8], b: &[u8]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

#[test]
fn the_demonstrations_clip_comes_out_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/walkway-clip");
    let written = Written::read(&folder.join("scene.toml")).unwrap();
    let scene = Scene::new(&written.params).unwrap();
    let clip = scene.clip(written.first_clip).unwrap();
    for frame in [0, 140, 300, 690] {
        let file = folder.join(format!("frames/{}/{frame:06}.jpg", written.first_clip));
        let rendered = clip.render(frame);
        let bytes = jpeg(&rendered, &written.params, written.jpeg_quality.unwrap()).unwrap();
        assert!(bytes == fs::read(&file).unwrap(), "{} is not reproduced", file.display());
    }
}

#[test]
fn defaults_stay_out_of_scene_toml_and_other_values_come_back() {
    let text = toml::to_string(&small()).unwrap();
    assert!(!text.contains("fog") && !text.contains("camera"), "{text}");
    let params = SceneParams {
        camera: 3,
        light: -0.3,
        light_ramp: 0.5,
        sun_turn_deg: 20.0,
        fog: 0.4,
        rain: 0.2,
        snow: 1.0,
        moths: 6.0,
        anomalies: vec![AnomalyKind::AgainstFlow],
        ..small()
    };
    let text = toml::to_string(&params).unwrap();
    assert_eq!(toml::from_str::<SceneParams>(&text).unwrap(), params);
    assert!(toml::from_str::<SceneParams>("fgo = 1.0").is_err());
}

#[test]
fn light_and_its_ramp_change_brightness_alone() {
    let still = SceneParams { light_drift: 0.0, noise_sigma: 0.0, ..small() };
    let usual = mean(&frame(&still, 0).pixels);
    let dark = mean(&frame(&SceneParams { light: -0.5, ..still.clone() }, 0).pixels);
    assert!(
        (dark / usual - 0.5f64.sqrt()).abs() < 0.02,
        "pixels go with the root: {}",
        dark / usual
    );
    let ramp = SceneParams { light_ramp: 0.5, density: 0.0, ..still };
    let (first, last) = (mean(&frame(&ramp, 0).pixels), mean(&frame(&ramp, 299).pixels));
    assert!(last > 1.15 * first, "{first} to {last}");
}

#[test]
fn fog_takes_contrast_and_far_things_first() {
    let clean = SceneParams { noise_sigma: 0.0, ..small() };
    let clear = frame(&clean, 20).pixels;
    let foggy = frame(&SceneParams { fog: 1.0, ..clean }, 20).pixels;
    let left = |rows: std::ops::Range<usize>| {
        let pixels = rows.start * 160..rows.end * 160;
        contrast(&foggy[pixels.clone()]) / contrast(&clear[pixels])
    };
    let (far, near) = (left(0..25), left(65..90));
    assert!(far < 0.5 && far < near && near < 0.9, "far {far:.2}, near {near:.2}");
}

#[test]
fn rain_and_snow_move_from_frame_to_frame_and_leave_the_truth() {
    let still = SceneParams { noise_sigma: 0.0, light_drift: 0.0, density: 0.0, ..small() };
    let quiet = difference(&frame(&still, 10).pixels, &frame(&still, 11).pixels);
    for params in
        [SceneParams { rain: 1.0, ..still.clone() }, SceneParams { snow: 1.0, ..still.clone() }]
    {
        let (a, b) = (frame(&params, 10), frame(&params, 11));
        assert!(difference(&a.pixels, &b.pixels) > quiet + 0.3);
        assert!(!a.label && a.mask.iter().all(|&m| m == 0));
        assert_eq!(frame(&params, 10), a, "the same frame twice");
    }
}

#[test]
fn shadows_wander_with_the_sun() {
    let still = SceneParams { noise_sigma: 0.0, light_drift: 0.0, density: 0.0, ..small() };
    let turning = SceneParams { sun_turn_deg: 30.0, ..still.clone() };
    assert_eq!(frame(&turning, 0), frame(&still, 0));
    assert_eq!(frame(&still, 0).pixels, frame(&still, 290).pixels);
    assert!(difference(&frame(&turning, 290).pixels, &frame(&turning, 0).pixels) > 0.3);
    let scene = Scene::new(&turning).unwrap();
    let clip = scene.clip(1).unwrap();
    let late = clip.render(200);
    clip.render(10);
    assert_eq!(clip.render(200), late, "whatever was rendered before");
}

#[test]
fn another_camera_sees_the_same_place_otherwise() {
    let moved = SceneParams { camera: 1, ..small() };
    assert!(difference(&frame(&small(), 0).pixels, &frame(&moved, 0).pixels) > 3.0);
    for camera in 1..=3 {
        for kind in [AnomalyKind::Cyclist, AnomalyKind::LeftBehind, AnomalyKind::AgainstFlow] {
            let params = SceneParams {
                camera,
                seconds: 40,
                anomalies: vec![kind],
                anomalies_per_clip: 1,
                ..small()
            };
            let scene = Scene::new(&params).unwrap();
            let labelled = scene.clip(1).unwrap().frames().step_by(8).filter(|f| f.label).count();
            assert!(labelled >= 2, "camera {camera}, {kind:?}: {labelled}");
        }
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for params in [
        SceneParams { fog: 1.5, ..small() },
        SceneParams { light: -2.0, ..small() },
        SceneParams { sun_turn_deg: 400.0, ..small() },
        SceneParams { rain: f64::NAN, ..small() },
        SceneParams { moths: -1.0, ..small() },
    ] {
        assert!(check(&params).unwrap_err().to_string().starts_with("--"));
    }
}
