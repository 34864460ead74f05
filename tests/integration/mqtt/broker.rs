//! A broker that does what the test says, packet by packet, with a reading of MQTT 3.1.1
//! of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;

pub const ACCEPT: &[u8] = b"\x20\x02\x00\x00";

pub struct Broker {
    listener: TcpListener,
}

impl Broker {
    pub fn new() -> Self {
        Self::at(0)
    }

    pub fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The next connection, if one comes in time.
    pub fn connection_within(&self, limit: Duration) -> Option<Peer> {
        let begun = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    return Some(Peer::new(stream));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            if begun.elapsed() > limit {
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn connection(&self) -> Peer {
        self.connection_within(PATIENCE).expect("nobody connects")
    }

    /// A connection whose CONNECT was accepted.
    pub fn client(&self) -> Peer {
        let mut peer = self.connection();
        assert_eq!(peer.packet().unwrap().first, 0x10);
        peer.send(ACCEPT);
        peer
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct RawPacket {
    pub first: u8,
    pub body: Vec<u8>,
}

/// A PUBLISH.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retain: bool,
    pub again: bool,
    pub id: Option<u16>,
}

impl Message {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.payload).unwrap()
    }

    fn of(packet: &RawPacket) -> Self {
        let (length, rest) = packet.body.split_at(2);
        let (topic, rest) = rest.split_at(usize::from(u16::from_be_bytes([length[0], length[1]])));
        let has_id = packet.first & 0x06 != 0;
        let id = has_id.then(|| u16::from_be_bytes([rest[0], rest[1]]));
        Self {
            topic: String::from_utf8(topic.to_vec()).unwrap(),
            payload: rest[if has_id { 2 } else { 0 }..].to_vec(),
            retain: packet.first & 1 == 1,
            again: packet.first & 8 == 8,
            id,
        }
    }
}

/// One side of a connection.
pub struct Peer {
    pub stream: TcpStream,
    /// What comes on such a topic is not acknowledged.
    pub withheld: &'static str,
}

impl Peer {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, withheld: "none" }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// A message with QoS 0.
    pub fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        let mut bytes = vec![0x30 | u8::from(retain), (2 + topic.len() + payload.len()) as u8];
        bytes.extend((topic.len() as u16).to_be_bytes());
        bytes.extend(topic.bytes().chain(payload.bytes()));
        self.send(&bytes);
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).ok().map(|()| byte[0])
    }

    /// The next packet; `None` at the end of the stream, or if none comes for long.
    pub fn packet(&mut self) -> Option<RawPacket> {
        let first = self.byte()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some(RawPacket { first, body })
    }

    /// The next PUBLISH, acknowledged unless it is withheld; a SUBSCRIBE and a PINGREQ are
    /// answered on the way.
    pub fn message(&mut self) -> Option<Message> {
        loop {
            let packet = self.packet()?;
            match packet.first >> 4 {
                3 => {
                    let message = Message::of(&packet);
                    let taken = !message.topic.ends_with(self.withheld);
                    if let Some(id) = message.id.filter(|_| taken) {
                        let [high, low] = id.to_be_bytes();
                        self.send(&[0x40, 2, high, low]);
                    }
                    return Some(message);
                }
                8 => {
                    let filters = filters(&packet.body[2..]).len();
                    let mut answer = vec![0x90, 2 + filters as u8, packet.body[0], packet.body[1]];
                    answer.extend(vec![1; filters]);
                    self.send(&answer);
                }
                12 => self.send(b"\xd0\x00"),
                // A broker's own answers, where this is the other side.
                2 | 4 | 9 | 13 => {}
                14 => return None,
                kind => panic!("a client does not send {kind}"),
            }
        }
    }

    /// Messages until one is on `topic`, which is the last of them.
    pub fn until(&mut self, topic: &str) -> Vec<Message> {
        self.until_so(topic, |message| message.topic == topic)
    }

    pub fn until_so(&mut self, what: &str, is_it: impl Fn(&Message) -> bool) -> Vec<Message> {
        let (begun, mut all) = (Instant::now(), Vec::new());
        while begun.elapsed() < PATIENCE {
            let Some(message) = self.message() else { break };
            let found = is_it(&message);
            all.push(message);
            if found {
                return all;
            }
        }
        let topics: Vec<_> = all.iter().map(|message| &message.topic).collect();
        panic!("{what} does not come; got {topics:?}")
    }
}

/// The filters of a SUBSCRIBE, without its number.
pub fn filters(mut body: &[u8]) -> Vec<String> {
    let mut filters = Vec::new();
    while let [high, low, rest @ ..] = body {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        filters.push(String::from_utf8(rest[..length].to_vec()).unwrap());
        body = &rest[length + 1..];
    }
    filters
}
