//! Post-training quantisation of a bundle: integers from the bytes of the
//! frame to the last convolution, in the operators of
//! `docs/design/quantisation.md`, or halves.

mod emit;
mod equalise;
mod network;
mod plan;
mod qdq;
mod ranges;
mod report;
mod samples;
mod sensitivity;
mod statistics;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::{Parser, ValueEnum};
use normwatch::model::Precision;

use crate::bundle::{BundleFiles, BundleParts, Pipeline, write_bundle};
use crate::onnx::{Fidelity, encode};
use crate::verify::{self, Verification};
use plan::{Int8Plan, WeightOptions, quantise_conv};
use report::Report;
use sensitivity::{Drift, LayerDrift, Reference};

pub use emit::{EQUALISED, Style, emit};
pub use network::Network;
pub use qdq::QdqActivations;
pub use ranges::RangeMethod;
pub use samples::{Sample, read as read_samples};

/// Samples that the drift is measured on; they are not calibrated on.
const DRIFT_SAMPLES: usize = 12;
/// At most one layer in so many is left in f32.
const LAYERS_PER_FLOAT: usize = 4;

/// Makes a smaller and faster bundle of an f32 one, without training.
///
/// int8 needs footage of the camera as it normally looks, a few hundred frames
/// from all times of the day: it tells how large every tensor gets. Weights and
/// activations become 8-bit integers and sums 32-bit ones; layers that would
/// move the score more than `--max-drift` stay in f32, and the report says
/// which. f16 needs no footage.
///
/// The result is verified against the original before it is kept. A bundle's
/// calibration belongs to its weights: run `calibrate` on the new bundle.
#[derive(Parser, Debug)]
pub struct QuantizeArgs {
    /// The f32 bundle.
    bundle: PathBuf,
    /// Where the new bundle goes; must not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Normal footage: a folder of images, a folder of such folders, or a
    /// video file. May be given more than once.
    #[arg(long, value_name = "PATH")]
    footage: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Target::Int8)]
    to: Target,
    /// One scale for each output channel, or one for the whole layer. The
    /// kernels of the runtime take both alike; stock tract is faster with one.
    #[arg(long, value_enum, default_value_t = Weights::PerChannel)]
    weights: Weights,
    /// How the range of every tensor is chosen.
    #[arg(long, value_enum, default_value_t = RangeMethod::Mse)]
    ranges: RangeMethod,
    /// Share of the values that `--ranges percentile` keeps.
    #[arg(long, default_value_t = 99.99)]
    percentile: f64,
    /// Samples taken from the footage, evenly spread.
    #[arg(long, default_value_t = 96)]
    samples: usize,
    /// Leave the channels' ranges as they are.
    #[arg(long)]
    no_equalisation: bool,
    /// Leave the biases as they are.
    #[arg(long)]
    no_bias_correction: bool,
    /// Largest change of prediction and memory distance, relative to the
    /// prediction's error and the distance, before layers are left in f32.
    #[arg(long, default_value_t = 0.05)]
    max_drift: f64,
    /// Layers that stay in f32 whatever they do, by name.
    #[arg(long, value_name = "LAYER")]
    float_layer: Vec<String>,
    /// Writes the same quantisation for other runtimes (ONNX Runtime,
    /// TensorRT): encoder.onnx and decoder.onnx with QuantizeLinear and
    /// DequantizeLinear pairs.
    #[arg(long, value_name = "DIR")]
    qdq: Option<PathBuf>,
    /// What those pairs store: u8 for x86-64, i8 for ARM.
    #[arg(long, value_enum, default_value_t = QdqActivations::U8)]
    qdq_activations: QdqActivations,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    Int8,
    F16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Weights {
    PerChannel,
    PerTensor,
}

/// # Errors
/// A bundle or footage that cannot be used, or a result out of tolerance.
pub fn run(args: &QuantizeArgs) -> Result<()> {
    let (report, verification) = make(args)?;
    report.print(args.json, &verification)?;
    keep(args, &verification)
}

/// The same without a word on standard output, for other tools.
///
/// # Errors
/// As `run`.
pub fn quantise(args: &QuantizeArgs) -> Result<()> {
    let (_, verification) = make(args)?;
    keep(args, &verification)
}

fn make(args: &QuantizeArgs) -> Result<(Report, Verification)> {
    ensure!(!args.out.exists(), "{} exists: remove it or choose another name", args.out.display());
    let source = BundleFiles::read(&args.bundle)?;
    ensure!(
        source.manifest.precision == Precision::F32,
        "{} is {} already: give the f32 bundle",
        args.bundle.display(),
        source.manifest.precision
    );
    let network = Network::parse(&source.encoder, &source.decoder)
        .map_err(|e| e.context(args.bundle.display().to_string()))?;
    let samples = match (args.to, args.footage.is_empty()) {
        (Target::Int8, true) => bail!(
            "int8 needs footage: --footage DIR with a few hundred frames of the camera's normal view"
        ),
        (_, true) => Vec::new(),
        _ => read_samples(&args.footage, &source.manifest.input, args.samples + DRIFT_SAMPLES)?,
    };
    let made = match args.to {
        Target::F16 => half(&network)?,
        Target::Int8 => integers(args, &source, network, &samples)?,
    };
    finish(args, &source, &samples, made)
}

struct Made {
    network: Network,
    precision: Precision,
    plan: Int8Plan,
    layers: Vec<LayerDrift>,
    in_float: Vec<String>,
    drift: Option<Drift>,
}

