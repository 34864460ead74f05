//! The program on recorded footage: the same bytes twice, and bad input.

use std::fs;
use std::process::Output;

use crate::common::{Bench, SIDE_PX, json, stderr, write_png};

fn assert_fails(out: &Output, code: i32, words: &[&str]) {
    let text = stderr(out);
    assert_eq!(out.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn two_replays_give_the_same_bytes() {
    let bench = Bench::calibrated();
    bench.clip("test/a", 60, 9, Some(30));
    bench.clip("test/b", 50, 10, None);
    let labels: Vec<u8> = (0..60).map(|frame| u8::from(frame >= 30)).collect();
    let labels = serde_json::json!({"a": labels, "b": vec![0; 50]});
    fs::write(bench.path("labels.json"), labels.to_string()).unwrap();
    for out in ["one", "two"] {
        let args = ["--frames", "test", "--labels", "labels.json", "--out", out];
        let done = bench.run(&[&["replay", "--bundle", "bundle"], &args[..]].concat());
        assert!(done.status.success(), "{}", stderr(&done));
    }
    for file in ["events.jsonl", "scores.csv", "summary.json"] {
        let read = |out: &str| fs::read(bench.path(out).join(file)).unwrap();
        assert_eq!(read("one"), read("two"), "{file}");
    }
    let scores = fs::read_to_string(bench.path("one/scores.csv")).unwrap();
    let rows: Vec<&str> = scores.lines().skip(1).collect();
    assert_eq!(rows.len(), 60 - 4 + 50 - 4);
    assert!(rows[0].starts_with("a,4,400,"), "the first four frames have no score: {}", rows[0]);
    let summary = json(&fs::read(bench.path("one/summary.json")).unwrap());
    let auc = summary["auc"]["psnr"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&auc));
    assert!(summary["budget"]["enter_level"].as_f64().unwrap() > 0.0);
    let report = fs::read_to_string(bench.path("one/report.html")).unwrap();
    assert!(report.contains("<svg") && report.contains("data:image/jpeg"));
}

#[test]
fn the_network_rests_while_nothing_moves() {
    let bench = Bench::calibrated();
    let clip = bench.clip("clip", 60, 2, None);
    for frame in 20..50 {
        let last = fs::read(clip.join("0019.png")).unwrap();
        fs::write(clip.join(format!("{frame:04}.png")), last).unwrap();
    }
    let rested = |out: &str, gate: &[&str]| {
        let args = ["replay", "--bundle", "bundle", "--frames", "clip", "--out", out];
        let done = bench.run(&[&args[..], gate].concat());
        assert!(done.status.success(), "{}", stderr(&done));
        let rows = fs::read_to_string(bench.path(out).join("scores.csv")).unwrap();
        assert_eq!(rows.lines().count(), 1 + 56, "every frame has a score");
        let summary = json(&fs::read(bench.path(out).join("summary.json")).unwrap());
        (summary["frames_rested"].as_u64().unwrap(), rows)
    };
    let (none, plain) = rested("plain", &[]);
    let (some, gated) = rested("gated", &["--motion-gate", "0.5"]);
    // Thirty still frames: the first four while the window still holds motion,
    // and one in ten, which the network judges all the same.
    assert_eq!((none, some), (0, 24));
    let before = |rows: &str| rows.lines().take(1 + 16).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(before(&plain), before(&gated), "nothing changes where something moves");
    let args = ["replay", "--bundle", "bundle", "--frames", "clip", "--out", "no"];
    let refused = bench.run(&[&args[..], &["--motion-gate", "0"]].concat());
    assert_fails(&refused, 2, &["--motion-gate", "0.5 to 50"]);
}

#[test]
fn a_bad_frame_is_skipped_counted_and_named() {
    let bench = Bench::calibrated();
    let clip = bench.clip("clip", 40, 3, None);
    fs::write(clip.join("0020.png"), b"\x89PNG cut short").unwrap();
    write_png(&clip.join("0030.png"), &vec![9; 4 * SIDE_PX * SIDE_PX], 2 * SIDE_PX);
    let out = bench.run(&["replay", "--bundle", "bundle", "--frames", "clip", "--out", "out"]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_eq!(json(&fs::read(bench.path("out/summary.json")).unwrap())["frames_skipped"], 2);
    let events = fs::read_to_string(bench.path("out/events.jsonl")).unwrap();
    let kinds = |kind: &str| events.lines().filter(|l| json(l.as_bytes())["event"] == kind).count();
    assert_eq!((kinds("skip"), kinds("gap")), (2, 2), "{events}");
    assert!(events.contains("0020.png"), "{events}");
    let rows = fs::read_to_string(bench.path("out/scores.csv")).unwrap().lines().count() - 1;
    assert_eq!(rows, 16 + 5 + 5, "each gap empties the window of four past frames");
}

#[test]
fn footage_that_cannot_be_played() {
    let bench = Bench::calibrated();
    fs::create_dir(bench.path("empty")).unwrap();
    let replay = |frames: &str, out: &str| {
        bench.run(&["replay", "--bundle", "bundle", "--frames", frames, "--out", out])
    };
    assert_fails(&replay("empty", "out"), 4, &["empty", "no images"]);
    assert_fails(&replay("nowhere", "out"), 4, &["nowhere"]);
    fs::write(bench.path("file"), b"").unwrap();
    assert_fails(&replay("normal", "file/out"), 5, &["file"]);
    let out = bench.run(&["replay", "--bundle", "gone", "--frames", "normal", "--out", "out"]);
    assert_fails(&out, 5, &["gone", "not a bundle"]);
}

#[test]
fn labels_that_do_not_fit() {
    let bench = Bench::calibrated();
    let with = |labels: &str| {
        fs::write(bench.path("labels.json"), labels).unwrap();
        let args = ["--frames", "normal", "--labels", "labels.json", "--out", "out"];
        bench.run(&[&["replay", "--bundle", "bundle"], &args[..]].concat())
    };
    assert_fails(&with("{\"00\": [0, 1]}"), 2, &["80 frames", "2 labels"]);
    assert_fails(&with("{\"zz\": [0]}"), 2, &["no clip `00`", "zz"]);
    assert_fails(&with("{\"00\": [7]}"), 2, &["neither 0 nor 1"]);
    assert_fails(&with("[0, 1"), 2, &["labels.json"]);
}

#[test]
fn calibration_needs_enough_footage_that_moves() {
    let bench = Bench::new();
    bench.clip("short", 50, 1, None);
    let calibrate =
        |frames: &str| bench.run(&["calibrate", "--bundle", "bundle", "--frames", frames]);
    assert_fails(&calibrate("short"), 3, &["46 scored frames", "at least 200"]);
    let frozen = bench.path("frozen");
    fs::create_dir(&frozen).unwrap();
    for frame in 0..220 {
        write_png(&frozen.join(format!("{frame}.png")), &vec![100; SIDE_PX * SIDE_PX], SIDE_PX);
    }
    assert_fails(&calibrate("frozen"), 3, &["never varies"]);
    let manifest = fs::read_to_string(bench.path("bundle/manifest.toml")).unwrap();
    assert!(!manifest.contains("calibration"));
}

#[test]
fn the_bundle_says_what_its_memory_is_worth() {
    let bench = Bench::new();
    (0..4).for_each(|seed| {
        bench.clip(&format!("normal/{seed:02}"), 80, seed, None);
    });
    let file = bench.path("bundle/manifest.toml");
    let manifest = fs::read_to_string(&file).unwrap();
    let with = |weight: &str, given: &[&str]| {
        let text = manifest.replace("[score]\n", &format!("[score]\nmemory_weight = {weight}\n"));
        fs::write(&file, text).unwrap();
        let args = ["calibrate", "--bundle", "bundle", "--frames", "normal", "--out", "c.toml"];
        bench.run(&[&args[..], given].concat())
    };
    let weights = |weight: &str, given: &[&str]| {
        let done = with(weight, given);
        assert!(done.status.success(), "{}", stderr(&done));
        let text = fs::read_to_string(bench.path("c.toml")).unwrap();
        text.split("[weights]").nth(1).unwrap().lines().skip(1).take(2).collect::<String>()
    };
    assert_eq!(weights("0.5", &[]), "block = 1.0memory = 0.5");
    assert_eq!(weights("0.5", &["--weight-memory", "2"]), "block = 1.0memory = 2.0");
    assert_fails(&with("-1.0", &[]), 3, &["score.memory_weight", "between 0 and 1000"]);
}

#[test]
fn a_calibration_serves_its_own_model_only() {
    let bench = Bench::calibrated();
    let own = bench.calibration();
    let (_, rest) = own.split_once("model_sha256 = \"").unwrap();
    let other = own.replace(&rest[..64], &"0".repeat(64));
    fs::write(bench.path("other.toml"), other).unwrap();
    let args = ["--frames", "normal", "--out", "out", "--calibration", "other.toml"];
    let out = bench.run(&[&["replay", "--bundle", "bundle"], &args[..]].concat());
    assert_fails(&out, 3, &["other.toml", "another model"]);
}

/// The network is the same, and yet its scores mean something else.
#[test]
fn a_calibration_serves_its_own_conditions_only() {
    let bench = Bench::calibrated();
    let file = bench.path("bundle/manifest.toml");
    let manifest = fs::read_to_string(&file).unwrap();
    let args = ["replay", "--bundle", "bundle", "--frames", "normal", "--out", "out"];
    for (from, to) in [("fps = 10", "fps = 11"), ("resize = \"bilinear\"", "resize = \"area\"")] {
        assert!(manifest.contains(from), "{manifest}");
        fs::write(&file, manifest.replace(from, to)).unwrap();
        assert_fails(&bench.run(&args), 3, &["calibration-", "manifest said something else"]);
    }
    fs::write(&file, manifest.replace("name = \"", "name = \"renamed ")).unwrap();
    let out = bench.run(&args);
    assert!(out.status.success(), "{}", stderr(&out));
}

#[test]
fn bench_measures_every_stage() {
    let bench = Bench::new();
    let out = bench.run(&["bench", "--bundle", "bundle", "--frames", "20", "--json"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let summary = json(&out.stdout);
    let stages = summary["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|s| s["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["capture", "preprocess", "encoder", "memory", "decoder", "score", "alarm"]);
    let shares: f64 = stages.iter().map(|s| s["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{shares}");
}

#[test]
fn check_points_at_the_line() {
    let bench = Bench::new();
    let site = "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
                path = \"x\"\n[alarm]\nmin_duraton_ms = 5\n[output.alarm]\nline = \"ALARM\"\n";
    fs::write(bench.path("site.toml"), site).unwrap();
    let out = bench.run(&["check", "--config", "site.toml"]);
    assert_fails(&out, 2, &["site.toml:7:1", "did you mean `min_duration_ms`"]);
}

#[test]
fn a_video_file_is_decoded_by_ffmpeg() {
    let bench = Bench::calibrated();
    bench.clip("frames", 40, 2, None);
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-framerate", "10", "-i"])
        .arg(bench.path("frames/%04d.png"))
        .args(["-c:v", "mjpeg", "-q:v", "2"])
        .arg(bench.path("clip.avi"))
        .status()
        .expect("`cargo xtask setup` installs ffmpeg");
    assert!(made.success());
    let out = bench.run(&["replay", "--bundle", "bundle", "--frames", "clip.avi", "--out", "out"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let summary = json(&fs::read(bench.path("out/summary.json")).unwrap());
    assert_eq!(summary["clips"][0]["scored"], 36);
}

#[test]
fn footage_of_which_nothing_can_be_judged_is_an_error_that_says_why() {
    let bench = Bench::calibrated();
    bench.clip("short", 3, 2, None);
    bench.clip("slow", 40, 2, None);
    fs::create_dir(bench.path("broken")).unwrap();
    (0..5).for_each(|n| fs::write(bench.path(&format!("broken/{n}.png")), "a note").unwrap());
    for (footage, fps, part) in [
        ("short", "10", "frames in a row, and only 3 could be used"),
        ("slow", "2", "never 5 in a row without a gap"),
        ("broken", "10", "all 5 frames were skipped"),
    ] {
        let common = ["--bundle", "bundle", "--frames", footage, "--fps", fps];
        let replay = [&["replay"][..], &common, &["--out", "out"]].concat();
        let calibrate = [&["calibrate"][..], &common, &["--out", "cal.toml"]].concat();
        for command in [replay, calibrate] {
            let out = bench.run(&command);
            assert_eq!(out.status.code(), Some(4), "{command:?}: {}", stderr(&out));
            let said = stderr(&out);
            assert!(said.contains("nothing of the footage could be judged"), "{said}");
            assert!(said.contains(part), "{said}");
        }
        assert!(!bench.path("out/summary.json").exists());
    }
}
