//! What is done with the board, one file each, in this order.

mod anomaly;
mod calibration;
mod camera;
mod death;
mod event;
mod inventory;
mod learn;
mod lines;
mod service;
mod site;
mod starvation;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::running::Board;

/// Everything that the emulated processor has to compute for is waited for this
/// long at most, not counting what the emulator waits for a processor itself:
/// some thirty times what an idle host needs.
const PATIENCE: Duration = Duration::from_secs(90);

/// The guest's memory of what the program said.
const LOG: &str = "/run/normwatch.log";
const EVENTS: &str = "/run/events.jsonl";
const EVENT_FOLDER: &str = "/run/events";
const BUNDLE: &str = "/var/lib/normwatch/bundle";

/// What is done with a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// A bundle watches, and everything around it fails.
    Watch,
    /// The board learns its camera by itself, and is killed and reset meanwhile.
    Learn,
}

impl Scenario {
    pub fn name(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Learn => "learn",
        }
    }

    /// Whether the guest has the program that trains, and a disk for what it makes.
    pub fn learns(self) -> bool {
        self == Self::Learn
    }

    pub fn memory_mib(self) -> u32 {
        match self {
            Self::Watch => 512,
            Self::Learn => 1024,
        }
    }

    /// All steps.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn play(self, board: &mut Board) -> Result<()> {
        match self {
            Self::Watch => watch(board),
            Self::Learn => learn(board),
        }
    }
}

fn watch(board: &mut Board) -> Result<()> {
    board.step("doctor finds the board's parts", inventory::doctor)?;
    board.step("the camera is recorded in every format", inventory::formats)?;
    board.step("a bundle is calibrated on the camera", calibration::calibrate)?;
    board.step("an anomaly raises the alarm line", anomaly::raise)?;
    board.step("the alarm is an event that explains itself", event::explain)?;
    board.step("an alarm waits for its acknowledgement", anomaly::acknowledge)?;
    board.step("the camera is unplugged and comes back", camera::unplug)?;
    board.step("the camera comes back under another number", camera::renumber)?;
    board.step("the camera fails", camera::fail)?;
    board.step("a line is held by somebody else", lines::stolen)?;
    board.step("the program is ended in an alarm", death::terminate)?;
    board.step("the program is killed in an alarm", death::kill)?;
    board.step("a hung network starves the watchdog", starvation::starve)
}

fn learn(board: &mut Board) -> Result<()> {
    board.step("setup makes a site file of answers", learn::set_up)?;
    board.step("it observes, through a kill and a reset", learn::observe)?;
    board.step("it trains, through a kill and a reset", learn::train)?;
    board.step("it proves, through a kill and a reset", learn::prove)?;
    board.step("it settles, through a kill and a reset", learn::settle)?;
    board.step("what was learnt watches", service::watch)
}
