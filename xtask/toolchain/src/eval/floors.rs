//! Predictors that learn nothing: what any model must beat.

use super::dataset::{Dataset, TestClip, total_frames};
use super::measure::ranking;
use super::perturb::{Perturbation, Perturbed};
use super::pixels::{PixelTally, Stretch};
use super::results::Floor;
use super::{EvalArgs, Protocol};
use crate::workers;
use anyhow::{Context, Result};
use normwatch::capture::FrameSource;
use normwatch::model::Bundle;
use normwatch::preprocess::{Channels, Edges, InputSpec, Preprocessor, Resize};
use normwatch::replay::Clip;
use normwatch::score::{BlockRule, ErrorMap, Mask, normality, psnr_db};
use normwatch_progress::ProgressBar;

/// The size that the literature's figures are for.
const LITERATURE_PX: usize = 256;

/// How floors are measured.
pub struct FloorSetup<'a> {
    pub dataset: &'a Dataset,
    pub spec: InputSpec,
    /// How the block term is computed: the bundle's own rule.
    pub rule: BlockRule,
    /// Frames at the beginning of each clip that no model scores.
    pub skipped_frames: usize,
    /// Frames a second of the clips; only smoothing depends on it.
    pub fps: f64,
    pub jobs: usize,
    pub with_masks: bool,
    pub perturbation: Option<(Perturbation, u64)>,
    /// Whether pictures of a swaying camera are moved back.
    pub stabilise: bool,
    pub bar: ProgressBar,
}

/// The floors at each bundle's size and at the literature's, none twice: by the rule
/// of each bundle.
///
/// # Errors
/// A frame or a mask that cannot be read.
pub fn measure(args: &EvalArgs, dataset: &Dataset, bundles: &[Bundle]) -> Result<Vec<Floor>> {
    let mut floors: Vec<Floor> = Vec::new();
    let mut done: Vec<(InputSpec, BlockRule)> = Vec::new();
    for bundle in bundles {
        let own = || FloorSetup::of(args, dataset, bundle, None);
        for setup in [own(), own().at_literature_size()] {
            let how = (setup.spec, setup.rule);
            if !done.contains(&how) {
                floors.extend(setup.both()?);
                done.push(how);
            }
        }
    }
    Ok(floors)
}

/// What is known of one test clip.
struct ClipScores {
    psnr_db: Vec<f64>,
    block: Vec<f64>,
    truth: Vec<bool>,
    tally: Option<PixelTally>,
}

impl<'a> FloorSetup<'a> {
    /// At a bundle's size and by its rule, without a bar.
    pub fn of(
        args: &EvalArgs,
        dataset: &'a Dataset,
        bundle: &Bundle,
        perturbation: Option<Perturbation>,
    ) -> Self {
        let manifest = bundle.manifest();
        Self {
            dataset,
            spec: manifest.input.spec(),
            rule: manifest.score.into(),
            skipped_frames: manifest.input.past_span(),
            fps: args.fps.unwrap_or(manifest.input.fps),
            jobs: usize::from(args.jobs),
            with_masks: perturbation.is_none() && args.protocol != Protocol::Paper,
            perturbation: perturbation.map(|how| (how, args.seed)),
            stabilise: !args.no_stabilise,
            bar: ProgressBar::hidden(),
        }
    }

    /// The same at the literature's size, with a block that covers as much.
    fn at_literature_size(self) -> Self {
        let spec = InputSpec {
            width_px: LITERATURE_PX,
            height_px: LITERATURE_PX,
            resize: Resize::Bilinear,
            ..self.spec
        };
        let block_px = (self.rule.block_px * LITERATURE_PX / self.spec.width_px.max(1)).max(1);
        Self { spec, rule: BlockRule { block_px, ..self.rule }, ..self }
    }

    /// Both predictors; without training footage only the first.
    ///
    /// # Errors
    /// A frame or a mask that cannot be read.
    pub fn both(mut self) -> Result<Vec<Floor>> {
        let (testing, training) = (&self.dataset.testing, &self.dataset.training);
        let frames =
            2 * total_frames(testing.iter().map(|test| &test.clip)) + total_frames(training);
        let what = format!("floors at {}×{}", self.spec.width_px, self.spec.height_px);
        self.bar = normwatch_progress::bar(what, "frames", frames);
        let mut floors = vec![self.last_frame()?];
        if !training.is_empty() {
            floors.push(self.mean_background()?);
        }
        self.bar.finish_and_clear();
        Ok(floors)
    }

    /// "The next frame is the last one."
    ///
    /// # Errors
    /// A frame or a mask that cannot be read.
    pub fn last_frame(&self) -> Result<Floor> {
        self.measure("last frame", None)
    }

