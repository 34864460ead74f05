//! Threads that panic or hang, signals, and what is left of a run that was killed.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use normwatch::clock::{Clock, SystemClock};
use normwatch::config::load_site;
use normwatch::runtime::Shutdown;
use normwatch::station::{Plan, Station};
use normwatch_faults::took;

use super::watch::{Camera, Watch, kill, site};

const PANICS: &str = "fault injection: the judging thread panics";
const HANGS: &str = "fault injection: the judging thread hangs";

#[test]
fn a_panic_ends_the_run_and_leaves_the_watchdog_armed() {
    let more = ["--fault-injection", "panic-inference:10"];
    let mut watch = Watch::begin_in("thread-panics", site(Camera::Folder), &more);
    watch.wait_for_log(PANICS);
    watch.strike(|_| ());
    let wd = watch.bench.path("wd");
    let end = Instant::now();
    while watch.child.try_wait().unwrap().is_none() {
        assert!(end.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(2));
    }
    assert!(!fs::read(wd).unwrap().contains(&b'V'));
    watch.dies(101);
}

#[test]
fn a_hang_starves_the_watchdog_and_is_told() {
    let bench = site(Camera::Folder);
    let path = bench.path("site.toml");
    let text = fs::read_to_string(&path).unwrap() + "[watchdog]\nstall_s = 2\n";
    fs::write(path, text).unwrap();
    let more = ["--fault-injection", "stall-inference:20"];
    let mut watch = Watch::begin_in("thread-hangs", bench, &more);
    watch.wait_for_log(HANGS);
    watch.strike(|_| ());
    watch.reacts("word of it", |watch| watch.log().contains("no progress"));
    let fed = watch.fed();
    thread::sleep(Duration::from_millis(2500));
    assert_eq!(watch.fed(), fed, "it was fed again");
    watch.note();
}

#[test]
fn a_hung_run_obeys_all_the_same() {
    let more = ["--fault-injection", "stall-inference:20"];
    let mut watch = Watch::begin_in("hung-and-asked", site(Camera::Folder), &more);
    watch.wait_for_log(HANGS);
    watch.strike(|watch| kill("-TERM", &watch.child));
    watch.dies(143);
}

/// The service manager's watchdog would bite in the meantime, where it is shorter.
#[test]
fn a_stopped_process_goes_on_where_it_was() {
    let mut watch = Watch::begin("process-stopped", Camera::Folder);
    kill("-STOP", &watch.child);
    thread::sleep(Duration::from_millis(500));
    let fed = watch.fed();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(watch.fed(), fed, "a stopped process feeds nothing");
    watch.strike(|watch| kill("-CONT", &watch.child));
    watch.reacts("food for the watchdog", |watch| watch.fed() > fed + 1);
    watch.wait("the fall of the fault line", || watch.fault_line().contains(&false));
    watch.returns();
    watch.ends();
}

#[test]
fn what_asks_for_the_end_gets_it() {
    for signal in ["-HUP", "-INT", "-QUIT", "-TERM"] {
        let mut watch = Watch::begin("signal-ends", Camera::Folder);
        watch.strike(|watch| kill(signal, &watch.child));
        let (wd, events) = (watch.bench.path("wd"), watch.bench.path("events.jsonl"));
        watch.wait("a disarmed watchdog", || fs::read(&wd).unwrap().ends_with(b"V"));
        watch.wait("the last event", || {
            fs::read_to_string(&events).unwrap().contains("\"event\":\"stop\"")
        });
        watch.dies(0);
    }
}

/// No thread is left to hear it; it is held back until the next program takes it.
#[test]
fn a_signal_in_the_last_moment_of_a_reload_is_not_forgotten() {
    for signal in ["-INT", "-QUIT", "-TERM"] {
        let more = ["--reload-on-sighup", "--fault-injection", "linger-reload:1"];
        let mut watch = Watch::begin_in("signal-in-a-reload", site(Camera::Folder), &more);
        kill("-HUP", &watch.child);
        watch.wait_for_log("the reload waits");
        watch.strike(|watch| kill(signal, &watch.child));
        watch.dies(0);
    }
}

#[test]
fn a_signal_is_obeyed_while_the_camera_is_silent() {
    let mut watch = Watch::begin("signal-in-a-read", Camera::Raw);
    watch.strike_camera("sleep 1000");
    thread::sleep(Duration::from_millis(500));
    watch.strike(|watch| kill("-TERM", &watch.child));
    watch.dies(0);
}

