//! Two cameras on one machine: each its own program, lines and folders.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Bench, json, stderr};

/// Another camera `name` of the bench, with these lines.
fn site(bench: &Bench, name: &str, footage: &str, [alarm, fault]: [&str; 2]) {
    let text = format!(
        "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
         path = \"{footage}\"\nloop = true\n[output.alarm]\nline = \"{alarm}\"\n[output.fault]\n\
         line = \"{fault}\"\n[output.events]\npath = \"{name}/events.jsonl\"\n\
         folder = \"{name}/events\"\n"
    );
    fs::create_dir_all(bench.path(name)).unwrap();
    fs::write(bench.path(&format!("{name}.toml")), text).unwrap();
}

fn events(bench: &Bench, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(bench.path(&format!("{name}/events.jsonl"))).unwrap_or_default();
    // The last line may be half written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn start(bench: &Bench, name: &str) -> Child {
    let config = format!("{name}.toml");
    let mut run = bench.command(&["run", "--config", &config, "--json"]);
    run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until the log of each has such an event.
fn wait_for(bench: &Bench, what: &str, is_it: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    while !["front", "yard"].iter().all(|name| events(bench, name).iter().any(&is_it)) {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what} does not come");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn two_cameras_are_watched_at_the_same_time() {
    let bench = Bench::calibrated();
    bench.clip("odd", 120, 1, Some(60));
    site(&bench, "front", "normal/00", ["ALARM", "FAULT"]);
    site(&bench, "yard", "odd", ["CHANGED", "TAMPERED"]);
    let args = ["check", "--config", "yard.toml", "--beside", "front.toml"];
    let out = bench.run(&args);
    assert!(out.status.success(), "{}", stderr(&out));
    let mut running = ["front", "yard"].map(|name| start(&bench, name));
    wait_for(&bench, "the fault line", |event| {
        event["event"] == "line" && event["line"] == "fault" && event["active"] == true
    });
    for child in &mut running {
        assert!(child.try_wait().unwrap().is_none(), "one ended beside the other");
        let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(killed.success());
    }
    for (child, name) in running.into_iter().zip(["front", "yard"]) {
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{name}");
        assert!(json(&out.stdout)["judged"].as_u64().unwrap() > 0, "{name}");
        let log = events(&bench, name);
        assert_eq!(log.iter().filter(|event| event["event"] == "start").count(), 1, "{name}");
        assert_eq!(log.last().unwrap()["event"], "stop", "{name}");
        // Whether there is one depends on how fast the machine is; whose it is does not.
        let kept = fs::read_dir(bench.path(&format!("{name}/events"))).into_iter().flatten();
        for event in kept.map(|entry| entry.unwrap().path().join("event.json")) {
            let event = json(&fs::read(event).unwrap());
            assert_eq!(event["site"], name, "an event of the other one");
        }
    }
}

#[test]
fn two_that_claim_the_same_are_refused() {
    let bench = Bench::calibrated();
    site(&bench, "front", "normal/00", ["ALARM", "FAULT"]);
    let together = || {
        let args = ["check", "--config", "yard.toml", "--beside", "front.toml"];
        bench.run(&args)
    };
    site(&bench, "yard", "normal/01", ["CHANGED", "FAULT"]);
    let out = together();
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    let told = stderr(&out);
    assert!(told.contains("`output.fault.line`: the simulated line FAULT is claimed by"), "{told}");
    assert!(told.contains("front.toml too") && told.contains("lines of its own"), "{told}");
    let yard = fs::read_to_string(bench.path("yard.toml")).unwrap();
    let yard = yard.replace("FAULT", "TAMPERED").replace("yard/", "front/");
    fs::write(bench.path("yard.toml"), yard.clone() + "[web]\n").unwrap();
    let front = fs::read_to_string(bench.path("front.toml")).unwrap();
    fs::write(bench.path("front.toml"), front + "[web]\n").unwrap();
    let told = stderr(&together());
    for what in ["the event log ", "the folder of events ", "port 9479"] {
        assert!(told.contains(what), "{what} is not in {told}");
    }
    let text = yard.replace("front/", "yard/") + "[web]\nlisten = \"127.0.0.1:9480\"\n";
    fs::write(bench.path("yard.toml"), text).unwrap();
    let out = together();
    assert!(out.status.success(), "{}", stderr(&out));
}
