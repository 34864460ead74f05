//! The coils of a relay on the network: what they show, and whatever the relay does.

mod server;

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use normwatch::clock::SystemClock;
use normwatch::config::ModbusSection;
use normwatch::health::{Signal, Signals};
use normwatch::modbus::{Relay, Waits, start_with};

use self::server::{Device, Manner};
use crate::common::{Bench, json, stderr};

const PATIENCE: Duration = Duration::from_secs(60);
const ALARM: Signal = Signal { alarm: true, well: true };
const WELL: Signal = Signal { alarm: false, well: true };

fn waits() -> Waits {
    Waits {
        connect_ms: 2000,
        answer_ms: 400,
        look_ms: 5,
        again_ms: 50,
        pause_ms: (10, 40),
        lost_ms: 1500,
        end_ms: 20_000,
    }
}

struct Scene {
    relay: Relay,
    signals: Signals,
}

impl Scene {
    fn start(port: u16, waits: Waits) -> Self {
        let host = "127.0.0.1".into();
        let section = ModbusSection { host, port, unit: 3, coil: 2, fault_coil: Some(5) };
        let signals = Signals::default();
        signals.set(WELL, 0);
        let clock = Arc::new(SystemClock);
        let relay = start_with(&section, signals.clone(), clock, waits).unwrap();
        Self { relay, signals }
    }

    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "not {what}: {:?}", self.relay);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn coils_follow_the_lines_and_are_off_at_the_end() {
    let device = Device::new(Manner::Obeys);
    let scene = Scene::start(device.port, waits());
    scene.until("well", || device.coil(5) && !device.coil(2));
    scene.signals.set(ALARM, 0);
    scene.until("an alarm", || device.coil(2));
    scene.signals.set(WELL, 0);
    scene.until("over", || !device.coil(2));
    // Written again and again, and read back: who else drives it does not for long.
    device.switch(2, true);
    scene.until("put right", || !device.coil(2));
    // One connection for all of it, but for an answer that comes late on a busy machine.
    scene.until("kept", || device.writes().len() >= 6 * device.connections());
    scene.signals.set(ALARM, 0);
    scene.until("an alarm", || device.coil(2));
    assert!(scene.relay.watch().counts().sent > 3);
    assert!(scene.relay.end(), "it ends");
    assert!(!device.coil(2) && !device.coil(5), "{:?}", device.writes());
}

#[test]
fn whatever_the_relay_does_it_is_lost_until_it_obeys_again() {
    for manner in [
        Manner::Silent,
        Manner::HangsUp,
        Manner::Refuses(2),
        Manner::Lies,
        Manner::Half,
        Manner::Drips,
        Manner::Babbles,
    ] {
        let device = Device::new(Manner::Obeys);
        let scene = Scene::start(device.port, waits());
        scene.until("well", || device.coil(5));
        assert!(!scene.relay.watch().is_lost());
        device.behave(manner);
        scene.signals.set(ALARM, 0);
        scene.until(&format!("lost to one that {manner:?}"), || scene.relay.watch().is_lost());
        assert!(scene.relay.watch().counts().failed > 0);
        assert!(!device.coil(2), "{manner:?}");
        device.behave(Manner::Obeys);
        scene.until("obeyed again", || device.coil(2) && !scene.relay.watch().is_lost());
    }
}

#[test]
fn a_connection_that_is_cut_or_half_open_is_made_again() {
    let device = Device::new(Manner::Obeys);
    let scene = Scene::start(device.port, waits());
    for _ in 1..4 {
        scene.until("connected", || device.connections() > 0 && device.coil(5));
        let before = device.connections();
        device.cut();
        scene.until("connected again", || device.connections() > before);
    }
}

#[test]
fn a_relay_that_is_not_there_is_lost_and_found_when_it_comes() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scene = Scene::start(port, waits());
    assert!(!scene.relay.watch().is_lost(), "it has a moment to answer");
    scene.until("lost", || scene.relay.watch().is_lost());
    assert!(scene.relay.watch().counts().sent == 0);
    assert!(scene.relay.end(), "nobody is waited for who is not there");
}

/// The fault line says so, and comes back.
#[test]
fn a_site_whose_relay_is_lost_has_a_fault_and_goes_on_watching() {
    let device = Device::new(Manner::Obeys);
    let bench =
        Bench::with_site("source = \"folder\"\npath = \"normal/00\"\nloop = true", "events.jsonl");
    let mut site = fs::read_to_string(bench.path("site.toml")).unwrap();
    site += &format!(
        "[output.modbus]\nhost = \"127.0.0.1\"\nport = {}\ncoil = 2\nfault_coil = 5\n",
        device.port
    );
    fs::write(bench.path("site.toml"), site).unwrap();
    let mut child = bench
        .command(&["run", "--config", "site.toml"])
        .stdout(std::process::Stdio::null())
        .stderr(fs::File::create(bench.path("log")).unwrap())
        .spawn()
        .unwrap();
    let logged = || fs::read_to_string(bench.path("log")).unwrap_or_default();
    let faults = |present: bool| {
        let text = fs::read_to_string(bench.path("events.jsonl")).unwrap_or_default();
        let lines = text.lines().filter(|line| line.ends_with('}'));
        let events = lines.map(|line| json(line.as_bytes()));
        events.filter(|e| e["cause"] == "relay" && e["present"] == present).count()
    };
    let begun = Instant::now();
    let mut until = |what: &str, holds: &dyn Fn() -> bool| {
        while !holds() {
            assert!(begun.elapsed() < PATIENCE * 2, "not {what}: {}", logged());
            assert!(child.try_wait().unwrap().is_none(), "{what}: {}", logged());
            thread::sleep(Duration::from_millis(20));
        }
    };
    until("well by its coil", &|| device.coil(5));
    device.behave(Manner::Silent);
    device.cut();
    until("a fault", &|| faults(true) == 1);
    device.behave(Manner::Obeys);
    until("over", &|| faults(false) == 1);
    until("well again", &|| device.coil(5));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success(), "{}", logged());
    assert!(logged().contains("cannot be driven, and is tried again"), "{}", logged());
    assert!(logged().contains("obeys again"), "{}", logged());
    assert!(!device.coil(5) && !device.coil(2), "off at the end");
    let out = bench.run(&["check", "--config", "site.toml"]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("modbus"), "{}", stderr(&out));
}
