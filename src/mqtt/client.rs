//! The thread of the output: connects, serves the connection, and connects again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use super::backoff::Backoff;
use super::codec::{Decoder, Publish};
use super::commands::{Meaning, meaning};
use super::feed::Feed;
use super::mailbox::{Mailbox, TooLarge};
use super::session::{Credentials, Heard, Session};
use super::stream::{self, Limits, Stream, is_patience};
use super::tally::Tally;
use super::topics::Topics;
use super::trouble::{Parties, Teller, Trouble};
use super::waits::Waits;
use crate::alarm::Input;
use crate::clock::Clock;
use crate::secret;

/// Commands are short; what is longer is passed over.
const INCOMING_BYTES: usize = 4096;
/// So many short connections in a row are a pattern.
const BRIEF_CONNECTIONS: u32 = 3;

/// Where the broker is, and as whom to go there.
#[derive(Clone, Debug)]
pub struct Account {
    pub host: String,
    pub port: u16,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    /// Certificates to trust; `None` without encryption.
    pub authorities: Option<PathBuf>,
    pub commands: bool,
}

/// What the thread owns.
pub struct Client {
    pub account: Account,
    pub topics: Topics,
    pub waits: Waits,
    pub clock: Arc<dyn Clock>,
    pub session: Session,
    pub mailbox: Mailbox,
    pub feed: Feed,
    pub tally: Tally,
    pub commands: SyncSender<Input>,
    pub ending: Arc<AtomicBool>,
    pub parties: Parties,
    pub course: Course,
}

/// What is remembered from connection to connection.
#[derive(Debug)]
pub struct Course {
    backoff: Backoff,
    teller: Teller,
    /// Short connections in a row.
    brief: u32,
    announced_ms: Option<u64>,
    announce_at_ms: Option<u64>,
    online_ms: Option<u64>,
    ending_ms: Option<u64>,
    told_command: bool,
}

impl Course {
    pub fn new(waits: &Waits) -> Self {
        Self {
            backoff: Backoff::new(waits.pause_ms),
            teller: Teller::default(),
            brief: 0,
            announced_ms: None,
            announce_at_ms: None,
            online_ms: None,
            ending_ms: None,
            told_command: false,
        }
    }
}

