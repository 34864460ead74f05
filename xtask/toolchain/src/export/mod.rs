//! From a RUN to a bundle: BatchNorm folded, graphs, memory, golden vectors.

mod fold;
mod forward;
mod graphs;
mod grey;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use ndarray::{Array2, Array3};
use normwatch::model::{
    DEFAULT_SMOOTHING_MS, FORMAT_VERSION, Manifest, Memory, MemorySection, Precision, ScoreSection,
};
use normwatch::preprocess::Channels;

use crate::bundle::{BundleFiles, BundleParts, Golden, on_grid, write_bundle};
use crate::net::{Network, Task};
use crate::run::{Checkpoint, read_motion, read_view};
use crate::verify::{self, Verification};

pub use forward::forward;

/// Weight of the memory term where the training made it say something
/// (docs/results.md).
const MEMORY_WEIGHT: f32 = 0.25;

/// λ and γ of the released code.
fn score_constants(task: Task) -> (f64, f64) {
    match task {
        Task::Prediction => (0.6, 0.01),
        Task::Reconstruction => (0.7, 0.015),
    }
}

/// Makes a bundle of what a training left behind.
///
/// BatchNorm is folded into the convolutions, encoder and decoder become ONNX
/// graphs, and the network's answer to one generated input is stored, computed
/// without ONNX and with BatchNorm unfolded, for the self-test of whoever loads
/// the bundle. A reconstruction network becomes a bundle too: the runtime gives
/// it the frame that it judges. The bundle is verified before it is kept.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The RUN folder of `train` or `import`.
    run: PathBuf,
    /// Where the bundle goes; must not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Its name [default: the RUN folder's].
    #[arg(long)]
    name: Option<String>,
    /// One sentence: what may be done with the bundle.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "As the footage that it learnt from permits."
    )]
    licence: String,
    /// For a grey camera: folds a colour network so that it takes and predicts
    /// grey frames. Queries and skips are identical to those of a grey frame
    /// in three equal channels; the prediction is the mean of its channels
    /// before the last activation.
    #[arg(long)]
    grey: bool,
    /// Side of the box filter over the squared error, in model pixels; about
    /// the size of a head.
    #[arg(long, default_value_t = 12)]
    block_px: usize,
    /// c of the relative error, on the scale of squared grey levels from 0 to
    /// 1: a smaller one trusts flat areas more; `inf` takes the plain error
    /// [default: 0.003 for a network that predicts the change, or else 0.01].
    #[arg(long)]
    texture_floor: Option<f32>,
    /// k of the relative error: how often the predicted motion counts beside the
    /// texture [default: 16 for a network that predicts the change, or else 0].
    #[arg(long)]
    motion_factor: Option<f32>,
    /// Time constant of the score's smoothing.
    #[arg(long, default_value_t = DEFAULT_SMOOTHING_MS)]
    smoothing_ms: u32,
    /// Weight of the memory distance beside the block term's 1 [default: 0.25 for
    /// a RUN of `train --skip-frames`, or else 0].
    #[arg(long)]
    memory_weight: Option<f32>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// # Errors
/// A RUN that cannot be used, a bundle that cannot be written, or one that is
/// out of tolerance.
pub fn run(args: &ExportArgs) -> Result<()> {
    let verification = make(args)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&verification)?);
    } else {
        verification.print();
        println!("written to {}; next: calibrate, quantize", args.out.display());
    }
    keep(args, &verification)
}

/// The same without a word on standard output, for other commands.
///
/// # Errors
/// As [`run`].
pub fn export(args: &ExportArgs) -> Result<()> {
    keep(args, &make(args)?)
}

fn make(args: &ExportArgs) -> Result<Verification> {
    ensure!(!args.out.exists(), "{} exists: remove it or choose another name", args.out.display());
    let mut checkpoint = Checkpoint::load(&args.run)?;
    if args.grey {
        grey::fold(&mut checkpoint).with_context(|| args.run.display().to_string())?;
    }
    let parts = parts(args, &checkpoint)?;
    let bundle = write_bundle(&args.out, &parts)?;
    verify::compare(&[BundleFiles::read(bundle.path())?], &[])
}

/// Removes a bundle that is out of tolerance.
fn keep(args: &ExportArgs, verification: &Verification) -> Result<()> {
    if let Err(error) = verification.passed() {
        std::fs::remove_dir_all(&args.out)?;
        return Err(error.context(format!("{} was not kept", args.out.display())));
    }
    Ok(())
}

