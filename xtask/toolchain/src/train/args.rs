//! The flags of `train`, and what they come to.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::Args;
use normwatch::model::InputSection;
use normwatch::preprocess::{Channels, Resize};

use super::backend::Backend;
use super::footage::recorded_fps;
use crate::net::{NetworkSpec, Predicts, Preset, PresetValues, Task, Upsampling};
use crate::run::{Schedule, TrainingRecord, UpdateNormaliser};

/// Train a network on a camera's normal footage.
///
/// The footage must show what is normal, and nothing else. It is read through
/// the runtime's own capture and preprocessing, so that training sees exactly
/// what the device will see. The last 15 % are held out: after each epoch, the
/// checkpoint whose error best tells held-out frames from the same frames with
/// a patch pasted into them becomes RUN/best.safetensors.
///
/// The same command goes on where a killed training stopped, and ends with the
/// same weights as an unbroken one. `export` makes a bundle of RUN.
#[derive(Args, Clone, Debug)]
pub struct TrainArgs {
    /// Normal footage: a folder of images, a folder of such folders, a
    /// recording of `normwatch record`, or a video file. May be given more
    /// than once.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub footage: Vec<PathBuf>,
    /// Folder of the training, the RUN: run.toml, checkpoints, log.jsonl.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Network and training to start from; the other flags change single values.
    #[arg(long, value_enum, default_value = "edge")]
    pub preset: Preset,
    /// Where the arithmetic is done.
    #[arg(long, value_enum, default_value = "cpu")]
    pub backend: Backend,
    /// Equal seeds, footage and flags give equal weights.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON line for each epoch, and a summary.
    #[arg(long)]
    pub json: bool,
    /// Time between two checkpoints within an epoch.
    #[arg(long, default_value_t = 2.0, value_name = "MINUTES")]
    pub checkpoint_minutes: f64,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(flatten)]
    pub training: TrainingArgs,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Network [defaults: the preset's]")]
pub struct NetworkArgs {
    /// Width of the frames that the network takes, a multiple of 8.
    #[arg(long)]
    pub width_px: Option<usize>,
    /// Height of the frames that the network takes, a multiple of 8.
    #[arg(long)]
    pub height_px: Option<usize>,
    /// `luma`, `rgb` or `bgr`.
    #[arg(long, value_parser = parse_channels)]
    pub channels: Option<Channels>,
    /// How frames are scaled: `bilinear`, or `area` against aliasing.
    #[arg(long, value_parser = parse_resize)]
    pub resize: Option<Resize>,
    /// Past frames that the prediction is made from.
    #[arg(long)]
    pub frames: Option<usize>,
    /// Frames from one that the network sees to the next: with 2, frame i is
    /// predicted from i−8, i−6, i−4 and i−2. Slow motion shows better.
    #[arg(long)]
    pub frame_spacing: Option<usize>,
    /// Frames a second of the footage, and of the device later
    /// [default: the recording's own, else 10].
    #[arg(long)]
    pub fps: Option<f64>,
    /// Channels of the first block; queries have 8 times as many.
    #[arg(long)]
    pub base_width: Option<usize>,
    /// Memory items.
    #[arg(long)]
    pub items: Option<usize>,
    /// What similarities are divided by before the softmax that reads the
    /// memory: at 1, as published, the read is all but the mean item; near 0
    /// it is the nearest one.
    #[arg(long)]
    pub temperature: Option<f32>,
    /// What the network's last layer gives: the next frame, or its change since
    /// the newest one.
    #[arg(long, value_enum)]
    pub predicts: Option<Predicts>,
    /// How the decoder doubles its resolution.
    #[arg(long, value_enum)]
    pub upsampling: Option<Upsampling>,
    /// Whether jumps of the light are taken out of the pictures, now and on the device: an
    /// automatic exposure, a lamp. [default: of `edge` and `nano`, unless more than 2 % of
    /// the frames jump]
    #[arg(long)]
    pub relight: Option<bool>,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Training [defaults: the preset's]")]
pub struct TrainingArgs {
    /// How often every window is seen.
    #[arg(long, conflicts_with_all = ["steps", "minutes"])]
    pub epochs: Option<usize>,
    /// Steps in all, about.
    #[arg(long, conflicts_with = "minutes")]
    pub steps: Option<usize>,
    /// Time in minutes from the start to the last checkpoint. The learning
    /// rate falls by the time that is over, so that the training is whole on
    /// any machine, however busy; its weights are then no machine's but this
    /// one's. `--epochs` and `--steps` give equal weights everywhere.
    #[arg(long)]
    pub minutes: Option<f64>,
    /// Windows in a step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Adam's step size at the start; it falls to 0 along half a cosine.
    #[arg(long)]
    pub learning_rate: Option<f64>,
    /// Weight of the compactness loss.
    #[arg(long)]
    pub compact: Option<f64>,
    /// Weight of the separateness loss.
    #[arg(long)]
    pub separate: Option<f64>,
    /// How much more a pixel counts in the loss where something moves: with 4,
    /// five times as much. 0 counts all alike, as published.
    #[arg(long, value_name = "EXTRA")]
    pub motion_weight: Option<f64>,
    /// What divides the update weights of the memory.
    #[arg(long, value_enum, default_value = "released")]
    pub normaliser: Option<UpdateNormaliser>,
    /// Share of the footage that only validation sees.
    #[arg(long, default_value_t = 0.15)]
    pub held_out: f64,
    /// Blend each memory update with this share of the old item, for instance
    /// 0.9. As published, an update all but replaces the item.
    #[arg(long, value_name = "SHARE")]
    pub ema_memory: Option<f64>,
    /// Mirror every second window.
    #[arg(long)]
    pub flip: bool,
    /// Change contrast and brightness of each window by up to this share, for
    /// instance 0.1.
    #[arg(long, value_name = "SHARE")]
    pub light_changes: Option<f64>,
    /// Paste a moving patch into the input, not the target, of this share of
    /// the windows: the network learns not to predict what it does not know.
    #[arg(long, value_name = "SHARE")]
    pub pseudo_anomalies: Option<f64>,
    /// Play this share of the windows 2 to 4 times as fast, in a region or all
    /// over, and drive the queries of what moves there away from the memory:
    /// its distance then says what is not among the normal patterns. 0.25, for
    /// instance.
    #[arg(long, value_name = "SHARE")]
    pub skip_frames: Option<f64>,
    /// Weight of the loss that does so.
    #[arg(long, default_value_t = 0.05, requires = "skip_frames")]
    pub contrast: f64,
    /// A RUN of a bigger network with the same frames; its predictions are
    /// learnt beside the footage.
    #[arg(long, value_name = "RUN")]
    pub teacher: Option<PathBuf>,
    /// Weight of the squared difference to the teacher's prediction.
    #[arg(long, default_value_t = 1.0, requires = "teacher")]
    pub teacher_weight: f64,
}

fn parse_channels(text: &str) -> Result<Channels, String> {
    match text {
        "luma" => Ok(Channels::Luma),
        "rgb" => Ok(Channels::Rgb),
        "bgr" => Ok(Channels::Bgr),
        _ => Err("it is luma, rgb or bgr".into()),
    }
}

fn parse_resize(text: &str) -> Result<Resize, String> {
    match text {
        "bilinear" => Ok(Resize::Bilinear),
        "area" => Ok(Resize::Area),
        _ => Err("it is bilinear or area".into()),
    }
}

impl TrainArgs {
    /// The preset with the flags' changes, and the footage's rate.
    ///
    /// # Errors
    /// Values that make no network, and recordings of another rate.
    pub fn network(&self) -> Result<PresetValues> {
        let PresetValues { network, input } = self.preset.values();
        let args = &self.network;
        let network = NetworkSpec {
            base_width: args.base_width.unwrap_or(network.base_width),
            items: args.items.unwrap_or(network.items),
            temperature: args.temperature.unwrap_or(network.temperature),
            upsampling: args.upsampling.unwrap_or(network.upsampling),
            predicts: args.predicts.unwrap_or(network.predicts),
            ..network
        };
        let input = InputSection {
            width_px: args.width_px.unwrap_or(input.width_px),
            height_px: args.height_px.unwrap_or(input.height_px),
            channels: args.channels.unwrap_or(input.channels),
            resize: args.resize.unwrap_or(input.resize),
            frames: args.frames.unwrap_or(input.frames),
            frame_spacing: args.frame_spacing.unwrap_or(input.frame_spacing),
            fps: self.fps(input.fps)?,
            relight: args.relight.unwrap_or(input.relight),
        };
        network.check(&input)?;
        Ok(PresetValues { network, input })
    }

    fn fps(&self, default: f64) -> Result<f64> {
        let mut fps = self.network.fps;
        for path in &self.footage {
            match (recorded_fps(path)?, fps) {
                (Some(recorded), Some(fps)) if recorded != fps => bail!(
                    "{} was recorded at {recorded} frames a second, not {fps}: train each rate \
                     on its own",
                    path.display()
                ),
                (Some(recorded), _) => fps = Some(recorded),
                (None, _) => {}
            }
        }
        Ok(fps.unwrap_or(default))
    }

    /// Everything but the length of the training, which needs the footage.
    ///
    /// # Errors
    /// The first value that is out of its range.
    pub fn training(&self, task: Task) -> Result<TrainingRecord> {
        let args = &self.training;
        let paper = self.preset.is_paper();
        // The published commands weigh both auxiliary losses 0.1 for
        // prediction and 0.01 for reconstruction.
        let auxiliary = if task == Task::Prediction { 0.1 } else { 0.01 };
        let record = TrainingRecord {
            seed: self.seed,
            epochs: args.epochs.unwrap_or(if paper { 60 } else { 10 }),
            steps_per_epoch: 0,
            minutes: args.minutes,
            batch: args.batch.unwrap_or(if paper { 4 } else { 8 }),
            learning_rate: args.learning_rate.unwrap_or(self.preset.learning_rate()),
            schedule: match args.minutes {
                Some(_) => Schedule::CosineByTime,
                None if paper => Schedule::CosinePerEpoch,
                None => Schedule::CosinePerStep,
            },
            compact: args.compact.unwrap_or(auxiliary),
            separate: args.separate.unwrap_or(auxiliary),
            motion_weight: args
                .motion_weight
                .or(self.preset.motion_weight())
                .filter(|extra| *extra != 0.0),
            normaliser: args.normaliser.unwrap_or(UpdateNormaliser::Released),
            settle_items: !paper,
            ema_memory: args.ema_memory,
            flip: args.flip,
            light_changes: args.light_changes,
            pseudo_anomalies: args.pseudo_anomalies,
            skip_frames: args.skip_frames,
            contrast: args.skip_frames.is_some().then_some(args.contrast),
            teacher: args.teacher.as_ref().map(|path| path.display().to_string()),
            teacher_weight: args.teacher.is_some().then_some(args.teacher_weight),
            held_out: args.held_out,
            backend: self.backend.name().into(),
        };
        check(&record)?;
        Ok(record)
    }
}

/// A year.
pub const MOST_MINUTES: f64 = 525_600.0;

fn check(record: &TrainingRecord) -> Result<()> {
    let shares = [
        ("--ema-memory", record.ema_memory),
        ("--light-changes", record.light_changes),
        ("--pseudo-anomalies", record.pseudo_anomalies),
        ("--skip-frames", record.skip_frames),
        ("--held-out", Some(record.held_out)),
    ];
    for (flag, share) in shares {
        let Some(share) = share else { continue };
        ensure!((0.0..1.0).contains(&share), "{flag} must be at least 0 and below 1");
    }
    ensure!(record.epochs > 0 && record.batch > 0, "--epochs and --batch must be at least 1");
    ensure!(record.learning_rate > 0.0, "--learning-rate must be above 0");
    ensure!(
        record.motion_weight.is_none_or(|extra| (0.0..=1000.0).contains(&extra)),
        "--motion-weight must be between 0 and 1000"
    );
    ensure!(
        record
            .minutes
            .is_none_or(|minutes| (0.0..=MOST_MINUTES).contains(&minutes) && minutes > 0.0),
        "--minutes must be above 0 and at most {MOST_MINUTES}, which is a year"
    );
    Ok(())
}
