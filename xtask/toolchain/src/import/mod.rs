//! A checkpoint in the layout of MNAD's released code becomes a RUN.

mod items;
mod names;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use normwatch::model::InputSection;
use normwatch::preprocess::{Channels, Resize};
use pytorch_reader::{DType, PytorchReader, Tensor as Stored};
use serde::Serialize;

use crate::invocation::invoked_as;
use crate::net::{Network, NetworkSpec, Predicts, Preset, Task, Tensor, Upsampling, Weights};
use crate::run::{Checkpoint, FORMAT_VERSION, RunFile};

/// Makes a RUN of a PyTorch checkpoint in the published layout.
///
/// FILE holds the whole module (`torch.save(model)`) or its state dict, with
/// the names of the released code (`encoder.moduleConv1.0.weight` and so on);
/// the memory items are a tensor of their own. Width, frames and whether it
/// predicts or reconstructs are read off the weights. `export` makes a bundle
/// of the RUN.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The checkpoint, .pth or .pt.
    #[arg(long, value_name = "FILE")]
    pytorch: PathBuf,
    /// The memory items: .pt from `torch.save(items)`, or .npy.
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Where the RUN goes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Side of the square frames that it was trained on.
    #[arg(long, default_value_t = 256)]
    side_px: usize,
    /// Frames a second of the footage that it was trained on.
    #[arg(long, default_value_t = 10.0)]
    fps: f64,
    /// One sentence: the footage that it learnt from.
    #[arg(long, value_name = "TEXT", default_value = "Not stated.")]
    training_data: String,
    /// Print what was made as JSON.
    #[arg(long)]
    json: bool,
}

/// What became of a checkpoint.
#[derive(Serialize)]
struct Report<'a> {
    run: &'a Path,
    preset: Preset,
    parameters: usize,
    items: usize,
}

/// # Errors
/// A file that is not a checkpoint, or arrays that make no network.
pub fn run(args: &ImportArgs) -> Result<()> {
    ensure!(!args.out.exists(), "{} exists: remove it or choose another name", args.out.display());
    let at = || args.pytorch.display().to_string();
    let stored = read_arrays(&args.pytorch)?;
    let (network, preset) = recognise(&stored, args).with_context(at)?;
    let weights = names::renamed(stored).with_context(at)?;
    weights.check(&network).with_context(at)?;
    let items = items::read(&args.keys, network.spec.query_channels())
        .with_context(|| args.keys.display().to_string())?;
    let spec = NetworkSpec { items: items.shape[0], ..network.spec };
    let network = Network::build(spec, network.input)?;
    let run = RunFile {
        format_version: FORMAT_VERSION,
        preset,
        training_data: args.training_data.clone(),
        network: spec,
        input: network.input,
        training: None,
        footage: None,
    };
    let checkpoint = Checkpoint { run, network, weights, items, validation: None };
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    checkpoint.store(&args.out)?;
    let (parameters, items) = (checkpoint.network.parameter_count(), spec.items);
    if args.json {
        let report = Report { run: &args.out, preset, parameters, items };
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    let out = args.out.display();
    println!("{out}: {parameters} parameters, {items} items; next: {} export {out}", invoked_as());
    Ok(())
}

fn read_arrays(path: &Path) -> Result<Weights> {
    let at = || path.display().to_string();
    let reader = PytorchReader::new(path).map_err(|e| anyhow!("{e}")).with_context(at)?;
    let mut weights = Weights::default();
    for (name, stored) in reader.tensors() {
        let name = name.strip_prefix("module.").unwrap_or(name);
        if !names::is_ignored(name) {
            weights.insert(name, values(stored).with_context(|| name.to_owned()).with_context(at)?);
        }
    }
    Ok(weights)
}

fn values(stored: &Stored) -> Result<Tensor> {
    let bytes = stored.read()?;
    let data = match stored.dtype() {
        DType::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        DType::F64 => {
            bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect()
        }
        other => bail!("holds {other:?}, not f32"),
    };
    Ok(Tensor::new(stored.shape(), data))
}

/// Reads the network's shape off its arrays.
fn recognise(stored: &Weights, args: &ImportArgs) -> Result<(Network, Preset)> {
    let first = stored.get("encoder.moduleConv1.0.weight").context(
        "is not a checkpoint in MNAD's layout: state-dict names like \
         `encoder.moduleConv1.0.weight` are expected",
    )?;
    let [base_width, inputs, 3, 3] = first.shape[..] else {
        bail!("the first layer is {:?}, not [width, 3·frames, 3, 3]", first.shape)
    };
    ensure!(inputs.is_multiple_of(3), "the first layer takes {inputs} planes, not three a frame");
    let predicts = inputs > 3;
    let task = if predicts { Task::Prediction } else { Task::Reconstruction };
    let spec = NetworkSpec {
        task,
        base_width,
        upsampling: Upsampling::Transposed,
        predicts: Predicts::Frame,
        skips: predicts,
        items: 10,
        temperature: 1.0,
    };
    let input = InputSection {
        width_px: args.side_px,
        height_px: args.side_px,
        channels: Channels::Bgr,
        frames: inputs / 3,
        frame_spacing: 1,
        fps: args.fps,
        resize: Resize::Bilinear,
        relight: false,
    };
    let preset = if predicts { Preset::Paper } else { Preset::PaperRecon };
    Ok((Network::build(spec, input)?, preset))
}

#[cfg(test)]
mod tests;
