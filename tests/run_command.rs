//! `normwatch run` as a service manager would use it.

mod common;

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{Bench, json, stderr};

fn site(bench: &Bench, camera: &str) {
    let text = format!(
        "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\n{camera}\n[output.alarm]\n\
         line = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n[output.events]\n\
         path = \"events.jsonl\"\n"
    );
    fs::write(bench.path("site.toml"), text).unwrap();
}

fn events(bench: &Bench) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(bench.path("events.jsonl")).unwrap();
    text.lines().map(|line| json(line.as_bytes())).collect()
}

const RUN: [&str; 4] = ["run", "--config", "site.toml", "--json"];

#[test]
fn a_folder_is_watched_at_its_own_pace() {
    let bench = Bench::calibrated();
    site(&bench, "source = \"folder\"\npath = \"normal/00\"\nloop = true");
    let out = bench.run(&[&RUN[..], &["--for-s", "2.5"]].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    let judged = json(&out.stdout)["judged"].as_u64().unwrap();
    assert!((5..=26).contains(&judged), "{judged} frames at 10 a second in 2.5 s");
    let events = events(&bench);
    assert_eq!(events.first().unwrap()["event"], "start");
    assert_eq!(events.last().unwrap()["event"], "stop");
    let fault: Vec<bool> = events
        .iter()
        .filter(|e| e["event"] == "line" && e["line"] == "fault")
        .map(|e| e["active"].as_bool().unwrap())
        .collect();
    assert_eq!((fault.first(), fault.last()), (Some(&true), Some(&false)));
}

#[test]
fn sigterm_ends_a_run_in_order() {
    let bench = Bench::calibrated();
    site(&bench, "source = \"folder\"\npath = \"normal/00\"\nloop = true");
    let child = bench.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_secs(2));
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    assert!(json(&out.stdout)["judged"].as_u64().unwrap() > 0);
    assert_eq!(events(&bench).last().unwrap()["event"], "stop");
}

#[test]
fn a_camera_command_that_dies_is_started_again() {
    let bench = Bench::calibrated();
    let script = "command = [\"sh\", \"-c\", \"head -c 10240 /dev/zero\"]";
    let stream = "format = \"grey\"\nwidth_px = 32\nheight_px = 32";
    site(&bench, &format!("source = \"pipe\"\n{script}\n{stream}"));
    let out = bench.run(&[&RUN[..], &["--for-s", "3"]].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    assert!(json(&out.stdout)["reopened"].as_u64().unwrap() >= 1);
    assert!(events(&bench).iter().any(|e| e["event"] == "blind"));
}

#[test]
fn a_bundle_without_a_calibration_cannot_watch() {
    let bench = Bench::new();
    site(&bench, "source = \"stdin\"\nformat = \"y4m\"");
    let out = bench.run(&RUN);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("normwatch calibrate"), "{}", stderr(&out));
}
