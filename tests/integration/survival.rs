//! `normwatch run` while what it talks to does not listen, and under every signal.

use std::fs::{self, File, OpenOptions};
use std::io::{PipeReader, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::common::{Bench, SIDE_PX, json, stderr};

const RUN: [&str; 4] = ["run", "--config", "site.toml", "--json"];
const FOLDER: &str = "source = \"folder\"\npath = \"normal/00\"\nloop = true";

/// Longer than any end in order takes on a loaded machine, and shorter than the
/// patience of a service manager.
const END: Duration = Duration::from_secs(12);

/// Every line of the event log is an event.
fn events(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| json(line.as_bytes())).collect()
}

fn has(events: &[serde_json::Value], kind: &str) -> bool {
    events.iter().any(|event| event["event"] == kind)
}

fn kill(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success(), "kill {signal}");
}

/// Waits until it is true, or fails.
fn wait_until(what: &str, mut come: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !come() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: it does not come");
        thread::sleep(Duration::from_millis(10));
    }
}

/// What a child came to that has to end by itself soon.
fn ended(mut child: Child) -> Output {
    let asked = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if asked.elapsed() > END {
            child.kill().unwrap();
            panic!("it did not end within {END:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Whether the hardware watchdog was fed, and disarmed last.
fn is_disarmed(bench: &Bench) -> bool {
    let written = fs::read(bench.path("wd")).unwrap();
    written.len() > 1 && written.ends_with(b"V")
}

/// The writing end of a pipe without room, and the end that nobody reads.
fn full_pipe() -> (PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b'x'; 65_536]).unwrap();
    (reader, writer)
}

#[test]
fn a_reader_of_the_log_that_stops_keeps_nothing() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let (_unread, log) = full_pipe();
    let child = bench.command(&RUN).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let written = || events(&bench.path("events.jsonl"));
    wait_until("the fault line", || has(&written(), "line"));
    kill("-TERM", &child);
    let out = ended(child);
    assert_eq!(out.status.code(), Some(0));
    assert!(json(&out.stdout)["judged"].as_u64().unwrap() > 0);
    assert!(is_disarmed(&bench));
    assert!(has(&written(), "stop"));
}

/// The panicking thread has lines to make safe before anybody reads of it.
#[test]
fn a_panic_waits_for_no_reader_of_the_log() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let (_unread, log) = full_pipe();
    let run = [&RUN[..], &["--fault-injection", "panic-inference:5"]].concat();
    let child = bench.command(&run).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    wait_until("the first event", || !events(&bench.path("events.jsonl")).is_empty());
    let out = ended(child);
    assert_eq!(out.status.code(), Some(101));
}

#[test]
fn a_service_manager_that_does_not_read_keeps_nothing() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let _unread = UnixDatagram::bind(bench.path("notify")).unwrap();
    let child = bench
        .command(&[&RUN[..], &["--for-s", "4"]].concat())
        .env("NOTIFY_SOCKET", bench.path("notify"))
        .env("WATCHDOG_USEC", "30000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_secs(4));
    let out = ended(child);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let fed = fs::read(bench.path("wd")).unwrap().len();
    assert!(fed >= 3 && is_disarmed(&bench), "the other watchdog was fed {fed} times");
    assert!(json(&out.stdout)["judged"].as_u64().unwrap() > 10);
}

