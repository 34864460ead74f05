//! The output with mosquitto, which has today's limit of a packet, and a script that
//! plays Home Assistant's part.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use normwatch::alarm::Input;
use normwatch::event::Phase;
use tempfile::TempDir;

use super::broker::{Broker, Message, Peer};
use super::{Output, PATIENCE, section, waits};
use crate::common::Bench;

pub struct Mosquitto {
    child: Child,
    pub port: u16,
    folder: TempDir,
}

/// Debian has it where only root looks.
fn program(name: &str) -> String {
    let beside = format!("/usr/sbin/{name}");
    if Path::new(&beside).exists() { beside } else { name.into() }
}

impl Mosquitto {
    fn start() -> Self {
        Self::with("allow_anonymous true\n", &[])
    }

    /// With settings of its own; files are named by `FOLDER/NAME` in them.
    pub fn with(settings: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let settings = settings.replace("FOLDER", folder.path().to_str().unwrap());
        let file = folder.path().join("mosquitto.conf");
        // It takes no port 0, and another test may be faster at the one that was free.
        for _ in 0..5 {
            let port = Broker::new().port();
            let listener = format!("listener {port} 127.0.0.1\nmax_packet_size 2000000\n");
            // Root's own files are not for the user that it would become.
            fs::write(&file, format!("user root\n{listener}{settings}")).unwrap();
            let mut child = Command::new(program("mosquitto"))
                .arg("-c")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("`cargo xtask setup` installs mosquitto");
            let begun = Instant::now();
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, port, folder };
                }
                assert!(begun.elapsed() < PATIENCE, "mosquitto does not start");
                thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("mosquitto ends at once with {settings}");
    }

    /// Somebody who subscribes to everything.
    fn listener(&self) -> Peer {
        let mut peer = self.guest("listener");
        peer.send(b"\x82\x06\x00\x01\x00\x01#\x01");
        assert_eq!(peer.packet().unwrap().first, 0x90);
        peer
    }

    fn guest(&self, id: &str) -> Peer {
        let mut peer = Peer::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        let mut connect = vec![0x10, 12 + id.len() as u8];
        connect.extend(b"\x00\x04MQTT\x04\x02\x00\x00\x00");
        connect.push(id.len() as u8);
        connect.extend(id.bytes());
        peer.send(&connect);
        assert_eq!(peer.packet().unwrap().body, [0, 0]);
        peer
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A way to the broker that can be cut as a cable is.
struct Cable {
    port: u16,
    ends: std::sync::mpsc::Receiver<TcpStream>,
}

impl Cable {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let (tell, ends) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let (near, _) = listener.accept().unwrap();
            let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
            for end in [&near, &far] {
                tell.send(end.try_clone().unwrap()).unwrap();
            }
            let (from, to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || copy(from, to));
            copy(far, near);
        });
        Self { port: own_port, ends }
    }

    fn cut(self) {
        for end in self.ends.try_iter() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut chunk = [0; 4096];
    while let Ok(length) = from.read(&mut chunk) {
        if length == 0 || to.write_all(&chunk[..length]).is_err() {
            return;
        }
    }
}

fn is_discovery(message: &Message) -> bool {
    message.topic.starts_with("homeassistant/device/normwatch_")
}

#[test]
fn a_listener_that_comes_late_finds_the_device_and_its_states() {
    let broker = Mosquitto::start();
    let output = Output::start(&section(broker.port), waits());
    output.until("the connection", |output| output.mqtt.counts().connected == 1);
    broker.listener().until("normwatch/yard/state");
    let mut late = broker.listener();
    let mut missing =
        vec!["available", "alarm", "fault", "camera", "tamper", "changed", "armed", "state"];
    let mut discovered = false;
    while !missing.is_empty() || !discovered {
        let message = late.message().unwrap();
        assert!(message.retain, "{}", message.topic);
        discovered |= is_discovery(&message);
        missing.retain(|leaf| message.topic != format!("normwatch/yard/{leaf}"));
    }
}

#[test]
fn home_assistants_birth_and_its_switch_and_its_button_work() {
    let broker = Mosquitto::start();
    let output = Output::start(&section(broker.port), waits());
    let mut listener = broker.listener();
    listener.until("normwatch/yard/state");
    let mut home_assistant = broker.guest("home-assistant");
    home_assistant.publish("homeassistant/status", "online", false);
    let again = listener.until_so("the discovery", |m| is_discovery(m) && !m.retain);
    assert!(again.iter().any(|message| message.topic == "homeassistant/status"));
    for (leaf, payload, wanted) in [
        ("armed/set", "OFF", Input::Disarm),
        ("armed/set", "ON", Input::Arm),
        ("acknowledge", "PRESS", Input::Acknowledge),
    ] {
        home_assistant.publish(&format!("normwatch/yard/{leaf}"), payload, false);
        let begun = Instant::now();
        let mut got = None;
        while got.is_none() && begun.elapsed() < PATIENCE {
            got = output.mqtt.try_command();
        }
        assert_eq!(got, Some(wanted));
    }
}

