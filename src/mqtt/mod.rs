//! Events and states to an MQTT broker, commands from it, and how Home Assistant finds
//! all that.
//!
//! MQTT 3.1.1 by a client of our own: what goes over the wire is in `codec`, what may go
//! when in `session`, what waits in `mailbox`. None of these knows a socket or a clock.
//! `client` is the one thread that does. Nobody waits for it: what finds no room is
//! counted and dropped.

mod advice;
mod backoff;
mod client;
mod codec;
mod commands;
mod discovery;
mod feed;
mod identity;
mod mailbox;
mod outlet;
mod session;
mod stream;
mod tally;
mod topics;
mod trouble;
mod waits;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

pub use advice::concerns;
use client::{Account, Client, Course};
use feed::Feed;
pub use identity::Identity;
use mailbox::{Mailbox, Manner};
pub use outlet::MqttOutlet;
use session::{ONLINE, Session, SessionSettings};
pub use tally::MqttCounts;
use tally::Tally;
use topics::Topics;
use trouble::Parties;
pub use waits::Waits;

use crate::alarm::Input;
use crate::clock::Clock;
use crate::config::MqttSection;
use crate::health::Vitals;

/// Commands that wait to be obeyed.
const MOST_COMMANDS: usize = 8;

/// Beyond what the end in order may take; then the thread is left behind.
const GRACE_MS: u64 = 500;

/// The output while it runs.
#[derive(Debug)]
pub struct Mqtt {
    outlet: MqttOutlet,
    commands: Receiver<Input>,
    ending: Arc<AtomicBool>,
    /// Disconnects when the thread ends.
    ended: Receiver<()>,
    tally: Tally,
    longest_end: Duration,
}

/// Starts the output's thread. It publishes what the outlet is told and what `vitals`
/// say, and connects again for as long as it takes.
///
/// # Errors
/// The thread could not be started.
pub fn start(
    section: &MqttSection,
    identity: &Identity,
    vitals: Vitals,
    clock: Arc<dyn Clock>,
) -> io::Result<Mqtt> {
    start_with(section, identity, vitals, clock, Waits::default())
}

/// [`start`] with other waits than the usual ones.
///
/// # Errors
/// The thread could not be started.
pub fn start_with(
    section: &MqttSection,
    identity: &Identity,
    vitals: Vitals,
    clock: Arc<dyn Clock>,
    waits: Waits,
) -> io::Result<Mqtt> {
    let device = discovery::device_id(identity);
    let topics = Topics::new(&section.prefix, &identity.site, &section.discovery_prefix, &device);
    let client_id =
        section.client_id.clone().unwrap_or_else(|| format!("normwatch-{}", identity.digest()));
    let tally = Tally::default();
    let (outlet, notices) = MqttOutlet::new(tally.clone());
    let (commands, obeyed) = sync_channel(MOST_COMMANDS);
    let (alive, ended) = sync_channel::<()>(0);
    let ending = Arc::new(AtomicBool::new(false));
    let client = Client {
        account: Account {
            host: section.host.clone(),
            port: section.port,
            username: section.username.clone(),
            password_file: section.password_file.clone(),
            authorities: section.tls.then(|| section.ca_file.clone()),
            commands: section.commands,
        },
        waits,
        clock,
        session: Session::new(SessionSettings {
            client_id: client_id.clone(),
            keep_alive_s: section.keep_alive_s,
            availability_topic: topics.available.clone(),
            filters: topics.filters(section.commands),
            answer_ms: waits.answer_ms,
        }),
        mailbox: first_messages(section, identity, &topics, &tally),
        feed: Feed::new(topics.clone(), notices, vitals, section.picture, waits),
        topics,
        tally: tally.clone(),
        commands,
        ending: ending.clone(),
        parties: Parties { broker: format!("{}:{}", section.host, section.port), client_id },
        course: Course::new(&waits),
    };
    let body = move || {
        let _alive = alive;
        client.run();
    };
    thread::Builder::new().name("mqtt".into()).spawn(body)?;
    let longest_end = Duration::from_millis(waits.end_ms.0 + waits.end_ms.1 + GRACE_MS);
    Ok(Mqtt { outlet, commands: obeyed, ending, ended, tally, longest_end })
}

/// What each connection begins with.
fn first_messages(
    section: &MqttSection,
    identity: &Identity,
    topics: &Topics,
    tally: &Tally,
) -> Mailbox {
    let mut mailbox = Mailbox::new(section.max_packet_bytes as usize, tally.clone());
    let discovery = topics.discovery.as_ref().map(|discovery| {
        let payload = discovery::payload(identity, topics, section.commands, section.picture);
        mailbox.set(&discovery.config, &payload, Manner::Announced)
    });
    let online = mailbox.set(&topics.available, ONLINE, Manner::Kept);
    for refused in [discovery, Some(online)].into_iter().flatten().filter_map(Result::err) {
        log::warn!("`max_packet_bytes` of [output.mqtt] is too small for {}", refused.topic);
    }
    mailbox
}

impl Mqtt {
    /// The way in for events; copies share it.
    pub fn outlet(&self) -> MqttOutlet {
        self.outlet.clone()
    }

    /// The next command that was allowed and came since the last call:
    /// [`Input::Arm`], [`Input::Disarm`] or [`Input::Acknowledge`]. Never waits.
    pub fn try_command(&self) -> Option<Input> {
        self.commands.try_recv().ok()
    }

    pub fn counts(&self) -> MqttCounts {
        self.tally.counts()
    }

    /// Ends in order: publishes what waits and `offline`, and waits three seconds at most
    /// for the broker. Returns whether the thread has ended; else it is left behind, and
    /// the broker says `offline` by itself later.
    pub fn end(self) -> bool {
        self.ending.store(true, Ordering::Release);
        self.ended.recv_timeout(self.longest_end) == Err(RecvTimeoutError::Disconnected)
    }
}

impl Drop for Mqtt {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
    }
}