    /// "The next frame is the mean of all training frames."
    ///
    /// # Errors
    /// A frame or a mask that cannot be read; no training footage.
    pub fn mean_background(&self) -> Result<Floor> {
        let training = &self.dataset.training;
        let sums = workers::map(self.jobs, training.len(), |index| {
            let mut sums = vec![0u64; self.spec.frame_len()];
            let mut count = 0u64;
            self.each_frame(&training[index], None, |_, frame| {
                sums.iter_mut().zip(frame).for_each(|(sum, &v)| *sum += u64::from(v));
                count += 1;
                Ok(())
            })?;
            Ok((sums, count))
        })?;
        let count: u64 = sums.iter().map(|(_, count)| count).sum();
        let mean = |i: usize| sums.iter().map(|(s, _)| s[i]).sum::<u64>() as f64 / count as f64;
        let mean: Vec<f32> =
            (0..self.spec.frame_len()).map(|i| (mean(i) / 127.5 - 1.0) as f32).collect();
        self.measure("mean background", Some(&mean))
    }

    fn measure(&self, predictor: &'static str, fixed: Option<&[f32]>) -> Result<Floor> {
        let testing = &self.dataset.testing;
        let clips =
            workers::map(self.jobs, testing.len(), |index| self.clip(&testing[index], fixed))?;
        let truth: Vec<bool> = clips.iter().flat_map(|c| c.truth.iter().copied()).collect();
        let column = |pick: fn(&ClipScores) -> Vec<f64>| -> Vec<f64> {
            clips.iter().flat_map(pick).collect()
        };
        let normalised = |clip: &ClipScores| -> Vec<f64> {
            let constant = vec![0.0; clip.psnr_db.len()];
            normality(&clip.psnr_db, &constant, 1.0).iter().map(|s| 1.0 - s).collect()
        };
        let mut tally: Option<PixelTally> = None;
        for clip in clips.iter().filter_map(|clip| clip.tally.as_ref()) {
            tally.get_or_insert_default().merge(clip);
        }
        Ok(Floor {
            predictor,
            width_px: self.spec.width_px,
            height_px: self.spec.height_px,
            paper: ranking(&column(normalised), &truth),
            psnr: ranking(&column(|c| c.psnr_db.iter().map(|p| -p).collect()), &truth),
            block: ranking(&column(|c| c.block.clone()), &truth),
            pixel_auroc: tally.and_then(|tally| tally.auroc()),
        })
    }

    fn clip(&self, test: &TestClip, fixed: Option<&[f32]>) -> Result<ClipScores> {
        let size = (self.spec.width_px, self.spec.height_px);
        let mut map = ErrorMap::new(Mask::everything(size.0, size.1), self.rule);
        let mut prediction = fixed.map_or(vec![0.0; self.spec.frame_len()], <[f32]>::to_vec);
        let mut masks = if self.with_masks { test.masks()? } else { None };
        let (mut stretch, mut before) = (None, Vec::new());
        let mut out = ClipScores {
            psnr_db: Vec::new(),
            block: Vec::new(),
            truth: Vec::new(),
            tally: masks.is_some().then(PixelTally::default),
        };
        self.each_frame(&test.clip, self.perturbation, |index, frame| {
            if index >= self.skipped_frames.max(1) {
                let now_ns = (index as f64 * 1e9 / self.fps) as u64;
                let at = (Edges::default(), now_ns);
                let error = map.measure_within(&prediction, frame, Some(&before), at);
                out.psnr_db.push(psnr_db(&error));
                out.block.push(f64::from(error.worst_block.ratio));
                out.truth.push(test.truth[index]);
                if let (Some(masks), Some(tally)) = (&mut masks, &mut out.tally) {
                    let mask = masks.read(index as u64)?;
                    stretch
                        .get_or_insert_with(|| Stretch::new(size, (mask.width_px, mask.height_px)))
                        .each(map.map(), |i, error| tally.add(error, mask.set[i]));
                }
            }
            before.clear();
            before.extend_from_slice(frame);
            if fixed.is_none() {
                let value = |(to, &byte): (&mut f32, &u8)| *to = f32::from(byte) / 127.5 - 1.0;
                prediction.iter_mut().zip(frame).for_each(value);
            }
            Ok(())
        })?;
        Ok(out)
    }

    fn each_frame(
        &self,
        clip: &Clip,
        perturbation: Option<(Perturbation, u64)>,
        mut each: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut source: Box<dyn FrameSource + Send> = match perturbation {
            Some((how, seed)) => {
                let grey = self.spec.channels == Channels::Luma;
                Box::new(Perturbed::open(clip, self.fps, grey, how, seed)?)
            }
            None => clip.open(self.fps)?,
        };
        let mut preprocessor = Preprocessor::new(self.spec).steadied(self.stabilise);
        let mut planes = vec![0; self.spec.frame_len()];
        let mut index = 0;
        let needed = || format!("clip `{}`: an evaluation needs every frame", clip.name);
        while let Some(frame) = source.next_frame().with_context(needed)? {
            let sequence = frame.sequence;
            preprocessor
                .process(&frame, &mut planes)
                .with_context(|| format!("clip `{}`: frame {sequence}", clip.name))?;
            each(index, &planes)?;
            index += 1;
            self.bar.inc(1);
        }
        Ok(())
    }
}
