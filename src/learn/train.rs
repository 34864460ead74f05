//! From the store to a bundle that has been proven, by the toolchain's program.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::child::{self, Ending};
use super::error::LearnError;
use super::generations::Generations;
use super::heat::Heat;
use super::place::{LearnPlace, input_of};
use super::state::State;
use crate::clock::Clock;
use crate::config::{Preset, Site};
use crate::model::Precision;
use crate::preprocess::Channels;
use crate::runtime::Shutdown;

/// Of a line of its output, so much is logged.
const LOGGED_CHARS: usize = 160;

/// How long a training goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrainLength {
    /// Minutes, however fast the board is.
    Minutes(f64),
    /// Steps, about: the same weights on every board.
    Steps(usize),
}

/// What makes bundles of a store.
pub(super) struct Workshop<'a> {
    pub place: &'a LearnPlace,
    /// The program `normwatch-toolchain`.
    pub toolchain: &'a Path,
    pub preset: Preset,
    pub precision: Precision,
    pub length: TrainLength,
    pub site: &'a Site,
    pub clock: &'a dyn Clock,
    pub shutdown: &'a Shutdown,
}

impl Workshop<'_> {
    /// Trains a network, or goes on with a training that was interrupted. Gives whether
    /// it came to its end, or else was told to stop.
    ///
    /// # Errors
    /// A toolchain that cannot be started, or what it says.
    pub fn train(&self, state: &mut State) -> Result<bool, LearnError> {
        let run = self.place.run(state.generation);
        let goes_on = run.exists();
        match self.train_once(&run, state) {
            // What it was to go on with does not fit: the store has lost a clip, say.
            Err(error @ LearnError::Toolchain { .. }) if goes_on => {
                log::warn!("{error}; the training begins again");
                remove(&run)?;
                state.trained_s = 0.0;
                self.train_once(&run, state)
            }
            done => done,
        }
    }

    fn train_once(&self, run: &Path, state: &mut State) -> Result<bool, LearnError> {
        let begun = (Instant::now(), state.trained_s);
        // The names of all clips that are held out stand in one line.
        let short = |line: &str| line.chars().take(LOGGED_CHARS).collect::<String>();
        let mut told = |line: &str| log::info!("train: {}", short(line));
        let done = self.call(&self.train_args(run), &mut told);
        state.trained_s = begun.1 + begun.0.elapsed().as_secs_f64();
        done
    }

    fn train_args(&self, run: &Path) -> Vec<String> {
        let input = input_of(self.preset);
        let channels = match input.channels {
            Channels::Luma => "luma",
            Channels::Rgb => "rgb",
            Channels::Bgr => "bgr",
        };
        let length = match self.length {
            TrainLength::Minutes(minutes) => ["--minutes".to_string(), minutes.to_string()],
            TrainLength::Steps(steps) => ["--steps".to_string(), steps.to_string()],
        };
        let size = [("--width-px", input.width_px), ("--height-px", input.height_px)];
        let mut args = words(&["train", "--preset", self.preset.name(), "--channels", channels]);
        args.extend(size.iter().flat_map(|(flag, px)| [flag.to_string(), px.to_string()]));
        args.extend(["--footage".into(), text(&self.place.observed())]);
        args.extend(["--out".into(), text(run)]);
        args.extend(length);
        args
    }

    /// Makes the bundle of a generation, and proves that it computes what it should. A
    /// bundle that exists was proven.
    ///
    /// # Errors
    /// As [`Workshop::train`]; also a bundle that is out of tolerance.
    pub fn prove(&self, generation: u32) -> Result<bool, LearnError> {
        let generations = Generations::new(self.place.folder());
        if generations.path(generation).exists() {
            return Ok(true);
        }
        let (full, small) =
            (self.place.draft(generation, "f32"), self.place.draft(generation, "small"));
        // What an interrupted proof has left.
        remove(&full)?;
        remove(&small)?;
        let run = text(&self.place.run(generation));
        let name = format!("learnt-{generation}");
        let export = words(&["export", &run, "--out", &text(&full), "--name", &name]);
        let mut calls = vec![export];
        let observed = text(&self.place.observed());
        let mut proven = vec![text(&full)];
        if self.precision != Precision::F32 {
            let to = self.precision.to_string();
            let mut quantise =
                words(&["quantize", &text(&full), "--out", &text(&small), "--to", &to]);
            if self.precision == Precision::Int8 {
                quantise.extend(["--footage".to_string(), observed.clone()]);
            }
            calls.push(quantise);
            // Against the f32 bundle, in the terms of the score.
            proven.extend([text(&small), "--footage".into(), observed]);
        }
        calls.push([words(&["verify"]), proven].concat());
        for call in calls {
            let mut told = |line: &str| log::debug!("{line}");
            if !self.call(&call, &mut told)? {
                return Ok(false);
            }
            log::info!("{}: done", call[0]);
        }
        let chosen = if self.precision == Precision::F32 { &full } else { &small };
        generations.adopt(chosen, generation)?;
        remove(&full)?;
        Ok(true)
    }

    /// Whether the command came to its end, or else was told to stop.
    fn call(&self, args: &[String], told: &mut dyn FnMut(&str)) -> Result<bool, LearnError> {
        let mut heat = Heat::new(self.site, Path::new("/"));
        let mut holds_on = || heat.is_hot(self.clock.monotonic_ms());
        match child::run(self.toolchain, args, self.shutdown, told, &mut holds_on)? {
            Ending::Done => Ok(true),
            Ending::Stopped => Ok(false),
            Ending::Failed { code, said } => {
                let command = format!("normwatch {}", args[0]);
                Err(LearnError::Toolchain { command, said, code })
            }
        }
    }
}

/// Removes a folder, if it is there.
pub(super) fn remove(folder: &Path) -> Result<(), LearnError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LearnError::file(folder)(error)),
        _ => Ok(()),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn text(path: &Path) -> String {
    PathBuf::from(path).to_string_lossy().into_owned()
}
