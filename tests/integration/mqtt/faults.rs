//! Brokers that are away, hang, lie, refuse and hang up. Nothing grows, nothing is lost
//! that is not counted, and nobody who tells of an event waits.

use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use normwatch::event::Phase;

use super::broker::{ACCEPT, Broker, Peer};
use super::{Output, section, waits};

/// Far more than a busy machine makes of no wait at all, far less than a broker could.
const NO_WAIT: Duration = Duration::from_millis(900);

fn tell_many(output: &Output, count: usize, picture: &[u8]) -> Duration {
    let mut slowest = Duration::ZERO;
    for n in 0..count {
        let begun = Instant::now();
        output.tell(Phase::Begin, &n.to_string(), Some(picture));
        slowest = slowest.max(begun.elapsed());
        thread::sleep(Duration::from_micros(500));
    }
    slowest
}

#[test]
fn a_broker_that_is_away_costs_counted_events_and_the_newest_wait_for_it() {
    let port = Broker::new().port();
    let output = Output::start(&section(port), waits());
    output.until("a failure", |output| output.mqtt.counts().failed >= 2);
    let slowest = tell_many(&output, 600, &[0xff; 2000]);
    assert!(slowest < NO_WAIT, "telling took {slowest:?}");
    output.until("what is dropped", |output| output.mqtt.counts().dropped >= 344);
    let mut peer = Broker::at(port).client();
    let messages = peer.until_so("the newest", |message| {
        message.topic.ends_with("event") && message.text().contains("\"id\":\"599\"")
    });
    let events = messages.iter().filter(|message| message.topic.ends_with("event")).count();
    output.until("the last one", |output| output.mqtt.counts().sent == events as u64);
    let counts = output.mqtt.counts();
    assert_eq!(counts.sent + counts.dropped, 600, "{counts:?}");
    assert!(counts.sent <= 256, "{counts:?}");
    let pictures = messages.iter().filter(|message| message.topic.ends_with("picture"));
    assert_eq!(pictures.count(), 1, "of states the latest alone");
}

#[test]
fn wrong_credentials_are_tried_seldom() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "wrong\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let broker = Broker::new();
    let mut section = section(broker.port());
    (section.username, section.password_file) = (Some("me".into()), Some(file.clone()));
    let mut waits = waits();
    waits.pause_ms = (10, 3000);
    let output = Output::start(&section, waits);
    let mut peer = broker.connection();
    let connect = peer.packet().unwrap();
    assert!(connect.body[7] & 0xc0 == 0xc0 && connect.body.ends_with(b"\x00\x02me\x00\x05wrong"));
    peer.send(b"\x20\x02\x00\x04");
    assert!(broker.connection_within(Duration::from_millis(1000)).is_none());
    assert_eq!((output.mqtt.counts().failed, output.mqtt.counts().connected), (1, 0));
    std::fs::write(&file, "right\n").unwrap();
    let connect = broker.connection().packet().unwrap();
    assert!(connect.body.ends_with(b"right"), "the file is read again");
}

#[test]
fn a_password_that_everybody_may_read_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "secret\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let broker = Broker::new();
    let mut section = section(broker.port());
    (section.username, section.password_file) = (Some("me".into()), Some(file));
    let output = Output::start(&section, waits());
    output.until("a failure", |output| output.mqtt.counts().failed >= 2);
    assert!(broker.connection_within(Duration::ZERO).is_none());
}

#[test]
fn a_half_open_connection_is_noticed_and_made_again() {
    let broker = Broker::new();
    let mut section = section(broker.port());
    section.keep_alive_s = 1;
    let mut waits = waits();
    waits.answer_ms = 300;
    let output = Output::start(&section, waits);
    let mut first = broker.client();
    first.until("normwatch/yard/state");
    let begun = Instant::now();
    let mut second = broker.client();
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    output.until("the second", |output| output.mqtt.counts().connected == 2);
    second.until("normwatch/yard/state");
    // It still holds the first one: a network that swallows, not a broker that ends.
    drop(first);
}

#[test]
fn a_broker_that_does_not_accept_or_speaks_something_else_is_left() {
    let mut waits = waits();
    waits.answer_ms = 200;
    for greeting in [
        &b""[..],
        b"\x20",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\x02\x00\x01",
        b"\xd0\x00",
        b"\xff\xff\xff\xff\xff\xff",
    ] {
        let broker = Broker::new();
        let output = Output::start(&section(broker.port()), waits);
        let mut peer = broker.connection();
        peer.packet().unwrap();
        peer.send(greeting);
        assert_eq!(peer.packet(), None, "it stays with {greeting:x?}");
        assert_eq!(output.mqtt.counts().connected, 0);
    }
}

