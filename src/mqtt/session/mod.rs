//! A connection as the standard sees it: what may be sent when, and what must come. It
//! knows neither clock nor socket; times come in as milliseconds.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter};

use super::codec::{
    self, Connect, Malformed, Outgoing, Packet, Publish, disconnect, ping_request, puback,
};
use super::mailbox::Mailbox;

/// A filter that the broker does not allow.
const FILTER_REFUSED: u8 = 0x80;

/// What stays the same from connection to connection.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    pub client_id: String,
    pub keep_alive_s: u16,
    /// Says `online` while this client is there, `offline` when it is gone.
    pub availability_topic: String,
    pub filters: Vec<String>,
    /// An answer that takes longer does not come.
    pub answer_ms: u64,
}

/// The user and the password, as they are at one connection.
#[derive(Clone, Default)]
pub struct Credentials {
    pub username: Option<String>,
    pub password: Option<Vec<u8>>,
}

pub const ONLINE: &[u8] = b"online";
pub const OFFLINE: &[u8] = b"offline";

/// What an incoming packet means for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Nothing,
    /// The broker has accepted the connection.
    Connected,
    Message(Publish),
    /// The broker does not let this client subscribe to it.
    FilterRefused(String),
}

/// Why a connection is of no more use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The broker's answer to the connection, 1 to 5 by the standard.
    Refused(u8),
    /// It did not answer in time; to what.
    Silent(&'static str),
    Malformed(Malformed),
    /// A packet came that has no place here.
    OutOfPlace(&'static str),
}

impl Display for SessionError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => f.write_str(match code {
                1 => "it does not speak MQTT 3.1.1",
                2 => "it does not take the client id",
                3 => "it is not available",
                4 => "it does not take user name or password",
                5 => "it does not let this user in",
                _ => "it gives a code that MQTT 3.1.1 does not have",
            }),
            Self::Silent(to) => write!(f, "it does not answer {to}"),
            Self::Malformed(what) => write!(f, "it does not speak MQTT 3.1.1: {what}"),
            Self::OutOfPlace(what) => write!(f, "it does not speak MQTT 3.1.1: {what}"),
        }
    }
}

impl From<Malformed> for SessionError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Offline,
    Connecting {
        since_ms: u64,
    },
    Online,
    /// `offline` was published under this number.
    Leaving {
        id: u16,
    },
    Over,
}

/// One client of a broker, over any number of connections.
#[derive(Debug)]
pub struct Session {
    settings: SessionSettings,
    stage: Stage,
    last_id: u16,
    sent_ms: u64,
    heard_ms: u64,
    ping_ms: Option<u64>,
    subscribing: Option<u16>,
    /// Number of the message that is to be acknowledged, and since when.
    flying: Option<(u16, u64)>,
}

impl Session {
    pub fn new(settings: SessionSettings) -> Self {
        Self {
            settings,
            stage: Stage::Offline,
            last_id: 0,
            sent_ms: 0,
            heard_ms: 0,
            ping_ms: None,
            subscribing: None,
            flying: None,
        }
    }

    /// Begins a connection that has just been opened.
    pub fn begin(&mut self, credentials: &Credentials, now_ms: u64, out: &mut Vec<u8>) {
        let settings = &self.settings;
        let connect = Connect {
            client_id: &settings.client_id,
            keep_alive_s: settings.keep_alive_s,
            will: (&settings.availability_topic, OFFLINE),
            username: credentials.username.as_deref(),
            password: credentials.password.as_deref(),
        };
        codec::connect(out, &connect);
        self.stage = Stage::Connecting { since_ms: now_ms };
        (self.sent_ms, self.heard_ms) = (now_ms, now_ms);
        (self.ping_ms, self.subscribing, self.flying) = (None, None, None);
    }

    pub fn is_online(&self) -> bool {
        self.stage == Stage::Online
    }

    /// Whether the broker has accepted the connection, and it lasts.
    pub fn is_engaged(&self) -> bool {
        matches!(self.stage, Stage::Online | Stage::Leaving { .. })
    }

