//! A session against a broker that is a list of packets.

use proptest::prelude::*;

use super::super::codec::Decoder;
use super::super::mailbox::Manner;
use super::super::tally::Tally;
use super::*;

const ACCEPTED: Packet = Packet::ConnAck { session_present: false, code: 0 };

struct Table {
    session: Session,
    mailbox: Mailbox,
    tally: Tally,
    now_ms: u64,
}

impl Table {
    fn new() -> Self {
        let settings = SessionSettings {
            client_id: "id".into(),
            keep_alive_s: 30,
            availability_topic: "available".into(),
            filters: vec!["status".into(), "set".into()],
            answer_ms: 10_000,
        };
        let tally = Tally::default();
        let mailbox = Mailbox::new(1000, tally.clone());
        Self { session: Session::new(settings), mailbox, tally, now_ms: 1000 }
    }

    fn begin(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.session.begin(&Credentials::default(), self.now_ms, &mut out);
        out
    }

    fn hear(&mut self, packet: Packet) -> (Result<Heard, SessionError>, Vec<u8>) {
        let mut out = Vec::new();
        let heard = self.session.hear(packet, self.now_ms, 9, &mut self.mailbox, &mut out);
        (heard, out)
    }

    fn send(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.session.send(self.now_ms, &mut self.mailbox, &mut out);
        out
    }

    fn online() -> Self {
        let mut table = Self::new();
        table.begin();
        assert_eq!(table.hear(ACCEPTED).0, Ok(Heard::Connected));
        assert_eq!(table.hear(Packet::SubAck { id: 1, codes: vec![1, 1] }).0, Ok(Heard::Nothing));
        table
    }
}

#[test]
fn nothing_is_published_before_the_broker_accepts_and_then_it_subscribes_first() {
    let mut table = Table::new();
    table.mailbox.set("s", b"1", Manner::Kept).unwrap();
    assert_eq!(table.begin()[0], 0x10);
    assert!(table.send().is_empty());
    for session_present in [false, true] {
        table.begin();
        let (heard, out) = table.hear(Packet::ConnAck { session_present, code: 0 });
        assert_eq!((heard, out[0]), (Ok(Heard::Connected), 0x82), "always, the session is clean");
    }
    assert_eq!(table.send()[0], 0x33);
}

#[test]
fn refusals_silence_and_nonsense_end_a_connection() {
    let mut table = Table::new();
    table.begin();
    let refusal = Packet::ConnAck { session_present: false, code: 5 };
    assert_eq!(table.hear(refusal).0, Err(SessionError::Refused(5)));
    table.begin();
    assert!(matches!(table.hear(Packet::PingResponse).0, Err(SessionError::OutOfPlace(_))));
    table.begin();
    assert_eq!(table.session.check(table.now_ms + 10_000), Ok(()));
    let silent = Err(SessionError::Silent("CONNECT"));
    assert_eq!(table.session.check(table.now_ms + 10_001), silent);
    let mut table = Table::online();
    assert!(table.hear(ACCEPTED).0.is_err());
    assert!(table.hear(Packet::SubAck { id: 9, codes: vec![0] }).0.is_err());
}

#[test]
fn a_refused_filter_is_named() {
    let mut table = Table::new();
    table.begin();
    table.hear(ACCEPTED).0.unwrap();
    let (heard, _) = table.hear(Packet::SubAck { id: 1, codes: vec![0, 0x80] });
    assert_eq!(heard, Ok(Heard::FilterRefused("set".into())));
}

#[test]
fn it_pings_twice_in_an_interval_and_notices_a_dead_connection() {
    let mut table = Table::online();
    table.now_ms += 14_999;
    assert!(table.send().is_empty());
    table.now_ms += 1;
    assert_eq!(table.send(), [0xc0, 0]);
    assert!(table.send().is_empty(), "one ping at a time");
    table.now_ms += 10_000;
    assert_eq!(table.session.check(table.now_ms), Ok(()));
    table.hear(Packet::PingResponse).0.unwrap();
    table.now_ms += 10_000;
    assert_eq!(table.session.check(table.now_ms), Ok(()));
    for _ in 0..3 {
        table.mailbox.set("score", b"1", Manner::Passing).unwrap();
        table.now_ms += 5000;
        table.send();
    }
    assert!(table.session.check(table.now_ms + 5001).is_err(), "it sends, and nothing comes");
}