#[test]
fn an_acceptance_that_comes_byte_by_byte_counts() {
    let broker = Broker::new();
    let _output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.connection();
    peer.packet().unwrap();
    for byte in ACCEPT {
        peer.send(&[*byte]);
        thread::sleep(Duration::from_millis(30));
    }
    peer.until("normwatch/yard/state");
}

#[test]
fn a_reset_and_an_end_without_words_are_survived_and_events_come_again() {
    let broker = Broker::new();
    let mut waits = waits();
    (waits.settled_ms, waits.announce_ms) = (0, 60_000);
    let output = Output::start(&section(broker.port()), waits);
    // Closing with unread bytes resets the connection.
    drop(broker.connection());
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    output.tell(Phase::Begin, "e", None);
    peer.withheld = "event";
    assert!(!peer.until("normwatch/yard/event").last().unwrap().again);
    drop(peer);
    let mut peer = broker.client();
    let messages = peer.until("normwatch/yard/event");
    assert!(messages.last().unwrap().again, "DUP");
    assert_eq!(messages[0].topic, "normwatch/yard/available", "the discovery was just sent");
    output.until("the event", |output| output.mqtt.counts().sent == 1);
}

#[test]
fn what_is_too_large_is_refused_here_and_what_a_broker_hangs_up_over_is_given_up() {
    let broker = Broker::new();
    let mut waits = waits();
    waits.settled_ms = 0;
    let output = Output::start(&section(broker.port()), waits);
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    output.tell(Phase::Begin, "e", Some(&[0xff; 100_001]));
    let messages = peer.until("normwatch/yard/event");
    assert!(!messages.iter().any(|message| message.topic.ends_with("picture")));
    assert_eq!(output.mqtt.counts().refused, 1);
    // A broker with a smaller limit hangs up over it, and says nothing.
    output.tell(Phase::Begin, "f", Some(&[0xff; 60_000]));
    for _ in 0..3 {
        peer.withheld = "picture";
        peer.until("normwatch/yard/picture");
        drop(peer);
        peer = broker.client();
    }
    output.tell(Phase::Begin, "g", Some(&[0xff; 60_000]));
    output.tell(Phase::Begin, "h", Some(&[0xff; 50_000]));
    peer.withheld = "none";
    let picture = peer.until("normwatch/yard/picture").pop().unwrap();
    assert_eq!(picture.payload.len(), 50_000, "a smaller one is tried");
    output.until("all events", |output| output.mqtt.counts().sent == 4);
    let counts = output.mqtt.counts();
    assert_eq!((counts.refused, counts.dropped), (3, 0), "{counts:?}");
}

#[test]
fn who_is_taken_over_again_and_again_backs_off() {
    let broker = Broker::new();
    let mut waits = waits();
    waits.pause_ms = (10, 4000);
    let output = Output::start(&section(broker.port()), waits);
    for _ in 0..3 {
        let mut peer = broker.client();
        peer.until("normwatch/yard/state");
    }
    assert!(broker.connection_within(Duration::from_millis(1500)).is_none());
    assert_eq!(output.mqtt.counts().connected, 3);
    assert!(output.mqtt.end(), "a long pause does not delay the end");
}

#[test]
fn a_retained_command_is_ignored_and_counted() {
    let broker = Broker::new();
    let output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    peer.publish("normwatch/yard/armed/set", "ON", true);
    peer.publish("normwatch/yard/armed/set", "arm!", false);
    output.until("two ignored", |output| output.mqtt.counts().ignored == 2);
    assert_eq!(output.mqtt.try_command(), None);
}

#[test]
fn a_broker_that_reads_nothing_is_left_and_costs_nobody_time() {
    let broker = Broker::new();
    let mut waits = waits();
    waits.answer_ms = 300;
    let mut section = section(broker.port());
    section.max_packet_bytes = 2_000_000;
    let output = Output::start(&section, waits);
    let mut peer: Peer = broker.client();
    peer.until("normwatch/yard/state");
    let slowest = tell_many(&output, 100, &vec![0xff; 100_000]);
    assert!(slowest < NO_WAIT, "telling took {slowest:?}");
    let again = broker.connection_within(super::PATIENCE);
    assert!(again.is_some(), "it stays with a broker that reads nothing");
}

#[test]
fn the_end_is_bounded_whatever_the_broker_does() {
    let broker = Broker::new();
    let port = broker.port();
    let mut waits = waits();
    waits.end_ms = (200, 1000);
    let output = Output::start(&section(port), waits);
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    let begun = Instant::now();
    assert!(output.mqtt.end(), "it leaves without an acknowledgement");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop((peer, broker));
    let output = Output::start(&section(port), waits);
    let begun = Instant::now();
    assert!(output.mqtt.end() && begun.elapsed() < Duration::from_secs(5), "nobody is there");
}