#[test]
fn a_retained_command_that_lies_in_the_broker_is_ignored() {
    let broker = Mosquitto::start();
    broker.guest("careless").publish("normwatch/yard/armed/set", "ON", true);
    broker.listener().until("normwatch/yard/armed/set");
    let output = Output::start(&section(broker.port), waits());
    output.until("it", |output| output.mqtt.counts().ignored == 1);
    assert_eq!(output.mqtt.try_command(), None);
}

#[test]
fn an_event_arrives_with_the_largest_picture_that_is_allowed() {
    let broker = Mosquitto::start();
    let output = Output::start(&section(broker.port), waits());
    let mut listener = broker.listener();
    listener.until("normwatch/yard/state");
    let picture: Vec<u8> = (0..100_000).map(|n| (n % 251) as u8).collect();
    output.tell(Phase::Begin, "e", Some(&picture));
    let messages = listener.until("normwatch/yard/picture");
    assert!(messages.iter().any(|message| message.topic == "normwatch/yard/event"));
    assert!(messages.last().unwrap().payload == picture);
    output.until("the count", |output| output.mqtt.counts().sent == 1);
    assert_eq!((output.mqtt.counts().refused, output.mqtt.counts().connected), (0, 1));
    let kept = broker.listener().until("normwatch/yard/picture");
    assert!(kept.iter().all(|message| message.topic != "normwatch/yard/event"));
}

#[test]
fn the_broker_says_offline_for_a_cut_cable_and_the_output_itself_at_its_end() {
    let broker = Mosquitto::start();
    let mut listener = broker.listener();
    let offline =
        |message: &Message| message.topic.ends_with("/available") && message.text() == "offline";
    let cable = Cable::to(broker.port);
    let output = Output::start(&section(cable.port), waits());
    listener.until("normwatch/yard/state");
    cable.cut();
    listener.until_so("the will", offline);
    drop(output);
    let output = Output::start(&section(broker.port), waits());
    listener.until_so("online", |m| m.topic.ends_with("/available") && m.text() == "online");
    assert!(output.mqtt.end());
    listener.until_so("the farewell", offline);
    let mut late = broker.listener();
    late.until_so("it is kept", offline);
}

/// Nobody is left to say it but the broker.
#[test]
fn a_program_that_is_killed_is_told_offline_by_its_will() {
    let broker = Mosquitto::start();
    let camera = "source = \"folder\"\npath = \"normal/00\"\nloop = true";
    let bench = Bench::with_site(camera, "events.jsonl");
    let mut site = fs::read_to_string(bench.path("site.toml")).unwrap();
    site += &format!(
        "[budget]\nalarms_per_day = 0.5\n[output.mqtt]\nhost = \"127.0.0.1\"\nport = {}\n",
        broker.port
    );
    fs::write(bench.path("site.toml"), site).unwrap();
    let mut listener = broker.listener();
    let mut child = bench
        .command(&["run", "--config", "site.toml"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let says = |leaf: &'static str, text: &'static str| {
        move |message: &Message| {
            message.topic == format!("normwatch/site/{leaf}") && message.text() == text
        }
    };
    listener.until_so("online", says("available", "online"));
    listener.until_so("the budget", says("budget", "0.5"));
    child.kill().unwrap();
    child.wait().unwrap();
    listener.until_so("the will", says("available", "offline"));
    broker.listener().until_so("it is kept", says("available", "offline"));
}

#[test]
fn a_user_is_let_in_with_the_right_password_alone() {
    let broker = Mosquitto::with(
        "allow_anonymous false\npassword_file FOLDER/users\n",
        &[("users", "me:right\n")],
    );
    // The file is read again once its passwords are hashed.
    let users = broker.folder.path().join("users");
    let hashed = Command::new("mosquitto_passwd").arg("-U").arg(&users).status();
    assert!(hashed.expect("`cargo xtask setup` installs mosquitto").success());
    let hangup = Command::new("kill").args(["-HUP", &broker.child.id().to_string()]).status();
    assert!(hangup.unwrap().success());
    let secret = broker.folder.path().join("secret");
    let mut section = section(broker.port);
    (section.username, section.password_file) = (Some("me".into()), Some(secret.clone()));
    let write = |text: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::write(&secret, text).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("wrong\n");
    let output = Output::start(&section, waits());
    output.until("refusals", |output| output.mqtt.counts().failed >= 3);
    assert_eq!(output.mqtt.counts().connected, 0);
    write("right\n");
    output.until("the connection", |output| output.mqtt.counts().connected == 1);
}

#[test]
fn two_with_the_same_id_do_not_take_each_other_over_for_ever() {
    let broker = Mosquitto::start();
    let mut waits = waits();
    waits.pause_ms = (10, 60_000);
    let outputs = [(); 2].map(|()| Output::start(&section(broker.port), waits));
    let connections = || outputs.iter().map(|output| output.mqtt.counts().connected).sum::<u64>();
    outputs[0].until("a take-over", |_| connections() >= 4);
    thread::sleep(Duration::from_secs(3));
    assert!(connections() <= 6, "{}", connections());
}
