//! `normwatch run` as a service manager would use it.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Bench, json, stderr};

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

#[cfg(feature = "v4l2")]
#[test]
fn a_camera_too_slow_for_its_bundle_is_refused() {
    let bench = Bench::calibrated();
    for (fps, fits) in [("5.0", false), ("5.8", true)] {
        site(&bench, &format!("source = \"v4l2\"\nfps = {fps}"));
        let out = bench.run(&["check", "--config", "site.toml"]);
        let code = if fits { 0 } else { 2 };
        assert_eq!(out.status.code(), Some(code), "{fps}: {}", stderr(&out));
        assert_eq!(stderr(&out).contains("too slow"), !fits, "{}", stderr(&out));
    }
    site(&bench, "source = \"v4l2\"\nfps = 5.0");
    let out = bench.run(&RUN);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
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

/// Whoever starts it again may find the disk mounted.
#[test]
fn what_cannot_be_read_now_is_not_refused_for_good() {
    let bench = Bench::calibrated();
    let code = || bench.run(&RUN).status.code();
    assert_eq!(code(), Some(5), "no site file yet");
    site(&bench, "source = \"folder\"\npath = \"normal/00\"");
    let (bundle, away) = (bench.path("bundle"), bench.path("away"));
    fs::rename(&bundle, &away).unwrap();
    assert_eq!(code(), Some(5), "no bundle yet");
    fs::create_dir(&bundle).unwrap();
    assert_eq!(code(), Some(5), "not mounted yet");
    fs::write(bench.path("bundle/manifest.toml"), "format_version = 7\n").unwrap();
    assert_eq!(code(), Some(3), "read and refused");
    fs::write(bench.path("site.toml"), "bord = 7\n").unwrap();
    assert_eq!(code(), Some(2), "read and refused");
}

/// Root obeys what root alone may write.
#[test]
fn root_does_not_obey_a_site_file_that_others_may_write() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::calibrated();
    site(&bench, "source = \"folder\"\npath = \"normal/00\"");
    let file = bench.path("site.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let out = bench.run(&["check", "--config", "site.toml"]);
    if rustix::process::geteuid().is_root() {
        assert_eq!(out.status.code(), Some(2));
        assert!(stderr(&out).contains("may be written by everybody"), "{}", stderr(&out));
    } else {
        assert!(out.status.success(), "{}", stderr(&out));
    }
}

#[test]
fn a_bundle_without_a_calibration_cannot_watch() {
    let bench = Bench::new();
    site(&bench, "source = \"stdin\"\nformat = \"y4m\"");
    let out = bench.run(&RUN);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("normwatch calibrate"), "{}", stderr(&out));
}

/// The site on a board whose watchdog is the plain file `wd`.
fn site_with_watchdog(bench: &Bench) {
    let device = bench.path("wd");
    fs::write(&device, "").unwrap();
    let board = format!(
        "description = \"test\"\ninherits = \"simulated\"\n[watchdog]\ndevice = \"{}\"\n",
        device.display()
    );
    fs::write(bench.path("board.toml"), board).unwrap();
    site(bench, "source = \"folder\"\npath = \"normal/00\"\nloop = true");
    let text = fs::read_to_string(bench.path("site.toml")).unwrap();
    let text = text.replace("\"simulated\"", "\"./board.toml\"");
    fs::write(bench.path("site.toml"), text + "[watchdog]\nstall_s = 1\n").unwrap();
}

fn listen(socket: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(socket).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    socket
}

/// What a service manager is told until a moment, and when.
fn told(socket: &UnixDatagram, until: Instant) -> Vec<(Instant, String)> {
    let mut messages = Vec::new();
    let mut buffer = [0; 512];
    while Instant::now() < until {
        if let Ok(length) = socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            messages.push((Instant::now(), text));
        }
    }
    messages
}

#[test]
fn the_service_manager_and_the_hardware_are_fed_and_an_orderly_end_disarms() {
    let bench = Bench::calibrated();
    site_with_watchdog(&bench);
    let socket = listen(&bench.path("notify"));
    let child = bench
        .command(&[&RUN[..], &["--for-s", "3"]].concat())
        .env("NOTIFY_SOCKET", bench.path("notify"))
        .env("WATCHDOG_USEC", "600000")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let messages = told(&socket, Instant::now() + Duration::from_secs(5));
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", stderr(&out));
    let count = |what: &str| messages.iter().filter(|(_, m)| m.contains(what)).count();
    assert!(messages[0].1.starts_with("READY=1"), "{messages:?}");
    assert!(count("WATCHDOG=1") >= 5, "{messages:?}");
    assert!(count("STATUS=watching") >= 1, "{messages:?}");
    assert_eq!(count("STOPPING=1"), 1, "{messages:?}");
    let written = fs::read(bench.path("wd")).unwrap();
    assert!(written.len() >= 3 && written.ends_with(b"V"), "{written:?}");
}