fn parts(args: &ExportArgs, checkpoint: &Checkpoint) -> Result<BundleParts> {
    let network = &checkpoint.network;
    let (encoder, decoder) = graphs::emit(network, &checkpoint.weights)?;
    let shape = (network.spec.items, network.spec.query_channels());
    let items = Array2::from_shape_vec(shape, checkpoint.items.data.clone())?;
    let memory = Memory::new(items.clone(), network.spec.temperature).context("memory items")?;
    let golden = golden(checkpoint, &memory)?;
    let task = network.spec.task;
    let (lambda, gate_threshold) = score_constants(task);
    let (texture_floor, motion_factor) = network.spec.predicts.block_constants();
    let mut input = network.input;
    if task == Task::Reconstruction {
        input.frame_spacing = 0;
    }
    let folder = args.run.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        name: args.name.clone().unwrap_or(folder),
        preset: checkpoint.run.preset.name().into(),
        precision: Precision::F32,
        training_data: checkpoint.run.training_data.clone(),
        licence_note: args.licence.clone(),
        input,
        memory: MemorySection {
            items: network.spec.items,
            channels: network.spec.query_channels(),
            temperature: network.spec.temperature,
        },
        score: ScoreSection {
            lambda,
            gate_threshold,
            block_px: args.block_px,
            texture_floor: args.texture_floor.unwrap_or(texture_floor),
            motion_factor: args.motion_factor.unwrap_or(motion_factor),
            smoothing_ms: args.smoothing_ms,
            memory_weight: args.memory_weight.unwrap_or(usual_weight(checkpoint)),
        },
        files: Default::default(),
    };
    let card = card(checkpoint, &manifest, args.grey);
    // Grey frames of a colour camera are other pictures than the view's.
    let view = if args.grey { None } else { read_view(&args.run)? };
    let motion = if args.grey { None } else { read_motion(&args.run)? };
    Ok(BundleParts { manifest, encoder, decoder, items, view, motion, golden, card })
}

fn usual_weight(checkpoint: &Checkpoint) -> f32 {
    let training = checkpoint.run.training.as_ref();
    training.and_then(|training| training.skip_frames).map_or(0.0, |_| MEMORY_WEIGHT)
}

/// The network's answer to generated frames, from the RUN's own arrays.
fn golden(checkpoint: &Checkpoint, memory: &Memory) -> Result<Golden> {
    let network = &checkpoint.network;
    let frames = generated_frames(network);
    let values = frames.mapv(|b| f32::from(b) / 127.5 - 1.0);
    let answer = forward(network, &checkpoint.weights, memory, &values)?;
    let [_, height, width] = network.query_shape();
    Ok(Golden {
        frames,
        query: on_grid(answer.query.view(), height, width)?,
        read: on_grid(answer.read.view(), height, width)?,
        prediction: answer.prediction,
    })
}

/// (t·c)×H×W: a bright disc crosses a texture. It shows nobody's footage.
fn generated_frames(network: &Network) -> Array3<u8> {
    let planes = network.input.channels.planes();
    let [channels, height, width] = network.input_shape(crate::net::Graph::Encoder);
    Array3::from_shape_fn((channels, height, width), |(channel, row, column)| {
        let (frame, plane) = (channel / planes, channel % planes);
        let (x, y) = (column as f64, row as f64);
        let (dx, dy) = (x - 20.0 - 4.0 * frame as f64, y - height as f64 / 2.0);
        let disc = (-(dx * dx + dy * dy) / 60.0).exp();
        let texture = 110.0 + 30.0 * (x / 11.0).sin() * (y / 17.0).cos() - 9.0 * plane as f64;
        (texture + 90.0 * disc).clamp(0.0, 255.0).round() as u8
    })
}

fn card(checkpoint: &Checkpoint, manifest: &Manifest, grey: bool) -> String {
    let network = &checkpoint.network;
    let kind = match network.spec.task {
        Task::Prediction => "prediction",
        Task::Reconstruction => "reconstruction",
    };
    let mut text = format!(
        "# {}\n\nA {kind} network with a memory of normal patterns, preset `{}`, exported by \
         normwatch {}.\n\n| | |\n|---|---|\n",
        manifest.name,
        manifest.preset,
        env!("CARGO_PKG_VERSION")
    );
    let input = &manifest.input;
    let colour = if input.channels == Channels::Luma { "grey" } else { "colour" };
    let mut row = |name: &str, value: String| text += &format!("| {name} | {value} |\n");
    row("learnt from", manifest.training_data.clone());
    row("licence", manifest.licence_note.clone());
    row(
        "frames",
        format!(
            "{} of {}×{} px, {colour}, {} a second",
            input.frames, input.width_px, input.height_px, input.fps
        ),
    );
    row("parameters", network.parameter_count().to_string());
    row("multiply-accumulates a frame", format!("{:.3} G", network.macs() as f64 / 1e9));
    row(
        "memory",
        format!("{} items of {} channels", manifest.memory.items, manifest.memory.channels),
    );
    if let Some(training) = &checkpoint.run.training {
        row(
            "training",
            format!("{} epochs, batch {}, seed {}", training.epochs, training.batch, training.seed),
        );
    }
    if let Some(validation) = &checkpoint.validation {
        row(
            "held-out footage",
            format!(
                "epoch {}: squared error {:.5}, AUC of pasted anomalies {:.3}",
                validation.epoch, validation.pixel, validation.pasted_auc
            ),
        );
    }
    if grey {
        text += "\nFolded for a grey camera: the first layer's weights are summed over the colours, \
                 the last layer's averaged.\n";
    }
    text += "\nIt knows one camera's view. Calibrate it with footage of that camera, and train \
             again when the camera moves.\n";
    text
}

#[cfg(test)]
mod tests;
