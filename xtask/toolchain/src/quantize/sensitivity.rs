//! Measures how far each layer in integers moves the score, and leaves the worst
//! ones in f32.

use std::collections::BTreeMap;

use anyhow::Result;
use normwatch::model::Memory;
use serde::Serialize;

use super::emit::{Style, emit};
use super::network::{Key, Network};
use super::plan::Int8Plan;
use super::samples::Sample;
use crate::bundle::Pipeline;
use crate::onnx::Fidelity;
use crate::workers;

/// How far the terms of the score move from those of the f32 network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Drift {
    /// Squared change of the prediction over its squared error: 0.05 takes
    /// 0.2 dB off the PSNR.
    pub prediction: f64,
    /// Mean change of the memory distance over its mean.
    pub distance: f64,
}

impl Drift {
    /// The larger of both, as a multiple of the limit.
    pub fn over(self, limit: f64) -> f64 {
        self.prediction.max(self.distance) / limit
    }
}

/// The f32 network's answers, to measure others against.
#[derive(Debug)]
pub struct Reference<'a> {
    memory: &'a Memory,
    samples: Vec<(&'a Sample, Vec<f32>, f64)>,
}

impl<'a> Reference<'a> {
    /// # Errors
    /// A graph that cannot be run.
    pub fn new(network: &Network, memory: &'a Memory, samples: &'a [Sample]) -> Result<Self> {
        let (encoder, decoder) = emit(network, Style::F32)?;
        let graphs = (&encoder, &decoder);
        let pipeline = Pipeline::new(graphs, memory, [&[], &[]], Fidelity::Optimised)?;
        let answer = |sample: &'a Sample| {
            let outcome = pipeline.run(&sample.past)?;
            Ok((sample, outcome.prediction, outcome.distance))
        };
        Ok(Self { memory, samples: samples.iter().map(answer).collect::<Result<_>>()? })
    }

    /// # Errors
    /// A graph that cannot be run.
    pub fn drift(&self, network: &Network, style: Style<'_>) -> Result<Drift> {
        let (encoder, decoder) = emit(network, style)?;
        let graphs = (&encoder, &decoder);
        let pipeline = Pipeline::new(graphs, self.memory, [&[], &[]], Fidelity::Optimised)?;
        let (mut moved, mut residual, mut distance_moved, mut distances) = (0.0, 0.0, 0.0, 0.0);
        for (sample, prediction, distance) in &self.samples {
            let outcome = pipeline.run(&sample.past)?;
            let square = |a: f32, b: f32| f64::from(a - b).powi(2);
            for ((&got, &wanted), &byte) in
                outcome.prediction.iter().zip(prediction).zip(&sample.next)
            {
                moved += square(got, wanted);
                residual += square(wanted, f32::from(byte) / 127.5 - 1.0);
            }
            distance_moved += (outcome.distance - distance).abs();
            distances += distance;
        }
        Ok(Drift {
            prediction: moved / residual.max(1e-12),
            distance: distance_moved / distances.max(1e-12),
        })
    }
}

/// One layer's part in the drift: it alone is in integers.
#[derive(Clone, Debug, Serialize)]
pub struct LayerDrift {
    pub layer: String,
    #[serde(skip)]
    pub key: Key,
    #[serde(flatten)]
    pub drift: Drift,
    /// Share of the network's multiply-accumulates.
    pub mac_share: f64,
}

/// Measures every layer of the plan alone; the worst comes first.
///
/// # Errors
/// A graph that cannot be run.
pub fn scan(
    network: &Network,
    plan: &Int8Plan,
    reference: &Reference<'_>,
) -> Result<Vec<LayerDrift>> {
    let macs = network.macs();
    let total: u64 = macs.values().sum();
    let bar = normwatch_progress::bar("quantising", "layers", plan.layers.len() as u64);
    let measured: Vec<_> = plan.layers.iter().collect();
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut layers = workers::map(jobs, measured.len(), |index| {
        let (key, conv) = measured[index];
        let layers = BTreeMap::from([(key.clone(), conv.clone())]);
        let drift = reference.drift(network, Style::Int8(&Int8Plan { layers, ..plan.clone() }))?;
        let mac_share = macs[key] as f64 / total as f64;
        bar.inc(1);
        Ok(LayerDrift { layer: key.1.clone(), key: key.clone(), drift, mac_share })
    })?;
    bar.finish_and_clear();
    layers.sort_by(|a, b| b.drift.over(1.0).total_cmp(&a.drift.over(1.0)));
    Ok(layers)
}

/// Moves the worst layers to f32 until the whole drifts by no more than
/// `limit`, or until `most` layers are in f32. Returns the layers moved and
/// the drift that is left.
///
/// # Errors
/// A graph that cannot be run.
pub fn leave_in_float(
    network: &Network,
    plan: &mut Int8Plan,
    reference: &Reference<'_>,
    scan: &[LayerDrift],
    (limit, most): (f64, usize),
) -> Result<(Vec<String>, Drift)> {
    let mut moved = Vec::new();
    let mut drift = reference.drift(network, Style::Int8(plan))?;
    for worst in scan.iter().take(most) {
        if drift.over(limit) <= 1.0 {
            break;
        }
        let taken = plan.layers.remove(&worst.key);
        let without = reference.drift(network, Style::Int8(plan))?;
        // A layer whose removal helps little stays: its drift is others'.
        if without.over(limit) > 0.98 * drift.over(limit) {
            plan.layers.extend(taken.map(|conv| (worst.key.clone(), conv)));
            continue;
        }
        drift = without;
        moved.push(worst.layer.clone());
    }
    Ok((moved, drift))
}