#[test]
fn a_hung_judging_thread_starves_both_watchdogs() {
    let bench = Bench::calibrated();
    site_with_watchdog(&bench);
    let socket = listen(&bench.path("notify"));
    let mut child = bench
        .command(&[&RUN[..], &["--fault-injection", "stall-inference:5"]].concat())
        .env("NOTIFY_SOCKET", bench.path("notify"))
        .env("WATCHDOG_USEC", "600000")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let messages = told(&socket, begun + Duration::from_secs(6));
    assert_eq!(child.try_wait().unwrap(), None, "it was to hang, not to end");
    child.kill().unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(stderr(&out).contains("no progress: network and lines have hung"), "{}", stderr(&out));
    let last_fed = messages.iter().rfind(|(_, m)| m.contains("WATCHDOG=1")).unwrap().0;
    let silence = begun + Duration::from_secs(6) - last_fed;
    assert!(silence > Duration::from_secs(1), "fed {silence:?} before the end");
    assert!(messages.last().unwrap().1.contains("STATUS=no progress"), "{messages:?}");
    let written = fs::read(bench.path("wd")).unwrap();
    assert!(!written.is_empty() && !written.contains(&b'V'), "{written:?}");
}

#[test]
fn a_panic_ends_the_process_and_leaves_the_watchdog_running() {
    let bench = Bench::calibrated();
    site_with_watchdog(&bench);
    let out = bench.run(&[&RUN[..], &["--fault-injection", "panic-inference:5"]].concat());
    assert_eq!(out.status.code(), Some(101), "{}", stderr(&out));
    assert!(!fs::read(bench.path("wd")).unwrap().contains(&b'V'));
}

#[test]
fn a_line_that_is_not_there_is_explained() {
    let bench = Bench::calibrated();
    let board = "description = \"test\"\n[gpio]\ndriver = \"gpiocdev\"\n[[gpio.line]]\n\
                 name = \"ALARM\"\nkernel_name = \"NO-SUCH-LINE-HERE\"\n[[gpio.line]]\nname = \"FAULT\"\n";
    fs::write(bench.path("board.toml"), board).unwrap();
    site(&bench, "source = \"folder\"\npath = \"normal/00\"");
    let text = fs::read_to_string(bench.path("site.toml")).unwrap();
    fs::write(bench.path("site.toml"), text.replace("\"simulated\"", "\"./board.toml\"")).unwrap();
    let out = bench.run(&RUN);
    assert_eq!(out.status.code(), Some(7), "{}", stderr(&out));
    let said = stderr(&out);
    let expected = if cfg!(feature = "gpio") { "NO-SUCH-LINE-HERE" } else { "feature `gpio`" };
    assert!(said.contains(expected), "{said}");
}

/// The guard of the lines has no chip here: what it does is seen by its exit.
#[test]
#[cfg(feature = "gpio")]
fn the_guard_acts_only_when_its_parent_died_without_a_word() {
    use std::io::Write;

    let bench = Bench::new();
    for (word, code) in [("dismissed\n", 0), ("", 7)] {
        let mut guard = bench
            .command(&["guard-lines", "--line", "/dev/null:0:low"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until_caught(guard.id(), 15);
        // All but SIGKILL and SIGSTOP, and the two that the C library keeps for itself.
        for signal in (1..=64).filter(|signal| ![9, 19, 32, 33].contains(signal)) {
            let signal = format!("-{signal}");
            let asked =
                Command::new("kill").args([&signal, &guard.id().to_string()]).status().unwrap();
            assert!(asked.success(), "{signal}");
        }
        thread::sleep(Duration::from_millis(300));
        assert_eq!(guard.try_wait().unwrap(), None, "a signal ended the guard");
        guard.stdin.take().unwrap().write_all(word.as_bytes()).unwrap();
        let out = guard.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{}", stderr(&out));
        assert_eq!(stderr(&out).contains("/dev/null:0:low"), code == 7, "{}", stderr(&out));
    }
}

/// Waits until a process has a handler for a signal.
#[cfg(feature = "gpio")]
fn wait_until_caught(process: u32, signal: u32) {
    let begun = Instant::now();
    loop {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        if caught & 1 << (signal - 1) != 0 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the process catches nothing");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_reader_that_closes_the_output_ends_a_command_without_a_word() {
    let bench = Bench::calibrated();
    site(&bench, "source = \"folder\"\npath = \"normal/00\"\nloop = true");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let out = bench.command(&["check", "--config", "site.toml"]).stdout(writer).output().unwrap();
    assert_eq!(out.status.code(), Some(141));
    assert!(!stderr(&out).contains("panicked"), "{}", stderr(&out));
}
