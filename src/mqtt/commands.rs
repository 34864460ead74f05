//! What a message to this board means.

use super::codec::Publish;
use super::topics::Topics;
use crate::alarm::Input;

/// What is to be done about a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// Home Assistant has just come.
    Birth,
    Obey(Input),
    /// A command that is not obeyed, and why.
    Ignore(&'static str),
    Nothing,
}

/// Home Assistant's word on its status topic.
const BIRTH: &[u8] = b"online";

/// Reads a message. A retained command is not obeyed: it was given at another time, and
/// would be given again at each connection.
pub fn meaning(topics: &Topics, commands: bool, message: &Publish) -> Meaning {
    let is_status = topics.discovery.as_ref().is_some_and(|d| d.status == message.topic);
    if is_status {
        return if message.payload == BIRTH { Meaning::Birth } else { Meaning::Nothing };
    }
    if !commands {
        return Meaning::Nothing;
    }
    let input = if message.topic == topics.armed_set {
        match &message.payload[..] {
            b"ON" => Some(Input::Arm),
            b"OFF" => Some(Input::Disarm),
            _ => None,
        }
    } else if message.topic == topics.acknowledge {
        (message.payload == b"PRESS").then_some(Input::Acknowledge)
    } else {
        return Meaning::Nothing;
    };
    match (message.retain, input) {
        (true, _) => Meaning::Ignore("it is retained, and a command must not be"),
        (false, Some(input)) => Meaning::Obey(input),
        (false, None) => Meaning::Ignore("its payload is not `ON`, `OFF` or `PRESS`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(topic: &str, payload: &str, retain: bool, commands: bool) -> Meaning {
        let topics = Topics::new("n", "s", "homeassistant", "d");
        let message = Publish { topic: topic.into(), payload: payload.into(), retain, id: None };
        meaning(&topics, commands, &message)
    }

    #[test]
    fn commands_are_obeyed_where_allowed_and_never_when_retained() {
        assert_eq!(read("n/s/armed/set", "ON", false, true), Meaning::Obey(Input::Arm));
        assert_eq!(read("n/s/armed/set", "OFF", false, true), Meaning::Obey(Input::Disarm));
        assert_eq!(
            read("n/s/acknowledge", "PRESS", false, true),
            Meaning::Obey(Input::Acknowledge)
        );
        for payload in ["on", "", "ON ", "PRESS", "\u{0}"] {
            assert!(matches!(read("n/s/armed/set", payload, false, true), Meaning::Ignore(_)));
        }
        assert!(matches!(read("n/s/armed/set", "ON", true, true), Meaning::Ignore(_)));
        assert_eq!(read("n/s/armed/set", "ON", false, false), Meaning::Nothing);
        assert_eq!(read("n/s/armed", "ON", false, true), Meaning::Nothing);
    }

    #[test]
    fn a_birth_counts_also_when_retained_and_without_commands() {
        assert_eq!(read("homeassistant/status", "online", true, false), Meaning::Birth);
        assert_eq!(read("homeassistant/status", "offline", false, true), Meaning::Nothing);
    }
}
