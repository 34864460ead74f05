//! `normwatch learn` and `normwatch bundle` as a user calls them, with a toolchain that
//! only pretends: the real one is tested beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use normwatch::learn::{LearnPlace, Phase, State};

use crate::common::{Bench, json, stderr};

mod beside;

const LEARN: [&str; 3] = ["learn", "--config", "site.toml"];

/// Makes a bundle of the one that is there, or fails where a file `broken` is.
const TOOLCHAIN: &str = "#!/bin/sh
if [ -e broken ]; then echo 'out of memory' >&2; exit 1; fi
if [ -e slow ]; then echo $$ > pid.part; mv pid.part pid; sleep 60; fi
command=$1
while [ $# -gt 0 ]; do
    if [ \"$1\" = --out ]; then out=$2; fi
    shift
done
case $command in
    train) mkdir -p \"$out\" ;;
    export) cp -r bundle \"$out\" ;;
esac
";

/// Copies a program by another process: while a thread of this one starts a child, that child
/// holds what is open for writing here, and nothing that is open for writing can be started.
fn place(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().unwrap().success());
}

/// A site with a camera that plays the clip `normal/00`, over and over, and the program
/// in a folder of its own, so that the toolchain beside it is ours.
struct Ground {
    bench: Bench,
}

impl Ground {
    fn new() -> Self {
        let camera = "source = \"folder\"\npath = \"normal/00\"\nloop = true";
        let bench = Bench::with_site(camera, "events.jsonl");
        let site = fs::read_to_string(bench.path("site.toml")).unwrap();
        let learn = "[learn]\nfolder = \"learnt\"\n[camera]\n";
        let site = site.replace("bundle = \"bundle\"", "bundle = \"learnt/current\"");
        fs::write(bench.path("site.toml"), site.replace("[camera]\n", learn)).unwrap();
        let programs = bench.path("programs");
        fs::create_dir(&programs).unwrap();
        place(Path::new(env!("CARGO_BIN_EXE_normwatch")), &programs.join("normwatch"));
        Self { bench }
    }

    fn with_toolchain(self) -> Self {
        let program = self.bench.path("programs/normwatch-toolchain");
        let script = self.bench.path("programs/script");
        fs::write(&script, TOOLCHAIN).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        place(&script, &program);
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.bench.path("programs/normwatch"));
        let boards = Path::new(env!("CARGO_MANIFEST_DIR"));
        command.args(args).current_dir(self.bench.path("")).env("NORMWATCH_DATA", boards);
        command.env("PATH", "/usr/bin:/bin").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn learn(&self, more: &[&str]) -> Output {
        self.command(&[&LEARN[..], more].concat()).output().unwrap()
    }

    fn bundle(&self, args: &[&str]) -> Output {
        let config = ["--config", "site.toml"];
        self.command(&[&["bundle"], args, &config[..]].concat()).output().unwrap()
    }

    fn state(&self) -> Option<State> {
        State::load(&LearnPlace::new(&self.bench.path("learnt"))).unwrap()
    }

    fn status(&self) -> serde_json::Value {
        let out = self.learn(&["--status", "--json"]);
        assert!(out.status.success(), "{}", stderr(&out));
        json(&out.stdout)
    }

    /// A learner that has stored something.
    fn observer(&self) -> Child {
        let child = self.command(&LEARN).spawn().unwrap();
        let store = self.bench.path("learnt/observed/clip-000001");
        let begun = Instant::now();
        while !store.exists() {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing was stored");
            thread::sleep(Duration::from_millis(50));
        }
        child
    }
}

fn said(out: &Output, code: i32) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), stderr(out));
    assert_eq!(out.status.code(), Some(code), "{text}");
    text
}

#[test]
fn a_learner_without_what_it_needs_says_what_that_is() {
    let ground = Ground::new();
    let missing = said(&ground.learn(&[]), 2);
    assert!(missing.contains("sudo apt install normwatch-toolchain"), "{missing}");
    let status = ground.status();
    assert_eq!(status["phase"], serde_json::Value::Null);
    let problems = status["problems"].to_string();
    assert!(problems.contains("normwatch-toolchain"), "{problems}");
    assert_eq!(ground.state(), None, "nothing was begun");
    assert!(said(&ground.bundle(&["list"]), 0).contains("no bundle was learnt"));
    let site = fs::read_to_string(ground.bench.path("site.toml")).unwrap();
    let plain = site.replace("[learn]\nfolder = \"learnt\"\n", "");
    fs::write(ground.bench.path("site.toml"), plain).unwrap();
    let missing = said(&ground.learn(&["--status"]), 2);
    assert!(missing.contains("has no section [learn]: add"), "{missing}");
}

