//! A mailbox whose broker takes, does not take, and is away.

use super::*;

fn mailbox() -> (Mailbox, Tally) {
    let tally = Tally::default();
    (Mailbox::new(200_000, tally.clone()), tally)
}

/// Publishes until nothing is left, and acknowledges each.
fn publish(mailbox: &mut Mailbox) -> Vec<String> {
    let mut sent = Vec::new();
    while let Some(message) = mailbox.next(1) {
        let again = if message.again { " again" } else { "" };
        let text = String::from_utf8_lossy(&message.payload[..message.payload.len().min(8)]);
        sent.push(format!("{}={text}{again}", message.topic));
        if message.id.is_some() {
            mailbox.arrived(5);
        }
    }
    sent
}

#[test]
fn of_a_state_the_latest_is_published_and_of_an_event_each() {
    let (mut mailbox, tally) = mailbox();
    for n in 0..3_u8 {
        mailbox.set("s", &[b'0' + n], Manner::Kept).unwrap();
        mailbox.push("e", &[b'0' + n]).unwrap();
    }
    assert_eq!(publish(&mut mailbox), ["s=2", "e=0", "e=1", "e=2"]);
    assert!(mailbox.is_empty());
    mailbox.set("s", b"2", Manner::Kept).unwrap();
    assert!(mailbox.is_empty(), "it is what the broker has");
    assert_eq!((tally.counts().sent, tally.counts().last_sent_unix_ms), (3, Some(5)));
}

#[test]
fn one_message_at_a_time_waits_for_its_acknowledgement() {
    let (mut mailbox, _) = mailbox();
    mailbox.set("a", b"1", Manner::Kept).unwrap();
    mailbox.set("b", b"1", Manner::Kept).unwrap();
    assert_eq!(mailbox.next(7).unwrap().id, Some(7));
    assert!(mailbox.next(8).is_none());
    mailbox.set("score", b"1.5", Manner::Passing).unwrap();
    assert_eq!(mailbox.next(8).unwrap().id, None, "what needs none does not wait");
    mailbox.set("a", b"2", Manner::Kept).unwrap();
    mailbox.arrived(0);
    assert_eq!(publish(&mut mailbox), ["a=2", "b=1"], "a newer state than that on its way");
}

#[test]
fn a_new_connection_gets_the_states_but_no_old_picture_or_score() {
    let (mut mailbox, _) = mailbox();
    mailbox.set("picture", b"jpeg", Manner::Once).unwrap();
    mailbox.set("config", b"{}", Manner::Announced).unwrap();
    mailbox.set("state", b"idle", Manner::Kept).unwrap();
    mailbox.set("score", b"1", Manner::Passing).unwrap();
    assert_eq!(publish(&mut mailbox).len(), 4);
    assert_eq!(mailbox.lost(false), None);
    assert_eq!(publish(&mut mailbox), ["state=idle"]);
    mailbox.announce();
    assert_eq!(publish(&mut mailbox), ["config={}", "state=idle"]);
}

#[test]
fn a_broker_that_is_away_costs_the_oldest_events_and_they_are_counted() {
    let (mut mailbox, tally) = mailbox();
    for n in 0..1000 {
        mailbox.push("e", n.to_string().as_bytes()).unwrap();
        mailbox.set("s", n.to_string().as_bytes(), Manner::Kept).unwrap();
        if n == 500 {
            mailbox.set("s", b"x", Manner::Kept).unwrap();
            assert_eq!(mailbox.next(1).unwrap().topic, "s");
            mailbox.arrived(0);
            assert_eq!(mailbox.next(2).unwrap().payload, b"245", "in flight, and stays");
        }
    }
    assert_eq!((mailbox.waiting_events(), tally.counts().dropped), (MOST_EVENTS, 744));
    mailbox.lost(false);
    let sent = publish(&mut mailbox);
    assert_eq!((&*sent[0], &*sent[1], &*sent[2]), ("s=999", "e=245 again", "e=745"));
    assert_eq!(sent.last().unwrap(), "e=999");
}

#[test]
fn what_is_too_large_is_refused_and_counted() {
    let (mut mailbox, tally) = mailbox();
    let large = vec![b'x'; 200_000];
    let error = mailbox.set("picture", &large, Manner::Once).unwrap_err();
    assert!(error.topic == "picture" && error.bytes > 200_000);
    mailbox.push("e", &large).unwrap_err();
    assert_eq!((tally.counts().refused, tally.counts().dropped), (2, 1));
    assert!(mailbox.is_empty());
}

#[test]
fn a_message_over_which_the_broker_hangs_up_is_given_up_and_no_other() {
    let (mut mailbox, tally) = mailbox();
    let picture = vec![b'x'; 50_000];
    mailbox.set("picture", &picture, Manner::Once).unwrap();
    for (by_broker, given_up) in [(true, false), (false, false), (true, false), (true, true)] {
        mailbox.set("state", b"idle", Manner::Kept).unwrap();
        mailbox.push("e", b"1").unwrap();
        while mailbox.next(1).unwrap().topic != "picture" {
            mailbox.arrived(0);
        }
        assert_eq!(mailbox.lost(by_broker).is_some(), given_up);
    }
    assert_eq!(publish(&mut mailbox), ["state=idle"]);
    let counts = tally.counts();
    assert_eq!((counts.refused, counts.dropped, counts.sent), (1, 0, 4));
    mailbox.set("picture", &picture, Manner::Once).unwrap_err();
    mailbox.set("picture", &picture[..40_000], Manner::Once).unwrap();
}

#[test]
fn an_event_that_is_repeated_says_so_until_it_is_given_up() {
    let (mut mailbox, tally) = mailbox();
    mailbox.push("e", b"1").unwrap();
    assert!(!mailbox.next(1).unwrap().again);
    mailbox.lost(true);
    assert!(mailbox.next(2).unwrap().again);
    mailbox.lost(true);
    mailbox.next(3).unwrap();
    assert_eq!(mailbox.lost(true).unwrap().topic, "e");
    assert_eq!((tally.counts().failed, tally.counts().dropped), (3, 1));
    assert!(mailbox.is_empty());
}

#[test]
fn a_topic_that_the_broker_hangs_up_over_is_left_alone() {
    let (mut mailbox, tally) = mailbox();
    mailbox.set("state", b"idle", Manner::Kept).unwrap();
    for _ in 0..3 {
        mailbox.next(1).unwrap();
        mailbox.lost(true);
    }
    mailbox.set("state", b"alarm", Manner::Kept).unwrap();
    mailbox.announce();
    mailbox.lost(false);
    assert!(mailbox.is_empty());
    assert_eq!(tally.counts().refused, 1);
}
