//! The discovery against what Home Assistant's own source takes: a table that
//! `tests/fixtures/home_assistant_mqtt.py` reads from a release of it. A key that Home
//! Assistant does not know it drops without a word. `cargo xtask home-assistant` asks a real
//! one as well.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::broker::Broker;
use super::{Output, section, waits};

const TABLE: &str = include_str!("../../fixtures/home-assistant-mqtt.json");

fn words(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn check(object: &Value, rule: &Value, what: &str) {
    let (keys, known, required) = (keys(object), words(&rule["keys"]), words(&rule["required"]));
    let unknown: Vec<_> = keys.difference(&known).collect();
    assert!(unknown.is_empty(), "Home Assistant drops {unknown:?} of {what}");
    let missing: Vec<_> = required.difference(&keys).collect();
    assert!(missing.is_empty(), "{what} has no {missing:?}");
}

/// The topic and the payload of a discovery as they are published.
fn discovery(commands: bool, picture: bool) -> (String, Value) {
    let broker = Broker::new();
    let mut section = section(broker.port());
    (section.commands, section.picture) = (commands, picture);
    let _output = Output::start(&section, waits());
    let mut peer = broker.client();
    let message = peer.message().unwrap();
    assert!(message.retain);
    let payload = serde_json::from_slice(&message.payload).unwrap();
    (message.topic, payload)
}

fn check_component(key: &str, component: &Value, table: &Value) {
    let platform = component["platform"].as_str().unwrap();
    let rule = &table["platforms"][platform];
    assert!(rule.is_object(), "{key}: the table has no platform {platform}");
    let mut rest = component.clone();
    rest.as_object_mut().unwrap().remove("platform");
    check(&rest, rule, key);
    assert!(rest["unique_id"].is_string(), "{key}");
    let entity = rest["default_entity_id"].as_str().unwrap();
    let (domain, name) = entity.split_once('.').unwrap();
    assert_eq!(domain, platform);
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    for (word, list) in [
        ("device_class", &rule["device_class"]),
        ("entity_category", &table["entity_category"]),
        ("state_class", &table["state_class"]),
    ] {
        let value = rest.get(word).map(|value| value.as_str().unwrap());
        assert!(value.is_none_or(|value| words(list).contains(value)), "{key}: {word} {value:?}");
    }
    if let Some(one_of) = rule.get("one_of") {
        let present = words(one_of).into_iter().filter(|key| rest.get(key).is_some());
        assert_eq!(present.count(), 1, "{key}");
    }
    // A sensor or a binary sensor is never there to be set.
    if platform.ends_with("sensor") {
        assert_ne!(rest.get("entity_category"), Some(&"config".into()), "{key}");
    }
    if rest.get("options").is_some() {
        assert_eq!(rest["device_class"], "enum");
        assert!(rest.get("state_class").is_none() && rest.get("unit_of_measurement").is_none());
    }
    assert_ne!(rest.get("retain"), Some(&true.into()), "a command is never retained");
}

/// What Home Assistant itself says, where it is at hand.
fn ask_home_assistant(payload: &Value) {
    let Some(folder) = std::env::var_os("NORMWATCH_HOME_ASSISTANT") else { return };
    let script = "tests/fixtures/home_assistant_schemas.py";
    let mut child = Command::new(Path::new(&folder).join("python/bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
        .arg("check")
        .arg(&folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "Home Assistant finds a fault");
}

#[test]
fn the_discovery_has_no_key_and_no_word_that_home_assistant_does_not_know() {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    for (commands, picture) in [(true, true), (false, false)] {
        let (topic, payload) = discovery(commands, picture);
        ask_home_assistant(&payload);
        check(&payload, &table["root"], "the payload");
        check(&payload["device"], &table["device"], "the device");
        check(&payload["origin"], &table["origin"], "the origin");
        let id = payload["device"]["identifiers"][0].as_str().unwrap();
        assert_eq!(topic, format!("homeassistant/device/{id}/config"));
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        let components = payload["components"].as_object().unwrap();
        let mut ids = BTreeSet::new();
        for (key, component) in components {
            check_component(key, component, &table);
            assert!(ids.insert(component["unique_id"].as_str().unwrap()), "{key} is there twice");
        }
        let names: BTreeSet<&str> = components.keys().map(String::as_str).collect();
        let mut wanted = BTreeSet::from([
            "alarm", "armed", "budget", "camera", "changed", "event", "fault", "learning",
            "reason", "score", "state", "tamper",
        ]);
        wanted.extend(commands.then_some("acknowledge"));
        wanted.extend(picture.then_some("picture"));
        assert_eq!(names, wanted);
        let armed = if commands { "switch" } else { "binary_sensor" };
        assert_eq!(components["armed"]["platform"], armed);
        let text = payload.to_string();
        assert!(!text.contains("object_id"), "Home Assistant takes it no more");
        assert_eq!(text.contains("command_topic"), commands);
    }
}

#[test]
fn the_states_are_among_those_that_the_discovery_names() {
    let (_, payload) = discovery(true, true);
    let options = &payload["components"]["state"]["options"];
    use normwatch::alarm::State::*;
    let states = [Disarmed, WarmUp, Idle, Suspect, Alarm, Latched, Cooldown];
    assert_eq!(words(options), states.map(|state| state.name()).into_iter().collect());
}

/// What the learning calls itself, and what it is before it has begun.
#[test]
fn the_phases_of_a_learning_are_among_those_that_the_discovery_names() {
    let (_, payload) = discovery(true, true);
    let phases = normwatch::learn::Phase::ALL.map(normwatch::learn::Phase::name);
    let known = phases.into_iter().chain(["none"]).collect();
    assert_eq!(words(&payload["components"]["learning"]["options"]), known);
}
