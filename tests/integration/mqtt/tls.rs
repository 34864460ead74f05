//! The output and mosquitto with encryption, and brokers that are not who they say.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use normwatch::config::MqttSection;
use normwatch::event::Phase;

use super::broker::Broker;
use super::mosquitto::Mosquitto;
use super::{Output, section, waits};

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mqtt-tls");
    folder.join(name)
}

fn broker() -> Mosquitto {
    let [certificate, key] = ["broker.pem", "broker.key"].map(fixture);
    Mosquitto::with(
        &format!(
            "allow_anonymous true\ncertfile {}\nkeyfile {}\n",
            certificate.display(),
            key.display()
        ),
        &[],
    )
}

fn encrypted(port: u16, host: &str, authorities: &str) -> MqttSection {
    let mut section = section(port);
    (section.tls, section.ca_file) = (true, fixture(authorities));
    section.host = host.into();
    section
}

#[test]
fn a_large_picture_goes_through_encryption_and_an_end_is_in_order() {
    let broker = broker();
    let output = Output::start(&encrypted(broker.port, "localhost", "ca.pem"), waits());
    output.until("the connection", |output| output.mqtt.counts().connected == 1);
    for n in 0..5 {
        output.tell(Phase::Begin, &n.to_string(), Some(&vec![n; 100_000]));
    }
    output.until("five events", |output| output.mqtt.counts().sent == 5);
    assert_eq!((output.mqtt.counts().failed, output.mqtt.counts().connected), (0, 1));
    assert!(output.mqtt.end());
}

#[test]
fn a_broker_that_cannot_show_who_it_is_gets_nothing() {
    let broker = broker();
    for (host, authorities) in [
        ("127.0.0.1", "ca.pem"),
        ("localhost", "other-ca.pem"),
        ("localhost", "none.pem"),
        ("localhost", "broker.key"),
    ] {
        let output = Output::start(&encrypted(broker.port, host, authorities), waits());
        output.until("failures", |output| output.mqtt.counts().failed >= 2);
        assert_eq!(output.mqtt.counts().connected, 0, "{host}, {authorities}");
    }
}

#[test]
fn a_broker_that_does_not_encrypt_or_hangs_is_left() {
    let broker = Broker::new();
    let mut waits = waits();
    waits.connect_ms = 300;
    let section = encrypted(broker.port(), "localhost", "ca.pem");
    let output = Output::start(&section, waits);
    let silent = broker.connection();
    output.until("a failure", |output| output.mqtt.counts().failed >= 1);
    drop(silent);
    let mut plain = broker.connection();
    plain.send(b"\x20\x02\x00\x00");
    thread::sleep(Duration::from_millis(10));
    output.until("another", |output| output.mqtt.counts().failed >= 2);
    assert_eq!(output.mqtt.counts().connected, 0);
}