#[test]
fn a_message_that_is_never_acknowledged_ends_the_connection_and_comes_again() {
    let mut table = Table::online();
    table.mailbox.push("e", b"1").unwrap();
    assert_eq!(table.send()[0], 0x32);
    assert_eq!(table.session.check(table.now_ms + 10_001), Err(SessionError::Silent("PUBLISH")));
    table.session.lost();
    table.mailbox.lost(false);
    assert!(table.send().is_empty(), "offline");
    table.begin();
    table.hear(ACCEPTED).0.unwrap();
    let out = table.send();
    assert_eq!(out[0], 0x3a, "DUP");
    table.hear(Packet::PubAck(4711)).0.unwrap();
    assert_eq!(table.tally.counts().sent, 0, "another number");
    table.hear(Packet::PubAck(u16::from_be_bytes([out[5], out[6]]))).0.unwrap();
    assert_eq!((table.tally.counts().sent, table.tally.counts().failed), (1, 1));
}

#[test]
fn an_end_in_order_says_offline_and_only_then_disconnects() {
    let mut table = Table::online();
    table.mailbox.push("e", b"1").unwrap();
    table.send();
    let mut out = Vec::new();
    table.session.leave(&mut out);
    assert_eq!(&out[..], b"\x33\x14\x00\x09available\x00\x03offline");
    assert!(!table.session.is_over());
    table.hear(Packet::PubAck(2)).0.unwrap();
    assert_eq!(table.tally.counts().sent, 1, "what was on its way counts");
    assert_eq!(table.hear(Packet::PubAck(3)).1, [0xe0, 0]);
    assert!(table.session.is_over());
}

#[test]
fn a_message_with_a_number_is_acknowledged_and_handed_on() {
    let mut table = Table::online();
    let message =
        Publish { topic: "set".into(), payload: b"ON".into(), retain: false, id: Some(258) };
    let (heard, out) = table.hear(Packet::Publish(message.clone()));
    assert_eq!((heard, &out[..]), (Ok(Heard::Message(message)), &b"\x40\x02\x01\x02"[..]));
    assert_eq!(table.hear(Packet::TooLong(5_000_000)).0, Ok(Heard::Nothing));
}

#[test]
fn numbers_go_round_and_are_never_zero() {
    let mut table = Table::online();
    for n in 2..70_000_u32 {
        table.mailbox.push("e", b"1").unwrap();
        let out = table.send();
        let id = u16::from_be_bytes([out[5], out[6]]);
        assert_eq!(u32::from(id), (n - 1) % 65_535 + 1);
        table.hear(Packet::PubAck(id)).0.unwrap();
    }
}

proptest! {
    /// Whatever a broker sends, however time jumps: no panic, nothing grows.
    #[test]
    fn any_broker_is_survived(
        steps in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..12), 0_u64..20_000), 0..200),
    ) {
        let mut table = Table::new();
        table.begin();
        let mut decoder = Decoder::new(64);
        for (bytes, passed_ms) in steps {
            table.now_ms += passed_ms;
            table.mailbox.push("e", b"1").unwrap();
            decoder.feed(&bytes);
            let mut dead = table.session.check(table.now_ms).is_err();
            loop {
                match decoder.take() {
                    Ok(Some(packet)) => dead |= table.hear(packet).0.is_err(),
                    Ok(None) => break,
                    Err(_) => { dead = true; break }
                }
            }
            prop_assert!(table.send().len() < 100);
            if dead {
                table.session.lost();
                table.mailbox.lost(true);
                decoder = Decoder::new(64);
                table.begin();
                table.hear(ACCEPTED).0.unwrap();
            }
        }
    }
}
