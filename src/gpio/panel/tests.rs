//! Scripted contacts and what the state machine is told of them.

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
fn an_arm_contact_that_cannot_be_read_arms_and_is_told() {
    let mut panel = Panel::new(None, contact(&[LOW, None, None, LOW]), None);
    assert_eq!((panel.next(0), panel.is_arm_lost()), (Some(Input::Disarm), false));
    assert_eq!((panel.next(50), panel.is_arm_lost()), (Some(Input::Arm), true));
    assert_eq!((panel.next(100), panel.is_arm_lost()), (None, true));
    assert_eq!((panel.next(150), panel.is_arm_lost()), (Some(Input::Disarm), false));
    let mut silent = Panel::new(None, contact(&[None]), None);
    assert_eq!(inputs(&mut silent, 4), [Input::Arm], "one that never answered");
    assert!(silent.is_arm_lost());
}

#[test]
fn changes_at_one_time_are_told_one_after_the_other() {
    let mut panel = Panel::new(contact(&[LOW, HIGH]), contact(&[LOW, HIGH]), contact(&[LOW, HIGH]));
    let told = inputs(&mut panel, 12);
    assert_eq!(
        told,
        [Input::Disarm, Input::Motion(false), Input::Acknowledge, Input::Arm, Input::Motion(true)]
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