#[test]
fn an_observation_ends_in_order_and_goes_on() {
    let ground = Ground::new().with_toolchain();
    let child = ground.observer();
    let second = said(&ground.learn(&[]), 5);
    assert!(second.contains("in use by another `normwatch learn`"), "{second}");
    let id = child.id().to_string();
    assert!(Command::new("kill").arg(&id).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert!(said(&out, 0).contains("stopped; the same command goes on"));
    let before = ground.state().unwrap();
    assert!(before.phase == Phase::Observe && before.observed_s > 1.0, "{before:?}");
    assert!(before.clips >= 1, "{before:?}");
    // Killed, as by a power cut: a minute may be lost, and nothing else.
    let mut child = ground.observer();
    child.kill().unwrap();
    child.wait().unwrap();
    let after = ground.state().unwrap();
    assert!(after.observed_s >= before.observed_s, "{after:?}");
    let status = ground.status();
    assert_eq!(status["phase"], "observe");
    assert!(status["left_s"].as_f64().unwrap() > 3600.0, "{status}");
    // Another network takes other pictures.
    let site = fs::read_to_string(ground.bench.path("site.toml")).unwrap();
    let other = site.replace("folder = \"learnt\"", "folder = \"learnt\"\npreset = \"edge\"");
    fs::write(ground.bench.path("site.toml"), other).unwrap();
    let refused = said(&ground.learn(&[]), 2);
    assert!(refused.contains("learns `nano` in f32, and the site file says `edge`"), "{refused}");
    assert!(ground.status()["problems"].to_string().contains("`edge` by now"));
}

#[test]
fn too_little_and_too_calm_footage_is_refused_with_a_remedy() {
    let ground = Ground::new().with_toolchain();
    let short = said(&ground.learn(&["--observe", "2s"]), 4);
    assert!(short.contains("and not to watch"), "{short}");
    assert!(short.contains("clips of 16 pictures in a row were stored"), "{short}");
    let state = ground.state().unwrap();
    assert!(state.phase == Phase::Observe && state.last_error.is_some(), "{state:?}");

    let calm = Ground::new().with_toolchain();
    let folder = calm.bench.path("calm");
    fs::create_dir(&folder).unwrap();
    for frame in 0..250 {
        fs::copy(calm.bench.path("normal/00/0000.png"), folder.join(format!("{frame:03}.png")))
            .unwrap();
    }
    let refused = said(&calm.learn(&["--from", "calm"]), 4);
    assert!(refused.contains("nothing has moved") && refused.contains("--accept-calm"));
    let taken = calm.learn(&["--from", "calm", "--accept-calm", "--until", "observe"]);
    assert!(said(&taken, 0).contains("observe is done"));
    assert_eq!(calm.state().unwrap().phase, Phase::Train);
}

#[test]
fn a_training_that_fails_leaves_what_watches_and_goes_on() {
    let ground = Ground::new().with_toolchain();
    let call = ["--from", "normal", "--until", "prove"];
    fs::write(ground.bench.path("broken"), "").unwrap();
    let failed = said(&ground.learn(&call), 1);
    assert!(failed.contains("`normwatch train` failed: out of memory"), "{failed}");
    assert!(failed.contains("the bundle that was there before stays"), "{failed}");
    assert_eq!(ground.state().unwrap().phase, Phase::Train);
    assert!(ground.status()["last_error"].to_string().contains("out of memory"));
    fs::remove_file(ground.bench.path("broken")).unwrap();
    let proven = said(&ground.learn(&call), 0);
    assert!(proven.contains("prove is done"), "{proven}");
    let all = json(&ground.bundle(&["list", "--json"]).stdout);
    assert_eq!((&all[0]["number"], &all[0]["current"]), (&1.into(), &false.into()));
    assert_eq!(ground.state().unwrap().phase, Phase::Settle);
}

/// Whether the process goes on, of which a zombie is no sign.
fn is_alive(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[test]
fn a_training_ends_with_its_learner_however_that_ends() {
    let ground = Ground::new().with_toolchain();
    fs::write(ground.bench.path("slow"), "").unwrap();
    let pid = ground.bench.path("pid");
    for signal in ["-TERM", "-KILL"] {
        let learner = ground.command(&[&LEARN[..], &["--from", "normal"]].concat()).spawn();
        let learner = learner.unwrap();
        let begun = Instant::now();
        while !pid.exists() {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing was trained");
            thread::sleep(Duration::from_millis(50));
        }
        let trainer = fs::read_to_string(&pid).unwrap();
        assert!(is_alive(&trainer));
        let id = learner.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let out = learner.wait_with_output().unwrap();
        if signal == "-TERM" {
            assert!(said(&out, 0).contains("stopped; the same command goes on"));
        }
        let ended = Instant::now();
        while is_alive(&trainer) {
            assert!(ended.elapsed() < Duration::from_secs(5), "{signal}: the training goes on");
            thread::sleep(Duration::from_millis(20));
        }
        fs::remove_file(&pid).unwrap();
        assert_eq!(ground.state().unwrap().phase, Phase::Train);
    }
}

#[test]
fn bundles_are_chosen_kept_and_taken_back() {
    let ground = Ground::new().with_toolchain();
    assert!(said(&ground.bundle(&["use"]), 2).contains("no bundle has settled here yet"));
    // The toolchain that pretends gives a bundle that has its levels.
    said(&ground.learn(&["--from", "normal", "--until", "prove"]), 0);
    assert!(said(&ground.bundle(&["rollback"]), 2).contains("names no bundle yet"));
    assert!(said(&ground.bundle(&["use"]), 0).contains("generation 1 is current"));
    let place = LearnPlace::new(&ground.bench.path("learnt"));
    let mut state = ground.state().unwrap();
    state.phase = Phase::Watch;
    state.save(&place).unwrap();
    let again = ["--from", "normal", "--until", "prove", "--again"];
    assert!(said(&ground.learn(&again), 0).contains("prove is done"));
    said(&ground.bundle(&["use"]), 0);
    assert_eq!(ground.status()["current"], 2);
    assert!(said(&ground.bundle(&["rollback"]), 0).contains("generation 1 is current"));
    said(&ground.bundle(&["pin"]), 0);
    assert!(said(&ground.bundle(&["use", "2"]), 2).contains("generation 1 is pinned"));
    let listed = said(&ground.bundle(&["list"]), 0);
    assert!(listed.contains("current, pinned"), "{listed}");
    said(&ground.bundle(&["pin", "--release"]), 0);
    said(&ground.bundle(&["use", "2"]), 0);
    let out = ground.command(&["check", "--config", "site.toml"]).output().unwrap();
    said(&out, 0);
}