fn half(network: &Network) -> Result<Made> {
    Ok(Made {
        network: network.clone(),
        precision: Precision::F16,
        plan: Int8Plan::default(),
        layers: Vec::new(),
        in_float: Vec::new(),
        drift: None,
    })
}

fn integers(
    args: &QuantizeArgs,
    source: &BundleFiles,
    mut network: Network,
    samples: &[Sample],
) -> Result<Made> {
    let (held_out, calibration) = split(samples);
    let memory = &source.memory;
    let reference = Reference::new(&network, memory, &held_out)?;
    let mut statistics = statistics::collect(&network, memory, &calibration)?;
    let mut plan = Int8Plan::default();
    if !args.no_equalisation {
        plan.equalised = equalise::equalise(&mut network, &statistics);
        statistics = statistics::collect(&network, memory, &calibration)?;
    }
    let method = (args.ranges, args.percentile);
    plan.params = ranges::choose(&network, memory, &calibration, &statistics, method)?;
    let options = WeightOptions {
        per_channel: args.weights == Weights::PerChannel,
        correct_bias: !args.no_bias_correction,
    };
    let mut in_float = Vec::new();
    for (side, node, conv) in network.convs() {
        let key = |name: &str| (side, name.to_owned());
        let (input, output) = (plan.params[&key(&node.inputs[0])], plan.params[&key(&node.output)]);
        // Saturation is ReLU only where zero is the lowest of the 256 steps.
        let saturates = !conv.relu || output.zero_point == -128;
        if !saturates || args.float_layer.contains(&conv.name) {
            in_float.push(conv.name.clone());
            continue;
        }
        let mean = statistics.get(&key(&node.inputs[0])).map(|s| s.mean.as_slice());
        plan.layers.insert(key(&conv.name), quantise_conv(conv, input, mean, options));
    }
    check_names(args, &network)?;
    let layers = sensitivity::scan(&network, &plan, &reference)?;
    let most = layers.len().div_ceil(LAYERS_PER_FLOAT);
    let (moved, drift) = sensitivity::leave_in_float(
        &network,
        &mut plan,
        &reference,
        &layers,
        (args.max_drift, most),
    )?;
    in_float.extend(moved);
    ensure!(!plan.layers.is_empty(), "no layer would be in integers");
    Ok(Made { network, precision: Precision::Int8, plan, layers, in_float, drift: Some(drift) })
}

fn check_names(args: &QuantizeArgs, network: &Network) -> Result<()> {
    let names: Vec<&str> = network.convs().map(|(_, _, conv)| conv.name.as_str()).collect();
    if let Some(unknown) = args.float_layer.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("--float-layer {unknown}: there is no such layer; there are {}", names.join(", "));
    }
    Ok(())
}

/// Every so-many-eth sample is held out.
fn split(samples: &[Sample]) -> (Vec<Sample>, Vec<Sample>) {
    let every = samples.len().div_ceil(DRIFT_SAMPLES).max(2);
    let (mut held_out, mut rest) = (Vec::new(), Vec::new());
    for (index, sample) in samples.iter().enumerate() {
        let into = if index % every == every / 2 { &mut held_out } else { &mut rest };
        into.push(sample.clone());
    }
    if held_out.is_empty() || rest.is_empty() {
        return (samples.to_vec(), samples.to_vec());
    }
    (held_out, rest)
}

fn finish(
    args: &QuantizeArgs,
    source: &BundleFiles,
    samples: &[Sample],
    made: Made,
) -> Result<(Report, Verification)> {
    let integers = made.precision == Precision::Int8;
    ensure!(integers || args.qdq.is_none(), "--qdq goes with --to int8");
    let style = match made.precision {
        Precision::Int8 => Style::Int8(&made.plan),
        Precision::F16 => Style::F16,
        Precision::F32 => Style::F32,
    };
    let (encoder, decoder) = emit(&made.network, style)?;
    let graphs = (&encoder, &decoder);
    let plain = Pipeline::new(graphs, &source.memory, [&[], &[]], Fidelity::Plain)?;
    let golden = plain.golden(&source.golden.frames)?;
    let mut manifest = source.manifest.clone();
    manifest.precision = made.precision;
    manifest.name = format!("{}-{}", source.manifest.name, made.precision);
    let report = Report::new(args, source, &made, &manifest.name);
    let parts = BundleParts {
        manifest,
        encoder,
        decoder,
        items: source.memory.items().to_owned(),
        view: source.view.clone(),
        motion: source.motion.clone(),
        golden,
        card: report.card(source.card.as_deref()),
    };
    let bundle = write_bundle(&args.out, &parts)?;
    if let Some(folder) = &args.qdq {
        let (encoder, decoder) = qdq::emit_qdq(&made.network, &made.plan, args.qdq_activations)?;
        std::fs::create_dir_all(folder)?;
        normwatch::fs::write_atomically(&folder.join("encoder.onnx"), &encode(&encoder))?;
        normwatch::fs::write_atomically(&folder.join("decoder.onnx"), &encode(&decoder))?;
    }
    let result = BundleFiles::read(bundle.path())?;
    let verification = verify::compare(&[source.clone(), result], samples)?;
    Ok((report, verification))
}

/// Removes a bundle that is out of tolerance.
fn keep(args: &QuantizeArgs, verification: &Verification) -> Result<()> {
    if let Err(error) = verification.passed() {
        std::fs::remove_dir_all(&args.out)?;
        return Err(error.context(format!("{} was not kept", args.out.display())));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
