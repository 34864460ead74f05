//! What waits to be published: of each state the latest, of events the newest so many.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use super::codec::{Outgoing, publish_bytes};
use super::tally::Tally;

/// Events that wait for a broker.
pub const MOST_EVENTS: usize = 256;
/// Topics of states. There are some fifteen.
const MOST_STATES: usize = 32;
/// A message is given up when the broker ended so many connections over it.
const MOST_LOSSES: u8 = 3;
/// A larger message waits until nothing else does, and is what a broker may find too large.
const BULKY_BYTES: usize = 8192;

/// How a state is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Kept by the broker, acknowledged, and published again on each connection.
    Kept,
    /// As [`Manner::Kept`], but published again by [`Mailbox::announce`] alone.
    Announced,
    /// Kept and acknowledged, but published once: who receives it takes it for new.
    Once,
    /// Neither kept nor acknowledged: it is old soon.
    Passing,
}

#[derive(Debug)]
struct State {
    topic: String,
    payload: Arc<[u8]>,
    manner: Manner,
    due: bool,
    losses: u8,
}

impl State {
    fn is_bulky(&self) -> bool {
        self.payload.len() > BULKY_BYTES
    }

    fn set(&mut self, payload: &[u8]) {
        let stands = matches!(self.manner, Manner::Kept | Manner::Announced);
        if stands && *self.payload == *payload {
            return;
        }
        // A smaller picture may be taken. A short text that was not is not for its size.
        let given_up = self.losses >= MOST_LOSSES && !self.is_bulky();
        self.payload = payload.into();
        if !given_up {
            (self.due, self.losses) = (true, 0);
        }
    }

    /// On a new connection, or `for_newcomers`.
    fn repeat(&mut self, for_newcomers: bool) {
        let repeated = match self.manner {
            Manner::Kept => true,
            Manner::Announced => for_newcomers,
            Manner::Once | Manner::Passing => false,
        };
        self.due |= repeated && self.losses < MOST_LOSSES;
    }
}

#[derive(Debug)]
struct Event {
    topic: String,
    payload: Arc<[u8]>,
    losses: u8,
    again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flying {
    State(usize),
    /// The first.
    Event,
}

/// At most one message waits for its acknowledgement, so that it is known which one a
/// broker does not take.
#[derive(Debug)]
pub struct Mailbox {
    limit_bytes: usize,
    states: Vec<State>,
    events: VecDeque<Event>,
    flying: Option<Flying>,
    tally: Tally,
}

/// A message that the broker will not take; a text for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    pub topic: String,
    pub bytes: usize,
}

impl Mailbox {
    /// Packets of more than `limit_bytes` are refused.
    pub fn new(limit_bytes: usize, tally: Tally) -> Self {
        let events = VecDeque::new();
        Self { limit_bytes, states: Vec::new(), events, flying: None, tally }
    }

    /// The state of a topic is now this one. Nothing happens if it was so.
    ///
    /// # Errors
    /// It is larger than allowed and was dropped.
    pub fn set(&mut self, topic: &str, payload: &[u8], manner: Manner) -> Result<(), TooLarge> {
        self.check(topic, payload)?;
        match self.states.iter().position(|state| state.topic == topic) {
            Some(place) => self.states[place].set(payload),
            None if self.states.len() < MOST_STATES => {
                let (topic, payload) = (topic.to_owned(), payload.into());
                self.states.push(State { topic, payload, manner, due: true, losses: 0 });
            }
            None => self.tally.refused(),
        }
        Ok(())
    }

    /// Puts an event behind the others. The oldest goes where there is no room.
    ///
    /// # Errors
    /// It is larger than allowed and was dropped.
    pub fn push(&mut self, topic: &str, payload: &[u8]) -> Result<(), TooLarge> {
        if let Err(error) = self.check(topic, payload) {
            self.tally.dropped();
            return Err(error);
        }
        if self.events.len() >= MOST_EVENTS {
            self.events.remove(usize::from(self.flying == Some(Flying::Event)));
            self.tally.dropped();
        }
        let (topic, payload) = (topic.to_owned(), payload.into());
        self.events.push_back(Event { topic, payload, losses: 0, again: false });
        Ok(())
    }

