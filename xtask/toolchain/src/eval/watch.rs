//! Footage through the runtime's own pipeline, and what is kept of it.

use super::dataset::{MaskReader, TestClip};
use super::perturb::{Perturbation, Perturbed};
use super::pixels::{CoarseMask, PixelTally, Stretch, box_mean};
use super::results::Localisation;
use crate::workers;
use anyhow::{Result, bail};
use normwatch::alarm::Levels;
use normwatch::calibrate::Calibration;
use normwatch::capture::{FrameSource, SourceError};
use normwatch::model::Bundle;
use normwatch::output::{Event, EventSink};
use normwatch::preprocess::Channels;
use normwatch::replay::{Clip, ClipTrace, Moment, PlayOptions, Playing, play_from};
use normwatch::runtime::default_alarm;
use normwatch::runtime::{Scoring, SlowViewOptions, UpdatePolicy};
use normwatch::station::whole_picture;
use normwatch_progress::ProgressBar;
use std::io;
use std::sync::{Arc, Mutex};

/// How footage is played.
#[derive(Clone)]
pub struct Setup<'a> {
    pub bundle: &'a Bundle,
    pub calibration: Option<&'a Calibration>,
    pub levels: Levels,
    pub update: UpdatePolicy,
    pub fps: f64,
    /// Whether pictures of a swaying camera are moved back.
    pub stabilise: bool,
    /// Below it the network rests.
    pub motion_gate_levels: Option<f32>,
    pub jobs: usize,
    pub perturbation: Option<(Perturbation, u64)>,
    pub bar: ProgressBar,
}

/// Sees every judged frame of one clip.
pub trait Observer: Send {
    /// # Errors
    /// What ends the evaluation.
    fn see(&mut self, playing: &Playing<'_>) -> Result<()>;
}

impl Observer for () {
    fn see(&mut self, _: &Playing<'_>) -> Result<()> {
        Ok(())
    }
}

impl Setup<'_> {
    /// Plays the clips, each with an observer of its own. A frozen memory makes
    /// the clips independent, and they are shared among the threads; a memory
    /// that learns goes from clip to clip, in order, in one.
    ///
    /// # Errors
    /// A clip or a frame that cannot be read, a network that fails or returns
    /// something that is not a number, or the observer's.
    pub fn play<O: Observer>(
        &self,
        clips: &[Clip],
        observer: impl Fn(usize) -> Result<O> + Sync,
    ) -> Result<Vec<(ClipTrace, O)>> {
        if self.update == UpdatePolicy::Frozen {
            return workers::map(self.jobs, clips.len(), |index| {
                let mut one = [observer(index)?];
                let mut traces = self.play_in_turn(&clips[index..=index], &mut one)?;
                let [observer] = one;
                Ok((traces.remove(0), observer))
            });
        }
        let mut observers: Vec<O> = (0..clips.len()).map(&observer).collect::<Result<_>>()?;
        let traces = self.play_in_turn(clips, &mut observers)?;
        Ok(traces.into_iter().zip(observers).collect())
    }

    fn play_in_turn<O: Observer>(
        &self,
        clips: &[Clip],
        observers: &mut [O],
    ) -> Result<Vec<ClipTrace>> {
        let options = PlayOptions {
            alarm: default_alarm(self.levels),
            mask: whole_picture(self.bundle),
            scoring: Scoring::new(self.calibration.cloned(), self.bundle),
            update: self.update,
            fps: self.fps,
            stabilise: self.stabilise,
            motion_gate_levels: self.motion_gate_levels,
            slow: SlowViewOptions::default(),
            pictures: None,
            trace: None,
        };
        let trouble = Trouble::default();
        let open = |clip: &Clip| self.open(clip);
        let mut see = |playing: &Playing<'_>| -> Result<()> {
            self.bar.inc(1);
            let index = clips.iter().position(|clip| clip == playing.clip).unwrap_or_default();
            observers[index].see(playing)
        };
        let sink = Some(trouble.clone());
        let result = play_from(self.bundle, clips, &options, &open, sink, &mut see)?;
        if let Some(what) = trouble.first() {
            bail!("{what}; an evaluation needs every frame: restore the file");
        }
        Ok(result.traces)
    }

    fn open(&self, clip: &Clip) -> Result<Box<dyn FrameSource + Send>, SourceError> {
        let Some((how, seed)) = self.perturbation else { return clip.open(self.fps) };
        let grey = self.bundle.manifest().input.channels == Channels::Luma;
        Ok(Box::new(Perturbed::open(clip, self.fps, grey, how, seed)?))
    }
}

/// Remembers the first frame that could not be used.
#[derive(Clone, Default)]
struct Trouble(Arc<Mutex<Skips>>);

#[derive(Default)]
struct Skips {
    clip: String,
    first: Option<String>,
}

