//! Packets that a client sends.

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const PUBACK: u8 = 0x40;
/// The standard fixes the lower four bits.
const SUBSCRIBE: u8 = 0x82;
const PING_REQUEST: u8 = 0xc0;
const DISCONNECT: u8 = 0xe0;

const CLEAN_SESSION: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_AT_LEAST_ONCE: u8 = 0x08;
const WILL_RETAINED: u8 = 0x20;
const HAS_PASSWORD: u8 = 0x40;
const HAS_USERNAME: u8 = 0x80;

/// What a text or a binary field holds at most.
const LONGEST_FIELD: usize = u16::MAX as usize;

/// The begin of a connection. The session is always a clean one: a broker keeps no
/// command for a client that is away.
#[derive(Clone, Copy, Debug)]
pub struct Connect<'a> {
    pub client_id: &'a str,
    pub keep_alive_s: u16,
    /// Topic and payload that the broker publishes, retained, once this client is gone.
    pub will: (&'a str, &'a [u8]),
    pub username: Option<&'a str>,
    /// Only with a username.
    pub password: Option<&'a [u8]>,
}

/// A message to publish.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub retain: bool,
    /// Number of a message that the broker acknowledges (QoS 1); `None` for QoS 0.
    pub id: Option<u16>,
    /// It was sent before.
    pub again: bool,
}

pub fn connect(out: &mut Vec<u8>, connect: &Connect<'_>) {
    let password = connect.username.and(connect.password);
    let mut flags = CLEAN_SESSION | WILL | WILL_AT_LEAST_ONCE | WILL_RETAINED;
    let mut fields = vec![connect.client_id.as_bytes(), connect.will.0.as_bytes(), connect.will.1];
    if let Some(username) = connect.username {
        flags |= HAS_USERNAME;
        fields.push(username.as_bytes());
    }
    if let Some(password) = password {
        flags |= HAS_PASSWORD;
        fields.push(password);
    }
    let length = 10 + fields.iter().map(|field| field_bytes(field)).sum::<usize>();
    header(out, CONNECT, length);
    push_field(out, b"MQTT");
    out.extend([4, flags]);
    out.extend(connect.keep_alive_s.to_be_bytes());
    fields.iter().for_each(|field| push_field(out, field));
}

pub fn publish(out: &mut Vec<u8>, message: &Outgoing<'_>) {
    let at_least_once = u8::from(message.id.is_some()) << 1;
    let again = u8::from(message.again && message.id.is_some()) << 3;
    let first = PUBLISH | again | at_least_once | u8::from(message.retain);
    header(out, first, publish_length(message.topic, message.payload.len(), message.id.is_some()));
    push_field(out, message.topic.as_bytes());
    out.extend(message.id.into_iter().flat_map(u16::to_be_bytes));
    out.extend(message.payload);
}

/// Size of a PUBLISH packet with a number, its header included.
pub fn publish_bytes(topic: &str, payload: usize) -> usize {
    1 + 4 + publish_length(topic, payload, true)
}

fn publish_length(topic: &str, payload: usize, has_id: bool) -> usize {
    field_bytes(topic.as_bytes()) + if has_id { 2 } else { 0 } + payload
}

/// Subscribes to all `filters`, with QoS 1.
pub fn subscribe(out: &mut Vec<u8>, id: u16, filters: &[String]) {
    let length = 2 + filters.iter().map(|f| field_bytes(f.as_bytes()) + 1).sum::<usize>();
    header(out, SUBSCRIBE, length);
    out.extend(id.to_be_bytes());
    for filter in filters {
        push_field(out, filter.as_bytes());
        out.push(1);
    }
}

/// Acknowledges a message that came with QoS 1.
pub fn puback(out: &mut Vec<u8>, id: u16) {
    header(out, PUBACK, 2);
    out.extend(id.to_be_bytes());
}

pub fn ping_request(out: &mut Vec<u8>) {
    header(out, PING_REQUEST, 0);
}

/// After this the broker forgets the will.
pub fn disconnect(out: &mut Vec<u8>) {
    header(out, DISCONNECT, 0);
}

/// Type and flags, then the length of the rest in groups of seven bits.
fn header(out: &mut Vec<u8>, first: u8, length: usize) {
    out.push(first);
    let mut rest = length;
    loop {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        out.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            return;
        }
    }
}

fn field_bytes(field: &[u8]) -> usize {
    2 + field.len().min(LONGEST_FIELD)
}

fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    let field = &field[..field.len().min(LONGEST_FIELD)];
    out.extend((field.len() as u16).to_be_bytes());
    out.extend(field);
}
