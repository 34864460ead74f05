//! The page: what is counted, what is ordered, and what a browser makes of it.

mod browser;
mod driver;
mod gallery;
mod hanging;
mod power_cut;
mod seen;
mod shown;
mod streams;

use std::fs;

use serde_json::{Value, json};

use crate::common::{Bench, json as parsed};
use crate::web::Running;
use shown::Shown;

const TOKEN: &str = "0123456789abcdef";

/// When `normwatch replay` raises alarms at a budget, in milliseconds of footage.
fn replayed(bench: &Bench, bundle: &str, frames: &str, budget: &str, fps: f64) -> Vec<u64> {
    let args = ["replay", "--bundle", bundle, "--frames", frames, "--out", "out", "--json"];
    let out = bench.run(&[&args[..], &["--alarms-per-day", budget]].concat());
    let summary = parsed(&out.stdout);
    let alarms = summary["clips"][0]["alarms"].as_array().unwrap();
    let first = |alarm: &Value| alarm["first_frame"].as_u64().unwrap();
    alarms.iter().map(|alarm| (first(alarm) as f64 * 1000.0 / fps) as u64).collect()
}

/// When the page says that there would be some.
fn counted(shown: &Shown, budget: &str) -> Vec<u64> {
    let told = shown.json(&format!("/trace/count?budget={budget}"));
    assert_eq!(told["alarms_per_day"].as_f64(), budget.parse().ok());
    let raised = told["raised"].as_array().unwrap();
    assert_eq!(told["count"], raised.len());
    raised.iter().map(|alarm| alarm[0].as_u64().unwrap()).collect()
}

#[test]
fn the_demonstration_counts_what_a_replay_raises_at_any_budget() {
    let shown = Shown::start(&["demo", "--page", "--speed", "0", "--out", "out"]);
    shown.await_end();
    let root = env!("CARGO_MANIFEST_DIR");
    let bundle = format!("{root}/models/walkway-edge");
    let frames = format!("{root}/models/walkway-clip");
    let usual = counted(&shown, "1");
    let events = shown.json("/events.json");
    let anomalies = events.as_array().unwrap().iter().filter(|e| e["kind"] == "anomaly").count();
    assert_eq!((usual.len(), usual.is_empty()), (anomalies, false), "{events}");
    for budget in ["0.01", "1", "100"] {
        let again = replayed(&shown.bench, &bundle, &frames, budget, 10.0);
        assert_eq!(counted(&shown, budget), again, "{budget} a day");
    }
    let few = shown.json("/trace/count?budget=0.01");
    assert_eq!(few["supported"], false, "{few}");
    for wrong in ["", "?budget=0", "?budget=1e9", "?budget=NaN", "?budget=x"] {
        assert_eq!(shown.status(&format!("/trace/count{wrong}")), 400, "{wrong}");
    }
}

#[test]
fn a_replay_is_shown_as_well() {
    let bench = Bench::calibrated();
    bench.clip("clip", 60, 3, Some(30));
    let args = ["replay", "--bundle", "bundle", "--frames", "clip", "--out", "shown", "--page"];
    let shown = Shown::of(bench, &[&args[..], &["--speed", "0"]].concat());
    shown.await_end();
    let state = shown.json("/state.json");
    assert_eq!((state["judged"].as_u64(), state["camera_up"].as_bool()), (Some(56), Some(true)));
    let again = replayed(&shown.bench, "bundle", "clip", "1", 10.0);
    assert_eq!(counted(&shown, "1"), again);
    let watched = shown.json("/trace/count?budget=1")["watched_ms"].as_u64();
    assert_eq!(watched, Some(5500), "of 60 frames the network needs four before");
}

