//! Packets that a broker sends, read from whatever pieces they come in.

use std::fmt::{self, Display, Formatter};

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const SUBACK: u8 = 9;
const PING_RESPONSE: u8 = 13;

/// A length has at most so many bytes.
const LONGEST_LENGTH: usize = 4;

/// A packet from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// 0 accepts the connection.
    ConnAck {
        session_present: bool,
        code: u8,
    },
    Publish(Publish),
    /// Number of the message that has arrived.
    PubAck(u16),
    /// One code for each filter; 0x80 is a refusal.
    SubAck {
        id: u16,
        codes: Vec<u8>,
    },
    PingResponse,
    /// It has more bytes than the limit and is passed over.
    TooLong(usize),
}

/// A message on a topic that was subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    pub topic: String,
    pub payload: Vec<u8>,
    /// The broker had kept it for whoever subscribes later.
    pub retain: bool,
    /// To be acknowledged by this number.
    pub id: Option<u16>,
}

/// Why the bytes are not MQTT 3.1.1. The connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    Length,
    Unexpected(u8),
    Content,
}

impl Display for Malformed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("a packet's length has more than four bytes"),
            Self::Unexpected(first) => write!(f, "a packet begins with 0x{first:02x}"),
            Self::Content => f.write_str("a packet's content does not fit its type"),
        }
    }
}

/// Puts packets together. It holds less than one packet of the limit's size, and what
/// was fed last.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    pub(super) buffer: Vec<u8>,
    /// So many bytes of a packet that is too long are still to come.
    skip: usize,
}

impl Decoder {
    /// Packets whose content has more than `limit` bytes are passed over.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: Vec::new(), skip: 0 }
    }

    /// Takes bytes as they come; [`Decoder::take`] should follow until it has no more.
    pub fn feed(&mut self, bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.buffer.extend_from_slice(&bytes[skipped..]);
    }

    /// The next whole packet; `None` until more bytes come.
    ///
    /// # Errors
    /// These are not packets that a broker sends.
    pub fn take(&mut self) -> Result<Option<Packet>, Malformed> {
        let Some((header, length)) = header(&self.buffer)? else { return Ok(None) };
        let first = self.buffer[0];
        let here = self.buffer.len() - header;
        if length > self.limit {
            check_first(first)?;
            self.skip = length.saturating_sub(here);
            self.buffer.drain(..header + here.min(length));
            return Ok(Some(Packet::TooLong(length)));
        }
        if here < length {
            return Ok(None);
        }
        let packet = parse(first, &self.buffer[header..header + length])?;
        self.buffer.drain(..header + length);
        Ok(Some(packet))
    }
}

/// Size of the header, and of what follows it.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let mut length = 0;
    for place in 0..LONGEST_LENGTH {
        let Some(byte) = bytes.get(1 + place) else { return Ok(None) };
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((2 + place, length)));
        }
    }
    Err(Malformed::Length)
}

fn check_first(first: u8) -> Result<(), Malformed> {
    let (kind, flags) = (first >> 4, first & 0x0f);
    let fits = match kind {
        // Nothing was subscribed to with QoS 2.
        PUBLISH => flags & 0x06 <= 0x02,
        CONNACK | PUBACK | SUBACK | PING_RESPONSE => flags == 0,
        _ => false,
    };
    if fits { Ok(()) } else { Err(Malformed::Unexpected(first)) }
}

fn parse(first: u8, body: &[u8]) -> Result<Packet, Malformed> {
    check_first(first)?;
    match (first >> 4, body) {
        (CONNACK, &[flags, code]) if flags <= 1 => {
            Ok(Packet::ConnAck { session_present: flags == 1, code })
        }
        (PUBACK, &[high, low]) => Ok(Packet::PubAck(u16::from_be_bytes([high, low]))),
        (SUBACK, &[high, low, ref codes @ ..]) if !codes.is_empty() => {
            Ok(Packet::SubAck { id: u16::from_be_bytes([high, low]), codes: codes.to_vec() })
        }
        (PING_RESPONSE, []) => Ok(Packet::PingResponse),
        (PUBLISH, body) => parse_publish(first, body).ok_or(Malformed::Content),
        _ => Err(Malformed::Content),
    }
}

fn parse_publish(first: u8, body: &[u8]) -> Option<Packet> {
    let (length, rest) = body.split_first_chunk::<2>()?;
    let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let topic = str::from_utf8(topic).ok().filter(|topic| !topic.is_empty())?;
    let (id, payload) = match first & 0x06 {
        0 => (None, rest),
        _ => {
            let (id, payload) = rest.split_first_chunk::<2>()?;
            (Some(u16::from_be_bytes(*id)).filter(|id| *id != 0), payload)
        }
    };
    if first & 0x06 != 0 && id.is_none() {
        return None;
    }
    let retain = first & 1 == 1;
    Some(Packet::Publish(Publish { topic: topic.into(), payload: payload.into(), retain, id }))
}
