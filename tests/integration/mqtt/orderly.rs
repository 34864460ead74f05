//! What a broker sees of an output where all is well.

use std::time::{Duration, Instant};

use normwatch::alarm::{Input, State};
use normwatch::event::Phase;
use serde_json::Value;

use super::broker::{ACCEPT, Broker, Message, filters};
use super::{Output, section, waits};

fn value<'a>(messages: &'a [Message], leaf: &str) -> Option<&'a str> {
    let topic = format!("normwatch/yard/{leaf}");
    messages.iter().rev().find(|message| message.topic == topic).map(Message::text)
}

#[test]
fn a_connection_has_a_will_and_subscribes_before_it_publishes() {
    let broker = Broker::new();
    let _output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.connection();
    let connect = peer.packet().unwrap();
    assert_eq!(
        &connect.body[..],
        b"\x00\x04MQTT\x04\x2e\x00\x1e\x00\x06tester\x00\x18normwatch/yard/available\x00\x07offline"
    );
    peer.send(ACCEPT);
    let subscribe = peer.packet().unwrap();
    assert_eq!(subscribe.first, 0x82);
    let wanted = ["homeassistant/status", "normwatch/yard/armed/set", "normwatch/yard/acknowledge"];
    assert_eq!(filters(&subscribe.body[2..]), wanted);
}

#[test]
fn without_commands_and_discovery_nothing_is_subscribed_to() {
    let broker = Broker::new();
    let mut section = section(broker.port());
    (section.commands, section.discovery_prefix) = (false, String::new());
    let output = Output::start(&section, waits());
    let mut peer = broker.client();
    let first = peer.packet().unwrap();
    assert_eq!((first.first, &first.body[2..26]), (0x33, &b"normwatch/yard/available"[..]));
    peer.publish("normwatch/yard/armed/set", "OFF", false);
    peer.publish("normwatch/yard/acknowledge", "PRESS", false);
    peer.send(b"\x40\x02\x00\x01");
    peer.until("normwatch/yard/state");
    assert_eq!(output.mqtt.try_command(), None);
}

#[test]
fn states_are_kept_and_follow_the_vitals() {
    let broker = Broker::new();
    let output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.client();
    let first = peer.until("normwatch/yard/state");
    assert!(first[0].topic.starts_with("homeassistant/device/normwatch_"), "{:?}", first[0]);
    assert_eq!(value(&first, "available"), Some("online"));
    let found = ["alarm", "fault", "camera", "tamper", "changed", "armed", "state"]
        .map(|leaf| value(&first, leaf));
    assert_eq!(found.map(Option::unwrap), ["OFF", "ON", "OFF", "OFF", "OFF", "ON", "warm-up"]);
    assert!(first.iter().all(|message| message.retain && message.id.is_some()));
    output.vitals.note(|reading| {
        (reading.state, reading.well, reading.camera_up) = (State::Alarm, true, true);
        (reading.score, reading.score_unix_ms) = (Some(6.5), Some(1));
    });
    let (mut later, mut seen) = (Vec::new(), 0);
    while seen < 5 {
        let message = peer.message().unwrap();
        seen += usize::from(!later.contains(&message));
        later.push(message);
    }
    assert_eq!(
        ["alarm", "fault", "camera", "state", "score"].map(|leaf| value(&later, leaf)),
        ["ON", "OFF", "ON", "alarm", "6.500"].map(Some)
    );
    let score = later.iter().find(|message| message.topic.ends_with("score")).unwrap();
    assert!(!score.retain && score.id.is_none(), "it is old soon");
}

#[test]
fn an_event_is_published_once_and_not_kept_and_its_picture_is_kept() {
    let broker = Broker::new();
    let output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    output.tell(Phase::Begin, "e1", Some(&[0xff, 0xd8, 1, 2, 3]));
    let messages = peer.until("normwatch/yard/event");
    let event = messages.last().unwrap();
    assert!(!event.retain && event.id.is_some() && !event.again);
    let json: Value = serde_json::from_slice(&event.payload).unwrap();
    assert_eq!((&json["event_type"], &json["id"]), (&"begin".into(), &"e1".into()));
    assert_eq!((&json["kind"], &json["zones"][0]), (&"anomaly".into(), &"gate".into()));
    assert_eq!((&json["peak_score"], &json["exit_level"]), (&6.25.into(), &Value::Null));
    let reason = value(&messages, "reason").unwrap();
    assert!(reason.starts_with("block at 0.62"));
    let picture = messages.iter().find(|message| message.topic == "normwatch/yard/picture");
    assert!(picture.is_some_and(|m| m.retain && m.payload == [0xff, 0xd8, 1, 2, 3]));
    output.until("counts", |output| output.mqtt.counts().sent == 1);
    assert!(output.mqtt.counts().last_sent_unix_ms > Some(1_600_000_000_000));
}

#[test]
fn home_assistants_birth_brings_the_discovery_again_but_no_flood() {
    let broker = Broker::new();
    let mut waits = waits();
    waits.announce_ms = 700;
    let _output = Output::start(&section(broker.port()), waits);
    let begun = Instant::now();
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    for _ in 0..20 {
        peer.publish("homeassistant/status", "online", false);
    }
    let again = peer.until_so("discovery", |m| m.topic.starts_with("homeassistant/device/"));
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    assert!(again.last().unwrap().retain);
    let rest = peer.until("normwatch/yard/state");
    assert!(!rest.iter().any(|message| message.topic.starts_with("homeassistant/")));
    assert_eq!(value(&rest, "available"), Some("online"));
    peer.stream.set_read_timeout(Some(Duration::from_millis(1000))).unwrap();
    assert_eq!(peer.message(), None, "one announcement for twenty births");
}

#[test]
fn commands_are_handed_over_in_order_and_a_flood_is_cut_off() {
    let broker = Broker::new();
    let output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    peer.publish("normwatch/yard/armed/set", "OFF", false);
    peer.publish("normwatch/yard/acknowledge", "PRESS", false);
    peer.publish("normwatch/yard/armed/set", "ON", false);
    for wanted in [Input::Disarm, Input::Acknowledge, Input::Arm] {
        let mut got = None;
        let begun = Instant::now();
        while got.is_none() && begun.elapsed() < super::PATIENCE {
            got = output.mqtt.try_command();
        }
        assert_eq!(got, Some(wanted));
    }
    for _ in 0..100 {
        peer.publish("normwatch/yard/armed/set", "ON", false);
    }
    output.until("the flood", |output| output.mqtt.counts().ignored == 92);
    assert_eq!(std::iter::from_fn(|| output.mqtt.try_command()).count(), 8);
}

#[test]
fn an_end_in_order_publishes_what_waits_then_offline_and_then_leaves() {
    let broker = Broker::new();
    let output = Output::start(&section(broker.port()), waits());
    let mut peer = broker.client();
    peer.until("normwatch/yard/state");
    output.tell(Phase::End, "last", None);
    let ended = std::thread::spawn(move || output.mqtt.end());
    let messages = peer.until_so("offline", |message| message.payload == b"offline");
    assert!(messages.iter().any(|message| message.topic == "normwatch/yard/event"));
    let offline = messages.last().unwrap();
    assert!(offline.retain && offline.id.is_some() && offline.topic == "normwatch/yard/available");
    assert_eq!(peer.packet().unwrap().first, 0xe0, "DISCONNECT comes last");
    assert_eq!(peer.packet(), None);
    assert!(ended.join().unwrap());
}
