//! Scenes that lack something, and pictures, rates and cameras of other kinds.

use super::*;

#[test]
fn a_scene_that_lacks_something_is_named_and_the_others_are_judged() {
    let bench = Bench::new();
    bench.scene("good", &[NORMAL], &[TEST]);
    bench.scene("no-test", &[NORMAL], &[TEST]);
    fs::remove_dir_all(bench.path("data/no-test/testing")).unwrap();
    bench.scene("no-training", &[NORMAL], &[TEST]);
    fs::remove_dir_all(bench.path("data/no-training/training")).unwrap();
    bench.scene("no-labels", &[NORMAL], &[TEST]);
    fs::remove_file(bench.path("data/no-labels/testing/labels.json")).unwrap();
    bench.scene("short", &[Footage { frames: 60, ..NORMAL }], &[TEST]);
    bench.scene("short-test", &[NORMAL], &[Footage { frames: 4, ..TEST }]);
    bench.scene("mixed", &[NORMAL, Footage { size_px: (32, 20), ..NORMAL }], &[TEST]);
    bench.scene("elsewhere", &[NORMAL], &[Footage { size_px: (32, 20), ..TEST }]);
    // Five clips are for the training, and the one for validation has one frame.
    let clips = [140, 3, 3, 3, 76].map(|frames| Footage { frames, ..NORMAL });
    bench.scene("no-validation", &clips, &[TEST]);
    fs::create_dir(bench.path("data/notes")).unwrap();

    let args = bench.args(&[], &TINY);
    let (results, failure) = judge_all(&args, &Shutdown::new()).unwrap();
    let judged: Vec<&str> = results.scenes.iter().map(|scene| scene.scene.as_str()).collect();
    assert_eq!(judged, ["good"]);
    assert_eq!(results.not_judged.len(), 8, "{:?}", results.not_judged);
    for (scene, words) in [
        ("no-test", "no test part"),
        ("no-training", "no training part"),
        ("no-labels", "without the truth"),
        ("short", "gives 16 scores, and levels need 40"),
        ("short-test", "shorter than the 5 frames"),
        ("mixed", "24×20 in `01` and 32×20 in `02`"),
        ("elsewhere", "no test clip is left"),
        ("no-validation", "0 held-out ones"),
    ] {
        assert!(why(&results, scene).contains(words), "{scene}: {}", why(&results, scene));
    }
    assert!(failure.is_some());
    let (data, out) = (bench.path("data"), bench.path("out"));
    let words = ["scenes", "--data", fixture::text(&data), "--out", fixture::text(&out)];
    let words = [&words[..], &["--precision", "f32", "--skip-training", "--"], &TINY].concat();
    let error = fixture::refusal(&words);
    assert!(error.contains("8 of 9 scenes could not be judged, the first: "), "{error}");
    assert!(fs::read_to_string(out.join("scenes.html")).unwrap().contains("1 of 9 scenes"));
}

#[test]
fn rates_of_two_to_thirty_frames_a_second_become_the_bundles() {
    let bench = Bench::new();
    bench.scene("fast", &[NORMAL], &[TEST]);
    bench.scene("slow", &[NORMAL], &[TEST]);
    let results = bench.judged(&["--fps", "30,slow=2"]);
    for (scene, fps) in results.scenes.iter().zip([30.0, 2.0]) {
        assert_eq!((scene.fps, scene.fps_from), (fps, RateSource::Given));
        let bundle = Bundle::load(&scene.bundle).unwrap();
        assert_eq!(bundle.manifest().input.fps, fps);
        assert_eq!(scene.test_frames, 56, "no frame was thinned out");
        assert!((scene.alarms[0].normal_h - 60.0 / fps / 3600.0).abs() < 1e-12);
    }
    assert_eq!(results.scenes.len(), 2);
    // Bundles of another rate are not judged.
    let (results, _) =
        judge_all(&bench.args(&["--skip-training"], &TINY), &Shutdown::new()).unwrap();
    assert!(why(&results, "slow").contains("for 2 frames a second, the scene has 10"));
}

#[test]
fn grey_pictures_do_for_a_network_of_colours_and_the_other_way_round() {
    let bench = Bench::new();
    let colour = |footage: Footage| Footage { colour: true, ..footage };
    bench.scene("colour", &[colour(NORMAL)], &[colour(TEST)]);
    bench.scene("infrared", &[NORMAL], &[TEST]);
    for (channels, planes) in [("rgb", 3), ("luma", 1)] {
        let out = bench.path(channels);
        let more = ["--out", out.to_str().unwrap()];
        let args = ScenesArgs {
            out: Some(out.clone()),
            ..bench.args(&[], &[&TINY[..], &["--channels", channels]].concat())
        };
        let (results, _) = judge_all(&args, &Shutdown::new()).unwrap();
        assert!(results.not_judged.is_empty(), "{more:?} {:?}", results.not_judged);
        let [colour, infrared] = &results.scenes[..] else { panic!("two scenes") };
        assert!(!colour.grey && infrared.grey);
        let bundle = Bundle::load(&infrared.bundle).unwrap();
        assert_eq!(bundle.manifest().input.channels.planes(), planes);
    }
}

#[test]
fn a_burnt_in_clock_is_a_part_of_what_is_normal() {
    let bench = Bench::new();
    let clock = |footage: Footage| Footage { clock: true, ..footage };
    bench.scene("clock", &[clock(NORMAL)], &[clock(TEST)]);
    let results = bench.judged(&[]);
    let scene = only(&results);
    assert_eq!(scene.alarms.last().unwrap().false_alarms, 0, "{scene:?}");
}

#[test]
fn a_test_clip_of_another_camera_is_left_out_and_named() {
    let bench = Bench::new();
    bench.scene("yard", &[NORMAL], &[TEST, Footage { size_px: (20, 24), ..TEST }]);
    let results = bench.judged(&["--fps", "10"]);
    let scene = only(&results);
    assert_eq!(scene.test_frames, 56);
    let notes = scene.notes.join("\n");
    assert!(notes.contains("left out") && notes.contains("02 (20×24)"), "{notes}");
    assert!(!notes.contains("assumed"), "{notes}");
}
