//! Cameras that go away, hang, or deliver what is no picture.

use std::fs;
use std::path::Path;

use super::watch::{Camera, Watch, enlarged, site};
use crate::common::{SIDE_PX, picture, write_png};

/// The script's next opening is sound.
fn passes(row: &str, camera: Camera, fault: &str) {
    let mut watch = Watch::begin(row, camera);
    watch.strike_camera(&format!("rm inject; {fault}"));
    watch.drops();
    watch.returns();
    watch.ends();
}

#[test]
fn a_command_that_ends_is_started_again() {
    passes("command-ends", Camera::Raw, "exit 1");
}

#[test]
fn a_command_that_falls_silent_is_started_again() {
    passes("command-silent", Camera::Raw, "exec sleep 1000");
}

#[test]
fn a_command_that_is_stopped_is_started_again() {
    passes("command-stopped", Camera::Raw, "kill -STOP $$");
}

#[test]
fn a_command_that_dribbles_is_started_again() {
    passes("command-dribbles", Camera::Raw, "while :; do printf x; sleep 0.3; done");
}

#[test]
fn a_command_that_dies_inside_a_frame_is_started_again() {
    passes("command-short-frame", Camera::Raw, "head -c 500 32/0; exit 1");
}

#[test]
fn text_between_the_frames_of_a_stream_with_headers_loses_the_camera() {
    passes("stream-out-of-step", Camera::Y4m, "echo 'Running without preview window'");
}

#[test]
fn pictures_of_another_size_after_a_reopening_are_taken() {
    passes("format-changed", Camera::Y4m, "echo 64 >size; exit 1");
}

#[test]
fn what_a_command_has_left_behind_is_ended() {
    let mut watch = Watch::begin("command-orphan", Camera::Raw);
    watch.strike_camera("rm inject; sleep 1000 >/dev/null & echo $! >orphan; exit 1");
    watch.reacts("the end of the orphan", |watch| {
        let orphan = fs::read_to_string(watch.bench.path("orphan")).unwrap_or_default();
        orphan.ends_with('\n') && !lives(orphan.trim())
    });
    watch.wait("the fall of the fault line", || watch.fault_line().contains(&false));
    watch.returns();
    watch.ends();
}

/// Whether a process is more than an entry that nobody has reaped.
fn lives(process: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(process).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_command_that_floods_is_thinned() {
    let mut watch = Watch::begin("command-floods", Camera::Raw);
    watch.strike_camera("while :; do cat 32/*; done");
    watch.carries_on();
    watch.ends();
}

#[test]
fn messages_without_end_are_a_few_lines() {
    let mut watch = Watch::begin("command-chatters", Camera::Raw);
    watch.strike_camera("rm inject; yes 'a message' >&2 &");
    watch.carries_on();
    let lines = watch.log().lines().count();
    assert!(lines < 40, "{lines} lines");
    watch.ends();
}

#[test]
fn bursts_are_spread() {
    let bench = site(Camera::Raw);
    let burst = "n=0; while [ $n -lt 9 ]; do cat 32/$i; i=$(((i+1)%96)); n=$((n+1)); done\n\
                 sleep 0.8\n";
    fs::write(bench.path("inject"), burst).unwrap();
    let mut watch = Watch::begin_in("camera-bursty", bench, &[]);
    watch.strike(|_| ());
    watch.carries_on();
    watch.ends();
}

#[test]
fn a_camera_too_slow_for_its_model_is_told() {
    let mut watch = Watch::begin("camera-slow", Camera::Raw);
    watch.strike_camera("while :; do cat 32/0; sleep 0.4; cat 32/1; sleep 0.4; done");
    watch.drops();
    watch.wait_for_log("none can be judged");
    watch.ends();
}

#[test]
fn a_frozen_picture_is_told() {
    let mut watch = Watch::begin("picture-frozen", Camera::Raw);
    watch.strike_camera("while [ -e inject ]; do cat 32/0; sleep 0.09; done");
    watch.drops();
    watch.cure(|watch| fs::remove_file(watch.bench.path("inject")).unwrap());
    watch.returns();
    watch.ends();
}

#[test]
fn stale_pictures_that_come_round_and_round_are_told() {
    let mut watch = Watch::begin("ring-stale", Camera::Raw);
    watch.strike_camera(
        "while [ -e inject ]; do for n in 1 2 3 4; do cat 32/$n; sleep 0.09; done; done",
    );
    watch.drops();
    watch.cure(|watch| fs::remove_file(watch.bench.path("inject")).unwrap());
    watch.returns();
    watch.ends();
}

#[test]
fn a_covered_lens_is_told() {
    let mut watch = Watch::begin("lens-covered", Camera::Raw);
    watch.strike_camera(
        "while [ -e inject ]; do head -c 1023 /dev/zero; head -c 1 /dev/urandom; sleep 0.09; done",
    );
    watch.drops();
    watch.cure(|watch| fs::remove_file(watch.bench.path("inject")).unwrap());
    watch.returns();
    watch.ends();
}

/// Rewrites every picture of the folder that is watched.
fn rewrite(watch: &Watch, change: impl Fn(&[u8]) -> Vec<u8>) {
    for entry in fs::read_dir(watch.bench.path("loop")).unwrap() {
        let path = entry.unwrap().path();
        let draft = watch.bench.path("draft");
        fs::write(&draft, change(&fs::read(&path).unwrap())).unwrap();
        fs::rename(draft, path).unwrap();
    }
}

#[test]
fn damaged_pictures_alone_are_no_camera() {
    let mut watch = Watch::begin("pictures-damaged", Camera::Folder);
    watch.strike(|watch| rewrite(watch, |bytes| bytes[..bytes.len() / 2].to_vec()));
    watch.drops();
    let skipped = watch.log().matches("skipped").count();
    assert!(skipped < 100, "{skipped} of ten a second");
    watch.cure(|watch| drop(watch.bench.clip("loop", 96, 0, None)));
    watch.returns();
    watch.ends();
}

#[test]
fn pictures_of_another_size_are_taken_after_a_reopening() {
    let mut watch = Watch::begin("pictures-resized", Camera::Folder);
    watch.strike(|watch| {
        for frame in 0..96 {
            let pixels = enlarged(&picture(frame, frame * 7 % 5, false), 2);
            let draft = watch.bench.path("draft.png");
            write_png(&draft, &pixels, 2 * SIDE_PX);
            fs::rename(draft, watch.bench.path(&format!("loop/{frame:04}.png"))).unwrap();
        }
    });
    watch.drops();
    watch.returns();
    watch.ends();
}
