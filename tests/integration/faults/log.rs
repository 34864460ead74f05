//! Standard error and the event log, while nobody reads them or they cannot be written.

use std::fs;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use normwatch_faults::took;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::watch::{ASIDE, Camera, Watch, site};
use crate::common::{json, stderr};

#[test]
fn a_reader_of_the_log_that_stops_keeps_nothing() {
    let (_unread, mut log) = std::io::pipe().unwrap();
    log.write_all(&[b'x'; 65_536]).unwrap();
    let bench = site(Camera::Raw);
    let mut watch = Watch::begin_with("log-unread", bench, &[], |command| {
        command.stderr(log);
    });
    watch.strike_camera("rm inject; yes 'a message' >&2 &");
    watch.carries_on();
    watch.ends();
}

#[test]
fn an_event_log_that_cannot_be_written_keeps_nothing_and_is_caught_up_with() {
    let mut watch = Watch::begin("event-log-lost", Camera::Raw);
    let (log, aside) = (watch.bench.path("events.jsonl"), watch.bench.path(ASIDE));
    watch.strike(|_| {
        fs::rename(&log, &aside).unwrap();
        mknodat(CWD, &log, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    });
    let fed = watch.fed();
    watch.reacts("food for the watchdog", |watch| watch.fed() >= fed + 2);
    lose_the_camera(&watch);
    watch.wait_for_log("is a named pipe");
    fs::remove_file(&log).unwrap();
    watch.cure(|_| fs::rename(&aside, &log).unwrap());
    watch.wait("all events", || watch.fault_line() == [true, false, true]);
    watch.ends();
}

/// The limit that a process has for the size of files stands for the disk.
#[test]
fn a_full_disk_leaves_no_half_line() {
    let mut watch = Watch::begin("disk-full", Camera::Raw);
    let process = Pid::from_child(&watch.child);
    let limit = |bytes| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(process), Resource::Fsize, limit).unwrap();
    };
    let bytes = fs::metadata(watch.bench.path("events.jsonl")).unwrap().len();
    watch.strike(|_| limit(Some(bytes + 20)));
    let fed = watch.fed();
    watch.reacts("food for the watchdog", |watch| watch.fed() >= fed + 2);
    lose_the_camera(&watch);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(watch.fault_line(), [true], "it was written");
    watch.cure(|_| limit(None));
    watch.wait("all events", || watch.fault_line() == [true, false, true]);
    watch.ends();
}

/// Reads and writes at the beginning of a process's memory fail as those of a worn-out
/// card do.
#[test]
fn a_card_that_fails_keeps_nothing() {
    let bench = site(Camera::Raw);
    let path = bench.path("site.toml");
    let text = fs::read_to_string(&path).unwrap().replace("events.jsonl", "/proc/self/mem");
    fs::write(&path, text).unwrap();
    let begun = Instant::now();
    let done = bench.run(&["run", "--config", "site.toml", "--for-s", "4", "--json"]);
    let (said, summary) = (stderr(&done), json(&done.stdout));
    assert!(done.status.success() && said.contains("Input/output error"), "{said}");
    assert!(summary["judged"].as_u64() > Some(5) && said.contains("fault line active"), "{said}");
    assert!(summary["events_dropped"].as_u64() > Some(0), "{summary}");
    took("card-fails", begun.elapsed());
}

#[test]
fn an_event_log_that_is_deleted_is_begun_again() {
    let mut watch = Watch::begin("event-log-deleted", Camera::Raw);
    let log = watch.bench.path("events.jsonl");
    fs::hard_link(&log, watch.bench.path(ASIDE)).unwrap();
    watch.strike(|watch| {
        fs::remove_file(&log).unwrap();
        lose_the_camera(watch);
    });
    watch.reacts("a new log", |_| log.exists());
    watch.wait("the return", || watch.fault_line() == [true, false, true]);
    watch.wait_for_log("was removed or replaced");
    watch.ends();
}

/// Something to write of.
fn lose_the_camera(watch: &Watch) {
    fs::write(watch.bench.path("inject.draft"), "rm inject; exit 1\n").unwrap();
    fs::rename(watch.bench.path("inject.draft"), watch.bench.path("inject")).unwrap();
}
