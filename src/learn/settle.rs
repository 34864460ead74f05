//! The new network judges what the camera shows, and its levels are found.
//!
//! Of each frame its score terms are kept, and no picture. The camera is judged without a
//! gap, so that rates and durations are true: a store of chosen clips has neither.

use std::path::PathBuf;

use super::error::LearnError;
use super::eye::{Eye, Look, Seen};
use super::guarded::{Guarded, Unjudged};
use super::place::LearnPlace;
use super::so_far::so_far;
use super::state::State;
use super::terms::Terms;
use super::verdict::Verdict;
use crate::alarm::Pattern;
use crate::calibrate::{BackgroundFootage, Calibration, calibrate};
use crate::capture::{FrameSource, SourceError};
use crate::config::Site;
use crate::gpio::SimulatedLines;
use crate::health::ServiceManager;
use crate::model::{Bundle, NetworkOptions};
use crate::output::{EventLog, JsonLines};
use crate::replay::{PlayError, PlayOptions, replay_clip, term_sample, usual_weights};
use crate::runtime::{
    FrameScore, Intake, MAX_STEP_PERIODS, NO_LEVELS, Scoring, Shutdown, SlowViewOptions,
    UpdatePolicy, default_alarm,
};
use crate::score::BlockRule;
use crate::station::{View, levels};

/// What a power cut may cost.
const SAVE_EVERY_S: f64 = 60.0;
/// How often the levels so far are told.
const TELL_EVERY_S: f64 = 3600.0;
/// A longer time between two frames was not seen.
const LONGEST_STEP_S: f64 = 1.0;

/// A network that settles.
pub(super) struct Settling<'a> {
    pub place: &'a LearnPlace,
    pub site: &'a Site,
    pub bundle: PathBuf,
    pub service: &'a ServiceManager,
    pub shutdown: &'a Shutdown,
    pub state: &'a mut State,
    pub end_is_loss: bool,
}

/// Judges the camera for as long as the state says, and puts the calibration into the
/// bundle.
///
/// # Errors
/// A camera that never could be opened, a bundle or view that does not fit, files that
/// cannot be written, and terms that make no calibration.
pub(super) fn settle(on: Settling<'_>, mut eye: Eye<'_, '_>) -> Result<Seen, LearnError> {
    let threads = on.site.threads as usize;
    let network = NetworkOptions { threads, ..NetworkOptions::default() };
    let mut bundle = Bundle::load_with(&on.bundle, network)?;
    let view = View::of(on.site, &bundle)?;
    let input = bundle.manifest().input;
    let terms = Terms::open(&on.place.terms(on.state.generation))?;
    // What was not on the disk when the power went was not judged.
    let judged_s = terms.count() as f64 * MAX_STEP_PERIODS / input.fps;
    on.state.settled_s = on.state.settled_s.min(judged_s);
    if on.state.settled_s >= on.state.settle_for_s && bundle.calibration_file().is_some() {
        // The last run was cut off behind its last step.
        return Ok(Seen::Enough);
    }
    let mut settler = Settler {
        rule: BlockRule::from(bundle.manifest().score),
        told_s: on.state.settled_s,
        unsaved_s: 0.0,
        background: BackgroundFootage::new(input.width_px, input.height_px),
        on,
        view,
        terms,
        bundle: &bundle,
    };
    let seen = eye.keep_open(&mut settler)?;
    settler.save()?;
    if seen == Seen::Stopped {
        return Ok(seen);
    }
    let (mut calibration, verdict) = settler.calibration()?;
    settler.on.state.verdict = Some(verdict);
    let Settler { background, view, .. } = settler;
    let background = background.and_then(|seen| seen.learn(&view.mask)).map(|(stays, file)| {
        calibration.stays = Some(stays);
        file
    });
    if background.is_none() {
        log::warn!(
            "too little was seen since the last start to tell what stays from what passes: \
             calibrate again later for that"
        );
    }
    bundle.store_calibration(&calibration.to_toml(), background.as_deref())?;
    Ok(seen)
}

struct Settler<'a> {
    on: Settling<'a>,
    bundle: &'a Bundle,
    view: View,
    rule: BlockRule,
    terms: Terms,
    background: Option<BackgroundFootage>,
    told_s: f64,
    unsaved_s: f64,
}

/// Why one opening of the camera is no longer judged.
enum Halt {
    Enough,
    Stopped,
    Failed(LearnError),
}