#[test]
fn other_signals_do_nothing() {
    let mut watch = Watch::begin("signal-harmless", Camera::Folder);
    watch.strike(|watch| {
        let others = [
            "-USR1", "-USR2", "-ALRM", "-VTALRM", "-PROF", "-IO", "-PWR", "-XCPU", "-XFSZ",
            "-TSTP", "-TTIN", "-TTOU", "-STKFLT", "-PIPE", "-URG", "-WINCH", "-34", "-64",
        ];
        others.iter().for_each(|signal| kill(signal, &watch.child));
    });
    watch.carries_on();
    watch.ends();
}

/// Lines of hardware are its guard's, see the virtual boards.
#[test]
fn what_a_killed_run_had_started_ends() {
    let mut watch = Watch::begin("killed", Camera::Raw);
    watch.strike_camera("rm inject; echo $$ >camera.pid");
    let file = watch.bench.path("camera.pid");
    watch.wait("the camera's process", || {
        fs::read_to_string(&file).unwrap_or_default().ends_with('\n')
    });
    let process = Path::new("/proc").join(fs::read_to_string(&file).unwrap().trim());
    watch.strike(|watch| kill("-KILL", &watch.child));
    watch.reacts("the end of the camera's command", |_| {
        let stat = fs::read_to_string(process.join("stat"));
        stat.map_or(true, |stat| stat.contains(") Z "))
    });
    watch.note();
}

#[test]
fn a_service_manager_that_does_not_read_keeps_nothing() {
    let bench = site(Camera::Folder);
    let socket = bench.path("notify");
    let _unread = UnixDatagram::bind(&socket).unwrap();
    let mut watch = Watch::begin_with("manager-deaf", bench, &[], |command| {
        command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "30000");
    });
    watch.strike(|_| ());
    watch.carries_on();
    watch.ends();
}

#[test]
fn a_second_run_has_lines_of_its_own_and_no_log() {
    let mut watch = Watch::begin("second-run", Camera::Folder);
    // On a board without the watchdog, which is the first one's.
    let site = fs::read_to_string(watch.bench.path("site.toml")).unwrap();
    let site = site.replace("\"./board.toml\"", "\"simulated\"");
    fs::write(watch.bench.path("second.toml"), site).unwrap();
    let second = watch.bench.command(&["run", "--config", "second.toml", "--for-s", "1"]);
    watch.strike(|_| ());
    let out = { second }.output().unwrap();
    assert!(String::from_utf8_lossy(&out.stderr).contains("another normwatch"));
    watch.carries_on();
    let starts = watch.events();
    assert_eq!(starts.iter().filter(|event| event["event"] == "start").count(), 1);
    watch.ends();
}

/// The machine's clocks, with a date that is set while the program runs.
struct Dated(AtomicI64);

impl Clock for Dated {
    fn monotonic_ns(&self) -> u64 {
        SystemClock.monotonic_ns()
    }

    fn wall_ns(&self) -> u64 {
        SystemClock.wall_ns().saturating_add_signed(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn a_date_that_is_set_moves_nothing_but_dates() {
    const YEAR_NS: i64 = 365 * 86_400 * 1_000_000_000;
    for step_ns in [YEAR_NS, -YEAR_NS] {
        let bench = site(Camera::Folder);
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
        let site = load_site(&bench.path("site.toml"), &[boards]).unwrap();
        let clock = Arc::new(Dated(AtomicI64::new(0)));
        let shutdown = Shutdown::new();
        let station = Station::open(&site, Plan::load(&site).unwrap(), clock.clone(), None);
        let (mut judged, mut set, mut next) = (0, None, None);
        let each = |_: &_| {
            judged += 1;
            match judged {
                10 => {
                    clock.0.store(step_ns, Ordering::Relaxed);
                    set = Some(Instant::now());
                }
                11 => next = set.map(|set: Instant| set.elapsed()),
                30 => shutdown.request(),
                _ => {}
            }
        };
        station.unwrap().run(&shutdown, || None, each).unwrap();
        let text = fs::read_to_string(bench.path("events.jsonl")).unwrap();
        assert_eq!(text.matches("\"line\":\"fault\"").count(), 2, "{text}");
        assert!(!text.contains("\"event\":\"gap\""), "{text}");
        took("date-set", next.unwrap());
    }
}
