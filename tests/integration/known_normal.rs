//! "That was normal": the same again is told and not raised, until it is revoked.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Bench, json, stderr};

/// The demonstration's clip, watched once as a site that also learns: the lines of its log and
/// its events. A busy machine leaves frames out, and then it is not the same again.
fn watch(bench: &Bench) -> (Vec<Value>, Vec<Value>) {
    let events = || {
        let listed = bench.run(&["events", "list", "--config", "site.toml", "--json"]);
        let Value::Array(events) = json(&listed.stdout) else { panic!("{}", stderr(&listed)) };
        events
    };
    let (before, patience) = (events(), Instant::now() + Duration::from_secs(300));
    loop {
        let _ = fs::remove_file(bench.path("events.jsonl"));
        let done = bench.run(&["run", "--config", "site.toml", "--json"]);
        assert!(done.status.success(), "{}", stderr(&done));
        let left_out = ["overtaken", "passed_over", "dropped", "skipped", "missed"]
            .map(|key| json(&done.stdout)[key].as_u64().unwrap());
        if left_out == [0; 5] {
            let log = fs::read_to_string(bench.path("events.jsonl")).unwrap();
            return (log.lines().map(|line| json(line.as_bytes())).collect(), events());
        }
        assert!(Instant::now() < patience, "too busy to judge every frame: {left_out:?}");
        for event in events().into_iter().filter(|event| !before.contains(event)) {
            fs::remove_dir_all(bench.path(event["folder"].as_str().unwrap())).unwrap();
        }
    }
}

fn raised(log: &[Value]) -> bool {
    log.iter().any(|event| event["to"] == "alarm")
}

#[test]
fn a_dismissed_alarm_of_a_site_is_quiet_and_learnt_until_it_is_revoked() {
    let bench = Bench::new();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut frames: Vec<_> =
        fs::read_dir(models.join("walkway-clip/frames/204")).unwrap().collect();
    frames.sort_by_key(|entry| entry.as_ref().unwrap().path());
    fs::create_dir_all(bench.path("test/a")).unwrap();
    for entry in &frames[130..200] {
        let path = entry.as_ref().unwrap().path();
        fs::copy(&path, bench.path("test/a").join(path.file_name().unwrap())).unwrap();
    }
    let site = format!(
        "board = \"simulated\"\nbundle = \"{}\"\n[learn]\nfolder = \"learnt\"\npreset = \"edge\"\n\
         [camera]\nsource = \"folder\"\npath = \"test/a\"\n[alarm]\nwarm_up_ms = 0\n\
         [output.alarm]\nline = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n\
         [output.events]\npath = \"events.jsonl\"\nfolder = \"kept\"\n",
        models.join("walkway-edge").display()
    );
    fs::write(bench.path("site.toml"), site).unwrap();
    let normal = |args: &[&str]| {
        let done = bench.run(&[&["normal", "--config", "site.toml"], args].concat());
        (done.status.code(), format!("{}{}", String::from_utf8_lossy(&done.stdout), stderr(&done)))
    };
    assert_eq!(normal(&["--last"]).0, Some(2), "there is none yet");
    let (log, events) = watch(&bench);
    assert!(raised(&log) && events[0]["situation"]["windows"].is_object(), "{events:?}");
    let (code, said) = normal(&["--last"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("by entry 1") && said.contains("the next learning takes"), "{said}");
    let listed = normal(&["--list"]).1;
    assert!(listed.contains(events[0]["situation"]["id"].as_str().unwrap()), "{listed}");
    assert!(bench.path("learnt/fed-back").is_dir());

    let (log, events) = watch(&bench);
    assert!(!raised(&log), "{log:?}");
    assert!(log.iter().any(|event| event["event"] == "quieted"), "{log:?}");
    assert_eq!(events[1]["situation"]["quieted"], 1, "{events:?}");

    let (code, said) = normal(&["--revoke", "1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nor learnt"), "{said}");
    assert_eq!(normal(&["--revoke", "1"]).0, Some(2));
    assert!(raised(&watch(&bench).0), "what was revoked is raised again");

    fs::write(bench.path("kept/known-normal.json"), "{").unwrap();
    let (code, said) = normal(&["--list"]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("nothing is quieted; remove the file"), "{said}");
}