    /// Whether the end in order is done.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Takes a packet of the broker.
    ///
    /// # Errors
    /// The connection is of no more use.
    pub fn hear(
        &mut self,
        packet: Packet,
        now_ms: u64,
        unix_ms: u64,
        mailbox: &mut Mailbox,
        out: &mut Vec<u8>,
    ) -> Result<Heard, SessionError> {
        self.heard_ms = now_ms;
        if let Stage::Connecting { .. } = self.stage {
            return self.hear_answer(&packet, now_ms, out);
        }
        match packet {
            Packet::ConnAck { .. } => return Err(SessionError::OutOfPlace("a second CONNACK")),
            Packet::PingResponse => self.ping_ms = None,
            Packet::PubAck(id) if self.stage == (Stage::Leaving { id }) => {
                disconnect(out);
                self.stage = Stage::Over;
            }
            Packet::PubAck(id) => {
                if self.flying.take_if(|flying| flying.0 == id).is_some() {
                    mailbox.arrived(unix_ms);
                }
            }
            Packet::SubAck { id, codes } if self.subscribing == Some(id) => {
                self.subscribing = None;
                let refused = codes.iter().position(|code| *code == FILTER_REFUSED);
                let filter = refused.and_then(|place| self.settings.filters.get(place));
                return Ok(filter.cloned().map_or(Heard::Nothing, Heard::FilterRefused));
            }
            Packet::SubAck { .. } => return Err(SessionError::OutOfPlace("an unasked SUBACK")),
            Packet::TooLong(_) => {}
            Packet::Publish(message) => {
                if let Some(id) = message.id {
                    puback(out, id);
                    self.sent_ms = now_ms;
                }
                return Ok(Heard::Message(message));
            }
        }
        Ok(Heard::Nothing)
    }

    /// The session is a clean one: whatever the broker says of an old one, all filters
    /// are subscribed to again.
    fn hear_answer(
        &mut self,
        packet: &Packet,
        now_ms: u64,
        out: &mut Vec<u8>,
    ) -> Result<Heard, SessionError> {
        match packet {
            Packet::ConnAck { code: 0, .. } => {
                self.stage = Stage::Online;
                if !self.settings.filters.is_empty() {
                    let id = self.number();
                    codec::subscribe(out, id, &self.settings.filters);
                    self.subscribing = Some(id);
                    self.sent_ms = now_ms;
                }
                Ok(Heard::Connected)
            }
            Packet::ConnAck { code, .. } => Err(SessionError::Refused(*code)),
            _ => Err(SessionError::OutOfPlace("something before its CONNACK")),
        }
    }

    /// Writes what is to be sent now: messages of the mailbox, a ping.
    pub fn send(&mut self, now_ms: u64, mailbox: &mut Mailbox, out: &mut Vec<u8>) {
        if self.stage != Stage::Online {
            return;
        }
        let id = self.last_id % u16::MAX + 1;
        while let Some(message) = mailbox.next(id) {
            codec::publish(out, &message);
            self.sent_ms = now_ms;
            if message.id.is_some() {
                self.last_id = id;
                self.flying = Some((id, now_ms));
                break;
            }
        }
        // Twice in the interval, since the broker hangs up after one and a half. Also
        // where much is sent and nothing comes: a dead connection swallows it.
        let half_ms = u64::from(self.settings.keep_alive_s) * 500;
        let quiet_ms = now_ms.saturating_sub(self.sent_ms.min(self.heard_ms));
        if self.ping_ms.is_none() && quiet_ms >= half_ms {
            ping_request(out);
            (self.ping_ms, self.sent_ms) = (Some(now_ms), now_ms);
        }
    }

    /// Whether what must come has come in time.
    ///
    /// # Errors
    /// It has not.
    pub fn check(&self, now_ms: u64) -> Result<(), SessionError> {
        let late = |since_ms: u64| now_ms.saturating_sub(since_ms) > self.settings.answer_ms;
        match self.stage {
            Stage::Connecting { since_ms } if late(since_ms) => {
                return Err(SessionError::Silent("CONNECT"));
            }
            Stage::Online | Stage::Leaving { .. } => {}
            _ => return Ok(()),
        }
        if self.ping_ms.is_some_and(late) {
            return Err(SessionError::Silent("PINGREQ"));
        }
        if self.flying.is_some_and(|(_, since_ms)| late(since_ms)) {
            return Err(SessionError::Silent("PUBLISH"));
        }
        Ok(())
    }

    /// Ends in order: `offline` as a message of its own, because a DISCONNECT makes the
    /// broker forget the will. [`Session::is_over`] once it is acknowledged.
    pub fn leave(&mut self, out: &mut Vec<u8>) {
        if self.stage != Stage::Online {
            return;
        }
        let id = self.number();
        let topic = &self.settings.availability_topic;
        let message =
            Outgoing { topic, payload: OFFLINE, retain: true, id: Some(id), again: false };
        codec::publish(out, &message);
        self.stage = Stage::Leaving { id };
    }

    /// The connection has ended.
    pub fn lost(&mut self) {
        self.stage = Stage::Offline;
        (self.ping_ms, self.subscribing, self.flying) = (None, None, None);
    }

    /// The next number of a packet, 1 to 65 535.
    fn number(&mut self) -> u16 {
        self.last_id = self.last_id % u16::MAX + 1;
        self.last_id
    }
}
