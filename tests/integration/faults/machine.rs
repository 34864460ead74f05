//! A machine that gives too little time, and a folder that is not the program's own.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::watch::{Camera, Watch, kill, site};

/// For the rest of the time the process is stopped.
const STARVE: &str = "while kill -STOP $0; do sleep 1.94; kill -CONT $0; sleep 0.06; done";

#[test]
fn a_starved_process_says_so_and_comes_back() {
    let mut watch = Watch::begin("cpu-starved", Camera::Folder);
    let process = watch.child.id().to_string();
    watch.strike(|_| ());
    let mut starving = Command::new("sh").args(["-c", STARVE, &process]).spawn().unwrap();
    watch.drops();
    thread::sleep(Duration::from_secs(8));
    starving.kill().unwrap();
    starving.wait().unwrap();
    watch.cure(|watch| kill("-CONT", &watch.child));
    watch.returns();
    watch.ends();
}

/// Whoever may write to the working folder decides nothing.
#[test]
fn what_lies_in_the_working_folder_is_not_believed() {
    let bench = site(Camera::Folder);
    let away = bench.path("config");
    fs::create_dir(&away).unwrap();
    for file in ["site.toml", "board.toml"] {
        fs::rename(bench.path(file), away.join(file)).unwrap();
    }
    for folder in ["bundle", "loop"] {
        fs::rename(bench.path(folder), away.join(folder)).unwrap();
    }
    let text = fs::read_to_string(away.join("site.toml")).unwrap();
    let log = bench.path("events.jsonl");
    let text = text.replace("events.jsonl", log.to_str().unwrap());
    fs::write(away.join("site.toml"), text).unwrap();
    for name in ["site.toml", "board.toml", "simulated.toml", "normwatch", "manifest.toml", "sh"] {
        fs::write(bench.path(name), "nonsense").unwrap();
    }
    for folder in ["bundle", "boards", "loop"] {
        fs::create_dir(bench.path(folder)).unwrap();
        fs::write(bench.path(folder).join("simulated.toml"), "nonsense").unwrap();
    }
    let mut watch = Watch::begin_at("foreign-files", bench, "config/site.toml");
    watch.strike(|_| ());
    watch.carries_on();
    watch.ends();
}
