//! The phases one after the other, each from where it was interrupted.

use std::path::{Path, PathBuf};

use super::error::LearnError;
use super::eye::{Eye, Seen};
use super::fed_back::FedBack;
use super::generations::Generations;
use super::missed::MissedTimes;
use super::observe::{Observation, shortfall};
use super::place::{LearnPlace, input_of};
use super::settle::{Settling, settle};
use super::state::{Phase, State};
use super::store::Store;
use super::train::{TrainLength, Workshop, remove};
use crate::clock::Clock;
use crate::config::{LearnSection, Site};
use crate::health::ServiceManager;
use crate::model::InputSection;
use crate::runtime::{OpenSource, Shutdown};
use crate::station::end_is_loss;

const MB: u64 = 1_000_000;

/// What one call of `learn` is to do.
#[derive(Clone, Debug)]
pub struct CourseOptions {
    pub observe_s: f64,
    pub settle_s: f64,
    pub length: TrainLength,
    /// Recorded footage to learn from, instead of observing the camera.
    pub from: Option<PathBuf>,
    /// End once this phase is done.
    pub until: Option<Phase>,
    /// Learn also where nothing moves.
    pub accept_calm: bool,
    /// Begin the next learning where the last one is done.
    pub again: bool,
}

/// How a call of `learn` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CourseEnd {
    /// There is a bundle; whether it is `current`.
    Ready { armed: bool },
    /// The phase that was asked for is done.
    Until(Phase),
    /// A signal asked for the end; the same command goes on.
    Stopped,
}

/// A site's way from its camera to a bundle.
pub struct Course<'a> {
    pub site: &'a Site,
    pub section: &'a LearnSection,
    pub options: CourseOptions,
    /// The program `normwatch-toolchain`; only needed to train and to prove.
    pub toolchain: &'a Path,
    /// Told how far the learning is.
    pub service: ServiceManager,
    pub clock: &'a dyn Clock,
    pub shutdown: &'a Shutdown,
}