/// What an order is answered with: its status, and its body.
fn order(running: &Running, what: &str, body: &Value, more: &str) -> (u16, String) {
    let body = body.to_string();
    let request = format!(
        "POST /order/{what} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: normwatch={TOKEN}\r\n\
         X-Normwatch: 1\r\nContent-Type: application/json\r\n{more}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = running.try_ask(&request).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

fn get(running: &Running, path: &str) -> Value {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    let answer = running.try_ask(&request).unwrap();
    parsed(answer.split_once("\r\n\r\n").unwrap().1.as_bytes())
}

/// Waits until the run says so.
fn await_state(running: &Running, what: &str, is_so: impl Fn(&Value) -> bool) {
    let begun = std::time::Instant::now();
    loop {
        let state = get(running, "/state.json");
        if is_so(&state) {
            return;
        }
        assert!(begun.elapsed().as_secs() < 60, "never {what}: {state}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn ordering() -> Running {
    Running::on_clip(Some(TOKEN), "folder = \"page\"\ncontrol = true\n")
}

#[test]
fn a_budget_is_applied_between_frames_outlasts_the_run_and_is_undone() {
    let running = ordering();
    let site = get(&running, "/site.json");
    assert_eq!(site["in_force"]["since_unix_ms"], Value::Null, "{site}");
    let version = site["in_force"]["version"].as_u64().unwrap();
    let enter = |state: &Value| state["enter_level"].as_f64().unwrap();
    let usual = enter(&get(&running, "/state.json"));
    let wanted = get(&running, "/trace/count?budget=100")["enter_level"].as_f64().unwrap();
    assert_ne!(usual, wanted);
    let change = json!({ "version": version, "alarms_per_day": 100.0 });
    let (status, told) = order(&running, "budget", &change, "");
    assert_eq!(status, 200, "{told}");
    await_state(&running, "applied", |state| enter(state) == wanted);
    // Another tab that has not seen it.
    let late = json!({ "version": version, "alarms_per_day": 2.0 });
    let (status, told) = order(&running, "budget", &late, "");
    assert_eq!((status, parsed(told.as_bytes())["alarms_per_day"].as_f64()), (409, Some(100.0)));
    let running = running.again();
    assert_eq!(enter(&get(&running, "/state.json")), wanted, "it outlasts the run");
    let events = fs::read_to_string(running.bench.path("events.jsonl")).unwrap();
    assert!(events.contains("\"event\":\"levels\"") && events.contains("100.0"), "{events}");
    assert!(get(&running, "/trace/count?budget=1")["watched_ms"].as_u64().unwrap() > 0);
    let (status, _) = order(&running, "undo", &json!({ "version": version + 1 }), "");
    assert_eq!(status, 200);
    await_state(&running, "undone", |state| enter(state) == usual);
    let (status, _) = order(&running, "undo", &json!({ "version": version + 2 }), "");
    assert_eq!(status, 400, "nothing more to undo");
}

#[test]
fn arming_and_snoozing_are_obeyed_and_strangers_are_not() {
    let running = ordering();
    let disarmed = |state: &Value| state["state"] == "disarmed";
    assert_eq!(order(&running, "disarm", &json!({}), "").0, 202);
    await_state(&running, "disarmed", disarmed);
    assert_eq!(order(&running, "snooze", &json!({ "minutes": 5 }), "").0, 409);
    assert_eq!(order(&running, "arm", &json!({}), "").0, 202);
    await_state(&running, "armed", |state| !disarmed(state));
    assert_eq!(order(&running, "snooze", &json!({ "minutes": 5 }), "").0, 202);
    let snoozes = |state: &Value| disarmed(state) && state["more"]["snooze_ms"].is_u64();
    await_state(&running, "snoozing", snoozes);
    assert_eq!(order(&running, "arm", &json!({}), "").0, 202);
    let awake = |state: &Value| !disarmed(state) && state["more"]["snooze_ms"].is_null();
    await_state(&running, "awake", awake);
    assert_eq!(order(&running, "acknowledge", &json!({}), "").0, 202);
    for (what, body, status) in [
        ("snooze", json!({ "minutes": 0 }), 400),
        ("snooze", json!({ "minutes": 100_000 }), 400),
        ("budget", json!({ "version": 1, "alarms_per_day": 0.001 }), 400),
        ("budget", json!({ "version": 1, "command": "rm" }), 400),
        ("budget", json!("x".repeat(5000)), 413),
        ("reboot", json!({}), 404),
        ("review", json!({ "id": "none", "normal": true }), 404),
    ] {
        assert_eq!(order(&running, what, &body, "").0, status, "{what}");
    }
    for stranger in ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        assert_eq!(order(&running, "disarm", &json!({}), stranger).0, 403, "{stranger}");
    }
    assert!(!disarmed(&get(&running, "/state.json")));
    assert_eq!(order(&running, "disarm", &json!({}), "").0, 202);
    await_state(&running, "disarmed", disarmed);
    running.reload();
    await_state(&running, "there again, as it was", disarmed);
    assert_eq!(order(&running, "arm", &json!({}), "").0, 202);
    await_state(&running, "armed", |state| !disarmed(state));
    running.reload();
    await_state(&running, "there again, armed", |state| !disarmed(state));
    let shows = Running::on_clip(Some(TOKEN), "");
    assert_eq!(order(&shows, "disarm", &json!({}), "").0, 405, "a page that only shows");
}