impl From<PlayError> for Halt {
    fn from(error: PlayError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LearnError> for Halt {
    fn from(error: LearnError) -> Self {
        Self::Failed(error)
    }
}

impl Settler<'_> {
    fn take(
        &mut self,
        score: &FrameScore,
        frame: &[u8],
        last_ns: Option<u64>,
    ) -> Result<(), LearnError> {
        self.terms.push(&term_sample(score))?;
        if let Some(background) = &mut self.background {
            background.see(frame, score.timestamp_ns);
        }
        let period_s = 1.0 / self.bundle.manifest().input.fps;
        let step_s = last_ns
            .map_or(period_s, |last_ns| score.timestamp_ns.saturating_sub(last_ns) as f64 / 1e9);
        let seen_s = step_s.min(LONGEST_STEP_S);
        self.on.state.settled_s += seen_s;
        self.unsaved_s += seen_s;
        if self.unsaved_s >= SAVE_EVERY_S {
            self.save()?;
        }
        if self.on.state.settled_s - self.told_s >= TELL_EVERY_S {
            self.told_s = self.on.state.settled_s;
            self.tell()?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), LearnError> {
        self.unsaved_s = 0.0;
        self.terms.sync()?;
        let State { settled_s, settle_for_s, .. } = *self.on.state;
        self.on.service.status(&format!("settling: {}", so_far(settled_s, settle_for_s)));
        self.on.state.save(self.on.place)
    }

    fn tell(&mut self) -> Result<(), LearnError> {
        match self.calibration() {
            Ok((_, verdict)) => {
                log::info!("settling: {verdict}");
                self.on.state.verdict = Some(verdict);
                Ok(())
            }
            Err(LearnError::Calibration(error)) => {
                log::info!("settling: no levels yet: {error}");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The levels so far.
    fn calibration(&mut self) -> Result<(Calibration, Verdict), LearnError> {
        let clips = self.terms.clips()?;
        let (bundle, mask) = (self.bundle, self.view.mask.identity());
        let mut calibration = calibrate(
            &clips,
            bundle.manifest().input.period_ns(),
            (self.rule, usual_weights(bundle)),
            (bundle.model_sha256(), &mask),
            "the site's camera, while the network settled",
        )?;
        calibration.zones_sha256 = Some(self.view.mask.weighting().identity());
        calibration.conditions_sha256 = Some(bundle.conditions_sha256());
        let per_day = self.on.site.budget.alarms_per_day;
        let report = levels(&calibration, per_day, self.view.min_duration_ms)
            .map_err(|error| LearnError::Folder(error.to_string()))?;
        Ok((calibration, Verdict::from(&report)))
    }
}

impl Look for Settler<'_> {
    fn look(&mut self, source: Box<dyn FrameSource + Send>) -> Result<Seen, LearnError> {
        log::info!("settling with {}", source.describe());
        let options = PlayOptions {
            alarm: default_alarm(NO_LEVELS),
            mask: self.view.mask.clone(),
            scoring: Scoring::Terms(self.rule),
            update: UpdatePolicy::Frozen,
            fps: self.bundle.manifest().input.fps,
            stabilise: self.view.stabilise,
            motion_gate_levels: None,
            slow: SlowViewOptions::default(),
            pictures: None,
            trace: None,
        };
        let pipeline = options.pipeline(self.bundle);
        let (_lines, outputs) = SimulatedLines::new(Pattern::Steady);
        let log = EventLog::new(None::<JsonLines<Vec<u8>>>);
        let mut monitor = pipeline.monitor(outputs, log, 0);
        let pool = pipeline.slots();
        let (shutdown, unjudged) = (self.on.shutdown.clone(), Unjudged::default());
        let guarded = Guarded { source, shutdown, unjudged: unjudged.clone() };
        let mut intake = Intake::new(Box::new(guarded), pipeline.intake());
        self.terms.begin_clip();
        let mut last_ns = None;
        let played = replay_clip(&mut intake, &mut monitor, &pool, |step, _, frame, _| {
            if self.on.shutdown.is_requested() {
                return Err(Halt::Stopped);
            }
            if self.on.state.settled_s >= self.on.state.settle_for_s {
                return Err(Halt::Enough);
            }
            let Some(score) = &step.score else { return Ok(()) };
            unjudged.reset();
            self.take(score, frame, last_ns.replace(score.timestamp_ns))?;
            Ok(())
        });
        match played {
            Ok(_) if self.on.end_is_loss => {
                Err(SourceError::disconnected("the source ended").into())
            }
            Ok(_) => Ok(Seen::Footage),
            Err(Halt::Enough) => Ok(Seen::Enough),
            Err(Halt::Stopped) => Ok(Seen::Stopped),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    fn has_seen(&self) -> bool {
        self.terms.count() > 0
    }

    fn lost(&mut self, why: &SourceError) {
        self.on.state.losses += 1;
        self.on.state.last_error = Some(format!("camera lost: {why}"));
        if let Err(error) = self.save() {
            log::warn!("{error}");
        }
    }
}
