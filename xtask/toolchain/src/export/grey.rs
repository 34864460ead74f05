//! Turns a colour network into one for grey frames.

use anyhow::{Context, Result, ensure};
use normwatch::preprocess::Channels;

use crate::net::{Graph, Layer, Network, Op, Tensor};
use crate::run::Checkpoint;

/// Makes a colour network take and predict grey frames. A grey frame has three
/// equal channels, so that the first layer's weights may be summed over them;
/// of the last layer's outputs, whose targets were equal too, the mean is kept.
///
/// # Errors
/// A network that is grey already.
pub fn fold(checkpoint: &mut Checkpoint) -> Result<()> {
    let network = &checkpoint.network;
    let planes = network.input.channels.planes();
    ensure!(planes > 1, "the network takes grey frames already: leave --grey out");
    let is_conv = |layer: &&Layer| matches!(layer.op, Op::Conv { .. });
    let first = network.layers(Graph::Encoder).iter().find(is_conv).context("no first layer")?;
    let last = network.layers(Graph::Decoder).iter().rfind(is_conv).context("no last layer")?;
    let (first, last) = (first.name.clone(), last.name.clone());
    let mut input = network.input;
    input.channels = Channels::Luma;
    let folded = Network::build(network.spec, input)?;

    let weights = &mut checkpoint.weights;
    let name = format!("{first}.weight");
    let summed = summed_inputs(weights.get(&name)?, planes);
    weights.insert(name, summed);
    for part in ["weight", "bias"] {
        let name = format!("{last}.{part}");
        let averaged = averaged_outputs(weights.get(&name)?);
        weights.insert(name, averaged);
    }
    weights.check(&folded)?;
    checkpoint.network = folded;
    checkpoint.run.input = input;
    Ok(())
}

/// [o, t·planes, h, w] → [o, t, h, w].
fn summed_inputs(weight: &Tensor, planes: usize) -> Tensor {
    let [outputs, inputs, h, w] = weight.shape[..] else { unreachable!("a convolution's weight") };
    let (frames, taps) = (inputs / planes, h * w);
    let mut data = vec![0.0f32; outputs * frames * taps];
    for (index, value) in weight.data.iter().enumerate() {
        let (plane, tap) = (index / taps, index % taps);
        data[plane / planes * taps + tap] += value;
    }
    Tensor::new(&[outputs, frames, h, w], data)
}

/// The mean over the first axis, which stays with length 1.
fn averaged_outputs(tensor: &Tensor) -> Tensor {
    let outputs = tensor.shape[0];
    let rest = tensor.data.len() / outputs;
    let mean =
        |i: usize| (0..outputs).map(|o| tensor.data[o * rest + i]).sum::<f32>() / outputs as f32;
    let shape = [&[1], &tensor.shape[1..]].concat();
    Tensor::new(&shape, (0..rest).map(mean).collect())
}
