//! The usual view of a bundle: what stands still is told, and a view that does not fit
//! is refused.

use std::fs;
use std::path::Path;

use normwatch::calibrate::Calibration;
use normwatch::model::{Bundle, UsualView, VIEW_BLOCK_PX};
use sha2::{Digest, Sha256};

use crate::common::{Bench, SIDE_PX, stderr, write_png};

/// The ground on which the bench's blob drifts, at its mean phase.
fn ground() -> Vec<u8> {
    let level = |i: usize| 60 + (i % SIDE_PX * 3 + i / SIDE_PX * 5 + 2) % 23;
    (0..SIDE_PX * SIDE_PX).map(|i| level(i) as u8).collect()
}

fn view() -> UsualView {
    let blocks = (SIDE_PX + 1 - VIEW_BLOCK_PX).pow(2);
    UsualView::new([1, SIDE_PX, SIDE_PX], ground(), vec![1.0; blocks]).unwrap()
}

/// Puts a file into a bundle, and vouches for it.
pub(crate) fn put(bundle: &Path, name: &str, bytes: &[u8]) {
    let manifest = bundle.join("manifest.toml");
    let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = fs::read_to_string(&manifest).unwrap();
    let listed = text.replace("[files]\n", &format!("[files]\n\"{name}\" = \"{sha256}\"\n"));
    assert_ne!(text, listed);
    fs::write(bundle.join(name), bytes).unwrap();
    fs::write(manifest, listed).unwrap();
}

/// Writes a clip of the ground, on which something faint drifts, and from `stands_from`
/// on something stands.
fn clip(bench: &Bench, name: &str, frames: usize, stands_from: usize) {
    fs::create_dir_all(bench.path(name)).unwrap();
    for frame in 0..frames {
        let (cx, cy) = (frame % SIDE_PX, (SIDE_PX / 2 + frame / 3) % SIDE_PX);
        let mut pixels = ground();
        for (at, level) in pixels.iter_mut().enumerate() {
            let (x, y) = (at % SIDE_PX, at / SIDE_PX);
            let inside =
                |cx: usize, cy: usize, px: usize| x.abs_diff(cx) <= px && y.abs_diff(cy) <= px;
            *level += (frame * 7 % 3) as u8 + if inside(cx, cy, 3) { 20 } else { 0 };
            if frame >= stands_from && inside(16, 14, 4) {
                *level = 240;
            }
        }
        write_png(&bench.path(name).join(format!("{frame:04}.png")), &pixels, SIDE_PX);
    }
}

fn calibrate(bench: &Bench, flags: &[&str]) -> Calibration {
    let args = ["calibrate", "--bundle", "bundle", "--frames", "calm"];
    let out = bench.run(&[&args[..], flags].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    Calibration::parse(&bench.calibration()).unwrap()
}

/// The columns `surprise_view` and `score` of a replay.
fn surprises(bench: &Bench, clip: &str) -> Vec<(f32, f32)> {
    let out = bench.run(&["replay", "--bundle", "bundle", "--frames", clip, "--out", "out"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let table = fs::read_to_string(bench.path("out/scores.csv")).unwrap();
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let at = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let (view, score) = (at("surprise_view"), at("score"));
    rows.map(|row| (row[view].parse().unwrap(), row[score].parse().unwrap())).collect()
}

#[test]
fn what_stands_still_is_told_by_the_view() {
    let bench = Bench::new();
    let before = Bundle::load(&bench.path("bundle")).unwrap().model_sha256().to_owned();
    put(&bench.path("bundle"), "view.npz", &view().to_npz());
    let bundle = Bundle::load(&bench.path("bundle")).unwrap();
    assert_eq!(bundle.view(), Some(&view()));
    assert_ne!(bundle.model_sha256(), before, "levels belong to the view as well");

    clip(&bench, "calm", 320, usize::MAX);
    clip(&bench, "still", 60, 20);
    let calibration = calibrate(&bench, &[]);
    assert_eq!(calibration.weights.view, 0.7);
    let told = surprises(&bench, "still");
    let (view, score) = told[told.len() - 1];
    assert!(view > 2.0 && score > 0.7 * view - 1e-5, "{view} {score}");
    assert!(told[..10].iter().all(|(view, _)| *view < 1.0), "{told:?}");

    let without = calibrate(&bench, &["--weight-view", "0"]);
    assert!(without.view_ratio.is_none());
    assert!(surprises(&bench, "still").iter().all(|(view, _)| *view == 0.0));
}

#[test]
fn a_weight_for_a_view_that_is_not_there_is_refused() {
    let bench = Bench::calibrated();
    let args = ["calibrate", "--bundle", "bundle", "--frames", "normal", "--weight-view", "1"];
    let out = bench.run(&args);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    assert!(stderr(&out).contains("has no usual view"), "{}", stderr(&out));
}

#[test]
fn a_view_that_does_not_fit_is_refused_by_its_name() {
    let blocks = (SIDE_PX + 9 - VIEW_BLOCK_PX).pow(2);
    let side = SIDE_PX + 8;
    let other = UsualView::new([1, side, side], vec![9; side * side], vec![0.0; blocks]).unwrap();
    let whole = view().to_npz();
    for (bytes, words) in [
        (other.to_npz(), "the manifest says"),
        (whole[..whole.len() / 2].to_vec(), "view.npz"),
        (b"no archive".to_vec(), "view.npz"),
    ] {
        let bench = Bench::new();
        put(&bench.path("bundle"), "view.npz", &bytes);
        let error = Bundle::load(&bench.path("bundle")).unwrap_err().to_string();
        assert!(error.contains("view.npz") && error.contains(words), "{error}");
    }
}
