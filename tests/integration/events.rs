//! Events with their pictures: from footage, from a live run, and read back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Bench, json, stderr};

const SCHEMA: &str = include_str!("../../docs/ref/event.schema.json");

/// The demonstration's own bundle and, in `test/a`, eight seconds of its clip, in which
/// a cart comes after three and goes again.
fn odd() -> Bench {
    let bench = Bench::new();
    let frames = models().join("walkway-clip/frames/204");
    let mut names: Vec<_> =
        fs::read_dir(frames).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    fs::create_dir_all(bench.path("test/a")).unwrap();
    for path in &names[120..200] {
        fs::copy(path, bench.path("test/a").join(path.file_name().unwrap())).unwrap();
    }
    bench
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

fn replay(bench: &Bench, out: &str) -> PathBuf {
    let bundle = models().join("walkway-edge");
    let args = ["--frames", "test", "--out", out];
    let done = bench.run(&[&["replay", "--bundle", bundle.to_str().unwrap()], &args[..]].concat());
    assert!(done.status.success(), "{}", stderr(&done));
    bench.path(out).join("events")
}

/// Every file of a folder of events, by its path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for event in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(event.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            files.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(path).unwrap());
        }
    }
    files
}

fn events(folder: &Path) -> Vec<Value> {
    let all = files(folder);
    let described = all.iter().filter(|(path, _)| path.ends_with("event.json"));
    described.map(|(_, text)| json(text)).collect()
}

#[test]
fn a_replay_gives_the_same_events_to_the_byte() {
    let bench = odd();
    let first = files(&replay(&bench, "one"));
    assert_eq!(first, files(&replay(&bench, "two")));
    assert_eq!(first, files(&replay(&bench, "one")), "and again in the same place");
    let names: Vec<_> = first.keys().map(|path| path.display().to_string()).collect();
    let id = names[0].split('/').next().unwrap();
    let wanted = ["before.jpg", "event.json", "onset.jpg", "peak.jpg"];
    assert_eq!(names, wanted.map(|file| format!("{id}/{file}")));
    for picture in first.iter().filter(|(path, _)| path.extension().unwrap() == "jpg") {
        assert!(picture.1.starts_with(&[0xFF, 0xD8, 0xFF]), "{:?}", picture.0);
    }
}

#[test]
fn an_event_says_what_where_when_and_why() {
    let bench = odd();
    let event = events(&replay(&bench, "out")).remove(0);
    assert_eq!((&event["kind"], &event["site"]), (&"anomaly".into(), &"a".into()));
    let begin = event["begin"]["frame"].as_u64().unwrap();
    assert!((26..32).contains(&begin), "{begin}");
    let peak = &event["peak"];
    let enter = event["in_force"]["enter_level"].as_f64().unwrap();
    assert!(peak["score"].as_f64().unwrap() >= enter, "{peak}");
    let reason = event["reason"].as_str().unwrap();
    assert!(reason.contains("the level of one false alarm a day"), "{reason}");
    let trace = event["trace"].as_array().unwrap();
    assert!(trace[0]["time_ms"].as_u64().unwrap() < begin * 100, "it begins before");
    let scores = trace.iter().map(|point| point["score"].as_f64().unwrap());
    let highest = scores.fold(0.0, f64::max);
    assert!((highest - peak["score"].as_f64().unwrap()).abs() < 1e-6);
    assert_eq!(event["heat"]["cells"].as_array().unwrap().len(), 16 * 16);
    let onset_ms = event["pictures"][1]["time_ms"].as_u64().unwrap();
    assert!(onset_ms.abs_diff(begin * 100) <= 200, "{onset_ms}");
}

