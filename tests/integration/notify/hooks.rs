//! Programs that are told: what they get, and what comes of those that misbehave.

use std::fs;
use std::time::{Duration, Instant};

use normwatch::event::Phase;

use super::{Site, notice, once, quick, until};

fn hook(keys: &str) -> String {
    format!(
        "[[output.hook]]\nname = \"tell\"\ncommand = [\"./tell.sh\", \"$HOME; rm -rf /\"]\n{keys}"
    )
}

#[test]
fn a_hook_gets_the_event_its_variables_and_the_picture() {
    let script = "#!/bin/sh\ncd \"${0%/*}\"\ncat >stdin\necho \"$1\" >argument\ncp \"$NORMWATCH_PICTURE\" \
        picture\necho \"$NORMWATCH_PICTURE\" >path\nenv >variables\n";
    let site = Site::with(&[("tell.sh", script)], &hook(""));
    let outlet = site.outlet(&once());
    outlet.tell(&notice("a", Phase::End));
    let counts = until(&*outlet, "sent", |counts| counts.sent == 1);
    assert_eq!((counts.name.as_str(), counts.failed, counts.dropped), ("hook:tell", 0, 0));
    assert!(counts.last_sent_unix_ms.is_some());
    let read = |name| fs::read_to_string(site.path(name)).unwrap();
    let event: serde_json::Value = serde_json::from_str(&read("stdin")).unwrap();
    assert_eq!((&event["id"], &event["duration_ms"]), (&"a".into(), &12_000.into()));
    assert_eq!(read("argument"), "$HOME; rm -rf /\n", "no shell has seen it");
    assert!(fs::read(site.path("picture")).unwrap().starts_with(b"\xff\xd8\xff\xe0"));
    assert!(!fs::exists(read("path").trim()).unwrap(), "the picture stays for the run alone");
    let variables = read("variables");
    for line in [
        "NORMWATCH_PHASE=end",
        "NORMWATCH_KIND=anomaly",
        "NORMWATCH_SITE=höfe",
        "NORMWATCH_TITLE=Höfe: anomaly is over",
        "NORMWATCH_ZONES=gate,path",
        "NORMWATCH_DURATION_MS=12000",
        "NORMWATCH_TIME=2026-11-30T07:12:05.000Z",
    ] {
        assert!(variables.lines().any(|one| one == line), "{line} is missing in\n{variables}");
    }
}

/// Processes whose command line holds the word.
fn running(word: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(word)).count()
}

#[test]
fn a_hook_that_hangs_is_ended_with_all_that_it_has_started() {
    let script = "#!/bin/sh\nsleep 61.4711 &\nsleep 61.4711\n";
    let site = Site::with(&[("tell.sh", script)], &hook("timeout_s = 1\n"));
    let outlet = site.outlet(&once());
    let begun = Instant::now();
    outlet.tell(&notice("a", Phase::Begin));
    let counts = until(&*outlet, "given up", |counts| counts.dropped == 1);
    assert_eq!((counts.sent, counts.failed), (0, 1));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(running("61.4711"), 0);
}

#[test]
fn what_a_hook_leaves_behind_is_ended_and_keeps_nobody() {
    let script = "#!/bin/sh\nsleep 61.4712 &\n";
    let site = Site::with(&[("tell.sh", script)], &hook(""));
    let outlet = site.outlet(&once());
    let begun = Instant::now();
    outlet.tell(&notice("a", Phase::Begin));
    until(&*outlet, "sent", |counts| counts.sent == 1);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(running("61.4712"), 0);
}

#[test]
fn a_hook_that_floods_and_reads_nothing_is_heard_out() {
    let script = "#!/bin/sh\nyes flood | head -c 3000000\nyes flood >&2 | head -c 0\nexit 3\n";
    let site = Site::with(&[("tell.sh", script)], &hook(""));
    let outlet = site.outlet(&once());
    let mut told = notice("a", Phase::Begin);
    let situation = std::sync::Arc::make_mut(&mut told.situation);
    situation.reason = "long ".repeat(100_000);
    situation.trace.clear();
    outlet.tell(&told);
    let counts = until(&*outlet, "failed", |counts| counts.dropped == 1);
    assert_eq!((counts.sent, counts.failed), (0, 1));
}

#[test]
fn a_hook_that_cannot_be_started_is_told_and_counted() {
    for (name, mode) in [("other.sh", 0o755), ("tell.sh", 0o644)] {
        let site = Site::with(&[(name, "#!/bin/sh\n")], &hook(""));
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(site.path(name), fs::Permissions::from_mode(mode)).unwrap();
        let outlet = site.outlet(&quick());
        outlet.tell(&notice("a", Phase::Begin));
        let counts = until(&*outlet, name, |counts| counts.dropped == 1);
        assert_eq!((counts.sent, counts.failed), (0, 5), "{name}");
    }
}

#[test]
fn a_hook_runs_so_often_in_an_hour_and_only_for_what_it_is_for() {
    let script = "#!/bin/sh\necho \"$NORMWATCH_EVENT_ID $NORMWATCH_PHASE\" >>\"${0%/*}/told\"\n";
    let keys = "per_hour = 2\non = [\"end\"]\nkinds = [\"anomaly\", \"fault\"]\n";
    let site = Site::with(&[("tell.sh", script)], &hook(keys));
    let outlet = site.outlet(&quick());
    let mut other = notice("x", Phase::End);
    std::sync::Arc::make_mut(&mut other.situation).kind = normwatch::event::Kind::Changed;
    outlet.tell(&other);
    for id in ["a", "b", "c"] {
        outlet.tell(&notice(id, Phase::Begin));
        outlet.tell(&notice(id, Phase::End));
    }
    let counts = until(&*outlet, "two of three", |counts| counts.sent + counts.dropped == 3);
    assert_eq!((counts.sent, counts.dropped), (2, 1));
    assert_eq!(fs::read_to_string(site.path("told")).unwrap(), "a end\nb end\n");
}

#[test]
fn outlets_that_hang_keep_the_end_for_two_seconds_together() {
    let script = "#!/bin/sh\nsleep 61.4713\n";
    let hooks = (0..3).map(|n| hook("").replace("tell\"", &format!("tell{n}\"")));
    let site = Site::with(&[("tell.sh", script)], &hooks.collect::<String>());
    let clock = std::sync::Arc::new(normwatch::clock::SystemClock);
    let outlets = normwatch::notify::outlets_with(&site.output, clock, &quick()).unwrap();
    assert_eq!(outlets.len(), 3);
    for outlet in &outlets {
        outlet.tell(&notice("a", Phase::Begin));
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(running("61.4713"), 3);
    let begun = Instant::now();
    drop(outlets);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(running("61.4713"), 0, "ended with the program");
}