/// What cannot be a log is told at once, and the watch goes on.
#[test]
fn an_event_log_that_cannot_be_written_keeps_nothing() {
    for (events, told) in [
        ("fifo", "is a named pipe"),
        ("never/events.jsonl", "No such file"),
        ("/dev/full", "is a device"),
    ] {
        let bench = Bench::with_site(FOLDER, events);
        mknodat(CWD, bench.path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let run = [&RUN[..], &["--for-s", "2"]].concat();
        let child = bench.command(&run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let out = ended(child.unwrap());
        assert_eq!(out.status.code(), Some(0), "{events}: {}", stderr(&out));
        let summary = json(&out.stdout);
        assert!(summary["judged"].as_u64().unwrap() > 0, "{events}");
        assert!(summary["events_dropped"].as_u64().unwrap() >= 3, "{events}: {summary}");
        let said = stderr(&out);
        assert!(said.contains("cannot be written") && said.contains(told), "{events}: {said}");
        assert!(is_disarmed(&bench), "{events}");
        let out = bench.run(&["check", "--config", "site.toml"]);
        assert!(out.status.success() && stderr(&out).contains(told), "{events}: {}", stderr(&out));
        let out = bench.run(&["check", "--config", "site.toml", "--json"]);
        let warned = json(&out.stdout)["warnings"][0].as_str().unwrap().contains(told);
        assert!(warned, "{events}");
        let out = bench.run(&["doctor", "--config", "site.toml"]);
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.contains("event log"), "{events}: {said}");
    }
}

#[test]
fn an_event_log_whose_folder_comes_later_has_all_of_the_run() {
    let bench = Bench::with_site(FOLDER, "later/events.jsonl");
    let child = bench.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the watch", || fs::read(bench.path("wd")).unwrap().len() > 2);
    fs::create_dir(bench.path("later")).unwrap();
    let path = bench.path("later/events.jsonl");
    wait_until("the log", || !events(&path).is_empty());
    kill("-TERM", &child);
    let out = ended(child);
    assert_eq!(json(&out.stdout)["events_dropped"], 0, "{}", stderr(&out));
    let events = events(&path);
    assert_eq!(events[0]["event"], "start");
    assert_eq!(events.last().unwrap()["event"], "stop");
    assert!(stderr(&out).contains("is written again"), "{}", stderr(&out));
}

#[test]
fn a_log_that_was_torn_or_is_taken_away_has_whole_lines_only() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let path = bench.path("events.jsonl");
    fs::write(&path, "{\"event\":\"start\"}\n{\"event\":\"st").unwrap();
    let child = bench.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let text = || fs::read_to_string(&path).unwrap_or_default();
    wait_until("the fault line", || text().contains("\"line\""));
    let before = text();
    let lines: Vec<&str> = before.lines().collect();
    assert_eq!(lines[1], "{\"event\":\"st");
    assert_eq!(json(lines[2].as_bytes())["event"], "start");
    fs::remove_file(&path).unwrap();
    kill("-TERM", &child);
    let out = ended(child);
    assert_eq!(json(&out.stdout)["events_dropped"], 0);
    assert!(has(&events(&path), "stop"), "{}", text());
    assert!(stderr(&out).contains("was removed or replaced"), "{}", stderr(&out));
}

#[test]
fn two_runs_do_not_share_a_log() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let first = bench.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the first event", || !events(&bench.path("events.jsonl")).is_empty());
    let second = bench.run(&[&RUN[..], &["--for-s", "1"]].concat());
    assert!(json(&second.stdout)["events_dropped"].as_u64().unwrap() > 0);
    assert!(stderr(&second).contains("another normwatch"), "{}", stderr(&second));
    kill("-TERM", &first);
    assert_eq!(json(&ended(first).stdout)["events_dropped"], 0);
    let starts = events(&bench.path("events.jsonl"));
    assert_eq!(starts.iter().filter(|event| event["event"] == "start").count(), 1);
}

#[test]
fn what_asks_for_the_end_gets_it_in_order_and_twice_as_well() {
    for signals in [&["-HUP"][..], &["-INT"], &["-QUIT"], &["-TERM", "-TERM", "-TERM"]] {
        let bench = Bench::with_site(FOLDER, "events.jsonl");
        let child =
            bench.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("the watch", || fs::read(bench.path("wd")).unwrap().len() > 1);
        for signal in signals {
            // It may have ended in order between two of them.
            let process = child.id().to_string();
            Command::new("kill").args([*signal, &process]).output().unwrap();
            thread::sleep(Duration::from_millis(25));
        }
        let out = ended(child);
        assert_eq!(out.status.code(), Some(0), "{signals:?}");
        assert!(is_disarmed(&bench), "{signals:?}");
        assert!(has(&events(&bench.path("events.jsonl")), "stop"), "{signals:?}");
    }
}

#[test]
fn other_signals_do_nothing_from_the_first_moment_on() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let child = bench.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    wait_until("the signals", || {
        let status = fs::read_to_string(&status).unwrap();
        let set = |name: &str| {
            let set = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            u64::from_str_radix(set.trim(), 16).unwrap()
        };
        // Held back, or taken already: SIGUSR2 is number 12.
        (set("SigBlk:") | set("SigCgt:")) >> 11 & 1 == 1
    });
    let harmless = [
        "-USR1", "-USR2", "-ALRM", "-VTALRM", "-PROF", "-IO", "-PWR", "-XCPU", "-XFSZ", "-TSTP",
        "-STKFLT", "-PIPE", "-URG", "-WINCH", "-34", "-40", "-64",
    ];
    harmless.iter().for_each(|signal| kill(signal, &child));
    let fed = || fs::read(bench.path("wd")).unwrap().len();
    wait_until("the watch", || fed() > 1);
    harmless.iter().for_each(|signal| kill(signal, &child));
    let before = fed();
    wait_until("more food", || fed() > before + 1);
    kill("-TERM", &child);
    assert_eq!(ended(child).status.code(), Some(0));
    assert!(is_disarmed(&bench));
}

