//! The contacts of a site, read as inputs of the alarm's state machine.

use std::collections::VecDeque;

use super::contact::Contact;
use super::pin::PinError;
use crate::alarm::Input;

/// The contacts of a site, as inputs of the alarm's state machine.
#[derive(Default)]
pub struct Panel {
    acknowledge: Watched,
    arm: Watched,
    pir: Watched,
    waiting: VecDeque<Input>,
}

#[derive(Default)]
struct Watched {
    contact: Option<Contact>,
    known: bool,
    failing: bool,
}

/// What a look at a contact gave.
enum Seen {
    Nothing,
    /// The state at the start.
    First(bool),
    Changed(bool),
    /// It cannot be read, since just now.
    Lost,
}

impl Panel {
    /// A press of `acknowledge` acknowledges; `arm` arms while active and
    /// disarms while not; `pir` reports motion.
    pub fn new(acknowledge: Option<Contact>, arm: Option<Contact>, pir: Option<Contact>) -> Self {
        let watched = |contact| Watched { contact, ..Watched::default() };
        Self {
            acknowledge: watched(acknowledge),
            arm: watched(arm),
            pir: watched(pir),
            waiting: VecDeque::new(),
        }
    }

    /// Looks at every contact and gives the oldest input that nobody has had
    /// yet.
    ///
    /// A button that is held from the start acknowledges nothing. A PIR that
    /// cannot be read counts as motion and an arm contact as armed, as a cut wire
    /// does, so that no failure silences an alarm.
    pub fn next(&mut self, now_ms: u64) -> Option<Input> {
        if let Seen::Changed(true) = self.acknowledge.look(now_ms, "acknowledge") {
            self.waiting.push_back(Input::Acknowledge);
        }
        match self.arm.look(now_ms, "arm") {
            Seen::First(true) | Seen::Changed(true) | Seen::Lost => {
                self.waiting.push_back(Input::Arm);
            }
            Seen::First(false) | Seen::Changed(false) => self.waiting.push_back(Input::Disarm),
            Seen::Nothing => {}
        }
        match self.pir.look(now_ms, "PIR") {
            Seen::First(active) | Seen::Changed(active) => {
                self.waiting.push_back(Input::Motion(active));
            }
            Seen::Lost => self.waiting.push_back(Input::Motion(true)),
            Seen::Nothing => {}
        }
        self.waiting.pop_front()
    }

    /// Whether the arm contact could not be read at the last look: whoever turns
    /// the key is not heard.
    pub fn is_arm_lost(&self) -> bool {
        self.arm.failing
    }
}

impl Watched {
    fn look(&mut self, now_ms: u64, name: &str) -> Seen {
        let Some(contact) = &mut self.contact else { return Seen::Nothing };
        let polled = contact.poll(now_ms);
        let failed_before = std::mem::replace(&mut self.failing, polled.is_err());
        match polled {
            Ok(Some(active)) if std::mem::replace(&mut self.known, true) => Seen::Changed(active),
            Ok(Some(active)) => Seen::First(active),
            Ok(None) => Seen::Nothing,
            Err(error) if !failed_before => {
                complain(name, &error);
                self.known = false;
                contact.forget();
                Seen::Lost
            }
            Err(_) => Seen::Nothing,
        }
    }
}

fn complain(name: &str, error: &PinError) {
    log::error!("the {name} input cannot be read: {error}");
}

#[cfg(test)]
mod tests;
