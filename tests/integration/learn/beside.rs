//! A service that watches while its camera is learnt from.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command};

use normwatch::learn::{LearnPlace, Phase};

use super::{Ground, said};
use crate::common::{json, stderr};

/// What a process says on standard error.
struct Words(Lines<BufReader<ChildStderr>>);

impl Words {
    fn of(child: &mut Child) -> Self {
        Self(BufReader::new(child.stderr.take().unwrap()).lines())
    }

    /// Reads on until a line has all of this; gives what was said up to it.
    fn until(&mut self, what: &[&str]) -> String {
        let mut all = String::new();
        while !all.lines().any(|line| what.iter().all(|what| line.contains(what))) {
            let line = self.0.next().unwrap_or_else(|| panic!("never {what:?}:\n{all}"));
            all.push_str(&line.unwrap());
            all.push('\n');
        }
        all
    }
}

#[test]
fn a_watch_goes_on_while_its_camera_is_learnt_from() {
    let ground = Ground::new().with_toolchain();
    let site = fs::read_to_string(ground.bench.path("site.toml")).unwrap();
    let watched = site.replace("bundle = \"learnt/current\"", "bundle = \"bundle\"");
    fs::write(ground.bench.path("site.toml"), watched).unwrap();
    // The learner is there first, with the camera, and gives it up to the watch.
    let mut learner = ground.observer();
    let watch = ground.command(&["run", "--config", "site.toml", "--json"]).spawn().unwrap();
    let all = Words::of(&mut learner).until(&["camera that is shared at", "camera.sock"]);
    assert!(all.contains("given up: a program that watches wants it"), "{all}");
    let before = ground.status()["losses"].clone();
    learner.kill().unwrap();
    learner.wait().unwrap();
    // And again, from the first moment on.
    let out = ground.learn(&["--observe", "4s", "--until", "observe", "--accept-calm"]);
    let all = stderr(&out);
    assert!(all.contains("observing the camera that is shared at"), "{all}");
    assert!(!all.contains("camera lost"), "{all}");
    assert_eq!(ground.status()["losses"], before);
    assert!(Command::new("kill").arg(watch.id().to_string()).status().unwrap().success());
    let out = watch.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", stderr(&out));
    let summary = json(&out.stdout);
    assert_eq!(summary["reopened"], 0, "{summary}");
    assert!(summary["judged"].as_u64().unwrap() > 20, "{summary}");
}

#[test]
fn a_service_takes_the_bundle_that_has_become_current() {
    let ground = Ground::new().with_toolchain();
    let place = LearnPlace::new(&ground.bench.path("learnt"));
    for again in [false, true] {
        let call = ["--from", "normal", "--until", "prove", "--again"];
        said(&ground.learn(&call[..if again { 5 } else { 4 }]), 0);
        let mut state = ground.state().unwrap();
        state.phase = Phase::Watch;
        state.save(&place).unwrap();
    }
    said(&ground.bundle(&["use", "1"]), 0);
    let mut watch =
        ground.command(&["run", "--config", "site.toml", "--reload-on-sighup"]).spawn().unwrap();
    let mut words = Words::of(&mut watch);
    words.until(&["warm-up → idle"]);
    // What cannot be loaded is not taken.
    let manifest = ground.bench.path("learnt/gen-2/manifest.toml");
    let whole = fs::read(&manifest).unwrap();
    said(&ground.bundle(&["use", "2"]), 0);
    fs::write(&manifest, "?").unwrap();
    let told = words.until(&["the watch goes on as it was"]);
    assert!(told.contains("another bundle is current"), "{told}");
    fs::write(&manifest, whole).unwrap();
    // By a signal at once, instead of after five minutes.
    assert!(
        Command::new("kill").args(["-HUP", &watch.id().to_string()]).status().unwrap().success()
    );
    words.until(&["read again; the watch begins again"]);
    words.until(&["warm-up → idle"]);
    said(&ground.bundle(&["use", "1"]), 0);
    let told = words.until(&["read again; the watch begins again"]);
    assert!(told.contains("another bundle is current"), "{told}");
    words.until(&["warm-up → idle"]);
    assert!(Command::new("kill").arg(watch.id().to_string()).status().unwrap().success());
    assert!(watch.wait().unwrap().success());
    let log = fs::read_to_string(ground.bench.path("events.jsonl")).unwrap();
    assert_eq!(log.matches("\"event\":\"start\"").count(), 3, "{log}");
}