impl Trouble {
    fn first(&self) -> Option<String> {
        self.0.lock().ok().and_then(|skips| skips.first.clone())
    }
}

impl EventSink for Trouble {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        let mut skips = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        match event {
            Event::Clip { clip, .. } => skips.clip.clone_from(clip),
            Event::Skip { frame, reason } if skips.first.is_none() => {
                skips.first = Some(format!("clip `{}`: frame {frame}: {reason}", skips.clip));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Compares error maps with the masks of one test clip, and keeps the frames
/// that the score is most wrong about.
pub struct Inspector<'a> {
    truth: &'a [bool],
    masks: Option<MaskReader>,
    /// Width and height of the model's frames.
    size: (usize, usize),
    block_px: usize,
    stretch: Option<Stretch>,
    /// Of the error map, and of its box filter.
    pub tallies: Option<Box<[PixelTally; 2]>>,
    pub located: Located,
    /// The normal frame with the highest score.
    pub worst_normal: Option<Moment>,
    /// The abnormal frame with the lowest score.
    pub worst_abnormal: Option<Moment>,
}

/// Blocks on the anomaly, in alarmed abnormal frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Located {
    pub frames: usize,
    pub hits: usize,
    chance: f64,
}

impl Located {
    pub fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.hits += other.hits;
        self.chance += other.chance;
    }

    pub fn result(&self) -> Localisation {
        let share = |sum: f64| (self.frames > 0).then(|| sum / self.frames as f64);
        Localisation {
            frames: self.frames,
            hits: self.hits,
            share: share(self.hits as f64),
            chance: share(self.chance),
        }
    }
}

impl<'a> Inspector<'a> {
    /// `with_masks`: whether error maps are compared, which takes a while.
    ///
    /// # Errors
    /// Masks that cannot be listed.
    pub fn new(clip: &'a TestClip, bundle: &Bundle, with_masks: bool) -> Result<Self> {
        let manifest = bundle.manifest();
        let masks = if with_masks { clip.masks()? } else { None };
        Ok(Self {
            truth: &clip.truth,
            tallies: masks.is_some().then(Box::default),
            masks,
            size: (manifest.input.width_px, manifest.input.height_px),
            block_px: manifest.score.block_px,
            stretch: None,
            located: Located::default(),
            worst_normal: None,
            worst_abnormal: None,
        })
    }

    fn compare(&mut self, playing: &Playing<'_>, frame: u64) -> Result<()> {
        let size = self.size;
        let (Some(masks), Some(tallies)) = (&mut self.masks, &mut self.tallies) else {
            return Ok(());
        };
        let mask = masks.read(frame)?;
        let mask_size = (mask.width_px, mask.height_px);
        let stretch = self.stretch.get_or_insert_with(|| Stretch::new(size, mask_size));
        if stretch.len() != mask.set.len() {
            bail!("frame {frame}: masks of different sizes in one clip");
        }
        let [plain, blocks] = &mut **tallies;
        stretch.each(playing.error_map.map(), |i, error| plain.add(error, mask.set[i]));
        let filtered = box_mean(playing.error_map.map(), size.0, self.block_px);
        stretch.each(&filtered, |i, error| blocks.add(error, mask.set[i]));
        let alarmed = playing.step.state.alarm_active() && mask.set.contains(&true);
        if let (Some(score), true) = (&playing.step.score, alarmed) {
            let block = score.place();
            let coarse = CoarseMask::new(&mask.set, mask_size, size);
            let hit = coarse.touches(block.x_px, block.y_px, block.size_px);
            let chance = coarse.chance(block.size_px);
            self.located.add(&Located { frames: 1, hits: usize::from(hit), chance });
        }
        Ok(())
    }

    fn remember(&mut self, playing: &Playing<'_>) {
        let size = self.size;
        let Some(score) = &playing.step.score else { return };
        let Some(level) = score.surprise.map(|s| s.score) else { return };
        let abnormal = self.truth[score.sequence as usize];
        let kept = if abnormal { &mut self.worst_abnormal } else { &mut self.worst_normal };
        let worse = kept.as_ref().is_none_or(|moment| {
            if abnormal { level < moment.score } else { level > moment.score }
        });
        if worse {
            *kept = Some(Moment {
                frame: score.sequence,
                score: level,
                error_map: playing.error_map.map().to_vec(),
                map_width_px: size.0,
                map_height_px: size.1,
                worst_block: score.place(),
            });
        }
    }
}

impl Observer for Inspector<'_> {
    fn see(&mut self, playing: &Playing<'_>) -> Result<()> {
        let Some(score) = &playing.step.score else {
            bail!(
                "clip `{}`: the network returned something that is not a number",
                playing.clip.name
            );
        };
        self.compare(playing, score.sequence)?;
        self.remember(playing);
        Ok(())
    }
}
