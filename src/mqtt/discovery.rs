//! What Home Assistant is told of this device, in the form of its device discovery.

use serde_json::{Map, Value, json};

use super::identity::{Identity, slug};
use super::topics::Topics;

/// Scores come every ten seconds while the camera gives frames.
const SCORE_EXPIRES_S: u32 = 60;

/// The words for how far a learning is.
pub const LEARNING: [&str; 6] = ["none", "observe", "train", "prove", "settle", "watch"];

/// The payload of the discovery topic. A switch and a button are there only where
/// `commands` are obeyed, a picture only where one is published.
pub fn payload(identity: &Identity, topics: &Topics, commands: bool, picture: bool) -> Vec<u8> {
    let device = device_id(identity);
    let mut all = components(topics, commands, picture);
    all.extend(identity.learns.then(|| learning(topics)));
    let components = all.into_iter().map(|(key, mut rest)| {
        let platform = rest["platform"].as_str().unwrap_or_default().to_owned();
        rest["unique_id"] = json!(format!("{device}_{key}"));
        let entity = format!("{}_{key}", slug(&identity.site).to_lowercase().replace('-', "_"));
        rest["default_entity_id"] = json!(format!("{platform}.{entity}"));
        (key.to_owned(), rest)
    });
    let whole = json!({
        "device": {
            "identifiers": [device],
            "name": identity.site,
            "manufacturer": "normwatch",
            "model": identity.board,
            "sw_version": identity.version,
        },
        "origin": { "name": "normwatch", "sw_version": identity.version },
        "availability": [{ "topic": topics.available }],
        "qos": 1,
        "components": components.collect::<Map<String, Value>>(),
    });
    whole.to_string().into_bytes()
}

/// The id of the device, in the topic and in the payload.
pub fn device_id(identity: &Identity) -> String {
    format!("normwatch_{}", identity.digest())
}

/// How far the board is with learning its camera.
fn learning(topics: &Topics) -> (&'static str, Value) {
    let component = json!({
        "platform": "sensor", "name": "Learning", "state_topic": topics.learning,
        "device_class": "enum", "options": LEARNING, "entity_category": "diagnostic",
    });
    ("learning", component)
}

fn components(topics: &Topics, commands: bool, picture: bool) -> Vec<(&'static str, Value)> {
    let contact = |name: &str, class: &str, topic: &str| {
        json!({ "platform": "binary_sensor", "name": name, "device_class": class,
                "state_topic": topic })
    };
    let diagnostic = |mut component: Value| {
        component["entity_category"] = json!("diagnostic");
        component
    };
    let mut all = vec![
        ("alarm", contact("Alarm", "safety", &topics.alarm)),
        ("fault", diagnostic(contact("Fault", "problem", &topics.fault))),
        ("camera", diagnostic(contact("Camera", "connectivity", &topics.camera))),
        ("tamper", contact("Tampering", "tamper", &topics.tamper)),
        (
            "changed",
            json!({
                "platform": "binary_sensor", "name": "View changed", "state_topic": topics.changed,
            }),
        ),
        (
            "score",
            diagnostic(json!({
                "platform": "sensor", "name": "Score", "state_topic": topics.score,
                "state_class": "measurement", "suggested_display_precision": 2,
                "expire_after": SCORE_EXPIRES_S,
            })),
        ),
        (
            "state",
            json!({
                "platform": "sensor", "name": "State", "state_topic": topics.state,
                "device_class": "enum",
                "options": ["disarmed", "warm-up", "idle", "suspect", "alarm", "latched", "cooldown"],
            }),
        ),
        (
            "budget",
            diagnostic(json!({
                "platform": "sensor", "name": "False alarms a day", "state_topic": topics.budget,
                "suggested_display_precision": 2,
            })),
        ),
        (
            "reason",
            json!({
                "platform": "sensor", "name": "Last reason", "state_topic": topics.reason,
            }),
        ),
        (
            "event",
            json!({
                "platform": "event", "name": "Event", "state_topic": topics.event,
                "event_types": ["begin", "end"],
            }),
        ),
    ];
    if picture {
        all.push((
            "picture",
            json!({
                "platform": "image", "name": "Last picture", "image_topic": topics.picture,
                "content_type": "image/jpeg",
            }),
        ));
    }
    if commands {
        all.push((
            "armed",
            json!({
                "platform": "switch", "name": "Armed", "state_topic": topics.armed,
                "command_topic": topics.armed_set, "retain": false,
            }),
        ));
        all.push((
            "acknowledge",
            json!({
                "platform": "button", "name": "Acknowledge", "command_topic": topics.acknowledge,
                "retain": false,
            }),
        ));
    } else {
        all.push((
            "armed",
            json!({
                "platform": "binary_sensor", "name": "Armed", "state_topic": topics.armed,
            }),
        ));
    }
    all
}