impl Course<'_> {
    /// Goes on with the learning, to its end or to the phase that was asked for.
    ///
    /// # Errors
    /// As [`LearnError`] says; all that was done before stays.
    pub fn run(&self, open: &mut OpenSource<'_>) -> Result<(State, CourseEnd), LearnError> {
        let place = LearnPlace::new(&self.section.folder);
        let _lock = place.lock()?;
        let mut state = self.begin(&place)?;
        self.service.ready(&self.describe(&state));
        let end = self.phases(&place, &mut state, open);
        if let Err(error) = &end {
            state.last_error = Some(error.to_string());
            if let Err(unsaved) = state.save(&place) {
                log::warn!("{unsaved}");
            }
        }
        Ok((state, end?))
    }

    fn describe(&self, state: &State) -> String {
        format!("learning: {}, generation {}", state.phase, state.generation)
    }

    /// The state that is there, or a new one.
    fn begin(&self, place: &LearnPlace) -> Result<State, LearnError> {
        let section = self.section;
        let found = State::load(place)?;
        let mut state = match found {
            Some(state) if !(self.options.again && state.phase == Phase::Watch) => state,
            _ => {
                let generation = Generations::new(place.folder()).next()?;
                let begun_unix_s = self.clock.wall_ns() / 1_000_000_000;
                State::begin(generation, section.preset.name(), section.precision, begun_unix_s)
            }
        };
        let asked = (section.preset.name(), section.precision);
        if state.phase != Phase::Watch && (state.preset.as_str(), state.precision) != asked {
            return Err(LearnError::Folder(format!(
                "{} learns `{}` in {}, and the site file says `{}` in {}: put `[learn]` back until \
                 it is done, or name another `learn.folder`",
                place.folder().display(),
                state.preset,
                state.precision,
                asked.0,
                asked.1
            )));
        }
        state.observe_for_s = self.options.observe_s;
        state.settle_for_s = self.options.settle_s;
        state.train_for_s = match self.options.length {
            TrainLength::Minutes(minutes) => 60.0 * minutes,
            TrainLength::Steps(_) => 0.0,
        };
        state.save(place)?;
        Ok(state)
    }

    fn phases(
        &self,
        place: &LearnPlace,
        state: &mut State,
        open: &mut OpenSource<'_>,
    ) -> Result<CourseEnd, LearnError> {
        loop {
            if let Some(until) = self.options.until.filter(|until| *until < state.phase) {
                return Ok(CourseEnd::Until(until));
            }
            log::info!("{}", self.describe(state));
            self.service.status(&self.describe(state));
            let next = match state.phase {
                Phase::Observe => self.observe(place, state, open)?,
                Phase::Train => self.workshop(place).train(state)?.then_some(Phase::Prove),
                Phase::Prove => self.prove(place, state)?,
                Phase::Settle => self.settle(place, state, open)?,
                Phase::Watch => return self.ready(place, state),
            };
            if let Some(next) = next {
                (state.phase, state.last_error) = (next, None);
            }
            state.save(place)?;
            if next.is_none() {
                return Ok(CourseEnd::Stopped);
            }
        }
    }

    fn observe(
        &self,
        place: &LearnPlace,
        state: &mut State,
        open: &mut OpenSource<'_>,
    ) -> Result<Option<Phase>, LearnError> {
        let input = input_of(self.section.preset);
        let max_bytes = u64::from(self.section.store_max_mb) * MB;
        let mut store = Store::open(&place.observed(), input, max_bytes)?;
        if store.dropped() > 0 {
            log::warn!("{} damaged clips were removed from the store", store.dropped());
        }
        let (clock, shutdown) = (self.clock, self.shutdown);
        let observation = Observation {
            place,
            clock,
            shutdown,
            store: &mut store,
            service: &self.service,
            state: &mut *state,
            input,
            end_is_loss: end_is_loss(&self.site.camera),
        };
        let seen = match &self.options.from {
            Some(footage) => observation.of_footage(footage)?,
            None => observation.of_camera(Eye { open, clock, shutdown })?,
        };
        if seen == Seen::Stopped {
            return Ok(None);
        }
        self.heed(place, &mut store, input)?;
        (state.clips, state.store_bytes) = (store.clips(), store.bytes());
        match shortfall(&store, state, self.options.accept_calm) {
            Some(what) => Err(LearnError::TooLittle(what)),
            None => Ok(Some(Phase::Train)),
        }
    }

    /// What people have said counts before anything is learnt: nothing of a time in which
    /// an alarm was missed, and everything that was called normal.
    fn heed(
        &self,
        place: &LearnPlace,
        store: &mut Store,
        input: InputSection,
    ) -> Result<(), LearnError> {
        let missed = MissedTimes::read(place)?;
        let removed = store.remove_of(|unix_s| missed.holds(unix_s))?;
        if removed > 0 {
            log::info!("{removed} clips of times in which an alarm was missed were removed");
        }
        let added = FedBack::new(place).put_into(store, &input)?;
        if added > 0 {
            log::info!("{added} clips of events that were called normal were added");
        }
        Ok(())
    }

    fn workshop<'w>(&'w self, place: &'w LearnPlace) -> Workshop<'w> {
        Workshop {
            place,
            toolchain: self.toolchain,
            preset: self.section.preset,
            precision: self.section.precision,
            length: self.options.length,
            site: self.site,
            clock: self.clock,
            shutdown: self.shutdown,
        }
    }

    fn prove(&self, place: &LearnPlace, state: &State) -> Result<Option<Phase>, LearnError> {
        if !self.workshop(place).prove(state.generation)? {
            return Ok(None);
        }
        remove(&place.run(state.generation))?;
        Ok(Some(Phase::Settle))
    }

    fn settle(
        &self,
        place: &LearnPlace,
        state: &mut State,
        open: &mut OpenSource<'_>,
    ) -> Result<Option<Phase>, LearnError> {
        let generations = Generations::new(place.folder());
        let generation = state.generation;
        let (clock, shutdown) = (self.clock, self.shutdown);
        let settling = Settling {
            place,
            site: self.site,
            bundle: generations.path(generation),
            service: &self.service,
            shutdown,
            state: &mut *state,
            end_is_loss: end_is_loss(&self.site.camera),
        };
        if settle(settling, Eye { open, clock, shutdown })? == Seen::Stopped {
            return Ok(None);
        }
        let is_supported = state.verdict.is_some_and(|verdict| verdict.is_supported());
        let is_pinned = generations.pinned().is_some_and(|pinned| pinned != generation);
        if self.section.arm_when_ready && is_supported && !is_pinned {
            generations.switch_to(generation)?;
        }
        for gone in generations.prune()? {
            log::info!("generation {gone} was removed: two are kept");
        }
        Ok(Some(Phase::Watch))
    }

    fn ready(&self, place: &LearnPlace, state: &State) -> Result<CourseEnd, LearnError> {
        // A cut between the last step and its state leaves it.
        let terms = place.terms(state.generation);
        if terms.exists() {
            std::fs::remove_file(&terms).map_err(LearnError::file(&terms))?;
        }
        let armed = Generations::new(place.folder()).current() == Some(state.generation);
        Ok(CourseEnd::Ready { armed })
    }
}
