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
    /// cannot be read counts as motion, so that its failure silences no alarm;
    /// the other two keep their last state.
    pub fn next(&mut self, now_ms: u64) -> Option<Input> {
        if let Seen::Changed(true) = self.acknowledge.look(now_ms, "acknowledge") {
            self.waiting.push_back(Input::Acknowledge);
        }
        match self.arm.look(now_ms, "arm") {
            Seen::First(true) | Seen::Changed(true) => self.waiting.push_back(Input::Arm),
            Seen::First(false) | Seen::Changed(false) => self.waiting.push_back(Input::Disarm),
            Seen::Nothing | Seen::Lost => {}
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
mod tests {
    use std::sync::{Arc, Mutex};

    use embedded_hal::digital::PinState;

    use super::super::contact::LevelSource;
    use super::*;
    use crate::alarm::Polarity;

    /// Levels in order; after the last, the same for ever. `None` cannot be
    /// read.
    struct Script(Arc<Mutex<Vec<Option<bool>>>>);

    impl LevelSource for Script {
        fn next_level(&mut self) -> Result<PinState, PinError> {
            let mut script = self.0.lock().unwrap();
            let next = if script.len() > 1 { script.remove(0) } else { script[0] };
            next.map(PinState::from).ok_or_else(|| PinError::new("gone"))
        }
    }

    fn script(levels: &[Option<bool>]) -> Box<Script> {
        Box::new(Script(Arc::new(Mutex::new(levels.to_vec()))))
    }

    fn contact(levels: &[Option<bool>]) -> Option<Contact> {
        Some(Contact::new(script(levels), Polarity::ActiveHigh, 0))
    }

    fn inputs(panel: &mut Panel, looks: u64) -> Vec<Input> {
        (0..looks).filter_map(|i| panel.next(i * 50)).collect()
    }

    const LOW: Option<bool> = Some(false);
    const HIGH: Option<bool> = Some(true);

    #[test]
    fn a_press_acknowledges_once_and_a_button_held_from_the_start_never() {
        let mut panel = Panel::new(contact(&[LOW, HIGH, HIGH, LOW, HIGH]), None, None);
        assert_eq!(inputs(&mut panel, 8), [Input::Acknowledge, Input::Acknowledge]);
        let mut panel = Panel::new(contact(&[HIGH, HIGH]), None, None);
        assert_eq!(inputs(&mut panel, 8), []);
    }

    #[test]
    fn the_switch_decides_from_the_start_on() {
        let mut panel = Panel::new(None, contact(&[LOW, LOW, HIGH, LOW]), None);
        assert_eq!(inputs(&mut panel, 8), [Input::Disarm, Input::Arm, Input::Disarm]);
    }

    #[test]
    fn a_pir_that_cannot_be_read_counts_as_motion() {
        let mut panel = Panel::new(None, None, contact(&[LOW, None, None, LOW, HIGH]));
        let expected = [false, true, false, true].map(Input::Motion);
        assert_eq!(inputs(&mut panel, 8), expected);
    }

    #[test]
    fn changes_at_one_time_are_told_one_after_the_other() {
        let mut panel =
            Panel::new(contact(&[LOW, HIGH]), contact(&[LOW, HIGH]), contact(&[LOW, HIGH]));
        let told = inputs(&mut panel, 12);
        assert_eq!(
            told,
            [
                Input::Disarm,
                Input::Motion(false),
                Input::Acknowledge,
                Input::Arm,
                Input::Motion(true)
            ]
        );
    }

    #[test]
    fn a_polled_line_is_debounced_and_inverted_once() {
        let source = script(&[HIGH, LOW, HIGH, LOW, LOW, LOW]);
        let mut contact = Contact::new(source, Polarity::ActiveLow, 50);
        let mut polled = |now_ms| contact.poll(now_ms).unwrap();
        assert_eq!(polled(0), Some(false), "high is inactive");
        assert_eq!([polled(20), polled(40), polled(60), polled(100)], [None; 4]);
        assert_eq!(polled(110), Some(true));
    }
}