impl Client {
    /// Until the end of the run.
    pub fn run(mut self) {
        while !self.is_ending() {
            let Err(trouble) = self.connect() else { return };
            if self.is_ending() {
                return;
            }
            let pause_ms = self.after(trouble);
            self.pause(pause_ms);
        }
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// One connection; `Ok` at the end in order.
    fn connect(&mut self) -> Result<(), Trouble> {
        let password = self.account.password_file.as_deref().map(secret::password);
        let credentials = Credentials {
            username: self.account.username.clone(),
            password: password.transpose().map_err(Trouble::Password)?,
        };
        let Account { host, port, authorities, .. } = &self.account;
        let (connect, poll) = (millis(self.waits.connect_ms), millis(self.waits.poll_ms));
        let stream = stream::open(host, *port, authorities.as_deref(), Limits { connect, poll });
        let mut stream = stream.map_err(Trouble::Unreachable)?;
        let mut out = Vec::new();
        self.session.begin(&credentials, self.clock.monotonic_ms(), &mut out);
        drop(credentials);
        let served = self.serve(&mut *stream, out);
        self.session.lost();
        served
    }

    fn serve(&mut self, stream: &mut dyn Stream, mut out: Vec<u8>) -> Result<(), Trouble> {
        let mut decoder = Decoder::new(INCOMING_BYTES);
        let mut chunk = [0; 4096];
        let mut written_ms = self.clock.monotonic_ms();
        loop {
            let now_ms = self.clock.monotonic_ms();
            // First, so that what was told before the end is poured before it.
            if self.is_ending() {
                self.course.ending_ms.get_or_insert(now_ms);
            }
            self.pour(now_ms);
            self.session.check(now_ms).map_err(Trouble::Session)?;
            while self.fill(now_ms, &mut out) && write(stream, &mut out)? {
                written_ms = now_ms;
            }
            if now_ms.saturating_sub(written_ms) > self.waits.answer_ms && !out.is_empty() {
                return Err(Trouble::Stuck);
            }
            if out.is_empty() {
                written_ms = now_ms;
            }
            if (self.session.is_over() && out.is_empty()) || self.has_left(now_ms) {
                return Ok(());
            }
            match stream.read(&mut chunk) {
                Ok(0) => return Err(Trouble::Closed("end of the stream".into())),
                Ok(length) => decoder.feed(&chunk[..length]),
                Err(error) if is_patience(&error) => {}
                Err(error) => return Err(Trouble::Closed(error.to_string())),
            }
            while let Some(packet) = decoder.take().map_err(|e| Trouble::Session(e.into()))? {
                let (now_ms, unix_ms) = self.times();
                let mailbox = &mut self.mailbox;
                let heard = self.session.hear(packet, now_ms, unix_ms, mailbox, &mut out);
                self.heed(heard.map_err(Trouble::Session)?, now_ms);
            }
            if out.len() > self.mailbox.limit_bytes() + INCOMING_BYTES {
                return Err(Trouble::Stuck);
            }
        }
    }

    /// Whether there is something to write. It is never more than one message and a few
    /// answers.
    fn fill(&mut self, now_ms: u64, out: &mut Vec<u8>) -> bool {
        if out.is_empty() {
            self.announce(now_ms);
            self.session.send(now_ms, &mut self.mailbox, out);
            self.leave(now_ms, out);
        }
        !out.is_empty()
    }

    fn times(&self) -> (u64, u64) {
        (self.clock.monotonic_ms(), self.clock.wall_ns() / 1_000_000)
    }

    fn pour(&mut self, now_ms: u64) {
        if let Some(TooLarge { topic, bytes }) = self.feed.pour(now_ms, &mut self.mailbox) {
            log::warn!("a message of {bytes} bytes on {topic} is too large to be published");
        }
        let settled = |since_ms| now_ms.saturating_sub(since_ms) >= self.waits.settled_ms;
        if self.course.online_ms.is_some_and(settled) && self.session.is_online() {
            self.course.backoff.reset();
            self.course.brief = 0;
            if self.course.teller.settle() {
                log::info!("the MQTT broker {} is back", self.parties.broker);
            }
        }
    }

    /// Announces the device if it is time to.
    fn announce(&mut self, now_ms: u64) {
        if self.course.announce_at_ms.is_none_or(|at_ms| now_ms < at_ms) {
            return;
        }
        self.course.announce_at_ms = None;
        self.course.announced_ms = Some(now_ms);
        self.mailbox.announce();
    }

    fn announce_soon(&mut self, now_ms: u64) {
        let earliest = self.course.announced_ms.map(|at_ms| at_ms + self.waits.announce_ms);
        self.course.announce_at_ms = Some(earliest.map_or(now_ms, |at_ms| at_ms.max(now_ms)));
    }

    /// Begins the end in order once nothing waits any more, or it has waited enough.
    fn leave(&mut self, now_ms: u64, out: &mut Vec<u8>) {
        let Some(since_ms) = self.course.ending_ms else { return };
        let waited = now_ms.saturating_sub(since_ms) >= self.waits.end_ms.0;
        if out.is_empty() && (waited || self.mailbox.is_empty()) {
            self.session.leave(out);
        }
    }

    /// Whether the broker has had its time to acknowledge the end.
    fn has_left(&self, now_ms: u64) -> bool {
        let (flush_ms, leave_ms) = self.waits.end_ms;
        let late = |since_ms| now_ms.saturating_sub(since_ms) > flush_ms + leave_ms;
        self.course.ending_ms.is_some_and(late) || (self.is_ending() && !self.session.is_engaged())
    }

    fn heed(&mut self, heard: Heard, now_ms: u64) {
        match heard {
            Heard::Nothing => {}
            Heard::Connected => {
                self.tally.connected();
                self.course.online_ms = Some(now_ms);
                self.announce_soon(now_ms);
                if self.tally.counts().connected == 1 {
                    let Parties { broker, client_id } = &self.parties;
                    log::info!("connected to the MQTT broker {broker} as `{client_id}`");
                }
            }
            Heard::Message(message) => self.read(&message, now_ms),
            Heard::FilterRefused(filter) => log::warn!(
                "the MQTT broker {} does not let this client subscribe to {filter}: see the \
                 rights of its user",
                self.parties.broker
            ),
        }
    }

    fn read(&mut self, message: &Publish, now_ms: u64) {
        let because = match meaning(&self.topics, self.account.commands, message) {
            Meaning::Nothing => return,
            Meaning::Birth => return self.announce_soon(now_ms),
            Meaning::Obey(input) if self.commands.try_send(input).is_ok() => return,
            Meaning::Obey(_) => "too many at once",
            Meaning::Ignore(because) => because,
        };
        self.tally.ignored();
        if !self.course.told_command {
            self.course.told_command = true;
            let topic = &message.topic;
            log::warn!("ignored a message on {topic}: {because}; further ones are only counted");
        }
    }

    /// What follows from a trouble; how long to pause.
    fn after(&mut self, trouble: Trouble) -> u64 {
        self.tally.failed();
        if let Some(blamed) = self.mailbox.lost(trouble.is_by_broker()) {
            let TooLarge { topic, bytes } = blamed;
            log::warn!(
                "the MQTT broker {} ends the connection over a message of {bytes} bytes on \
                 {topic}: it is given up",
                self.parties.broker
            );
        }
        let was_online = self.course.online_ms.take().is_some();
        let trouble = if trouble.is_by_broker() && was_online {
            self.course.brief += 1;
            if self.course.brief >= BRIEF_CONNECTIONS { Trouble::Brief } else { trouble }
        } else {
            trouble
        };
        self.course.teller.tell(&trouble, &self.parties);
        let backoff = &mut self.course.backoff;
        if trouble.is_lasting() { backoff.long_ms() } else { backoff.next_ms() }
    }

    fn pause(&mut self, pause_ms: u64) {
        let until_ms = self.clock.monotonic_ms() + pause_ms;
        while !self.is_ending() {
            let now_ms = self.clock.monotonic_ms();
            self.pour(now_ms);
            if now_ms >= until_ms {
                return;
            }
            thread::sleep(millis((until_ms - now_ms).min(self.waits.poll_ms)));
        }
    }
}

/// Writes what goes without waiting long; whether anything went.
fn write(stream: &mut dyn Stream, out: &mut Vec<u8>) -> Result<bool, Trouble> {
    match stream.write(out) {
        Ok(0) => Err(Trouble::Closed("it takes nothing".into())),
        Ok(length) => {
            out.drain(..length);
            Ok(true)
        }
        Err(error) if is_patience(&error) => Ok(false),
        Err(error) => Err(Trouble::Closed(error.to_string())),
    }
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
