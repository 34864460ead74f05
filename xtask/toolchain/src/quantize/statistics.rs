//! Measures what each tensor's channels hold on normal footage.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use normwatch::model::Memory;

use super::emit::{Style, emit};
use super::network::{Key, Network, Side};
use super::samples::Sample;
use crate::bundle::{Outcome, Pipeline};
use crate::onnx::{Fidelity, as_f32};

/// What one tensor's channels hold on normal footage.
#[derive(Clone, Debug, Default)]
pub struct TensorStatistics {
    pub min: Vec<f32>,
    pub max: Vec<f32>,
    pub mean: Vec<f64>,
}

impl TensorStatistics {
    /// Over all channels.
    pub fn range(&self) -> (f32, f32) {
        let low = self.min.iter().copied().fold(f32::INFINITY, f32::min);
        (low, self.max.iter().copied().fold(f32::NEG_INFINITY, f32::max))
    }

    fn add(&mut self, values: &[f32], channels: usize) {
        if self.min.is_empty() {
            self.min = vec![f32::INFINITY; channels];
            self.max = vec![f32::NEG_INFINITY; channels];
            self.mean = vec![0.0; channels];
        }
        for (channel, plane) in values.chunks_exact(values.len() / channels).enumerate() {
            let (low, high) = plane
                .iter()
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
            self.min[channel] = self.min[channel].min(low);
            self.max[channel] = self.max[channel].max(high);
            let sum: f64 = plane.iter().map(|&v| f64::from(v)).sum();
            self.mean[channel] += sum / plane.len() as f64;
        }
    }
}

/// Which tensors integers need to know: what convolutions take and give.
pub fn tensors_of_interest(network: &Network) -> BTreeSet<Key> {
    let both = |(side, node, _): (Side, &super::network::Node, _)| {
        [(side, node.inputs[0].clone()), (side, node.output.clone())]
    };
    network.convs().flat_map(both).collect()
}

/// Runs the f32 network on every sample and hands each tensor of interest to
/// `with`: tensor, values, number of channels. What the decoder takes from the
/// encoder is seen on the encoder's side only.
///
/// # Errors
/// A graph that cannot be run.
pub fn observe(
    network: &Network,
    memory: &Memory,
    samples: &[Sample],
    what: &'static str,
    mut with: impl FnMut(&Key, &[f32], usize),
) -> Result<()> {
    let (encoder, decoder) = emit(network, Style::F32)?;
    let keys = tensors_of_interest(network);
    let made = |side: Side| -> Vec<String> {
        let graph = network.graph(side);
        let of_side = keys.iter().filter(|(s, name)| *s == side && graph.maker(name).is_some());
        of_side.map(|(_, name)| name.clone()).collect()
    };
    let also = [made(Side::Encoder), made(Side::Decoder)];
    let graphs = (&encoder, &decoder);
    let pipeline = Pipeline::new(graphs, memory, [&also[0], &also[1]], Fidelity::Optimised)?;
    let query_read = &network.decoder.inputs[0].0;
    let bar = normwatch_progress::bar(what, "samples", samples.len() as u64);
    for sample in samples {
        let outcome = pipeline.run(&sample.past)?;
        for (side, names) in [(Side::Encoder, &also[0]), (Side::Decoder, &also[1])] {
            for name in names {
                let tensor = &outputs(&outcome, side)[name];
                with(&(side, name.clone()), &as_f32(tensor)?, tensor.shape()[1]);
            }
        }
        let frames: Vec<f32> = sample.past.iter().map(|&b| f32::from(b) / 127.5 - 1.0).collect();
        let (name, shape) = &network.encoder.inputs[0];
        with(&(Side::Encoder, name.clone()), &frames, shape[1]);
        let joined: Vec<f32> = outcome.query.iter().chain(&outcome.read).copied().collect();
        with(&(Side::Decoder, query_read.clone()), &joined, 2 * outcome.query.nrows());
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// The tensors that one graph gave.
pub fn outputs(outcome: &Outcome, side: Side) -> &BTreeMap<String, tract_onnx::prelude::Tensor> {
    match side {
        Side::Encoder => &outcome.encoder,
        Side::Decoder => &outcome.decoder,
    }
}

/// Smallest, largest and mean value of every channel of every tensor of
/// interest.
///
/// # Errors
/// A graph that cannot be run.
pub fn collect(
    network: &Network,
    memory: &Memory,
    samples: &[Sample],
) -> Result<BTreeMap<Key, TensorStatistics>> {
    let mut all: BTreeMap<Key, TensorStatistics> = BTreeMap::new();
    observe(network, memory, samples, "ranges", |key, values, channels| {
        all.entry(key.clone()).or_default().add(values, channels);
    })?;
    for statistics in all.values_mut() {
        statistics.mean.iter_mut().for_each(|mean| *mean /= samples.len() as f64);
    }
    Ok(all)
}
