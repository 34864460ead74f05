//! Looks at the camera, and stores what is worth it.

use std::path::Path;

use super::error::LearnError;
use super::eye::{Eye, Look, Seen};
use super::place::LearnPlace;
use super::sketch::Sketcher;
use super::so_far::so_far;
use super::state::State;
use super::store::{Offered, Store};
use crate::capture::{FrameSource, SourceError};
use crate::clock::Clock;
use crate::health::ServiceManager;
use crate::model::InputSection;
use crate::replay::list_footage;
use crate::runtime::{Intake, IntakeOptions, MAX_STEP_PERIODS, Shutdown, Slot, Taken};

/// Pictures of a clip: enough for a dozen windows of the network.
const CLIP_FRAMES: usize = 16;

/// What a power cut may cost.
const SAVE_EVERY_S: f64 = 60.0;

/// Fewer clips are too little to learn from: a fifth of a minute.
const LEAST_CLIPS: usize = 12;
/// Fewer that differ show but one moment.
const LEAST_DISTINCT: usize = 6;

/// A phase that looks at the camera and fills the store.
pub(super) struct Observation<'a> {
    pub place: &'a LearnPlace,
    pub clock: &'a dyn Clock,
    pub shutdown: &'a Shutdown,
    pub store: &'a mut Store,
    pub service: &'a ServiceManager,
    pub state: &'a mut State,
    pub input: InputSection,
    /// Whether the end of the footage is a lost camera.
    pub end_is_loss: bool,
}

impl Observation<'_> {
    /// Observes the camera for as long as the state says.
    ///
    /// # Errors
    /// A camera that never could be opened, and a store or state that cannot be written.
    pub fn of_camera(self, mut eye: Eye<'_, '_>) -> Result<Seen, LearnError> {
        let limit_s = self.state.observe_for_s;
        let mut observer = Observer::new(self, limit_s);
        let seen = eye.keep_open(&mut observer)?;
        observer.save()?;
        Ok(seen)
    }

    /// Takes in recorded footage, all of it.
    ///
    /// # Errors
    /// Footage that cannot be read, and as [`Observation::of_camera`].
    pub fn of_footage(self, path: &Path) -> Result<Seen, LearnError> {
        let fps = self.input.fps;
        let mut observer = Observer::new(Self { end_is_loss: false, ..self }, f64::INFINITY);
        let mut seen = Seen::Footage;
        for clip in list_footage(path)? {
            seen = observer.look(clip.open(fps)?)?;
            if seen == Seen::Stopped {
                break;
            }
        }
        observer.save()?;
        Ok(seen)
    }
}

/// Why what is stored is too little to learn from, and what to do; `None` where it is
/// enough.
pub(super) fn shortfall(store: &Store, state: &State, accept_calm: bool) -> Option<String> {
    let (clips, seen) = (store.clips(), &state.coverage);
    let remedy = "observe for longer, for instance with `--observe 48h`: the same command goes on \
                  with what is stored";
    if clips < LEAST_CLIPS {
        return Some(format!(
            "only {clips} clips of {CLIP_FRAMES} pictures in a row were stored, and at least \
             {LEAST_CLIPS} are needed ({seen}): does the camera deliver enough pictures a \
             second? If so, {remedy}"
        ));
    }
    if accept_calm {
        return None;
    }
    let calm = "; if nothing else ever happens here, give --accept-calm";
    if store.moving() == 0 {
        return Some(format!(
            "nothing has moved ({seen}), so there is nothing to learn of what moves here: is the \
             camera covered, or is the picture frozen? If not, {remedy}{calm}"
        ));
    }
    let distinct = store.distinct(LEAST_DISTINCT);
    (distinct < LEAST_DISTINCT).then(|| {
        format!(
            "all {clips} clips show much the same: only {distinct} of them differ, and at least \
             {LEAST_DISTINCT} should ({seen}): {remedy}{calm}"
        )
    })
}

struct Observer<'a> {
    on: Observation<'a>,
    limit_s: f64,
    sketcher: Sketcher,
    clip: Vec<Vec<u8>>,
    last_ns: Option<u64>,
    unsaved_s: f64,
    has_seen: bool,
}

impl<'a> Observer<'a> {
    fn new(on: Observation<'a>, limit_s: f64) -> Self {
        let sketcher = Sketcher::new(on.input.spec());
        Self {
            on,
            limit_s,
            sketcher,
            clip: Vec::new(),
            last_ns: None,
            unsaved_s: 0.0,
            has_seen: false,
        }
    }