    fn check(&self, topic: &str, payload: &[u8]) -> Result<(), TooLarge> {
        let bytes = publish_bytes(topic, payload.len());
        if bytes <= self.limit_bytes {
            return Ok(());
        }
        Err(self.refuse(topic, bytes))
    }

    /// Counts a message that is larger than allowed.
    pub fn refuse(&self, topic: &str, bytes: usize) -> TooLarge {
        self.tally.refused();
        TooLarge { topic: topic.into(), bytes }
    }

    /// What is to be published next. A message with a number then waits for
    /// [`Mailbox::arrived`]; `id` is used for such a one alone.
    pub fn next(&mut self, id: u16) -> Option<Outgoing<'_>> {
        let passing = self.states.iter().position(|s| s.due && s.manner == Manner::Passing);
        if let Some(place) = passing {
            let state = &mut self.states[place];
            state.due = false;
            let State { topic, payload, .. } = state;
            return Some(Outgoing { topic, payload, retain: false, id: None, again: false });
        }
        if self.flying.is_some() {
            return None;
        }
        let due = |bulky| self.states.iter().position(|s| s.due && s.is_bulky() == bulky);
        let flying = match (due(false), self.events.is_empty(), due(true)) {
            (Some(place), ..) => Flying::State(place),
            (None, false, _) => Flying::Event,
            (None, true, Some(place)) => Flying::State(place),
            (None, true, None) => return None,
        };
        self.flying = Some(flying);
        match flying {
            Flying::State(place) => {
                let state = &mut self.states[place];
                state.due = false;
                let (id, again) = (Some(id), state.losses > 0);
                let State { topic, payload, .. } = state;
                Some(Outgoing { topic, payload, retain: true, id, again })
            }
            Flying::Event => {
                let event = self.events.front()?;
                let (id, again) = (Some(id), event.again);
                let Event { topic, payload, .. } = event;
                Some(Outgoing { topic, payload, retain: false, id, again })
            }
        }
    }

    /// The message that waited for it was acknowledged.
    pub fn arrived(&mut self, unix_ms: u64) {
        match self.flying.take() {
            Some(Flying::State(place)) => self.states[place].losses = 0,
            Some(Flying::Event) => {
                self.events.pop_front();
                self.tally.sent(unix_ms);
            }
            None => {}
        }
    }

    /// The connection has ended, `by_broker` or for another reason. What was not
    /// acknowledged is published again, unless the broker has ended several over it.
    pub fn lost(&mut self, by_broker: bool) -> Option<TooLarge> {
        let blamed = self.flying.take().and_then(|flying| self.blame(flying, by_broker));
        self.states.iter_mut().for_each(|state| state.repeat(false));
        blamed
    }

    fn blame(&mut self, flying: Flying, by_broker: bool) -> Option<TooLarge> {
        let (topic, payload, losses) = match flying {
            Flying::State(place) => {
                let state = &mut self.states[place];
                state.due = true;
                (&state.topic, &state.payload, &mut state.losses)
            }
            Flying::Event => {
                self.tally.failed();
                let event = self.events.front_mut()?;
                event.again = true;
                (&event.topic, &event.payload, &mut event.losses)
            }
        };
        *losses += u8::from(by_broker);
        if *losses < MOST_LOSSES {
            return None;
        }
        let bytes = publish_bytes(topic, payload.len());
        let blamed = TooLarge { topic: topic.clone(), bytes };
        if payload.len() > BULKY_BYTES {
            self.limit_bytes = bytes - 1;
        }
        self.tally.refused();
        match flying {
            Flying::State(place) => self.states[place].due = false,
            Flying::Event => {
                self.events.pop_front();
                self.tally.dropped();
            }
        }
        Some(blamed)
    }

    /// All that is kept is published again, for somebody who has just come.
    pub fn announce(&mut self) {
        self.states.iter_mut().for_each(|state| state.repeat(true));
    }

    /// Whether nothing waits, neither to be published nor to be acknowledged.
    pub fn is_empty(&self) -> bool {
        let due = self.states.iter().any(|state| state.due);
        !due && self.events.is_empty() && self.flying.is_none()
    }

    /// The largest packet that is published.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    #[cfg(test)]
    pub fn waiting_events(&self) -> usize {
        self.events.len()
    }
}