/// The keys of an object are those of the schema, all of them, at every depth.
fn follows(value: &Value, schema: &Value, place: &str) {
    if let Some(items) = schema.get("items") {
        let list = value.as_array().unwrap_or_else(|| panic!("{place} is not a list"));
        list.iter().for_each(|item| follows(item, items, place));
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let Some(object) = value.as_object() else {
        assert!(value.is_null() && schema["type"].to_string().contains("null"), "{place}: {value}");
        return;
    };
    let known: Vec<_> = properties.keys().collect();
    assert_eq!(object.keys().collect::<Vec<_>>(), known, "{place}");
    for (key, value) in object {
        follows(value, &properties[key], &format!("{place}.{key}"));
    }
}

#[test]
fn the_schema_of_an_event_is_what_is_written() {
    let bench = odd();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let event = events(&replay(&bench, "out")).remove(0);
    assert_eq!(event["schema"], schema["properties"]["schema"]["const"]);
    follows(&event, &schema, "event");
}

#[test]
fn events_are_listed_explained_reviewed_and_exported() {
    let bench = odd();
    replay(&bench, "out");
    let run = |args: &[&str]| {
        let done = bench.run(&[&["events", "--folder", "out/events"], args].concat());
        assert!(done.status.success(), "{}", stderr(&done));
        String::from_utf8(done.stdout).unwrap()
    };
    let listed = run(&["list"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(listed.contains("anomaly") && listed.contains("s into the footage"), "{listed}");
    assert!(run(&["list", "--kind", "blind"]).starts_with("no events in"));
    let explained = run(&["explain", "last"]);
    for part in ["each whole number is ten times rarer", "peak.jpg (", "mask that place"] {
        assert!(explained.contains(part), "`{part}` is not in\n{explained}");
    }
    let shown = json(run(&["show", "last"]).as_bytes());
    let id = shown["situation"]["id"].as_str().unwrap().to_owned();
    assert_eq!(shown["review"], Value::Null);
    run(&["review", &id, "--normal"]);
    assert_eq!(json(run(&["show", &id]).as_bytes())["review"]["normal"], true);
    assert!(run(&["list", "--unreviewed"]).starts_with("no events in"));
    run(&["export", "last", "--out", "e.zip"]);
    let file = fs::File::open(bench.path("e.zip")).unwrap();
    let mut names: Vec<_> =
        zip::ZipArchive::new(file).unwrap().file_names().map(str::to_owned).collect();
    names.sort();
    let wanted = ["before.jpg", "event.json", "onset.jpg", "peak.jpg", "review.json"];
    assert_eq!(names, wanted.map(|file| format!("{id}/{file}")));
}

#[test]
fn wrong_questions_about_events_are_answered() {
    let bench = Bench::with_site("source = \"folder\"\npath = \"none\"", "events.jsonl");
    for (args, code, words) in [
        (&["events", "list"][..], 2, "--config FILE or --folder DIR"),
        (&["events", "list", "--config", "site.toml"], 2, "add `folder = \"events\"`"),
        (&["events", "show", "last", "--folder", "nowhere"], 2, "no event in it yet"),
        (&["events", "show", "x", "--folder", "nowhere"], 2, "there is no event `x`"),
        (&["events", "export", "../bundle", "--folder", ".", "--out", "z"], 2, "no event `../"),
    ] {
        let done = bench.run(args);
        let text = stderr(&done);
        assert_eq!(done.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
    }
    assert!(bench.run(&["events", "list", "--folder", "nowhere"]).status.success());
}

/// Of a live run in real time, in `folder`.
fn live(bench: &Bench, folder: &str) -> Value {
    let site = format!(
        "board = \"simulated\"\nbundle = \"{}\"\n[camera]\nsource = \"folder\"\npath = \"test/a\"\n\
         [alarm]\nmin_duration_ms = 300\nhold_ms = 1000\ncooldown_ms = 1000\nwarm_up_ms = 0\n\
         [output.alarm]\nline = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n\
         [output.events]\npath = \"events.jsonl\"\nfolder = \"{folder}\"\n",
        models().join("walkway-edge").display()
    );
    fs::write(bench.path("live.toml"), site).unwrap();
    let done = bench.run(&["run", "--config", "live.toml", "--json"]);
    assert!(done.status.success(), "{}", stderr(&done));
    json(&done.stdout)
}

/// But for dates, for names, and for begin and end, which ticks of the live clock may
/// move by some milliseconds: times count from the worst moment.
fn without_dates(mut event: Value) -> Value {
    let peak = event["peak"]["time_ms"].as_u64().unwrap() as i64;
    let begin = event["begin"]["frame"].take();
    for key in ["id", "site", "begin", "end", "duration_ms"] {
        event.as_object_mut().unwrap().remove(key);
    }
    let reason = event["reason"].as_str().unwrap().split(" It lasted").next().unwrap().to_owned();
    (event["reason"], event["begun"]) = (reason.into(), begin);
    let since = |time: &mut Value| *time = (time.as_u64().unwrap() as i64 - peak).into();
    since(&mut event["peak"]["time_ms"]);
    for list in ["trace", "pictures"] {
        let list = event[list].as_array_mut().unwrap();
        list.iter_mut().for_each(|item| since(&mut item["time_ms"]));
    }
    event
}

#[test]
fn a_live_run_gives_the_events_of_a_replay() {
    // A busy machine may leave frames out, of which a replay knows nothing.
    let patience = Instant::now() + Duration::from_secs(300);
    loop {
        let bench = odd();
        let summary = live(&bench, "kept");
        let left_out = ["overtaken", "passed_over", "dropped", "skipped", "missed"]
            .map(|key| summary[key].as_u64().unwrap());
        if left_out != [0; 5] {
            assert!(Instant::now() < patience, "too busy to judge every frame: {summary}");
            continue;
        }
        let replayed = replay(&bench, "out");
        let plain = |folder: &Path| -> Vec<Value> {
            events(folder).into_iter().map(without_dates).collect()
        };
        assert_eq!(plain(&bench.path("kept")), plain(&replayed));
        let pictures = |folder: &Path| -> Vec<Vec<u8>> {
            let all = files(folder).into_iter();
            all.filter(|(path, _)| path.extension().unwrap() == "jpg").map(|(_, b)| b).collect()
        };
        assert_eq!(pictures(&bench.path("kept")), pictures(&replayed));
        return;
    }
}

#[test]
fn nothing_is_written_while_nothing_happens_and_a_bad_folder_keeps_nobody() {
    let bench = odd();
    let (all, quiet) = (bench.path("test/a"), bench.path("all"));
    fs::rename(&all, &quiet).unwrap();
    fs::create_dir_all(&all).unwrap();
    let mut names: Vec<_> = fs::read_dir(&quiet).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for path in &names[..20] {
        fs::copy(path, all.join(path.file_name().unwrap())).unwrap();
    }
    live(&bench, "kept");
    assert!(!bench.path("kept").exists());
    for path in &names {
        fs::copy(path, all.join(path.file_name().unwrap())).unwrap();
    }
    fs::write(bench.path("kept"), "a file in the way").unwrap();
    let summary = live(&bench, "kept");
    assert!(summary["events_dropped"].as_u64().unwrap() >= 1, "{summary}");
    let log = fs::read_to_string(bench.path("events.jsonl")).unwrap();
    assert!(log.contains("\"to\":\"alarm\""), "{log}");
}
