//! Who is told of events: programs of the user's, servers, phones.
//!
//! Each way is an [`Outlet`] with a thread of its own behind a bounded queue: a
//! server that hangs keeps nobody.

mod channel;
mod delivery;
mod ending;
mod example;
mod hook;
#[cfg(feature = "webhooks")]
mod http;
mod journal;
#[cfg(feature = "webhooks")]
mod ntfy;
#[cfg(feature = "webhooks")]
mod payload;
mod queue;
#[cfg(feature = "webhooks")]
mod secret;
#[cfg(feature = "webhooks")]
mod signature;
#[cfg(feature = "webhooks")]
mod telegram;
#[cfg(feature = "webhooks")]
mod webhook;
mod words;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::OutputSection;
use crate::event::Outlet;
use channel::{Channel, Outcome, is_wanted};
use delivery::Delivery;
use ending::Ending;
use hook::Hook;
pub use journal::Journal;
#[cfg(feature = "webhooks")]
use ntfy::Ntfy;
use queue::PAUSES_MS;
#[cfg(feature = "webhooks")]
use telegram::Telegram;
#[cfg(feature = "webhooks")]
use webhook::Webhook;

/// The outlets of a site, each with its thread. They end together when the first of
/// them is dropped, and keep whoever drops them for 2 s at most.
///
/// # Errors
/// A thread could not be started.
pub fn outlets(output: &OutputSection, clock: Arc<dyn Clock>) -> io::Result<Vec<Box<dyn Outlet>>> {
    outlets_with(output, clock, &Pace::default())
}

/// How patient the outlets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Pauses after the first, second, … attempt that failed; after one more attempt a
    /// notice is given up.
    pub pauses_ms: Vec<u64>,
    /// For a whole request.
    pub request_ms: u64,
}

impl Default for Pace {
    /// 5 s, 30 s, 2 min, 10 min, and 20 s for a request.
    fn default() -> Self {
        Self { pauses_ms: PAUSES_MS.to_vec(), request_ms: 20_000 }
    }
}

/// The same at another pace.
///
/// # Errors
/// As [`outlets`].
pub fn outlets_with(
    output: &OutputSection,
    clock: Arc<dyn Clock>,
    pace: &Pace,
) -> io::Result<Vec<Box<dyn Outlet>>> {
    let ending = Arc::new(Ending::default());
    let start = |channel| {
        let delivery =
            Delivery::start(channel, pace.pauses_ms.clone(), clock.clone(), ending.clone())?;
        Ok(Box::new(delivery) as Box<dyn Outlet>)
    };
    channels(output, &clock, pace).into_iter().map(start).collect()
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// As in [`crate::event::OutletCounts::name`].
    pub name: String,
    pub target: String,
    pub has_arrived: bool,
    /// What came back, or why it did not arrive.
    pub answer: String,
}

/// A way to somebody, as a site file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// As in [`crate::event::OutletCounts::name`].
    pub name: String,
    /// A program, or an address without anything secret.
    pub target: String,
    /// `begin`, `end` or `begin, end`.
    pub on: String,
    /// Names of kinds.
    pub kinds: Vec<&'static str>,
}

/// The ways of a site, in the order of [`outlets`].
pub fn ways(output: &OutputSection, clock: &Arc<dyn Clock>) -> Vec<Way> {
    let way = |channel: Box<dyn Channel>| {
        let about = channel.about();
        let on = [(about.begin, "begin"), (about.end, "end")];
        let on: Vec<&str> =
            on.into_iter().filter(|(is_told, _)| *is_told).map(|one| one.1).collect();
        let kinds = about.kinds.clone();
        Way { name: channel.name(), target: channel.target(), on: on.join(", "), kinds }
    };
    channels(output, clock, &Pace::default()).into_iter().map(way).collect()
}

/// Tells each way of an event that has not happened, once, and says what came back.
pub fn try_each(output: &OutputSection, site: &str, clock: &Arc<dyn Clock>) -> Vec<Tried> {
    let notice = example::test_notice(site, &**clock);
    let attempt = |mut channel: Box<dyn Channel>| {
        let (has_arrived, answer) = match channel.attempt(&notice, &Ending::default()) {
            Outcome::Arrived(answer) => (true, answer),
            Outcome::Failed(why)
            | Outcome::Slowed(why, _)
            | Outcome::Held(why, _)
            | Outcome::Refused(why)
            | Outcome::Closed(why) => (false, why),
        };
        let is_filtered = !is_wanted(channel.about(), &notice);
        let note = if is_filtered { " (its filter leaves such events out)" } else { "" };
        let (name, target) = (channel.name(), channel.target());
        Tried { name, target, has_arrived, answer: answer + note }
    };
    channels(output, clock, &Pace::default()).into_iter().map(attempt).collect()
}

fn channels(output: &OutputSection, clock: &Arc<dyn Clock>, pace: &Pace) -> Vec<Box<dyn Channel>> {
    let mut channels: Vec<Box<dyn Channel>> = Vec::new();
    for hook in &output.notify.hooks {
        channels.push(Box::new(Hook::new(hook.clone(), clock.clone())));
    }
    add_web(&mut channels, output, clock, Duration::from_millis(pace.request_ms));
    channels
}

#[cfg(feature = "webhooks")]
fn add_web(
    channels: &mut Vec<Box<dyn Channel>>,
    output: &OutputSection,
    clock: &Arc<dyn Clock>,
    deadline: Duration,
) {
    for webhook in &output.notify.webhooks {
        channels.push(Box::new(Webhook::new(webhook.clone(), clock.clone(), deadline)));
    }
    if let Some(ntfy) = &output.notify.ntfy {
        channels.push(Box::new(Ntfy::new(ntfy.clone(), deadline)));
    }
    if let Some(telegram) = &output.notify.telegram {
        channels.push(Box::new(Telegram::new(telegram.clone(), deadline)));
    }
}

/// A site file that names such ways is refused by this build.
#[cfg(not(feature = "webhooks"))]
fn add_web(_: &mut Vec<Box<dyn Channel>>, _: &OutputSection, _: &Arc<dyn Clock>, _: Duration) {}