    /// A gap: what comes next does not follow from what was.
    fn begin_clip(&mut self) {
        self.clip.clear();
        self.last_ns = None;
    }

    fn take(&mut self, slot: &Slot) -> Result<(), LearnError> {
        self.has_seen = true;
        let period_s = 1.0 / self.on.input.fps;
        let step_s = match self.last_ns {
            Some(last_ns) if slot.timestamp_ns > last_ns => {
                (slot.timestamp_ns - last_ns) as f64 / 1e9
            }
            Some(_) => f64::INFINITY,
            None => period_s,
        };
        if step_s > MAX_STEP_PERIODS * period_s {
            self.begin_clip();
        }
        self.last_ns = Some(slot.timestamp_ns);
        let seen_s = step_s.min(MAX_STEP_PERIODS * period_s);
        self.on.state.observed_s += seen_s;
        self.unsaved_s += seen_s;
        self.clip.push(slot.data.clone());
        if self.clip.len() == CLIP_FRAMES {
            self.offer()?;
        }
        if self.unsaved_s >= SAVE_EVERY_S {
            self.save()?;
        }
        Ok(())
    }

    fn offer(&mut self) -> Result<(), LearnError> {
        let frames = std::mem::take(&mut self.clip);
        let unix_s = self.on.clock.wall_ns() / 1_000_000_000;
        let hour = (unix_s / 3600 % 24) as u8;
        let sketch = self.sketcher.sketch(frames.iter().map(Vec::as_slice), hour);
        let state = &mut *self.on.state;
        state.coverage.see(&sketch, CLIP_FRAMES as f64 / self.on.input.fps);
        match self.on.store.offer(&frames, sketch, unix_s)? {
            Offered::Kept | Offered::Known => {}
            Offered::DiskFull { max_bytes } => {
                let what = format!(
                    "the disk is full: the store keeps to {:.1} MB from here on; free some space",
                    max_bytes as f64 / 1e6
                );
                log::warn!("{what}");
                state.last_error = Some(what);
            }
        }
        (state.clips, state.store_bytes) = (self.on.store.clips(), self.on.store.bytes());
        Ok(())
    }

    fn save(&mut self) -> Result<(), LearnError> {
        self.unsaved_s = 0.0;
        self.on.store.sync();
        let state = &*self.on.state;
        let said = format!(
            "observing: {}; {} clips, {:.1} MB; {}",
            so_far(state.observed_s, state.observe_for_s),
            state.clips,
            state.store_bytes as f64 / 1e6,
            state.coverage
        );
        log::info!("{said}");
        self.on.service.status(&said);
        state.save(self.on.place)
    }
}

impl Look for Observer<'_> {
    fn look(&mut self, source: Box<dyn FrameSource + Send>) -> Result<Seen, LearnError> {
        log::info!("observing {}", source.describe());
        let (spec, period_ns) = (self.on.input.spec(), self.on.input.period_ns());
        let options = IntakeOptions { spec, period_ns, stabilise: false, usual_light: None };
        let mut intake = Intake::new(source, options);
        let mut slot = Slot { data: vec![0; spec.frame_len()], ..Slot::default() };
        self.begin_clip();
        loop {
            if self.on.shutdown.is_requested() {
                return Ok(Seen::Stopped);
            }
            if self.on.state.observed_s >= self.limit_s {
                return Ok(Seen::Enough);
            }
            match intake.take(&mut slot)? {
                Taken::Frame => self.take(&slot)?,
                Taken::Thinned | Taken::Settling => {}
                Taken::Skipped { sequence, reason } => {
                    log::warn!("frame {sequence} skipped: {reason}");
                    self.begin_clip();
                }
                Taken::End if self.on.end_is_loss => {
                    return Err(SourceError::disconnected("the source ended").into());
                }
                Taken::End => return Ok(Seen::Footage),
            }
        }
    }

    fn has_seen(&self) -> bool {
        self.has_seen
    }

    fn lost(&mut self, why: &SourceError) {
        self.on.state.losses += 1;
        self.on.state.last_error = Some(format!("camera lost: {why}"));
        if let Err(error) = self.save() {
            log::warn!("{error}");
        }
    }
}