#[test]
fn a_hung_thread_does_not_keep_a_signal_from_safe_lines_and_a_disarmed_watchdog() {
    for signals in [1, 2] {
        let bench = Bench::with_site(FOLDER, "events.jsonl");
        let run = [&RUN[..], &["--fault-injection", "stall-inference:5"]].concat();
        let child = bench.command(&run).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let child = child.unwrap();
        wait_until("the fault line", || has(&events(&bench.path("events.jsonl")), "line"));
        thread::sleep(Duration::from_secs(2));
        for _ in 0..signals {
            kill("-TERM", &child);
            thread::sleep(Duration::from_millis(100));
        }
        let out = ended(child);
        assert_eq!(out.status.code(), Some(143), "{}", stderr(&out));
        assert!(is_disarmed(&bench), "{signals}");
        assert!(stderr(&out).contains("left with safe lines"), "{}", stderr(&out));
        let events = events(&bench.path("events.jsonl"));
        let last = events.last().unwrap();
        assert_eq!(last["event"], "stop", "{signals}");
        assert!(last["reason"].as_str().unwrap().contains("hung"), "{last}");
    }
}

/// A disk that does not answer, while there is nothing yet to make safe.
#[test]
fn a_signal_ends_the_program_while_it_waits_for_a_bundle() {
    for signal in ["-TERM", "-HUP"] {
        let bench = Bench::with_site(FOLDER, "events.jsonl");
        fs::remove_file(bench.path("bundle/manifest.toml")).unwrap();
        let fifo = bench.path("bundle/manifest.toml");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let child = bench.command(&RUN).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let child = child.unwrap();
        thread::sleep(Duration::from_secs(1));
        kill(signal, &child);
        let out = ended(child);
        assert_eq!(out.status.code(), Some(0), "as at any other end: {}", stderr(&out));
        assert!(fs::read(bench.path("wd")).unwrap().is_empty());
    }
}

/// A camera's command is sent signals by others, too, as by a service manager.
#[test]
fn what_it_starts_holds_no_signal_back() {
    let script = "grep SigBlk /proc/self/status > signals; sleep 1000";
    let camera = format!(
        "source = \"pipe\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\nformat = \"grey\"\n\
         width_px = {SIDE_PX}\nheight_px = {SIDE_PX}"
    );
    let bench = Bench::with_site(&camera, "events.jsonl");
    let child = bench.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let signals = || fs::read_to_string(bench.path("signals")).unwrap_or_default();
    wait_until("the command", || signals().ends_with('\n'));
    assert_eq!(signals().trim(), "SigBlk:\t0000000000000000");
    kill("-TERM", &child);
    assert_eq!(ended(child).status.code(), Some(0));
}

#[test]
fn a_read_in_progress_keeps_no_signal() {
    let camera = "source = \"pipe\"\ncommand = [\"sleep\", \"1000\"]\nformat = \"grey\"\n\
                  width_px = 32\nheight_px = 32\nread_timeout_ms = 60000";
    let bench = Bench::with_site(camera, "events.jsonl");
    let child = bench.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the watch", || fs::read(bench.path("wd")).unwrap().len() > 1);
    let asked = Instant::now();
    kill("-TERM", &child);
    wait_until("the disarmed watchdog", || is_disarmed(&bench));
    let disarmed = asked.elapsed();
    assert!(disarmed < Duration::from_secs(1), "{disarmed:?}");
    assert_eq!(ended(child).status.code(), Some(0));
    assert!(has(&events(&bench.path("events.jsonl")), "stop"));
}

/// Five frames in two seconds for a model of ten a second.
#[test]
fn frames_of_which_none_can_be_judged_are_told() {
    let script = "while :; do head -c 1024 /dev/urandom; sleep 0.4; done";
    let camera = format!(
        "source = \"pipe\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\nformat = \"grey\"\n\
         width_px = 32\nheight_px = 32"
    );
    let bench = Bench::with_site(&camera, "events.jsonl");
    let out = bench.run(&[&RUN[..], &["--for-s", "14"]].concat());
    assert_eq!(json(&out.stdout)["judged"], 0, "{}", stderr(&out));
    assert!(stderr(&out).contains("none can be judged"), "{}", stderr(&out));
    let events = events(&bench.path("events.jsonl"));
    let told = |e: &&serde_json::Value| {
        e["reason"].as_str().is_some_and(|reason| reason.contains("none can be judged"))
    };
    assert_eq!(events.iter().filter(told).count(), 1, "{events:?}");
    let gaps = events.iter().filter(|e| e["event"] == "gap").count();
    assert!(gaps <= 5, "{gaps} of some thirty gaps");
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error_and_no_panic() {
    let bench = Bench::with_site(FOLDER, "events.jsonl");
    let replay = ["replay", "--bundle", "bundle", "--frames", "normal/00", "--out", "out"];
    for args in [
        &["check", "--config", "site.toml"][..],
        &["check", "--config", "site.toml", "--json"],
        &["doctor"],
        &replay,
        &[&RUN[..], &["--for-s", "1"]].concat(),
        &[&RUN[..3], &["--for-s", "1"]].concat(),
    ] {
        let full: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let out = bench.command(args).stdout(full).output().unwrap();
        assert_eq!(out.status.code(), Some(5), "{args:?}: {}", stderr(&out));
        let said = stderr(&out);
        assert!(said.contains("error: standard output: ") && !said.contains("panicked"), "{said}");
    }
}
