//! Packets against examples made by hand from the standard, and against noise.

use proptest::prelude::*;

use super::*;

fn all(decoder: &mut Decoder) -> Result<Vec<Packet>, Malformed> {
    let mut packets = Vec::new();
    while let Some(packet) = decoder.take()? {
        packets.push(packet);
    }
    Ok(packets)
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// By the tables 3.1 to 3.4 of the standard.
#[test]
fn a_connect_has_its_fields_in_the_standards_order() {
    let full = Connect {
        client_id: "id",
        keep_alive_s: 30,
        will: ("a/b", b"off"),
        username: Some("u"),
        password: Some(b"pw"),
    };
    let bytes = written(|out| connect(out, &full));
    let expected =
        b"\x10\x1f\x00\x04MQTT\x04\xee\x00\x1e\x00\x02id\x00\x03a/b\x00\x03off\x00\x01u\x00\x02pw";
    assert_eq!(bytes, expected);
    let nobody = Connect { username: None, ..full };
    let bytes = written(|out| connect(out, &nobody));
    assert_eq!(bytes, b"\x10\x18\x00\x04MQTT\x04\x2e\x00\x1e\x00\x02id\x00\x03a/b\x00\x03off");
}

#[test]
fn a_publish_says_what_becomes_of_it() {
    let message =
        Outgoing { topic: "t", payload: b"hi", retain: true, id: Some(258), again: false };
    assert_eq!(written(|out| publish(out, &message)), b"\x33\x07\x00\x01t\x01\x02hi");
    let again = Outgoing { again: true, retain: false, ..message };
    assert_eq!(written(|out| publish(out, &again)), b"\x3a\x07\x00\x01t\x01\x02hi");
    let careless = Outgoing { id: None, again: true, ..message };
    assert_eq!(written(|out| publish(out, &careless)), b"\x31\x05\x00\x01thi", "QoS 0 has no DUP");
    let large = vec![7; 321];
    let message = Outgoing { topic: "t", payload: &large, retain: false, id: None, again: false };
    assert_eq!(written(|out| publish(out, &message))[..4], [0x30, 0xc4, 0x02, 0], "324 bytes");
    assert!(publish_bytes("t", 321) >= 327);
}

#[test]
fn the_small_packets_are_those_of_the_standard() {
    assert_eq!(
        written(|out| subscribe(out, 10, &["a/b".into(), "c".into()])),
        b"\x82\x0c\x00\x0a\x00\x03a/b\x01\x00\x01c\x01"
    );
    assert_eq!(written(|out| puback(out, 10)), b"\x40\x02\x00\x0a");
    assert_eq!(written(ping_request), b"\xc0\x00");
    assert_eq!(written(disconnect), b"\xe0\x00");
}

#[test]
fn a_brokers_packets_are_read() {
    let mut decoder = Decoder::new(100);
    decoder.feed(b"\x20\x02\x01\x00\x40\x02\x00\x0a\x90\x04\x00\x0a\x01\x80\xd0\x00");
    decoder.feed(b"\x31\x05\x00\x01thi\x32\x07\x00\x01t\x01\x02hi");
    let publish = |retain, id| {
        Packet::Publish(Publish { topic: "t".into(), payload: b"hi".into(), retain, id })
    };
    let expected = [
        Packet::ConnAck { session_present: true, code: 0 },
        Packet::PubAck(10),
        Packet::SubAck { id: 10, codes: vec![1, 0x80] },
        Packet::PingResponse,
        publish(true, None),
        publish(false, Some(258)),
    ];
    assert_eq!(all(&mut decoder).unwrap(), expected);
}

#[test]
fn what_no_broker_sends_is_refused() {
    for bytes in [
        &b"\x10\x00"[..],
        b"\x21\x02\x00\x00",
        b"\x20\x02\x02\x00",
        b"\x20\x03\x00\x00\x00",
        b"\x40\x01\x00",
        b"\x90\x02\x00\x0a",
        b"\xd0\x01\x00",
        b"\xd0\xff\xff\xff\xff",
        b"\x34\x05\x00\x01t\x00\x01",
        b"\x36\x05\x00\x01t\x00\x01",
        b"\x30\x02\x00\x00",
        b"\x30\x03\x00\x05t",
        b"\x30\x04\x00\x02\xff\xff",
        b"\x32\x05\x00\x01t\x00\x00",
        b"\x00\x00",
        b"\xf0\xff\xff\x7f",
    ] {
        let mut decoder = Decoder::new(100);
        decoder.feed(bytes);
        assert!(decoder.take().is_err(), "{bytes:x?}");
    }
}

#[test]
fn what_is_too_long_is_passed_over_and_takes_no_memory() {
    let mut decoder = Decoder::new(10);
    decoder.feed(b"\x30\x80\x80\x40");
    assert_eq!(decoder.take(), Ok(Some(Packet::TooLong(1 << 20))));
    for _ in 0..1024 {
        decoder.feed(&[0x20; 1024]);
        assert_eq!(decoder.take(), Ok(None));
        assert!(decoder.buffer.capacity() <= 4096);
    }
    decoder.feed(b"\xd0\x00");
    assert_eq!(decoder.take(), Ok(Some(Packet::PingResponse)));
}

proptest! {
    #[test]
    fn noise_is_an_error_or_a_packet_and_never_grows(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40),
    ) {
        let mut decoder = Decoder::new(64);
        for piece in pieces {
            decoder.feed(&piece);
            if all(&mut decoder).is_err() {
                break;
            }
            prop_assert!(decoder.buffer.len() <= 64 + 5, "{}", decoder.buffer.len());
        }
    }

    #[test]
    fn packets_come_out_the_same_however_they_are_cut(
        bodies in prop::collection::vec((0_u8..5, prop::collection::vec(any::<u8>(), 0..90)), 0..8),
        cuts in prop::collection::vec(1_usize..50, 1..60),
    ) {
        let mut bytes = Vec::new();
        for (kind, body) in &bodies {
            match kind {
                0 => bytes.extend(b"\xd0\x00"),
                1 => bytes.extend(b"\x40\x02\x01\x02"),
                kind => publish(&mut bytes, &Outgoing {
                    topic: "a/b", payload: body, retain: *kind == 2,
                    id: (*kind > 2).then_some(7), again: *kind == 4,
                }),
            }
        }
        let mut whole = Decoder::new(64);
        whole.feed(&bytes);
        let expected = all(&mut whole).unwrap();
        prop_assert_eq!(expected.len(), bodies.len());
        let (mut cut, mut got, mut rest) = (Decoder::new(64), Vec::new(), &bytes[..]);
        for length in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, left) = rest.split_at((*length).min(rest.len()));
            cut.feed(piece);
            got.extend(all(&mut cut).unwrap());
            rest = left;
        }
        prop_assert_eq!(got, expected);
    }
}
